"""How long a transfer slip is valid (Circular 01/2025/TT-BYT; the day counts of the Civil Code 2015)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from lienthong.foundation.clock import VIETNAM
from lienthong.transfers.validity import annexes
from lienthong.transfers.validity.annexes import Match
from lienthong.transfers.validity.working_days import Calendar, Day

WORKING_DAYS = 10
"""Circular 01/2025/TT-BYT (article 12 by one source): ten working days from signature."""
SURELY_OVER = timedelta(days=45)
"""Where the calendar is not known, a slip hangs in doubt no longer than this: no Lunar New Year takes that long."""

Standing = Literal["valid", "stay", "ask", "expired"]


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay at the receiver, from ``start`` to ``end`` (days in Viet Nam); still there: ``end`` is None."""

    start: date
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Validity:
    """From when to when a slip counts, as days in Viet Nam, both included.

    Attributes:
        signed: the day of signature.
        one_year: one year instead of ten working days.
        until: the last day for sure; perhaps: the last day if every unconfirmed holiday is one.
        open_days: those unconfirmed holidays; beyond: the count left the known calendar.
        stay: the stay that outlasts it, if there is one.
    """

    signed: date
    one_year: bool
    until: date
    perhaps: date
    open_days: tuple[Day, ...] = ()
    beyond: bool = False
    stay: Stay | None = None

    def on(self, day: date) -> Standing:
        """How it stands on a day: ``ask`` when it hangs on a holiday that is not official yet."""
        if self.stay is not None and self.until < day and (self.stay.end is None or day <= self.stay.end):
            return "stay"
        if day <= self.until:
            return "valid"
        open_end = max(self.perhaps, self.signed + SURELY_OVER) if self.beyond else self.perhaps
        return "ask" if day <= open_end else "expired"

    def last(self) -> date | None:
        """The last day for sure, a stay that outlasts it included; None while that stay goes on."""
        if self.stay is None:
            return self.until
        return None if self.stay.end is None else max(self.until, self.stay.end)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Whether the slip should carry the one-year mark, and why.

    Attributes:
        one_year: proposed; a person decides.
        match: the item of annex III; None when no code stands there.
        left_out: the match does not count, because item 37 leaves out emergencies.
    """

    one_year: bool
    match: Match | None
    left_out: bool = False


def day_of(moment: datetime) -> date:
    """The day in Viet Nam."""
    return moment.astimezone(VIETNAM).date()


def propose_one_year(codes: Iterable[str], *, emergency: bool = False) -> Proposal:
    """The mark by annex III: proposed where an item names a code, even if the item has a condition to be judged.

    Args:
        codes: ICD-10, the main disease first.
        emergency: item 37 does not count then.
    """
    found = [match for match in map(annexes.annex_iii, codes) if match]
    counted = [match for match in found if not (emergency and annexes.only_if_not_acute(match))]
    if counted:
        return Proposal(True, counted[0])
    return Proposal(False, found[0] if found else None, left_out=bool(found))


def valid_until(
    signed_at: datetime, *, one_year: bool, calendar: Calendar, stays: Iterable[Stay] = ()
) -> Validity:
    """How long a slip signed at a moment is valid.

    Ten working days: the day of signature does not count (Civil Code 2015 article 147), the tenth working day after
    it is the last. One year: the same day of the next year; 29 February ends on 28 February (article 148). A stay
    that began while it was valid and outlasts it keeps it valid until the stay ends.
    """
    signed = day_of(signed_at)
    if one_year:
        until = _next_year(signed)
        made = Validity(signed, True, until, until)
    else:
        count = calendar.after(signed, WORKING_DAYS)
        made = Validity(signed, False, count.day, count.perhaps, count.open_days, count.beyond)
    outlasting = [
        s for s in stays if signed <= s.start <= made.perhaps and (s.end is None or s.end > made.until)
    ]
    stay = max(outlasting, key=lambda s: s.end or date.max, default=None)
    if stay is None:
        return made
    return Validity(signed, one_year, made.until, made.perhaps, made.open_days, made.beyond, stay)


def _next_year(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)
