"""Units that are renamed, founded, merged or ended: dated, undone exactly, earlier days untouched."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.django_db

BEFORE, DAY, AFTER = date(2025, 6, 30), date(2025, 7, 1), date(2026, 1, 1)


@pytest.fixture
def by() -> Any:
    from lienthong.access import audit
    from lienthong.facilities import directory

    directory.load_known()
    return audit.Actor("so-y-te", "Vi Thị Hương Giang", "department", "127.0.0.1")


def _names(code: str) -> list[tuple[Any, ...]]:
    from lienthong.facilities.models import FacilityName

    return list(
        FacilityName.objects.filter(facility_id=code).values_list(
            "name_vi", "name_en", "valid_from", "valid_to"
        )
    )


def _everything() -> Any:
    from lienthong.facilities.models import Facility, FacilityName
    from lienthong.rollout.facts import Fact

    names = FacilityName.objects.order_by("facility_id", "valid_from")
    return (
        list(Facility.objects.values_list("code", "kind", "in_province", "place")),
        list(names.values_list("facility_id", "name_vi", "name_en", "valid_from", "valid_to", "source")),
        list(Fact.objects.order_by("facility", "key", "valid_from").values_list("facility", "key", "value")),
    )


def test_a_name_holds_from_its_day_and_goes_with_the_undo(by: Any) -> None:
    from lienthong.facilities import directory
    from lienthong.rollout import changes
    from lienthong.rollout.reorganisation import steps

    old = _names("24011")
    with changes.batch(by, "units") as batch:
        steps.rename(
            batch, "24011", "Bệnh viện Đa khoa Bắc Ninh  số 1", "", DAY, source="Quyết định 12/QĐ-UBND"
        )
    assert directory.name("24011", BEFORE, "vi") == "Bệnh viện Đa khoa tỉnh Bắc Giang"
    assert directory.name("24011", BEFORE, "en") == "Bac Giang Provincial General Hospital"
    assert directory.name("24011", DAY, "vi") == "Bệnh viện Đa khoa Bắc Ninh số 1"
    assert directory.name("24011", DAY, "en") == "Bệnh viện Đa khoa Bắc Ninh số 1"
    assert changes.undo(batch.id, by) == []
    assert _names("24011") == old
    assert directory.name("24011", DAY, "vi") == "Bệnh viện Đa khoa tỉnh Bắc Giang"


def test_a_merged_unit_leaves_the_list_from_that_day(by: Any) -> None:
    from lienthong.foundation.errors import LienThongError
    from lienthong.rollout import changes, units
    from lienthong.rollout.reorganisation import steps

    with changes.batch(by, "units") as batch:
        steps.merge(batch, "TT", "24011", DAY)
        steps.end(batch, "PHOI", DAY)
    assert {"TT", "PHOI"} <= set(units.codes(BEFORE))
    assert not {"TT", "PHOI"} & set(units.codes(DAY))
    assert steps.merged_here("24011", DAY) == ["TT"]
    assert steps.merged_here("24011", BEFORE) == []
    for wrong in (
        lambda b: steps.merge(b, "TT", "24011", AFTER),
        lambda b: steps.merge(b, "UB", "TT", AFTER),
        lambda b: steps.merge(b, "UB", "UB", AFTER),
        lambda b: steps.end(b, "UB", date(1999, 1, 1)),
        lambda b: steps.rename(b, "UB", "Bệnh viện Y học cổ truyền tỉnh Bắc Giang", "", DAY),
        lambda b: steps.found(b, "UB", "Tên", "", "private hospital", DAY),
        lambda b: steps.found(b, "a b", "Tên", "", "private hospital", DAY),
    ):
        before = _everything()
        with pytest.raises(LienThongError), changes.batch(by, "units") as bad:
            wrong(bad)
        assert _everything() == before
    assert changes.undo(batch.id, by) == []
    assert {"TT", "PHOI"} <= set(units.codes(DAY))


def test_a_new_unit_stands_from_its_day_and_goes_with_the_undo(by: Any) -> None:
    from lienthong.rollout import changes, units
    from lienthong.rollout.reorganisation import steps

    before = _everything()
    with changes.batch(by, "units") as batch:
        steps.found(batch, "27001", "Bệnh viện Đa khoa Bắc Ninh số 2", "", "provincial hospital", DAY)
    assert "27001" not in units.codes(BEFORE)
    (unit,) = [one for one in units.listing(DAY) if one.code == "27001"]
    assert (unit.name, unit.kind) == ("Bệnh viện Đa khoa Bắc Ninh số 2", "provincial hospital")
    assert changes.undo(batch.id, by) == []
    assert _everything() == before


def test_the_province_joins_another_and_earlier_papers_keep_their_names(by: Any) -> None:
    from lienthong.facilities import directory
    from lienthong.rollout import changes, facts, units
    from lienthong.rollout.reorganisation import orders

    before = _everything()
    listed = units.listing(BEFORE)
    (order,) = orders.known()
    assert not any(step.done for step in orders.steps(order))
    batch = orders.apply(order, by)
    assert all(step.done for step in orders.steps(order))
    assert orders.apply(order, by) == ""
    assert units.listing(BEFORE) == listed
    assert len(units.codes(DAY)) == 17
    assert directory.name("SYT-24", BEFORE, "vi") == "Sở Y tế tỉnh Bắc Giang"
    assert directory.name("SYT-24", DAY, "vi") == "Sở Y tế tỉnh Bắc Ninh"
    assert directory.name("24022", DAY, "en") == "Bac Ninh Obstetrics and Paediatrics Hospital No. 1"
    province = {day: facts.value("24004", "province", day).value for day in (BEFORE, DAY)}  # type: ignore[union-attr]
    assert province == {BEFORE: "Bắc Giang", DAY: "Bắc Ninh"}
    kind = facts.value("24004", "kind", DAY)
    assert kind is not None
    assert (kind.value, kind.confirmed) == ("regional medical centre", False)
    assert changes.undo(batch, by) == []
    assert _everything() == before


def test_every_fact_of_an_order_is_one_that_is_known(by: Any) -> None:
    from lienthong.rollout import facts
    from lienthong.rollout.reorganisation import orders

    for order in orders.known():
        for step in orders.steps(order):
            one = step.entry
            assert facts.normal(one.key, one.value) == one.value
            assert one.confidence in ("A", "B", "C")
            assert one.source


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["rename", "merge", "end", "found"]),
        st.sampled_from(["24011", "TT", "UB", "27001"]),
        st.sampled_from(["24011", "UB", "Một", "Hai"]),
        st.sampled_from([BEFORE, DAY, AFTER]),
    ),
    max_size=5,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_STEPS)
def test_whatever_happened_undo_gives_back_names_and_units(by: Any, done: Any) -> None:
    from django.db import transaction

    from lienthong.foundation.errors import LienThongError
    from lienthong.rollout import changes
    from lienthong.rollout.reorganisation import steps

    with transaction.atomic():
        states, batches = [_everything()], []
        for what, unit, other, day in done:
            try:
                with changes.batch(by, "units") as batch:
                    if what == "rename":
                        steps.rename(batch, unit, f"Bệnh viện {other}", "", day)
                    elif what == "merge":
                        steps.merge(batch, unit, other, day)
                    elif what == "end":
                        steps.end(batch, unit, day)
                    else:
                        steps.found(batch, unit, f"Bệnh viện {other}", "", "private hospital", day)
            except LienThongError:
                assert _everything() == states[-1]
                continue
            for code in ("24011", "TT", "UB"):
                names = _names(code)
                for (*_, until), (_, _, since, _) in pairwise(names):
                    assert (since - until).days == 1
                assert names[-1][3] is None
            if batch.changes:
                batches.append(batch.id)
                states.append(_everything())
        for batch_id in reversed(batches):
            assert _everything() == states.pop()
            assert changes.undo(batch_id, by) == []
        assert _everything() == states.pop()
        transaction.set_rollback(True)
