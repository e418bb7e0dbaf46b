"""What the doctors' pages make of FHIR resources, good and strange."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.terminology import systems
from lienthong.web.record import diagnoses, documents, drugs, fhir, moments, person, results, slip, visits
from lienthong.web.record.sparkline import sparkline

NAMES = [
    "resourceType id code coding system display text value valueQuantity unit comparator valueString subject encounter"
    " reference period start end name given family identifier extension url valueCodeableConcept section title div"
    " content attachment data contentType result conclusion category component referenceRange low high birthDate"
    " effectiveDateTime dosage dosageInstruction note type class hospitalization diagnosis condition rank use"
]
leaf = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=True, allow_infinity=True)
    | st.text(max_size=30)
    | st.sampled_from(
        [
            "<script>alert(1)</script>",
            "2025-02-30",
            "0001-01-01T00:00:00+07:00",
            "9999-12-31T23:59:59Z",
            "2025-01-12T07:15:00+07:00",
            "text/plain",
            systems.ICD10,
            systems.LOINC,
            systems.CITIZEN_NUMBER,
            "Encounter/1",
            "Observation/1",
            "-",
        ]
    )
)
anything = st.recursive(
    leaf,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES[0].split()), inner, max_size=6)
    ),
    max_leaves=25,
)


@given(anything, anything)
@settings(max_examples=300, deadline=None)
def test_no_resource_breaks_a_page(one: Any, other: Any) -> None:
    if isinstance(one, dict) and "id" in one:
        one = {**one, "id": "a1"}  # the store keeps FHIR's form of an id
    pair = [one, other]
    shown = person.person(one)
    document = documents.document(one, {})
    table = results.table(pair, pair)
    render_to_string("web/patients/banner.html", {"person": shown})
    for html in (
        render_to_string("web/patients/days_table.html", {"table": table}),
        render_to_string("web/patients/results_table.html", {"groups": results.groups(pair)}),
        render_to_string("web/patients/drugs.html", {"days": drugs.by_day(pair)}),
        render_to_string("web/patients/notes.html", {"notes": documents.notes(pair, {})}),
        render_to_string("web/patients/reports.html", {"reports": [documents.report(one, {}, {})]}),
        render_to_string("web/patients/diagnoses_of_visit.html", {"diagnoses": [diagnoses.diagnosis(one)]}),
    ):
        assert "<script" not in html
    visits.visit(one, pair)
    diagnoses.distinct(pair)
    documents.procedure(one, {})
    documents.is_paper(one)
    slip.slip(document, other, {})
    fhir.unread(one)


@given(st.text(max_size=30))
def test_a_text_that_is_no_time_stays(value: str) -> None:
    assert moments.parse(value) is not None or isinstance(moments.show(value), str)


@given(st.text())
def test_narrative_never_keeps_markup_of_a_script(value: str) -> None:
    lines = fhir.paragraphs({"div": f"<div><script>{value}</script><p>a &lt;b&gt;</p></div>"})
    assert lines[-1:] in ([], ["a <b>"])


def test_times_are_shown_in_viet_nam_as_exact_as_they_came() -> None:
    assert moments.show("2025-01-11T23:30:00Z") == "12/01/2025 06:30"
    assert moments.show("2025-01-12") == "12/01/2025"
    assert moments.show("1960-05") == "05/1960"
    assert moments.show("1960") == "1960"


def test_age_counts_birthdays_and_months_for_small_children() -> None:
    with translation.override("en"):
        assert person.age_words("1960-03-02", date(2025, 3, 1)) == "64 years"
        assert person.age_words("1960-03-02", date(2025, 3, 2)) == "65 years"
        assert person.age_words("2024-01-20", date(2025, 2, 12)) == "12 months"
        assert person.age_words("1960", date(2025, 2, 12)) == "65 years"
        assert person.age_words("2030", date(2025, 2, 12)) == ""


def _observation(number: str, at: str, code: str = "WBC", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"{code}{at}",
        "code": {"coding": [{"system": "x", "code": code}], "text": f"Chỉ số {code}"},
        "effectiveDateTime": at,
        "valueQuantity": {"value": Decimal(number), "unit": "G/L"},
        **more,
    }


def test_results_stand_by_day_newest_first_and_keep_their_digits() -> None:
    with translation.override("vi"):
        table = results.table(
            [
                _observation("15.20", "2025-01-12T08:10:00+07:00"),
                _observation("12.1", "2025-01-13T08:00:00+07:00"),
                _observation("11.0", "2025-01-13T20:00:00+07:00"),
            ]
        )
    assert table.columns == ["13/01/2025", "12/01/2025"]
    cells = table.groups[0].rows[0].cells
    assert [[v.text for v in cell] for cell in cells] == [["12,1", "11,0"], ["15,20"]]


def test_an_indicator_not_measured_lately_is_still_told() -> None:
    recent = [_observation("1", f"2025-02-{day:02d}") for day in range(1, results.COLUMNS + 2)]
    table = results.table([*recent, _observation("40", "2020-01-01", "HGB")])
    assert [row.name for row in table.older] == ["Chỉ số HGB"]


def test_marks_come_from_the_source_alone() -> None:
    plain = results.value(_observation("99", "2025-01-12"))
    ranged = results.value(_observation("99", "2025-01-12", referenceRange=[{"high": {"value": 10}}]))
    told = results.value(_observation("9", "2025-01-12", interpretation=[{"coding": [{"code": "L"}]}]))
    assert (plain.mark, ranged.mark, told.mark) == ("", "high", "low")


def test_blood_pressure_reads_as_one_value() -> None:
    parts = [
        {"valueQuantity": {"value": 130, "unit": "mmHg"}},
        {"valueQuantity": {"value": 80, "unit": "mmHg"}},
    ]
    shown = results.value({"component": parts})
    assert (shown.text, shown.unit) == ("130/80", "mmHg")


def test_an_order_and_its_dispense_are_one_drug() -> None:
    common = {"medicationCodeableConcept": {"text": "Amlodipin 5mg"}}
    days = drugs.by_day(
        [
            {"resourceType": "MedicationRequest", "authoredOn": "2025-01-12T08:00:00+07:00", **common},
            {
                "resourceType": "MedicationDispense",
                "whenHandedOver": "2025-01-12T09:00:00+07:00",
                "quantity": {"value": Decimal("28.000"), "unit": "Viên"},
                **common,
            },
        ]
    )
    assert [(len(day.drugs), day.drugs[0].amount, day.drugs[0].given) for day in days] == [
        (1, "28 Viên", True)
    ]


def test_a_dispense_without_a_time_counts_on_the_day_of_its_order() -> None:
    common = {"medicationCodeableConcept": {"text": "Amlodipin 5mg"}}
    order = {"resourceType": "MedicationRequest", "id": "m1", "authoredOn": "2025-01-12", **common}
    dispense = {
        "resourceType": "MedicationDispense",
        "authorizingPrescription": [{"reference": "MedicationRequest/m1"}],
        **common,
    }
    assert [(day.date, len(day.drugs)) for day in drugs.by_day([order, dispense])] == [("12/01/2025", 1)]


def test_components_of_other_kinds_keep_their_names() -> None:
    parts = [
        {"code": {"text": "Giai đoạn"}, "valueString": "1"},
        {"code": {"text": "Phác đồ"}, "valueString": "TDF"},
    ]
    assert results.value({"component": parts}).text == "Giai đoạn: 1; Phác đồ: TDF"


def test_diagnoses_are_distinct_by_code_with_first_and_last_day() -> None:
    def condition(encounter: str, day: str, status: str = "confirmed") -> dict[str, Any]:
        return {
            "code": {"coding": [{"system": systems.ICD10, "code": "I10"}], "text": "Tăng huyết áp"},
            "verificationStatus": {"coding": [{"code": status}]},
            "encounter": {"reference": f"Encounter/{encounter}"},
            "recordedDate": day,
        }

    found = diagnoses.distinct(
        [
            condition("a", "2025-01-12"),
            condition("b", "2020-05-01"),
            condition("c", "2026-01-01", "provisional"),
        ]
    )
    assert [(d.code, d.times, moments.day(d.first), moments.day(d.last)) for d in found] == [
        ("I10", 2, "01/05/2020", "12/01/2025")
    ]


@pytest.mark.parametrize(
    ("values", "drawn"),
    [([], False), (["1"], False), (["1", "2"], True), (["5", "5"], True), (["1", "1e400"], False)],
)
def test_a_trend_needs_two_values(values: list[str], drawn: bool) -> None:
    trend = [(f"2025-01-{day:02d}", Decimal(value)) for day, value in enumerate(values, 1)]
    assert ("<svg" in sparkline(trend)) is drawn
