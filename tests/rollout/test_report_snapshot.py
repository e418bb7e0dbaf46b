"""Freezing the case of February: what stands in it, that it stays, and what the next report compares with."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from entering import once_in_module
from lienthong.access import audit
from lienthong.foundation.errors import LienThongError
from lienthong.rollout.report import office, problems, snapshot, whole
from lienthong.rollout.report.models import Report, Snapshot
from report_world import FIRST, LAST, put, seeded

pytestmark = pytest.mark.django_db
OFFICER = audit.Actor("cb.lan", "Hoàng Thị Lan")


case = once_in_module(seeded)


def _numbered(report: Report, number: int) -> Report:
    Report.objects.filter(pk=report.pk).update(
        state="numbered", code="SYT", number=number, year=2025, day=report.planned
    )
    return Report.objects.get(pk=report.pk)


def _values(report: Report) -> dict[str, Any]:
    return {one.name: one for one in snapshot.read(report.snapshot).figures}


def test_the_figures_of_the_conference(case: None) -> None:
    found = _values(office.start("fortnight", FIRST, LAST, OFFICER))
    values = {name: found[name].value for name in ("units", "servers", "computers", "printers")}
    assert values == {"units": 17, "servers": 25, "computers": 2416, "printers": 1658}
    assert [found[f"his-{at}"].value for at in "765432"] == [1, 4, 3, 4, 3, 2]
    assert [found[f"emr-{at}"].value for at in ("advanced", "basic", "none")] == [3, 1, 13]
    assert (found["own-room"].value, found["rented"].value) == (5, 12)
    assert found["signatures-issued"].value is None
    assert len(found["signatures-issued"].missing) == 17
    told = snapshot.read(Report.objects.get().snapshot).material.told
    assert [(one.transfers, one.name) for one in told] == [(304, "Bệnh viện Đa khoa tỉnh Bắc Giang")]


def test_a_snapshot_is_never_changed_or_removed(case: None) -> None:
    made = office.start("fortnight", FIRST, LAST, OFFICER).snapshot
    made.body = made.body.replace("25", "26")
    with pytest.raises(TypeError):
        made.save()
    with pytest.raises(TypeError):
        made.delete()
    with pytest.raises(TypeError):
        Snapshot.objects.filter(pk=made.pk).update(body="{}")
    with pytest.raises(TypeError):
        Snapshot.objects.all().delete()
    assert snapshot.read(Snapshot.objects.get(pk=made.pk)).value("servers") == 25


def test_one_that_was_changed_behind_the_programs_back_is_refused(case: None) -> None:
    made = office.start("fortnight", FIRST, LAST, OFFICER).snapshot
    made.body = made.body.replace('"value":25', '"value":26', 1)
    with pytest.raises(LienThongError) as stop:
        snapshot.read(made)
    assert stop.value.problem.code == "report-damaged"


def test_what_is_entered_later_does_not_move_a_report(case: None) -> None:
    made = office.start("fortnight", FIRST, LAST, OFFICER)
    seen = whole.of(made).seen
    put("24006", "his_level", "6", date(2025, 3, 1))
    again = Report.objects.get(pk=made.pk)
    assert whole.of(again).seen == seen
    assert _values(again)["his-6"].value == 4


def test_a_draft_may_be_frozen_anew_and_the_earlier_data_stay(case: None) -> None:
    made = office.start("fortnight", FIRST, LAST, OFFICER)
    first = made.snapshot_id
    put("24006", "his_level", "6", date(2025, 3, 1))
    again = office.freeze_again(made.id, OFFICER)
    assert again.snapshot_id != first
    assert _values(again)["his-6"].value == 5
    assert snapshot.read(Snapshot.objects.get(pk=first)).value("his-6") == 4
    assert snapshot.read(again.snapshot).changes == {"24006": ("HIS: 2 → 6",)}


def test_the_same_data_give_the_same_hash(case: None) -> None:
    one = snapshot.freeze("fortnight", FIRST, LAST, OFFICER)
    two = snapshot.freeze("fortnight", FIRST, LAST, OFFICER)
    assert (one.sha256, one.body) == (two.sha256, two.body)


def test_the_next_report_is_compared_with_the_numbered_one_before(case: None) -> None:
    old = _numbered(office.start("fortnight", FIRST, LAST, OFFICER), 12)
    put("24006", "emr", "basic", date(2025, 3, 10))
    new = office.start("fortnight", date(2025, 3, 4), date(2025, 3, 17), OFFICER)
    figure = _values(new)["emr-used"]
    assert (figure.previous, figure.value, figure.difference) == (4, 5, 1)
    before = snapshot.read(new.snapshot).before
    assert (before.report, before.number, before.day) == (old.id, "12/BC-SYT", "2025-03-04")
    assert "tăng 1 đơn vị so với kỳ trước" in next(
        one.text for one in whole.of(new).passages if one.key == "II.3"
    )


def test_a_draft_is_not_compared_with(case: None) -> None:
    office.start("fortnight", FIRST, LAST, OFFICER)
    new = office.start("fortnight", date(2025, 3, 4), date(2025, 3, 17), OFFICER)
    assert snapshot.read(new.snapshot).before.number == ""


def test_a_corrected_report_is_a_new_one(case: None) -> None:
    old = _numbered(office.start("fortnight", FIRST, LAST, OFFICER), 12)
    with pytest.raises(LienThongError) as stop:
        office.start("fortnight", FIRST, LAST, OFFICER)
    assert stop.value.problem.code == "report-step"
    put("SYT-24", "servers", "26", FIRST)
    new = office.start("fortnight", FIRST, LAST, OFFICER, replaces=old)
    opening = next(one.text for one in whole.of(new).passages if one.key == "opening")
    assert opening.splitlines()[:2] == [
        "Báo cáo này thay thế Báo cáo số 12/BC-SYT ngày 04/03/2025 của Sở Y tế. Số liệu điều chỉnh so"
        " với báo cáo trước:",
        "- Máy chủ: 25 → 26.",
    ]
    with pytest.raises(LienThongError):
        office.start("fortnight", FIRST, LAST, OFFICER, replaces=old)
    _numbered(new, 13)
    after = office.start("fortnight", date(2025, 3, 4), date(2025, 3, 17), OFFICER)
    assert snapshot.read(after.snapshot).before.number == "13/BC-SYT"


def test_a_unit_that_is_gone_blocks_until_the_data_are_mended(case: None) -> None:
    put("24006", "merged_into", "24011", date(2025, 2, 20))
    with pytest.raises(problems.Blocked) as stop:
        office.start("fortnight", FIRST, LAST, OFFICER)
    assert [one.name for one in stop.value.checks] == ["units-declared"]
    assert "16" in stop.value.checks[0].vi
    assert not Report.objects.exists()
    assert not Snapshot.objects.exists()


@pytest.mark.parametrize(
    ("first", "last"), [(LAST, FIRST), (FIRST, FIRST), (FIRST, date(2027, 1, 1)), (FIRST, date(2126, 1, 1))]
)
def test_periods_that_cannot_be_meant(case: None, first: date, last: date) -> None:
    with pytest.raises(LienThongError) as stop:
        office.start("fortnight", first, last, OFFICER)
    assert stop.value.problem.code == "report-period"


def test_the_yearly_and_half_yearly_reports_come_from_the_same_data(case: None) -> None:
    levels = office.start("levels", date(2025, 1, 1), date(2025, 12, 31), OFFICER)
    book = office.start("health-book", date(2025, 1, 1), date(2025, 6, 30), OFFICER)
    assert snapshot.read(levels.snapshot).material.criteria
    assert "2733/QĐ-BYT" in next(one.text for one in whole.of(book).passages if one.key == "opening")
    assert "cả 17 đơn vị" in next(one.text for one in whole.of(book).passages if one.key == "I")
    assert whole.of(levels).paper.letterhead.superior == "UBND TỈNH BẮC NINH"


def test_no_name_of_a_patient_gets_into_a_report(case: None) -> None:
    """SEC-23: a transfer is known at the hub; a difficulty names a person. The one is left out, the other blocks."""
    from lienthong.access import audit as trail
    from lienthong.rollout import changes
    from lienthong.rollout.plan.models import Difficulty

    row = Difficulty.objects.first()
    assert row is not None
    with changes.batch(trail.system("test"), "plan") as batch:
        for field in row._meta.concrete_fields:
            if field.attname.startswith("cause"):
                setattr(row, field.attname, "chậm chuyển bệnh nhân Giáp Thị Bí Mật")
        batch.save(row)
    with pytest.raises(problems.Blocked) as stop:
        office.start("fortnight", FIRST, LAST, OFFICER)
    assert {one.name for one in stop.value.checks} == {"personal-data"}
    assert "Giáp" not in stop.value.checks[0].vi
