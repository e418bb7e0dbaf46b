"""A dossier as it was read from an export: tables of rows of text, nothing interpreted yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lienthong.foundation.errors import Problem

Edition = Literal["130", "4750", "3176"]


@dataclass(slots=True)
class Row:
    """One row of a table.

    Attributes:
        values: field name to text as it arrived, trimmed; empty and missing fields are absent.
            XML13 of 4750 keeps its own names (``MA_NOI_DEN`` …).
        line: line of the row element in the document that holds it (inner document, or the file itself).
    """

    values: dict[str, str]
    line: int = 0

    def get(self, field: str) -> str:
        """The value, or an empty string."""
        return self.values.get(field, "")


@dataclass(slots=True)
class Dossier:
    """One treatment episode (``MA_LK``) of one facility, as one HOSO of an export, or one row of XML0.

    Attributes:
        facility: MA_CSKCB, 5 characters; empty when it could not be told.
        ma_lk: the episode; empty when it could not be told.
        edition: the decision whose form it follows.
        tables: ``"XML1"`` … ``"XML15"`` (or ``"XML0"`` alone) to rows in their order.
        position: 1 for the first dossier of the file.
        start, length: bytes of the HOSO element (or of the whole file) in the file.
        line: line of the HOSO element in the file.
        problems: what was found; an ``error`` refuses the dossier, a ``warning`` does not.
    """

    facility: str
    ma_lk: str
    edition: Edition
    tables: dict[str, list[Row]]
    position: int = 1
    start: int = 0
    length: int = 0
    line: int = 1
    problems: list[Problem] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Whether the patient or the visit cannot be told, or the dossier cannot be read."""
        return any(problem.severity == "error" for problem in self.problems)

    def row(self, table: str) -> Row | None:
        """The first row of a table, or None."""
        rows = self.tables.get(table)
        return rows[0] if rows else None
