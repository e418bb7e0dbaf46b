"""Clinical scenarios: what is wrong, how it goes, what is ordered, found and given."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from random import Random
from typing import Any

from lienthong.connectors.his_xml.make.lists import load, scenario_files


@dataclass(frozen=True, slots=True)
class Scenario:
    """One illness as a plausible whole; texts may hold ``{n}``, the days since it began.

    Attributes:
        kind: MA_LOAI_KCB: 01 examination, 05 chronic out-patient, 03 in-patient.
        weight, transfer: how often at home, how often among the transferred (0 never).
        comorbid: further ICD-10 codes, some of which a patient has.
        vitals: pulse, temperature, systolic, diastolic, breaths, SpO2: at the start, discharge, transfer.
        panels: groups of laboratory panels; the first on arrival, the others spread over the stay.
        values: indicator to its value at the start, at discharge, at a transfer; others are normal.
        imaging: service, description, conclusion.
        drugs: drug, amount per time, times a day, first day, last day (-1 to the end); out-patients: days.
        procedures: service and day.
        minutes: how long an out-patient stays; (0, 0) for what is usual.
        papers: further tables (XML6, XML9, XML10, XML11, XML15).
        treatment_sent: what was done when the patient is sent on instead of being operated on here.
        only_at: facilities that treat this, parted by spaces; empty for all.
    """

    id: str
    kind: str
    dept: str
    main: str
    final: str
    reason: str
    prelim: str
    history: str
    notes: tuple[str, ...]
    vitals: tuple[tuple[float, ...], ...]
    treatment: str
    age: tuple[int, int] = (20, 85)
    sex: str = ""
    weight: int = 5
    transfer: int = 0
    comorbid: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    admit: str = ""
    panels: tuple[tuple[str, ...], ...] = ()
    values: Any = None
    imaging: tuple[tuple[str, str, str], ...] = ()
    drugs: tuple[tuple[Any, ...], ...] = ()
    procedures: tuple[tuple[str, int], ...] = ()
    stay: tuple[int, int] = (0, 0)
    before_transfer: tuple[int, int] = (0, 2)
    minutes: tuple[int, int] = (0, 0)
    exam: str = "kham"
    bed: str = "giuong_noi"
    method: str = "Nội khoa"
    traditional: str = ""
    result: str = "2"
    accident: str = ""
    since: tuple[int, int] = (2, 6)
    signs: str = ""
    state: str = ""
    direction: str = ""
    surgery: str = ""
    treatment_sent: str = ""
    advice: str = "Uống thuốc theo đơn, tái khám theo hẹn"
    follow_up: tuple[int, ...] = ()
    papers: tuple[str, ...] = ()
    newborn: bool = False
    only_at: str = ""

    @property
    def inpatient(self) -> bool:
        return self.kind in ("03", "04", "09")


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return value


@cache
def scenarios() -> dict[str, Scenario]:
    """Every scenario by its id."""
    known = {field.name for field in fields(Scenario)}
    found = {}
    for name in scenario_files():
        for raw in load(f"scenarios/{name}"):
            if unknown := set(raw) - known:
                raise ValueError(f"{name}: {raw['id']}: {sorted(unknown)}")
            found[raw["id"]] = Scenario(**{key: _frozen(value) for key, value in raw.items()})
    return found


@cache
def _choices(facility: str, transfer: bool) -> tuple[list[Scenario], list[int]]:
    fit = [s for s in scenarios().values() if not s.only_at or facility in s.only_at.split()]
    chosen = [(s, s.transfer if transfer else s.weight) for s in fit]
    chosen = [(s, weight) for s, weight in chosen if weight]
    return [s for s, _ in chosen], [weight for _, weight in chosen]


def draw(rng: Random, facility: str, transfer: bool) -> Scenario:
    """A scenario by its weight, among those that are sent on if ``transfer``."""
    values, weights = _choices(facility, transfer)
    return rng.choices(values, weights)[0]
