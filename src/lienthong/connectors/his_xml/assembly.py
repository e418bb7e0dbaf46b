"""Makes a dossier of the bytes of one HOSO, or of one row of a table that stands alone."""

from __future__ import annotations

import binascii
import re
from typing import Any

from lxml import etree

from lienthong.connectors.his_xml import faults
from lienthong.connectors.his_xml.dossier import Dossier, Edition, Row
from lienthong.connectors.his_xml.limits import Limits
from lienthong.connectors.his_xml.scanner import Outer, Unit
from lienthong.connectors.his_xml.source import BOM, declared_encoding, seen_encoding, wide_encoding
from lienthong.connectors.his_xml.tables import Table, tables
from lienthong.foundation.errors import Problem

_LABEL = re.compile(r"XML0*(\d+)")
_NO_MARKUP = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>", re.DOTALL)
_VENDOR = {
    "CHI_TIEU_GIAM_DINH_Y_KHOA": "XML12",
    "DSACH_GIAM_DINH_Y_KHOA": "XML12",
    "GIAM_DINH_Y_KHOA": "XML12",
}
_LIBXML_TEXT = 9_000_000  # libxml2 reads no longer text without huge_tree


def _parser(huge: bool) -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
        remove_blank_text=True,
        collect_ids=False,
        huge_tree=huge,
    )


_PARSER, _HUGE = _parser(False), _parser(True)


class _Unreadable(Exception):
    """Content of a table that cannot be read."""

    def __init__(self, line: int, vi: str, en: str, code: str = "broken", seen: str = "") -> None:
        super().__init__(en)
        self.line, self.vi, self.en, self.code, self.seen = line, vi, en, code, seen


def hoso(unit: Unit, outer: Outer, limits: Limits) -> Dossier:
    """The dossier of one HOSO; what cannot be read is among its problems."""
    dossier = Dossier("", "", "3176", {})
    try:
        root = _unit_root(unit, outer)
    except _Unreadable as error:
        dossier.facility = outer.facility
        dossier.problems.append(_broken_unit(unit, error))
        return dossier
    reading = _Reading(dossier, limits, unit.line - 1)
    for file in root:
        if file.tag == "FILEHOSO":
            reading.file(file)
    _settle(dossier, outer, reading)
    return dossier


def lone_table(unit: Unit, table: str, outer: Outer, limits: Limits) -> Dossier:
    """The dossier of one row of XML0, XML1 or XML12 that stands alone."""
    dossier = Dossier("", "", "3176", {})
    try:
        root = _unit_root(unit, outer)
    except _Unreadable as error:
        dossier.problems.append(_broken_unit(unit, error))
        return dossier
    reading = _Reading(dossier, limits, unit.line - 1)
    reading.rows(table, [root], True)
    _settle(dossier, outer, reading)
    return dossier


def _unit_root(unit: Unit, outer: Outer) -> Any:
    content = unit.content or b""
    huge = len(content) > _LIBXML_TEXT
    return _parse(outer.wrapper + content + b"</w>", outer.encoding, huge)[0]


def _broken_unit(unit: Unit, error: _Unreadable) -> Problem:
    line = unit.line + error.line - 1
    if error.code == "encoding":
        return faults.encoding(error.seen, {"line": line})
    return faults.broken_dossier(line, error.en)


def _parse(content: bytes, declared: str = "", huge: bool = False) -> Any:
    """The root element, names without namespace.

    Raises:
        _Unreadable: not UTF-8, a DTD, or not well-formed.
    """
    try:
        root = etree.fromstring(content, _HUGE if huge else _PARSER)
    except (etree.XMLSyntaxError, UnicodeDecodeError, ValueError) as error:
        raise _why(content, declared, error) from error
    if root is None:
        raise _Unreadable(1, "không có thẻ nào", "no element")
    if b"xmlns" in content:
        for element in root.iter(etree.Element):
            element.tag = etree.QName(element).localname
    return root


def _why(content: bytes, declared: str, error: Exception) -> _Unreadable:
    try:
        content.decode()
    except UnicodeDecodeError as invalid:
        line = content.count(b"\n", 0, invalid.start) + 1
        seen = declared if declared not in ("", "utf-8", "utf8", "utf-16") else seen_encoding(content)
        return _Unreadable(line, f"bảng mã {seen}", f"encoding {seen}", "encoding", seen)
    line = getattr(error, "lineno", None) or 1
    return _Unreadable(line, "sai cấu trúc XML", "broken XML")


