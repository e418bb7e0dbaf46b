"""Sites tell the hub who is registered there: durably, nothing clinical, nobody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from identity_nodes import Telling
from identity_people import person
from lienthong.identity import feed
from lienthong.terminology import systems

REGISTERED = "SELECT COUNT(*) FROM identity_registration WHERE facility = '{}'"
STORED = "SELECT COUNT(*) FROM records_resource WHERE type = 'Patient'"
TOLD = "SELECT told FROM identity_feed"
CITIZEN = "024060001234"


def patient(facility: str, id: str, number: str, **more: Any) -> dict[str, Any]:
    return person(id, hospital=(facility, number), **more)


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Telling]:
    found = Telling(tmp_path)
    found.make()
    try:
        for name in ("hub", "sender", "receiver"):
            found.start(name)
        yield found
    finally:
        found.stop()


def test_the_hub_knows_one_person_of_two_sites_whoever_is_killed(nodes: Telling) -> None:
    huan = patient(
        "24011", "huan", "BN1", citizen=CITIZEN, photo=[{"title": "ảnh"}], maritalStatus={"text": "x"}
    )
    lan = patient("24011", "lan", "BN2", name="TRẦN THỊ LAN", sex="female", born="1971-05-06")
    nodes.do("sender", "keep", huan, lan)
    nodes.do("receiver", "switch", True)
    nodes.do("receiver", "keep", patient("01929", "huan-2", "77", citizen=CITIZEN))
    nodes.wait_for("hub", STORED, 1)
    assert nodes.rows("sender", "SELECT COUNT(*) FROM identity_feed WHERE told > 0") == [(0,)]  # off

    nodes.kill("hub")  # the line is away for days
    nodes.do("sender", "switch", True)
    nodes.do("sender", "keep", patient("24011", "moi", "BN3", name="LÊ VĂN MỚI", born="2001-02-03"))
    nodes.kill("sender")
    nodes.do("sender", "keep", huan | {"birthDate": "1960-03-15"})
    nodes.start("sender")
    nodes.start("hub")
    nodes.wait_for("hub", STORED, 4)
    nodes.wait_for("sender", "SELECT position = (SELECT MAX(id) FROM records_pack) FROM identity_feed", 1)
    nodes.do("sender", "forget", "moi")
    nodes.wait_for("sender", "SELECT position = (SELECT MAX(id) FROM records_pack) FROM identity_feed", 1)

    nodes.do("hub", "follow")
    assert nodes.rows("hub", REGISTERED.format("24011")) == [(3,)]
    same = nodes.rows("hub", "SELECT facility FROM identity_registration WHERE person = 1 ORDER BY facility")
    assert same == [("01929",), ("24011",)]
    question = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": person(citizen=CITIZEN)}],
    }
    status, found = nodes.do("receiver", "call", "POST", "/fhir/Patient/$match", question)
    assert (status, found["total"]) == (200, 2)
    kept = [one["resource"] for one in found["entry"]]
    assert all("photo" not in one and "maritalStatus" not in one for one in kept)
    assert {one["birthDate"] for one in kept} == {"1960-03-14", "1960-03-15"}
    _, gone = nodes.do("receiver", "call", "GET", "/fhir/Patient/moi", None)
    assert (gone["active"], "name" in gone) == (False, False)


def test_a_site_writes_its_own_patients_alone_and_what_is_refused_is_shown(nodes: Telling) -> None:
    nodes.do("sender", "switch", True)
    nodes.do("sender", "keep", patient("24011", "huan", "BN1"))
    nodes.wait_for("hub", STORED, 1)
    theirs = feed.minimal(patient("24011", "huan", "BN1", name="KẺ KHÁC"), "24011")
    mine = feed.minimal(patient("01929", "huan", "BN1", name="KẺ KHÁC"), "01929")
    number = f"/fhir/Patient?identifier={systems.patient_number('24011')}|BN1"
    for path, body in (("/fhir/Patient/huan", theirs), ("/fhir/Patient/huan", mine), (number, mine)):
        status, answer = nodes.do("receiver", "call", "PUT", path, body)
        assert (status, answer["issue"][0]["details"]["coding"][0]["code"]) == (403, "identity-not-yours"), (
            path
        )
    request = {"method": "PUT", "url": "Patient/huan"}
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"resource": mine, "request": request}],
    }
    assert nodes.do("receiver", "call", "POST", "/fhir", bundle)[0] == 403
    _, held = nodes.do("receiver", "call", "GET", "/fhir/Patient/huan", None)
    assert held["name"][0]["text"] == "THÂN VĂN HUẤN"

    nodes.do("receiver", "switch", True)
    nodes.do("receiver", "keep", patient("01929", "huan", "88"), patient("01929", "khac", "89"))
    nodes.wait_for("receiver", "SELECT COUNT(*) FROM identity_nottold", 1)
    nodes.wait_for("receiver", TOLD, 1)
    ((why,),) = nodes.rows("receiver", "SELECT problem FROM identity_nottold WHERE patient = 'huan'")
    assert "Đơn vị chỉ được gửi" in json.loads(why)["issue"][0]["details"]["text"]
    assert nodes.rows("receiver", "SELECT COUNT(*) FROM exchange_alert WHERE code = 'identity-not-told'") == [
        (1,)
    ]


def test_a_newborn_keeps_the_mothers_name_and_her_number() -> None:
    mother = {"relationship": [{"coding": [{"code": "MTH"}]}], "name": {"text": "LÊ THỊ HOA"}, "telecom": []}
    friend = {"relationship": [{"coding": [{"code": "N"}]}], "name": {"text": "BẠN"}}
    number = {"system": systems.patient_number("24011"), "value": "BN9"}
    link = [{"other": {"reference": "Patient/me", "identifier": number}, "type": "seealso"}]
    told = feed.minimal(
        person("be", contact=[mother, friend], link=link, generalPractitioner=[{"display": "BS"}]), "24011"
    )
    assert [one["name"]["text"] for one in told["contact"]] == ["LÊ THỊ HOA"]
    assert told["link"] == [{"other": {"identifier": number}, "type": "seealso"}]
    assert not {"generalPractitioner", "telecom"} & told.keys()
