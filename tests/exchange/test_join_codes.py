"""The code by which a unit joins, as people type it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.exchange.trust import codes
from lienthong.foundation.errors import LienThongError

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ADDRESSES = st.sampled_from(
    [
        "https://truc.example.vn",
        "https://truc.example.vn:8443",
        "http://127.0.0.1:8710",
        "https://[2001:db8::1]:1",
    ]
)


def code(name: str, secret: str, address: str) -> codes.Code:
    return codes.Code(name, secret, address)


CODES = st.builds(
    code, st.text(LETTERS, min_size=8, max_size=8), st.text(LETTERS, min_size=24, max_size=24), ADDRESSES
)


@given(CODES)
def test_what_is_shown_reads_back(one: codes.Code) -> None:
    assert codes.read(one.text) == one
    sloppy = one.text.partition("@")[0].replace("-", " ").replace("0", "o").replace("1", "l").lower()
    assert codes.read(f"  {sloppy} @ {one.address.upper()}/ ") == one


@given(CODES, st.data())
def test_one_wrong_character_and_exchanged_neighbours_are_noticed(
    one: codes.Code, data: st.DataObject
) -> None:
    letters, at, address = one.text.partition("@")
    places = [i for i, letter in enumerate(letters) if letter != "-"]
    place = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([letter for letter in LETTERS if letter != letters[place]]))
    with pytest.raises(LienThongError, match="trust-code-mistyped"):
        codes.read(letters[:place] + other + letters[place + 1 :] + at + address)
    plain = letters.replace("-", "")
    place = data.draw(st.integers(0, len(plain) - 2))
    swapped = plain[:place] + plain[place + 1] + plain[place] + plain[place + 2 :]
    if swapped != plain:
        with pytest.raises(LienThongError, match="trust-code-mistyped"):
            codes.read(swapped + at + address)


@given(st.text(max_size=400))
def test_any_other_text_gets_a_clear_no(text: str) -> None:
    with pytest.raises(LienThongError, match=r"trust-code-(mistyped|address)"):
        codes.read(text)


def test_a_mistyped_address_is_noticed_and_a_path_is_none() -> None:
    made = codes.new("truc.example.vn")
    assert made.address == "https://truc.example.vn"
    with pytest.raises(LienThongError, match="trust-code-mistyped"):
        codes.read(made.text.replace("truc", "trvc"))
    for wrong in ("truc.example.vn/somewhere", "user@truc.example.vn", "", "truc example vn", "truc:99999"):
        with pytest.raises(LienThongError, match="trust-code-address"):
            codes.new(wrong)


def test_secrets_are_long_and_new() -> None:
    made = [codes.new("truc.example.vn") for _ in range(50)]
    assert len({one.secret for one in made}) == len({one.name for one in made}) == 50
    assert all(len(one.secret) * 5 >= 100 for one in made)
    assert made[0].secret not in (made[0].key.hex(), codes.mac(made[0].key, "request", "x"))
