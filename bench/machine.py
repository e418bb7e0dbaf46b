"""The machine: its description, one core, the disk's flush, a process's memory."""

from __future__ import annotations

import contextlib
import os
import platform
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path


def description() -> str:
    """Cores, memory, kernel, Python and SQLite in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """This process and what it starts run on one core alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def rate(step: Callable[[], object], seconds: float = 1.0) -> float:
    """How often a second ``step`` runs, tried for so many seconds."""
    count, begun = 0, time.perf_counter()
    while (passed := time.perf_counter() - begun) < seconds:
        step()
        count += 1
    return count / passed


def flushes(folder: Path, size: int = 4096, seconds: float = 1.0) -> float:
    """How often a second ``size`` bytes can be appended to a file and flushed to disk."""
    block = os.urandom(size)
    with tempfile.TemporaryFile(dir=folder) as file:

        def step() -> None:
            file.write(block)
            file.flush()
            os.fdatasync(file.fileno())

        return rate(step, seconds)


def most_memory() -> float:
    """The most MB that this process held; not what its parent held, as ``getrusage`` would have it."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
