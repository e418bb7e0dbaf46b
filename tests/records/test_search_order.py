"""The order of a search by every kind of parameter, beside a plain sort of the resources themselves."""

from __future__ import annotations

from functools import cmp_to_key
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.db import transaction
from hypothesis import given, note
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from lienthong import records
from lienthong.access import audit
from lienthong.foundation.errors import LienThongError
from lienthong.records import search
from lienthong.records.search import planning, ranks

pytestmark = pytest.mark.django_db
Resource = dict[str, Any]


def store(*resources: Resource, origin: str = "o") -> None:
    with transaction.atomic():
        records.transact(resources, origin=origin, actor=audit.system("test"), moment="2025", complete=False)


def ask(query: str, kind: str = "Observation") -> search.Page:
    return search.search(kind, parse_qsl(query, keep_blank_values=True))


CODING = st.fixed_dictionaries(
    {"code": st.sampled_from(["a", "b", "B"])}, optional={"system": st.sampled_from(["urn:x", "urn:y"])}
)
SUBJECTS = ["Patient/p1", "Patient/p2", "Group/g1", "Patient/not-here", "https://elsewhere.example/Patient/9"]
ITEM = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["final", "amended"]),
        "code": st.fixed_dictionaries(
            {"text": st.just("x")}, optional={"coding": st.lists(CODING, min_size=1, max_size=3)}
        ),
    },
    optional={
        "subject": st.sampled_from([{"reference": one} for one in SUBJECTS]),
        "effectiveDateTime": st.sampled_from(["2024", "2025-01-01", "2025-01-02"]),
        "meta": st.fixed_dictionaries({"source": st.sampled_from(["urn:b", "urn:a"])}),
    },
)


def told(resource: Resource, code: str) -> list[Any]:
    """What a resource is sorted by, read by hand."""
    match code:
        case "status":
            return [(resource["status"], "")]
        case "code":
            return [(one["code"], one.get("system", "")) for one in resource["code"].get("coding", [])]
        case "_source":
            return [(resource["meta"]["source"], "")] if "meta" in resource else []
        case "date":
            return [resource["effectiveDateTime"]] if "effectiveDateTime" in resource else []
        case "subject" | "patient":
            ref = resource.get("subject", {}).get("reference", "")
            here = {"Patient/p1", "Patient/p2", *(["Group/g1"] if code == "subject" else [])}
            return [ref] if ref in here else []
    raise AssertionError(code)


def before(sort: str, one: Resource, other: Resource) -> int:
    for key in sort.split(","):
        sign = -1 if key.startswith("-") else 1
        best = max if sign < 0 else min
        mine, its = (best(told(r, key.strip("-")), default=None) for r in (one, other))
        if mine != its:
            return 1 if mine is None else -1 if its is None else sign * (-1 if mine < its else 1)
    return 0


KEYS = ["status", "code", "_source", "date", "subject", "patient"]
SORTS = st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True).flatmap(
    lambda codes: st.tuples(*(st.sampled_from([code, f"-{code}"]) for code in codes)).map(",".join)
)


class Order(TestCase):
    """However the plan goes, pages forward and backward are the plain sort."""

    @given(
        st.lists(ITEM, max_size=9),
        SORTS,
        st.integers(1, 4),
        st.sampled_from(["gathered", "by value", "too many values"]),
        st.sampled_from(["", "&status=final", "&code:text=x", "&subject:missing=false"]),
    )
    def test_pages_forward_and_back_are_the_plain_sort(
        self, items: list[Resource], sort: str, size: int, way: str, more: str
    ) -> None:
        everyone = [{"resourceType": "Observation", "id": f"o{n}", **item} for n, item in enumerate(items)]
        people = [{"resourceType": "Patient", "id": id} for id in ("p1", "p2")]
        store(*people, {"resourceType": "Group", "id": "g1", "type": "person", "actual": True}, *everyone)
        held = planning.FEW, planning.SOME, ranks.MOST_VALUES
        if way != "gathered":
            planning.FEW, planning.SOME = 0, 0
        ranks.MOST_VALUES = 1 if way == "too many values" else held[2]
        try:
            fitting = {s.id for s in ask(f"_count=500{more}").matches}
            wanted = [r for r in everyone if r["id"] in fitting]
            wanted.sort(key=cmp_to_key(lambda a, b: before(sort, a, b)))
            pages: list[list[str]] = []
            cursor = ""
            while not pages or cursor:
                page = ask(f"_sort={sort}&_count={size}{more}&_cursor={cursor}")
                pages.append([stored.id for stored in page.matches])
                cursor = page.following
            seen = [id for one in pages for id in one]
            by_id = {r["id"]: r for r in everyone}
            note(f"{seen} {[r['id'] for r in wanted]}")
            assert sorted(seen) == sorted(fitting)
            assert all(before(sort, by_id[a], by_id[b]) <= 0 for a, b in pairwise(seen))
            assert [s.id for s in ask(f"_sort={sort}&_count=500{more}").matches] == seen
            for expected in reversed(pages[:-1]):
                page = ask(f"_sort={sort}&_count={size}{more}&_cursor={page.previous}")
                assert [stored.id for stored in page.matches] == expected
        finally:
            planning.FEW, planning.SOME, ranks.MOST_VALUES = held


def test_every_parameter_with_an_order_sorts(monkeypatch: pytest.MonkeyPatch) -> None:
    contact = [{"system": "phone", "value": "0909"}, {"system": "email", "value": "a@example.org"}]
    store(
        {"resourceType": "Patient", "id": "p1", "active": True, "telecom": contact},
        {"resourceType": "Patient", "id": "p2", "active": False, "identifier": [{"value": "7"}]},
        {"resourceType": "Patient", "id": "p3", "deceasedBoolean": True, "telecom": contact[1:]},
    )
    for few in (2000, 0):
        monkeypatch.setattr(planning, "FEW", few)
        for sort, first in (("-active", "p1"), ("identifier", "p2"), ("phone", "p1"), ("-deceased", "p3")):
            assert ask(f"_sort={sort}", "Patient").matches[0].id == first


def test_what_is_too_much_to_sort_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MOST_OPENED", 3)
    monkeypatch.setattr(ranks, "MOST_VALUES", 3)
    for n in range(5):
        store({"resourceType": "Patient", "id": f"p{n}", "identifier": [{"value": str(n)}]})
    with pytest.raises(LienThongError) as caught:
        ask("_sort=identifier", "Patient")
    assert (caught.value.problem.code, caught.value.problem.where["path"]) == ("search-too-broad", "_sort")
    assert len(ask("_sort=identifier&identifier=2,3", "Patient").matches) == 2
