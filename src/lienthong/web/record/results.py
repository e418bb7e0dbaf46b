"""Laboratory results as tables: a row for each indicator, a column for each moment, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from lienthong.terminology import systems
from lienthong.web.record import fhir, moments

COLUMNS = 6
LONG = 24
BLOOD_GROUP = "882-1"


@dataclass(frozen=True, slots=True)
class Value:
    """One result.

    Attributes:
        text: the value as shown, without the unit of its row.
        number: for the trend line.
        unit: unit as the source wrote it.
        moment: sortable time.
        mark: ``high``, ``low``, ``abnormal``, or empty; only from a range or interpretation of the source.
        range: the source's reference range in words; empty when it gave none.
    """

    text: str
    number: Decimal | None
    unit: str
    moment: str
    mark: str
    range: str

    @property
    def long(self) -> bool:
        """Whether it is prose, which needs room and line ends."""
        return len(self.text) > LONG


@dataclass(slots=True)
class Row:
    """An indicator: its cells in the order of the group's columns, all its numbers from oldest to newest."""

    name: str
    unit: str
    range: str
    cells: list[Value | None]
    trend: list[tuple[str, Decimal]]


@dataclass(slots=True)
class Group:
    """The indicators of one service; ``columns`` are sortable moments, newest first."""

    name: str
    columns: list[str]
    rows: list[Row] = field(default_factory=list)


def value(observation: Any) -> Value:
    """The result in an Observation, whichever ``value[x]`` it carries."""
    measured = fhir.at(observation, "valueQuantity")
    shown = fhir.figure(fhir.at(measured, "value"))
    comparator = fhir.text(measured, "comparator")
    if shown:
        text = f"{comparator} {shown}" if comparator else shown
    else:
        text = (
            fhir.text(observation, "valueString")
            or fhir.words(fhir.at(observation, "valueCodeableConcept"))
            or fhir.figure(fhir.at(observation, "valueInteger"))
            or _yes_no(fhir.at(observation, "valueBoolean"))
            or moments.show(fhir.text(observation, "valueDateTime"))
            or _components(observation)
        )
    number = None if comparator else fhir.number(fhir.at(measured, "value"))
    reference = next(iter(fhir.items(observation, "referenceRange")), {})
    return Value(
        text=text,
        number=number,
        unit=fhir.text(measured, "unit")
        or fhir.text(measured, "code")
        or fhir.text(observation, "component", "valueQuantity", "unit"),
        moment=moments.key(moment(observation)),
        mark=_mark(observation, number, reference),
        range=_range(reference),
    )


def moment(observation: Any) -> str:
    """The clinical time of an Observation as the source wrote it."""
    return (
        fhir.text(observation, "effectiveDateTime")
        or fhir.text(observation, "effectivePeriod", "start")
        or fhir.text(observation, "effectiveInstant")
        or fhir.text(observation, "issued")
    )


def is_vital_sign(observation: Any) -> bool:
    """Whether an Observation is labelled a vital sign."""
    return "vital-signs" in _categories(observation)


def is_laboratory(observation: Any) -> bool:
    """Whether an Observation belongs into the tables: no vital sign, finding of an image or blood group."""
    others = {"vital-signs", "imaging", "exam", "procedure", "survey", "social-history"}
    return not _categories(observation) & others and not is_blood_group(observation)


def is_blood_group(observation: Any) -> bool:
    """LOINC 882-1."""
    return fhir.code_of(fhir.at(observation, "code"), systems.LOINC) == BLOOD_GROUP


def _categories(observation: Any) -> set[str]:
    return {code for entry in fhir.items(observation, "category") for _s, code, _d in fhir.codings(entry)}


def groups(observations: Iterable[Any], *, columns: int = COLUMNS) -> list[Group]:
    """Measurements by moment, in one group (none without measurements); nothing is put into days."""
    found, names = _sorted(observations, (), "")
    return [g for g in (_group(title, rows, names, columns) for title, rows in found.items()) if g.rows]


def _sorted(
    observations: Iterable[Any], reports: Iterable[Any], rest: str
) -> tuple[dict[str, dict[tuple[str, str], list[Value]]], dict[tuple[str, str], str]]:
    """Values by service and (code, unit), and the name of each (code, unit)."""
    service = {
        reference.get("reference"): fhir.words(report.get("code"))
        for report in reports
        if isinstance(report, dict)
        for reference in fhir.items(report, "result")
        if isinstance(reference.get("reference"), str)
    }
    found: dict[str, dict[tuple[str, str], list[Value]]] = {}
    names: dict[tuple[str, str], str] = {}
    for observation in observations:
        shown = value(observation)
        if not shown.text:
            continue
        group = service.get("Observation/" + fhir.text(observation, "id")) or rest
        concept = fhir.at(observation, "code")
        label = fhir.words(concept) or _("Result without a name")
        code = next((code for _s, code, _d in fhir.codings(concept) if code), label)
        key = (code, shown.unit)
        names.setdefault(key, label)
        found.setdefault(group, {}).setdefault(key, []).append(shown)
    return found, names


