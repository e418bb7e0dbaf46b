"""The checks before sending: each rule, and that no form makes them fail."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.transfers.validity.checks import Facts, Finding, find, stops
from lienthong.transfers.validity.working_days import calendar_of, shipped

NOW = datetime(2025, 1, 14, 3, 0, tzinfo=UTC)
FACTS = Facts(now=NOW, sender="24004", receiver="24011", calendar=calendar_of(shipped()))
FORM: dict[str, Any] = {
    "urgency": "planned",
    "case": "general",
    "reason": "2",
    "basis": "referral-duty",
    "question": "Xin hội chẩn",
    "signs": "Ho, sốt 39 độ",
    "results": "Bạch cầu 15,2 G/L",
    "diagnosis": "Viêm phổi",
    "diagnosis_code": "J18.9",
    "treatment": "Kháng sinh tĩnh mạch 3 ngày",
    "medicines": "Ceftriaxone 2 g/ngày",
    "condition": "Tỉnh, thở oxy 3 l/phút",
    "direction": "Tiếp tục kháng sinh, chụp CT ngực",
    "slip": "15/PCCSKBCB",
    "register": "15",
    "departs_at": "2025-01-14T04:00:00Z",
    "arrives_at": "2025-01-14T06:00:00Z",
    "transport": "ambulance",
    "escort_name": "Nguyễn Văn Mẫu",
    "escort_title": "Điều dưỡng",
    "vitals": {
        "at": "2025-01-14T02:30:00Z",
        "pulse": 96,
        "systolic": 120,
        "diastolic": 75,
        "breaths": 22,
        "spo2": 94,
        "temperature": 38.5,
        "glasgow": 15,
    },
    "person": {
        "name": "Trần Thị Ví Dụ",
        "birth": "1960-05-02",
        "gender": "female",
        "citizen": "024160000001",
        "card": "HT2242400000001",
        "card_until": "2025-12-31",
        "address": "Thôn Mẫu",
        "ethnic_group": "Kinh",
        "nationality": "Việt Nam",
        "occupation": "Hưu trí",
        "workplace": "Không",
    },
}
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
ODD = JSON | st.sampled_from(
    [
        "9999-12-31",
        "0001-01-01T00:00:00+00:00",
        "2025-02-30",
        "NaN",
        "Infinity",
        "1e999999",
        "²",
        "J18.9",
        "1960",
    ]
)


def form(**changed: Any) -> dict[str, Any]:
    """The good form with fields changed; ``person__birth`` reaches inside."""
    made = copy.deepcopy(FORM)
    for name, value in changed.items():
        outer, _, inner = name.partition("__")
        if inner:
            made[outer][inner] = value
        else:
            made[outer] = value
    return made


def codes(found: list[Finding]) -> set[str]:
    return {one.code for one in found}


def one(code: str, found: list[Finding]) -> Finding:
    assert code in codes(found), sorted(codes(found))
    return next(f for f in found if f.code == code)


def test_a_good_form_has_nothing_to_find() -> None:
    assert find(FORM, FACTS) == []


def test_an_empty_form_lacks_every_line_of_annex_vi() -> None:
    found = find({}, FACTS)
    assert stops(found)
    assert {f.field for f in found} >= set(FORM) - {
        *("urgency", "case", "basis", "question", "arrives_at", "escort_title", "vitals", "person")
    }
    assert {f.field for f in found} >= {f"person.{name}" for name in FORM["person"]} - {
        "person.citizen",
        "person.card_until",
    }


@pytest.mark.parametrize(
    ("changed", "code", "level", "field"),
    [
        # lines of annex VI
        ({"signs": " "}, "form-signs", "error", "signs"),
        ({"direction": ""}, "form-direction", "error", "direction"),
        ({"person__address": ""}, "form-address", "warning", "person.address"),
        ({"results": ""}, "form-results", "warning", "results"),
        ({"medicines": ""}, "form-medicines", "ask", "medicines"),
        ({"reason": "4"}, "form-reason", "error", "reason"),
        ({"escort_title": ""}, "form-escort-title", "warning", "escort_title"),
        ({"person__card_until": ""}, "form-card-until", "warning", "person.card_until"),
        ({"reason": "3"}, "reason-without-request", "ask", "basis"),
        ({"basis": "written-request"}, "basis-detail", "warning", "basis_detail"),
        # times
        ({"departs_at": "soon"}, "departure-unreadable", "error", "departs_at"),
        ({"departs_at": "2025-01-12T03:00:00Z"}, "departure-past", "warning", "departs_at"),
        ({"departs_at": "2025-02-20T03:00:00Z"}, "departure-after-validity", "error", "departs_at"),
        ({"arrives_at": "2025-01-14T03:59:00Z"}, "arrival-before-departure", "error", "arrives_at"),
        # person
        ({"person__birth": "2025-01-15"}, "birth-impossible", "error", "person.birth"),
        ({"person__birth": "5/1960"}, "birth-impossible", "error", "person.birth"),
        ({"person__citizen": "24160000001"}, "citizen-zero-lost", "warning", "person.citizen"),
        ({"person__citizen": "121234567"}, "citizen-old-card", "warning", "person.citizen"),
        ({"person__citizen": "0241600000"}, "citizen-shape", "warning", "person.citizen"),
        ({"person__citizen": "024060000001"}, "citizen-sex", "warning", "person.citizen"),
        ({"person__citizen": "024161000001"}, "citizen-birth", "warning", "person.citizen"),
        ({"person__citizen": "024360000001"}, "citizen-birth", "warning", "person.citizen"),  # born in 2060
        ({"person__card": "HT6242400000001"}, "card-shape", "warning", "person.card"),
        ({"person__card": "0000000000"}, "card-shape", "warning", "person.card"),
        ({"person__card_until": "2025-01-13"}, "card-ended", "warning", "person.card_until"),
        ({"person__card_until": "2025-01-14"}, "card-ends-soon", "warning", "person.card_until"),
        ({"person__card_until": "2025-02-04"}, "card-ends-soon", "warning", "person.card_until"),
        ({"case": "obstetric", "person__gender": "male"}, "case-male", "error", "case"),
        ({"case": "obstetric"}, "case-age", "warning", "case"),
        ({"case": "newborn"}, "case-not-newborn", "warning", "case"),
        ({"case": "newborn", "person__birth": "2024-12-16"}, "case-not-newborn", "warning", "case"),
        ({"case": "newborn", "person__birth": "2025"}, "case-newborn-birth", "warning", "case"),
        ({"case": "child", "person__birth": "2009-01-14"}, "case-not-child", "warning", "case"),
        ({"case": "general", "person__birth": "2025-01-10"}, "case-newborn", "ask", "case"),
        # disease
        ({"diagnosis_code": "viêm phổi"}, "icd-shape", "warning", "diagnosis_code"),
        ({"diagnosis_code": "U99.9"}, "icd-unknown", "warning", "diagnosis_code"),
        ({"diagnosis_code": "N40", "person__gender": "female"}, "icd-sex", "warning", "diagnosis_code"),
        ({"diagnosis_code": "G20"}, "one-year-possible", "ask", "one_year"),
        ({"one_year": True}, "one-year-without-item", "warning", "one_year"),
        ({"diagnosis_code": "G20"}, "no-slip-needed", "ask", "diagnosis_code"),
        ({"diagnosis_code": "I10"}, "could-stay-home", "ask", "diagnosis_code"),
        # vital signs
        ({"vitals__spo2": 101}, "vitals-impossible", "error", "vitals.spo2"),
        ({"vitals__glasgow": 2}, "vitals-impossible", "error", "vitals.glasgow"),
        ({"vitals__temperature": "385"}, "vitals-impossible", "error", "vitals.temperature"),
        ({"vitals__pulse": "một trăm"}, "vitals-unreadable", "warning", "vitals.pulse"),
        ({"vitals__pulse": 22}, "vitals-rare", "ask", "vitals.pulse"),
        ({"vitals__diastolic": 120}, "vitals-pressure", "warning", "vitals.diastolic"),
        ({"vitals__at": "2025-01-14T05:00:00Z"}, "vitals-ahead", "warning", "vitals.at"),
        ({"vitals__at": "2025-01-13T05:00:00Z"}, "vitals-old", "ask", "vitals.at"),
    ],
)
def test_a_rule_finds_what_it_is_for(changed: dict[str, Any], code: str, level: str, field: str) -> None:
    found = one(code, find(form(**changed), FACTS))
    assert (found.level, found.field) == (level, field)
    assert found.vi.endswith((".", "?"))
    assert found.en.endswith((".", "?"))
    assert found.source.vi
    assert found.source.en
    assert found.source.confidence in ("high", "medium", "low")


@pytest.mark.parametrize(
    ("facts", "code", "level"),
    [
        ({"receiver": ""}, "receiver-missing", "error"),
        ({"receiver": "24004"}, "receiver-same", "error"),
        ({"receiver_known": False}, "receiver-unknown", "error"),
        ({"receiver_connected": False}, "receiver-not-connected", "warning"),
        ({"slip_of_another": True}, "slip-number-taken", "error"),
        ({"discharge": "1"}, "discharge-not-a-transfer", "warning"),
        ({"discharge": "5"}, "reason-unlike-discharge", "warning"),
        ({"came_at": NOW + timedelta(hours=2)}, "departure-before-arrival", "error"),
    ],
)
def test_a_fact_is_told(facts: dict[str, Any], code: str, level: str) -> None:
    assert one(code, find(FORM, replace(FACTS, **facts))).level == level


@pytest.mark.parametrize(("discharge", "reason"), [("2", "1"), ("2", "2"), ("5", "3")])
def test_a_reason_that_fits_the_discharge_is_not_told(discharge: str, reason: str) -> None:
    changed = form(reason=reason, basis="written-request", basis_detail="Đơn ngày 14/01/2025")
    found = find(changed if reason == "3" else form(reason=reason), replace(FACTS, discharge=discharge))
    assert found == []


class TestEdges:
    def test_a_yearly_slip_may_leave_later(self) -> None:
        later = form(departs_at="2025-02-20T03:00:00Z", arrives_at="", diagnosis_code="G20", one_year=True)
        assert "departure-after-validity" not in codes(find(later, FACTS))

    def test_the_tenth_working_day_is_still_good(self) -> None:
        last = form(departs_at="2025-02-04T03:00:00Z", arrives_at="")  # over the Lunar New Year
        assert "departure-after-validity" not in codes(find(last, FACTS))
        after = form(departs_at="2025-02-05T03:00:00Z", arrives_at="")
        assert "departure-after-validity" in codes(find(after, FACTS))

    def test_a_reason_ends_the_question_about_the_mark(self) -> None:
        asked = form(diagnosis_code="G20")
        assert "one-year-possible" in codes(find(asked, FACTS))
        assert "one-year-possible" not in codes(find({**asked, "one_year_why": "Bệnh đã ổn định"}, FACTS))
        assert "one-year-possible" not in codes(find({**asked, "one_year": True}, FACTS))

    def test_the_condition_of_an_item_is_told(self) -> None:
        found = one("one-year-possible", find(form(diagnosis_code="M16.1"), FACTS))
        assert "Giai đoạn 3, giai đoạn 4" in found.vi

    def test_another_disease_with_its_code_counts(self) -> None:
        assert "one-year-possible" in codes(find(form(other_diagnoses="Parkinson (G20); I10"), FACTS))

    def test_a_code_of_another_time_is_told_as_such(self) -> None:
        assert "thời kỳ" not in one("icd-unknown", find(form(diagnosis_code="U99.9"), FACTS)).vi

    def test_a_return_home_is_not_asked_whether_it_could_stay(self) -> None:
        found = find(form(diagnosis_code="I10"), replace(FACTS, goes_back=True))
        assert not codes(found) & {"could-stay-home", "no-slip-needed"}

    def test_ten_digits_of_a_new_card_are_good(self) -> None:
        assert find(form(person__card="2400000001"), FACTS) == []

    def test_a_passport_is_good(self) -> None:
        assert find(form(person__citizen="C1234567"), FACTS) == []

    def test_a_month_of_birth_is_good(self) -> None:
        assert find(form(person__birth="1960-05"), FACTS) == []

    def test_twenty_eight_days_are_a_newborn(self) -> None:
        born = form(case="newborn", person__birth="2024-12-17", person__citizen="")
        assert not codes(find(born, FACTS)) & {"case-not-newborn", "case-newborn"}


class TestEmergency:
    def test_nothing_stops_it(self) -> None:
        found = find({"urgency": "emergency", "vitals": {"spo2": 300}}, replace(FACTS, receiver=""))
        assert found
        assert {f.level for f in found} == {"ask"}
        assert not stops(found)

    def test_it_is_not_told_about_slips(self) -> None:
        urgent = form(urgency="emergency", diagnosis_code="I63.9")
        assert not codes(find(urgent, FACTS)) & {"no-slip-needed", "could-stay-home", "one-year-possible"}
        assert "one-year-in-an-emergency" in codes(find({**urgent, "one_year": True}, FACTS))


@given(JSON)
def test_no_form_makes_it_fail(raw: Any) -> None:
    find(raw, FACTS)


@given(
    st.dictionaries(st.sampled_from([*FORM, "one_year", "other_diagnoses", "one_year_why"]), ODD, max_size=8)
)
def test_no_value_of_a_field_makes_it_fail(raw: dict[str, Any]) -> None:
    find(raw, FACTS)
    find({**FORM, **raw}, FACTS)


@given(
    st.dictionaries(st.sampled_from(sorted(FORM["person"])), ODD, max_size=5),
    st.dictionaries(st.sampled_from(sorted(FORM["vitals"])), ODD, max_size=5),
)
def test_no_value_inside_makes_it_fail(person: dict[str, Any], vitals: dict[str, Any]) -> None:
    find({**FORM, "person": {**FORM["person"], **person}, "vitals": {**FORM["vitals"], **vitals}}, FACTS)


@given(st.sets(st.sampled_from(sorted(FORM)), max_size=6))
def test_an_emergency_is_never_stopped(gone: set[str]) -> None:
    left = {name: value for name, value in FORM.items() if name not in gone}
    assert not stops(find({**left, "urgency": "emergency"}, FACTS))


@given(st.sets(st.sampled_from(sorted(set(FORM) - {"urgency"})), max_size=6))
def test_what_was_filled_in_is_not_told_as_missing(gone: set[str]) -> None:
    found = find({name: value for name, value in FORM.items() if name not in gone}, FACTS)
    told = {f.field.partition(".")[0] for f in found if f.code.startswith("form-")}
    assert told <= gone | ({"escort_title"} & gone)
