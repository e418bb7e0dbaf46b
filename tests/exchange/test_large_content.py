"""Large content between a hub and two sites as real processes: cut, killed, on a slow line; another tus client."""

from __future__ import annotations

import contextlib
import hashlib
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from exchange_nodes import FACILITIES, Nodes
from lienthong.config import node
from slow_line import SlowLine

OPEN = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'out' AND state NOT IN ('stored', 'refused')"
MEGABYTE = 1 << 20


@contextlib.contextmanager
def province(folder: Path, kbit: float = 0, **settings: Any) -> Iterator[tuple[Nodes, SlowLine | None]]:
    """The three nodes; with ``kbit`` the sender's and the receiver's calls go over one slow line."""
    nodes = Nodes(folder)
    nodes.make()
    port = node.load(folder / "hub").port
    line = SlowLine(port, kbit, 0.02) if kbit else None
    for name in ("sender", "receiver"):
        url = f"http://127.0.0.1:{line.port if line else port}"
        node.save(replace(node.load(folder / name), hub_url=url, **settings))
    try:
        for name in FACILITIES:
            nodes.start(name)
        yield nodes, line
    finally:
        nodes.stop()
        if line:
            line.close()


def noise(path: Path, size: int, seed: int = 1) -> Path:
    """A file that cannot be compressed."""
    source = random.Random(seed)
    with path.open("wb") as file:
        for start in range(0, size, MEGABYTE):
            file.write(source.randbytes(min(MEGABYTE, size - start)))
    return path


def assert_stored(nodes: Nodes, files: dict[str, Path]) -> None:
    """Each message was handled once, with the bytes of its file, and its receipt verified."""
    handled = nodes.rows("receiver", "SELECT message, hash FROM handled")
    assert sorted(handled) == sorted(
        (message, hashlib.sha256(path.read_bytes()).hexdigest()) for message, path in files.items()
    )
    assert len(nodes.rows("sender", "SELECT * FROM receipted WHERE outcome = 'stored'")) == len(files)


@pytest.mark.long
def test_a_study_survives_cuts_and_kills_of_every_process(tmp_path: Path) -> None:
    study = noise(tmp_path / "study", 3 * MEGABYTE)
    with province(tmp_path, kbit=8000) as (nodes, line):
        assert line is not None
        message = nodes.put_file("sender", "receiver", study, 3)
        for victim in ("line", "sender", "line", "hub", "line"):
            time.sleep(0.7)
            if victim == "line":
                line.cut()
            else:
                nodes.kill(victim)
                nodes.start(victim)
        nodes.wait_for("hub", "SELECT COUNT(*) FROM exchange_message", 1, 60)
        for victim in ("receiver", "line", "hub"):
            time.sleep(0.5)
            if victim == "line":
                line.cut()
            else:
                nodes.kill(victim)
                nodes.start(victim)
        nodes.wait_for("sender", OPEN, 0, 90)
        assert_stored(nodes, {message: study})
        assert line.bytes_up < 2 * study.stat().st_size, "it began anew instead of going on"
        query = "SELECT COUNT(*) FROM access_auditevent WHERE action = 'upload-complete'"
        assert nodes.rows("hub", query) == [(1,)]
        for name in ("sender", "receiver"):
            assert nodes.rows(name, "SELECT * FROM exchange_running") == []


@pytest.mark.long
def test_a_small_message_overtakes_a_running_study_both_ways(tmp_path: Path) -> None:
    study = noise(tmp_path / "study", MEGABYTE)
    with province(tmp_path, kbit=1000) as (nodes, _):
        heavy = nodes.put_file("sender", "receiver", study, 3, loop="same")
        nodes.wait_for("sender", "SELECT COUNT(*) FROM exchange_running WHERE done > 0", 1)
        (up,) = nodes.put("sender", "receiver", 1)
        nodes.wait_for("receiver", f"SELECT COUNT(*) FROM handled WHERE message = '{up}'", 1)
        state = f"SELECT state FROM exchange_message WHERE message = '{heavy}'"
        assert nodes.rows("sender", state) == [("queued",)], "the study was faster"
        nodes.wait_for("receiver", "SELECT COUNT(*) FROM exchange_running WHERE done > 0", 1, 60)
        (down,) = nodes.put("sender", "receiver", 1)
        nodes.wait_for("receiver", f"SELECT COUNT(*) FROM handled WHERE message = '{down}'", 1)
        assert nodes.rows("receiver", state) == [("collected",)], "the study was faster"
        nodes.wait_for("sender", OPEN, 0, 60)


