"""From a file to committed records: each dossier checked, mapped, stored and, if it is one, sent as a transfer.

Dossiers are committed in small groups; ``Export.position`` moves in the same transaction, so that after a crash the
file goes on where it stopped and nothing is done twice.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from lienthong import records
from lienthong.access import audit
from lienthong.connectors.his_xml import faults, mapping
from lienthong.connectors.his_xml.checks import check
from lienthong.connectors.his_xml.dossier import Dossier
from lienthong.connectors.his_xml.models import DossierVersion, Export, Finding
from lienthong.connectors.his_xml.reader import read_export
from lienthong.connectors.his_xml.source import readable
from lienthong.connectors.his_xml.writer import is_slip_alone
from lienthong.exchange import space
from lienthong.facilities import directory
from lienthong.foundation import clock, files, json
from lienthong.foundation.blobs import BlobFolder
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.transfers import desk, drafts, outcome
from lienthong.transfers.notice import Notice

GROUP_DOSSIERS = 10
GROUP_SECONDS = 0.3
_ACTOR = audit.system("his-xml")


@dataclass(slots=True)
class _Group:
    """What a group of dossiers adds to the export's counts."""

    stored: int = 0
    unchanged: int = 0
    refused: int = 0
    warnings: int = 0
    position: int = 0
    findings: list[Finding] = field(default_factory=list)
    last: dict[tuple[str, str], DossierVersion] = field(default_factory=dict)
    versions: list[DossierVersion] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)
    awaited: bool = False

    def look_up(self, dossiers: Sequence[Dossier]) -> None:
        """Finds the last version of each dossier, which of them have begun a transfer, and whether a patient may have
        been sent to us, in three queries."""
        episodes = {dossier.ma_lk for dossier in dossiers}
        facilities = {dossier.facility for dossier in dossiers}
        known = DossierVersion.objects.filter(facility__in=facilities, ma_lk__in=episodes).order_by("number")
        self.last = {(version.facility, version.ma_lk): version for version in known}
        self.begun = desk.begun_among(directory.here(), episodes)
        self.awaited = outcome.awaited()

    def add(self, version: DossierVersion) -> None:
        self.last[version.facility, version.ma_lk] = version
        self.versions.append(version)


def take(path: Path) -> Export:
    """Reads one complete export file into the store; returns what became of it.

    The bytes are kept first, by their SHA-256; content that was finished before does nothing.

    Raises:
        NoRoom: the queue or the disk is full; taken again, the file goes on where it stopped.
    """
    sha256, size = BlobFolder(settings.NODE.blobs).put_stream(files.chunks(path))
    export, _ = Export.objects.get_or_create(
        sha256=sha256,
        defaults={
            "name": readable(path.name),
            "size": size,
            "taken_at": clock.now(),
            "state": Export.State.READING,
        },
    )
    return _read(export, path) if export.state == Export.State.READING else export


def replay(sha256s: Sequence[str] = ()) -> Iterator[Export]:
    """Reads kept exports again from their bytes, oldest first: what a corrected mapping or check now gives.

    Dossiers that a later file replaced stay as that file gave them. All exports when none is named.
    """
    exports = Export.objects.exclude(state=Export.State.READING).order_by("taken_at")
    if sha256s:
        exports = exports.filter(sha256__in=sha256s)
    blobs = BlobFolder(settings.NODE.blobs)
    for export in list(exports):
        with tempfile.NamedTemporaryFile(suffix=".xml") as file, blobs.open(export.sha256) as kept:
            shutil.copyfileobj(kept, file)
            file.flush()
            with transaction.atomic():
                export.findings.all().delete()
                export.state, export.position, export.finished_at = Export.State.READING, 0, None
                export.stored = export.unchanged = export.refused = export.warnings = 0
                export.save()
            yield _read(export, Path(file.name))


