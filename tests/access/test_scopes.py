"""Scopes: what they allow, alone and met with others, is exactly what their letters and restrictions say."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.access import scopes
from lienthong.access.scopes import Grant

KINDS = ("Observation", "Patient", "Task")
CONDITIONS = (("category", "laboratory"), ("code", "http://loinc.org|718-7,x y"), ("status", "final"))
grants = st.lists(
    st.builds(
        lambda kind, letters, query: Grant(
            kind, "".join(letter for letter in "cruds" if letter in letters), query
        ),
        st.sampled_from([*KINDS, "*"]),
        st.sets(st.sampled_from("cruds"), min_size=1),
        st.sets(st.sampled_from(CONDITIONS), max_size=2).map(lambda some: tuple(sorted(some))),
    ),
    max_size=5,
)
asked = st.tuples(
    st.sampled_from(KINDS), st.sampled_from("cruds"), st.sets(st.sampled_from(CONDITIONS), max_size=3)
)


def allows(found: Iterable[Grant], kind: str, letter: str, fits: set[tuple[str, str]]) -> bool:
    """Whether one grant allows it for a resource that fits these conditions and no others."""
    return any(g.kind in (kind, "*") and letter in g.letters and set(g.query) <= fits for g in found)


@given(grants, grants, asked)
def test_what_both_say_is_what_each_of_them_says(
    held: list[Grant], wanted: list[Grant], call: tuple[str, str, set[tuple[str, str]]]
) -> None:
    met = scopes.both(held, wanted)
    assert allows(met, *call) == (allows(held, *call) and allows(wanted, *call))
    assert scopes.both(held, met) == met


@given(grants, asked)
def test_the_simplest_form_says_the_same_and_is_read_back(
    held: list[Grant], call: tuple[str, str, set[tuple[str, str]]]
) -> None:
    simple = scopes.grants(grant.scope for grant in held)
    assert allows(simple, *call) == allows(held, *call)
    assert scopes.grants(scopes.written(simple).split()) == simple
    assert scopes.grants(grant.scope for grant in reversed(held)) == simple


@given(st.text(max_size=40), st.sampled_from(["", "system/", "system/Patient.", "system/Patient.rs?"]))
def test_any_text_is_a_grant_that_is_written_alike_or_nothing(text: str, before: str) -> None:
    grant = scopes.read(before + text)
    assert grant is None or (scopes.read(grant.scope) == grant and " " not in grant.scope)


@pytest.mark.parametrize(
    ("scope", "grant"),
    [
        (
            "system/Observation.rs?category=laboratory",
            Grant("Observation", "rs", (("category", "laboratory"),)),
        ),
        ("system/*.cruds", Grant("*", "cruds")),
        ("system/*.*", Grant("*", "cruds")),
        ("system/Patient.read", Grant("Patient", "rs")),
        ("system/Patient.write", Grant("Patient", "cud")),
        (
            "system/Observation.r?status=final&category=a%20b|c&status=final",
            Grant("Observation", "r", (("category", "a b|c"), ("status", "final"))),
        ),
        (
            "system/Observation.r?code:in=http://a.example/v",
            Grant("Observation", "r", (("code:in", "http://a.example/v"),)),
        ),
        ("system/Patient.sr", None),
        ("system/Patient.", None),
        ("patient/Patient.rs", None),
        ("system/patient.rs", None),
        ("system/Observation.rs?", None),
        ("system/Observation.rs?category=", None),
        ("system/Observation.rs?category", None),
        ("system/Observation.rs?_count=1", None),
        ("system/Observation.rs?_has:Group:member:_id=1", None),
        ("system/Observation.rs?subject.name=an", None),
        ("system/Observation.rs?code=%ff", None),
        ("system/Observation.rs?code=a%00", None),
        ("system/Observation.rs?" + "&".join(f"code=c{n}" for n in range(9)), None),
    ],
)
def test_a_scope_is_read_by_the_standard_or_says_nothing(scope: str, grant: Grant | None) -> None:
    assert scopes.read(scope) == grant
