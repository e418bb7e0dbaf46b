"""What the database finds is what a slow look at every resource finds; pages together are the whole."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, note
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from lienthong import records
from lienthong.access import audit
from lienthong.records import search
from lienthong.records.search import View, planning
from search_oracle import Oracle

pytestmark = pytest.mark.django_db
ACTOR = audit.system("test")
Resource = dict[str, Any]


def store(*resources: Resource, origin: str = "o", complete: bool = False) -> None:
    with transaction.atomic():
        records.transact(resources, origin=origin, actor=ACTOR, moment="2025", complete=complete)


def maybe(**elements: st.SearchStrategy[Any]) -> st.SearchStrategy[Resource]:
    return st.fixed_dictionaries({}, optional=elements)


CODES = st.sampled_from(["A", "B", "C"])
SYSTEMS = st.sampled_from(["urn:x", "urn:y"])
DAYS = st.sampled_from(
    [
        "2024",
        "2025",
        "2025-01",
        "2025-01-12",
        "2025-01-13",
        "2025-01-12T07:15:00+07:00",
        "2024-12-31T23:30:00Z",
    ]
)
NUMBERS = st.sampled_from(["1", "1.0", "1.5", "2", "10", "0.25", "-3"])
WORDS = st.sampled_from(["Trần", "Lê", "Anh", "Ánh", "Thị Ánh", "Đỗ", "Trần Văn A"])
CODING = st.builds(
    lambda s, c: {**({"system": s} if s else {}), "code": c}, st.sampled_from(["", "urn:x", "urn:y"]), CODES
)
CONCEPT = maybe(
    coding=st.lists(CODING, min_size=1, max_size=2),
    text=st.sampled_from(["Bạch cầu", "Đường huyết", "cầu khuẩn"]),
).filter(bool)
PERIOD = maybe(
    start=DAYS.filter(lambda d: d < "2025-01-12"), end=st.sampled_from(["2025-01-13", "2026"])
).filter(bool)
QUANTITY = st.builds(
    lambda n, u: {"value": Decimal(n), **u},
    NUMBERS,
    st.sampled_from(
        [
            {},
            {"unit": "mg"},
            {"unit": "mg", "system": "urn:u", "code": "mg"},
            {"system": "urn:u", "code": "g"},
        ]
    ),
)
IDENTIFIER = st.builds(
    lambda s, v, t: {**s, **t, "value": v},
    st.sampled_from([{}, {"system": "urn:x"}]),
    CODES,
    st.sampled_from([{}, {"type": {"coding": [{"system": "urn:t", "code": "MR"}]}}]),
)
SECRET = st.sampled_from([{}, {}, {"security": [{"code": "R"}]}, {"tag": [{"system": "urn:x", "code": "A"}]}])


def refs(*targets: str) -> st.SearchStrategy[Resource]:
    literal = st.sampled_from([{"reference": target} for target in targets])
    return (
        literal | st.just({"display": "ai đó"}) | st.just({"identifier": {"system": "urn:x", "value": "A"}})
    )


PEOPLE = ["p1", "p2", "p3"]
PATIENTS = st.lists(
    maybe(
        meta=SECRET,
        name=st.lists(
            maybe(family=WORDS, given=st.lists(WORDS, min_size=1, max_size=2), text=WORDS).filter(bool),
            min_size=1,
            max_size=2,
        ),
        gender=st.sampled_from(["male", "female"]),
        birthDate=st.sampled_from(["1960", "1960-03", "1960-03-02", "1961-01-01"]),
        identifier=st.lists(IDENTIFIER, min_size=1, max_size=2),
        telecom=st.lists(
            st.builds(lambda s, v: {"system": s, "value": v}, st.sampled_from(["phone", "email"]), CODES),
            min_size=1,
        ),
        active=st.booleans(),
        link=st.just([{"other": {"reference": "Patient/p1"}, "type": "seealso"}]),
    ),
    min_size=3,
    max_size=3,
)
ENCOUNTERS = st.lists(
    maybe(
        meta=SECRET,
        subject=refs("Patient/p1", "Patient/p2"),
        period=PERIOD,
        type=st.lists(CONCEPT, min_size=1, max_size=1),
    ),
    min_size=2,
    max_size=2,
)
OBSERVATIONS = st.lists(
    maybe(
        meta=SECRET,
        subject=refs("Patient/p1", "Patient/p2", "Patient/p9", "Group/g1", "Patient/p1/_history/1"),
        encounter=refs("Encounter/e1", "Encounter/e2"),
        category=st.lists(CONCEPT, min_size=1, max_size=1),
        value=st.one_of(
            st.tuples(st.just("valueQuantity"), QUANTITY),
            st.tuples(st.just("valueString"), WORDS),
            st.tuples(st.just("valueCodeableConcept"), CONCEPT),
        ),
        effective=st.one_of(
            st.tuples(st.just("effectiveDateTime"), DAYS), st.tuples(st.just("effectivePeriod"), PERIOD)
        ),
        component=st.lists(
            st.builds(lambda c, q: {"code": c, "valueQuantity": q}, CONCEPT, QUANTITY), min_size=1, max_size=2
        ),
    ),
    max_size=7,
)


def population(
    patients: list[Resource], encounters: list[Resource], observations: list[Resource], codes: list[Resource]
) -> list[Resource]:
    found: list[Resource] = [
        {"resourceType": "Patient", "id": f"p{n}", **p} for n, p in enumerate(patients, 1)
    ]
    for n, encounter in enumerate(encounters, 1):
        fixed = {"resourceType": "Encounter", "id": f"e{n}", "status": "planned", "class": {"code": "AMB"}}
        found.append({**fixed, **encounter})
    for n, made in enumerate(observations, 1):
        rest = dict(made)
        chosen = dict(rest.pop(name) for name in ("value", "effective") if name in rest)
        fixed = {"resourceType": "Observation", "id": f"o{n}", "status": "final" if n % 2 else "amended"}
        found.append({**fixed, "code": codes[n % len(codes)], **rest, **chosen})
    return [{name: value for name, value in r.items() if value not in ({}, [{}])} for r in found]


POPULATION = st.builds(
    population, PATIENTS, ENCOUNTERS, OBSERVATIONS, st.lists(CONCEPT, min_size=2, max_size=2)
)

TOKEN = st.sampled_from(["A", "B", "urn:x|A", "urn:y|B", "|A", "urn:x|", "A,urn:y|C"])
PREFIX = st.sampled_from(["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"])
DATE = st.builds("".join, st.tuples(PREFIX, DAYS | st.sampled_from(["1960", "1960-03-02"])))
NUMBER = st.builds(
    lambda p, n, u: p + n + u, PREFIX, NUMBERS, st.sampled_from(["", "|urn:u|mg", "||mg", "||"])
).map(lambda text: text.removesuffix("||"))
STRING = st.sampled_from(["tran", "Ánh", "anh", "Thị", "van a", "Đỗ", "Trần Văn A", "tran,le"])
MISSING = st.sampled_from(["true", "false"])
PERSON = st.sampled_from(["p1", "Patient/p2", "Patient/p1,Patient/p2", "Patient/p9"])


def named(values: st.SearchStrategy[str], *names: str) -> st.SearchStrategy[tuple[str, str]]:
    return st.tuples(st.sampled_from(names), values)


ABOUT = {
    "Patient": st.one_of(
        named(
            STRING, "name", "family", "given", "name:exact", "family:exact", "given:contains", "name:contains"
        ),
        named(DATE, "birthdate"),
        named(
            st.sampled_from(["male", "female", "http://hl7.org/fhir/administrative-gender|x"]),
            "gender",
            "gender:not",
        ),
        named(TOKEN, "identifier", "identifier:not"),
        named(st.just("urn:t|MR|A"), "identifier:of-type"),
        named(st.sampled_from(["A", "B"]), "phone", "email", "telecom", "phone:not"),
        named(
            MISSING, "birthdate:missing", "phone:missing", "name:missing", "gender:missing", "link:missing"
        ),
        named(st.sampled_from(["true", "false"]), "active"),
        named(
            TOKEN,
            "_tag",
            "_has:Observation:patient:code",
            "_has:Observation:subject:code:not",
            "link.identifier",
        ),
        named(
            st.sampled_from(["bach", "cau"]),
            "_has:Observation:patient:code:text",
            "_has:Encounter:patient:_has:Observation:encounter:code:text",
        ),
        named(DATE, "_has:Observation:patient:date", "_has:Encounter:subject:date"),
        named(TOKEN, "_has:Encounter:patient:_has:Observation:encounter:code"),
        named(PERSON, "link"),
        named(st.sampled_from(["p1", "p1,p3", "zz"]), "_id"),
    ),
    "Observation": st.one_of(
        named(
            TOKEN,
            "code",
            "code:not",
            "category",
            "category:not",
            "combo-code",
            "component-code",
            "value-concept",
            "_tag",
        ),
        named(st.sampled_from(["bach", "cau", "duong"]), "code:text", "category:text"),
        named(
            st.sampled_from(["final", "amended", "http://hl7.org/fhir/observation-status|final"]),
            "status",
            "status:not",
        ),
        named(st.just("http://hl7.org/fhir/ValueSet/observation-status"), "status:in", "status:not-in"),
        named(DATE, "date"),
        named(NUMBER, "value-quantity", "combo-value-quantity", "component-value-quantity"),
        named(STRING, "value-string", "value-string:exact", "value-string:contains"),
        named(PERSON, "subject", "patient"),
        named(st.sampled_from(["p1", "p2"]), "subject:Patient"),
        named(st.sampled_from(["e1", "Encounter/e2"]), "encounter"),
        named(st.sampled_from(["urn:x|A", "A", "urn:y|A"]), "subject:identifier", "encounter:identifier"),
        named(
            MISSING,
            "subject:missing",
            "patient:missing",
            "encounter:missing",
            "date:missing",
            "value-quantity:missing",
            "category:missing",
            "value-string:missing",
        ),
        named(
            st.builds(lambda c, n: f"{c}${n}", st.sampled_from(["A", "urn:x|B"]), NUMBER),
            "code-value-quantity",
            "combo-code-value-quantity",
            "component-code-value-quantity",
        ),
        named(
            STRING,
            "patient.name",
            "subject:Patient.family",
            "patient.name:exact",
            "encounter.subject:Patient.name",
        ),
        named(DATE, "subject:Patient.birthdate", "encounter.date"),
        named(TOKEN, "patient.identifier", "encounter.type", "encounter.patient.identifier"),
    ),
    "Encounter": st.one_of(
        named(DATE, "date"),
        named(TOKEN, "type", "_has:Observation:encounter:code", "patient.link.identifier"),
        named(PERSON, "patient", "subject"),
        named(MISSING, "date:missing", "type:missing", "patient:missing"),
        named(DATE, "_has:Observation:encounter:date"),
    ),
}
QUERY = st.sampled_from(sorted(ABOUT)).flatmap(
    lambda kind: st.tuples(st.just(kind), st.lists(ABOUT[kind], min_size=1, max_size=3))
)


def secret(resource: Resource) -> bool:
    return "security" in resource.get("meta", {})


class Truth(TestCase):
    """Over random small populations and queries."""

    @given(POPULATION, st.lists(QUERY, min_size=6, max_size=12), st.booleans())
    def test_the_database_and_memory_find_what_a_slow_look_finds(
        self, everyone: list[Resource], queries: list[tuple[str, list[tuple[str, str]]]], walk: bool
    ) -> None:
        store(*everyone)
        before = planning.FEW, planning.SOME
        planning.FEW, planning.SOME = (0, 0) if walk else before
        try:
            for restricted in (False, True):
                oracle = Oracle(everyone, lambda r: restricted or not secret(r))  # noqa: B023
                for kind, query in queries:
                    note(f"{kind} {query} restricted={restricted}")
                    expected = oracle.search(kind, query)
                    page = search.search(kind, [*query, ("_total", "accurate")], View(restricted=restricted))
                    assert {stored.id for stored in page.matches} == expected
                    assert page.total == len(expected)
                    counted = search.search(
                        kind, [*query, ("_summary", "count")], View(restricted=restricted)
                    )
                    assert (counted.total, counted.matches) == (len(expected), [])
                    if not any("." in name or name.startswith("_has") for name, _ in query):
                        fitting = {
                            r["id"]
                            for r in everyone
                            if r["resourceType"] == kind and search.matches(r, query)
                        }
                        assert fitting == Oracle(everyone).search(kind, query)
        finally:
            planning.FEW, planning.SOME = before


MOMENTS = [
    "2024",
    "2024-12-31T23:30:00Z",
    "2025-01",
    "2025-01-12",
    "2025-01-12T07:15:00+07:00",
    "2025-01-13",
    "2025",
]
PREFIXES = ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"]


@pytest.mark.parametrize("few", [0, 2000])
def test_every_prefix_over_every_pair_of_intervals(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "FEW", few)
    fixed = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    periods: list[Any] = [
        {"start": "2024-06"}, {"end": "2025-01-12"}, {"start": "2024-06", "end": "2025-01-12"},
    ]  # fmt: skip
    numbers = ["1", "1.0", "1.4", "1.5", "10", "-1", "0.96", "100"]
    everyone = [{**fixed, "id": f"d{n}", "effectiveDateTime": one} for n, one in enumerate(MOMENTS)]
    everyone += [{**fixed, "id": f"p{n}", "effectivePeriod": one} for n, one in enumerate(periods)]
    everyone += [
        {**fixed, "id": f"q{n}", "valueQuantity": {"value": Decimal(one)}} for n, one in enumerate(numbers)
    ]
    store(*everyone)
    oracle = Oracle(everyone)
    for prefix in PREFIXES:
        for name, values in (("date", MOMENTS), ("value-quantity", numbers)):
            for value in values:
                query = [(name, prefix + value)]
                found = search.search("Observation", query).matches
                assert {stored.id for stored in found} == oracle.search("Observation", query), query


def test_about_means_within_a_tenth() -> None:
    fixed = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    numbers = ["89", "90", "100", "110", "111"]
    store(*({**fixed, "id": f"q{n}", "valueQuantity": {"value": Decimal(n)}} for n in numbers))
    store(*({**fixed, "id": f"d{year}", "effectiveDateTime": year} for year in ("1925", "1985", "2024")))
    about = search.search("Observation", [("value-quantity", "ap100")]).matches
    assert {stored.id for stored in about} == {"q90", "q100", "q110"}
    assert [stored.id for stored in search.search("Observation", [("date", "ap1986")]).matches] == ["d1985"]
