"""The outer file (GIAMDINHHS) in the forms that hospitals' systems write."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from textwrap import wrap
from typing import Literal

from lienthong.connectors.his_xml.dossier import Edition
from lienthong.connectors.his_xml.layout import DECLARATION


@dataclass(slots=True)
class MadeDossier:
    """A dossier to be written.

    Attributes:
        documents: table name and inner XML text, in official order; XML14 may stand several times.
        is_transfer: an XML13 is in it (130: the patient left to another facility).
        discharged: NGAY_RA, aware, Viet Nam's time.
    """

    facility: str
    ma_lk: str
    edition: Edition
    documents: list[tuple[str, str]]
    is_transfer: bool
    discharged: datetime

    @property
    def tables(self) -> dict[str, str]:
        """Table name to its first document."""
        return dict(reversed(self.documents))


@dataclass(frozen=True, slots=True)
class Style:
    """How a file is written; the default is the official form.

    Attributes:
        content: base64, base64 with line breaks, the inner document in CDATA, or as child elements.
        bom, inner_bom: byte order marks; declaration: inner documents carry an XML declaration.
        shuffled: FILEHOSO in an order of its own.
        doctype: an internal DTD with an entity (to be refused).
        empty_tables: an empty NOIDUNGFILE for tables without data.
        count: a SOLUONGHOSO that may be wrong.
        encoding: of the outer file.
    """

    content: Literal["base64", "wrapped", "cdata", "elements"] = "base64"
    bom: bool = False
    inner_bom: bool = False
    declaration: bool = True
    shuffled: bool = False
    doctype: bool = False
    empty_tables: bool = False
    count: int | None = None
    encoding: str = "utf-8"


NORMAL = Style()


def _content(text: str, style: Style) -> str:
    body = text if style.declaration else text.removeprefix(DECLARATION)
    if style.content == "elements":
        return text.removeprefix(DECLARATION)
    if style.content == "cdata":
        return f"<![CDATA[{body}]]>"
    data = body.encode("utf-8-sig" if style.inner_bom else "utf-8")
    encoded = b64encode(data).decode("ascii")
    return "\n" + "\n".join(wrap(encoded, 76)) + "\n" if style.content == "wrapped" else encoded


def _dossier(dossier: MadeDossier, style: Style) -> str:
    documents = [(name, _content(text, style)) for name, text in dossier.documents]
    if style.empty_tables:
        present = {name for name, _ in documents}
        documents += [(name, "") for name in ("XML6", "XML9", "XML10", "XML11") if name not in present]
    if style.shuffled:
        Random(dossier.ma_lk).shuffle(documents)  # noqa: S311
    parts = [
        f"<FILEHOSO>\n<LOAIHOSO>{name}</LOAIHOSO>\n<NOIDUNGFILE>{content}</NOIDUNGFILE>\n</FILEHOSO>\n"
        for name, content in documents
    ]
    return "<HOSO>\n" + "".join(parts) + "</HOSO>\n"


def envelope(dossiers: Sequence[MadeDossier], made: date, *, style: Style = NORMAL) -> bytes:
    """One export file of one facility (letter 1245/BHXH-CNTT of 2024)."""
    parts = [
        f'<?xml version="1.0" encoding="{style.encoding}"?>\n',
        '<!DOCTYPE GIAMDINHHS [<!ENTITY don_vi "24011">]>\n' if style.doctype else "",
        '<GIAMDINHHS xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xmlns:xsd="http://www.w3.org/2001/XMLSchema">\n',
        f"<THONGTINDONVI>\n<MACSKCB>{dossiers[0].facility}</MACSKCB>\n</THONGTINDONVI>\n",
        f"<THONGTINHOSO>\n<NGAYLAP>{made:%Y%m%d}</NGAYLAP>\n",
        f"<SOLUONGHOSO>{len(dossiers) if style.count is None else style.count}</SOLUONGHOSO>\n",
        "<DANHSACHHOSO>\n",
        *(_dossier(dossier, style) for dossier in dossiers),
        "</DANHSACHHOSO>\n</THONGTINHOSO>\n<CHUKYDONVI/>\n</GIAMDINHHS>\n",
    ]
    data = "".join(parts).encode(style.encoding, errors="replace")
    return b"\xef\xbb\xbf" + data if style.bom else data
