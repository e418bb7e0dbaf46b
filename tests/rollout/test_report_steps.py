"""The way of a report to its number: who may do what, when, and what stays."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection

from entering import once_in_module
from lienthong.access import audit
from lienthong.access.models import Role
from lienthong.foundation.errors import LienThongError
from lienthong.rollout.report import files, office, steps, whole
from lienthong.rollout.report.models import Report, ReportStep, ReportText, State
from lienthong.rollout.report.steps import Given
from lienthong.rollout.scope import Person
from report_world import FIRST, LAST, put, seeded

pytestmark = pytest.mark.django_db
DAY = date(2025, 3, 4)


def _person(name: str, role: Role, *units: str) -> Person:
    actor = audit.Actor(name.lower().replace(" ", "."), name, role)
    return Person(actor, frozenset({role}), frozenset(units), frozenset())


LAN = _person("Hoàng Thị Lan", Role.DEPARTMENT)
HUNG = _person("Ngô Văn Hùng", Role.DIVISION)
DIRECTOR = _person("Từ Quốc Thử", Role.DIRECTOR)
CLERK = _person("Vi Thị Thư", Role.CLERK)
SON_DONG = _person("Nông Văn Sơn", Role.UNIT, "24004")


case = once_in_module(seeded)


@pytest.fixture
def report(case: None, db: None) -> Report:
    """A draft of the first fortnight with its signer."""
    made = office.start("fortnight", FIRST, LAST, LAN.actor)
    return office.set_signer(made.id, "director", DIRECTOR.actor.name, DAY, LAN.actor)


def _fresh(report: Report) -> Report:
    return Report.objects.select_related("snapshot").get(pk=report.pk)


def _take(report: Report, step: str, who: Person, **given: Any) -> Report:
    given.setdefault("seen", whole.of(_fresh(report)).seen)
    return steps.take(report.id, step, who, Given(**given))


def _refused(report: Report, step: str, who: Person, **given: Any) -> str:
    before = _fresh(report).state
    count = ReportStep.objects.count()
    with pytest.raises(LienThongError) as stop:
        _take(report, step, who, **given)
    assert _fresh(report).state == before
    assert ReportStep.objects.count() == count
    return str(stop.value.problem.code) + " " + stop.value.problem.vi


def _confirm(report: Report, who: Person, unit: str, step: str = "confirmed", note: str = "") -> Report:
    seen = whole.unit_seen(whole.of(_fresh(report)).content, unit)
    return steps.take(report.id, step, who, Given(seen, note, unit))


def _signed(report: Report) -> Report:
    _take(report, "drafted", LAN)
    _take(report, "approved", HUNG, note="Đã đôn đốc, sẽ xác nhận sau")
    return _take(report, "signed", DIRECTOR)


def test_from_the_draft_to_the_provincial_system(report: Report) -> None:
    _take(report, "drafted", LAN)
    _confirm(report, SON_DONG, "24004")
    there = whole.of(_fresh(report))
    assert set(there.confirmed) == {"24004"}
    _take(report, "approved", HUNG, note="16 đơn vị sẽ xác nhận sau")
    _take(report, "signed", DIRECTOR)
    _take(report, "numbered", CLERK, number=12, day=DAY)
    done = _take(report, "sent", CLERK, note="Chủ tịch UBND tỉnh, qua hệ thống quản lý văn bản")
    assert (done.state, done.number, done.year, done.code) == (State.SENT, 12, 2025, "SYT")
    paper = whole.of(_fresh(report)).paper
    assert (paper.number, paper.day, paper.draft) == ("12/BC-SYT", DAY, False)
    assert [one.step for one in done.steps.all()] == [
        *("drafted", "confirmed", "approved", "signed", "numbered", "sent"),
    ]
    assert {one.seen for one in done.steps.exclude(step="confirmed") if one.step != "drafted"} == {
        whole.of(_fresh(report)).seen
    }
    assert [event.detail["step"] for event in audit.trail(action="report-step")][:1] == ["sent"]


def test_the_files_of_a_numbered_report_are_made_once(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    _signed(report)
    _take(report, "numbered", CLERK, number=12, day=DAY)
    kept = {form: files.of(_fresh(report), form) for form in files.FORMS}
    monkeypatch.setattr(files, "make", lambda paper, form: b"as a later edition of the program lays it out")
    assert {form: files.of(_fresh(report), form) for form in files.FORMS} == kept
    with pytest.raises(TypeError):
        _fresh(report).files.update(content=b"")
    assert files.name(_fresh(report), "pdf") == "12-BC-SYT-2025-03-04.pdf"


def test_a_kept_file_that_was_changed_is_refused(report: Report) -> None:
    _signed(report)
    _take(report, "numbered", CLERK, number=12, day=DAY)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE rollout_reportfile SET content = %s", [b"other"])
    with pytest.raises(LienThongError) as stop:
        files.of(_fresh(report), "pdf")
    assert stop.value.problem.code == "report-damaged"


def test_a_draft_without_signer_is_not_handed_on(report: Report) -> None:
    office.set_signer(report.id, "deputy", "", DAY, LAN.actor)
    assert "người ký" in _refused(report, "drafted", LAN)


def test_every_step_belongs_to_a_role_and_a_state(report: Report) -> None:
    assert "vai trò" in _refused(report, "drafted", HUNG)
    assert "hiện không" in _refused(report, "approved", HUNG)
    assert "hiện không" in _refused(report, "numbered", CLERK, number=1, day=DAY)
    _take(report, "drafted", LAN)
    assert "hiện không" in _refused(report, "signed", DIRECTOR)
    assert "vai trò" in _refused(report, "approved", LAN, note="x")
    assert "hiện không" in _refused(report, "sent", CLERK, note="x")


def test_nobody_approves_his_own_draft(report: Report) -> None:
    both = Person(LAN.actor, frozenset({Role.DEPARTMENT, Role.DIVISION}), frozenset(), frozenset())
    _take(report, "drafted", both)
    assert "tự duyệt" in _refused(report, "approved", both, note="x")
    writer = Person(HUNG.actor, frozenset({Role.DIVISION, Role.DEPARTMENT}), frozenset(), frozenset())
    _take(report, "back", HUNG, note="Sửa phần V")
    office.write(report.id, "V", "Không có.", writer.actor, seen=whole.of(_fresh(report)).seen)
    _take(report, "drafted", LAN)
    assert "tự duyệt" in _refused(report, "approved", writer, note="x")


def test_the_signer_is_the_one_on_the_draft(report: Report) -> None:
    _take(report, "drafted", LAN)
    _take(report, "approved", HUNG, note="x")
    other = _person("Lương Văn Khác", Role.DIRECTOR)
    assert "Từ Quốc Thử" in _refused(report, "signed", other)
    assert _take(report, "signed", DIRECTOR).state == State.CLERK


def test_units_that_did_not_confirm_are_named_and_want_a_reason(report: Report) -> None:
    _take(report, "drafted", LAN)
    assert "chưa xác nhận" in _refused(report, "approved", HUNG)
    text = next(one.text for one in whole.of(_fresh(report)).passages if one.key == "II")
    assert "Số liệu của cả 17 đơn vị chưa được đơn vị xác nhận" in text
    for unit in whole.of(_fresh(report)).content.material.units:
        _confirm(report, _person("Đơn vị", Role.UNIT, unit.code), unit.code)
    text = next(one.text for one in whole.of(_fresh(report)).passages if one.key == "II")
    assert "chưa được đơn vị xác nhận" not in text
    assert _take(report, "approved", HUNG).state == State.DIRECTOR


def test_a_unit_confirms_its_own_rows_alone(report: Report) -> None:
    _take(report, "drafted", LAN)
    with pytest.raises(LienThongError) as stop:
        _confirm(report, SON_DONG, "24011")
    assert stop.value.problem.code == "report-step"
    with pytest.raises(LienThongError) as stop:
        steps.take(report.id, "confirmed", SON_DONG, Given("0" * 64, unit="24004"))
    assert stop.value.problem.code == "report-changed"
    with pytest.raises(LienThongError):
        _confirm(report, SON_DONG, "24004", "objected")
    _confirm(report, SON_DONG, "24004", "objected", "HIS đã lên mức 6")
    there = whole.of(_fresh(report))
    assert there.objected["24004"].note == "HIS đã lên mức 6"
    _confirm(report, SON_DONG, "24004")
    assert not whole.of(_fresh(report)).objected


def test_a_confirmation_ends_with_the_draft_it_was_given_for(report: Report) -> None:
    _take(report, "drafted", LAN)
    _confirm(report, SON_DONG, "24004")
    assert "lý do" in _refused(report, "back", HUNG)
    _take(report, "back", HUNG, note="Cập nhật số liệu")
    put("24004", "his_level", "6", date(2025, 3, 1))
    office.freeze_again(report.id, LAN.actor)
    _take(report, "drafted", LAN)
    assert not whole.of(_fresh(report)).confirmed


def test_a_step_on_a_draft_that_changed_meanwhile_is_refused(report: Report) -> None:
    seen = whole.of(report).seen
    office.write(report.id, "V", "Không có.", LAN.actor, seen=seen)
    assert "report-changed" in _refused(report, "drafted", LAN, seen=seen)
    with pytest.raises(LienThongError) as stop:
        office.write(report.id, "V", "Khác.", LAN.actor, seen=seen)
    assert stop.value.problem.code == "report-changed"


def test_texts_keep_author_and_time_and_tell_when_figures_moved(report: Report) -> None:
    there = whole.of(report)
    assert office.write(report.id, "II.2", "Đã rà soát HIS.", LAN.actor, seen=there.seen)
    passage = next(one for one in whole.of(report).passages if one.key == "II.2")
    assert (passage.text, passage.stale) == ("Đã rà soát HIS.", False)
    assert "Mức 7: 01 đơn vị" in passage.generated
    assert passage.own is not None
    assert passage.own.by_name == "Hoàng Thị Lan"
    put("24006", "his_level", "6", date(2025, 3, 1))
    again = whole.of(office.freeze_again(report.id, LAN.actor))
    assert next(one for one in again.passages if one.key == "II.2").stale
    assert office.write(report.id, "II.2", "", LAN.actor, seen=again.seen)
    back = next(one for one in whole.of(_fresh(report)).passages if one.key == "II.2")
    assert back.own is None
    assert back.text == back.generated
    assert [one.text for one in ReportText.objects.filter(part="II.2")] == ["Đã rà soát HIS.", ""]


@pytest.mark.parametrize(
    ("text", "code"),
    [("bệnh nhân Giáp Thị Ngân", "report-personal-data"), ("x" * 12_001, "report-text-long")],
)
def test_texts_that_are_not_kept(report: Report, text: str, code: str) -> None:
    with pytest.raises(LienThongError) as stop:
        office.write(report.id, "V", text, LAN.actor, seen=whole.of(report).seen)
    assert stop.value.problem.code == code
    assert not ReportText.objects.exists()


def test_nothing_is_edited_after_it_was_handed_on(report: Report) -> None:
    _take(report, "drafted", LAN)
    for edit in (
        lambda: office.write(report.id, "V", "x", LAN.actor, seen=whole.of(_fresh(report)).seen),
        lambda: office.freeze_again(report.id, LAN.actor),
        lambda: office.set_signer(report.id, "deputy", "A", DAY, LAN.actor),
    ):
        with pytest.raises(LienThongError) as stop:
            edit()
        assert stop.value.problem.code == "report-step"


def test_numbers_are_given_once_a_year_and_on_a_day_that_can_be(report: Report) -> None:
    _signed(report)
    for number, day in ((None, DAY), (0, DAY), (12, None), (12, date(2025, 3, 2)), (12, date(2125, 1, 1))):
        _refused(report, "numbered", CLERK, number=number, day=day)
    assert "tên cơ quan" in _refused(report, "numbered", CLERK, number=12, day=date(2025, 7, 2))
    _take(report, "numbered", CLERK, number=12, day=DAY)
    second = office.start("fortnight", date(2025, 3, 4), date(2025, 3, 17), LAN.actor)
    office.set_signer(second.id, "director", DIRECTOR.actor.name, date(2025, 3, 18), LAN.actor)
    _signed(second)
    assert "đã cấp" in _refused(second, "numbered", CLERK, number=12, day=date(2025, 3, 18))
    assert steps.next_number("SYT", 2025) == 13
    assert _take(second, "numbered", CLERK, number=13, day=date(2025, 3, 18)).number == 13


def test_steps_are_kept_for_good(report: Report) -> None:
    _take(report, "drafted", LAN)
    step = ReportStep.objects.get()
    step.by_name = "Người khác"
    with pytest.raises(TypeError):
        step.save()
    with pytest.raises(TypeError):
        ReportStep.objects.all().delete()