def _inner(text: str) -> bytes:
    """The bytes of an inner document: XML as text, or base64 of it; without byte order mark.

    Raises:
        _Unreadable: neither, or in another encoding, or with a DTD.
    """
    text = text.strip().lstrip("\ufeff")
    if text.startswith("<"):
        content = text.encode()
    else:
        content = _base64(text)
        wide = wide_encoding(content)
        if wide:
            raise _Unreadable(1, f"bảng mã {wide}", f"encoding {wide}", "encoding", wide)
        content = content.removeprefix(BOM).lstrip()
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        bare = _NO_MARKUP.sub(b"", content)
        at = max(bare.find(b"<!DOCTYPE"), bare.find(b"<!ENTITY"))
        if at >= 0:
            raise _Unreadable(bare.count(b"\n", 0, at) + 1, "có DTD", "has a DTD", "dtd")
    return content


def _base64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        digits = "".join(text.split()).rstrip("=")
    try:
        return binascii.a2b_base64(digits + "=" * (-len(digits) % 4), strict_mode=True)
    except ValueError as error:
        raise _Unreadable(1, "không phải base64 và không phải XML", "neither base64 nor XML") from error


class _Reading:
    """The tables of one dossier while they are read."""

    def __init__(self, dossier: Dossier, limits: Limits, line_before: int) -> None:
        self.dossier = dossier
        self.limits = limits
        self.line_before = line_before
        self.slip_names: set[str] = set()  # element names of XML13, empty ones too
        self._count = 0

    def file(self, file: Any) -> None:
        """One FILEHOSO."""
        label, content = "", None
        for child in file:
            if child.tag == "LOAIHOSO":
                label = (child.text or "").strip()
            elif child.tag == "NOIDUNGFILE":
                content = child
        if content is None:
            return
        stated = _table_id(label)
        for root in content:
            self._document(root, None, label, stated, self.line_before)
        text = content.text
        if len(content) or not text or not text.strip():
            return
        try:
            document = _inner(text)
            if not document.strip():
                return
            root = _parse(document, declared_encoding(document), len(document) > _LIBXML_TEXT)
        except _Unreadable as error:
            self._unreadable(stated or label, error)
            return
        self._document(root, document, label, stated, 0)

    def _unreadable(self, table: str, error: _Unreadable) -> None:
        severity: Any = "error" if table == "XML1" or error.code == "dtd" else "warning"
        where = {"table": table, "line": error.line}
        if error.code == "dtd":
            problem = faults.dtd(where)
        elif error.code == "encoding" and severity == "error":
            problem = faults.encoding(error.seen, where)
        else:
            problem = faults.broken_table(table, error.line, error.vi, error.en, severity)
        self.dossier.problems.append(problem)

    def _document(self, root: Any, document: bytes | None, label: str, stated: str, before: int) -> None:
        table = _by_root().get(root.tag) or stated
        if not table:
            line = root.sourceline + before
            self.dossier.problems.append(faults.unknown_table(label, root.tag, line))
            return
        if table != stated:
            self.dossier.problems.append(faults.other_table(label, table))
        rows = self._row_elements(root, tables()[table], before)
        if not rows:
            if len(root) and len(root[0]):
                self.dossier.problems.append(faults.no_rows(table, root.tag, root.sourceline + before))
            return
        ends = 0 if document is None else document.count(b"</") + document.count(b"/>")
        flat = ends == _flat_count(root, rows)
        self.line_before, kept = before, self.line_before
        self.rows(table, rows, not flat, len(document or b"") > self.limits.text or document is None)
        self.line_before = kept

    def _row_elements(self, root: Any, table: Table, before: int) -> list[Any]:
        names = {table.row, "GIAM_DINH_Y_KHOA"} if table.id == "XML12" else {table.row}
        if root.tag in names:
            return [root]
        rows: list[Any] = []
        for child in root:
            if child.tag in names:
                rows.append(child)
            elif child.tag == "CHUKYDONVI":
                continue
            elif len(child) and len(child[0]):
                rows.extend(child)
        if not rows and table.list is None and any(child.tag in table.fields["3176"] for child in root):
            rows = [root]
        for row in rows:
            if row.tag not in names:
                problem = faults.row_name(table.id, row.tag, row.sourceline + before)
                self.dossier.problems.append(problem)
                break
        return rows

    def rows(self, table: str, elements: list[Any], deep: bool, long: bool = True) -> None:
        """Adds rows; ``deep``: fields may hold elements; ``long``: a text may be over the limit."""
        self._count += len(elements)
        if self._count > self.limits.rows:
            self.dossier.problems.append(faults.too_many_rows(table, self.limits.rows))
            return
        kept = self.dossier.tables.setdefault(table, [])
        for element in elements:
            line = element.sourceline + self.line_before
            pairs = [(c.tag, t) for c in element if (t := c.text) and (t := t.strip())]
            if deep:
                pairs = self._deep(table, element, len(kept) + 1, line)
            values = dict(pairs)
            if len(values) != len(pairs):
                values = self._first(table, pairs, len(kept) + 1, line)
            if long:
                self._cut(table, values, len(kept) + 1, line)
            kept.append(Row(values, line))
        if table == "XML13":
            self.slip_names |= {child.tag for child in elements[0]}

    def _deep(self, table: str, element: Any, row: int, line: int) -> list[tuple[str, str]]:
        pairs = []
        for child in element:
            text = child.text or ""
            if len(child):
                text = "".join(child.itertext())
                self.dossier.problems.append(faults.markup(table, row, child.tag, line))
            if text := text.strip():
                pairs.append((child.tag, text))
        return pairs

    def _first(self, table: str, pairs: list[tuple[str, str]], row: int, line: int) -> dict[str, str]:
        values: dict[str, str] = {}
        for name, text in pairs:
            if values.setdefault(name, text) != text:
                self.dossier.problems.append(faults.twice(table, row, name, line, text))
        return values

    def _cut(self, table: str, values: dict[str, str], row: int, line: int) -> None:
        limit = self.limits.text
        for name, text in values.items():
            if len(text) > limit:
                values[name] = text[:limit]
                self.dossier.problems.append(faults.text_too_long(table, row, name, line, limit))


