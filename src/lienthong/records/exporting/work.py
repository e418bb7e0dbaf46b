"""Writes the files of exports, one export after the other."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, close_old_connections, transaction

from lienthong.access import audit, scopes, systems
from lienthong.access.callers import Caller
from lienthong.foundation import clock, files
from lienthong.records import reading
from lienthong.records.api.call import Call
from lienthong.records.api.read import visible
from lienthong.records.models import Export

AT_ONCE = 1000
"""Resources between two commits."""
KEPT = timedelta(days=1)
_LOOK = 2.0
_AGAIN = 30.0

log = logging.getLogger(__name__)


def folder(identifier: str) -> Path:
    """Where the files of an export lie."""
    return Path(settings.NODE.home) / "bulk" / identifier


def path(identifier: str, kind: str) -> Path:
    """The file of one type."""
    return folder(identifier) / f"{kind}.ndjson"


def run(stop: threading.Event) -> None:
    """Works on what waits until it is told to stop."""
    while not stop.wait(_LOOK):
        try:
            work(stop)
            tidy()
        except (OSError, DatabaseError):
            log.exception("export")
            stop.wait(_AGAIN)
        finally:
            close_old_connections()


def work(stop: threading.Event) -> None:
    """Finishes the exports that wait, oldest first, or stops between two pieces; one that cannot be made fails alone.

    Raises:
        OSError, DatabaseError: nothing can be written at the moment.
    """
    for export in Export.objects.filter(state=Export.State.RUNNING).order_by("made_at"):
        try:
            _finish(export, stop)
        except (OSError, DatabaseError):
            raise
        except Exception:
            log.exception("export %s", export.id)
            _end(export, Export.State.FAILED)


def _finish(export: Export, stop: threading.Event) -> None:
    while export.state == Export.State.RUNNING and not stop.is_set():
        if systems.active(export.caller) is None:
            _end(export, Export.State.CANCELLED)
            return
        _piece(export)
        export.refresh_from_db()


def _piece(export: Export) -> None:
    """The next resources of the present type; with the last type the export is done."""
    if export.place >= len(export.types):
        _end(export, Export.State.DONE)
        return
    kind = export.types[export.place]
    found = reading.of_type(
        kind, after=export.after, since=export.since[:-1], until=export.until, limit=AT_ONCE
    )
    call = _as_caller(export)
    lines = [stored.wire + b"\n" for stored in found if visible(call, stored)]
    size = export.size
    if lines:
        size = _append(path(export.id, kind), export.size, b"".join(lines))
    counts = {**export.counts, kind: export.counts.get(kind, 0) + len(lines)}
    ended = len(found) < AT_ONCE
    Export.objects.filter(id=export.id, state=Export.State.RUNNING).update(
        place=export.place + ended,
        after=0 if ended else found[-1].number,
        size=0 if ended else size,
        counts=counts,
    )


def _append(file: Path, size: int, data: bytes) -> int:
    """Cuts the file to a size, adds to it, makes it durable; returns the new size."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.ftruncate(handle, size)
        os.lseek(handle, size, os.SEEK_SET)
        with os.fdopen(os.dup(handle), "wb") as stream:
            stream.write(data)
        os.fsync(handle)
    finally:
        os.close(handle)
    files.flush_folder(file.parent)
    return size + len(data)


def _as_caller(export: Export) -> Call:
    caller = Caller(
        id=export.caller,
        name=export.caller_name,
        kind="system",
        grants=tuple(scopes.grants(export.grants)),
        kinds=frozenset(export.kinds),
        restricted=bool(export.kinds),
    )
    return Call("GET", ["$export"], [], lambda name: "", caller, export.base)


def _end(export: Export, state: Export.State) -> None:
    with transaction.atomic():
        Export.objects.filter(id=export.id).update(state=state, done_at=clock.now())
        actor = audit.Actor(f"system:{export.caller}", export.caller_name, "system")
        audit.record(
            actor, f"fhir-export-{state.value}", page=f"fhir/$export/{export.id}", detail=dict(export.counts)
        )
    if state != Export.State.DONE:
        shutil.rmtree(folder(export.id), ignore_errors=True)


def cancel(export: Export) -> None:
    """Ends an export and removes its files."""
    _end(export, Export.State.CANCELLED)
    shutil.rmtree(folder(export.id), ignore_errors=True)


def tidy() -> None:
    """Removes what ended more than a day ago."""
    for export in Export.objects.filter(done_at__lt=clock.now() - KEPT):
        shutil.rmtree(folder(export.id), ignore_errors=True)
        export.delete()
