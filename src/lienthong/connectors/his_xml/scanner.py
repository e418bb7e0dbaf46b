"""Cuts a streamed export into dossiers, with the place of each in the file.

The dossiers are cut out by their tags (comments, CDATA sections and processing instructions are stepped
over); what stays is given to expat with ``<u/>`` for every dossier, so that a fault outside them is found
where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from xml.parsers import expat

from lienthong.connectors.his_xml import faults
from lienthong.connectors.his_xml.faults import ExportRefused
from lienthong.connectors.his_xml.limits import Limits
from lienthong.connectors.his_xml.source import declared_encoding, seen_encoding
from lienthong.connectors.his_xml.tables import tables

_CHUNK = 1 << 18
_KEEP = 64  # longest token that may be cut by the end of the buffer, with its name
_ENVELOPE = ("GIAMDINHHS", "THONGTINHOSO", "DANHSACHHOSO", "HOSO")
_VENDOR_XML12 = ("CHI_TIEU_GIAM_DINH_Y_KHOA", "DSACH_GIAM_DINH_Y_KHOA", "GIAM_DINH_Y_KHOA")
_BLANK_BEFORE = re.compile(rb"(?:\xef\xbb\xbf)?\s+(?=<\?xml\s)")
_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_ROOT = re.compile(
    rb"""<([A-Za-z_][\w.\-]*:)?([A-Za-z_][\w.\-]*)((?:\s+[^\s=<>]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*/?>"""
)
_NAMESPACE = re.compile(rb"""xmlns(?::[\w.\-]+)?\s*=\s*(?:"[^"<]*"|'[^'<]*')""")
_CUT_OFF = frozenset(
    expat.errors.codes[said]
    for said in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
)
_ENDS = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}


@dataclass(slots=True)
class Unit:
    """One dossier as bytes.

    Attributes:
        content: None when it is larger than allowed.
        start, length: bytes in the stream.
        line: where it begins, from 1.
    """

    content: bytes | None
    start: int
    length: int
    line: int


class Outer:
    """What the envelope says: MACSKCB, SOLUONGHOSO, its encoding and namespaces."""

    def __init__(self, limits: Limits) -> None:
        self.facility = ""
        self.stated_count = ""
        self.encoding = ""
        self.wrapper = b"<w>"
        self.lines_cut = 0
        self._limits = limits
        self._depth = 0
        self._bytes = 0
        self._text: list[str] = []
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype

    @property
    def line(self) -> int:
        """Line in the file of what was fed last."""
        return self._parser.CurrentLineNumber + self.lines_cut

    def feed(self, content: bytes, final: bool = False) -> None:
        """The next part outside the dossiers.

        Raises:
            ExportRefused: it is not well-formed, or has a DTD.
        """
        self._bytes += len(content)
        if self._bytes > self._limits.dossier_bytes:
            raise ExportRefused(faults.too_much_outside(self.line, self._limits.dossier_bytes))
        try:
            self._parser.Parse(content, final)
        except expat.ExpatError as error:
            line = error.lineno + self.lines_cut
            try:
                content.decode()
            except UnicodeDecodeError as invalid:
                if invalid.end < len(content):
                    seen = self.encoding if self.encoding not in ("", "utf-8") else seen_encoding(content)
                    raise ExportRefused(faults.encoding(seen, {"line": line})) from error
            if final and error.code in _CUT_OFF:
                raise ExportRefused(faults.truncated(line)) from error
            raise ExportRefused(faults.malformed(line, expat.ErrorString(error.code))) from error

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > self._limits.depth:
            raise ExportRefused(faults.too_deep(self.line, self._limits.depth))
        if name.rpartition(":")[2] in ("MACSKCB", "SOLUONGHOSO"):
            self._text = []
            self._parser.CharacterDataHandler = self._collect

    def _collect(self, text: str) -> None:
        self._text.append(text[:100])

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self._parser.CharacterDataHandler is None:
            return
        self._parser.CharacterDataHandler = None
        text = "".join(self._text)[:100].strip()
        if name.endswith("MACSKCB"):
            self.facility = text
        else:
            self.stated_count = text

    def _doctype(self, name: str, *_declaration: object) -> None:
        if name.lower() == "html":
            raise ExportRefused(faults.not_an_export(name))
        raise ExportRefused(faults.dtd({"line": self.line}))