def _flat_count(root: Any, rows: list[Any]) -> int:
    """How many elements the document has if no field holds one."""
    fields = sum(map(len, rows))
    if rows[0] is root:
        return 1 + fields
    if rows[0].getparent() is root:
        return 1 + len(root) + fields
    return 1 + len(root) + sum(map(len, root)) + fields


def _table_id(label: str) -> str:
    found = _LABEL.fullmatch("".join(label.split()).upper().replace("_", ""))
    table = f"XML{found[1]}" if found else ""
    return table if table in tables() else ""


_ROOTS: dict[str, str] = {}


def _by_root() -> dict[str, str]:
    if not _ROOTS:
        _ROOTS.update({table.root: table.id for table in tables().values()} | _VENDOR)
        _ROOTS.update({table.row: table.id for table in tables().values()})
    return _ROOTS


def _settle(dossier: Dossier, outer: Outer, reading: _Reading) -> None:
    """Episode, facility and edition; rows of another visit are left out."""
    first = dossier.row("XML1") or dossier.row("XML0")
    episodes = [row.get("MA_LK") for rows in dossier.tables.values() for row in rows]
    stated = {episode for episode in episodes if episode}
    if first:
        dossier.ma_lk = first.get("MA_LK")
    if not dossier.ma_lk and len(stated) == 1:
        dossier.ma_lk = stated.pop()
    elif dossier.ma_lk and stated != {dossier.ma_lk}:
        _set_aside(dossier)
    assessment = dossier.row("XML12")
    if assessment and not first:
        dossier.ma_lk = dossier.ma_lk or assessment.get("SO_BIEN_BAN")
    dossier.facility = outer.facility
    if first and (facility := first.get("MA_CSKCB")):
        dossier.facility = facility
        if outer.facility and outer.facility != facility:
            dossier.problems.append(faults.other_facility(outer.facility, facility))
    dossier.edition = _edition(dossier, reading.slip_names)


def _set_aside(dossier: Dossier) -> None:
    for table, rows in dossier.tables.items():
        kept = []
        for number, row in enumerate(rows, 1):
            episode = row.get("MA_LK")
            if not episode or episode == dossier.ma_lk:
                kept.append(row)
            elif table == "XML1":
                dossier.problems.append(faults.two_visits(dossier.ma_lk, episode))
            else:
                dossier.problems.append(faults.other_visit(table, number, row.line, episode))
        dossier.tables[table] = kept
    for table in [name for name, rows in dossier.tables.items() if not rows]:
        del dossier.tables[table]


_SLIP_3176 = {"MA_CSKCB_DI", "MA_CSKCB_DEN", "TINH_TRANG_CT"}
_SLIP_4750 = {"MA_NOI_DI", "MA_NOI_DEN", "PP_DIEU_TRI", "TEN_DICH_VU", "TEN_THUOC"}


def _edition(dossier: Dossier, slip_names: set[str]) -> Edition:
    """By the names in XML13, what 130 lacks, the length of MA_NGHE_NGHIEP, the date of the visit."""
    if slip_names & _SLIP_3176:
        return "3176"
    if slip_names & _SLIP_4750:
        return "4750"
    first = dossier.row("XML1") or dossier.row("XML0") or Row({})
    day = (first.get("NGAY_RA") or first.get("NGAY_VAO"))[:8]
    after_130 = not dossier.tables.keys().isdisjoint(("XML13", "XML14", "XML15"))
    occupation = len(first.get("MA_NGHE_NGHIEP"))
    if occupation == 2 and (not day or day >= "20241029"):  # the day of Decision 3176
        return "3176"
    if occupation != 5 and (not day or day >= "20250101"):
        return "3176"
    if after_130 or day >= "20240701":  # the day 4750 became obligatory
        return "4750"
    in_130_too = day and day < "20231229"  # the day of Decision 4750
    return "4750" if first.get("NHOM_MAU") and not in_130_too else "130"
