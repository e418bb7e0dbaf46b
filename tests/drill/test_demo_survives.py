"""Every process of the demo province is killed again and again while 304 transfers travel; nothing is lost."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import ports

pytestmark = pytest.mark.drill
KILLS = 12
SITES = {"bac-giang": "24011", "son-dong": "24004", "bach-mai": "01929"}


def start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "lienthong.config.cli", "demo", "--exit", "--json"]
    return subprocess.Popen(
        [*command, "--dir", str(folder), "--port", str(port)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def children(pid: int) -> list[int]:
    """The processes started by one process, and by those, and so on."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, path.read_text().split()):
                found += [child, *children(child)]
    return found


def rows(folder: Path, name: str, query: str) -> list[tuple[object, ...]]:
    path = folder / name / "lienthong.sqlite3"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return database.execute(query).fetchall()


@pytest.fixture
def demo_folder(tmp_path: Path) -> Iterator[Path]:
    return tmp_path / "province"


@pytest.mark.long
def test_killing_any_process_at_any_moment_loses_nothing(demo_folder: Path) -> None:
    seed = int(os.environ.get("DRILL_SEED", random.randrange(10**6)))
    print(f"DRILL_SEED={seed}")
    choose = random.Random(seed)
    port = ports.free(4)
    demo = start(demo_folder, port)
    kills = whole = 0
    try:
        while not (demo_folder / "province.json").exists():
            assert demo.poll() is None, demo.communicate()
            time.sleep(0.1)
        while demo.poll() is None and kills < KILLS:
            time.sleep(choose.uniform(0.2, 1.5))
            victims = children(demo.pid)
            if choose.random() < 0.15:
                demo.kill()
                demo.wait()
                whole += 1
                time.sleep(1)
                demo = start(demo_folder, port)
            elif victims:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(choose.choice(victims), signal.SIGKILL)
            kills += 1
        output, errors = demo.communicate(timeout=600)
    finally:
        if demo.poll() is None:
            demo.terminate()
            demo.wait()
    assert output, (demo.returncode, errors)
    result = json.loads(output)
    print(f"{kills} kills, {whole} of them of the whole province; {result}")
    assert kills >= 5
    assert demo.returncode == 0, errors.decode()
    assert result["transfers_sent"] == result["transfers_received"] == result["receipts_verified"] == 304
    sent = {loop for site in SITES for (loop,) in rows(demo_folder, site, OWN_LOOPS.format(SITES[site]))}
    received = {loop for (loop,) in rows(demo_folder, "bach-mai", "SELECT loop FROM transfers_transfer")}
    assert len(sent) == 304
    assert sent == received
    for site, facility in SITES.items():
        assert rows(demo_folder, site, "PRAGMA integrity_check") == [("ok",)]
        assert not rows(demo_folder, site, TWICE), "a dossier was stored twice"
        assert not list((demo_folder / site / "exports").glob("*.xml")), f"{facility}: a file was left behind"
        audit = [sys.executable, "-m", "lienthong.config.cli", "audit", "--home", str(demo_folder / site)]
        assert subprocess.run(audit, check=False, capture_output=True).returncode == 0


OWN_LOOPS = "SELECT loop FROM transfers_transfer WHERE sender = '{}'"
TWICE = (
    "SELECT export_id, position FROM his_xml_dossierversion GROUP BY export_id, position HAVING COUNT(*) > 1"
    " UNION ALL SELECT facility, ma_lk FROM his_xml_dossierversion"
    " GROUP BY facility, ma_lk, content HAVING COUNT(*) > 1"
)
