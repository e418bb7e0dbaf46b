"""FHIRPath: every search parameter and invariant of R4, and each function, over JSON of any shape."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import fhirpathpy
import pytest
from fhirpathpy.models import models
from hypothesis import given
from hypothesis import strategies as st

import fhirpath_oracle as oracle
import invented
import lienthong
from lienthong.foundation import json
from lienthong.records import definitions
from lienthong.records.fhirpath import NotCompiled, Primitive, compile, model

SAMPLES = Path(lienthong.__file__).parent / "connectors/his_xml/samples"
TYPES = sorted(model.resource_types())
SEEDS = st.integers(0, 1 << 32)

UNKNOWN = {
    "ras-1": "asks a decimal for its low; R4 corrected it in R5",
    "txt-1": "htmlChecks() is checked with the narrative, not by FHIRPath",
    "txt-2": "the same",
}
"""Invariants of R4 that do not compile."""

DIFFERENT = {
    "que-7": "the oracle holds that FHIR's boolean is not System.Boolean",
    "inv-1": "it orders a day and a minute of that day",
    "mdd-1": "the same",
    "per-1": "the same",
}
"""Invariants that the oracle judges otherwise."""


def samples() -> list[dict[str, Any]]:
    bundles = [json.loads(path.read_bytes()) for path in sorted(SAMPLES.glob("*.bundle.json"))]
    return [entry["resource"] for bundle in bundles for entry in bundle["entry"]]


def test_every_search_parameter_yields_on_the_samples_what_the_oracle_yields():
    for resource in samples():
        kind = resource["resourceType"]
        for expression in oracle.definitions()[kind].values():
            expected = oracle.evaluate(expression, kind, resource)
            assert compile(expression, kind)(resource) == expected, expression


@given(st.sampled_from(TYPES), SEEDS)
def test_every_search_parameter_yields_on_an_invented_resource_what_the_oracle_yields(kind: str, seed: int):
    resource = invented.resource(kind, Random(seed))
    for expression in oracle.definitions()[kind].values():
        assert compile(expression, kind)(resource) == oracle.evaluate(expression, kind, resource), expression


def test_every_search_parameter_of_every_type_finds_something():
    """Full resources; the rest of the parameters is compared with the oracle above."""
    silent = []
    for kind, expressions in oracle.definitions().items():
        rest = expressions
        for seed in range(80):
            resource = invented.resource(kind, Random(seed), fill=0.95)
            rest = {code: text for code, text in rest.items() if not compile(text, kind)(resource)}
            if not rest:
                break
        silent += [f"{kind}.{code}" for code in rest]
    assert silent == []


@cache
def invariants() -> list[tuple[str, str, str]]:
    """``(key, expression, type that it is evaluated on)`` of those of severity error"""
    rules = [(key, kind) for path, kind in definitions.ruled() for key in definitions.rules(path)]
    return [(key.partition("@")[0], definitions.invariant(key)[0], kind) for key, kind in rules]


def test_every_invariant_of_r4_compiles():
    refused = {}
    for key, expression, kind in invariants():
        try:
            compile(expression, kind)
        except NotCompiled as error:
            refused[key] = str(error)
    assert refused.keys() == UNKNOWN.keys()


@given(st.sampled_from(TYPES), SEEDS)
def test_invariants_judge_an_invented_resource_as_the_oracle_does(kind: str, seed: int):
    """Those that the oracle knows; where it stops with an error, ours is only asked not to."""
    resource = invented.resource(kind, Random(seed), fill=0.4)
    for key, expression, on in invariants():
        if on.split(".")[0] == kind and key not in {*UNKNOWN, *DIFFERENT} and "%context" not in expression:
            rule = expression if on == kind else f"{on}.select({expression})"
            found = compile(rule, kind)(resource)
            try:
                expected = _judge(rule)(resource, {"resource": resource})
            except Exception:
                continue
            assert found == expected, (key, rule)


@cache
def _judge(rule: str) -> Any:
    return fhirpathpy.compile(rule, models["r4"])


PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "active": True,
    "name": [{"family": "Trần", "given": ["Thị", "Ánh"]}, {"text": "Trần Ánh", "use": "old"}],
    "birthDate": "1980-02",
    "_birthDate": {"extension": [{"url": "urn:day", "valueInteger": 3}]},
    "_gender": {"extension": [{"url": "urn:why", "valueCode": "unknown"}]},
    "telecom": [{"system": "phone", "value": "0912 345 678"}, {"system": "email", "value": "a@b.vn"}],
    "deceasedDateTime": "2025-01-12T07:30:00+07:00",
    "multipleBirthInteger": 2,
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Trạm y tế"}],
    "managingOrganization": {"reference": "#o"},
    "generalPractitioner": [{"reference": "http://a.vn/fhir/Practitioner/1/_history/2"}, {"type": "Device"}],
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("name.given", ["Thị", "Ánh"]),
        ("Patient.name[1].text", ["Trần Ánh"]),
        ("name.given[5]", []),
        ("Practitioner.name", []),
        ("Resource.id", ["p"]),
        ("name.where(use = 'old').text", ["Trần Ánh"]),
        ("name.where(use != 'old').family", []),
        ("name.where(use.exists().not() or use != 'old').family", ["Trần"]),
        ("gender.exists()", [True]),
        ("gender", []),
        ("gender.hasValue()", [False]),
        ("gender.extension('urn:why').value as code", ["unknown"]),
        ("birthDate.hasValue() and birthDate.extension('urn:day').value = 3", [True]),
        ("gender = 'female'", [False]),
        ("active and name.exists()", [True]),
        ("active.not()", [False]),
        ("active and gender", []),
        ("gender and active", []),
        ("gender and false", [False]),
        ("gender or false", []),
        ("gender implies false", []),
        ("gender or active", [True]),
        ("photo.exists() implies false", [True]),
        ("name.exists() implies false", [False]),
        ("photo.exists() or gender", []),
        ("photo.exists() and gender", [False]),
        ("gender != 'female' and gender.exists()", [True]),
        ("gender implies active", [True]),
        ("active xor gender", []),
        ("active xor false", [True]),
        ("deceased is dateTime", [True]),
        ("deceased is boolean", [False]),
        ("deceased is DateTime", [True]),
        ("(deceased as boolean).exists()", [False]),
        ("deceased.ofType(dateTime)", ["2025-01-12T07:30:00+07:00"]),
        ("photo is Attachment", []),
        ("$this is Patient", [True]),
        ("$this is DomainResource", [True]),
        ("$this is Citation", [False]),
        ("deceased.where($this is dateTime).exists()", [True]),
        ("deceased > @2025-01-12T00:29:59Z", [True]),
        ("deceased = @2025-01-12T00:30:00Z", [True]),
        ("deceased < @2025-01-13", [True]),
        ("deceased < @2025-01-12", []),
        ("birthDate < @1980-02-01", []),
        ("birthDate <= @1980-03", [True]),
        ("birthDate = @1980-02-01", []),
        ("birthDate != @1981-02-01", [True]),
        ("multipleBirth > 1", [True]),
        ("multipleBirth = 2.0", [True]),
        ("(multipleBirth as integer) + 1", [3]),
        ("7 div 2 = 3 and 7 mod 2 = 1 and 7 / 2 = 3.5", [True]),
        ("1 / 0", []),
        ("-1 < 0", [True]),
        ("telecom.count()", [2]),
        ("telecom.all(value.exists())", [True]),
        ("telecom.exists(system = 'fax')", [False]),
        ("telecom.system.distinct().count() = 2", [True]),
        ("telecom.select(system & ':' & value).first()", ["phone:0912 345 678"]),
        ("telecom.select(system = 'phone').anyTrue()", [True]),
        ("telecom.select(system = 'phone').allTrue()", [False]),
        ("telecom.select(system = 'phone').allFalse()", [False]),
        ("telecom.system.isDistinct()", [True]),
        ("telecom.system.subsetOf('phone' | 'email' | 'fax')", [True]),
        ("telecom.system.exclude('phone')", ["email"]),
        ("telecom.system.intersect('phone' | 'sms')", ["phone"]),
        ("telecom.first().system in ('phone' | 'sms')", [True]),
        ("telecom.system contains 'fax'", [False]),
        ("gender in ('male' | 'female')", []),
        ("name.given | name.given", ["Thị", "Ánh"]),
        ("name.given.combine(name.given).count()", [4]),
        ("name.tail().text", ["Trần Ánh"]),
        ("name.skip(1).text = name.last().text", [True]),
        ("name.take(1).family", ["Trần"]),
        ("name.single()", []),
        ("name.first().family.startsWith('Tr')", [True]),
        ("name.first().family.endsWith('x')", [False]),
        ("name.first().family.contains('rầ')", [True]),
        ("name.given.contains('a')", []),
        ("id.matches('^p$') and id.matches('[0-9]').not()", [True]),
        ("id.replaceMatches('p', 'q')", ["q"]),
        ("name.last().text.substring(5)", ["Ánh"]),
        ("name.last().text.substring(0, 4)", ["Trần"]),
        ("name.last().text.length()", [8]),
        ("name.last().text.indexOf('Á')", [5]),
        ("name.last().text.upper()", ["TRẦN ÁNH"]),
        ("'a  B' ~ 'A b'", [True]),
        ("(1 | 2) ~ (2 | 1)", [True]),
        ("(1 | 2) = (2 | 1)", [False]),
        ("{} = {}", []),
        ("{} ~ {}", [True]),
        ("'2'.toInteger() + '0.5'.toDecimal()", [Decimal("2.5")]),
        ("multipleBirth.toString()", ["2"]),
        ("'yes'.toBoolean()", [True]),
        ("iif(active, 'a', 'b')", ["a"]),
        ("iif(gender, 'a')", []),
        ("managingOrganization.resolve().name", ["Trạm y tế"]),
        ("managingOrganization.resolve() is Organization", [True]),
        ("generalPractitioner.where(resolve() is Practitioner).reference.count()", [1]),
        ("generalPractitioner.where(resolve() is Device).count()", [1]),
        ("contained.ofType(Organization).id", ["o"]),
        ("contained.where(('#' + id) in %resource.descendants().reference).exists()", [True]),
        ("descendants().as(dateTime)", ["2025-01-12T07:30:00+07:00"]),
        ("descendants().as(date)", ["1980-02"]),
        ("children().count()", [14]),
        ("name.children().as(code)", ["old"]),
        ("repeat(contained).id", ["o"]),
        ("%context.id = %resource.id and %rootResource.id = 'p'", [True]),
        ("%ucum", ["http://unitsofmeasure.org"]),
        ("contained.`name`", ["Trạm y tế"]),
        ("name.given.trace('names').count() // how many", [2]),
        (r"'\u00e1\'\n'", ["á'\n"]),
    ],
)
def test_expressions(expression: str, expected: list[Any]):
    assert compile(expression, "Patient")(PATIENT) == expected


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "",
            "name.",
            "name.where(",
            "name)",
            "'open",
            "1 +",
            "name..given",
            "$index",
            "%nothing",
            "name.nothing",
        ),
        *("name.unknown()", "4 'mg'", "name.where()", "contact.aggregate($total)", "@", "a" * 30_000),
        *(
            "(" * 100 + "1" + ")" * 100,
            ".".join(["extension"] * 3000),
            "-" * 500 + "1",
            "name.where(true)[id]",
        ),
        "memberOf('http://a.vn/ValueSet/v')",
    ],
)
def test_what_is_not_known_is_refused_when_compiling(expression: str):
    with pytest.raises(NotCompiled):
        compile(expression, "Patient")


def test_a_type_that_r4_does_not_have_is_refused():
    with pytest.raises(NotCompiled):
        compile("id", "Patients")


def test_elements_are_judged_in_their_resource():
    low = {"low": {"value": Decimal("2.50"), "code": "mm"}, "high": {"value": 2, "code": "mm"}}
    assert compile("low.empty() or high.empty() or (low <= high)", "Range")(low) == [False]
    low["low"]["code"] = "cm"
    assert compile("low <= high", "Range")(low) == []
    reference = {"reference": "#o"}
    rule = "reference.startsWith('#').not() or (reference.substring(1) in %rootResource.contained.id)"
    assert compile(rule, "Reference")(reference, PATIENT, PATIENT) == [True]
    assert compile(rule, "Reference")({"reference": "#x"}, PATIENT) == [False]
    assert compile("hasValue() or (children().count() > id.count())", "code")("male") == [True]
    empty = Primitive(None, {"id": "a"}, "code")
    assert compile("hasValue() or (children().count() > id.count())", "code")(empty) == [False]
    beside = Primitive(None, {"id": "a", "extension": [{"url": "urn:x"}]}, "code")
    assert compile("hasValue() or (children().count() > id.count())", "code")(beside) == [True]


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(TYPES), SEEDS, st.lists(JUNK, min_size=1, max_size=4))
def test_strange_shapes_never_stop_an_expression(kind: str, seed: int, junk: list[Any]):
    random = Random(seed)
    resource = invented.spoilt(invented.resource(kind, random), random, junk)
    rules = [text for key, text, on in invariants() if on == kind and key not in UNKNOWN]
    for expression in (*oracle.definitions()[kind].values(), *rules):
        assert isinstance(compile(expression, kind)(resource), list)
