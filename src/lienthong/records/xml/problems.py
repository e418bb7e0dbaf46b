"""What can be wrong with XML, and the parser that both directions use."""

from __future__ import annotations

from typing import Any

from lxml import etree

from lienthong.foundation.errors import LienThongError, Problem

_HINT = (
    "Gửi FHIR R4 dạng XML (UTF-8, không DOCTYPE), hoặc dùng JSON.",
    "Send FHIR R4 as XML (UTF-8, no DOCTYPE), or use JSON.",
)


class NotRead(LienThongError):
    """XML that is no resource of FHIR R4."""


class NotWritten(LienThongError):
    """A resource that XML cannot hold."""


def parser() -> etree.XMLParser:
    """No document type, no entities, no network, depth and size bounded by libxml2."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _problem(path: str, vi: str, en: str, line: int | None) -> Problem:
    where = {"path": path} | ({"line": line} if line else {})
    return Problem("fhir-xml", vi, en, *_HINT, where=where)


def not_xml(reason: str, line: int | None) -> NotRead:
    """Not well-formed, or with a document type."""
    return NotRead(
        _problem("", f"Nội dung không phải XML hợp lệ: {reason}", f"Not well-formed XML: {reason}", line)
    )


def too_large(limit: int) -> NotRead:
    """More bytes than are read."""
    return NotRead(
        _problem(
            "",
            f"XML lớn hơn giới hạn {limit} byte.",
            f"The XML is larger than the limit of {limit} bytes.",
            None,
        )
    )


def has_doctype(node: etree._Element) -> bool:
    """Whether the document of an element has a document type."""
    info: Any = node.getroottree().docinfo
    return bool(info.doctype)


def _line(node: etree._Element) -> int | None:
    line: Any = node.sourceline
    return line if isinstance(line, int) else None


def unknown(path: str, node: etree._Element) -> NotRead:
    """An element, attribute or text that R4 does not have there, or an empty element."""
    line = _line(node)
    return NotRead(
        _problem(path, f"FHIR R4 không cho phép {path} ở đây.", f"FHIR R4 does not allow {path} here.", line)
    )


def twice(path: str, node: etree._Element) -> NotRead:
    """An element that may stand once only."""
    line = _line(node)
    return NotRead(_problem(path, f"{path} chỉ được có một lần.", f"{path} may stand only once.", line))


def no_value(path: str, text: str, kind: str, node: etree._Element) -> NotRead:
    """A value that is not of its type."""
    line = _line(node)
    shown = text[:60]
    return NotRead(
        _problem(
            path, f"{shown!r} tại {path} không phải kiểu {kind}.", f"{shown!r} at {path} is no {kind}.", line
        )
    )


def not_written(path: str, reason: str) -> NotWritten:
    """A resource that R4 does not know so, or with characters that XML does not have."""
    return NotWritten(
        _problem(
            path,
            f"Không viết được {path} dưới dạng XML: {reason[:200]}",
            f"{path} cannot be written as XML: {reason[:200]}",
            None,
        )
    )