def _read(export: Export, path: Path) -> Export:
    source = mapping.Source(sha256=export.sha256, file_name=export.name, received=export.taken_at)
    problem: Problem | None = None
    try:
        with closing(read_export(path)) as dossiers:
            for group in _groups(dossiers, export.position):
                space.check()
                _commit(export, group, source)
    except space.NoRoom:
        raise  # nothing is wrong with the file: it goes on at ``position`` when there is room
    except LienThongError as error:
        problem = error.problem
    with transaction.atomic():
        if problem is not None:
            Finding.objects.create(
                export=export, position=0, severity="error", code=problem.code, problem=problem.as_dict()
            )
        export.refresh_from_db()
        refused = export.findings.filter(severity="error").exists()
        export.state = Export.State.REFUSED if refused else Export.State.DONE
        export.finished_at = clock.now()
        export.save()
    return export


def _groups(dossiers: Iterator[Dossier], done: int) -> Iterator[list[Dossier]]:
    """Dossiers after the first ``done``, in groups of a bounded number and time."""
    group: list[Dossier] = []
    begun = time.monotonic()
    try:
        for dossier in dossiers:
            if dossier.position > done:
                group.append(dossier)
            if len(group) >= GROUP_DOSSIERS or (group and time.monotonic() - begun > GROUP_SECONDS):
                yield group
                group, begun = [], time.monotonic()
    except LienThongError:
        if group:
            yield group
        raise
    if group:
        yield group


def _commit(export: Export, dossiers: list[Dossier], source: mapping.Source) -> None:
    group = _Group(position=dossiers[-1].position)
    for dossier in dossiers:
        check(dossier)
    with transaction.atomic():
        group.look_up(dossiers)
        for dossier in dossiers:
            if not dossier.refused:
                _store(export, dossier, source, group)
            if dossier.refused:
                group.refused += 1
            group.warnings += sum(p.severity == "warning" for p in dossier.problems)
            group.findings += [_finding(export, dossier, problem) for problem in dossier.problems]
        DossierVersion.objects.bulk_create(group.versions)
        Finding.objects.bulk_create(group.findings)
        Export.objects.filter(pk=export.pk).update(
            position=group.position,
            stored=F("stored") + group.stored,
            unchanged=F("unchanged") + group.unchanged,
            refused=F("refused") + group.refused,
            warnings=F("warnings") + group.warnings,
        )


def _finding(export: Export, dossier: Dossier, problem: Problem) -> Finding:
    return Finding(
        export=export,
        position=dossier.position,
        ma_lk=dossier.ma_lk[:100],
        severity=problem.severity,
        code=problem.code,
        problem=problem.as_dict(),
    )


def _store(export: Export, dossier: Dossier, source: mapping.Source, group: _Group) -> None:
    """Maps and stores one dossier; a fault of the mapping refuses this dossier alone."""
    content = _content(dossier)
    last = group.last.get((dossier.facility, dossier.ma_lk))
    again = last is not None and (last.export_id, last.position) == (export.pk, dossier.position)
    if last is not None and not again and (last.content == content or _replaced(export, dossier)):
        group.unchanged += 1
        return
    if not again and _own_slip(dossier):
        dossier.problems.append(faults.own_slip())
        group.unchanged += 1
        return
    if last is not None and not again and _late_check_in(dossier):
        dossier.problems.append(faults.late_check_in())
        group.unchanged += 1
        return
    resources = mapping.to_fhir(dossier, source)
    visit = mapping.visit_of(dossier)
    try:
        stored = records.transact(
            resources,
            origin=f"his-xml/{dossier.facility}/{dossier.ma_lk}",
            actor=_ACTOR,
            moment=clock.iso(visit.start) if visit and visit.start else "",
        )
    except records.InvalidResource as error:
        dossier.problems += error.problems
        return
    if not again:
        group.add(
            DossierVersion(
                facility=dossier.facility,
                ma_lk=dossier.ma_lk,
                number=last.number + 1 if last else 1,
                export=export,
                position=dossier.position,
                start=dossier.start,
                length=dossier.length,
                content=content,
                warnings=sum(p.severity == "warning" for p in dossier.problems),
                at=clock.now(),
            )
        )
    if stored.created or stored.updated or stored.deleted:
        _send(dossier, resources, group)
        if group.awaited and dossier.facility == directory.here():
            outcome.stay_stored(resources, origin=f"his-xml/{dossier.facility}/{dossier.ma_lk}")
    group.stored += 1


