"""Blobs: the same content once, found by its hash, on disk before ``put`` returns."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.foundation.blobs import BlobFolder, DamagedBlob, NoSuchBlob

ABSENT = hashlib.sha256(b"absent").hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> BlobFolder:
    return BlobFolder(tmp_path / "blobs")


def files(folder: BlobFolder) -> list[str]:
    return sorted(str(path.relative_to(folder.root)) for path in folder.root.rglob("*") if path.is_file())


@given(st.binary(max_size=5000))
def test_what_was_put_is_read(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = BlobFolder(tmp_path_factory.getbasetemp() / "all-blobs")
    sha256 = folder.put(content)
    assert sha256 == hashlib.sha256(content).hexdigest()
    assert folder.has(sha256)
    assert folder.read(sha256) == content


@given(st.binary(max_size=2000), st.integers(0, 2500), st.integers(0, 2500))
def test_a_slice_is_a_slice(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, start: int, length: int
) -> None:
    folder = BlobFolder(tmp_path_factory.getbasetemp() / "all-blobs")
    assert folder.slice(folder.put(content), start, length) == content[start : start + length]


def test_a_slice_of_a_large_blob_crosses_its_blocks(folder: BlobFolder) -> None:
    content = random.Random(1).randbytes(3_000_000)
    sha256 = folder.put(content)
    assert folder.slice(sha256, 1_048_570, 1_100_000) == content[1_048_570:2_148_570]


def test_put_and_put_stream_keep_the_same_content_once(folder: BlobFolder) -> None:
    content = b"Ba\xcc\x86c Giang " * 200_000
    sha256 = folder.put(content)
    chunks = [content[i : i + 70_000] for i in range(0, len(content), 70_000)]
    assert folder.put_stream(chunks) == (sha256, len(content))
    assert folder.put(content) == sha256
    assert files(folder) == [f"{sha256[:2]}/{sha256[2:]}.zst"]
    assert folder.stored_bytes(sha256) < len(content) / 100


def test_a_stream_over_the_limit_leaves_nothing(folder: BlobFolder) -> None:
    with pytest.raises(ValueError, match="more than 10 bytes"):
        folder.put_stream([b"12345", b"678901", b"2"], limit=10)
    assert files(folder) == []
    assert folder.put_stream([b"12345", b"67890"], limit=10)[1] == 10


def test_a_stream_that_breaks_leaves_nothing(folder: BlobFolder) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise OSError("line cut")

    with pytest.raises(OSError, match="line cut"):
        folder.put_stream(broken())
    assert files(folder) == []


def test_a_stream_over_the_limit_is_not_read_to_its_end(folder: BlobFolder) -> None:
    endless = iter(lambda: b"x" * 1000, b"")
    with pytest.raises(ValueError):
        folder.put_stream(endless, limit=100_000)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 63, "/" * 64, "../" * 21 + "x", ABSENT])
def test_what_is_not_here_is_said(folder: BlobFolder, name: str) -> None:
    with pytest.raises(NoSuchBlob):
        folder.open(name)


def test_many_threads_may_put_the_same_content(folder: BlobFolder) -> None:
    contents = [random.Random(i % 5).randbytes(200_000) for i in range(60)]
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(folder.put, contents))
    assert len(files(folder)) == 5
    assert [folder.read(name) for name in names] == contents


@pytest.mark.parametrize("by_stream", [False, True])
def test_content_is_flushed_before_it_gets_its_name_and_the_folders_after(
    folder: BlobFolder, monkeypatch: pytest.MonkeyPatch, by_stream: bool
) -> None:
    events: list[tuple[str, str]] = []
    real_sync, real_replace = os.fsync, Path.replace

    def sync(handle: int) -> None:
        at = Path(f"/proc/self/fd/{handle}").readlink()
        events.append(("flush", str(at.relative_to(folder.root)) if at != folder.root else "."))
        real_sync(handle)

    def replace(source: Path, target: Path) -> Path:
        events.append(("name", str(target.relative_to(folder.root))))
        return real_replace(source, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", replace)
    sha256 = folder.put_stream([b"receipt"])[0] if by_stream else folder.put(b"receipt")
    steps = [(what, place.split("/")[0]) for what, place in events]
    assert steps == [("flush", "tmp"), ("flush", "."), ("name", sha256[:2]), ("flush", sha256[:2])]

    events.clear()
    folder.put(b"receipt")
    assert events == [("flush", sha256[:2])]


@pytest.mark.parametrize("part", [0.0, 0.5, 0.99])
def test_damage_on_disk_is_not_given_as_content(folder: BlobFolder, part: float) -> None:
    sha256 = folder.put(random.Random(2).randbytes(300_000))
    path = folder.path(sha256)
    stored = path.read_bytes()
    at = int(len(stored) * part)
    for damaged in (stored[:at], stored[:at] + bytes([stored[at] ^ 1]) + stored[at + 1 :]):
        path.write_bytes(damaged)
        with pytest.raises(DamagedBlob):
            folder.read(sha256)
