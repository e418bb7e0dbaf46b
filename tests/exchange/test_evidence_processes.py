"""Evidence packages of messages that real processes exchanged, each side's by itself, before and after a cut-off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from trust_nodes import FACILITIES, SOURCE, Nodes, joined
from tsa import Authority, served

RECEIPTED = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'out' AND receipt_state = 'verified'"
HUB_KEY = "SELECT kid FROM facilities_node WHERE role = 'hub' ORDER BY valid_from LIMIT 1"
STAMP = (
    "import sys; from pathlib import Path; from lienthong.config import setup; setup.use(Path(sys.argv[1]));"
    "from lienthong.access import timestamps as t; t.make(now=True); print(t.stamp_waiting(t.service()))"
)


def stamp(nodes: Nodes, name: str, url: str, ca: Path) -> None:
    """Has a node's trail stamped now, as its settings say."""
    file = nodes.folder / name / "lienthong.toml"
    kept = [line for line in file.read_text("utf-8").splitlines() if not line.startswith("timestamp_")]
    file.write_text("\n".join([*kept, f'timestamp_url = "{url}"', f'timestamp_ca = "{ca}"', ""]), "utf-8")
    words = [sys.executable, "-c", STAMP, str(nodes.folder / name)]
    done = subprocess.run(
        words, env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True
    )
    assert done.stdout.strip() == "1", done.stderr


def take(nodes: Nodes, name: str, reference: str, *more: str) -> Path:
    """The package of a node."""
    path = nodes.folder / f"{name}-{reference}.zip"
    status, said = nodes.run(name, "evidence", reference, "--out", str(path), *more)
    assert status == 0, said
    assert path.stat().st_mode & 0o77 == 0
    return path


def verify(path: Path, hub_key: str, *more: str) -> dict[str, Any]:
    """What ``verify.py``, alone, says of a package."""
    program = SOURCE / "lienthong" / "exchange" / "evidence" / "verify.py"
    words = [sys.executable, "-I", str(program), str(path), "--hub-key", hub_key, "--json", *more]
    done = subprocess.run(words, capture_output=True)
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["status"] == done.returncode
    return told


def codes(told: dict[str, Any], *marks: str) -> set[str]:
    return {step["code"] for step in told["steps"] if step["mark"] in marks}


@pytest.mark.long
def test_every_side_proves_a_message_by_itself(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    with joined(tmp_path, "sender", "receiver") as nodes, served(authority) as service:
        for name in ("sender", "receiver"):
            nodes.wait_for(name, "SELECT MAX(number) FROM facilities_statement", 2)
        ids = nodes.put("sender", "receiver", 3)
        refused = nodes.put("sender", "receiver", 1, refuse=True)[0]
        nodes.wait_for("sender", RECEIPTED, 4)
        hub_key, message = str(nodes.one("hub", HUB_KEY)), ids[0]

        for name, made_by in (("sender", "24011"), ("receiver", "01929"), ("hub", "SYT-24")):
            if name != "hub":  # the hub's process stamps by itself, in its time
                stamp(nodes, name, service.url, authority.ca)
            path = take(nodes, name, message)
            told = verify(path, hub_key, "--tsa-ca", str(authority.ca))
            assert (told["verdict"], told["made_by"]) == ("valid", made_by), told["steps"]
            (found,) = told["messages"]
            assert (found["sender"], found["receiver"], found["outcome"]) == ("24011", "01929", "stored")
            assert bool(found["stamped"]) == (name != "hub")
            assert "events" in codes(told, "holds")
            with zipfile.ZipFile(path) as file:
                parts = [one for one in file.namelist() if one.startswith("parts/")]
            assert len(parts) == (0 if name == "hub" else 1)
            without = take(nodes, name, message, "--without-content")
            assert verify(without, hub_key)["verdict"] == "valid"

        assert "proven-refused" in {
            step["code"] for step in verify(take(nodes, "sender", refused), hub_key)["proven"]
        }
        assert nodes.run("sender", "evidence", "nothing", "--out", str(tmp_path / "x.zip"))[0] == 1
        assert not (tmp_path / "x.zip").exists()
        status, said = nodes.run("receiver", "audit", "--full")
        assert status == 0, said

        before = verify(take(nodes, "receiver", message), hub_key)
        assert "key-revoked-later" not in codes(before, "note")
        status, said = nodes.run("hub", "cut-off", FACILITIES["sender"], "--reason", "máy bị mất cắp")
        assert status == 0, said
        nodes.wait_for("receiver", "SELECT MAX(number) FROM facilities_statement", 3)
        told = verify(take(nodes, "receiver", message), hub_key)
        assert told["verdict"] == "valid"
        assert "key-revoked-later" in codes(told, "note")
        assert verify(take(nodes, "receiver", message), "A" * 43)["verdict"] == "invalid"
