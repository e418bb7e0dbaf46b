"""Documents of the province for a page: what was found, asked for and came; what would be published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from lienthong import records
from lienthong.documents import desk
from lienthong.documents.desk import Fetch, Mode, Publication, Search, Status
from lienthong.foundation import json
from lienthong.web.record import documents, fhir, moments
from lienthong.web.record.documents import Section

PLAIN = "text/plain"


@dataclass(frozen=True, slots=True)
class Known:
    """A document that the province knows.

    Attributes:
        number: of the document; facility: code of its publisher; mode: whether the hub has a copy.
        made: when it was published; start, end: the stay, as days in words; wish: what was asked for here already.
    """

    number: str
    title: str
    facility: str
    mode: str
    made: str
    start: str
    end: str
    wish: Fetch | None


def known(search: Search, wishes: Sequence[Fetch]) -> list[Known]:
    """What a question found, newest first."""
    asked: dict[str, Fetch] = {}
    for wish in wishes:
        if not wish.refused:
            asked.setdefault(wish.document, wish)
    found = []
    for entry in desk.entries(search):
        address = fhir.text(entry, "content", "attachment", "url")
        number = fhir.text(entry, "masterIdentifier", "value")
        found.append(
            Known(
                number=number,
                title=fhir.text(entry, "description") or fhir.words(fhir.at(entry, "type")),
                facility=fhir.text(entry, "custodian", "identifier", "value"),
                mode=Mode.ENTRY if address.startswith("urn:") else Mode.COPY,
                made=fhir.text(entry, "date"),
                start=moments.day(fhir.text(entry, "context", "period", "start")),
                end=moments.day(fhir.text(entry, "context", "period", "end")),
                wish=asked.get(number),
            )
        )
    return found


def sections(media: str, content: bytes) -> tuple[Section, ...]:
    """The parts of a document that people can read on a page: of a FHIR document its sections, of plain text its
    lines; nothing of other kinds, which are taken as a file."""
    if media.startswith(PLAIN):
        return (Section("", "", tuple(fhir.lines(content.decode("utf-8", "replace")))),)
    if "fhir+json" not in media:
        return ()
    try:
        bundle: Any = json.loads(content)
    except (json.DecodeError, RecursionError):
        return ()
    composition = fhir.at(bundle, "entry", "resource")
    if fhir.text(composition, "resourceType") != "Composition":
        return ()
    return documents.document(composition, {}).sections


def wish_state(wish: Fetch) -> tuple[str, str]:
    """Tag and words for how a wish stands."""
    if wish.refused:
        return "bad", _("Not given")
    if wish.answered_at is not None:
        return "ok", _("Has come")
    return "wait", _("Asked, waiting")


def publication_state(one: Publication, waiting: bool) -> tuple[str, str]:
    """Tag and words for how a publication stands."""
    if one.refused:
        return "bad", _("The hub does not take it")
    if waiting:
        return "wait", _("Waits for the line to the province")
    if one.status == Status.CURRENT:
        return "ok", _("At the province")
    return "info", str(Status(one.status).label)


def file_name(title: str, media: str) -> str:
    """A name for a document that is taken as a file."""
    ending = {"application/pdf": "pdf", "application/fhir+json": "json", "text/plain": "txt"}
    plain = "".join(c if c.isalnum() else "-" for c in title)[:60].strip("-") or "tai-lieu"
    return f"{plain}.{ending.get(media.partition(';')[0], 'bin')}"


def readable(patient: str) -> list[tuple[str, str]]:
    """``(reference, title)`` of what may be published of a patient: the summary first, then the papers."""
    found = [("", _("Patient summary (IPS)"))]
    for stored in records.for_patient(patient, ["Composition", "DocumentReference"]):
        if stored.origin.startswith(("document/", "province/")) or not documents.is_paper(stored.resource):
            continue
        shown = documents.document(stored.resource, {})
        found.append(
            (stored.ref, f"{shown.title}, {moments.day(shown.moment)}" if shown.moment else shown.title)
        )
    return found
