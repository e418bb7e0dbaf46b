"""Clients write through the FHIR door while the node is killed: what was answered is there, and nothing twice."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import urllib3

import fhir_door
from fhir_calls import Answer, Client, over_http

pytestmark = pytest.mark.drill

CLIENTS = 6
KILLS = 4
MRN = "http://example.org/mrn"


@dataclass
class Writer:
    """One client: repeats each call with its key until it is answered."""

    client: Client
    name: str
    chance: random.Random
    over: threading.Event
    made: dict[str, str] = field(default_factory=dict)
    repeated: int = 0
    wrong: list[Any] = field(default_factory=list)

    def run(self) -> None:
        """Creates alone and in transactions until it is over."""
        n = 0
        while not self.over.is_set():
            n += 1
            value = f"{self.name}-{n}"
            try:
                self.transact(value) if n % 2 else self.create(value)
            except Exception as error:
                self.wrong.append(error)

    def create(self, value: str) -> None:
        answer = self.sent("/Patient", patient(value))
        self.made[value] = answer.body["id"]

    def transact(self, value: str) -> None:
        url = f"urn:uuid:{uuid.uuid4()}"
        code = {"text": "Hb"}
        seen = {"resourceType": "Observation", "status": "final", "code": code, "subject": {"reference": url}}
        entries = [
            {"fullUrl": url, "resource": patient(value), "request": {"method": "POST", "url": "Patient"}},
            {"resource": seen, "request": {"method": "POST", "url": "Observation"}},
        ]
        answer = self.sent("", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
        self.made[value] = answer.body["entry"][0]["response"]["location"].split("/")[-3]

    def sent(self, path: str, body: Any) -> Answer:
        """Sends until an answer comes."""
        key = uuid.uuid4().hex
        end = time.monotonic() + 180
        while True:
            try:
                answer = self.client.call("POST", path, body, Idempotency_Key=key)
                if answer.status < 300:
                    return answer
                assert answer.status == 503, answer.body
            except (urllib3.exceptions.HTTPError, OSError):
                assert time.monotonic() < end
            self.repeated += 1
            time.sleep(self.chance.uniform(0.01, 0.1))


def patient(value: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": MRN, "value": value}]}


def test_what_was_answered_is_there_once_after_kills(tmp_path: Path) -> None:
    seed = int(os.environ.get("DRILL_SEED", random.randrange(10**6)))
    print(f"DRILL_SEED={seed}")
    chance = random.Random(seed)
    with fhir_door.running(tmp_path) as door:
        over = threading.Event()
        assert door.client.call("GET", "/Patient").status == 200
        writers = []
        for n in range(CLIENTS):
            own = replace(door.client, transport=over_http(door.base.removesuffix("/fhir")))
            writers.append(Writer(own, f"w{n}", random.Random(seed + n), over))
        threads = [threading.Thread(target=writer.run) for writer in writers]
        for thread in threads:
            thread.start()
        process = door.process
        try:
            for _ in range(KILLS):
                time.sleep(chance.uniform(0.5, 2))
                process.send_signal(signal.SIGKILL)
                process.wait()
                process = started(tmp_path)
                wait_for(door.client)
            time.sleep(1)
            over.set()
            for thread in threads:
                thread.join()
            compare(door.client, writers)
        finally:
            over.set()
            process.kill()
            process.wait()


def compare(client: Client, writers: list[Writer]) -> None:
    """Every answered Patient is found once, with the Observation that came with it; nobody else is there."""
    assert not [one for writer in writers for one in writer.wrong]
    assert sum(writer.repeated for writer in writers) > 0
    answered = {value: id for writer in writers for value, id in writer.made.items()}
    held, at = [], "/Patient?_count=500"
    while at:
        page = client.call("GET", at).body
        held += [
            (entry["resource"]["identifier"][0]["value"], entry["resource"]["id"])
            for entry in page.get("entry", [])
        ]
        links = {link["relation"]: link["url"] for link in page["link"]}
        at = links.get("next", "").partition("/fhir")[2]
    assert len(held) == len(set(held))
    assert dict(held) == answered
    assert len(held) == len(answered)
    observed = client.call("GET", "/Observation?_summary=count").body["total"]
    assert observed == sum(int(value.partition("-")[2]) % 2 for value in answered)
    print(f"{len(answered)} answered, {sum(w.repeated for w in writers)} calls repeated")


def started(home: Path) -> subprocess.Popen[bytes]:
    """The node again, as its service would start it."""
    words = [sys.executable, "-m", "lienthong.config.cli", "serve", "--home", str(home)]
    with (home / "log.txt").open("ab") as log:
        return subprocess.Popen(
            [*words, "--with-parent", str(os.getpid())],
            env=fhir_door._environment(),
            stdout=log,
            stderr=log,
        )


def wait_for(client: Client) -> None:
    end = time.monotonic() + 180
    while time.monotonic() < end:
        with contextlib.suppress(urllib3.exceptions.HTTPError, OSError):
            if client.transport("GET", "/fhir/metadata", {}, b"").status == 200:
                return
        time.sleep(0.05)
    raise AssertionError("the node does not answer")
