"""Collects what the checks find: one sentence for each kind, no flood when a fault repeats in every row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lienthong.connectors.his_xml.dossier import Dossier
from lienthong.foundation.errors import Problem, Severity

_EACH = 5  # problems of one kind in one field that are written out; the last one counts the others


@dataclass(frozen=True, slots=True)
class Sentence:
    """Texts with ``{field}`` and ``{value}`` and other named places."""

    vi: str
    en: str
    hint_vi: str
    hint_en: str
    severity: Severity = "warning"


@dataclass(slots=True)
class Findings:
    """Adds problems to a dossier."""

    dossier: Dossier
    _met: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _last: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)

    def add(
        self,
        code: str,
        sentence: Sentence,
        table: str,
        row: int = 0,
        name: str = "",
        value: str = "",
        **more: str | int,
    ) -> None:
        """One problem; ``row`` counts from 1, 0 when the whole table or dossier is meant."""
        key = (code, table, name)
        met = self._met[key] = self._met.get(key, 0) + 1
        if met > _EACH:
            self._last[key]["more"] = met - _EACH
            return
        where: dict[str, Any] = {"table": table} if table else {}
        if row:
            where["row"] = row
            rows = self.dossier.tables.get(table, [])
            if row <= len(rows):
                where["line"] = rows[row - 1].line
        where.setdefault("line", self.dossier.line)
        if name:
            where["field"] = name
        short = value if len(value) <= 60 else value[:59] + "…"
        if value:
            where["value"] = short
        self._last[key] = where
        texts = {"field": name, "value": short, "table": table, **more}
        self.dossier.problems.append(
            Problem(
                f"his-xml-{code}",
                sentence.vi.format_map(texts),
                sentence.en.format_map(texts),
                sentence.hint_vi.format_map(texts),
                sentence.hint_en.format_map(texts),
                sentence.severity,
                where,
            )
        )
