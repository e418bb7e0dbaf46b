"""The real case, what people do with it, and what others read from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from entering import once_in_module
from lienthong.access import audit
from lienthong.foundation.errors import LienThongError
from lienthong.rollout import changes
from lienthong.rollout.changes import BatchRow, batch
from lienthong.rollout.plan import laying, organisations, reminders, seed, sheet, summary, writing
from lienthong.rollout.plan.models import (
    Deadline,
    Dependency,
    Difficulty,
    DueChange,
    Meeting,
    Task,
    TaskComment,
    Template,
    TemplateStep,
)
from lienthong.rollout.plan.overview import plan, progress
from lienthong.rollout.plan.states import State

BY = audit.Actor("cb.so", "Cán bộ Sở", "department")
CONFERENCE = date(2025, 2, 18)
UNIT = "24004"


def _enter() -> None:
    from lienthong.facilities import directory

    directory.load_known()
    with batch(audit.system("seed"), "seed") as one:
        seed.load(one)


_entered = once_in_module(_enter)


@pytest.fixture
def case(_entered: None, db: None, hub: None) -> Iterator[None]:
    with translation.override("vi"):
        yield


@pytest.fixture
def hub() -> Iterator[None]:
    from django.conf import settings

    before = settings.NODE
    settings.NODE = replace(before, role="hub", facility="SYT-24")
    yield
    settings.NODE = before


def _task(number: str) -> Task:
    return Task.objects.get(number=number)


def _write(what: str, do: Any) -> str:
    with batch(BY, what) as one:
        do(one)
        return one.id


def test_the_case_is_entered_once(case: None) -> None:
    before = (
        Task.objects.count(),
        Dependency.objects.count(),
        Difficulty.objects.count(),
        TemplateStep.objects.count(),
    )
    assert before[0] == 13
    assert before[2] == 13
    assert (Meeting.objects.count(), Deadline.objects.count(), TaskComment.objects.count()) == (3, 9, 6)
    with batch(audit.system("seed"), "seed") as again:
        seed.load(again)
        assert again.changes == 0
    assert before == (
        Task.objects.count(),
        Dependency.objects.count(),
        Difficulty.objects.count(),
        TemplateStep.objects.count(),
    )


def test_every_row_of_the_case_says_where_it_comes_from(case: None) -> None:
    for model in (Task, Difficulty, Meeting, Deadline, Template):
        assert not model.objects.filter(source="").exists()
    assert set(Template.objects.values_list("confidence", flat=True)) == {"C"}


def test_on_the_day_of_the_conference_nothing_is_overdue_and_the_next_day_after_a_date_it_is(
    case: None,
) -> None:
    lines = {line.number: line for line in summary.tasks(CONFERENCE, CONFERENCE)}
    assert len(lines) == 13
    assert lines["T02"].state is State.IN_TERM
    assert lines["T02"].due == date(2025, 3, 15)
    assert lines["T03"].state is State.NOT_DUE
    assert lines["T02"].lead == "Sở Y tế tỉnh Bắc Giang"
    assert lines["T04"].partners == "Sở Y tế tỉnh Bắc Giang"
    period = {line.number: line.state for line in summary.tasks(CONFERENCE, date(2025, 3, 3))}
    assert period["T03"] is State.OVERDUE
    assert period["T02"] is State.IN_TERM
    assert summary.tasks(date(2025, 2, 1), date(2025, 2, 17)) == []


def test_what_the_report_reads_of_a_past_day_holds_nothing_that_came_later(case: None) -> None:
    assert len(summary.difficulties(CONFERENCE)) == 9
    assert len(summary.difficulties(date(2025, 5, 21))) == 12
    assert [line.day for line in summary.deadlines(CONFERENCE)] == [
        date(2025, 2, 28),
        date(2025, 3, 15),
        date(2025, 3, 31),
        date(2025, 12, 31),
        date(2028, 12, 31),
    ]
    assert date(2025, 9, 30) in [line.day for line in summary.deadlines(date(2025, 6, 6))]
    assert date(2028, 12, 31) not in [line.day for line in summary.deadlines(date(2025, 6, 6))]
    direction = summary.direction(CONFERENCE, date(2025, 3, 3))
    assert [(line.day, line.kind) for line in direction] == [
        (CONFERENCE, "document"),
        (CONFERENCE, "meeting"),
    ]
    assert [line.number for line in summary.next_tasks(CONFERENCE)][:2] == ["T03", "T02"]


def test_a_done_task_leaves_the_report_of_the_next_period(case: None) -> None:
    task = _task("T03")
    task.done, task.result = date(2025, 2, 27), "Đã rà soát 17 đơn vị"
    _write("task-progress", lambda one: writing.note_progress(one, task))
    first = {line.number: line for line in summary.tasks(CONFERENCE, date(2025, 3, 3))}
    assert first["T03"].state is State.DONE
    assert first["T03"].result == "Đã rà soát 17 đơn vị"
    assert "T03" not in {line.number for line in summary.tasks(date(2025, 3, 4), date(2025, 3, 17))}
    before = {line.number: line for line in summary.tasks(CONFERENCE, date(2025, 2, 20))}
    assert (before["T03"].state, before["T03"].result) == (State.NOT_DUE, "")


def test_a_late_end_needs_its_reason(case: None) -> None:
    task = _task("T03")
    task.done = date(2025, 3, 5)
    with pytest.raises(LienThongError) as refused:
        _write("task-progress", lambda one: writing.note_progress(one, task))
    assert refused.value.problem.code == "plan-reason-missing"
    assert "5 ngày" in refused.value.problem.vi
    assert _task("T03").done is None
    task.reason_late = "Đợi đơn vị bổ sung hồ sơ cấp độ"
    _write("task-progress", lambda one: writing.note_progress(one, task))
    assert summary.tasks(CONFERENCE, date(2025, 3, 5))[2].state is State.DONE_LATE


def test_days_that_cannot_be_are_refused(case: None) -> None:
    task = _task("T03")
    task.done = date(2125, 1, 1)
    with pytest.raises(LienThongError) as ahead:
        _write("task-progress", lambda one: writing.note_progress(one, task))
    task.started, task.done = date(2025, 2, 25), date(2025, 2, 24)
    with pytest.raises(LienThongError) as turned:
        _write("task-progress", lambda one: writing.note_progress(one, task))
    assert [one.value.problem.code for one in (ahead, turned)] == ["plan-day-ahead", "plan-done-before-begun"]


def test_a_circle_is_refused_and_named(case: None) -> None:
    count = Dependency.objects.count()
    with pytest.raises(LienThongError) as refused:
        _write("need", lambda one: writing.wait(one, _task("T11"), _task("T07")))
    assert refused.value.problem.code == "plan-circle"
    assert refused.value.problem.where["chain"] == "T11 → T07 → T05 → T11"
    assert Dependency.objects.count() == count
    _write("need", lambda one: writing.wait(one, _task("T07"), _task("T02")))
    assert Dependency.objects.count() == count + 1


def test_what_blocks_what_follows_the_work(case: None) -> None:
    before = plan(CONFERENCE).items
    assert before["T07"].blockers == ("T05", "T06", "T11")
    assert before["T11"].holds_up == ("T05", "T06", "T07")
    task = _task("T11")
    task.done = CONFERENCE + timedelta(days=2)
    _write("task-progress", lambda one: writing.note_progress(one, task))
    after = plan(CONFERENCE + timedelta(days=2)).items
    assert after["T07"].blockers == ("T05", "T06")
    assert after["T05"].ready
    kinds = {one.item.task.number: one.kind for one in reminders.reminders(after.values())}
    assert kinds["T05"] is reminders.Kind.READY
    assert kinds["T03"] is reminders.Kind.IN_14


def test_a_due_date_changes_only_when_it_was_agreed(case: None) -> None:
    day = date(2025, 3, 10)
    _write("due", lambda one: writing.propose(one, _task("T02"), date(2025, 3, 31), "Chờ đường truyền", day))
    assert plan(day).items["T02"].state is State.PROPOSED
    with pytest.raises(LienThongError) as second:
        _write("due", lambda one: writing.propose(one, _task("T02"), None, "Khác", day))
    assert second.value.problem.code == "plan-proposal-waits"
    change = DueChange.objects.get()
    _write("due", lambda one: writing.decide(one, change, True, "Đồng ý", date(2025, 3, 12)))
    with pytest.raises(LienThongError) as again:
        _write("due", lambda one: writing.decide(one, change, False, "", date(2025, 3, 13)))
    assert again.value.problem.code == "plan-decided"
    assert plan(date(2025, 3, 11)).items["T02"].due == date(2025, 3, 15)
    assert plan(date(2025, 3, 20)).items["T02"].due == date(2025, 3, 31)
    assert _task("T02").due == date(2025, 3, 15)


def test_a_template_becomes_tasks_in_one_entry_that_can_be_undone(case: None) -> None:
    template = Template.objects.get(code="bach-mai")
    start = date(2025, 2, 19)
    entry = _write("template", lambda one: laying.lay(one, template, UNIT, start, start))
    own = plan(start).of(UNIT)
    assert [item.task.step for item in own] == [
        "conditions",
        "security",
        "c06",
        "join",
        "training",
        "trial",
        "official",
    ]
    assert own[0].task.number == "24004-01"
    assert own[1].task.lead == "CA-TINH"
    assert own[-1].blockers == tuple(item.task.number for item in own[:-1])
    assert all(
        item.task.begin > other.due for item in own for other in own if other.task.number in item.blockers
    )
    with pytest.raises(LienThongError) as twice:
        _write("template", lambda one: laying.lay(one, template, UNIT, start, start))
    assert twice.value.problem.code == "plan-template-applied"
    assert changes.undo(entry, BY) == []
    assert plan(start).of(UNIT) == []
    assert not Dependency.objects.filter(task__unit=UNIT).exists()
    assert BatchRow.objects.get(pk=entry).undone_by


def test_the_province_sees_how_far_each_unit_is(case: None) -> None:
    template = Template.objects.get(code="bach-mai")
    start = date(2025, 2, 19)
    _write("template", lambda one: laying.lay(one, template, UNIT, start, start))
    for task in Task.objects.filter(unit=UNIT):
        task.done = task.due
        _write("task-progress", lambda one, task=task: writing.note_progress(one, task))
    shares = progress(plan(date(2025, 6, 1)), "T02")
    assert len(shares) == 17
    assert [share.unit for share in shares if share.complete] == [UNIT]
    early = {share.unit: share for share in progress(plan(start + timedelta(days=12)), "T02")}
    assert (early[UNIT].done, early[UNIT].whole, early["24011"].whole) == (2, 7, 0)


def test_removing_a_task_takes_what_is_its_own_and_stops_at_what_is_not(case: None) -> None:
    with pytest.raises(LienThongError) as refused:
        _write("task", lambda one: writing.remove_task(one, _task("T07")))
    assert refused.value.problem.code == "plan-needed"
    task = Task(
        number="T14", title="Thử", area="steering", lead="SYT-24", given_on=CONFERENCE, due=CONFERENCE
    )
    _write("task", lambda one: one.save(task))
    _write("need", lambda one: writing.wait(one, task, _task("T01")))
    assert writing.next_number("") == "T15"
    entry = _write("task", lambda one: writing.remove_task(one, task))
    assert not Task.objects.filter(number="T14").exists()
    assert changes.undo(entry, BY) == []
    assert Dependency.objects.filter(task__number="T14").exists()


def test_names_of_organisations_follow_the_day(case: None) -> None:
    assert organisations.name("STTTT", CONFERENCE) == "Sở Thông tin và Truyền thông"
    assert organisations.name("STTTT", date(2025, 3, 1)) == "Sở Khoa học và Công nghệ"
    assert organisations.names("C06; SYT-24; Tổ công tác", CONFERENCE).endswith("Tổ công tác")


def test_the_watch_is_told_what_is_overdue(case: None) -> None:
    found = reminders.look()
    assert "T02" in found[reminders.OVERDUE][""].vi
    assert found[reminders.SOON] == {}


def test_the_sheet_keeps_texts_as_texts(case: None) -> None:
    task = _task("T01")
    task.result = '=HYPERLINK("http://x")'
    _write("task-progress", lambda one: writing.note_progress(one, task))
    lines = summary.tasks(CONFERENCE, CONFERENCE)
    book = load_workbook(BytesIO(sheet.xlsx_of(lines, CONFERENCE, CONFERENCE)))
    cells = list(book.active.iter_rows(min_row=3))
    assert len(cells) == 13
    assert (cells[0][9].data_type, cells[0][9].value) == ("s", '=HYPERLINK("http://x")')
    assert cells[1][7].value.date() == date(2025, 3, 15)
    assert "'=HYPERLINK" in sheet.csv_of(lines)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sets(st.integers(0, 7))), min_size=1, max_size=8),
    st.dates(date(2025, 1, 1), date(2026, 1, 1)),
)
def test_steps_follow_each_other_and_end_on_working_days(
    rows: list[tuple[int, set[int]]], start: date
) -> None:
    steps = {
        str(place): (days, [str(one) for one in before if one < place])
        for place, (days, before) in enumerate(rows)
    }
    found = laying.spans(steps, start, lambda day: day.weekday() < 5)
    for key, (days, before) in steps.items():
        span = found[key]
        assert span.due.weekday() < 5
        assert 0 <= (span.due - span.begin).days - (max(1, days) - 1) <= 2
        assert span.begin == max([start, *(found[one].due + timedelta(days=1) for one in before)])
