"""The real case and the demo entered; money and faults as of any past day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

pytestmark = pytest.mark.django_db
DAY = date(2025, 3, 3)


@pytest.fixture
def by() -> Any:
    from lienthong.access import audit
    from lienthong.facilities import directory

    directory.load_known()
    return audit.Actor("so-y-te", "Vi Thị Hương Giang", "department")


@pytest.fixture
def demo(by: Any) -> None:
    from lienthong.rollout import changes
    from lienthong.rollout.money import seed as money
    from lienthong.rollout.vendors import seed as vendors

    for _ in range(2):
        with changes.batch(by, "seed-demo") as batch:
            money.load(batch)
            money.load_demo(batch)
            vendors.load_demo(batch)
    assert changes.BatchRow.objects.count() == 1  # the second time nothing was to be entered


def test_price_references_of_the_case_are_entered_once_with_source(by: Any) -> None:
    from lienthong.rollout import changes
    from lienthong.rollout.money import references, seed
    from lienthong.rollout.money.models import PriceReference

    for _ in range(2):
        with changes.batch(by, "seed") as batch:
            seed.load(batch)
    assert PriceReference.objects.count() == 4
    assert not PriceReference.objects.filter(source="").exists()
    assert not PriceReference.objects.filter(invented=True).exists()
    found = references.spreads(references.points(date(2026, 10, 6)))
    rental = found["emr-rental"]
    assert (rental.low, rental.high, rental.count, rental.without_amount) == (40_000_000, 67_500_000, 2, 1)
    assert rental.few


def test_without_figures_the_sums_are_missing_and_not_zero(by: Any) -> None:
    from lienthong.rollout.money import summary

    assert summary.lines(DAY) == []
    assert summary.totals(DAY) == summary.Totals(None, None, None, None, {})


@pytest.mark.usefixtures("demo")
def test_sums_are_those_of_the_lines_and_a_cancelled_tender_counts_in_none() -> None:
    from lienthong.rollout.money import summary

    lines, totals = summary.lines(DAY), summary.totals(DAY)
    assert totals.asked == sum(line.estimate or 0 for line in lines)
    assert sum(totals.tenders.values()) == len(lines) + 1
    assert totals.tenders["Hủy thầu"] == 1
    assert "TTYT-LGIANG" not in {line.unit for line in lines}
    rented = next(line for line in lines if line.unit == "24004")
    assert (rented.contractor, rented.contract_end) == (
        "Công ty CP Phần mềm Y tế Sông Thương",
        date(2027, 1, 14),
    )
    assert rented.open_faults == 1


@pytest.mark.usefixtures("demo")
def test_a_past_day_shows_what_was_known_then() -> None:
    from lienthong.rollout.money import summary
    from lienthong.rollout.vendors import summary as vendors

    first, last = summary.totals(date(2025, 2, 18)), summary.totals(DAY)
    assert first.asked is not None
    assert last.asked is not None
    assert first.asked < last.asked
    assert summary.lines(date(2023, 8, 1)) == []
    assert vendors.open_faults(date(2025, 2, 17)) == {}
    assert vendors.open_faults(date(2025, 2, 18)) == {("24022", "tayyentu"): 1}
    assert vendors.open_faults(DAY) == {
        ("24004", "songthuong"): 1,
        ("24006", "tayyentu"): 1,
        ("24011", "lucdau"): 1,
    }


@pytest.mark.usefixtures("demo")
def test_figures_of_a_vendor_are_those_of_its_units() -> None:
    from lienthong.rollout.vendors import summary

    found = summary.by_vendor(DAY)
    for (vendor, unit), all_of_it in found.items():
        if not unit:
            parts = [one for (code, part), one in found.items() if code == vendor and part]
            assert all_of_it.count == sum(one.count for one in parts)
            assert all_of_it.open == sum(one.open for one in parts)
            assert all_of_it.judged == sum(one.judged for one in parts)
    assert found["tayyentu", ""].late == 1  # the hours of the evening before do not count
    assert summary.by_vendor(DAY, "lucdau").keys() == {("lucdau", ""), ("lucdau", "24011")}


@pytest.mark.usefixtures("demo")
def test_a_contract_of_the_province_is_a_price_reference() -> None:
    from lienthong.rollout.money import references

    found = references.points(DAY, "emr-rental")
    own = [one for one in found if one.own]
    assert {one.each for one in own} == {35_000_000, 45_000_000, 38_750_000}
    assert all(one.invented and one.confidence == "A" for one in own)


@pytest.mark.usefixtures("demo")
def test_contracts_that_end_soon_and_those_without_the_clause() -> None:
    from lienthong.rollout.money import contracts

    day = date(2026, 11, 23)
    assert [one.number for one in contracts.ending(day)] == [
        "27/2023/HĐ-PACS",
        "05/2024/HĐ-HIS",
        "08/2024/HĐ-YHCT",
    ]
    assert {one.number for one in contracts.without_clause(contracts.running(day))} == {
        "27/2023/HĐ-PACS",
        "12/2024/HĐ-SN",
        "03/2025/HĐ-TY",
    }


def test_stages_follow_each_other(by: Any) -> None:
    from lienthong.foundation.errors import LienThongError
    from lienthong.rollout import changes
    from lienthong.rollout.money import procurements
    from lienthong.rollout.money.models import Procurement

    row = Procurement(facility="24011", title="Máy chủ", item="server", year=2025)
    with changes.batch(by, "money", unit="24011") as batch:
        batch.save(row)
        procurements.add_step(batch, row, "estimate", date(2025, 2, 3), amount=500_000_000)
        procurements.add_step(batch, row, "approval", date(2025, 2, 10), amount=480_000_000)
    for stage, day, code in (
        ("invitation", date(2025, 2, 9), "stage-too-early"),
        ("gift", date(2025, 2, 11), "stage-unknown"),
        ("invitation", date(2023, 12, 31), "stage-unknown"),
    ):
        with pytest.raises(LienThongError, match=code), changes.batch(by, "money") as batch:
            procurements.add_step(batch, row, stage, day)
    with changes.batch(by, "money") as batch:
        procurements.add_step(batch, row, "cancelled", date(2025, 3, 1))
    with pytest.raises(LienThongError, match="procurement-ended"), changes.batch(by, "money") as batch:
        procurements.add_step(batch, row, "invitation", date(2025, 3, 2))
    then = procurements.standing(row, date(2025, 2, 12))
    assert (then.stage and then.stage.id, then.estimate, then.granted) == (
        "approval",
        500_000_000,
        480_000_000,
    )
    assert procurements.standing(row, date(2025, 2, 5)).granted is None


def test_what_was_typed_can_be_taken_back_whole(by: Any) -> None:
    from lienthong.rollout import changes
    from lienthong.rollout.money import seed as money
    from lienthong.rollout.money.models import Contract, PriceReference, Procurement
    from lienthong.rollout.vendors import seed as vendors
    from lienthong.rollout.vendors.models import Ticket, Vendor

    with changes.batch(by, "seed-demo") as batch:
        money.load(batch)
        vendors.load_demo(batch)
    assert changes.undo(batch.id, by) == []
    for model in (Contract, PriceReference, Procurement, Ticket, Vendor):
        assert not model.objects.exists()
    back = changes.BatchRow.objects.get(undoes=batch.id)
    assert changes.undo(back.id, by) == []
    assert Contract.objects.get(number="05/2024/HĐ-HIS").products == [1, 2] or Contract.objects.count() == 8
