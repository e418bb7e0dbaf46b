"""A report as a whole: its frozen data, its texts, its document, who confirmed what."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from lienthong.foundation import json
from lienthong.rollout.papers.paper import Paper
from lienthong.rollout.report import draft, issuers, snapshot, words
from lienthong.rollout.report.content import Content
from lienthong.rollout.report.draft import COPIES, TO, Letter
from lienthong.rollout.report.kinds import KINDS, Kind
from lienthong.rollout.report.kinds.kind import Said
from lienthong.rollout.report.models import Report, ReportStep, ReportText, State

EDGES = {TO: "Kính gửi", "opening": "Phần mở đầu", "closing": "Câu kết", COPIES: "Nơi nhận"}
"""Words for parts that have no heading of their own."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of the text on the page.

    Attributes:
        text: as it stands in the document; ``generated``: as the program writes it from the present data.
        own: the officer's last words for it, None while the generated text stands.
        stale: the generated text is otherwise now than when he wrote: look at the figures in his words.
    """

    key: str
    heading: str
    generated: str
    text: str
    own: ReportText | None
    stale: bool

    @property
    def rows(self) -> int:
        """Lines of an edit box that shows the text without much empty room."""
        return min(24, max(3, sum(1 + len(line) // 70 for line in self.text.splitlines())))


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything of a report at this moment; ``seen`` is the hash of the document without number and day."""

    report: Report
    kind: Kind
    content: Content
    passages: tuple[Passage, ...]
    paper: Paper
    seen: str
    confirmed: dict[str, ReportStep]
    objected: dict[str, ReportStep]


def of(report: Report) -> Whole:
    """The report as it stands.

    Raises:
        LienThongError: ``report-damaged``.
    """
    kind, content = KINDS[report.kind], snapshot.read(report.snapshot)
    confirmed, objected = _answers(report, content)
    waits = report.state != State.DRAFT
    absent = [unit.name for unit in content.material.units if unit.code not in confirmed] if waits else []
    said = Said(content, issuers.of(report.planned), tuple(absent), *_replaced(report, content))
    passages = tuple(_passages(report, kind, said))
    letter = Letter(report.planned, report.signer, report.signer_name, report.number, report.day)
    made = draft.paper(kind, said, letter, {one.key: one.text for one in passages})
    return Whole(report, kind, content, passages, made, draft.seen(made), confirmed, objected)


def unit_rows(content: Content, code: str) -> dict[str, object]:
    """What a report says about one unit, as plain data; what the unit confirms."""
    material = content.material
    return {
        "unit": [msgspec.to_builtins(row) for row in material.units if row.code == code],
        "exchange": [msgspec.to_builtins(row) for row in material.exchange if row.code == code],
        "money": [msgspec.to_builtins(row) for row in material.money if row.code == code],
        "difficulties": [msgspec.to_builtins(row) for row in material.difficulties if row.code == code],
        "changes": list(content.changes.get(code, ())),
    }


def unit_seen(content: Content, code: str) -> str:
    """The hash of :func:`unit_rows`."""
    return json.digest(unit_rows(content, code))


def name(report: Report) -> str:
    """``Báo cáo số 12/BC-SYT ngày 04/03/2025``; of a draft its kind and period."""
    if report.number and report.day:
        return f"Báo cáo số {snapshot.number_of(report)} ngày {words.day(report.day)}"
    return f"{KINDS[report.kind].vi}, {words.day(report.first)} – {words.day(report.last)}"


def _passages(report: Report, kind: Kind, said: Said) -> list[Passage]:
    newest = {text.part: text for text in report.texts.all()}
    headings = {part.key: part.heading for part in kind.parts} | EDGES
    found = []
    for key, text in draft.generated(kind, said, report.planned).items():
        own = newest.get(key)
        if own is not None and not own.text:
            own = None
        stale = own is not None and own.generated != text
        found.append(Passage(key, headings[key], text, own.text if own else text, own, stale))
    return found


def _replaced(report: Report, content: Content) -> tuple[str, tuple[str, ...]]:
    old = report.replaces
    if old is None:
        return "", ()
    before = {one.name: one.value for one in snapshot.read(old.snapshot).figures}
    told = [
        f"{one.vi}: {words.amount(before.get(one.name), one.unit)} → {words.amount(one.value, one.unit)}"
        for one in content.figures
        if one.value != before.get(one.name)
    ]
    return f"{name(old)} của Sở Y tế", tuple(told)


def _answers(report: Report, content: Content) -> tuple[dict[str, ReportStep], dict[str, ReportStep]]:
    """The units that confirmed, or objected to, the rows as they are now, since the report was last handed on."""
    confirmed: dict[str, ReportStep] = {}
    objected: dict[str, ReportStep] = {}
    for step in report.steps.all():
        if step.step == "drafted":
            confirmed, objected = {}, {}
        elif step.step in ("confirmed", "objected") and step.seen == unit_seen(content, step.unit):
            kept, other = (confirmed, objected) if step.step == "confirmed" else (objected, confirmed)
            kept[step.unit] = step
            other.pop(step.unit, None)
    return confirmed, objected
