"""The workbook of facts: out and back, what officers make of it, damaged files; preview = applied, undo restores."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

pytestmark = pytest.mark.django_db

DAY = date(2025, 2, 18)
TODAY = date(2025, 3, 3)


@pytest.fixture
def by(node_home: Any) -> Any:
    """An officer of the Department, at a hub that knows the units and has a few facts."""
    from lienthong.access import audit
    from lienthong.facilities import directory
    from lienthong.rollout import changes, facts

    directory.load_known()
    officer = audit.Actor("so-y-te", "Vi Thị Hương Giang", "department", "127.0.0.1")
    with changes.batch(officer, "seed") as batch:
        for unit, key, value in (
            ("24011", "computers", "308"),
            ("24011", "line_down", "80"),
            ("24011", "backup_plan", "=HYPERLINK(0)"),
            ("24004", "computers", "132"),
            ("24004", "hosting", "own-room"),
            ("24004", "line_down", "12,125"),
            ("24004", "line_measured_on", "2025-02-18"),
            ("24004", "backup_line", "no"),
            ("24004", "his_level", "5"),
            ("TT", "his_vendor", "-"),
            ("TT", "lis_vendor", "xóa"),
            ("SYT-24", "computers", "440"),
        ):
            facts.put(batch, unit, key, value, DAY, source="Hội nghị")
    return officer


def _anyone(_unit: str) -> bool:
    return True


def _exported(on: date = DAY) -> Any:
    from lienthong.rollout import units
    from lienthong.rollout.sheets import export

    return load_workbook(io.BytesIO(export.workbook(units.codes(on), on)))


def _saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(book: Any, unit: str, key: str) -> Any:
    from lienthong.rollout import facts
    from lienthong.rollout.sheets import columns

    sheet = book[columns.TABLE]
    row = next(r for r in range(1, sheet.max_row + 1) if sheet.cell(r, 1).value == unit)
    heads = {sheet.cell(5, c).value: c for c in range(1, sheet.max_column + 1)}
    return sheet.cell(row, heads[columns.heading(facts.KEYS[key])])


def _table(*rows: list[Any]) -> bytes:
    """A workbook of an officer's own."""
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    return _saved(book)


def _previewed(data: bytes, may_edit: Callable[[str], bool] = _anyone) -> Any:
    from lienthong.rollout.sheets.preview import preview

    return preview(data, may_edit, TODAY)


def _facts() -> list[tuple[Any, ...]]:
    from lienthong.rollout.facts import Fact

    return list(
        Fact.objects.order_by("facility", "key", "valid_from").values_list(
            "id", "facility", "key", "value", "valid_from", "source", "confirmed"
        )
    )


def test_an_export_brought_back_changes_nothing(by: Any) -> None:
    from lienthong.rollout.sheets import export

    found = _previewed(export.workbook(["24011", "24004", "TT"], DAY))
    assert (found.changes, found.faults, found.ignored) == ((), (), ())
    assert found.same == 12


def test_no_cell_is_a_formula_and_codes_are_locked(by: Any) -> None:
    from lienthong.rollout.sheets import columns

    book = _exported()
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert not str(cell.value or "").startswith(("=", "+", "-", "@"))
    assert _cell(book, "24011", "backup_plan").value == "'=HYPERLINK(0)"
    sheet = book[columns.TABLE]
    assert sheet.protection.sheet
    assert sheet["A6"].protection.locked
    assert not _cell(book, "24011", "computers").protection.locked
    assert book[columns.MARK].sheet_state == "veryHidden"
    lists = [rule for rule in sheet.data_validations.dataValidation if rule.type == "list"]
    assert lists
    assert sheet.cell(sheet.max_row, 1).value == "SYT-24"


