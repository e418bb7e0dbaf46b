"""What was typed in place of a name, and a sex that was typed wrong."""

import pytest
from bench.identity.registrations import telex
from hypothesis import given
from hypothesis import strategies as st

from lienthong.identity import names, rules, weights
from lienthong.identity.fields import Fields

NAMES = (
    "Nguyễn Thị Hường|Đặng Văn Thưởng|Trần Quốc Tuấn|Bùi Thị Huệ|Vũ Đình Kiên|Hoàng Ngọc Ánh|Lương Thị Uyên"
)


@pytest.mark.parametrize("name", NAMES.split("|"))
def test_names_whose_marks_were_left_as_keys_are_read_with_their_marks(name: str) -> None:
    typed = " ".join(telex(word) for word in name.split())
    assert typed.isascii()
    assert names.normal(typed) == names.normal(name)


@pytest.mark.parametrize(("old", "name"), [("Ðỗ Văn Huy", "Đỗ Văn Huy"), ("ÐÀO THỊ LÝ", "Đào Thị Lý")])
def test_the_icelandic_letter_of_old_fonts_is_a_vietnamese_one(old: str, name: str) -> None:
    assert names.normal(old) == names.normal(name)


@given(
    st.sampled_from(
        ["loan", "hoa", "an", "toan", "oanh", "van", "thi", "nguyen", "yen", "park", "smith", "khoe"]
    )
)
def test_words_without_keys_stay(word: str) -> None:
    assert names.normal(word).words == word


ONE = Fields(
    citizen=("024185123456",),
    marked=names.normal("Hoàng Thị Lan").marked,
    words="hoang thi lan",
    born="1985-03-17",
    sex="female",
    commune="07210",
    district="213",
    province="24",
)


def test_a_sex_typed_wrong_does_not_keep_a_number_from_linking() -> None:
    said = rules.judge(ONE, ONE._replace(sex="male"), weights.packaged())
    assert (said.outcome, said.guard) == ("link", "")


@pytest.mark.parametrize(
    "change",
    [
        {"citizen": ()},
        names.normal("Hoàng Thị Loan")._asdict(),
        {"born": "1985-03-18"},
    ],
)
def test_two_sexes_are_asked_about_when_anything_else_differs(change: dict[str, object]) -> None:
    said = rules.judge(ONE, ONE._replace(sex="male", **change), weights.packaged())  # type: ignore[arg-type]
    assert said.outcome != "link"


@pytest.mark.parametrize(
    ("other", "guard"), [("Hoàng Thị Lán", "twins"), ("HOANG THI LAN", ""), ("Hoàng Thị Lan", "")]
)
def test_a_mark_that_is_missing_in_one_word_may_be_a_twin(other: str, guard: str) -> None:
    read = names.normal(other)
    near = ONE._replace(citizen=(), phone=("0912000111",), home="mau")
    said = rules.judge(near, near._replace(marked=read.marked, words=read.words), weights.packaged())
    assert said.guard == guard
