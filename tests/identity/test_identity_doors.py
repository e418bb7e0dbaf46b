"""The index as other systems meet it: $match (PDQm ITI-119), $ihe-pix (PIXm ITI-83), a feed of Patients (ITI-104)."""

from __future__ import annotations

import threading
import time
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction

from fhir_calls import CITIZEN, Answer, Client, register
from identity_people import CLERK, MACHINE, person
from lienthong import records
from lienthong.access import audit
from lienthong.access.models import AuditEvent
from lienthong.identity import deciding, following, index, registering
from lienthong.identity.models import Registration
from lienthong.terminology import systems

pytestmark = pytest.mark.django_db(transaction=True)

HERE, THERE = systems.patient_number("24011"), systems.patient_number("01929")
NUMBER = "024060001234"


@pytest.fixture
def his() -> Client:
    return register("system/Patient.cruds")


@pytest.fixture
def people() -> dict[str, int]:
    """One man at two hospitals, the second of which only the index knows; and a woman."""
    store(
        person("a", citizen=NUMBER, hospital=("24011", "BN1"), phone="0912000111"),
        person("w", "GIÁP THỊ BÍCH", "1985-07-21", "female", hospital=("24011", "BN2")),
    )
    abroad = person("b", "THAN VAN HUAN", citizen=NUMBER, hospital=("01929", "BM7"))
    registering.register(abroad, "01929", MACHINE)
    return dict(Registration.objects.values_list("fhir_id", "person"))


def store(*resources: dict[str, Any]) -> None:
    with transaction.atomic():
        records.transact(
            list(resources), origin=f"test/{resources[0]['id']}", actor=audit.system("test"), complete=False
        )
    following.catch_up(threading.Event())


def ask(his: Client, patient: dict[str, Any] | None, **more: Any) -> Answer:
    parameters = [{"name": "resource", "resource": patient}] if patient else []
    parameters += [{"name": name, **value} for name, value in more.items()]
    return his.call("POST", "/Patient/$match", {"resourceType": "Parameters", "parameter": parameters})


def wanted(**more: Any) -> dict[str, Any]:
    return {k: v for k, v in person("x", citizen=NUMBER, **more).items() if k != "id"}


def test_match_gives_the_patients_best_first_with_grade_and_score_and_stores_nothing(
    his: Client, people: dict[str, int]
) -> None:
    his.call("GET", "/Patient/a")  # takes its token
    count = Registration.objects.count()
    answer = ask(his, wanted())
    assert (answer.status, answer.body["type"], answer.body["total"]) == (200, "searchset", 2)
    first, second = answer.body["entry"]
    assert first["fullUrl"].endswith("/fhir/Patient/a")
    assert first["resource"]["id"] == "a"
    assert first["search"]["extension"] == [
        {"url": "http://hl7.org/fhir/StructureDefinition/match-grade", "valueCode": "certain"}
    ]
    assert 0.99 < first["search"]["score"] <= 1
    assert second["resource"]["managingOrganization"]["identifier"]["value"] == "01929"
    assert "id" not in second["resource"]
    assert Registration.objects.count() == count
    seen = AuditEvent.objects.filter(action="identity-match").values_list("patient", flat=True)
    assert set(seen) == {"a", "b"}


def test_match_takes_a_bare_patient_and_a_count(his: Client, people: dict[str, int]) -> None:
    assert his.call("POST", "/Patient/$match", wanted()).body["total"] == 2
    answer = ask(his, wanted(), count={"valueInteger": 1}, onlyCertainMatches={"valueBoolean": True})
    assert answer.body["total"] == 1


def test_only_certain_matches_leave_out_what_a_clerk_would_be_asked(
    his: Client, people: dict[str, int]
) -> None:
    unsure = person("x", born="1960-03-15", sex="female", citizen=NUMBER)
    assert [e["search"]["extension"][0]["valueCode"] for e in ask(his, unsure).body["entry"]] != []
    answer = ask(his, unsure, onlyCertainMatches={"valueBoolean": True})
    assert (answer.status, answer.body["total"], answer.body.get("entry")) == (200, 0, None)


def test_match_says_what_is_missing(his: Client) -> None:
    answer = ask(his, {"resourceType": "Patient", "gender": "male"})
    (entry,) = answer.body["entry"]
    assert (answer.body["total"], entry["search"]["mode"]) == (0, "outcome")
    assert entry["resource"]["issue"][0]["severity"] == "warning"
    assert (ask(his, None).status, ask(his, None).problem) == (400, "identity-no-patient")
    assert ask(his, wanted(), count={"valueInteger": 0}).problem == "identity-parameter"
    assert his.call("POST", "/Patient/$match", {"a": 1}).status == 400


def test_match_needs_the_right_to_search(people: dict[str, int]) -> None:
    assert ask(register("system/Observation.rs"), wanted()).status == 403