def test_headings_and_choices_are_each_their_own() -> None:
    from lienthong.rollout import facts
    from lienthong.rollout.sheets import columns

    every = columns.every()
    assert len({columns.plain(columns.heading(key)) for key in every}) == len(every)
    for key in every:
        assert columns.by_heading(columns.heading(key)) == key.name
        for language in ("vi", "en"):
            assert len(set(columns.choices(key, language).values())) == len(key.choices)
    assert {key.name for key in every} | set(columns.SHAPE) == set(facts.KEYS)


def test_a_changed_cell_is_shown_applied_and_undone(by: Any) -> None:
    from lienthong.rollout import changes, facts
    from lienthong.rollout.sheets import applying

    before = _facts()
    book = _exported()
    _cell(book, "24004", "computers").value = 140
    _cell(book, "24004", "hosting").value = "xóa"
    _cell(book, "24011", "computers").value = None
    upload, found = applying.bring(_saved(book), "so-lieu.xlsx", by, _anyone)
    assert [(c.unit, c.key, c.before, c.after, c.since) for c in found.changes] == [
        ("24004", "computers", "132", "140", DAY),
        ("24004", "hosting", "own-room", "", DAY),
    ]
    assert not found.faults
    assert _facts() == before
    batch = applying.apply(upload.id, by, _anyone)
    assert facts.value("24004", "computers", DAY).value == "140"  # type: ignore[union-attr]
    assert facts.value("24004", "hosting", DAY) is None
    assert facts.value("24011", "computers", DAY).value == "308"  # type: ignore[union-attr]
    assert changes.undo(batch, by) == []
    assert _facts() == before


def test_it_is_applied_once_and_only_as_it_was_shown(by: Any) -> None:
    from lienthong.foundation.errors import LienThongError
    from lienthong.rollout import changes, facts
    from lienthong.rollout.sheets import applying

    book = _exported()
    cell = _cell(book, "24004", "computers")
    cell.value = 140
    upload, _ = applying.bring(_saved(book), "a.xlsx", by, _anyone)
    with changes.batch(by, "facts") as batch:
        facts.put(batch, "24004", "computers", "133", DAY)
    with pytest.raises(LienThongError) as stopped:
        applying.apply(upload.id, by, _anyone)
    assert stopped.value.problem.code == "sheet-overtaken"
    assert f"Số liệu!{cell.coordinate}" in stopped.value.problem.vi
    assert facts.value("24004", "computers", DAY).value == "133"  # type: ignore[union-attr]
    upload.refresh_from_db()
    assert upload.batch == ""
    (change,) = applying.refresh(upload, _anyone).changes
    assert change.before == "133"
    assert "sheet-overtaken" in {note.code for note in change.notes}
    applying.apply(upload.id, by, _anyone)
    with pytest.raises(LienThongError, match="sheet-applied"):
        applying.apply(upload.id, by, _anyone)


def test_a_stale_export_does_not_put_back_what_others_typed_since(by: Any) -> None:
    from lienthong.rollout import changes, facts

    data = _saved(_exported())
    with changes.batch(by, "facts") as batch:
        facts.put(batch, "24004", "computers", "150", DAY)
    assert _previewed(data).changes == ()


def test_rows_without_a_fault_are_applied_the_others_handed_back(by: Any) -> None:
    from lienthong.rollout import facts
    from lienthong.rollout.sheets import applying, columns

    book = _exported()
    _cell(book, "24011", "computers").value = "ba trăm"
    _cell(book, "24011", "printers").value = 210
    _cell(book, "24004", "computers").value = 140
    upload, found = applying.bring(_saved(book), "a.xlsx", by, _anyone)
    place = _cell(book, "24011", "computers").coordinate
    assert [(p.code, p.where["cell"]) for p in found.faults] == [("fact-not-valid", place)]
    applying.apply(upload.id, by, _anyone)
    assert facts.value("24004", "computers", DAY).value == "140"  # type: ignore[union-attr]
    assert facts.value("24011", "printers", DAY) is None

    rest = load_workbook(io.BytesIO(applying.rest(upload, _anyone)))
    wrong = _cell(rest, "24011", "computers")
    assert wrong.value == "ba trăm"
    assert "ba trăm" in wrong.comment.text
    assert [row[0].value for row in rest[columns.TABLE].iter_rows(min_row=6)] == ["24011"]
    wrong.value = 310
    mended = _previewed(_saved(rest))
    assert [(c.unit, c.key, c.after) for c in mended.changes] == [
        ("24011", "computers", "310"),
        ("24011", "printers", "210"),
    ]


