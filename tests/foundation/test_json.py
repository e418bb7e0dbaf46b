"""JSON keeps decimals; its canonical form is one for both sides."""

from __future__ import annotations

from decimal import Decimal

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from lienthong.foundation import json

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=4)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | DECIMALS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
SIGNED = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("written", ["15.20", "0.10", "7.0", "-3.400", "120"])
def test_a_number_is_written_as_it_came(written: str) -> None:
    text = f'{{"value":{written}}}'.encode()
    assert json.dumps(json.loads(text)) == text


def test_numbers_with_a_point_are_decimals() -> None:
    assert json.loads("[1, 1.50, 1e2]") == [1, Decimal("1.50"), Decimal("1E+2")]
    assert type(json.loads("0.1")) is Decimal


@given(VALUES)
def test_every_value_survives_the_round_trip_with_its_digits(value: object) -> None:
    again = json.loads(json.dumps(value))
    assert again == value
    assert json.dumps(again) == json.dumps(value)


@pytest.mark.parametrize("broken", ["", "{", "{'a': 1}", "[1,]", "NaN", b"\xff"])
def test_what_is_no_json_is_refused(broken: str | bytes) -> None:
    with pytest.raises(json.DecodeError):
        json.loads(broken)


def test_the_canonical_form_sorts_keys_as_the_standard_says() -> None:
    # RFC 8785, section 3.2.3: by UTF-16 code units, so the clef (a surrogate pair) stands before U+FB33.
    value = {"\ufb33": 1, "\U0001d11e": 2, "€": 3, "a": 4, "A": 5, "": 6}
    assert list(json.loads(json.canonical(value))) == ["", "A", "a", "€", "\U0001d11e", "\ufb33"]
    assert (
        json.canonical({"b": "Bắc Giang", "a": [1, True, None]})
        == '{"a":[1,true,null],"b":"Bắc Giang"}'.encode()
    )


@given(SIGNED)
def test_the_canonical_form_does_not_depend_on_the_order_of_keys(value: object) -> None:
    assert json.canonical(_reversed(value)) == json.canonical(value)
    assert json.canonical(json.loads(json.canonical(value))) == json.canonical(value)


def _reversed(value: object) -> object:
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(list(value))}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


@given(SIGNED)
def test_the_canonical_form_is_that_of_the_reference(value: object) -> None:
    assert json.canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value", [1 << 53, -(1 << 53), [1.5e300 * 1e10], "\ud800", {"\ud800": 1}, b"x", {1: 2}]
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        json.canonical(value)


@pytest.mark.parametrize("value", [1.0, 1e21, 0.1, -0.0, [1e-7], {"a": 333333333.33333329}])
def test_numbers_with_a_point_are_written_as_the_standard_says(value: object) -> None:
    assert json.canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]
