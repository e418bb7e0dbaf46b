"""Index rows: what each datatype gives, what parameters share, and that no shape of JSON stops them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fhirpath_oracle as oracle
import invented
from lienthong.foundation import json
from lienthong.records import index, keys
from lienthong.records.fhirpath import model
from lienthong.records.index.datatypes import WRITERS
from lienthong.records.index.intervals import LARGEST, OPEN

TYPES = sorted(model.resource_types())
HOUR = 3_600_000
DAY = 24 * HOUR
UCUM = "http://unitsofmeasure.org"

OBSERVATION = {
    "resourceType": "Observation",
    "id": "o1",
    "meta": {"profile": ["http://example.vn/StructureDefinition/lab"]},
    "status": "final",
    "category": [{"coding": [{"system": "http://example.vn/category", "code": "laboratory"}]}],
    "code": {"coding": [{"system": "http://loinc.org", "code": "2339-0"}], "text": "Glucose"},
    "subject": {"reference": "Patient/p1"},
    "encounter": {"reference": "Encounter/e1"},
    "effectiveDateTime": "2025-01-12T07:30:00+07:00",
    "issued": "2025-01-12T07:31:00.125+07:00",
    "valueQuantity": {"value": Decimal("97.18"), "unit": "mg/dL", "system": UCUM, "code": "mg/dL"},
}
"""Like one that Synthea makes."""


def ms(*parts: int) -> int:
    """Milliseconds of a moment in UTC."""
    return round(datetime(*parts, tzinfo=UTC).timestamp() * 1000)


def of(kind: str, code: str, /, **members: Any) -> list[tuple[Any, ...]]:
    """The rows of one parameter, without its number."""
    return picked(index.rows({"resourceType": kind, "id": "x", **members}), [keys.param(kind, code)])


def picked(rows: index.Rows, params: Iterable[int]) -> list[tuple[Any, ...]]:
    """The rows of some parameters, without their numbers."""
    wanted = set(params)
    found = [(target,) for target, param in rows.links if param in wanted]
    for table in (rows.tokens, rows.strings, rows.dates, rows.numbers):
        found += [row[1:] for row in table if row[0] in wanted]
    return sorted(set(found))


def token(value: str, system: str = "") -> tuple[int, int]:
    return keys.hash64(value), keys.hash32(system)


def test_a_laboratory_result_has_few_rows():
    rows = index.rows(OBSERVATION)
    param = {code: keys.param("Observation", code) for code in index.parameters("Observation")}
    assert rows.tokens == {
        (param["status"], *token("final")),
        (param["category"], *token("laboratory", "http://example.vn/category")),
        (param["code"], *token("2339-0", "http://loinc.org")),
        (param["_profile"], *token("http://example.vn/StructureDefinition/lab")),
    }
    assert rows.links == {
        (keys.ref_key("Patient/p1"), param["subject"]),
        (keys.ref_key("Encounter/e1"), param["encounter"]),
    }
    moment = ms(2025, 1, 12, 0, 30)
    assert rows.dates == {(param["date"], moment, moment + 999)}
    unit = keys.hash32(f"{UCUM}|mg/dL")
    assert rows.numbers == {(param["value-quantity"], 97.175, 97.185, unit)}
    assert rows.strings == set()


@pytest.mark.parametrize(
    ("code", "stored", "narrower"),
    [
        ("subject", ("subject",), False),
        ("patient", ("subject",), True),
        ("combo-code", ("code", "component-code"), False),
        ("combo-value-quantity", ("component-value-quantity", "value-quantity"), False),
        ("code-value-quantity", (), False),
        ("_id", (), False),
        ("_lastUpdated", (), False),
        ("_tag", ("_tag",), False),
    ],
)
def test_parameters_that_read_the_same_share_rows(code: str, stored: tuple[str, ...], narrower: bool):
    parameter = index.parameters("Observation")[code]
    assert (parameter.stored, parameter.narrower) == (stored, narrower)


def test_parameters_of_r4():
    for kind, expressions in oracle.definitions().items():
        found = index.parameters(kind)
        assert found.keys() == expressions.keys()
        for parameter in found.values():
            assert parameter.kind == kind
            assert all(code in found for code in (*parameter.stored, *dict(parameter.components)))
            assert all(found[code].type == parameter.type for code in parameter.stored)
            assert bool(parameter.components) == (parameter.type == "composite")
            unstored = parameter.type in ("composite", "special") or parameter.code in ("_id", "_lastUpdated")
            assert bool(parameter.stored) != unstored
    assert index.parameters("Resource") == index.parameters("Nothing") == {}
    subject = index.parameters("Observation")["subject"]
    assert (subject.type, subject.expression, subject.datatypes) == (
        "reference",
        "Observation.subject",
        ("Reference",),
    )
    assert set(subject.targets) == {"Group", "Device", "Patient", "Location"}
    assert subject.url == "http://hl7.org/fhir/SearchParameter/Observation-subject"


@given(st.sampled_from(TYPES), st.integers(0, 1 << 32))
def test_the_rows_of_a_parameter_are_those_of_the_elements_that_the_oracle_finds(kind: str, seed: int):
    resource = invented.resource(kind, Random(seed))
    rows = index.rows(resource)
    for code, parameter in index.parameters(kind).items():
        if not parameter.stored:
            continue
        expected = index.Rows(set(), set(), set(), set(), set())
        for element in oracle.evaluate(parameter.expression, kind, resource):
            for datatype in parameter.datatypes:
                if writer := WRITERS.get((parameter.type, datatype)):
                    writer(expected, 0, element)
        found = picked(rows, (keys.param(kind, one) for one in parameter.stored))
        if parameter.narrower:
            assert set(picked(expected, [0])) <= set(found), (kind, code)
        else:
            assert picked(expected, [0]) == found, (kind, code)


CONCEPT = {"coding": [{"system": "urn:s", "code": "a"}, {"code": "b"}, {"system": "urn:s"}], "text": "A"}


@pytest.mark.parametrize(
    ("kind", "code", "members", "expected"),
    [
        ("Observation", "code", {"code": CONCEPT}, [token("a", "urn:s"), token("b")]),
        ("Patient", "active", {"active": False}, [token("false")]),
        ("Patient", "deceased", {"deceasedBoolean": True}, [token("true")]),
        ("Patient", "deceased", {"deceasedBoolean": False}, [token("false")]),
        ("Patient", "deceased", {"deceasedDateTime": "2025"}, [token("true")]),
        ("Patient", "deceased", {"_deceasedDateTime": {"extension": []}}, [token("true")]),
        ("Patient", "deceased", {}, [token("false")]),
        ("Patient", "gender", {"gender": "female"}, [token("female")]),
        ("Patient", "telecom", {"telecom": [{"system": "phone", "value": "0912"}]}, [token("0912")]),
        (
            "Patient",
            "identifier",
            {"identifier": [{"system": "urn:s", "value": "ab 1"}, {"value": "2"}, {"system": "urn:s"}]},
            [token("ab 1", "urn:s"), token("2")],
        ),
        ("Patient", "number", {"identifier": [{"system": "urn:s", "value": "ab 1"}]}, [token("AB1")]),
        ("Encounter", "class", {"class": {"system": "urn:s", "code": "AMB"}}, [token("AMB", "urn:s")]),
        ("MessageHeader", "event", {"eventUri": "urn:e"}, [token("urn:e")]),
        ("ValueSet", "url", {"url": "http://a.vn/v"}, [token("http://a.vn/v")]),
        (
            "Patient",
            "_profile",
            {"meta": {"profile": ["http://a.vn/p|1"]}},
            [token("http://a.vn/p"), token("http://a.vn/p|1")],
        ),
    ],
)
def test_tokens(kind: str, code: str, members: dict[str, Any], expected: list[tuple[int, int]]):
    assert of(kind, code, **members) == sorted(expected)


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({"reference": "Patient/1"}, ["Patient/1"]),
        ({"reference": "Patient/1/_history/3"}, ["Patient/1"]),
        ({"reference": "http://a.vn/fhir/Patient/1"}, ["http://a.vn/fhir/Patient/1"]),
        ({"reference": "urn:uuid:0001"}, ["urn:uuid:0001"]),
        ({"reference": "#p"}, []),
        ({"reference": ""}, []),
        ({"display": "Trần Ánh"}, []),
        ({"identifier": {"system": "urn:s", "value": "7"}}, ["urn:s|7"]),
        ({"reference": "Patient/1", "identifier": {"value": "7"}}, ["Patient/1", "|7"]),
    ],
)
def test_references(element: dict[str, Any], expected: list[str]):
    assert of("Observation", "subject", subject=element) == sorted((keys.hash64(one),) for one in expected)


def test_other_references():
    versioned = of("QuestionnaireResponse", "questionnaire", questionnaire="http://a.vn/q|2")
    assert versioned == sorted((keys.hash64(one),) for one in ("http://a.vn/q", "http://a.vn/q|2"))
    entry = [{"resource": {"resourceType": "Composition", "id": "c"}}, {"resource": {"id": "d"}}]
    assert of("Bundle", "composition", entry=entry) == [(keys.ref_key("Composition/c"),)]


@pytest.mark.parametrize(
    ("kind", "code", "members", "expected"),
    [
        (
            "Patient",
            "name",
            {"name": [{"text": "Trần Thị Ánh", "family": "Trần", "given": ["Thị Ánh"], "use": "official"}]},
            {"tran thi anh", "tran", "thi anh", "thi", "anh"},
        ),
        ("Patient", "family", {"name": [{"family": "Đỗ  Nguyễn"}]}, {"do nguyen", "nguyen"}),
        (
            "Patient",
            "address",
            {"address": [{"line": ["Tổ 5"], "state": "Bắc Giang", "use": "home"}]},
            {"to 5", "to", "5", "bac giang", "bac", "giang"},
        ),
        ("Patient", "address-state", {"address": [{"state": "Bắc Giang"}]}, {"bac giang", "giang"}),
        ("Observation", "value-string", {"valueString": "Âm tính"}, {"am tinh", "tinh"}),
        ("Observation", "value-string", {"valueCodeableConcept": {"text": "ÂM TÍNH"}}, {"am tinh", "tinh"}),
        ("Observation", "value-string", {"valueString": "x" * 200}, {"x" * 120}),
        ("Observation", "value-string", {"valueString": "a\0b"}, {"a b", "b"}),
        ("Observation", "value-string", {"valueString": " \t"}, set()),
    ],
)
def test_strings(kind: str, code: str, members: dict[str, Any], expected: set[str]):
    assert of(kind, code, **members) == sorted((one,) for one in expected)


YEAR = (ms(2024, 12, 31, 17), ms(2025, 12, 31, 17) - 1)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"effectiveDateTime": "2025"}, YEAR),
        ({"effectiveDateTime": "2024-02"}, (ms(2024, 1, 31, 17), ms(2024, 2, 29, 17) - 1)),
        ({"effectiveDateTime": "2025-01-12"}, (ms(2025, 1, 11, 17), ms(2025, 1, 12, 17) - 1)),
        ({"effectiveDateTime": "2025-01-12T07:30Z"}, (ms(2025, 1, 12, 7, 30), ms(2025, 1, 12, 7, 31) - 1)),
        ({"effectiveDateTime": "2025-01-12T07:30:01-02:30"}, (ms(2025, 1, 12, 10, 0, 1),) * 2),
        ({"effectiveInstant": "2025-01-12T00:00:00.5Z"}, (ms(2025, 1, 12) + 500, ms(2025, 1, 12) + 599)),
        ({"effectiveInstant": "2025-01-12T00:00:00.1234Z"}, (ms(2025, 1, 12) + 123,) * 2),
        ({"effectivePeriod": {"start": "2025", "end": "2025-12-31"}}, YEAR),
        ({"effectivePeriod": {"start": "2025-12-31", "end": "2025-01-01"}}, YEAR),
        ({"effectivePeriod": {"start": "2025"}}, (YEAR[0], OPEN)),
        ({"effectivePeriod": {"end": "2025"}}, (-OPEN, YEAR[1])),
        ({"effectivePeriod": {"start": "2025", "end": "never"}}, None),
        ({"effectivePeriod": {}}, None),
        ({"effectiveTiming": {"event": ["2025-12-31", "2025-01-01"]}}, YEAR),
        ({"effectiveTiming": {"repeat": {"boundsPeriod": {"start": "2025"}}}}, (YEAR[0], OPEN)),
        ({"effectiveTiming": {"repeat": {"count": 2}}}, None),
        ({"effectiveDateTime": "2025-02-30"}, None),
        ({"effectiveDateTime": "0000"}, None),
        ({"effectiveDateTime": "9999-12-31"}, (ms(9999, 12, 30, 17), ms(9999, 12, 31, 17) - 1)),
        ({"effectiveDateTime": "2025-01-12T25:00:00Z"}, None),
    ],
)
def test_dates(members: dict[str, Any], expected: tuple[int, int] | None):
    if expected and expected[0] == expected[1] and not str(members).count("."):
        expected = (expected[0], expected[0] + 999)
    assert of("Observation", "date", **members) == ([expected] if expected else [])


def quantity(value: Any, **more: Any) -> dict[str, Any]:
    return {"value": value, "system": UCUM, "code": "mg", **more}


MG, UNIT_ALONE = keys.hash32(f"{UCUM}|mg"), keys.hash32("|mg")


@pytest.mark.parametrize(
    ("kind", "code", "members", "expected"),
    [
        ("Observation", "value-quantity", {"valueQuantity": quantity(Decimal("5.40"))}, (5.395, 5.405, MG)),
        ("Observation", "value-quantity", {"valueQuantity": quantity(5)}, (4.5, 5.5, MG)),
        ("Observation", "value-quantity", {"valueQuantity": quantity(5.4)}, (5.35, 5.45, MG)),
        ("Observation", "value-quantity", {"valueQuantity": quantity(Decimal("1e2"))}, (50, 150, MG)),
        (
            "Observation",
            "value-quantity",
            {"valueQuantity": quantity(5, comparator="<")},
            (-LARGEST, 5.5, MG),
        ),
        (
            "Observation",
            "value-quantity",
            {"valueQuantity": quantity(5, comparator=">=")},
            (4.5, LARGEST, MG),
        ),
        ("Observation", "value-quantity", {"valueQuantity": {"value": 5, "unit": "mg"}}, (4.5, 5.5, 0)),
        (
            "Observation",
            "value-quantity",
            {"valueQuantity": {"value": 5, "code": "mg"}},
            (4.5, 5.5, UNIT_ALONE),
        ),
        ("Observation", "value-quantity", {"valueQuantity": {"unit": "mg"}}, None),
        ("Observation", "value-quantity", {"valueQuantity": quantity(Decimal("1e999"))}, None),
        ("Observation", "value-quantity", {"valueQuantity": quantity(10**400)}, None),
        ("Observation", "value-quantity", {"valueQuantity": quantity(Decimal("1e999999999"))}, None),
        ("Observation", "value-quantity", {"valueQuantity": quantity(Decimal("1e-999999999"))}, None),
        (
            "Observation",
            "value-quantity",
            {"valueSampledData": {"origin": quantity(10), "factor": 2, "data": "1 -3 E L 4.5 ?"}},
            (4, 19, MG),
        ),
        ("Observation", "value-quantity", {"valueSampledData": {"origin": quantity(10), "data": "E"}}, None),
        (
            "Condition",
            "onset-age",
            {"onsetAge": quantity(40, code="a")},
            (39.5, 40.5, keys.hash32(f"{UCUM}|a")),
        ),
        ("Condition", "onset-age", {"onsetRange": {"low": quantity(5), "high": quantity(7)}}, (4.5, 7.5, MG)),
        ("Condition", "onset-age", {"onsetRange": {"low": quantity(5)}}, (4.5, LARGEST, MG)),
        ("Condition", "onset-age", {"onsetRange": {}}, None),
        (
            "Invoice",
            "totalnet",
            {"totalNet": {"value": 120000, "currency": "VND"}},
            (119999.5, 120000.5, keys.hash32("urn:iso:std:iso:4217|VND")),
        ),
        ("MolecularSequence", "variant-start", {"variant": [{"start": 7}]}, (7, 7, 0)),
        ("ChargeItem", "factor-override", {"factorOverride": Decimal("0.8")}, (0.75, 0.85, 0)),
    ],
)
def test_numbers(kind: str, code: str, members: dict[str, Any], expected: tuple[float, float, int] | None):
    assert of(kind, code, **members) == ([expected] if expected else [])


def test_an_appointment_is_found_by_its_day_in_viet_nam():
    late = "2025-01-11T20:00:00Z"
    assert of("Appointment", "appointed", start=late) == [("2025-01-12",)]
    assert of("Appointment", "appointed", requestedPeriod=[{"start": "2025-03-04"}]) == [("2025-03-04",)]
    assert of("Appointment", "appointed", start="0001-01-01T00:00:00+14:00") == []


def test_combinations_give_the_parts_of_each_element():
    panel = OBSERVATION | {
        "component": [
            {"code": {"text": "a"}, "valueQuantity": {"value": 1}},
            {"code": {"text": "b"}, "valueString": "âm tính"},
        ]
    }
    assert index.combinations(panel, "Observation", "combo-code-value-quantity") == [
        ([OBSERVATION["code"]], [OBSERVATION["valueQuantity"]]),
        ([{"text": "a"}], [{"value": 1}]),
        ([{"text": "b"}], []),
    ]
    assert index.combinations(OBSERVATION, "Observation", "code-value-date") == [([OBSERVATION["code"]], [])]
    sequence = {"resourceType": "MolecularSequence", "variant": [{"start": 1, "end": 2}]}
    sequence["referenceSeq"] = {"chromosome": {"text": "1"}}
    found = index.combinations(sequence, "MolecularSequence", "chromosome-variant-coordinate")
    assert found == [([{"text": "1"}], [1], [2])]


def test_values_are_the_elements_themselves():
    assert index.values(OBSERVATION, "Observation", "value-quantity") == [OBSERVATION["valueQuantity"]]
    assert index.values(OBSERVATION, "Observation", "patient") == [OBSERVATION["subject"]]
    with pytest.raises(KeyError):
        index.values(OBSERVATION, "Observation", "nothing")


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=ZONES)  # noqa: DTZ001


@given(MOMENTS)
def test_a_coarser_time_covers_a_finer_one(moment: datetime):
    texts = [moment.isoformat(timespec=spec) for spec in ("milliseconds", "seconds", "minutes")]
    fine, *coarse = (index.moments(text) for text in texts)
    exact = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert fine == (exact, exact)
    for low, high in filter(None, coarse):
        assert low <= exact <= high
    widths = [high - low + 1 for low, high in filter(None, coarse)]
    assert widths == [1000, 60_000]


@given(st.dates(date(1, 2, 1), date(9998, 12, 31)))
def test_days_months_and_years_are_those_of_viet_nam(day: date):
    found = [index.moments(day.isoformat()[:length]) for length in (10, 7, 4)]
    midnight = (day.toordinal() - date(1970, 1, 1).toordinal()) * DAY - 7 * HOUR
    assert found[0] == (midnight, midnight + DAY - 1)
    assert all(one[0] <= midnight <= midnight + DAY - 1 <= one[1] for one in found if one)
    after = index.moments((day + timedelta(days=1)).isoformat()[:7])
    assert after == found[1] or (after and found[1] and after[0] == found[1][1] + 1)


@given(st.decimals(-(10**9), 10**9, places=4) | st.integers(-(10**12), 10**12))
def test_a_number_lies_in_the_middle_of_its_interval(number: Decimal | int):
    low, high = index.precise(number) or (0.0, 0.0)
    assert low < number < high
    assert (low + high) / 2 == pytest.approx(float(number), rel=1e-9, abs=1e-6)
    assert high - low == pytest.approx(0.0001 if isinstance(number, Decimal) else 1, rel=1e-2)


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(TYPES), st.integers(0, 1 << 32), st.lists(JUNK, min_size=1, max_size=4))
def test_strange_shapes_give_no_rows_and_stop_nothing(kind: str, seed: int, junk: list[Any]):
    random = Random(seed)
    resource = invented.spoilt(invented.resource(kind, random), random, junk)
    rows = index.rows(resource)
    assert all(row[1] and "\0" not in row[1] and len(row[1]) <= 120 for row in rows.strings)
    assert all(-OPEN <= low <= high <= OPEN for _, low, high in rows.dates)
    assert all(-LARGEST <= low <= high <= LARGEST for _, low, high, _ in rows.numbers)
    for code in index.parameters(kind):
        assert isinstance(index.values(resource, kind, code), list)


@given(JUNK)
def test_what_is_no_resource_has_no_rows(value: Any):
    for one in (value, {"resourceType": value}, {"resourceType": "Nothing", "id": "1"}):
        assert index.rows(one) == index.Rows(set(), set(), set(), set(), set())


def test_rows_do_not_depend_on_how_numbers_were_read():
    text = json.dumps(OBSERVATION)
    assert index.rows(json.loads(text)) == index.rows(OBSERVATION)
