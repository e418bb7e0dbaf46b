"""The way of a report: drafted, confirmed by the units, head of division, signer, number, sent; or back to the draft.

Each step keeps who took it, when, and the hash of what he had before him. Nobody approves what he drafted himself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from lienthong.access import audit
from lienthong.access.models import Role
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.rollout.report import files, guard, issuers, problems, whole
from lienthong.rollout.report.models import Report, ReportStep, State
from lienthong.rollout.scope import Person

DRAFTED, CONFIRMED, OBJECTED = "drafted", "confirmed", "objected"
APPROVED, SIGNED, NUMBERED, SENT, BACK = "approved", "signed", "numbered", "sent", "back"
ROLES: dict[str, tuple[Role, ...]] = {
    DRAFTED: (Role.DEPARTMENT,),
    CONFIRMED: (Role.UNIT,),
    OBJECTED: (Role.UNIT,),
    APPROVED: (Role.DIVISION,),
    SIGNED: (Role.DIRECTOR,),
    NUMBERED: (Role.CLERK,),
    SENT: (Role.CLERK,),
    BACK: (Role.DEPARTMENT, Role.DIVISION, Role.DIRECTOR, Role.CLERK),
}
OPEN: dict[str, tuple[State, ...]] = {
    DRAFTED: (State.DRAFT,),
    CONFIRMED: (State.UNITS,),
    OBJECTED: (State.UNITS,),
    APPROVED: (State.UNITS,),
    SIGNED: (State.DIRECTOR,),
    NUMBERED: (State.CLERK,),
    SENT: (State.NUMBERED,),
    BACK: (State.UNITS, State.DIRECTOR, State.CLERK),
}
_NEXT = {
    DRAFTED: State.UNITS,
    APPROVED: State.DIRECTOR,
    SIGNED: State.CLERK,
    NUMBERED: State.NUMBERED,
    SENT: State.SENT,
    BACK: State.DRAFT,
}
_LARGEST = 99_999


@dataclass(frozen=True, slots=True)
class Given:
    """What a person gives with a step.

    Attributes:
        seen: the hash he had before him: of the document, or for a unit of its rows.
        note: a reason, an objection, whom it was sent to.
        number, day: the clerk's number and the day of the document.
    """

    seen: str
    note: str = ""
    unit: str = ""
    number: int | None = None
    day: date | None = None


def take(report_id: str, step: str, person: Person, given: Given, *, page: str = "") -> Report:
    """Takes a step.

    Raises:
        LienThongError: ``report-step`` when it is not open or not his to take; ``report-changed`` when the draft is
            not what he had before him; ``report-personal-data``.
    """
    note = " ".join(given.note.split())[:600]
    if found := guard.identifying(note):
        raise problems.personal(found.vi, found.en)
    with _locked(report_id) as report:
        there = whole.of(report)
        _allowed(there, step, person, given, note)
        if step == NUMBERED:
            _number(report, given)
        ReportStep(
            report=report,
            step=step,
            at=clock.now(),
            by=person.actor.id[:60],
            by_name=person.actor.name[:120],
            unit=given.unit if step in (CONFIRMED, OBJECTED) else "",
            seen=given.seen,
            note=note,
        ).save()
        report.state = _NEXT.get(step, report.state)
        report.save(update_fields=["state", "number", "year", "day", "code"])
        if step == NUMBERED:
            files.keep(report, whole.of(report).paper)
        detail = {"report": report.id, "step": step, "seen": given.seen, "unit": given.unit}
        audit.record(person.actor, "report-step", page=page, why=note[:200], detail=detail)
    return report


def may(report: Report, step: str, person: Person) -> bool:
    """Whether a step is open now and a person's role takes it; whether he drafted it himself is not asked."""
    return report.state in OPEN[step] and bool(person.roles & set(ROLES[step]))


def writers(report: Report) -> set[str]:
    """Accounts that drafted the report or wrote texts of it; they do not approve it."""
    drafted = report.steps.filter(step=DRAFTED).values_list("by", flat=True)
    return {report.made_by, *report.texts.values_list("by", flat=True), *drafted}