class Scanner:
    """``units()`` gives the dossiers; ``outer`` and ``table`` say what stands around them.

    Attributes:
        table: empty for an envelope; ``"XML0"``, ``"XML1"`` or ``"XML12"`` when the document is that table.
    """

    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        self.outer = Outer(limits)
        self.table = ""
        self._stream = stream
        self._limits = limits
        self._buffer = b""
        self._base = 0
        self._ended = False

    def units(self) -> Iterator[Unit]:
        """The dossiers, in their order.

        Raises:
            ExportRefused: from here on the file cannot be read.
        """
        names = self._root()
        name = b"(?:" + b"|".join(names) + b")"
        mark = rb"<!--|<!\[CDATA\[|<\?|"
        outside = re.compile(mark + b"<" + name + rb"(?=[\s/>])")
        inside = re.compile(mark + b"<" + name + rb"(?=[\s/>])|</" + name + rb"\s*>")
        line, seek = 1 + self.outer.lines_cut, 0
        while True:
            found = outside.search(self._buffer, seek)
            if found and found[0] in _ENDS:
                seek = self._after(found.end(), _ENDS[found[0]], line)
                continue
            if found:
                line += self._feed(found.start())
                unit, lines = self._unit(inside, line)
                self.outer.lines_cut += lines
                line += lines
                self.outer.feed(b"<u/>")
                yield unit
                seek = 0
                continue
            seek = max(seek, len(self._buffer) - _KEEP)
            if self._ended:
                self._feed(len(self._buffer), final=True)
                return
            line += self._feed(seek)
            seek = 0
            self._more()

    def _root(self) -> tuple[bytes, ...]:
        """Names of the elements that are dossiers, by the name of the root."""
        while not self._ended and len(self._buffer) < _CHUNK:
            self._more()
        blank = _BLANK_BEFORE.match(self._buffer)
        if blank:  # XML forbids it, some exports have it
            self.outer.lines_cut = blank[0].count(b"\n")
            self._drop(blank.end())
        self.outer.encoding = declared_encoding(self._buffer)
        prolog = _PROLOG.match(self._buffer)
        found = _ROOT.match(self._buffer, prolog.end() if prolog else 0)
        if not found:
            self.outer.feed(self._buffer, final=self._ended)
            raise ExportRefused(faults.malformed(self.outer.line, "no root element"))
        prefix = found[1] or b""
        self.outer.wrapper = b"<w " + b" ".join(_NAMESPACE.findall(found[3])) + b">"
        root = found[2].decode("utf-8", "replace")
        if root in _ENVELOPE:
            return (prefix + b"HOSO",)
        if root in _VENDOR_XML12:
            self.table = "XML12"
        else:
            self.table = next((t.id for t in tables().values() if root in (t.root, t.list, t.row)), "")
        if not self.table:
            raise ExportRefused(faults.not_an_export(root[:60]))
        if self.table not in ("XML0", "XML1", "XML12"):
            raise ExportRefused(faults.lone_table(self.table))
        rows = [tables()[self.table].row]
        if self.table == "XML12":
            rows.append("GIAM_DINH_Y_KHOA")
        return tuple(prefix + row.encode() for row in rows)

    def _more(self) -> None:
        chunk = self._stream.read(_CHUNK)
        self._ended = not chunk
        self._buffer += chunk

    def _feed(self, end: int, final: bool = False) -> int:
        """Gives the buffer up to ``end`` to the envelope's parser and forgets it; returns the lines in it."""
        part = self._buffer[:end]
        self.outer.feed(part, final)
        self._drop(end)
        return part.count(b"\n")

    def _drop(self, end: int) -> None:
        self._buffer = self._buffer[end:]
        self._base += end

    def _after(self, seek: int, end: bytes, line: int) -> int:
        """Position after ``end`` (of a comment, CDATA section or instruction outside the dossiers)."""
        while True:
            at = self._buffer.find(end, seek)
            if at >= 0:
                return at + len(end)
            if self._ended:
                raise ExportRefused(faults.truncated(line + self._buffer.count(b"\n", 0, seek)))
            if len(self._buffer) > self._limits.dossier_bytes:
                raise ExportRefused(faults.too_much_outside(line, self._limits.dossier_bytes))
            seek = max(seek, len(self._buffer) - len(end) + 1)
            self._more()

    def _unit(self, inside: re.Pattern[bytes], line: int) -> tuple[Unit, int]:
        """The dossier at the start of the buffer; returns it and the lines in it."""
        start, lines, kept = self._base, 0, True
        seek = self._opened(line)
        until = b""  # what ends the comment, CDATA section or instruction that we are in
        empty = self._buffer[seek - 2 : seek] == b"/>"
        while not empty:
            if until:
                at = self._buffer.find(until, seek)
                if at >= 0:
                    seek, until = at + len(until), b""
                    continue
                seek = max(seek, len(self._buffer) - 2)
            else:
                found = inside.search(self._buffer, seek)
                if found:
                    seek = found.end()
                    until = _ENDS.get(found[0], b"")
                    if found[0].startswith(b"</"):
                        break
                    if not until:
                        at_line = line + lines + self._buffer.count(b"\n", 0, found.start())
                        raise ExportRefused(faults.malformed(at_line, "a dossier begins inside a dossier"))
                    continue
                seek = max(seek, len(self._buffer) - _KEEP)
            if self._ended:
                raise ExportRefused(faults.truncated(line))
            if self._base + len(self._buffer) - start > self._limits.dossier_bytes:
                kept = False
                lines += self._buffer.count(b"\n", 0, seek)
                self._drop(seek)
                seek = 0
            self._more()
        content = self._buffer[:seek]
        lines += content.count(b"\n")
        self._drop(seek)
        length = self._base - start
        fits = kept and length <= self._limits.dossier_bytes
        return Unit(content if fits else None, start, length, line), lines

    def _opened(self, line: int) -> int:
        """Position after the opening tag."""
        while True:
            at = self._buffer.find(b">")
            if at >= 0:
                return at + 1
            if self._ended:
                raise ExportRefused(faults.truncated(line))
            if len(self._buffer) > self._limits.dossier_bytes:
                raise ExportRefused(faults.too_much_outside(line, self._limits.dossier_bytes))
            self._more()