def _group(
    name: str, found: dict[tuple[str, str], list[Value]], names: dict[tuple[str, str], str], columns: int
) -> Group:
    every = sorted({v.moment for values in found.values() for v in values}, reverse=True)
    group = Group(name, every[:columns])
    for key, values in found.items():
        by_moment = {v.moment: v for v in values}
        cells = [by_moment.get(m) for m in group.columns]
        if any(cells):
            ordered = sorted((v for v in values if v.number is not None), key=lambda v: v.moment)
            trend = [(v.moment, v.number) for v in ordered if v.number is not None]
            newest = max(values, key=lambda v: v.moment)
            group.rows.append(Row(names[key], key[1], newest.range, cells, trend))
    return group


@dataclass(frozen=True, slots=True)
class Table:
    """Laboratory results on one grid.

    Attributes:
        columns: days as shown, newest first.
        groups: services with several indicators under their own name, all single ones under one; a cell holds the
            values of its day, oldest first.
        older: rows without a value on these days; their newest value is still told.
    """

    columns: list[str]
    groups: list[DayGroup]
    older: list[DayRow]


@dataclass(slots=True)
class DayGroup:
    """Indicators under one heading."""

    name: str
    rows: list[DayRow] = field(default_factory=list)


@dataclass(slots=True)
class DayRow:
    """An indicator with its values by day; ``newest`` is the latest of all."""

    name: str
    unit: str
    range: str
    cells: list[list[Value]]
    newest: Value
    trend: list[tuple[str, Decimal]]


def table(observations: Iterable[Any], reports: Iterable[Any] = (), *, columns: int = COLUMNS) -> Table:
    """Laboratory results by day.

    Args:
        observations: laboratory Observations in any order.
        reports: DiagnosticReports; an Observation named in ``result`` stands under the report's service.
        columns: how many days are shown.
    """
    found, names = _sorted(observations, reports, "")
    every = sorted(
        {v.moment for rows in found.values() for values in rows.values() for v in values}, reverse=True
    )
    day_of = {moment: moments.day(moment) for moment in every}
    days = list(dict.fromkeys(day_of.values()))[:columns]
    single = DayGroup(_("Single tests"))
    made: list[DayGroup] = []
    older: list[DayRow] = []
    for service, rows in found.items():
        group = DayGroup(service)
        for key, values in rows.items():
            values.sort(key=lambda v: v.moment)
            trend = [(v.moment, v.number) for v in values if v.number is not None]
            cells = [[v for v in values if day_of[v.moment] == day] for day in days]
            row = DayRow(names[key], key[1], values[-1].range, cells, values[-1], trend)
            (group.rows if any(cells) else older).append(row)
        if len(rows) == 1:
            single.rows.extend(group.rows)
        elif group.rows:
            made.append(group)
    if single.rows:
        made.insert(0, single)
    return Table(days, made, sorted(older, key=lambda r: r.newest.moment, reverse=True))


def any_range(table: Table) -> bool:
    """Whether the source gave a reference range for anything shown."""
    return any(row.range for group in table.groups for row in group.rows)


def _mark(observation: Any, number: Decimal | None, reference: Any) -> str:
    codes = {
        code for entry in fhir.items(observation, "interpretation") for _s, code, _d in fhir.codings(entry)
    }
    if codes & {"H", "HH", "HU"}:
        return "high"
    if codes & {"L", "LL", "LU"}:
        return "low"
    if codes & {"A", "AA", "POS"}:
        return "abnormal"
    low = fhir.number(fhir.at(reference, "low", "value"))
    high = fhir.number(fhir.at(reference, "high", "value"))
    if number is None or (low is None and high is None):
        return ""
    if high is not None and number > high:
        return "high"
    return "low" if low is not None and number < low else ""


def _components(observation: Any) -> str:
    """Two figures as ``130/80`` (blood pressure); other components one after the other with their names."""
    parts = [
        (fhir.words(fhir.at(part, "code")), value(part)) for part in fhir.items(observation, "component")
    ]
    if len(parts) == 2 and all(part.number is not None for _label, part in parts):
        return "/".join(part.text for _label, part in parts)
    told = (
        f"{label}: {part.text} {part.unit}".strip() if label else part.text
        for label, part in parts
        if part.text
    )
    return "; ".join(told)


def _range(reference: Any) -> str:
    low, high = (
        fhir.figure(fhir.at(reference, "low", "value")),
        fhir.figure(fhir.at(reference, "high", "value")),
    )
    if low and high:
        return f"{low} – {high}"
    return f"≥ {low}" if low else f"≤ {high}" if high else fhir.text(reference, "text")


def _yes_no(found: Any) -> str:
    return "" if not isinstance(found, bool) else _("Yes") if found else _("No")
