"""Disks that can be made full: a small file system in memory, or, without the right to mount, a limit of file size."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from lienthong.config.drill.province import Node

_SIZE = 96 << 20


@dataclass(slots=True)
class Disks:
    """What was mounted for a run, and what is full now."""

    mounted: list[Path] = field(default_factory=list)
    _full: list[Node] = field(default_factory=list)

    def small(self, home: Path) -> bool:
        """Puts a small file system in memory where a node's folder will be; False when mounting is not permitted."""
        home.mkdir(parents=True, exist_ok=True)
        if os.geteuid() != 0 or not _mount("-t", "tmpfs", "-o", f"size={_SIZE},mode=700", "drill", str(home)):
            return False
        self.mounted.append(home)
        return True

    def fill(self, node: Node) -> str:
        """Lets nothing more be written at a node; returns how."""
        self._full.append(node)
        if node.home in self.mounted:
            state = os.statvfs(node.home)
            used = (state.f_blocks - state.f_bfree) * state.f_frsize
            _mount("-o", f"remount,size={used}", str(node.home))
            return f"{node.name}: file system in memory has only the {used} bytes that are used"
        _limit(node, 0)
        return f"{node.name}: no file may grow (RLIMIT_FSIZE), since mounting is not permitted"

    def mend(self) -> None:
        """Gives room again."""
        for node in self._full:
            if node.home in self.mounted:
                _mount("-o", f"remount,size={_SIZE}", str(node.home))
            else:
                _limit(node, resource.RLIM_INFINITY)
        self._full.clear()

    def close(self, keep: Path | None = None) -> None:
        """Unmounts what was mounted, after copying it to a folder when one is given."""
        for home in self.mounted:
            if keep:
                shutil.copytree(home, keep / home.name)
            subprocess.run(["umount", "--lazy", str(home)], check=False, capture_output=True)
        self.mounted.clear()


def _limit(node: Node, size: int) -> None:
    for pid in node.pids():
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def _mount(*words: str) -> bool:
    return subprocess.run(["mount", *words], check=False, capture_output=True).returncode == 0
