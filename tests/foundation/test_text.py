"""Vietnamese text: folding, words and case of names."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from lienthong.foundation import text

LETTERS = st.text(
    "aăâeêioôơuưyđAĂÂEÊIOÔƠUƯYĐbcghklmnpqrstvx àáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữự",
    max_size=40,
)


def test_folding_takes_every_vietnamese_mark_away() -> None:
    assert text.fold("Trần Thị Ánh") == "tran thi anh"
    assert text.fold("  ĐẶNG\tVĂN\n Đức ") == "dang van duc"
    assert text.fold("Nguyễn Hữu Phước, Ưng, Ơn") == "nguyen huu phuoc, ung, on"


@given(LETTERS)
def test_folding_does_not_depend_on_the_unicode_form(name: str) -> None:
    assert text.fold(unicodedata.normalize("NFD", name)) == text.fold(unicodedata.normalize("NFC", name))


@given(st.text(max_size=60))
def test_folding_a_folded_text_changes_nothing(anything: str) -> None:
    once = text.fold(anything)
    assert text.fold(once) == once
    assert once == " ".join(once.split())


@given(LETTERS)
def test_folded_vietnamese_is_plain_ascii(name: str) -> None:
    assert text.fold(name).isascii()


def test_words_of_a_name_are_distinct_and_in_order() -> None:
    assert text.name_words("Hoàng Hoàng Thị Hoang An") == ["hoang", "thi", "an"]
    assert text.name_words("  ") == []


def test_only_a_name_in_capitals_gets_another_case() -> None:
    assert text.name_case("TRẦN THỊ ÁNH") == "Trần Thị Ánh"
    assert text.name_case("Lò Thị Ún") == "Lò Thị Ún"
    assert text.name_case("ĐOÀN") == "Đoàn"