def test_a_table_of_an_officers_own(by: Any) -> None:
    book = Workbook()
    sheet: Any = book.active
    sheet["A1"] = "BẢNG TỔNG HỢP HẠ TẦNG"
    sheet.merge_cells("A1:H1")
    for place, text in {
        "A3": "STT",
        "B3": "Đơn vị",
        "C3": "Thiết bị",
        "C4": "Máy tính ",
        "D4": "SỐ LƯỢNG MÁY IN",
        "E4": "line_down",
        "F4": "Measured on",
        "G4": "Where the servers stand",
        "H4": "Ghi chú",
    }.items():
        sheet[place] = text
    sheet.merge_cells("C3:D3")
    sheet.merge_cells("B3:B4")
    rows: list[list[Any]] = [
        [1, "TTYT  Sơn Động", "2.416", 90, "12,5 Mbps", "18-2-2025", "server rented from the vendor", "x"],
        [2, "bvđk tỉnh", 300.0, "-", 12.5, date(2025, 2, 20), "Chưa có số liệu", None],
        [3, "benh vien tam than", "", None, "100", 45707, None, None],
        [4, "Tổng cộng", 2716, 90, None, None, None, None],
    ]
    for row in rows:
        sheet.append(row)
    found = _previewed(_saved(book))
    assert found.faults == ()
    assert {(c.unit, c.key): c.after for c in found.changes} == {
        ("24004", "computers"): "2416",
        ("24004", "printers"): "90",
        ("24004", "line_down"): "12.5",
        ("24004", "hosting"): "rented",
        ("24011", "computers"): "300",
        ("24011", "line_down"): "12.5",
        ("24011", "line_measured_on"): "2025-02-20",
        ("TT", "line_down"): "100",
        ("TT", "line_measured_on"): "2025-02-19",
    }
    assert {c.since for c in found.changes} == {TODAY}
    assert [heading for _, heading in found.ignored] == ["Ghi chú"]


@pytest.mark.parametrize(
    ("heading", "value", "kept"),
    [
        ("computers", "2.416", "2416"),
        ("computers", " 2 416 máy", "2416"),
        ("computers", 12, "12"),
        ("line_up", "12,5", "12.5"),
        ("line_up", 12.125, "12.125"),
        ("line_up", "1.250,5", "1250.5"),
        ("line_measured_on", "1/3/25", "2025-03-01"),
        ("line_measured_on", "2025-03-01", "2025-03-01"),
        ("backup_line", "x", "yes"),
        ("backup_line", "KHONG", "no"),
        ("backup_line", True, "yes"),
        ("his_level", "Mức 6", "6"),
        ("his_level", 6.0, "6"),
        ("backup_plan", "Sao lưu  hằng ngày", "Sao lưu hằng ngày"),
        ("backup_plan", date(2025, 3, 1), "01/03/2025"),
    ],
)
def test_what_officers_write(by: Any, heading: str, value: Any, kept: str) -> None:
    (change,) = _previewed(_table(["Mã đơn vị", heading], ["UB", value])).changes
    assert (change.unit, change.key, change.after, change.place) == ("UB", heading, kept, "B2")


