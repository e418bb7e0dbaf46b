"""Full disks, with real processes and messages flowing: nothing that was acknowledged is lost, nothing is doubled.

With root the hub's and the sender's folders are small file systems (tmpfs) that are filled and emptied. Without it the
same faults come from the kernel's limit on the length of files (RLIMIT_FSIZE), which a running process meets at the
same writes; what then cannot be tried is the reserve, which looks at the file system.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from exchange_nodes import Nodes
from lienthong.config import node

MB = 1 << 20
DISK, RESERVE = 48, 12
OPEN = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'out' AND state <> 'stored'"
RELAYED = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'relay'"
COLLECTED = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'in'"
ALERTS = "SELECT COUNT(*) FROM exchange_alert WHERE closed_at = '' AND code = '{code}'"


@contextlib.contextmanager
def _small_disks(folder: Path, *names: str) -> Iterator[bool]:
    """File systems of ``DISK`` MB at these folders; False where this user may not mount any."""
    mounted = []
    try:
        for name in names:
            (folder / name).mkdir()
            words = ["mount", "-t", "tmpfs", "-o", f"size={DISK}m,mode=700", "tmpfs", str(folder / name)]
            if subprocess.run(words, capture_output=True, check=False).returncode:
                break
            mounted.append(folder / name)
        yield len(mounted) == len(names)
    finally:
        for path in mounted:
            subprocess.run(["umount", "-l", str(path)], check=True)


@contextlib.contextmanager
def _nodes(folder: Path) -> Iterator[Nodes]:
    nodes = Nodes(folder)
    nodes.make()
    for name in ("hub", "sender", "receiver"):
        node.save(replace(node.load(folder / name), reserve_mb=RESERVE if name != "receiver" else 1))
    try:
        for name in ("hub", "sender", "receiver"):
            nodes.start(name)
        yield nodes
    finally:
        nodes.stop()


def _fill(folder: Path, leave: int) -> Path:
    """Takes all room but ``leave`` bytes."""
    filler = folder / "filler"
    with filler.open("wb") as file:
        while True:
            disk = os.statvfs(folder)
            size = min(disk.f_bavail * disk.f_frsize - leave, MB)
            if size <= 0:
                return filler
            try:
                file.write(b"\0" * size)
                file.flush()
            except OSError:  # others write too
                return filler


def _whole(nodes: Nodes, confirmed: dict[str, list[str]]) -> None:
    """What was confirmed is at its addressee once, receipted; what was not confirmed is nowhere."""
    for name, other in (("sender", "receiver"), ("receiver", "sender")):
        handled = [message for (message,) in nodes.rows(other, "SELECT message FROM handled")]
        assert sorted(handled) == sorted(confirmed[name])
        receipted = [message for (message,) in nodes.rows(name, "SELECT message FROM receipted")]
        assert sorted(receipted) == sorted(confirmed[name])
    for name in ("hub", "sender", "receiver"):
        assert nodes.rows(name, "PRAGMA integrity_check") == [("ok",)]
    assert nodes.rows("receiver", "SELECT seq FROM exchange_chain WHERE direction = 'in'") == [
        (len(confirmed["sender"]),)
    ]


@pytest.mark.long
def test_full_disks_lose_nothing_and_all_goes_on_by_itself(tmp_path: Path) -> None:
    with _small_disks(tmp_path, "hub", "sender") as small:
        if not small:
            pytest.xfail(
                "no file system may be mounted here: see the test with limits on files, which runs everywhere"
            )
        with _nodes(tmp_path) as nodes:
            confirmed = {"sender": nodes.put("sender", "receiver", 10), "receiver": []}
            assert len(confirmed["sender"]) == 10
            nodes.wait_for("sender", OPEN, 0)
            _hub_is_full(nodes, confirmed)
            _sender_is_full(nodes, confirmed)
            confirmed["sender"] += nodes.put("sender", "receiver", 10)
            for name in ("sender", "receiver"):
                nodes.wait_for(name, OPEN, 0, seconds=120)
        _whole(nodes, confirmed)


def _hub_is_full(nodes: Nodes, confirmed: dict[str, list[str]]) -> None:
    for leave in (RESERVE * MB // 2, 0):
        filler = _fill(nodes.folder / "hub", leave)
        before = nodes.rows("hub", RELAYED)
        confirmed["sender"] += nodes.put("sender", "receiver", 10)
        nodes.wait_for("sender", ALERTS.format(code="exchange-hub-full"), 1, seconds=60)
        assert nodes.rows("hub", RELAYED) == before
        filler.unlink()
        nodes.wait_for("sender", OPEN, 0, seconds=120)
        assert nodes.rows("sender", ALERTS.format(code="exchange-hub-full")) == [(0,)]
    assert len(confirmed["sender"]) == 30


def _sender_is_full(nodes: Nodes, confirmed: dict[str, list[str]]) -> None:
    for leave in (RESERVE * MB // 2, 0):
        filler = _fill(nodes.folder / "sender", leave)
        confirmed["receiver"] += nodes.put(
            "receiver", "sender", 1
        )  # ends the question for mail that waits already
        time.sleep(3)
        before = nodes.rows("sender", COLLECTED)
        assert nodes.put("sender", "receiver", 5) == [], "new input is refused while there is no room"
        confirmed["receiver"] += nodes.put("receiver", "sender", 5)
        nodes.wait_for("hub", RELAYED, len(confirmed["sender"]) + len(confirmed["receiver"]))
        time.sleep(3)
        assert nodes.rows("sender", COLLECTED) == before, "its mail stays at the hub"
        filler.unlink()
        nodes.wait_for("receiver", OPEN, 0, seconds=120)
    assert len(confirmed["receiver"]) == 12


@pytest.mark.long
def test_writes_that_the_kernel_refuses_lose_nothing(tmp_path: Path) -> None:
    with _nodes(tmp_path) as nodes:
        confirmed = {"sender": nodes.put("sender", "receiver", 10), "receiver": []}
        nodes.wait_for("sender", OPEN, 0)
        for name in ("hub", "sender", "receiver"):
            processes = _processes(nodes.processes[name].pid)
            for process in processes:
                resource.prlimit(process, resource.RLIMIT_FSIZE, (64 << 10, resource.RLIM_INFINITY))
            confirmed["sender"] += nodes.put("sender", "receiver", 10, size=20_000)
            time.sleep(3)
            assert nodes.rows("sender", OPEN)[0][0] > 0, f"{name} works without being able to write"
            for process in _processes(nodes.processes[name].pid):
                unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
                resource.prlimit(process, resource.RLIMIT_FSIZE, unlimited)
            nodes.wait_for("sender", OPEN, 0, seconds=120)
        _whole(nodes, confirmed)


def _processes(first: int) -> list[int]:
    """A process and those it started."""
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    return [first] + [one for child in children for one in _processes(int(child))]
