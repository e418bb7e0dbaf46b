"""Writing a table as the inner XML document of an edition: every official field, in the official order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from lienthong.connectors.his_xml.dossier import Edition
from lienthong.foundation.json import loads

Values = Mapping[str, str]
DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'


@dataclass(frozen=True, slots=True)
class Layout:
    """Element names of one table in one edition.

    Attributes:
        fields: official order; XML13 of 4750 with its own names.
        parts: for each field its name, opening tag, closing tag and empty element.
    """

    root: str
    list: str | None
    row: str
    fields: tuple[str, ...]
    parts: tuple[tuple[str, str, str, str], ...]


@cache
def _tables() -> dict[str, dict[str, Any]]:
    data = files("lienthong.connectors.his_xml").joinpath("data/tables.json").read_bytes()
    return {table["id"]: table for table in loads(data)["tables"]}


def _field_names(table: dict[str, Any], edition: Edition) -> list[str]:
    if edition == "3176":
        return [field["name"] for field in table["fields"]]
    names = [
        field.get("name_before_3176", field["name"])
        for field in table["fields"]
        if edition != "130" or (field.get("differences") or {}).get("changed_by_4750") != "field added"
    ]
    for extra in table.get("fields_only_in_4750", []):
        names.insert(int(extra["pos"]) - 1, extra["name"])
    return names


@cache
def layout(table: str, edition: Edition) -> Layout:
    """The layout of ``XML1`` … ``XML15`` (Decisions 130/2023, 4750/2023, 3176/2024)."""
    source = _tables()[table]
    names = tuple(_field_names(source, edition))
    return Layout(
        source["root_element"],
        source["list_element"],
        source["row_element"],
        names,
        tuple((name, f"<{name}>", f"</{name}>\n", f"<{name}/>\n") for name in names),
    )


def document(table: str, edition: Edition, rows: Iterable[Values]) -> str:
    """The inner document that holds ``rows``; absent values become empty elements."""
    shape = layout(table, edition)
    parts = shape.parts
    out = [DECLARATION]
    add = out.append
    if shape.list:
        add(f"<{shape.root}>\n<{shape.list}>\n")
    for values in rows:
        get = values.get
        add(f"<{shape.row}>\n")
        for name, opening, closing, empty in parts:
            value = get(name)
            if not value:
                add(empty)
                continue
            if "<" in value or "&" in value or ">" in value:
                value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            add(opening)
            add(value)
            add(closing)
        add(f"</{shape.row}>\n")
    if shape.list:
        add(f"</{shape.list}>\n</{shape.root}>\n")
    return "".join(out)
