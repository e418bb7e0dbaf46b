"""Where the time of a call goes, from stacks that py-spy takes of the serving process while it works, from outside."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

STEPS = {
    "parse and write JSON": r"/foundation/json\.py|^(loads|decode|dumps|encode) ",
    "validate": r"/records/validation/|/records/profiles/",
    "make index rows": r"/records/index/|/records/fhirpath/",
    "commit": r"^commit |^_commit |/commits\.py|/turns\.py|/api/commit\.py",
    "insert rows": r"/records/bulk\.py",
    "audit trail": r"/access/audit\.py",
    "who calls": r"/access/callers\.py|/foundation/signing\.py",
    "search": r"/records/search/",
    "read resources": r"/records/reading\.py|/records/packs\.py",
}
"""A step, and how a frame of it looks; of a stack the innermost frame that is of any step counts."""
_PATTERNS = {name: re.compile(pattern) for name, pattern in STEPS.items()}
_CALL = re.compile(r"config/fhir\.py")
_RATE = 200


def watch(pid: int, seconds: int, work: Callable[[], object]) -> dict[str, float]:
    """Share of each step of the time inside calls (0 to 1), while ``work`` runs; ``rest`` is none of them.

    Raises:
        RuntimeError: py-spy is not there or may not look.
    """
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as folder:
        path = Path(folder) / "stacks.txt"
        program = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
        if program is None:
            raise RuntimeError("py-spy is not installed")
        words = [program, "record", "--idle", "--subprocesses", "--nonblocking", "--format", "raw"]
        words += ["--rate", str(_RATE), "--duration", str(seconds), "--output", str(path), "--pid", str(pid)]
        worker = threading.Thread(target=work)
        worker.start()
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        worker.join()
        if not path.exists():
            raise RuntimeError(done.stderr)
        return shares(path.read_text("utf-8"))


def shares(stacks: str) -> dict[str, float]:
    """Shares from py-spy's raw format: ``outer;inner;innermost count`` a line."""
    counted: Counter[str] = Counter()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        if any(_CALL.search(frame) for frame in frames):
            counted[_step(frames)] += int(count)
    whole = counted.total() or 1
    return {name: counted[name] / whole for name in (*STEPS, "rest")}


def _step(frames: list[str]) -> str:
    for frame in reversed(frames):
        for name, pattern in _PATTERNS.items():
            if pattern.search(frame):
                return name
    return "rest"
