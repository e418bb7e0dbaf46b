"""The rules of form that both documents share."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

import paper_samples
from lienthong.foundation.errors import LienThongError
from lienthong.rollout.papers import fonts, form
from lienthong.rollout.papers.paper import Bullet, Column, Heading, Paper, Paragraph, Run, Table

VIETNAMESE = (
    "aáàảãạăắằẳẵặâấầẩẫậbcdđeéèẻẽẹêếềểễệghiíìỉĩịklmnoóòỏõọôốồổỗộơớờởỡợpqrstuúùủũụưứừửữựvxyýỳỷỹỵ"
    "0123456789.,;:-–…/()%+"
)


def report(**changes: object) -> Paper:
    return replace(paper_samples.report(), **changes)  # type: ignore[arg-type]


def test_number_has_its_zero() -> None:
    assert form.number_line(report()) == "Số: 04/BC-SYT"
    assert form.number_line(report(number="12/BC-SYT")) == "Số: 12/BC-SYT"
    assert form.number_line(report(number=" 4 /BC-SYT")) == "Số: 04/BC-SYT"


def test_a_draft_leaves_room_for_number_and_day() -> None:
    draft = report(number="     /BC-SYT", day=None)
    assert form.number_line(draft).split() == ["Số:", "/BC-SYT"]
    assert len(form.number_line(draft)) > len("Số: /BC-SYT") + 4
    assert form.day_line(draft).split() == ["Bắc", "Giang,", "ngày", "tháng", "năm", "2025"]
    assert form.day_line(replace(draft, year=0)).split()[-1] == "20"


def test_day_and_annex_line() -> None:
    assert form.day_line(report()) == "Bắc Giang, ngày 04 tháng 3 năm 2025"
    whole = "(Kèm theo Báo cáo số 04/BC-SYT ngày 04 tháng 3 năm 2025 của Sở Y tế tỉnh Bắc Giang)"
    assert form.sent_along(report()) == whole
    first = report().annexes[0]
    assert form.annex_head(first) == "Phụ lục I"
    assert form.annex_head(replace(first, number="")) == "Phụ lục"


def test_addressees_and_copies() -> None:
    assert form.to_lines(report(to=("Chủ tịch Ủy ban nhân dân tỉnh",))) == ["Chủ tịch Ủy ban nhân dân tỉnh"]
    assert form.to_lines(report(to=("Sở Tài chính;", "Công an tỉnh"))) == [
        "- Sở Tài chính;",
        "- Công an tỉnh.",
    ]
    lines = form.copy_lines(report(copies=("Như trên", "Công an tỉnh;")))
    assert lines == ["- Như trên;", "- Công an tỉnh;", "- Lưu: VT, NVY."]


@pytest.mark.parametrize(
    ("given_text", "printed"),
    [
        ("Xin báo cáo.", "Xin báo cáo./."),
        ("Xin báo cáo./.", "Xin báo cáo./."),
        ("Xin báo cáo", "Xin báo cáo./."),
    ],
)
def test_the_text_ends_with_its_mark(given_text: str, printed: str) -> None:
    last = form.settle(report(body=(Heading(1, "I. Một"), Paragraph(given_text)))).body[-1]
    assert last == Paragraph(printed)
    last = form.settle(report(body=(Bullet((Run("Đề nghị: ", bold=True), Run(given_text))),))).body[-1]
    assert isinstance(last, Bullet)
    assert form.plain(last.text) == f"Đề nghị: {printed}"


def test_text_is_cleaned_of_what_cannot_be_seen() -> None:
    assert form.clean("Sở\x00 Y\u202e tế\u200b\t\ud800A\ufffe") == "Sở Y tế A"
    assert form.clean("Sơ\u0309") == "Sở"
    assert form.clean("một\r\nhai\u2028ba") == "một\nhai\nba"
    assert form.clean("漢 #$\\[]@<>&\"'`*_~") == "□ #$\\[]@<>&\"'`*_~"


@given(st.text(max_size=200))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert form.clean(form.clean(text)) == form.clean(text)


def test_the_font_prints_vietnamese() -> None:
    letters = set(VIETNAMESE + VIETNAMESE.upper())
    assert letters <= fonts.letters()


def test_lines_are_as_long_as_the_rules_say() -> None:
    assert fonts.width(form.NATIONAL_TITLE, form.NATION, bold=True) < form.points(form.HEAD_RIGHT)
    assert form.motto_line() == fonts.width(form.NATIONAL_MOTTO, form.MOTTO, bold=True)
    whole = fonts.width("SỞ Y TẾ", form.ISSUER, bold=True)
    assert whole / 3 <= form.short_line("SỞ Y TẾ", form.ISSUER, form.HEAD_LEFT, bold=True) <= whole / 2


@given(st.lists(st.text("abcdeghiklmnô", min_size=1, max_size=9), min_size=1, max_size=60))
def test_a_title_is_balanced_without_losing_a_word(parts: list[str]) -> None:
    lines = form.balanced(" ".join(parts), form.TITLE, form.TEXT).split("\n")
    assert " ".join(lines).split() == parts
    assert all(fonts.width(line, form.TITLE, bold=True) <= form.points(form.TEXT) for line in lines)


def test_a_title_does_not_end_in_a_line_of_one_word() -> None:
    title = "Kết quả triển khai bệnh án điện tử, kết nối liên thông dữ liệu với Bệnh viện Bạch Mai"
    first, second = form.balanced(title, form.TITLE, form.TEXT).split("\n")
    assert abs(fonts.width(first, 14) - fonts.width(second, 14)) < 60


def settled(table: Table) -> Table:
    block = form.settle(report(body=(table, Paragraph("Hết")))).body[0]
    assert isinstance(block, Table)
    return block


def test_columns_fill_the_text_and_hold_their_longest_word() -> None:
    columns = (Column("TT", 3), Column("Nội dung", 400), Column("Thời hạn", 1))
    table = settled(Table(columns, (("1", "Kết nối", "15/03/2025"),)))
    assert sum(column.width for column in table.columns) == pytest.approx(form.TEXT)
    room = form.points(table.columns[2].width - 2 * form.CELL_PAD)
    assert room > fonts.width("15/03/2025", form.table_size(table), bold=True)


def test_only_a_very_high_row_may_split() -> None:
    columns = (Column("TT", 10), Column("Nội dung", 60))
    table = settled(Table(columns, (("1", "Ngắn"), ("2", "Rất dài " * 300))))
    assert [form.may_split(table, row) for row in table.rows] == [False, True]


def test_no_level_of_headings_is_skipped_in_the_outline() -> None:
    blocks = (
        Heading(3, "a) Một"),
        Paragraph("chữ"),
        Heading(3, "b) Hai"),
        Heading(1, "I. Ba"),
        Heading(3, "a) Bốn"),
    )
    assert form.ranks(blocks, 0) == [1, 0, 2, 1, 2]


def test_a_table_must_be_even() -> None:
    columns = (Column("TT", 10), Column("Đơn vị", 60))
    for table in (
        Table(columns, (("1",),), caption="Bảng 1"),
        Table(columns, (), caption="Bảng 1", totals=("1", "2", "3")),
        Table((Column("TT", 0),), (("1",),), caption="Bảng 1"),
        Table((), (), caption="Bảng 1"),
    ):
        with pytest.raises(LienThongError) as caught:
            settled(table)
        assert caught.value.problem.code == "paper-table-uneven"
        assert caught.value.problem.where == {"table": "Bảng 1"}


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "1" * 201},
        {"subject": "a" * 601},
        {"to": ("Sở Tài chính",) * 41},
        {"body": (Paragraph("a" * 600_001),)},
        {"body": (Paragraph("a"),) * 5001},
        {"body": (Table((Column("T" * 101, 1),), ()),)},
        {"body": (Table((Column("T", 1),), (("1",),) * 2001),)},
    ],
)
def test_what_nobody_could_print_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(LienThongError) as caught:
        form.settle(report(**changes))
    assert caught.value.problem.code == "paper-too-long"


def test_the_files_own_day_is_fixed() -> None:
    assert form.issued(report()) == date(2025, 3, 4)
    assert form.issued(report(day=None)) == date(2025, 1, 1)
