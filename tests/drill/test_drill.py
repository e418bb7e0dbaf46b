"""The drill with what its usual seeds leave out: power cuts, a hub of several processes, a guarantee broken."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lienthong.config.drill.disks import missing_for_cuts

pytestmark = pytest.mark.drill
ROOT = Path(__file__).resolve().parents[2]


def drill(*words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "lienthong.config.cli", "drill", "--json", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    counts = json.loads(done.stdout.splitlines()[-1])
    print(" ".join(words), counts)
    assert done.returncode == 0
    assert counts["lost"] == counts["doubled"] == counts["out_of_order"] == 0
    assert counts["acknowledged"] == counts["delivered"] + counts["refused_listed"] > 0
    assert counts["receipts_verified"] == counts["delivered"]
    return dict(counts)


@pytest.mark.skipif(bool(missing_for_cuts()), reason=missing_for_cuts())
def test_power_cuts_of_any_node_lose_nothing() -> None:
    drill("--seeds", "1-2", "--only", "power-cut")


@pytest.mark.long
def test_a_hub_of_two_processes_on_postgresql_never_delivers_twice() -> None:
    drill("--seeds", "3-3", "--database", "postgresql", "--hub-processes", "2")


def test_a_broken_guarantee_is_found() -> None:
    command = [sys.executable, str(ROOT / "tools" / "mutations.py"), "taken-twice"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