@pytest.mark.parametrize(
    ("heading", "value", "code"),
    [
        ("computers", "2,416", "sheet-number-unclear"),
        ("computers", 2.416, "fact-not-valid"),
        ("computers", "1e9", "sheet-number-unclear"),
        ("computers", "1e999999999", "sheet-number-unclear"),
        ("computers", -3, "fact-not-valid"),
        ("computers", "khoảng 30", "fact-not-valid"),
        ("line_up", "1,250.5", "sheet-number-unclear"),
        ("line_up", date(2025, 5, 12), "sheet-date-for-number"),
        ("line_measured_on", "30/2/2025", "fact-not-valid"),
        ("backup_line", "có lẽ", "fact-not-valid"),
        ("hosting", "ngoài sân", "fact-not-valid"),
        ("backup_plan", "a" * 201, "fact-not-valid"),
        ("computers", "=1+2", "sheet-formula"),
        ("computers", "#REF!", "sheet-formula"),
    ],
)
def test_what_cannot_be_meant_is_answered_by_cell(by: Any, heading: str, value: Any, code: str) -> None:
    found = _previewed(_table(["Mã đơn vị", heading], ["UB", value]))
    assert found.changes == ()
    (problem,) = found.faults
    assert (problem.code, problem.where["cell"]) == (code, "B2")
    assert problem.vi
    assert problem.hint_vi


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["24011", "Bệnh viện Ung bướu Bắc Giang", None, 3], "sheet-code-and-name"),
        (["", "Bệnh viện Trên Mây", None, 3], "sheet-no-unit"),
        (["", "", None, 3], "sheet-no-unit"),
        (["24011", "", "hôm qua", 3], "sheet-no-day"),
        (["24011", "", "18/02/2035", 3], "sheet-day-too-far"),
        (["SYT-24", "", None, 3], "sheet-no-total"),
    ],
)
def test_rows_that_are_not_clear(by: Any, row: list[Any], code: str) -> None:
    heads = ["Mã đơn vị", "Tên đơn vị", "Áp dụng từ ngày", "line_up"]
    found = _previewed(_table(heads, row))
    assert [problem.code for problem in found.faults] == [code]
    assert found.changes == ()


def test_a_unit_changes_its_own_rows_alone(by: Any) -> None:
    data = _table(["Mã đơn vị", "Máy in"], ["24011", 5], ["24004", 6])
    found = _previewed(data, lambda unit: unit == "24004")
    assert [c.unit for c in found.changes] == ["24004"]
    assert [p.code for p in found.faults] == ["sheet-not-yours"]


def test_the_same_fact_twice(by: Any) -> None:
    found = _previewed(_table(["Mã đơn vị", "Máy in"], ["24011", 5], ["24011", 6]))
    (problem,) = found.faults
    assert (problem.code, problem.where["cell"]) == ("sheet-said-twice", "B3")
    assert [c.after for c in found.changes] == ["5"]


def test_odd_figures_are_pointed_at(by: Any) -> None:
    found = _previewed(
        _table(
            ["Mã đơn vị", "Áp dụng từ ngày", "computers", "line_down", "it_staff", "staff"],
            ["24011", "18/02/2025", 100, 80_000, 5, 3],
            ["24004", "17/02/2025", 132, None, None, None],
        )
    )
    notes = {(c.unit, c.key): {n.code for n in c.notes} for c in found.changes}
    assert notes == {
        ("24011", "computers"): {"sheet-fell"},
        ("24011", "line_down"): {"sheet-line-too-fast"},
        ("24011", "it_staff"): {"sheet-more-than-whole"},
        ("24011", "staff"): set(),
        ("24004", "computers"): {"sheet-later-known"},
    }


def test_a_sum_that_is_not_the_declared_total(by: Any) -> None:
    from lienthong.rollout import units

    codes = units.codes(DAY)
    rows: list[list[Any]] = [[code, "18/02/2025", 10] for code in codes]
    found = _previewed(_table(["Mã đơn vị", "Áp dụng từ ngày", "Máy vi tính"], *rows))
    (problem,) = found.sums
    assert "170" in problem.vi
    assert "440" in problem.vi
    assert "−270" in problem.vi
    rows[0][2] += 270
    assert _previewed(_table(["Mã đơn vị", "Áp dụng từ ngày", "Máy vi tính"], *rows)).sums == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [("BÖnh viÖn §a khoa tØnh B¾c Giang", "TCVN3"), ("Beänh vieän Ña khoa tænh Baéc Giang", "VNI")],
)
def test_old_fonts_are_refused(by: Any, text: str, kind: str) -> None:
    from lienthong.foundation.errors import LienThongError

    with pytest.raises(LienThongError) as stopped:
        _previewed(_table(["Tên đơn vị", "Máy in"], [text, 5]))
    assert stopped.value.problem.code == "sheet-old-font"
    assert kind in stopped.value.problem.vi
    assert stopped.value.problem.where["cell"] == "A2"


