"""The whole loop between real nodes: driven by two hospital systems, by a system and a person, and through kill -9."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3

import fhir_nodes
from fhir_calls import CODES, FACILITY, HIS, Answer, Client, entry, request
from fhir_nodes import Nodes, running
from lienthong.connectors.his_xml.reader import read_export


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with running(tmp_path_factory.mktemp("fhir")) as found:
        yield found


def until(look: Callable[[], Any], seconds: float = 120) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def waiting(his: Client, facility: str, states: str) -> list[dict[str, Any]]:
    """What waits for a hospital, as its system polls for it."""
    path = f"/Task?owner:identifier={FACILITY}|{facility}&business-status={states}"
    return [one["resource"] for one in his.call("GET", path).body.get("entry", [])]


def state(his: Client, loop: str) -> str:
    answer = his.call("GET", f"/Task/{loop}")
    return str(answer.body["businessStatus"]["coding"][0]["code"]) if answer.status == 200 else ""


def test_two_systems_drive_the_loop_from_the_request_to_the_outcome(nodes: Nodes) -> None:
    sender, receiver = nodes.clients["sender"], nodes.clients["receiver"]
    begun = sender.call("POST", "/ServiceRequest", request("LOOP-1"))
    assert begun.status == 201, begun.body
    loop = begun.body["id"]
    (task,) = until(lambda: waiting(receiver, "01929", "received"))
    assert (task["id"], task["priority"]) == (loop, "stat")
    order = receiver.call("GET", f"/{task['focus']['reference']}").body
    allergies = [one for one in order["contained"] if one["resourceType"] == "AllergyIntolerance"]
    assert allergies[0]["code"]["text"] == "Penicillin"
    patient = receiver.call("GET", f"/{order['subject']['reference']}")
    assert patient.body["name"][0]["text"] == "VI VĂN THỤ"

    assert receiver.step(loop, "asked", text="Men tim lúc mấy giờ?").status == 200
    (asked,) = until(lambda: waiting(sender, "24011", "asked"))
    assert asked["input"][0]["valueString"] == "Men tim lúc mấy giờ?"
    assert sender.step(loop, "told", text="08:10, troponin T 812 ng/L").status == 200
    until(lambda: state(receiver, loop) == "told")
    assert receiver.step(loop, "bed", ward="Viện Tim mạch", bed="C7-12").status == 200
    until(lambda: state(sender, loop) == "bed")
    leaving = {"transport": "Xe cứu thương", "escort_name": "Nịnh Văn Sáng"}
    assert sender.step(loop, "departed", arrives_at="2026-11-23T15:00:00+07:00", **leaving).status == 200
    until(lambda: state(receiver, loop) == "departed")
    assert receiver.step(loop, "arrived", how="his").status == 200
    assert receiver.step(loop, "admitted", ward="C7").status == 200
    medicine = {
        "resourceType": "MedicationStatement",
        "id": "m1",
        "status": "intended",
        "medicationCodeableConcept": {"text": "Ticagrelor 90 mg"},
        "subject": {"reference": "Patient/x"},
    }
    paper = {
        "resourceType": "Composition",
        "id": "gv",
        "status": "final",
        "type": {"text": "Giấy ra viện"},
        "date": "2026-11-28",
        "author": [{"display": "BS Hiển"}],
        "title": "Giấy ra viện",
    }
    last = receiver.call("GET", f"/Task/{loop}")
    last.body["contained"] = [medicine, paper]
    output = [
        entry("outcome", "diagnosis", "Nhồi máu cơ tim cấp, đã đặt stent"),
        entry("outcome", "medicines", {"valueReference": {"reference": "#m1"}}),
        entry("outcome", "document", {"valueReference": {"reference": "#gv"}}),
    ]
    assert receiver.put(last, "outcome", output=output).status == 200

    (home,) = until(lambda: waiting(sender, "24011", "outcome"))
    said = {one["type"]["coding"][0]["code"]: one for one in home["output"]}
    assert said["outcome.diagnosis"]["valueString"] == "Nhồi máu cơ tim cấp, đã đặt stent"
    assert home["contained"][0]["medicationCodeableConcept"]["text"] == "Ticagrelor 90 mg"
    document = sender.call("GET", f"/{said['outcome.document']['valueReference']['reference']}")
    assert document.body["title"] == "Giấy ra viện"
    assert sender.step(loop, "closed").body["status"] == "completed"
    until(lambda: state(receiver, loop) == "closed")

    for name in ("sender", "receiver"):
        folder = nodes.folder / name / "slips"
        path: Path = until(lambda where=folder: next(where.glob(f"{loop}-1.xml"), None))
        (dossier,) = read_export(path)
        slip = dossier.tables["XML13"][0]
        assert (slip.get("MA_CSKCB"), slip.get("MA_CSKCB_DEN")) == ("24011", "01929")
        assert dossier.tables["XML1"][0].get("SO_CCCD") == "024058001234"


def sign_in(address: str) -> requests.Session:
    session = requests.Session()
    page = session.get(f"{address}/sign-in", timeout=30)
    form = {"username": "bs.hien", "password": fhir_nodes.PASSWORD, "csrfmiddlewaretoken": _token(page.text)}
    answer = session.post(f"{address}/sign-in", form, headers={"Referer": f"{address}/"}, timeout=30)
    assert answer.status_code == 200
    return session


def _token(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_a_system_on_one_side_and_a_person_on_the_other(nodes: Nodes) -> None:
    sender = nodes.clients["sender"]
    loop = sender.call("POST", "/ServiceRequest", request("LOOP-2")).body["id"]
    address = f"http://127.0.0.1:{nodes.ports['receiver']}"
    pages = sign_in(address)
    until(lambda: loop in pages.get(f"{address}/transfers/in", timeout=30).text)
    for kind, said in (("accepted", {}), ("arrived", {}), ("interim", {"text": "Đã ổn định"})):
        page = pages.get(f"{address}/transfers/{loop}", timeout=30).text
        version = re.search(r'name="version" value="(\d+)"', page)
        assert version is not None
        form = {"state": kind, "version": version[1], "csrfmiddlewaretoken": _token(page), **said}
        url = f"{address}/transfers/{loop}/steps"
        done = pages.post(url, form, headers={"Referer": address}, timeout=30)
        assert done.status_code == 200
    until(lambda: state(sender, loop) == "interim")
    task = sender.call("GET", f"/Task/{loop}").body
    assert [(one["type"]["coding"][0]["code"], one["valueString"]) for one in task["output"]] == [
        ("interim.text", "Đã ổn định")
    ]


def test_what_was_acknowledged_outlives_kill_9_and_a_repeated_call_makes_one(tmp_path: Path) -> None:
    with running(tmp_path, "sender") as nodes:
        his = nodes.clients["sender"]
        assert his.call("GET", "/ServiceRequest").status == 200
        acknowledged: dict[str, str] = {}
        numbers = [f"K-{n}" for n in range(60)]

        def send(mine: list[str]) -> None:
            for number in mine:
                try:
                    answer = his.call("POST", "/ServiceRequest", request(number))
                except (urllib3.exceptions.HTTPError, OSError):
                    return
                if answer.status == 201:
                    acknowledged[number] = answer.body["id"]

        threads = [threading.Thread(target=send, args=(numbers[part::3],)) for part in range(3)]
        for thread in threads:
            thread.start()
        until(lambda: len(acknowledged) >= 8)
        nodes.kill("sender")
        for thread in threads:
            thread.join()
        assert 8 <= len(acknowledged) < len(numbers)
        nodes.start("sender")
        until(lambda: _answers(his))
        for number, loop in acknowledged.items():
            found = his.call("GET", f"/ServiceRequest?identifier={HIS}|{number}").body
            assert [one["resource"]["id"] for one in found["entry"]] == [loop]
        for number in numbers:
            again = _patiently(lambda n=number: his.call("POST", "/ServiceRequest", request(n)))
            assert again.status == (200 if number in acknowledged else again.status)
            assert again.status in (200, 201)
            assert again.body["id"] == acknowledged.get(number, again.body["id"])
        total = his.call("GET", "/ServiceRequest?_count=0").body["total"]
        assert total == len(numbers)


def _answers(his: Client) -> bool:
    his.token = ""
    try:
        return his.call("GET", "/ServiceRequest").status == 200
    except (urllib3.exceptions.HTTPError, OSError, AssertionError):
        return False


def _patiently(call: Callable[[], Answer]) -> Answer:
    """Waits as Retry-After says."""
    while (answer := call()).status == 429:
        time.sleep(float(answer.headers["retry-after"]))
    return answer


def test_code_systems_are_those_of_the_page() -> None:
    from lienthong.transfers.fhir import words

    assert (f"{CODES}transfer-state", f"{CODES}transfer-step-data") == (words.STATE, words.STEP_DATA)
