"""Reads an export: the envelope GIAMDINHHS with its dossiers, or XML0, XML1 or XML12 as its own document.

The file is streamed; one dossier is in memory at a time. Decisions 130/2023, 4750/2023 and 3176/2024,
structure by letters 3190/BHXH-CNTT (2023) and 1245/BHXH-CNTT (2024).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO

from lienthong.connectors.his_xml import faults
from lienthong.connectors.his_xml.assembly import hoso, lone_table
from lienthong.connectors.his_xml.dossier import Dossier
from lienthong.connectors.his_xml.faults import ExportRefused
from lienthong.connectors.his_xml.limits import DEFAULT, Limits
from lienthong.connectors.his_xml.scanner import Scanner, Unit
from lienthong.connectors.his_xml.source import open_export

__all__ = ["ExportRefused", "Limits", "read_export"]


def read_export(path: Path, *, limits: Limits = DEFAULT) -> Generator[Dossier, None, None]:
    """The dossiers of a file, in their order.

    A dossier that cannot be read is yielded with a problem of severity ``error``. What is wrong with the
    file as a whole but stops nothing (SOLUONGHOSO does not match) is a warning of its last dossier.

    Raises:
        ExportRefused: the file cannot be read, or not from some line on; the dossiers before it were yielded.
        OSError: the file cannot be opened or read from the disk.
    """
    with path.open("rb") as file:
        stream, size, wrapped = open_export(file, limits)
        yield from _dossiers(stream, limits, size if wrapped else None)


def _dossiers(stream: BinaryIO, limits: Limits, whole: int | None) -> Iterator[Dossier]:
    """``whole``: the size of the file when positions inside it mean nothing (base64 once more)."""
    scanner = Scanner(stream, limits)
    held: Dossier | None = None
    count = 0
    try:
        for unit in scanner.units():
            if held is not None:
                yield held
                held = None
            count += 1
            held = _dossier(unit, scanner, limits)
            held.position = count
            held.line = unit.line
            held.start, held.length = (unit.start, unit.length) if whole is None else (0, whole)
    except ExportRefused:
        if held is not None:
            yield held
        raise
    if held is None:
        raise ExportRefused(faults.no_dossier())
    stated = scanner.outer.stated_count
    if stated and stated.lstrip("0") != str(count):
        held.problems.append(faults.wrong_count(stated, count))
    yield held


def _dossier(unit: Unit, scanner: Scanner, limits: Limits) -> Dossier:
    outer = scanner.outer
    if unit.content is None:
        dossier = Dossier(outer.facility, "", "3176", {})
        dossier.problems.append(faults.dossier_too_large(unit.line, unit.length, limits.dossier_bytes))
        return dossier
    if scanner.table:
        return lone_table(unit, scanner.table, outer, limits)
    return hoso(unit, outer, limits)