def test_unicode_vietnamese_is_no_old_font(by: Any) -> None:
    from lienthong.facilities.models import FacilityName
    from lienthong.rollout.sheets import fonts, guide

    texts = [
        *FacilityName.objects.values_list("name_vi", flat=True),
        guide.SHORT,
        "Hoà, thuý, già, quê, iô, Intel® Müller",
    ]
    assert [text for text in texts if fonts.old_font(text)] == []


def _with_member(data: bytes, name: str, content: bytes = b"x") -> bytes:
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as file:
        file.writestr(name, content)
    return out.getvalue()


def test_files_that_are_not_taken(by: Any) -> None:
    from lienthong.foundation.errors import LienThongError
    from lienthong.rollout.sheets import archive

    good = _table(["Mã đơn vị", "Máy in"], ["24011", 5])
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", b"0" * (archive.UNPACKED + 1))
    long = _table(["Mã đơn vị", "Máy in"], *[["24011", None]] * archive.ROWS, ["24011", 5])
    wanted = {
        "sheet-too-large": [bomb.getvalue(), b"0" * (archive.LARGEST + 1), long],
        "sheet-not-xlsx": [b"", b"mot,hai\n1,2", b"PK\x03\x04"],
        "sheet-protected": [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 512],
        "sheet-macros": [_with_member(good, "xl/vbaProject.bin")],
        "sheet-links": [_with_member(good, "xl/externalLinks/externalLink1.xml")],
        "sheet-damaged": [good[:200] + b"\0" * 300 + good[500:]],
        "sheet-no-table": [_table(["Họ tên", "Năm sinh"], ["Vi Văn An", 1980]), _table()],
        "sheet-two-columns": [_table(["Mã đơn vị", "Máy in", "printers"], ["24011", 5, 6])],
    }
    for code, files in wanted.items():
        for data in files:
            with pytest.raises(LienThongError) as stopped:
                _previewed(data)
            assert stopped.value.problem.code == code
            assert stopped.value.problem.hint_vi


