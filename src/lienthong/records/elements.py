"""Reading FHIR R4 dictionaries without trusting their shape: what is missing or strange reads as empty.

The store checks resources on the way in, but pages also show what other hospitals wrote; a strange
element must leave a gap on the page, never take the page away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

Resource = dict[str, Any]


def at(value: Any, *path: str) -> Any:
    """The element at a path of names; the first entry of every list on the way; None where it ends."""
    for name in path:
        value = value[0] if isinstance(value, list) and value else value
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text(value: Any, *path: str) -> str:
    """The string at a path, trimmed; empty for anything else."""
    found = value.get(path[0]) if value.__class__ is dict and len(path) == 1 else at(value, *path)
    found = found[0] if found.__class__ is list and found else found
    return found.strip() if isinstance(found, str) else ""


def items(value: Any, *path: str) -> list[Resource]:
    """The objects in the list at a path; a single object counts as a list of one."""
    found = value.get(path[0]) if value.__class__ is dict and len(path) == 1 else at(value, *path)
    found = [found] if isinstance(found, dict) else found
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def codings(concept: Any) -> Iterator[tuple[str, str, str]]:
    """``(system, code, display)`` of each coding of a CodeableConcept."""
    for coding in items(concept, "coding"):
        yield _plain(coding.get("system")), _plain(coding.get("code")), _plain(coding.get("display"))


def _plain(value: Any) -> str:
    return value.strip() if value.__class__ is str else ""


def code_of(concept: Any, system: str) -> str:
    """The code of the first coding whose system ends with ``system``."""
    return next((code for where, code, _ in codings(concept) if where.endswith(system)), "")


def words(concept: Any) -> str:
    """A CodeableConcept for a person: its text, else the first display, else the first code."""
    told = text(concept, "text")
    if told:
        return told
    found = list(codings(concept))
    return next((display for _, _, display in found if display), "") or next(
        (code for _, code, _ in found if code), ""
    )


def target(value: Any, *path: str) -> str:
    """``Type/id`` of the reference at a path; empty for contained or logical ones."""
    reference = text(value, *path, "reference")
    return reference if "/" in reference else ""


def named(value: Any, names: Mapping[str, str]) -> str:
    """A Reference for a person: its display, else the known name of its target, else its identifier."""
    return text(value, "display") or names.get(target(value), "") or text(value, "identifier", "value")


def extension(resource: Any, name: str) -> Resource:
    """The first extension whose URL is the name or ends with ``/name``."""
    return next(
        (e for e in items(resource, "extension") if text(e, "url").rpartition("/")[2] == name),
        {},
    )


def unread(resource: Any) -> list[tuple[str, str]]:
    """``(field, text)`` of what the source gave and no element could hold (extension ``source-text``)."""
    found = []
    for entry in items(resource, "extension"):
        if text(entry, "url").endswith("/source-text"):
            parts = {text(part, "url"): text(part, "valueString") for part in items(entry, "extension")}
            found.append((parts.get("field", ""), parts.get("text", "")))
    return [(field, words) for field, words in found if words]


def number(value: Any) -> Decimal | None:
    """A finite JSON number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    exact = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    return exact if exact.is_finite() else None


class _Narrative(HTMLParser):
    _BREAKS = frozenset({"p", "br", "li", "tr", "div", "h1", "h2", "h3", "h4", "table", "ul", "ol"})
    _SILENT = frozenset({"script", "style"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in self._SILENT
        if tag in self._BREAKS:
            self.lines.append("")
        elif tag in ("td", "th"):
            self.lines[-1] += " "

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in self._SILENT))
        if tag in self._BREAKS:
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.lines[-1] += data


def paragraphs(narrative: Any) -> list[str]:
    """The lines of a Narrative as plain text; markup is dropped, never passed on."""
    parser = _Narrative()
    parser.feed(text(narrative, "div"))
    parser.close()
    return [" ".join(line.split()) for line in parser.lines if line.strip()]


def lines(value: str) -> list[str]:
    """The lines of a plain text that are not empty."""
    return [line.strip() for line in value.splitlines() if line.strip()]
