"""The page about the FHIR door: its examples run, its tables are the program's."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

import fhir_calls
from lienthong.access.grounds import PURPOSES
from lienthong.config import fhir as doors
from lienthong.foundation import clock
from lienthong.transfers import desk, rules, steps, taking
from lienthong.transfers.fhir import answers, tokens
from lienthong.transfers.models import State, Step, Transfer

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "fhir-door.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"<!-- example: (\w+) -->\n```json\n(.*?)```", PAGE, re.DOTALL))


def test_the_table_of_steps_is_that_of_the_program() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| `([\w-]+)` \|(.*)\|(.*)\|(.*)\|(.*)\|$", PAGE, re.MULTILINE)
    said = {
        state: (task, *(cell.strip() for cell in cells), fields.strip())
        for state, task, *cells, fields in rows
    }
    known = {}
    for state, turn in rules.TURNS.items():
        by = rules.STEPS[state][0] if state in rules.STEPS else None
        fields = msgspec.structs.fields(steps.KINDS[state]) if state in steps.KINDS else ()
        names = [f"**{f.encode_name}**" if f.required else f.encode_name for f in fields]
        taken = by.value if by else ""
        known[state.value] = (turn.task, turn.x360, taken, turn.side.value, ", ".join(names))
    assert said == known


def test_codes_scopes_and_limits_are_those_of_the_program() -> None:
    for codes in (steps.DECLINED, steps.CANCELLED, steps.NO_SHOW):
        assert f"| {', '.join(codes)} |" in PAGE
    for some in tokens.SCOPES.values():
        assert " ".join(f"`{scope}`" for scope in some) in PAGE
    assert f"{doors.BODY >> 20} MiB, {answers.MOST_ENTRIES} entries" in PAGE
    assert ", ".join(PURPOSES[1:]) in PAGE
    assert all(f"{kind}/{{id}}" in PAGE for kind in ("ServiceRequest", "Task", "Patient", "Composition"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("hospitals")
class TestExamples:
    @pytest.fixture
    def his(self) -> fhir_calls.Client:
        return fhir_calls.register()

    @pytest.fixture
    def loop(self, his: fhir_calls.Client, settings: Any) -> str:
        begun = his.call("POST", "/ServiceRequest", json.loads(EXAMPLES["begin"]))
        assert begun.status == 201, begun.body
        settings.NODE = replace(settings.NODE, facility="01929")
        transfer = desk.get(begun.body["id"])
        assert transfer is not None
        taking.add(transfer, [taking.fixed(transfer, State.RECEIVED, clock.now(), "01929")])
        return str(begun.body["id"])

    def test_the_request_is_sent(self, his: fhir_calls.Client, loop: str) -> None:
        transfer = Transfer.objects.get()
        assert (transfer.state, transfer.diagnosis_code) == (State.RECEIVED, "I21.0")

    @pytest.mark.parametrize("name", ["decline", "outcome"])
    def test_a_step_is_taken(self, his: fhir_calls.Client, loop: str, name: str) -> None:
        if name == "outcome":
            his.step(loop, "arrived")
        task = json.loads(EXAMPLES[name].replace("{id}", loop))
        done = his.call("PUT", f"/Task/{loop}", task)
        assert done.status == 200, done.body
        assert Step.objects.filter(kind=task["businessStatus"]["coding"][0]["code"]).exists()

    def test_the_patch_is_taken(self, his: fhir_calls.Client, loop: str) -> None:
        done = his.call("PATCH", f"/Task/{loop}", json.loads(EXAMPLES["patch"]))
        assert done.status == 200, done.body
        assert Step.objects.get(kind="declined").data["code"] == "too-unstable"
