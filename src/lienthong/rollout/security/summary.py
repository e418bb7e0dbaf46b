"""How the security reviews of the units stand on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from lienthong.facilities.models import SecurityReview
from lienthong.foundation import clock
from lienthong.rollout import units
from lienthong.rollout.security.models import Conclusion, SecurityCheck

State = Literal["passed", "failed", "under-way", "none"]


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """A unit's review. ``level`` is that of the approved decision, None without one.

    ``passed`` needs a decision that approved the security level; what the police concluded stands in ``conclusion``.
    """

    state: State
    day: date | None
    document: str
    level: int | None
    conclusion: str


def reviews(on: date | None = None) -> dict[str, ReviewLine]:
    """Every unit's review as of a day (today if none is given), by unit."""
    day = on or clock.today()
    decisions = {
        row.facility_id: row for row in SecurityReview.objects.filter(day__lte=day).order_by("day", "id")
    }
    checks: dict[str, SecurityCheck] = {}
    for check in SecurityCheck.objects.filter(begun_on__lte=day):
        checks[check.facility] = check
    return {unit: _line(decisions.get(unit), checks.get(unit), day) for unit in units.codes(day)}


def _line(decision: SecurityReview | None, check: SecurityCheck | None, day: date) -> ReviewLine:
    concluded = check is not None and check.concluded_on is not None and check.concluded_on <= day
    conclusion = check.conclusion if check and concluded else ""
    if conclusion == Conclusion.FAILED:
        assert check is not None
        return ReviewLine("failed", check.concluded_on, check.document, None, conclusion)
    if decision is not None:
        return ReviewLine("passed", decision.day, decision.document, decision.level, conclusion)
    if check is not None:
        when = check.concluded_on if concluded else check.begun_on
        return ReviewLine("under-way", when, check.document if concluded else "", None, conclusion)
    return ReviewLine("none", None, "", None, "")