def pix(his: Client, source: str, *targets: str) -> Answer:
    query = "&".join([f"sourceIdentifier={quote(source)}", *(f"targetSystem={quote(t)}" for t in targets)])
    return his.call("GET", f"/Patient/$ihe-pix?{query}")


def numbers(answer: Answer) -> set[tuple[str, str]]:
    found = [
        one["valueIdentifier"]
        for one in answer.body.get("parameter", ())
        if one["name"] == "targetIdentifier"
    ]
    return {(one["system"], one["value"]) for one in found}


def test_pix_gives_the_numbers_of_the_other_hospital(his: Client, people: dict[str, int]) -> None:
    answer = pix(his, f"{THERE}|BM7", HERE)
    assert (answer.status, answer.body["resourceType"]) == (200, "Parameters")
    assert numbers(answer) == {(HERE, "BN1")}
    assert {"name": "targetId", "valueReference": {"reference": "Patient/a"}} in answer.body["parameter"]
    assert numbers(pix(his, f"{HERE}|BN1")) == {(THERE, "BM7"), (CITIZEN, NUMBER)}
    assert pix(his, f"{HERE}|BN2", THERE).body == {"resourceType": "Parameters"}
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "sourceIdentifier", "valueIdentifier": {"system": CITIZEN, "value": NUMBER}},
            {"name": "targetSystem", "valueUri": THERE},
        ],
    }
    assert numbers(his.call("POST", "/Patient/$ihe-pix", body)) == {(THERE, "BM7")}
    assert AuditEvent.objects.filter(action="identity-pix").exists()


@pytest.mark.parametrize(
    ("source", "target", "status", "code", "said"),
    [
        (f"{HERE}|BN999", THERE, 404, "not-found", "sourceIdentifier Patient Identifier not found"),
        ("urn:oid:1.2.3|1", THERE, 400, "code-invalid", "sourceIdentifier Assigning Authority not found"),
        (f"{HERE}|BN1", "urn:oid:1.2.3", 403, "code-invalid", "targetSystem not found"),
        ("BN1", THERE, 400, "invalid", ""),
    ],
)
def test_pix_refuses_as_the_profile_says(
    his: Client, people: dict[str, int], source: str, target: str, status: int, code: str, said: str
) -> None:
    answer = pix(his, source, target)
    issue = answer.body["issue"][0]
    assert (answer.status, issue["severity"], issue["code"]) == (status, "error", code)
    assert said in issue["diagnostics"]


def test_a_number_that_two_people_share_points_to_none(his: Client, people: dict[str, int]) -> None:
    numbers_of = {r.fhir_id: r.id for r in Registration.objects.all()}
    deciding.decide((numbers_of["a"], numbers_of["b"]), "different", "hai người", CLERK)
    assert pix(his, f"{CITIZEN}|{NUMBER}", HERE).status == 409


def test_a_scope_with_a_restriction_sees_only_what_it_covers(people: dict[str, int]) -> None:
    women = register("system/Patient.rs?gender=female")
    assert ask(women, wanted()).body["total"] == 0
    assert pix(women, f"{THERE}|BM7").status == 404


def test_a_patient_that_is_fed_through_the_door_is_one_with_what_is_known(
    his: Client, people: dict[str, int]
) -> None:
    fed = wanted(name="Thân Văn Huấn", hospital=("24011", "BN1-cu"))
    at = f"/Patient?identifier={quote(f'{HERE}|BN1-cu')}"
    made = his.call("PUT", at, fed)
    assert made.status == 201
    following.catch_up(threading.Event())
    created = made.headers["location"].partition("/Patient/")[2].partition("/")[0]
    assert index.person_of("24011", created) == people["a"]
    again = his.call("PUT", at, fed | {"id": created, "birthDate": "1960-03-15"})
    assert again.status == 200
    following.catch_up(threading.Event())
    assert index.of("24011", created).fields.born == "1960-03-15"  # type: ignore[union-attr]


def test_a_patient_that_was_deleted_is_not_shown(his: Client) -> None:
    made = his.call("POST", "/Patient", wanted(hospital=("24011", "BN9")))
    following.catch_up(threading.Event())
    assert ask(his, wanted()).body["total"] == 1
    his.call("DELETE", f"/Patient/{made.body['id']}")
    assert ask(his, wanted()).body["total"] == 0
    assert pix(his, f"{HERE}|BN9").status == 404


def test_following_runs_beside_the_door_until_it_is_stopped(his: Client) -> None:
    stop = threading.Event()
    running = threading.Thread(target=following.follow, args=(stop,))
    running.start()
    try:
        made = his.call("POST", "/Patient", wanted())
        until = time.monotonic() + 30
        while index.person_of("24011", made.body["id"]) is None and time.monotonic() < until:
            time.sleep(0.05)
        assert index.person_of("24011", made.body["id"])
    finally:
        stop.set()
        running.join(30)
    assert not running.is_alive()
