"""Laboratory results as tables: a row for each indicator, a column for each moment, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from lienthong.terminology import systems
from lienthong.web.record import fhir, moments

COLUMNS = 6
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
    older: int = 0


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
            or "/".join(filter(None, (value(part).text for part in fhir.items(observation, "component"))))
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


def groups(
    observations: Iterable[Any],
    reports: Iterable[Any] = (),
    *,
    columns: int = COLUMNS,
    before: str = "",
    name: str = "",
) -> list[Group]:
    """Tables of laboratory results.

    Args:
        observations: laboratory Observations in any order.
        reports: DiagnosticReports; an Observation named in ``result`` stands under the report's service.
        columns: how many moments each table shows.
        name: of the group of all that no report names.
        before: show only moments earlier than this one (sortable time).

    Returns:
        Groups with the newest result first; indicators in the order of the newest report.
    """
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
        group = service.get("Observation/" + fhir.text(observation, "id")) or name or _("Other results")
        concept = fhir.at(observation, "code")
        label = fhir.words(concept) or _("Result without a name")
        code = next((code for _s, code, _d in fhir.codings(concept) if code), label)
        key = (code, shown.unit)
        names.setdefault(key, label)
        found.setdefault(group, {}).setdefault(key, []).append(shown)
    made = [_group(title, rows, names, columns, before) for title, rows in found.items()]
    return sorted((g for g in made if g.rows), key=lambda g: g.columns[0], reverse=True)


def _group(
    name: str,
    found: dict[tuple[str, str], list[Value]],
    names: dict[tuple[str, str], str],
    columns: int,
    before: str,
) -> Group:
    every = sorted({v.moment for values in found.values() for v in values}, reverse=True)
    every = [m for m in every if not before or m < before]
    group = Group(name, every[:columns], older=max(0, len(every) - columns))
    for key, values in found.items():
        by_moment = {v.moment: v for v in values}
        cells = [by_moment.get(m) for m in group.columns]
        if any(cells):
            ordered = sorted((v for v in values if v.number is not None), key=lambda v: v.moment)
            trend = [(v.moment, v.number) for v in ordered if v.number is not None]
            newest = max(values, key=lambda v: v.moment)
            group.rows.append(Row(names[key], key[1], newest.range, cells, trend))
    return group


def any_range(groups: Sequence[Group]) -> bool:
    """Whether the source gave a reference range for anything shown."""
    return any(row.range for group in groups for row in group.rows)


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
