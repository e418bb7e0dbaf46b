"""The machine: its description, one core, the disk's flush, a child's memory."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import platform
import resource
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


def peak_memory(work: Callable[[], None]) -> float:
    """The most MB that a fresh process held while it did ``work`` (a function of a module)."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_watched, args=(work, sender))
    child.start()
    sender.close()
    try:
        peak = float(receiver.recv())
    except EOFError:
        child.join()
        raise RuntimeError(f"the work ended with exit code {child.exitcode}") from None
    child.join()
    return peak


def _watched(work: Callable[[], None], sender: multiprocessing.connection.Connection) -> None:
    work()
    sender.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    sender.close()
