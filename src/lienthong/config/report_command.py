"""``lienthong report``: the report of a period as DOCX and PDF, with the frozen data, as the page makes it."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from lienthong.access import audit
from lienthong.foundation.errors import LienThongError
from lienthong.rollout.report import files, office, problems, snapshot, sums
from lienthong.rollout.report.models import Report


def run(kind: str, first: date, last: date, out: Path) -> int:
    """Writes three files into a folder; begins the report when the period has none yet.

    A period that has its report is written as it stands: a numbered one byte for byte as it was issued.

    Returns:
        0 when all is written, 2 when sums do not add up (nothing is written), 1 for anything else that is wrong.
    """
    try:
        report = office.find(kind, first, last) or office.start(
            kind, first, last, audit.system("command-line")
        )
        out.mkdir(parents=True, exist_ok=True)
        for form in (*files.FORMS, "json"):
            path = out / files.name(report, form)
            path.write_bytes(files.of(report, form))
            print(path)
    except problems.Blocked as error:
        _say(error)
        for one in error.checks:
            print(f"- {one.vi}\n  {one.en}", file=sys.stderr)
        return 2
    except LienThongError as error:
        _say(error)
        return 1
    except OSError as error:
        print(f"Không ghi được tệp: {error} / Files cannot be written: {error}", file=sys.stderr)
        return 1
    _tell(report)
    return 0


def _tell(report: Report) -> None:
    content = snapshot.read(report.snapshot)
    missing = sorted({name for one in content.figures for name in one.missing})
    print(f"{report.get_state_display()}; SHA-256 {report.snapshot.sha256}")
    if missing:
        print(f"Chưa đủ số liệu / figures missing: {', '.join(missing)}")
    for one in sums.doubts(content.checks):
        print(f"Cần xem lại / look again: {one.vi} / {one.en}")


def _say(error: LienThongError) -> None:
    told = error.problem
    print(f"{told.vi} {told.hint_vi}\n{told.en} {told.hint_en}", file=sys.stderr)
