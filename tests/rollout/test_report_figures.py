"""Figures: value, previous, difference, target, and who is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from lienthong.rollout.report import figures, registry
from lienthong.rollout.report.figures import Figure
from lienthong.rollout.report.kinds import KINDS
from lienthong.rollout.report.material import Material
from report_world import material, units


def _made(made: Material, before: dict[str, int | None] | None = None) -> dict[str, Figure]:
    return {one.name: one for one in figures.make(registry.FORTNIGHT, made, before or {})}


def test_the_case_of_february() -> None:
    found = _made(material())
    values = {name: found[name].value for name in ("units", "servers", "computers", "printers")}
    assert values == {"units": 17, "servers": 25, "computers": 2416, "printers": 1658}
    assert [found[f"his-{at}"].value for at in "765432"] == [1, 4, 3, 4, 3, 2]
    assert [found[f"emr-{at}"].value for at in ("advanced", "basic", "none")] == [3, 1, 13]
    assert (found["own-room"].value, found["rented"].value) == (5, 12)
    assert len(found["servers"].missing) == 17


def test_a_missing_unit_is_named_and_not_counted_as_nought() -> None:
    rows = (replace(units()[0], states={}), *units()[1:])
    found = _made(material(units=rows))
    assert found["emr-advanced"].value == 2
    assert found["emr-advanced"].missing == (rows[0].name,)
    none = _made(material(units=tuple(replace(row, states={}) for row in rows)))["emr-advanced"]
    assert none.value is None
    assert len(none.missing) == 17


def test_connected_is_who_had_a_transfer_received() -> None:
    assert _made(material())["connected"].value == 1
    assert _made(material(exchange=()))["connected"].value is None


def test_difference_needs_both_sides() -> None:
    found = _made(material(), {"emr-used": 3, "servers": None})
    assert (found["emr-used"].difference, found["servers"].difference) == (1, None)


def test_targets_are_dated_and_name_their_source() -> None:
    goal = _made(material())["emr-used"].target
    assert goal is not None
    assert (goal.value, goal.by) == (17, "2025-12-31")
    assert "18/02/2025" in goal.source
    before = _made(material(last=date(2025, 2, 17)))["emr-used"].target
    assert before is None


def test_a_sum_of_numbers_nobody_confirmed_is_marked_unless_the_province_declared_it() -> None:
    counts = {"servers": 1, "it_staff": 2}
    rows = tuple(
        replace(
            row, counts=counts | ({"servers": 9} if place == 0 else {}), unconfirmed=("servers", "it_staff")
        )
        for place, row in enumerate(units())
    )
    found = _made(material(units=rows))
    assert (found["servers"].value, found["servers"].doubtful) == (25, False)
    assert (found["it-staff"].value, found["it-staff"].doubtful) == (34, True)


@given(st.lists(st.one_of(st.none(), st.integers(0, 500)), min_size=17, max_size=17))
def test_a_total_is_the_sum_of_what_is_known(numbers: list[int | None]) -> None:
    rows = tuple(
        replace(row, counts={} if number is None else {"tablets": number})
        for row, number in zip(units(), numbers, strict=True)
    )
    found = _made(material(units=rows))["tablets"]
    known = [number for number in numbers if number is not None]
    assert found.value == (sum(known) if known else None)
    assert len(found.missing) == 17 - len(known)


def test_every_figure_of_every_kind_has_words_source_and_a_name_of_its_own() -> None:
    for kind in KINDS.values():
        names = [one.name for one in kind.definitions]
        assert len(names) == len(set(names))
        for one in kind.definitions:
            assert one.vi
            assert one.en
            assert one.how_vi
            assert one.page.startswith("board-")
