"""Identifiers sort by time, or depend on their parts alone."""

from __future__ import annotations

import re
import time

from hypothesis import given
from hypothesis import strategies as st

from lienthong.foundation import ids

PARTS = st.lists(
    st.text(st.characters(exclude_characters="\x1f", exclude_categories=["Cs"])), min_size=1, max_size=4
)


def test_a_new_id_has_the_layout_of_uuid_version_7() -> None:
    before = time.time_ns() // 1_000_000
    new = ids.new_id()
    after = time.time_ns() // 1_000_000
    assert re.fullmatch(r"[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}", new)
    assert before <= int(new[:12], 16) <= after


def test_new_ids_differ() -> None:
    assert len({ids.new_id() for _ in range(1000)}) == 1000


@given(PARTS)
def test_the_same_parts_give_the_same_id_fit_for_fhir(parts: list[str]) -> None:
    assert ids.stable_id(*parts) == ids.stable_id(*parts)
    assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", ids.stable_id(*parts))


@given(PARTS, PARTS)
def test_other_parts_give_another_id(one: list[str], other: list[str]) -> None:
    assert (ids.stable_id(*one) == ids.stable_id(*other)) == (one == other)


def test_where_a_part_ends_matters() -> None:
    assert ids.stable_id("24011", "1") != ids.stable_id("2401", "11")


def test_an_id_stays_the_same_over_releases() -> None:
    assert ids.stable_id("his-xml", "24011", "LK1") == "1ee9c1ae2b86144c2753759a3ad1e4fe"
