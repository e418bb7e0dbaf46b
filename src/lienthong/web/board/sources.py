"""Where a figure, a light or a sentence of the province's page can be looked up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.http import urlencode

from lienthong.access import rights
from lienthong.access.rights import Right
from lienthong.rollout.scope import Person


@dataclass(frozen=True, slots=True)
class _Page:
    """Page of a unit (empty: that of the province with ``?unit=``), page of the province, who may open it, and
    whether it can be asked for as of a day."""

    unit: str
    province: str
    right: Right
    dated: bool = False


_PAGES = {
    "unit": _Page("board-unit", "board-units", rights.BOARD, True),
    "facts": _Page("board-unit", "board-units", rights.BOARD, True),
    "levels": _Page("board-levels-unit", "board-levels", rights.BOARD, True),
    "security": _Page("board-security-unit", "board-security", rights.SECURITY_SEE),
    "ladder": _Page("board-ladder-unit", "board-ladder", rights.BOARD, True),
    "feeds": _Page("board-ladder-unit", "board-ladder-feeds", rights.BOARD),
    "plan": _Page("", "board-plan", rights.BOARD, True),
    "deadlines": _Page("", "board-plan-deadlines", rights.PLAN_REGISTERS),
    "money": _Page("board-money-unit", "board-money", rights.BOARD),
    "vendors": _Page("", "board-tickets", rights.BOARD),
    "transfers": _Page("", "measures", rights.MEASURES),
}


@dataclass(frozen=True, slots=True)
class Sources:
    """The pages that a person may open; as of a day where they can be, None for today."""

    person: Person
    on: date | None

    def __call__(self, name: str, unit: str = "") -> str:
        """The address for a part of the board and a unit (empty: the province); empty where he may not look."""
        page = _PAGES[name]
        if not self.person.roles & set(page.right):
            return ""
        query = {"on": self.on.isoformat()} if self.on and page.dated else {}
        if unit and not page.unit:
            query["unit"] = unit
        address = reverse(page.unit, args=[unit]) if unit and page.unit else reverse(page.province)
        return f"{address}?{urlencode(query)}" if query else address
