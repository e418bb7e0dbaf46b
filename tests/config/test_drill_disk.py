"""A disk whose power is cut keeps what was flushed, whatever became of the rest."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lienthong.config.drill.blocklog import BlockLog
from lienthong.config.drill.disks import missing_for_cuts

pytestmark = pytest.mark.skipif(bool(missing_for_cuts()), reason=missing_for_cuts())
SIZE = 16 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[BlockLog, Path]]:
    image, folder, home = tmp_path / "image", tmp_path / "disk", tmp_path / "home"
    image.touch()
    os.truncate(image, SIZE)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    folder.mkdir()
    home.mkdir()
    log = BlockLog(folder, image)
    try:
        log.open()
    except OSError as error:
        pytest.skip(str(error))
    try:
        subprocess.run(["mount", "-o", "loop", str(log.path), str(home)], check=True)
        yield log, home
        subprocess.run(["umount", str(home)], check=True)
    finally:
        log.close()


def write(path: Path, content: bytes, *, flush: bool) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        if flush:
            os.fsync(file.fileno())


def after(log: BlockLog, folder: Path, seed: int) -> dict[str, bytes]:
    """The files that a file system check and a mount find after a power cut."""
    image, home = folder / f"cut-{seed}", folder / f"after-{seed}"
    said = log.cut(f"{seed}", image)
    assert not said.endswith(" 0 flushes")
    home.mkdir()
    assert subprocess.run(["e2fsck", "-fy", str(image)], capture_output=True).returncode <= 1
    subprocess.run(["mount", "-o", "loop", str(image), str(home)], check=True)
    try:
        return {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()}
    finally:
        subprocess.run(["umount", str(home)], check=True)


def test_what_was_flushed_is_there_and_what_was_not_may_be_gone(
    disk: tuple[BlockLog, Path], tmp_path: Path
) -> None:
    log, home = disk
    write(home / "flushed", b"a" * 100_000, flush=True)
    write(home / "careless", b"b" * 100_000, flush=False)
    found = [after(log, tmp_path, seed) for seed in range(5)]
    assert all(files["flushed"] == b"a" * 100_000 for files in found)
    assert all(files.get("careless") != b"b" * 100_000 for files in found)
