"""Breaks each guarantee once, on purpose, and shows that the drill finds it: ``mutations.py [NAME …] [--list]``.

Each mutation replaces one piece of the source in a copy of the tree. The drill must hold for its seeds without the
mutation (``--base`` runs that too) and fail with it. Prints a table as it stands in ``docs/reference/drill.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ROOT / "src" / "lienthong"


@dataclass(frozen=True, slots=True)
class Mutation:
    """One guarantee broken.

    Attributes:
        name: short, for the command line; guarantee: what no longer holds.
        file: below ``src/lienthong``; old, new: the text replaced, which stands there exactly once.
        drill: what is given to ``lienthong drill``.
    """

    name: str
    guarantee: str
    file: str
    old: str
    new: str
    drill: str


MUTATIONS: tuple[Mutation, ...] = ()


def main() -> int:
    """Runs the mutations that are named, or all; 0 when the drill found every one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    parser.add_argument("--base", action="store_true", help="run the same drills without a mutation, too")
    options = parser.parse_args()
    chosen = [one for one in MUTATIONS if not options.names or one.name in options.names]
    if options.list:
        print("\n".join(one.name for one in chosen))
        return 0
    print("| mutation | guarantee broken | drill | found |\n|---|---|---|---|", flush=True)
    missed = 0
    for one in chosen:
        status, said = drill(one)
        found = status == 1
        missed += not found
        print(
            f"| `{one.name}` | {one.guarantee} | `{one.drill}` | {said if found else 'NO: ' + said} |",
            flush=True,
        )
    if options.base:
        for words in sorted({one.drill for one in chosen}):
            status, said = run(PARTS.parent, words)
            missed += status != 0
            print(f"without a mutation, `{words}`: {said}", flush=True)
    return 1 if missed else 0


def drill(mutation: Mutation) -> tuple[int, str]:
    """The drill's exit status with a mutation, and its counts in words.

    Raises:
        ValueError: the text to replace is not there exactly once.
    """
    with tempfile.TemporaryDirectory(prefix="lienthong-mutation-") as folder:
        source = Path(folder) / "src"
        shutil.copytree(PARTS.parent, source, ignore=shutil.ignore_patterns("__pycache__"))
        path = source / "lienthong" / mutation.file
        text = path.read_text("utf-8")
        if text.count(mutation.old) != 1:
            raise ValueError(
                f"{mutation.name}: the text is {text.count(mutation.old)} times in {mutation.file}"
            )
        path.write_text(text.replace(mutation.old, mutation.new), "utf-8")
        return run(source, mutation.drill)


def run(source: Path, words: str) -> tuple[int, str]:
    """Runs the drill of a source tree; its folders are removed whatever came of it."""
    with tempfile.TemporaryDirectory(prefix="lienthong-mutation-") as folder:
        environment = {**os.environ, "PYTHONPATH": str(source), "TMPDIR": folder}
        command = [sys.executable, "-m", "lienthong.config.cli", "drill", "--json", *words.split()]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    lines: Sequence[str] = done.stdout.splitlines()
    if not lines:
        return 2, done.stderr[-300:]
    counts = json.loads(lines[-1])
    shown = {name: counts[name] for name in ("runs", "acknowledged", "lost", "doubled", "out_of_order")}
    return done.returncode, ", ".join(f"{name} {value}" for name, value in shown.items())


if __name__ == "__main__":
    sys.exit(main())
