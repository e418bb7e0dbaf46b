"""What one arrival brought, told apart by feed. It looks whether fields are filled, never at what they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lienthong.foundation import clock
from lienthong.records.elements import codings, items, text
from lienthong.terminology import systems

Resource = dict[str, Any]

_IDENTITY = (systems.CITIZEN_NUMBER, systems.OLD_IDENTITY_CARD, systems.PASSPORT)
_IMAGING = frozenset({"RAD", "RX", "CT", "CUS", "MRI", "NMR", "NMS", "OUS", "RUS", "VUS", "XRC", "EC"})
"""HL7 table 0074: imaging."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing a feed brought: its ``Type/id`` and its day in Viet Nam, empty where it has none."""

    feed: str
    ref: str
    day: str
    filled: dict[str, bool]


@dataclass(slots=True)
class Hour:
    """Counts of one feed in one hour, as :class:`.models.FeedHour` holds them."""

    fresh: int = 0
    again: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    days: Counter[str] = field(default_factory=Counter)
    fields: dict[str, list[int]] = field(default_factory=dict)

    def add(self, item: Item, moment: datetime, *, fresh: bool) -> None:
        """Counts an item that came at a moment; it came for the first time if it is ``fresh``."""
        self.fresh += fresh
        self.again += not fresh
        self.first_at = min(self.first_at or moment, moment)
        self.last_at = max(self.last_at or moment, moment)
        if fresh and item.day:
            self.days[item.day] += 1
        self.judge(item.filled)

    def judge(self, filled: dict[str, bool]) -> None:
        """Counts fields alone."""
        for name, there in filled.items():
            pair = self.fields.setdefault(name, [0, 0])
            pair[0] += there
            pair[1] += 1


def hour_of(moment: datetime) -> datetime:
    """The hour in which a moment lies."""
    return moment.replace(minute=0, second=0, microsecond=0)


def read(resources: Sequence[Resource]) -> tuple[list[Item], list[dict[str, bool]]]:
    """The items of one arrival, and what its patients are filled with, which counts for the HIS."""
    coded = {
        f"Condition/{one.get('id')}": any(c for _, c, _ in codings(one.get("code")))
        for one in resources
        if one.get("resourceType") == "Condition"
    }
    found: list[Item] = []
    people: list[dict[str, bool]] = []
    for one in resources:
        kind = one.get("resourceType")
        if kind == "Encounter":
            found.append(_encounter(one, coded))
        elif kind == "Observation" and _in(one, "laboratory"):
            found.append(_result(one))
        elif kind == "DiagnosticReport" and _codes(one) & _IMAGING:
            found.append(_report(one))
        elif kind == "ImagingStudy":
            day = _day(text(one, "started"))
            found.append(Item("PACS", _ref(one), day, {"images": bool(one.get("series"))}))
        elif kind == "Patient":
            people.append(_person(one))
    return found, people


def _encounter(one: Resource, coded: dict[str, bool]) -> Item:
    period = one.get("period")
    end = text(period, "end")
    named = {text(diagnosis, "condition", "reference") for diagnosis in items(one, "diagnosis")}
    known = named & coded.keys()
    filled = {"discharge": bool(end), "doctor": bool(one.get("participant"))}
    if known or not named:
        filled["diagnosis"] = any(coded[ref] for ref in known)
    return Item("HIS", _ref(one), _day(end or text(period, "start")), filled)


def _person(one: Resource) -> dict[str, bool]:
    held = {text(identifier, "system") for identifier in items(one, "identifier")}
    return {
        "citizen": any(system in held for system in _IDENTITY),
        "insurance": systems.SOCIAL_INSURANCE in held or systems.INSURANCE_CARD in held,
        "birth": len(text(one, "birthDate")) == 10,
    }


def _result(one: Resource) -> Item:
    filled = {
        "value": "valueQuantity" in one,
        "range": bool(one.get("referenceRange")),
        "code": any(code for _, code, _ in codings(one.get("code"))),
        "performer": bool(one.get("performer")),
        "time": bool(one.get("issued")),
    }
    if "valueQuantity" in one:
        filled["unit"] = bool(text(one, "valueQuantity", "unit"))
    return Item("LIS", _ref(one), _day(text(one, "effectiveDateTime") or text(one, "issued")), filled)


def _report(one: Resource) -> Item:
    filled = {
        "conclusion": bool(one.get("conclusion") or one.get("result") or one.get("presentedForm")),
        "code": any(code for _, code, _ in codings(one.get("code"))),
        "performer": bool(one.get("resultsInterpreter") or one.get("performer")),
        "time": bool(one.get("issued")),
        "images": bool(one.get("imagingStudy") or one.get("media")),
    }
    return Item("PACS", _ref(one), _day(text(one, "effectiveDateTime") or text(one, "issued")), filled)


def _ref(one: Resource) -> str:
    return f"{one['resourceType']}/{one['id']}"


def _codes(one: Resource) -> set[str]:
    return {code for concept in items(one, "category") for _, code, _ in codings(concept)}


def _in(one: Resource, category: str) -> bool:
    return category in _codes(one)


def _day(moment: str) -> str:
    """The day in Viet Nam of a FHIR date or time; empty where it is not known to the day."""
    if len(moment) == 10 or moment.endswith("+07:00"):
        return moment[:10]
    try:
        return clock.said(moment).astimezone(clock.VIETNAM).date().isoformat()
    except (ValueError, OverflowError):
        return ""