def test_entities_are_not_read(by: Any) -> None:
    from lienthong.foundation.errors import LienThongError

    good = _table(["Mã đơn vị", "Máy in"], ["24011", 5])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = b'<!DOCTYPE a [<!ENTITY e "24011">]>' + content
            new.writestr(name, content)
    with pytest.raises(LienThongError, match="sheet-damaged"):
        _previewed(out.getvalue())


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_damaged_files_always_get_a_clear_answer(by: Any, seed: int) -> None:
    from lienthong.foundation.errors import LienThongError

    chance = random.Random(seed)
    good = _exported_once()
    if chance.random() < 0.5:
        data = bytearray(good)
        for _ in range(chance.randint(1, 12)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            del data[chance.randrange(len(data)) :]
        broken = bytes(data)
    else:
        broken = _member_damaged(good, chance)
    try:
        problems = list(_previewed(broken).faults)
    except LienThongError as error:
        problems = [error.problem]
    assert all(problem.code.startswith(("sheet-", "fact-")) and problem.vi for problem in problems)


def _member_damaged(good: bytes, chance: random.Random) -> bytes:
    """The same with a right archive and damaged XML in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        chosen = chance.choice(old.namelist())
        for name in old.namelist():
            content = old.read(name)
            if name == chosen:
                at, length = chance.randrange(len(content)), chance.randint(1, 40)
                words = [
                    b"",
                    b"<",
                    b'"',
                    b"1e999",
                    b"-1",
                    b"&#0;",
                    bytes(chance.randrange(256) for _ in range(9)),
                ]
                content = content[:at] + chance.choice(words) + content[at + length :]
            new.writestr(name, content)
    return out.getvalue()


_KEPT: list[bytes] = []


def _exported_once() -> bytes:
    if not _KEPT:
        _KEPT.append(_saved(_exported()))
    return _KEPT[0]


_UNITS = ("24011", "24004", "TT")
_EDITS = st.lists(
    st.tuples(
        st.sampled_from(_UNITS),
        st.sampled_from(
            [
                "computers",
                "printers",
                "line_down",
                "backup_line",
                "hosting",
                "backup_plan",
                "line_measured_on",
            ]
        ),
        st.integers(0, 3),
    ),
    max_size=8,
)
_WRITTEN: dict[str, list[Any]] = {
    "computers": [1, "2.416", "xóa", None],
    "printers": [12, "3.000", "không rõ số", "-"],
    "line_down": [12.5, "1.000,25", 80, "nhanh"],
    "backup_line": ["Có", "không", "x", "?"],
    "hosting": ["Own server room", "rented", "XÓA", "ở nhà"],
    "backup_plan": ["+84 gọi", "=1+1 hằng ngày", "@", "'-- "],
    "line_measured_on": [date(2025, 3, 1), "31/12/2024", "31/2/2025", 45_000],
}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=_EDITS, since=st.sampled_from([None, "17/02/2025", date(2025, 2, 25)]))
def test_what_is_shown_is_applied_and_undo_gives_back_every_fact(by: Any, edits: Any, since: Any) -> None:
    from django.db import transaction

    from lienthong.rollout import changes, facts
    from lienthong.rollout.sheets import applying, columns

    book = load_workbook(io.BytesIO(_exported_once()))
    for unit, key, which in edits:
        value = _WRITTEN[key][which]
        cell = _cell(book, unit, key)
        cell.value = value
        if isinstance(value, str) and value.startswith("="):
            cell.data_type = "s"
    if since:
        book[columns.TABLE]["C6"].value = since
    with transaction.atomic():
        before = _facts()
        upload, found = applying.bring(_saved(book), "a.xlsx", by, _anyone)
        assert _facts() == before
        if found.changes:
            batch = applying.apply(upload.id, by, _anyone)
            for change in found.changes:
                fact = facts.value(change.unit, change.key, change.since)
                assert (fact.value if fact else "") == change.after
            touched = {(c.unit, c.key) for c in found.changes}
            rest = [row for row in _facts() if (row[1], row[2]) not in touched]
            assert rest == [row for row in before if (row[1], row[2]) not in touched]
            again = applying.again(upload, _anyone)
            assert again.changes == ()
            assert changes.undo(batch, by) == []
        assert _facts() == before
        transaction.set_rollback(True)


def test_a_name_is_found_however_it_is_written(by: Any) -> None:
    from lienthong.rollout.sheets import names

    known = names.known()
    for text, unit in {
        "trung tam y te huyen luc ngan": ["24017"],
        "TTYT Lục Ngạn": ["24017"],
        "TTYT TP Bắc Giang": ["24010"],
        "TTYT thị xã Việt Yên": ["TTYT-VYEN"],
        "BV Sản-Nhi Bắc Giang": ["24022"],
        "BV Sản nhi": ["24022"],
        "BVĐK tỉnh Bắc Giang": ["24011"],
        "BV YHCT": ["YHCT"],
        "Bac Giang Lung Hospital": ["PHOI"],
        "Bệnh viện": [],
        "Toàn tỉnh": ["SYT-24"],
    }.items():
        assert known.by_name(text) == unit, text
    assert known.by_code("24011") == "24011"
    assert known.by_code("ub") == "UB"
    assert known.by_code("1929") is None
