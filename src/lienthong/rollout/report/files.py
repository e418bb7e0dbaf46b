"""The finished files: DOCX and PDF. Those of a numbered report are made once and kept."""

from __future__ import annotations

import hashlib

from lienthong.foundation import clock
from lienthong.rollout.papers import docx, pdf
from lienthong.rollout.papers.paper import Paper
from lienthong.rollout.report import problems, snapshot, whole
from lienthong.rollout.report.models import Report, ReportFile

FORMS = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}


def make(paper: Paper, form: str) -> bytes:
    """A paper as a file of one of :data:`FORMS`."""
    return docx.write(paper) if form == "docx" else pdf.write(paper)


def keep(report: Report, paper: Paper) -> None:
    """Makes both files of a report that has its number, in the caller's transaction."""
    for form in FORMS:
        content = make(paper, form)
        sha256 = hashlib.sha256(content).hexdigest()
        ReportFile(report=report, form=form, sha256=sha256, content=content, made_at=clock.now()).save()


def kept(report: Report, form: str) -> bytes | None:
    """The kept file, byte for byte; None before there is one.

    Raises:
        LienThongError: ``report-damaged``.
    """
    row = ReportFile.objects.filter(report=report, form=form).first()
    if row is None:
        return None
    content = bytes(row.content)
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise problems.damaged()
    return content


def of(report: Report, form: str) -> bytes:
    """The kept file of a numbered report; of a draft what it would be now; as ``json`` the frozen data.

    Raises:
        LienThongError: ``report-damaged``.
    """
    if form == "json":
        snapshot.read(report.snapshot)
        return report.snapshot.body.encode()
    content = kept(report, form)
    return make(whole.of(report).paper, form) if content is None else content


def name(report: Report, form: str) -> str:
    """``12-BC-SYT-2025-03-04.docx``, of a draft ``du-thao-fortnight-2025-02-18-2025-03-03.docx``."""
    if report.number and report.day:
        return f"{report.number:02d}-BC-{report.code}-{report.day.isoformat()}.{form}"
    return f"du-thao-{report.kind}-{report.first.isoformat()}-{report.last.isoformat()}.{form}"
