"""Criteria of a transaction that fit what the same transaction makes, changes or removes."""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fhir_calls
from fhir_calls import Answer, Client

pytestmark = pytest.mark.django_db(transaction=True)
Entry = dict[str, Any]


@pytest.fixture
def his(db: None) -> Client:
    return fhir_calls.register("system/*.cruds")


def patient(system: str, *numbers: str, gender: str = "female") -> Entry:
    found = [{"system": system, "value": number} for number in numbers]
    return {"resourceType": "Patient", "identifier": found, "gender": gender}


def observation(subject: str) -> Entry:
    code = {"text": "Nhịp tim"}
    subject_ = {"reference": subject}
    return {"resourceType": "Observation", "status": "final", "code": code, "subject": subject_}


def entry(method: str, url: str, resource: Entry | None = None, full: str = "", unless: str = "") -> Entry:
    request = {"method": method, "url": url, **({"ifNoneExist": unless} if unless else {})}
    return {
        **({"fullUrl": full} if full else {}),
        **({"resource": resource} if resource else {}),
        "request": request,
    }


def send(his: Client, *entries: Entry) -> Answer:
    return his.call("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)})


def told(answer: Answer) -> list[tuple[str, str]]:
    """Status and ``Type/id`` of each entry."""
    assert answer.status == 200, answer.body
    found = [one["response"] for one in answer.body["entry"]]
    return [
        (one["status"], one.get("location", "").partition("/fhir/")[2].partition("/_")[0]) for one in found
    ]


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.body["issue"][0]["details"]["coding"][0]["code"]


X = "http://example.org/x"


def test_equal_conditional_creates_make_one_resource(his: Client) -> None:
    unless = f"identifier={X}|1"
    one, other = (
        "urn:uuid:6f1c0b0a-52a5-4c17-a6a9-0e0f7f3a2b11",
        "urn:uuid:6f1c0b0a-52a5-4c17-a6a9-0e0f7f3a2b12",
    )
    twice = [
        entry("POST", "Patient", patient(X, "1"), one, unless),
        entry("POST", "Patient", patient(X, "1"), other, unless),
        entry("POST", "Observation", observation(one)),
        entry("POST", "Observation", observation(other)),
        entry("POST", "Observation", observation(f"Patient?{unless}")),
    ]
    first, second, *seen = told(send(his, *twice))
    assert (first[0], second[0], first[1]) == ("201", "200", second[1])
    subjects = {his.call("GET", f"/{ref}").body["subject"]["reference"] for _, ref in seen}
    assert subjects == {first[1]}
    again = told(send(his, *twice))
    assert [again[0], again[1]] == [("200", first[1])] * 2
    assert his.call("GET", f"/Patient?{unless}&_summary=count").body["total"] == 1


def test_what_would_depend_on_the_order_is_refused(his: Client) -> None:
    unless = f"identifier={X}|2"
    one = entry("POST", "Patient", patient(X, "2"), unless=unless)
    other = entry("POST", "Patient", patient(X, "2", gender="male"), unless=unless)
    narrower = entry("POST", "Patient", patient(X, "2", gender="male"), unless="identifier=2")
    plain = entry("POST", "Patient", patient(X, "2"))
    update = entry("PUT", f"Patient?{unless}", patient(X, "2"))
    for both in ((one, other), (one, narrower), (one, update), (plain, update), (update, update)):
        for entries in (both, both[::-1]):
            answer = send(his, *entries)
            assert code(answer) == (400, "fhir-criteria-twice")
            assert answer.body["issue"][0]["expression"][0].startswith("Bundle.entry[")
    assert code(send(his, plain, plain, one)) == (412, "fhir-several")
    assert his.call("GET", "/Patient?_summary=count").body["total"] == 0


def test_references_by_criteria_see_what_the_transaction_leaves(his: Client) -> None:
    his.call("PUT", "/Patient/a", {**patient(X, "3"), "id": "a"})
    his.call("PUT", "/Patient/b", {**patient(X, "4"), "id": "b"})
    by = entry("POST", "Observation", observation(f"Patient?identifier={X}|3"))
    moved = [
        entry("PUT", "Patient/a", {**patient(X, "5"), "id": "a"}),
        entry("PUT", "Patient/b", {**patient(X, "3"), "id": "b"}),
    ]
    (_, ref), *_ = told(send(his, by, *moved))
    assert his.call("GET", f"/{ref}").body["subject"]["reference"] == "Patient/b"
    second = entry("POST", "Patient", patient(X, "3"))
    assert code(send(his, by, second)) == (412, "fhir-several")
    assert code(send(his, by, entry("PUT", "Patient/b", {**patient(X, "6"), "id": "b"}))) == (
        412,
        "fhir-none-fits",
    )


def test_a_create_unless_there_is_one_that_is_deleted_beside_it_creates(his: Client) -> None:
    his.call("PUT", "/Patient/a", {**patient(X, "7"), "id": "a"})
    unless = f"identifier={X}|7"
    gone, made = told(
        send(his, entry("DELETE", "Patient/a"), entry("POST", "Patient", patient(X, "7"), unless=unless))
    )
    assert (gone[0], made[0]) == ("204", "201")
    assert made[1] != "Patient/a"
    assert his.call("GET", f"/{made[1]}").status == 200


NUMBERS = st.sampled_from(["1", "2"])
CONTENTS = st.sampled_from([("1",), ("2",), ("1", "2")])
_spaces = count()


@st.composite
def worlds(draw: st.DrawFn) -> list[tuple[str, str, tuple[str, ...], str]]:
    """Kind of entry, number in its criteria, numbers in its content, gender."""
    one = st.tuples(
        st.sampled_from(["unless", "unless", "create", "update", "refer"]),
        NUMBERS,
        CONTENTS,
        st.sampled_from(["female", "female", "male"]),
    )
    return draw(st.lists(one, min_size=2, max_size=4))


def made_of(world: list[tuple[str, str, tuple[str, ...], str]], system: str) -> list[Entry]:
    found = []
    for kind, number, content, gender in world:
        criteria = f"identifier={system}|{number}"
        body = patient(system, *content, gender=gender)
        if kind == "refer":
            found.append(entry("POST", "Observation", observation(f"Patient?{criteria}")))
        elif kind == "update":
            found.append(entry("PUT", f"Patient?{criteria}", body))
        else:
            found.append(entry("POST", "Patient", body, unless=criteria if kind == "unless" else ""))
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(worlds(), st.booleans())
def test_the_order_of_entries_means_nothing(
    his: Client, world: list[tuple[str, str, tuple[str, ...], str]], held: bool
) -> None:
    """Whatever entries there are, those of the reverse order leave the same and hear the same."""
    outcomes: list[Any] = []
    for asked in (world, world[::-1]):
        system = f"http://example.org/{next(_spaces)}"
        if held:
            his.call("POST", "/Patient", patient(system, "1"))
        answer = send(his, *made_of(asked, system))
        left = his.call("GET", f"/Patient?identifier={system}|&_count=50").body.get("entry", [])
        people = sorted(
            (*(i["value"] for i in e["resource"]["identifier"]), e["resource"]["gender"]) for e in left
        )
        if answer.status != 200:
            outcomes.append((answer.status, people))
            continue
        written = told(answer)
        each = Counter(ref for (kind, *_), (_, ref) in zip(asked, written, strict=True) if kind != "refer")
        outcomes.append((sorted(each.values()), sorted(status for status, _ in written), people))
    assert outcomes[0] == outcomes[1]
