"""``make test``: the fast tests on SQLite, then those that use a database again on PostgreSQL.

The last line adds both up: ``N passed, N failed, N skipped``. Further words are given to pytest, e.g.
``tools/run_tests.py tests/records -x``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from lxml import etree

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import postgres  # noqa: E402

NO_TESTS = 5


def main() -> int:
    total: Counter[str] = Counter()
    codes = [run("sqlite", total)]
    if postgres.programs():
        codes.append(run("postgresql", total))
    else:
        heading("PostgreSQL")
        print(postgres.HOW_TO_INSTALL)
        if os.environ.get("CI") == "true":
            print("CI counts this as a failure.")
            total["failed"] += 1
            codes.append(1)
    print(f"\n{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped", flush=True)
    return max(codes)


def run(database: str, total: Counter[str]) -> int:
    """Runs pytest once and adds its counts to ``total``; its exit code, where "no tests" is no failure."""
    heading({"sqlite": "SQLite", "postgresql": "PostgreSQL"}[database])
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lienthong-junit-") as folder:
        report = Path(folder) / "report.xml"
        options = ["--database", database, f"--junitxml={report}", "--durations=5", "--durations-min=2"]
        options += ["-n", str(min(6, 2 + (os.cpu_count() or 1))), "--dist", "worksteal"]
        command = [sys.executable, "-m", "pytest", *options, *sys.argv[1:]]
        code = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode
        if report.exists():
            total.update(count(report))
        elif code not in (0, NO_TESTS):
            total["failed"] += 1
    print(f"{time.monotonic() - started:.0f} s")
    return 0 if code == NO_TESTS else code


def count(report: Path) -> Counter[str]:
    """Passed, failed and skipped tests of a JUnit report."""
    found: Counter[str] = Counter()
    for suite in etree.parse(report).iter("testsuite"):
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        found.update(failed=failed, skipped=skipped, passed=int(suite.get("tests", 0)) - failed - skipped)
    return found


def heading(text: str) -> None:
    print(f"\n== Tests on {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