def test_a_heavy_lane_waits_for_the_night_and_others_do_not(tmp_path: Path) -> None:
    hour = time.gmtime(time.time() + 7 * 3600 + 7200).tm_hour
    window = f"{hour:02}:00-{(hour + 1) % 24:02}:00"
    study, document = noise(tmp_path / "study", 200_000), noise(tmp_path / "document", 200_000, 2)
    with province(tmp_path, night_window=window, night_lane=2) as (nodes, _):
        heavy = nodes.put_file("sender", "receiver", study, 3)
        light = nodes.put_file("sender", "receiver", document, 1)
        nodes.wait_for("sender", "SELECT COUNT(*) FROM receipted", 1)
        assert_stored(nodes, {light: document})
        assert nodes.rows("sender", "SELECT message, state FROM exchange_message WHERE lane = 3") == [
            (heavy, "queued")
        ]
        assert nodes.rows("hub", "SELECT COUNT(*) FROM exchange_tusupload") == [(1,)]
        nodes.kill("sender")
        node.save(replace(node.load(tmp_path / "sender"), night_window=""))
        nodes.start("sender")
        nodes.wait_for("hub", "SELECT COUNT(*) FROM exchange_message", 2)
        nodes.kill("receiver")
        node.save(replace(node.load(tmp_path / "receiver"), night_window=""))
        nodes.start("receiver")
        # Either it looked at it after its window was opened, or it keeps it for the next look.
        looked = f"message = '{heavy}' AND (state = 'stored' OR next_try > '')"
        nodes.wait_for("receiver", f"SELECT COUNT(*) FROM exchange_message WHERE {looked}", 1, 60)


def memory(pid: int) -> int:
    """The most bytes that a process and its children ever held, without what it shares with files."""
    pids, total = [pid], 0
    for one in pids:
        with contextlib.suppress(FileNotFoundError):
            pids += [int(p) for p in Path(f"/proc/{one}/task/{one}/children").read_text().split()]
            status = Path(f"/proc/{one}/status").read_text()
            total += int(re.search(r"VmHWM:\s+(\d+)", status)[1]) << 10  # type: ignore[index]
    return total


def test_memory_stays_flat_whatever_the_size(tmp_path: Path) -> None:
    """A part of 96 MB raises the peak of no process by more than a quarter of it."""
    little, large = noise(tmp_path / "little", 2 * MEGABYTE), noise(tmp_path / "large", 96 * MEGABYTE, 2)
    with province(tmp_path) as (nodes, _):
        first = nodes.put_file("sender", "receiver", little, 3)
        nodes.wait_for("sender", OPEN, 0, 60)
        before = {name: memory(process.pid) for name, process in nodes.processes.items()}
        second = nodes.put_file("sender", "receiver", large, 3)
        nodes.wait_for("sender", OPEN, 0, 120)
        grown = {name: memory(process.pid) - before[name] for name, process in nodes.processes.items()}
        assert_stored(nodes, {first: little, second: large})
    assert all(more < 24 * MEGABYTE for more in grown.values()), grown


TOKEN = """
import sys
from pathlib import Path
from lienthong.config import setup
setup.use(Path(sys.argv[1]))
from django.conf import settings
from lienthong.exchange.client import Hub
print(Hub(settings.NODE.hub_url)._bearer())
"""


def test_another_tus_client_uploads_and_resumes_after_kills(tmp_path: Path) -> None:
    content = random.Random(7).randbytes(3 * MEGABYTE)
    name = hashlib.sha256(content).hexdigest()
    file = tmp_path / "content"
    file.write_bytes(content)
    with province(tmp_path, kbit=20_000) as (nodes, line):
        assert line is not None
        nodes.wait_for("sender", "SELECT COUNT(*) FROM exchange_line WHERE contact_at <> ''", 1)
        told = subprocess.run(
            [sys.executable, "-c", TOKEN, str(tmp_path / "sender")],
            capture_output=True,
            text=True,
            check=True,
        )
        client = TusClient(
            f"http://127.0.0.1:{line.port}/exchange/v1/uploads",
            headers={"Authorization": f"Bearer {told.stdout.strip()}"},
        )
        uploader = client.uploader(
            str(file), chunk_size=MEGABYTE, metadata={"sha256": name}, upload_checksum=True
        )
        uploader.upload_chunk()
        assert uploader.offset == MEGABYTE
        cutting = threading.Timer(0.1, line.cut)
        cutting.start()
        with contextlib.suppress(TusUploadFailed, TusCommunicationError):
            uploader.upload_chunk()
        nodes.kill("hub")
        nodes.start("hub")
        deadline = time.monotonic() + 60
        while uploader.offset < len(content):
            assert time.monotonic() < deadline
            with contextlib.suppress(TusUploadFailed, TusCommunicationError):
                again = client.uploader(
                    str(file), url=uploader.url, chunk_size=MEGABYTE, upload_checksum=True
                )
                assert again.offset % MEGABYTE == 0, "a piece that was cut counted without its checksum"
                again.upload()
                uploader = again
            time.sleep(0.1)
        query = f"SELECT size FROM exchange_upload WHERE facility = '24011' AND sha256 = '{name}'"
        assert nodes.rows("hub", query) == [(len(content),)]
        ended = tmp_path / "hub" / "sealed" / name[:2] / f"{name[2:]}.age"
        assert ended.read_bytes() == content
        with pytest.raises(TusCommunicationError):
            TusClient(client.url).uploader(str(file), metadata={"sha256": name}).create_url()
