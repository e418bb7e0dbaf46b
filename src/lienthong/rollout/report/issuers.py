"""Who issues reports, where and to whom: dated data, because names of provinces and departments change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from lienthong.foundation import json
from lienthong.rollout.report import problems


@dataclass(frozen=True, slots=True)
class Issuer:
    """The letterhead of a day.

    Attributes:
        superior, issuer: the two lines at the top left, in capitals.
        name: the issuer within a sentence.
        place: before the day of signing.
        province: as it is written within a sentence.
        scope: the area whose units are followed, at the beginning of a sentence.
        tiers: words of the tiers of units.
        code: the issuer's letters in ``Số: 12/BC-SYT``.
        units: how many units the province named, None where nobody did.
        basis: what ordered the report, within a sentence.
        exchange_since: first day of the exchange with ``partner`` (ISO 8601).
        reports_since: first day of the first fortnightly report (ISO 8601).
    """

    superior: str
    issuer: str
    name: str
    place: str
    province: str
    scope: str
    tiers: dict[str, str]
    code: str
    archive: str
    units: int | None
    exchange_since: str
    reports_since: str
    partner: str
    basis: str
    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Recipient:
    """A body that gets a report; ``role`` is ``to`` or ``copy``."""

    name: str
    role: str
    source: str
    confirmed: bool


def of(day: date) -> Issuer:
    """The letterhead of a report signed on a day.

    Raises:
        LienThongError: ``report-no-issuer``.
    """
    for row in _rows("issuers.json"):
        if _holds(row, day):
            return Issuer(
                **{name: row[name] for name in Issuer.__slots__ if name != "confirmed"},
                confirmed=row["confidence"] != "C",
            )
    raise problems.no_issuer(day.isoformat())


def recipients(kind: str, day: date, units: int) -> list[Recipient]:
    """Who gets a report of a kind on a day, in the order of the list."""
    return [
        Recipient(row["name"].format(units=units), row["role"], row["source"], row["confidence"] != "C")
        for row in _rows("recipients.json")
        if kind in row["kinds"] and _holds(row, day)
    ]


def _holds(row: dict[str, Any], day: date) -> bool:
    until: str = row["to"] or "9999"
    return bool(row["from"] <= day.isoformat() <= until)


@cache
def _rows(name: str) -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(resources.files("lienthong.rollout").joinpath("data", name).read_bytes()))
