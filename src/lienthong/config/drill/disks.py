"""Disks of their own for some nodes: one that can be made full, and one whose power can be cut.

The first is a small file system in memory or, without the right to mount, a limit of file size. The second needs root.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from lienthong.config.drill.blocklog import BlockLog
from lienthong.config.drill.province import Node

_SMALL = 96 << 20
_IMAGE = 64 << 20


def missing_for_cuts() -> str:
    """What power cuts need and this machine does not have; empty when they can be played."""
    if os.geteuid() != 0:
        return "power cuts need root: a file system is mounted on a loop device"
    if not Path("/dev/fuse").exists():
        return "power cuts need /dev/fuse"
    programs = [name for name in ("mkfs.ext4", "e2fsck", "mount") if shutil.which(name) is None]
    return f"power cuts need {', '.join(programs)} (Debian: e2fsprogs, mount)" if programs else ""


@dataclass(slots=True)
class Disks:
    """What was mounted for a run, and what is full now."""

    folder: Path
    _memory: list[Path] = field(default_factory=list)
    _logged: dict[Path, BlockLog] = field(default_factory=dict)
    _full: list[Node] = field(default_factory=list)

    def small(self, home: Path) -> bool:
        """Puts a small file system in memory where a node's folder will be; False when mounting is not permitted."""
        home.mkdir(parents=True)
        if os.geteuid() != 0 or not _mount(
            "-t", "tmpfs", "-o", f"size={_SMALL},mode=700", "drill", str(home)
        ):
            return False
        self._memory.append(home)
        return True

    def fill(self, node: Node) -> str:
        """Lets nothing more be written at a node; returns how."""
        self._full.append(node)
        if node.home in self._memory:
            state = os.statvfs(node.home)
            used = (state.f_blocks - state.f_bfree) * state.f_frsize
            _mount("-o", f"remount,size={used}", str(node.home))
            return f"{node.name}: file system in memory has only the {used} bytes that are used"
        _limit(node, 0)
        return f"{node.name}: no file may be written (RLIMIT_FSIZE), since mounting is not permitted"

    def mend(self) -> None:
        """Gives room again."""
        for node in self._full:
            if node.home in self._memory:
                _mount("-o", f"remount,size={_SMALL}", str(node.home))
            else:
                _limit(node, resource.RLIM_INFINITY)
        self._full.clear()

    def logged(self, home: Path) -> None:
        """Puts an ext4 file system where a node's folder will be, on a disk that knows what was flushed."""
        home.mkdir(parents=True)
        image = self.folder / f"{home.name}.image"
        image.touch()
        os.truncate(image, _IMAGE)
        _done("mkfs.ext4", "-q", "-F", str(image))
        self._insert(home, image)

    def _insert(self, home: Path, image: Path) -> None:
        folder = self.folder / f"{home.name}.disk"
        folder.mkdir(exist_ok=True)
        log = self._logged[home] = BlockLog(folder, image)
        log.open()
        _done("mount", "-o", "loop", str(log.path), str(home))

    def flush(self) -> None:
        """Makes durable what the nodes were prepared with."""
        for home in self._logged:
            _done("sync", "--file-system", str(home))

    def cut(self, node: Node, seed: str) -> str:
        """Cuts a node's power: everything stops, and its disk holds what was flushed and some of the rest.

        Raises:
            RuntimeError: the file system could not be repaired.
        """
        for pid in node.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        log, image = self._logged[node.home], self.folder / f"{node.home.name}.image"
        told = log.cut(seed, image)
        node.kill_putting()
        node.kill()
        self._remove(node.home)
        checked = subprocess.run(["e2fsck", "-fy", str(image)], check=False, capture_output=True, text=True)
        if checked.returncode > 1:
            raise RuntimeError(f"e2fsck ended with {checked.returncode}: {checked.stdout}")
        self._insert(node.home, image)
        return f"{node.name}: power cut after {told}"

    def _remove(self, home: Path) -> None:
        if subprocess.run(["umount", str(home)], check=False, capture_output=True).returncode:
            subprocess.run(["umount", "--lazy", str(home)], check=False, capture_output=True)
        self._logged.pop(home).close()

    def close(self, keep: Path | None = None) -> None:
        """Unmounts everything, after copying it to a folder when one is given."""
        for home in [*self._memory, *self._logged]:
            if keep:
                shutil.copytree(home, keep / home.name)
        for home in [*self._logged]:
            self._remove(home)
        for home in self._memory:
            subprocess.run(["umount", "--lazy", str(home)], check=False, capture_output=True)
        self._memory.clear()


def _limit(node: Node, size: int) -> None:
    for pid in node.pids():
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def _mount(*words: str) -> bool:
    return subprocess.run(["mount", *words], check=False, capture_output=True).returncode == 0


def _done(*words: str) -> None:
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout}{done.stderr}")