def next_number(code: str, year: int) -> int:
    """The number after the largest given by this program in a year; the clerk may give another."""
    newest = Report.objects.filter(code=code, year=year).order_by("-number").first()
    return (newest.number or 0) + 1 if newest else 1


def _allowed(there: whole.Whole, step: str, person: Person, given: Given, note: str) -> None:
    report = there.report
    if step not in OPEN or report.state not in OPEN[step]:
        raise problems.not_now("Bước này hiện không thực hiện được.", "This step is not open now.")
    if not person.roles & set(ROLES[step]):
        raise problems.not_now("Bước này thuộc vai trò khác.", "This step belongs to another role.")
    if step == DRAFTED and not report.signer_name:
        raise problems.not_now("Cần ghi người ký trước khi trình.", "Say who signs before handing it on.")
    if step in (CONFIRMED, OBJECTED):
        _of_unit(there, person, given)
    elif given.seen != there.seen:
        raise problems.changed()
    if step in (APPROVED, SIGNED) and person.actor.id in writers(report):
        raise problems.not_now(
            "Người soạn báo cáo không tự duyệt báo cáo của mình.", "Nobody approves what he drafted himself."
        )
    if step == SIGNED and person.actor.name != report.signer_name:
        raise problems.not_now(
            f"Người ký ghi trên dự thảo là “{report.signer_name or 'chưa ghi'}”, không phải"
            f" {person.actor.name}.",
            f"The signer on the draft is “{report.signer_name or 'nobody yet'}”, not {person.actor.name}.",
            "Trả lại để sửa người ký.",
            "Send it back to correct the signer.",
        )
    if not note and (step in (BACK, OBJECTED, SENT) or (step == APPROVED and _absent(there))):
        raise _reason(step)


def _of_unit(there: whole.Whole, person: Person, given: Given) -> None:
    listed = {unit.code for unit in there.content.material.units}
    if given.unit not in listed or given.unit not in person.units:
        raise problems.not_now("Bạn không phụ trách đơn vị này.", "You do not speak for this unit.")
    if given.seen != whole.unit_seen(there.content, given.unit):
        raise problems.changed()


def _absent(there: whole.Whole) -> bool:
    return any(unit.code not in there.confirmed for unit in there.content.material.units)


def _reason(step: str) -> LienThongError:
    if step == APPROVED:
        return problems.not_now(
            "Còn đơn vị chưa xác nhận số liệu; cần ghi lý do vẫn trình.",
            "Some units have not confirmed their data; say why it goes on.",
        )
    if step == SENT:
        return problems.not_now("Cần ghi nơi đã gửi.", "Say whom it was sent to.")
    return problems.not_now("Cần ghi lý do.", "Give a reason.")


def _number(report: Report, given: Given) -> None:
    day, number = given.day, given.number
    if number is None or not 0 < number <= _LARGEST or day is None:
        raise problems.not_now(
            "Cần nhập số và ngày của văn bản.", "Give the number and the day of the document."
        )
    if not report.last <= day <= clock.today():
        raise problems.not_now(
            "Ngày văn bản phải từ ngày chốt số liệu đến hôm nay.",
            "The day of the document lies between the closing and today.",
        )
    issuer = issuers.of(day)
    if issuer != issuers.of(report.planned):
        raise problems.not_now(
            "Tại ngày này tên cơ quan ban hành đã khác với dự thảo đã ký duyệt.",
            "On this day the issuer has another name than on the draft that was signed.",
            "Trả lại để sửa ngày ký dự kiến.",
            "Send it back to correct the planned day.",
        )
    if Report.objects.filter(code=issuer.code, year=day.year, number=number).exists():
        raise problems.not_now(
            f"Số {number:02d}/BC-{issuer.code} năm {day.year} đã cấp cho báo cáo khác.",
            f"The number {number:02d}/BC-{issuer.code} of {day.year} was given to another report.",
        )
    report.code, report.number, report.year, report.day = issuer.code, number, day.year, day


@contextmanager
def _locked(report_id: str) -> Iterator[Report]:
    with transaction.atomic():
        yield Report.objects.select_for_update(of=("self",)).select_related("snapshot").get(pk=report_id)
