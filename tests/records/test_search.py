"""Search: pages, order, includes, what may be seen, and what is refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

import search_ways
from lienthong import records
from lienthong.access import audit
from lienthong.foundation import json
from lienthong.foundation.errors import LienThongError
from lienthong.records import search
from lienthong.records.search import Shape, View, including, planning

pytestmark = pytest.mark.django_db
Resource = dict[str, Any]


def store(*resources: Resource, origin: str = "o", complete: bool = False) -> None:
    with transaction.atomic():
        records.transact(
            resources, origin=origin, actor=audit.system("test"), moment="2025", complete=complete
        )


def ask(kind: str, query: str, view: View | None = None, **more: Any) -> search.Page:
    return search.search(kind, parse_qsl(query, keep_blank_values=True), view, **more)


def ids(kind: str, query: str, view: View | None = None, **more: Any) -> list[str]:
    return [stored.id for stored in ask(kind, query, view, **more).matches]


def patient(id: str, family: str = "", born: str = "", **more: Any) -> Resource:
    names = {"name": [{"family": family}]} if family else {}
    return {"resourceType": "Patient", "id": id, **names, **({"birthDate": born} if born else {}), **more}


def observation(id: str, of: str = "p1", day: str = "", code: str = "A", **more: Any) -> Resource:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": [{"system": "urn:c", "code": code}]},
        "subject": {"reference": f"Patient/{of}"},
        **({"effectiveDateTime": day} if day else {}),
        **more,
    }


def encounter(id: str, of: str = "p1", **more: Any) -> Resource:
    fixed = {"resourceType": "Encounter", "id": id, "status": "finished", "class": {"code": "AMB"}}
    return {**fixed, "subject": {"reference": f"Patient/{of}"}, **more}


SECRET = {"meta": {"security": [{"code": "R"}]}}


def refused(kind: str, query: str, **more: Any) -> LienThongError:
    with pytest.raises(LienThongError) as caught:
        ask(kind, query, **more)
    return caught.value


# pages and order

SORTS = st.sampled_from(
    [
        "",
        "date",
        "-date",
        "-_lastUpdated",
        "_id",
        "-_id",
        "value-quantity,-date",
        "-date,_id",
        "value-string,-_lastUpdated",
    ]
)
ITEM = st.tuples(
    st.sampled_from(["", "2024", "2025-01-01", "2025-01-02", "2025-01-03T07:00:00+07:00"]),
    st.sampled_from(
        [
            {},
            {"valueQuantity": {"value": 1}},
            {"valueQuantity": {"value": 5}},
            {"valueString": "Đỏ"},
            {"valueString": "an"},
        ]
    ),
)


class Pages(TestCase):
    """Pages together are the whole, in the order of one large page, whatever is added or removed meanwhile."""

    @given(
        st.lists(ITEM, max_size=9),
        SORTS,
        st.integers(1, 4),
        search_ways.ALL,
        st.lists(st.sampled_from(["add", "remove", "none"]), min_size=12, max_size=12),
        st.sampled_from(["", "&code=A", "&code=urn:c|A", "&code:text=x", "&date=ge2024", "&date=lt2025"]),
    )
    def test_pages_together_are_the_whole(
        self, items: list[Any], sort: str, size: int, way: str, events: list[str], more: str
    ) -> None:
        for n, (day, value) in enumerate(items):
            code = {"coding": [{"system": "urn:c", "code": "A"}], "text": "x"}
            store({**observation(f"o{n}", day=day, **value), "code": code}, origin=f"o{n}")
        with search_ways.taken(way):
            query = f"_sort={sort}{more}" if sort else more.removeprefix("&")
            whole = ids("Observation", f"{query}&_count=500")
            seen: list[str] = []
            removed: set[str] = set()
            added: set[str] = set()
            cursor = ""
            for turn in range(40):
                page = ask("Observation", f"{query}&_count={size}&_total=none&_cursor={cursor}")
                assert len(page.matches) <= size
                seen += [stored.id for stored in page.matches]
                cursor = page.following
                if not cursor:
                    break
                event = events[turn % len(events)]
                if event == "add":
                    added.add(f"new{turn}")
                    store(observation(f"new{turn}", day="2025-01-02", valueQuantity={"value": 3}))
                elif event == "remove" and whole:
                    gone = whole[turn % len(whole)]
                    removed.add(gone)
                    store(origin=gone, complete=True)
            assert len(seen) == len(set(seen))
            kept = [id for id in seen if id not in added]
            assert [id for id in kept if id not in removed] == [id for id in whole if id not in removed]

    @given(st.lists(ITEM, min_size=1, max_size=9), SORTS, st.integers(1, 4), search_ways.ALL)
    def test_the_page_before_is_the_one_that_was_shown(
        self, items: list[Any], sort: str, size: int, way: str
    ) -> None:
        store(*(observation(f"o{n}", day=day, **value) for n, (day, value) in enumerate(items)))
        with search_ways.taken(way):
            shown, cursor = [], ""
            while True:
                page = ask("Observation", f"_sort={sort}&_count={size}&_cursor={cursor}")
                shown.append([stored.id for stored in page.matches])
                cursor = page.following
                if not cursor:
                    break
            for expected in reversed(shown[:-1]):
                assert page.previous
                page = ask("Observation", f"_sort={sort}&_count={size}&_cursor={page.previous}")
                assert [stored.id for stored in page.matches] == expected
            assert not page.previous


def test_the_order_is_the_one_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    store(
        patient("p1", "Trần", "1960"),
        patient("p2", "Lê", "1970"),
        patient("p3", "", "1950"),
        patient("p4", "Đỗ"),
        patient("p5", "Trần", "1940"),
    )
    for few in (2000, 0):
        monkeypatch.setattr(planning, "FEW", few)
        assert ids("Patient", "_sort=family,birthdate") == ["p4", "p2", "p5", "p1", "p3"]
        assert ids("Patient", "_sort=-family,birthdate") == ["p5", "p1", "p2", "p4", "p3"]
        assert ids("Patient", "_sort=-birthdate") == ["p2", "p1", "p3", "p5", "p4"]
        assert ids("Patient", "_sort=_id&_count=2") == ["p1", "p2"]
    store(patient("p2", "Lê", "1971"))
    assert ids("Patient", "_sort=-_lastUpdated&_count=1") == ["p2"]


def test_a_cursor_goes_with_its_own_search_and_unchanged() -> None:
    store(*(observation(f"o{n}") for n in range(5)))
    cursor = ask("Observation", "_count=2").following
    assert len(ids("Observation", f"_count=3&_cursor={cursor}")) == 3
    for other in (
        f"code=A&_cursor={cursor}",
        f"_cursor={cursor[:-1]}",
        "_cursor=x",
        f"_sort=date&_cursor={cursor}",
    ):
        assert refused("Observation", other).problem.code == "search-bad-cursor"
    assert refused("Patient", f"_cursor={cursor}").problem.code == "search-bad-cursor"


def test_the_count_is_told_when_asked_for_or_when_it_costs_nothing() -> None:
    store(*(observation(f"o{n}") for n in range(5)))
    assert ask("Observation", "_count=2&code=A").total == 5
    assert ask("Observation", "_count=2&code=A&_total=none").total is None
    assert (ask("Observation", "_count=0").total, ids("Observation", "_count=0")) == (5, [])
    assert ask("Observation", "_count=9999").total == 5


# includes


def test_includes_come_once_and_follow_references() -> None:
    store(
        patient("p1", generalPractitioner=[{"reference": "Practitioner/d1"}]),
        {"resourceType": "Practitioner", "id": "d1"},
        {"resourceType": "Group", "id": "g1", "type": "person", "actual": True},
        encounter("e1"),
        observation("o1", encounter={"reference": "Encounter/e1"}),
        observation("o2", encounter={"reference": "Encounter/e1"}),
        observation("o3", subject={"reference": "Group/g1"}),
    )

    def included(kind: str, query: str) -> list[str]:
        return sorted(stored.ref for stored in ask(kind, query).included)

    assert included("Observation", "_include=Observation:subject") == ["Group/g1", "Patient/p1"]
    assert included("Observation", "_include=Observation:subject:Group") == ["Group/g1"]
    assert included("Observation", "_include=Observation:patient") == ["Patient/p1"]
    assert included("Observation", "_include=*") == ["Encounter/e1", "Group/g1", "Patient/p1"]
    deep = "_id=o1&_include=Observation:encounter&_include:iterate=Patient:general-practitioner"
    assert included("Observation", deep + "&_include=Observation:subject") == [
        "Encounter/e1",
        "Patient/p1",
        "Practitioner/d1",
    ]
    assert included("Patient", "_revinclude=Observation:patient") == ["Observation/o1", "Observation/o2"]
    assert included("Encounter", "_revinclude=*") == ["Observation/o1", "Observation/o2"]
    chained = "_revinclude=Encounter:patient&_revinclude:iterate=Observation:encounter"
    assert included("Patient", chained) == ["Encounter/e1", "Observation/o1", "Observation/o2"]
    assert refused("Patient", "_include=Patient:name").problem.code == "search-unknown-parameter"


def test_too_many_includes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(including, "MOST", 3)
    store(patient("p1"), *(observation(f"o{n}") for n in range(5)))
    assert refused("Patient", "_revinclude=Observation:subject").problem.code == "search-too-many-included"


# what may be seen


def hidden_world() -> None:
    store(
        patient("p1", "Trần"),
        patient("p2", "Lê", **SECRET),
        encounter("e1", **SECRET),
        encounter("e2", "p2"),
        observation("o1", encounter={"reference": "Encounter/e1"}),
        observation("o2", code="HIV", **SECRET),
        observation("o3", "p2"),
    )


def test_what_is_restricted_is_not_found_in_any_way(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden_world()
    for few in (2000, 0):
        monkeypatch.setattr(planning, "FEW", few)
        assert ids("Observation", "code=HIV") == []
        assert ask("Observation", "_summary=count").total == 2
        assert ids("Patient", "_has:Observation:patient:code=HIV") == []
        assert ids("Patient", "_has:Encounter:patient:_has:Observation:encounter:code=A") == []
        assert ids("Observation", "patient.family=le") == []
        assert ids("Observation", "patient.name:exact=Lê") == []
        assert ids("Observation", "encounter.patient.family=tran") == []
        assert ids("Observation", "encounter.status=finished") == []
        assert (
            ask("Patient", "_id=p1&_revinclude=Observation:patient&_revinclude=Encounter:patient")
            .included[0]
            .id
            == "o1"
        )
        assert len(ask("Patient", "_id=p1&_revinclude=*").included) == 1
        assert ask("Observation", "_id=o3&_include=*").included == []
        assert search.find("Observation", [("code", "HIV")]) == []
        everything = View(restricted=True)
        assert ids("Patient", "_has:Observation:patient:code=HIV", everything) == ["p1"]
        assert ids("Observation", "patient.family=le", everything) == ["o3"]


def test_scopes_hold_for_matches_chains_and_includes() -> None:
    hidden_world()
    only = View(
        restricted=True, within={"Observation": [(("code", "A"),)], "Patient": [(("family", "tran"),)]}
    )
    assert sorted(ids("Observation", "", only)) == ["o1", "o3"]
    assert ids("Observation", "patient.gender:missing=true", only) == ["o1"]
    assert ids("Encounter", "", only) == []
    assert ids("Observation", "encounter.status=finished", only) == []
    assert [s.ref for s in ask("Observation", "_include=*", only).included] == ["Patient/p1"]
    assert ids("Patient", "_has:Observation:patient:code=HIV", only) == []
    assert ids("", "", only) == ["o3", "o1", "p1"]
    assert ids("Patient", "", View(within={})) == []
    exact = View(
        restricted=True,
        within={
            "*": [(("_id", "p1"),)],
            "Observation": [(("code:text", "không"),), (("patient.name:exact", "Trần"),)],
        },
    )
    assert sorted(ids("", "", exact)) == ["o1", "o2", "p1"]
    assert [s.ref for s in ask("Patient", "_revinclude=*", exact).included] == [
        "Observation/o1",
        "Observation/o2",
    ]


def test_a_scope_of_two_conditions_needs_both() -> None:
    store(observation("o1"), observation("o2", status="amended"), observation("o3", code="B"))
    both = View(within={"Observation": [(("code", "A"), ("status", "amended"))]})
    assert ids("Observation", "", both) == ["o2"]
    assert ids("Observation", "status=final", both) == []


def test_a_compartment_holds_what_belongs_to_the_patient() -> None:
    hidden_world()
    assert ids("Observation", "", patient="p1") == ["o1"]
    assert ids("", "", View(restricted=True), patient="p1") == ["o2", "o1", "e1", "p1"]
    assert ids("", "_type=Encounter,Patient", patient="p2") == ["e2"]
    assert refused("Organization", "", patient="p1").problem.code == "search-unknown-type"


# values


def test_references_are_written_in_several_ways() -> None:
    base = "https://tinh.example/fhir"
    store(
        observation("o1"),
        observation("o2", subject={"reference": "Patient/p1/_history/2"}),
        observation("o3", subject={"reference": f"{base}/Patient/p1"}),
        observation("o4", subject={"reference": "https://khac.example/fhir/Patient/p1"}),
    )
    assert ids("Observation", "subject=Patient/p1") == ["o2", "o1"]
    assert ids("Observation", "subject=p1", base=base) == ["o3", "o2", "o1"]
    assert ids("Observation", f"patient={base}/Patient/p1", base=base) == ["o3", "o2", "o1"]
    assert ids("Observation", "subject=https://khac.example/fhir/Patient/p1") == ["o4"]
    assert ids("Observation", "subject=Patient/p1/_history/2") == ["o2"]
    assert refused("Observation", "patient=Group/g1").problem.code == "search-unknown-type"


def test_escaped_marks_belong_to_the_value() -> None:
    store(
        patient("p1", identifier=[{"system": "urn:x", "value": "a,b|c"}]),
        patient("p2", identifier=[{"system": "urn:x", "value": "a"}]),
    )
    assert ids("Patient", r"identifier=urn:x|a\,b\|c") == ["p1"]
    assert ids("Patient", r"identifier=a\,b\|c,urn:x|a") == ["p2", "p1"]


def test_when_it_was_stored() -> None:
    store(patient("p1"))
    at = records.read("Patient", "p1").updated  # type: ignore[union-attr]
    assert ids("Patient", f"_lastUpdated={at}") == ["p1"]
    assert ids("Patient", f"_lastUpdated=gt{at}") == []
    assert ids("Patient", f"_lastUpdated=ge{at[:10]}") == ids("Patient", "_lastUpdated=gt2020") == ["p1"]
    assert ids("Patient", "_lastUpdated=lt2020,ge2020") == ["p1"]


def test_codes_of_value_sets_and_below_others() -> None:
    act = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    store(
        encounter("e1", **{"class": {"system": act, "code": "ACUTE"}}),
        encounter("e2", **{"class": {"system": act, "code": "AMB"}}),
    )
    assert ids("Encounter", f"class:below={act}|IMP") == ["e1"]
    assert ids("Encounter", f"class:above={act}|ACUTE") == ["e1"]
    assert ids("Encounter", "class:not-in=http://terminology.hl7.org/ValueSet/v3-ActEncounterCode") == []
    assert refused("Encounter", "class:in=urn:none").problem.code == "search-no-value-set"
    assert refused("Encounter", f"class:below={act}|zzz").problem.code == "search-no-value-set"


def test_codes_of_our_lists_and_of_the_store() -> None:
    icd, loinc = "http://hl7.org/fhir/sid/icd-10", "http://loinc.org"

    def condition(id: str, code: str, of: str = icd) -> Resource:
        concept = {"coding": [{"system": of, "code": code}]}
        return {
            "resourceType": "Condition",
            "id": id,
            "subject": {"reference": "Patient/p1"},
            "code": concept,
        }

    fixed = {"status": "active", "resourceType": "ValueSet"}
    include = [{"system": loinc, "concept": [{"code": "718-7"}]}, {"valueSet": ["http://example.org/more"]}]
    tree = [{"code": "a", "concept": [{"code": "b"}]}, {"code": "c"}]
    store(
        condition("pneumonia", "J18.9"),
        condition("asthma", "J45"),
        condition("cholera", "A00.0"),
        condition("lab", "718-7", loinc),
        condition("own", "b", "http://example.org/own"),
        {**fixed, "id": "vs", "url": "http://example.org/vs", "compose": {"include": include}},
        {**fixed, "id": "more", "url": "http://example.org/more", "version": "2",
         "compose": {"include": [{"system": "http://example.org/own"}]}},
        {**fixed, "id": "round", "url": "http://example.org/round",
         "compose": {"include": [{"valueSet": ["http://example.org/round"]}]}},
        {**fixed, "id": "listed", "expansion": {"timestamp": "2025", "contains": [
            {"abstract": True, "contains": [{"system": icd, "code": "J45"}]}]}},
        {**fixed, "id": "secret", "url": "http://example.org/secret", **SECRET, "compose": {"include": include[:1]}},
        {"resourceType": "CodeSystem", "id": "own", "url": "http://example.org/own", "status": "active",
         "content": "complete", "concept": tree},
    )  # fmt: skip

    def found(query: str) -> list[str]:
        return sorted(ids("Condition", query))

    assert found(f"code:below={icd}|J18") == ["pneumonia"]
    assert found(f"code:below={icd}|X") == ["asthma", "pneumonia"]
    assert found(f"code:below={icd}|J09-J18,{icd}|A00") == ["cholera", "pneumonia"]
    assert found(f"code:above={icd}|J18.9") == ["pneumonia"]
    assert found("code:below=http://example.org/own|a") == ["own"]
    for name in ("http://example.org/vs", "ValueSet/vs", "vs"):
        assert found(f"code:in={name}") == ["lab", "own"]
    assert found("code:not-in=http://example.org/more|2") == ["asthma", "cholera", "lab", "pneumonia"]
    assert found("code:in=listed") == ["asthma"]
    ours = "https://lienthong.example/fhir/ValueSet/ethnic-group"
    assert found(f"code:in={ours}") == []
    for unknown in ("http://example.org/round", "http://example.org/secret", "none"):
        assert refused("Condition", f"code:in={unknown}").problem.code == "search-no-value-set"
    store({**fixed, "id": "vs", "url": "http://example.org/vs", "compose": {"include": include[:1]}})
    assert found("code:in=vs") == ["lab"]


# what is refused


@pytest.mark.parametrize(
    ("kind", "query", "code", "path"),
    [
        ("Patient", "colour=red", "unknown-parameter", "colour"),
        ("Patien", "name=a", "unknown-type", "resourceType"),
        ("Patient", "name:near=a", "bad-modifier", "name:near"),
        ("Patient", "birthdate=yesterday", "bad-value", "birthdate"),
        ("Patient", "birthdate=2025-02-30", "bad-value", "birthdate"),
        ("Patient", "birthdate:missing=maybe", "bad-value", "birthdate:missing"),
        ("Observation", "value-quantity=abc", "bad-value", "value-quantity"),
        ("Observation", "value-quantity=5|mg", "bad-value", "value-quantity"),
        ("Observation", "code-value-quantity=A", "bad-value", "code-value-quantity"),
        ("Observation", "code=|", "bad-value", "code"),
        ("Observation", "subject:Medication=1", "unknown-type", "subject:Medication"),
        ("Observation", "subject.colour=red", "unknown-parameter", "colour"),
        ("Observation", "code.name=a", "unknown-parameter", "code.name"),
        ("Patient", "_has:Observation:code=a", "bad-value", "_has:Observation:code"),
        ("Patient", "_has:Observatio:patient:code=a", "unknown-type", "_has:Observatio:patient:code"),
        ("Patient", "_has:Observation:code:status=a", "unknown-parameter", "_has:Observation:code:status"),
        ("Patient", "_filter=name eq a", "unsupported", "_filter"),
        ("Patient", "_query=a", "unsupported", "_query"),
        ("Observation", "_sort=code-value-date", "unsupported", "_sort=code-value-date"),
        ("Patient", "_sort=colour", "unknown-parameter", "colour"),
        ("Patient", "_count=-1", "bad-value", "_count"),
        ("Patient", "_total=all", "bad-value", "_total"),
        ("Patient", "_summary=short", "bad-value", "_summary"),
        ("Patient", "name=a\0b", "bad-value", "name"),
        ("Location", "near=1|2|3|leagues", "bad-value", "near"),
        ("Patient", "_id=../x", "bad-value", "_id"),
        ("", "_type=Patient&name=a&birthdate=2020&_type=Observation", "unknown-parameter", "name"),
        ("Patient", "&".join("name=a" for _ in range(61)), "too-complex", "name"),
        ("Patient", "identifier=" + ",".join(map(str, range(501))), "too-complex", "identifier"),
    ],
)
def test_what_is_wrong_is_said(kind: str, query: str, code: str, path: str) -> None:
    problem = refused(kind, query).problem
    assert (problem.code, problem.where["path"]) == (f"search-{code}", path)
    assert problem.vi
    assert problem.en


def test_a_mistyped_parameter_is_told_what_resembles_it() -> None:
    assert "birthdate" in refused("Patient", "birthDate=2020").problem.hint_en


def test_what_is_not_known_is_passed_over_on_request() -> None:
    store(patient("p1", "Trần"), patient("p2", "Lê"))
    page = ask("Patient", "family=tran&colour=red&_filter=x&name=&_count=5", strict=False)
    assert [s.id for s in page.matches] == ["p1"]
    assert page.ignored == ["colour", "_filter"]
    assert sorted(page.applied) == [("_count", "5"), ("family", "tran")]
    assert refused("Patient", "name:near=a", strict=False).problem.code == "search-bad-modifier"


def test_a_search_that_would_open_everything_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MOST_OPENED", 20)
    store(*(observation(f"o{n}") for n in range(41)))
    assert refused("Observation", "code:text=none").problem.code == "search-too-broad"


def test_conditions_that_need_the_store_are_not_judged_in_memory() -> None:
    with pytest.raises(LienThongError) as caught:
        search.matches(observation("o1"), [("patient.name", "a")])
    assert caught.value.problem.code == "search-not-in-memory"


# what is shown


def test_a_shortened_resource_says_so_and_keeps_what_it_must() -> None:
    whole = observation(
        "o1",
        day="2025-01-01",
        note=[{"text": "x"}],
        text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
    )
    whole["component"] = [{"code": {"text": "c"}, "valueString": "v"}]
    store(whole)
    stored = records.read("Observation", "o1")
    assert stored is not None

    def shown(query: str) -> Resource:
        shape = search.shape(parse_qsl(query))
        assert shape is not None
        return search.trimmed(stored, shape)

    must = {"resourceType", "id", "meta", "status", "code"}
    assert set(shown("_elements=effective,note")) == must | {"note"}
    assert set(shown("_elements=Observation.effectiveDateTime")) == must | {"effectiveDateTime"}
    assert set(shown("_summary=text")) == must | {"text"}
    assert set(shown("_summary=data")) == {*whole, "meta"} - {"text"}
    assert set(shown("_summary=true")) == must | {"subject", "effectiveDateTime", "component"}
    assert shown("_summary=true")["meta"]["tag"][-1]["code"] == "SUBSETTED"
    assert shown("_summary=true")["meta"]["versionId"] == "1"
    assert search.shape([("_summary", "false"), ("code", "A")]) is None
    assert search.shape([("_summary", "count")]) is None


def test_trimming_leaves_the_stored_resource_alone() -> None:
    store(patient("p1", "Trần"))
    stored = records.read("Patient", "p1")
    assert stored is not None
    search.trimmed(stored, Shape("true"))
    assert "tag" not in json.loads(stored.wire)["meta"]


def test_every_parameter_of_every_type_can_be_asked() -> None:
    """The database takes the SQL of each, on an empty store as on a full one."""
    from lienthong.records import index
    from lienthong.records.search import fields

    given = {
        "token": "urn:x|a",
        "string": "a",
        "uri": "urn:x",
        "date": "ge2020",
        "number": "5",
        "quantity": "lt5",
        "reference": "1",
    }
    asked = 0
    for kind in fields.types()[:: 3 if connection.vendor == "sqlite" else 9]:
        for code, parameter in index.parameters(kind).items():
            if parameter.type in given and code not in ("_id", "_lastUpdated"):
                assert ids(kind, f"{code}={given[parameter.type]}") == []
                assert ids(kind, f"{code}:missing=true") == []
                asked += 1
    assert asked > 100


# words, lists, places, hierarchies


def test_words_are_looked_for_in_the_narrative_or_everywhere() -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><p>Viêm <b>phổi</b> thùy&#160;dưới &amp; sốt</p></div>'
    store(
        observation("o1", text={"status": "generated", "div": div}),
        observation("o2", note=[{"text": "Theo dõi viêm phổi"}]),
        observation("o3", note=[{"text": "Phổi không viêm"}], **SECRET),
    )
    for query, found in (
        ("_text=viem", ["o1"]),
        ("_text=Phổi viêm", ["o1"]),
        ('_text="phoi viem"', []),
        ('_text="viêm phổi thùy"', ["o1"]),
        ("_text=phoi khong", []),
        ("_text=www", []),
        ("_text=sot,dau", ["o1"]),
        ("_content=viem phoi", ["o1", "o2"]),
        ('_content="theo doi"', ["o2"]),
        ("_content=theo&_content=viem", ["o2"]),
        ("_content=iem", []),
        ("_content=viem&_sort=status&code=A", ["o1", "o2"]),
    ):
        assert sorted(ids("Observation", query)) == found, query
    for wrong in ("_text=viem OR sot", "_content=(viem)", '_text=""', "_text:exact=viem"):
        assert refused("Observation", wrong).problem.where["path"].startswith(wrong[:5])


def test_a_list_finds_its_items() -> None:
    fixed = {"resourceType": "List", "status": "current", "mode": "working"}
    entry = [{"item": {"reference": "Patient/p1"}}, {"item": {"reference": "Observation/o1"}}]
    store(
        patient("p1", "Trần"),
        patient("p2", "Lê"),
        observation("o1"),
        {**fixed, "id": "a", "entry": entry},
        {**fixed, "id": "b", "entry": [{"item": {"reference": "Patient/p2"}}], **SECRET},
    )
    assert ids("Patient", "_list=a") == ["p1"]
    assert ids("Observation", "_list=a&code=A") == ["o1"]
    assert ids("Patient", "_list=a&family=le") == []
    assert ids("Patient", "_list=b") == []
    assert sorted(ids("Patient", "_list=a,b", View(restricted=True))) == ["p1", "p2"]
    assert sorted(stored.ref for stored in ask("", "_type=Patient,Observation&_list=a").matches) == [
        "Observation/o1",
        "Patient/p1",
    ]
    assert refused("Patient", "_list=$current-problems").problem.code == "search-unsupported"
    assert refused("Patient", "_list=../a").problem.code == "search-bad-value"


def test_places_near_a_point() -> None:
    def place(id: str, north: float, east: float) -> Resource:
        return {"resourceType": "Location", "id": id, "position": {"latitude": north, "longitude": east}}

    store(
        place("bac-giang", 21.2731, 106.1946),
        place("bach-mai", 21.0017, 105.8405),
        place("east", 0.0, 179.99),
        {"resourceType": "Location", "id": "nowhere"},
    )
    here = "near=21.2731|106.1946"
    assert ids("Location", here) == ids("Location", f"{here}|47|km") == ["bac-giang"]
    assert ids("Location", f"{here}|47100|m") == ["bac-giang"]
    assert sorted(ids("Location", f"{here}|48")) == ["bac-giang", "bach-mai"]
    assert sorted(ids("Location", f"{here}|30|[mi_us]")) == ["bac-giang", "bach-mai"]
    assert ids("Location", "near=0|-179.99|3|km") == ["east"]
    assert ids("Location", "near:missing=true") == ["nowhere"]


def test_hierarchies_are_followed_up_and_down() -> None:
    def ward(id: str, part_of: str = "", **more: Any) -> Resource:
        up = {"partOf": {"reference": f"Location/{part_of}"}} if part_of else {}
        return {"resourceType": "Location", "id": id, **up, **more}

    store(
        ward("house"),
        ward("floor", "house"),
        ward("room", "floor"),
        ward("secret", "house", **SECRET),
        ward("behind", "secret"),
        ward("other"),
        ward("round", "round"),
        *(
            encounter(f"in-{id}", location=[{"location": {"reference": f"Location/{id}"}}])
            for id in ("house", "floor", "room", "behind", "other", "round")
        ),
    )

    def found(query: str, view: View | None = None) -> list[str]:
        return sorted(id.removeprefix("in-") for id in ids("Encounter", query, view))

    assert found("location:below=house") == ["floor", "house", "room"]
    assert found("location:below=Location/floor,other") == ["floor", "other", "room"]
    assert found("location:below=house", View(restricted=True)) == ["behind", "floor", "house", "room"]
    assert found("location:above=room") == ["floor", "house", "room"]
    assert found("location:below=round") == ["round"]
    assert sorted(ids("Location", "partof:below=house")) == ["floor", "room"]
    assert refused("Observation", "specimen:below=s").problem.code == "search-bad-modifier"
    assert (
        refused("Encounter", "location:below=http://x.example/Location/1").problem.code == "search-bad-value"
    )
