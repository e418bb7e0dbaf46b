"""Documents of the province for a page: what was found, asked for and came; what would be published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from django.utils.translation import gettext as _

from lienthong import records
from lienthong.documents import desk
from lienthong.documents.desk import Fetch, Mode, Publication, Search, Status
from lienthong.foundation import json
from lienthong.web.record import documents, fhir, moments

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


@dataclass(frozen=True, slots=True)
class Block:
    """A line of text, or a table: its head, which may be empty, and its rows."""

    line: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A titled part of a document."""

    title: str
    blocks: tuple[Block, ...]


def parts(media: str, content: bytes) -> tuple[Part, ...]:
    """The parts of a document that people can read on a page: of a FHIR document its sections, of plain text its
    lines; nothing of other kinds, which are taken as a file."""
    if media.startswith(PLAIN):
        return (Part("", tuple(Block(line) for line in fhir.lines(content.decode("utf-8", "replace")))),)
    if "fhir+json" not in media:
        return ()
    try:
        bundle: Any = json.loads(content)
    except (json.DecodeError, RecursionError):
        return ()
    composition = fhir.at(bundle, "entry", "resource")
    if fhir.text(composition, "resourceType") != "Composition":
        return ()
    return tuple(_parts(composition, depth=4))


def _parts(parent: Any, depth: int) -> Iterator[Part]:
    for section in fhir.items(parent, "section"):
        reader = _Reader()
        reader.feed(fhir.text(section, "text", "div"))
        reader.close()
        title = fhir.text(section, "title") or fhir.words(fhir.at(section, "code"))
        if blocks := reader.blocks():
            yield Part(title, blocks)
        if depth:
            yield from _parts(section, depth - 1)


class _Reader(HTMLParser):
    """Reads a narrative as text and tables; markup goes no further than here."""

    _LINES = frozenset({"p", "br", "li", "div", "h1", "h2", "h3", "h4", "ul", "ol", "table", "tr", "caption"})
    _SILENT = frozenset({"script", "style"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._found: list[str | list[tuple[bool, list[str]]]] = [""]
        self._cell = False
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in self._SILENT
        if tag == "table":
            self._found.append([])
        table = self._found[-1]
        if isinstance(table, list) and tag == "tr":
            table.append((True, []))
        elif isinstance(table, list) and tag in ("td", "th") and table:
            heads, cells = table[-1]
            table[-1] = heads and tag == "th", cells
            cells.append("")
            self._cell = True
        elif not isinstance(table, list) and tag in self._LINES:
            self._found.append("")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in self._SILENT))
        if tag in ("td", "th"):
            self._cell = False
        if tag == "table" or (tag in self._LINES and not isinstance(self._found[-1], list)):
            self._found.append("")

    def handle_data(self, data: str) -> None:
        last = self._found[-1]
        if self._silent:
            return
        if not isinstance(last, list):
            self._found[-1] = last + data
        elif self._cell:
            last[-1][1][-1] += data
        elif data.strip():
            self._found.append(data)

    def blocks(self) -> tuple[Block, ...]:
        """What was read, without what is empty."""
        found = []
        for one in self._found:
            if not isinstance(one, list):
                if line := " ".join(one.split()):
                    found.append(Block(line))
                continue
            rows = [
                (heads, tuple(" ".join(cell.split()) for cell in cells)) for heads, cells in one if any(cells)
            ]
            head = rows[0][1] if rows and rows[0][0] else ()
            body = tuple(cells for _, cells in rows[1 if head else 0 :])
            if head or body:
                found.append(Block(head=head, rows=body))
        return tuple(found)


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
