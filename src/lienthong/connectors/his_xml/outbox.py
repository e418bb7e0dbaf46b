"""The folder out: the slip file of each transfer to or from this hospital, for its HIS to fetch.

One file for each loop and version of the dossier, ``<loop>-<version>.xml``, written whole and never overwritten. What
was written is on record, so that the HIS may move or delete files.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from pathlib import Path

from django.db import close_old_connections, transaction
from django.db.models import Exists, OuterRef, Q

from lienthong.access import audit
from lienthong.connectors.his_xml.models import SlipFile
from lienthong.connectors.his_xml.writer import slip_file
from lienthong.facilities import directory
from lienthong.foundation import clock, files
from lienthong.transfers.models import Transfer

LOOK_SECONDS = 2.0
_SLOWEST_LOOK = 120.0
_AT_ONCE = 50
_RECENT = timedelta(days=30)
_MODE = 0o640
_ACTOR = audit.system("his-xml")
_log = logging.getLogger(__name__)


def run(folder: Path, stop: threading.Event) -> None:
    """Writes what is due until ``stop``; a fault waits and tries again, longer each time."""
    pause = LOOK_SECONDS
    while not stop.wait(pause):
        try:
            close_old_connections()
            while write_due(folder) == _AT_ONCE and not stop.is_set():
                pass
            pause = LOOK_SECONDS
        except Exception:
            _log.exception("slip files cannot be written now; trying again in %.0f s", pause * 2)
            pause = min(pause * 2, _SLOWEST_LOOK)


def write_due(folder: Path) -> int:
    """Writes the files of transfers of the last 30 days that have none yet in their version; returns how many."""
    here = Q(sender=directory.here()) | Q(receiver=directory.here())
    recent = Transfer.objects.filter(here, dossier_version__gt=0, changed_at__gt=clock.now() - _RECENT)
    written = SlipFile.objects.filter(loop=OuterRef("loop"), version__gte=OuterRef("dossier_version"))
    found = list(recent.exclude(Exists(written)).order_by("changed_at")[:_AT_ONCE])
    for transfer in found:
        _write(folder, transfer)
    return len(found)


def _write(folder: Path, transfer: Transfer) -> None:
    """The file first, then its row: a crash between writes the same file again, which changes nothing."""
    made = slip_file(transfer)
    files.write(folder / made.name, made.data, new=True, mode=_MODE)
    with transaction.atomic():
        SlipFile.objects.update_or_create(
            loop=transfer.loop, defaults={"version": transfer.dossier_version, "at": clock.now()}
        )
        audit.record(
            _ACTOR,
            "slip-written",
            patient=transfer.patient,
            page=f"transfer/{transfer.loop}",
            why="treatment",
            detail={"file": made.name, "missing": list(made.missing)},
        )
