"""Site: publishing a document to the province, replacing and withdrawing it. What goes to the hub waits in a queue."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from typing import Any

import zstandard
from django.db import transaction

from lienthong import records
from lienthong.access.audit import Actor, record
from lienthong.documents import kinds, mhd, people, problems, signed, summary
from lienthong.documents.models import Mode, Outgoing, Publication, Status
from lienthong.documents.provided import LARGEST
from lienthong.documents.summary import document
from lienthong.exchange import space
from lienthong.foundation import clock, ids, json
from lienthong.foundation.errors import LienThongError
from lienthong.records import Stored, elements, validation

FHIR = "application/fhir+json"
_LISTED = ("Patient", "Encounter", "Practitioner", "Organization", "Observation", "Condition", "Procedure")

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """What would be published.

    Attributes:
        kind: LOINC code; title, media, content: of the document; source: ``Type/id`` of what it is made of.
        patient: the Patient; encounter, start, end: the stay, empty where there is none.
        replaces: the publication in force that it would replace; same: that one has the same content.
    """

    kind: str
    title: str
    media: str
    content: bytes
    source: str
    patient: Resource
    encounter: str
    start: str
    end: str
    replaces: Publication | None
    same: bool


def draft(patient: str, *, source: str = "", encounter: str = "") -> Draft:
    """Makes the document as it would be published now; nothing is stored.

    Args:
        patient: FHIR id; encounter: FHIR id of the stay it is about, if any.
        source: ``Composition/…`` or ``DocumentReference/…`` of this patient; empty for the patient summary.

    Raises:
        LienThongError: ``document-no-source``, ``document-protected``, ``document-too-large``,
            ``document-no-identifier``.
    """
    person = records.read("Patient", patient)
    if person is None:
        raise LienThongError(problems.no_source(f"Patient/{patient}"))
    if not people.numbers(person.resource):
        raise LienThongError(problems.no_identifier())
    if source:
        kind, title, media, content, own = _made_of(source, patient)
        encounter = encounter or own
    else:
        source, kind, media = person.ref, kinds.SUMMARY, FHIR
        title = kinds.TITLES[kind]
        made = summary.compose(person)
        validation.check(made)
        content = json.dumps(made)
    if len(content) > LARGEST:
        raise LienThongError(problems.too_large(LARGEST))
    start, end = _stay(encounter, patient)
    before = Publication.objects.filter(
        kind=kind, patient=patient, encounter=encounter, source=source, status=Status.CURRENT
    ).first()
    same = before is not None and before.sha256 == _digest(content)
    return Draft(
        kind, title[:200], media, content, source, person.resource, encounter, start, end, before, same
    )


def publish(
    patient: str,
    *,
    mode: Mode,
    actor: Actor,
    source: str = "",
    encounter: str = "",
    why: str = "",
    automatic: bool = False,
) -> Publication:
    """Publishes a document; one of the same kind, stay and source that is in force is replaced. One commit: the
    document, its entry, the row of the trail and what waits for the hub. The same content again changes nothing.

    Raises:
        LienThongError: as :func:`draft`; NoRoom: the disk is full.
    """
    with transaction.atomic():
        made = draft(patient, source=source, encounter=encounter)
        if made.same and made.replaces is not None and made.replaces.mode == mode:
            return made.replaces
        space.check(4 * len(made.content))
        before = made.replaces
        one = _signed(made, before.id if before else "")
        publication = Publication.objects.create(
            id=one.id,
            kind=made.kind,
            title=made.title,
            patient=patient,
            encounter=made.encounter,
            source=made.source,
            mode=mode,
            automatic=automatic,
            media=made.media,
            sha256=one.statement.sha256,
            size=one.statement.size,
            replaces=one.replaces,
            by=actor.name[:120],
            at=clock.now(),
        )
        _keep(one, made.content, actor)
        if before is not None:
            _supersede(before, actor)
        _queue(publication, one if mode == Mode.COPY else _without_content(one))
        detail = {"document": one.id, "kind": made.kind, "mode": str(mode), "automatic": automatic}
        record(
            actor, "document-published", patient=patient, page=f"documents/{one.id}", why=why, detail=detail
        )
        return publication


def withdraw(id: str, *, actor: Actor, why: str) -> Publication:
    """Withdraws a publication as entered in error; the hub forgets its copy when it is told.

    Raises:
        LienThongError: ``document-unknown``, ``document-not-current``.
    """
    with transaction.atomic():
        found = Publication.objects.select_for_update().filter(id=id).first()
        if found is None:
            raise LienThongError(problems.unknown())
        if found.status == Status.ERROR:
            raise LienThongError(problems.not_current())
        person = records.read("Patient", found.patient)
        if person is None:
            raise LienThongError(problems.no_source(f"Patient/{found.patient}"))
        found.status = Status.ERROR
        found.save(update_fields=["status"])
        word = signed.sign(
            document=mhd.number(id),
            content=(found.sha256, found.size),
            media=found.media,
            kind=found.kind,
            status="entered-in-error",
            replaces="",
            patient=people.numbers(person.resource),
        )
        one = mhd.Document(id, None, *word, found.title, clock.iso(found.at), person.resource)
        _mark(id, "entered-in-error", actor)
        _queue(found, one, status="entered-in-error")
        record(
            actor,
            "document-withdrawn",
            patient=found.patient,
            page=f"documents/{id}",
            why=why,
            detail={"document": id},
        )
        return found


def content(publication: Publication) -> bytes:
    """The bytes of a document that this unit published.

    Raises:
        LienThongError: ``document-unknown``: they are not here.
    """
    stored = records.read("Binary", publication.id)
    if stored is None:
        raise LienThongError(problems.unknown())
    return base64.b64decode(stored.resource.get("data", ""))


def _made_of(source: str, patient: str) -> tuple[str, str, str, bytes, str]:
    """Kind, title, media type, content and stay of a document that the record holds."""
    kind, _, id = source.partition("/")
    stored = records.read(kind, id) if kind in ("Composition", "DocumentReference") else None
    if stored is None or elements.target(stored.resource, "subject") != f"Patient/{patient}":
        raise LienThongError(problems.no_source(source))
    if stored.restricted:
        raise LienThongError(problems.protected())
    resource = stored.resource
    code = elements.code_of(resource.get("type"), "loinc.org") or kinds.EPISODE
    title = (
        elements.text(resource, "title") or elements.words(resource.get("type")) or kinds.TITLES.get(code, "")
    )
    if kind == "Composition":
        stay = elements.target(resource, "encounter").removeprefix("Encounter/")
        made = _paper(stored)
        validation.check(made)
        return code, title, FHIR, json.dumps(made), stay
    attachment = elements.at(resource, "content", "attachment") or {}
    stay = elements.target(resource, "context", "encounter").removeprefix("Encounter/")
    return code, title, str(attachment.get("contentType", "")), _attached(attachment, source), stay


def _attached(attachment: Resource, source: str) -> bytes:
    address = elements.text(attachment, "url")
    binary = records.read("Binary", address.rpartition("/")[2]) if "Binary/" in address else None
    data = binary.resource.get("data") if binary else attachment.get("data")
    try:
        return base64.b64decode(str(data or ""), validate=True) or _nothing(source)
    except ValueError:
        return _nothing(source)


def _nothing(source: str) -> bytes:
    raise LienThongError(problems.no_source(source))


def _paper(stored: Stored) -> Resource:
    """A Composition of the record as a FHIR document, without what is specially protected."""
    wanted = sorted(ref for ref in document.references(stored.resource) if ref.partition("/")[0] in _LISTED)
    found = records.read_many(wanted)
    open_ones = {ref: one for ref, one in found.items() if not one.restricted}
    content = {ref: document.bare(one) for ref, one in open_ones.items()}
    updated = max([stored.updated, *(one.updated for one in open_ones.values())])
    return document.bundled(document.bare(stored), content, updated=updated)


def _stay(encounter: str, patient: str) -> tuple[str, str]:
    if not encounter:
        return "", ""
    stored = records.read("Encounter", encounter)
    if stored is None or elements.target(stored.resource, "subject") != f"Patient/{patient}":
        raise LienThongError(problems.no_source(f"Encounter/{encounter}"))
    if stored.restricted:
        raise LienThongError(problems.protected())
    period = stored.resource.get("period", {})
    return elements.text(period, "start"), elements.text(period, "end")


def _signed(made: Draft, replaces: str) -> mhd.Document:
    id = ids.new_id()
    word = signed.sign(
        document=mhd.number(id),
        content=made.content,
        media=made.media,
        kind=made.kind,
        status="current",
        replaces=mhd.number(replaces) if replaces else "",
        patient=people.numbers(made.patient),
    )
    return mhd.Document(
        id,
        made.content,
        *word,
        made.title,
        word[1].at,
        made.patient,
        made.encounter,
        made.start,
        made.end,
        replaces,
        mhd.sha1(made.content),
    )


def _without_content(one: mhd.Document) -> mhd.Document:
    return replace(one, content=None)


def _keep(one: mhd.Document, content: bytes, actor: Actor) -> None:
    """Stores document, entry and submission set at this node."""
    subject, target = (
        f"Patient/{one.patient['id']}",
        f"DocumentReference/{one.replaces}" if one.replaces else "",
    )
    about = f"DocumentReference/{one.id}"
    listed = mhd.submission_set(
        ids.stable_id("set", one.id),
        subject=subject,
        items=[about],
        at=one.statement.at,
        facility=one.statement.facility,
        title=one.title,
    )
    resources = [
        mhd.reference(one, subject=subject, url=mhd.address(one.id), target=target),
        mhd.binary(one.id, content, one.statement.media, about),
        listed,
    ]
    records.transact(resources, origin=_origin(one.id), actor=actor)


def _origin(id: str) -> str:
    return f"document/{id}"


def _supersede(before: Publication, actor: Actor) -> None:
    before.status = Status.SUPERSEDED
    before.save(update_fields=["status"])
    _mark(before.id, "superseded", actor)


def _mark(id: str, status: str, actor: Actor) -> None:
    """Gives the entry at this node another status."""
    stored = records.read("DocumentReference", id)
    if stored is not None:
        changed = {**document.bare(stored), "status": status}
        if status == "entered-in-error":
            changed["docStatus"] = status
        records.transact([changed], origin=_origin(id), actor=actor, complete=False)


def _queue(publication: Publication, one: mhd.Document, status: str = "current") -> None:
    bundle = mhd.bundle(ids.new_id(), one, status=status)
    body = zstandard.ZstdCompressor(level=6).compress(json.dumps(bundle))
    Outgoing.objects.create(publication=publication, body=body, at=clock.now())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