def _late_check_in(dossier: Dossier) -> bool:
    """Whether this is a check-in (XML0) of a visit whose dossier is here already: it knows less than that."""
    if "XML1" in dossier.tables or "XML0" not in dossier.tables:
        return False
    stored = records.read("Encounter", mapping.visit_of(dossier).encounter_id)
    return stored is not None and json.loads(stored.body)["status"] == "finished"


def _own_slip(dossier: Dossier) -> bool:
    """Whether this is a slip file that this program wrote of a transfer that is here: it says nothing new, and less
    than the dossier of the visit."""
    visit = dossier.row("XML1")
    if visit is None or not is_slip_alone(set(dossier.tables), visit.values):
        return False
    return bool(desk.numbered_at(dossier.facility, dossier.ma_lk))


def _replaced(export: Export, dossier: Dossier) -> bool:
    """Whether this very dossier of this file was stored before and a later file has replaced it since."""
    return DossierVersion.objects.filter(
        facility=dossier.facility, ma_lk=dossier.ma_lk, export=export, position=dossier.position
    ).exists()


def _content(dossier: Dossier) -> str:
    """SHA-256 over the dossier's tables, whatever file they came in."""
    tables = {name: [row.values for row in rows] for name, rows in sorted(dossier.tables.items())}
    return hashlib.sha256(json.dumps(tables)).hexdigest()


def _send(dossier: Dossier, resources: list[dict[str, Any]], group: _Group) -> None:
    """A slip (XML13) starts or joins a transfer; a dossier without one joins a transfer begun by hand."""
    if dossier.facility != directory.here():
        return
    slip = mapping.transfer_of(dossier)
    if slip is None:
        begun = desk.begun(dossier.facility, dossier.ma_lk) if dossier.ma_lk in group.begun else None
        if begun is not None:
            desk.send(desk.notice_of(begun), resources, actor=_ACTOR)
        return
    if not directory.connected(slip.destination) or slip.destination == directory.here():
        dossier.problems.append(desk.not_connected(slip.destination))
        return
    by_ref = {f"{r['resourceType']}/{r['id']}": r for r in resources}
    patient = by_ref[f"Patient/{slip.patient_id}"]
    row = dossier.tables["XML13"][0]
    desk.send(
        Notice(
            sender=dossier.facility,
            receiver=slip.destination,
            ma_lk=dossier.ma_lk,
            slip=slip.slip[:50],
            left_at=slip.moment or clock.now(),
            patient=slip.patient_id,
            patient_name=slip.patient_name[:255],
            birth=patient.get("birthDate", ""),
            gender=patient.get("gender", ""),
            diagnosis="" if slip.restricted else slip.diagnosis,
            diagnosis_code="" if slip.restricted else slip.icd[:20],
            reason=slip.reason[:10],
            condition=row.get("TINH_TRANG_CT"),
            citizen=drafts.citizen_number(patient),
        ),
        resources,
        actor=_ACTOR,
        keep=_named(by_ref, slip),
    )
    group.begun.add(dossier.ma_lk)


def _named(by_ref: dict[str, dict[str, Any]], slip: mapping.TransferNotice) -> frozenset[str]:
    """What the slip itself names, and therefore travels even where it is specially protected."""
    request = f"ServiceRequest/{slip.service_request_id}"
    reasons = by_ref.get(request, {}).get("reasonReference", ())
    return frozenset({request, f"Composition/{slip.composition_id}", *(r["reference"] for r in reasons)})
