"""Tables XML0 to XML15 and their fields, from ``data/tables.json`` (origin: ``data/ORIGIN.md``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from lienthong.connectors.his_xml.dossier import Edition
from lienthong.foundation.json import loads


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a table in one edition.

    Attributes:
        number: whether the annex calls it a number (it always travels as text).
        max_len: characters, None for unbounded.
        format: the annex's words, e.g. ``yyyyMMdd``.
        required: by the validation sheet of the insurance portal (2024).
        codes: name of its code list, or empty.
        many: whether several values may be joined by ``;``.
        equals_xml1: whether a value has to equal the field of the same name in XML1.
    """

    name: str
    number: bool
    max_len: int | None
    format: str
    required: Literal["yes", "no", "conditional"]
    codes: str
    many: bool
    equals_xml1: bool


@dataclass(frozen=True, slots=True)
class Table:
    """One table: names of its elements, and its fields by edition in the official order.

    Attributes:
        list: element around the rows, None when the root element is the row.
    """

    id: str
    name_vi: str
    name_en: str
    root: str
    list: str | None
    row: str
    fields: dict[Edition, dict[str, Field]]


@cache
def tables() -> dict[str, Table]:
    """All tables, ``"XML0"`` to ``"XML15"``."""
    source = files("lienthong.connectors.his_xml").joinpath("data/tables.json").read_bytes()
    return {table["id"]: _table(table) for table in loads(source)["tables"]}


def _table(source: dict[str, Any]) -> Table:
    editions: tuple[Edition, ...] = ("130", "4750", "3176")
    fields: dict[Edition, dict[str, Field]] = {}
    for edition in editions:
        listed = [_field(one, edition) for one in source["fields"]]
        if edition == "4750":
            listed += [_field(one, edition) for one in source.get("fields_only_in_4750", [])]
        fields[edition] = {one.name: one for one in listed}
    return Table(
        source["id"],
        source["name_vi"],
        source["name_en"],
        source["root_element"],
        source["list_element"],
        source["row_element"],
        fields,
    )


def _field(source: dict[str, Any], edition: Edition) -> Field:
    differences = source.get("differences", {})
    here: dict[str, Any] = {}
    if edition != "3176":
        here |= differences.get("in_4750", {})
    if edition == "130":
        here |= differences.get("in_130", {})
    only_before = edition != "3176" and source.get("must_equal_xml1_under_4750_only", False)
    return Field(
        name=here.get("name", source["name"]),
        number=here.get("type", source["type"]) == "number",
        max_len=here.get("max_len", source["max_len"]),
        format=source.get("format", ""),
        required=source["required"],
        codes=source.get("codes", ""),
        many=source.get("multi_separator") == ";",
        equals_xml1=bool(source.get("must_equal_xml1") or only_before),
    )
