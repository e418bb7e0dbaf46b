"""What the database finds is what a slow look at every resource finds; pages together are the whole."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, note
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

import search_ways
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

TOKENS = ["A", "B", "urn:x|A", "urn:y|B", "|A", "urn:x|", "A,urn:y|C"]
PREFIXES = ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"]
DATES = [
    p + d
    for p in ["", *PREFIXES]
    for d in ("1960", "1960-03-02", "2025", "2025-01-12", "2025-01-12T07:15:00+07:00")
]
AMOUNTS = [
    p + n + u for p in ["", *PREFIXES] for n in ("1", "1.0", "2", "0.25") for u in ("", "|urn:u|mg", "||mg")
]
TEXTS = ["tran", "Ánh", "anh", "Thị", "van a", "Đỗ", "Trần Văn A", "tran,le"]
BOTH = ["true", "false"]
PERSONS = ["p1", "Patient/p2", "Patient/p1,Patient/p2", "Patient/p9"]
STATUS = ["final", "amended", "http://hl7.org/fhir/observation-status|final", "urn:x|final"]
STATUS_SET = ["http://hl7.org/fhir/ValueSet/observation-status"]
PAIRS = [f"{code}${amount}" for code in ("A", "urn:x|B") for amount in AMOUNTS]

ASKED: dict[str, dict[str, list[str]]] = {
    "Patient": {
        "name family given name:exact family:exact given:contains name:contains": TEXTS,
        "birthdate _has:Observation:patient:date _has:Encounter:subject:date": DATES,
        "gender gender:not": ["male", "female", "http://hl7.org/fhir/administrative-gender|male"],
        "identifier identifier:not _tag link.identifier": TOKENS,
        "_has:Observation:patient:code _has:Observation:subject:code:not": TOKENS,
        "_has:Encounter:patient:_has:Observation:encounter:code": TOKENS,
        "_has:Observation:patient:code:text": ["bach", "cau"],
        "_has:Encounter:patient:_has:Observation:encounter:code:text": ["bach", "cau"],
        "identifier:of-type": ["urn:t|MR|A"],
        "phone email telecom phone:not email:not": ["A", "B"],
        "birthdate:missing phone:missing name:missing gender:missing link:missing active": BOTH,
        "link": PERSONS,
        "_id": ["p1", "p1,p3", "zz"],
    },
    "Observation": {
        "code code:not category category:not combo-code component-code value-concept _tag": TOKENS,
        "patient.identifier encounter.type encounter.patient.identifier": TOKENS,
        "code:text category:text": ["bach", "cau", "duong"],
        "status status:not": STATUS,
        "status:in status:not-in": STATUS_SET,
        "date subject:Patient.birthdate encounter.date": DATES,
        "value-quantity combo-value-quantity component-value-quantity": AMOUNTS,
        "value-string value-string:exact value-string:contains": TEXTS,
        "patient.name subject:Patient.family patient.name:exact encounter.subject:Patient.name": TEXTS,
        "subject patient": PERSONS,
        "subject:Patient": ["p1", "p2"],
        "encounter": ["e1", "Encounter/e2"],
        "subject:identifier encounter:identifier": ["urn:x|A", "A", "urn:y|A"],
        "subject:missing patient:missing encounter:missing date:missing": BOTH,
        "value-quantity:missing category:missing value-string:missing": BOTH,
        "code-value-quantity combo-code-value-quantity component-code-value-quantity": PAIRS,
    },
    "Encounter": {
        "date _has:Observation:encounter:date": DATES,
        "type _has:Observation:encounter:code patient.link.identifier": TOKENS,
        "patient subject": PERSONS,
        "date:missing type:missing patient:missing": BOTH,
    },
}
SINGLE = [
    (kind, name, values)
    for kind, groups in ASKED.items()
    for names, values in groups.items()
    for name in names.split()
]


def queries(seed: int) -> list[tuple[str, list[tuple[str, str]]]]:
    """Some searches, every parameter as likely as any other."""
    random = Random(seed)
    found = []
    for kind, name, values in random.sample(SINGLE, 12):
        query = [(name, random.choice(values))]
        if random.random() < 0.3:
            _, other, more = random.choice([one for one in SINGLE if one[0] == kind])
            query.append((other, random.choice(more)))
        found.append((kind, query))
    return found


def secret(resource: Resource) -> bool:
    return "security" in resource.get("meta", {})


class Truth(TestCase):
    """Over random small populations and queries."""

    @given(POPULATION, st.integers(0, 2**32).map(queries), search_ways.ALL)
    def test_the_database_and_memory_find_what_a_slow_look_finds(
        self, everyone: list[Resource], asked: list[tuple[str, list[tuple[str, str]]]], way: str
    ) -> None:
        store(*everyone)
        with search_ways.taken(way):
            for restricted in (False, True):
                oracle = Oracle(everyone, lambda r: restricted or not secret(r))  # noqa: B023
                for kind, query in asked:
                    note(f"{kind} {query} restricted={restricted}")
                    expected = oracle.search(kind, query)
                    page = search.search(kind, [*query, ("_total", "accurate")], View(restricted=restricted))
                    assert {stored.id for stored in page.matches} == expected
                    assert page.total == len(expected)
                    short = search.search(kind, [*query, ("_count", "2")], View(restricted=restricted))
                    assert short.matches == page.matches[:2]
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


MOMENTS = [
    "2024",
    "2024-12-31T23:30:00Z",
    "2025-01",
    "2025-01-12",
    "2025-01-12T07:15:00+07:00",
    "2025-01-13",
    "2025",
]


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
