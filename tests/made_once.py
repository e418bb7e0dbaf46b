"""What a test run makes once and its tests begin with a copy of: nodes with their keys and databases, for example."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

FOLDER = "LIENTHONG_TESTS_MADE"
"""Names the folder of the run, which the workers of pytest-xdist share."""


def once(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of that name; ``make`` fills it the first time, while other workers wait. Nobody changes it then."""
    root = _root()
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made, part = root / name, root / f"{name}.part"
        if not made.exists():
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            make(part)
            part.rename(made)
    return made


def _root() -> Path:
    if FOLDER not in os.environ:
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="lienthong-made-")
        atexit.register(shutil.rmtree, os.environ[FOLDER], ignore_errors=True)
    return Path(os.environ[FOLDER])
