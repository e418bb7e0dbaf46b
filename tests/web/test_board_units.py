"""Pages of the units: what is shown to whom, editing, the Excel sheet there and back, renaming."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook, load_workbook

from entering import once_in_module
from pages import words_of
from report_world import shown

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hub")]
UNIT, OTHER, DAY = "24011", "24004", date(2025, 2, 18)
READ = ["/board/units", f"/board/units/{UNIT}", f"/board/units/{UNIT}/fact/computers"]
TYPE = [f"/board/units/{UNIT}/edit/equipment", "/board/units/import"]
ORDER = [
    f"/board/units/{UNIT}/change",
    "/board/units/reorganisation",
    "/board/units/reorganisation/new",
    "/board/units/reorganisation/bac-ninh-2025",
]


case = once_in_module(shown)


@pytest.fixture
def officer(someone: Callable[..., Client], case: None, node_home: Any) -> Client:
    from lienthong.access.models import Role

    return someone(Role.DEPARTMENT)


def _status(client: Client, paths: list[str]) -> set[int]:
    return {client.get(path).status_code for path in paths}


def test_roles_and_scopes(someone: Callable[..., Client], case: None) -> None:
    from lienthong.access.models import Role

    assert _status(someone(Role.DEPARTMENT), [*READ, *TYPE, *ORDER]) == {200}
    leader = someone(Role.LEADER)
    assert _status(leader, READ) == {200}
    assert _status(leader, [*TYPE, *ORDER]) == {403}
    unit = someone(Role.UNIT)  # of 24011
    assert _status(unit, [*READ, *TYPE]) == {200}
    assert _status(unit, [*ORDER, f"/board/units/{OTHER}", f"/board/units/{OTHER}/edit/equipment"]) == {403}
    assert _status(unit, [f"/board/units/{OTHER}/fact/computers", f"/board/units/export?unit={OTHER}"]) == {
        403
    }
    assert _status(unit, ["/board/units/SYT-24"]) == {403}
    assert "Sơn Động" not in words_of(unit.get("/board/units"))
    assert _status(someone(Role.VENDOR), [*READ, *TYPE]) == {403}
    assert _status(someone(Role.IT), READ) == {403}


def test_at_a_hospital_there_are_no_such_pages(someone: Callable[..., Client], node: Any, case: None) -> None:
    from lienthong.access.models import Role

    node(role="site", facility=UNIT)
    assert _status(someone(Role.DEPARTMENT), [*READ, *TYPE, *ORDER]) == {404}


def test_what_is_not_there(officer: Client) -> None:
    paths = ["/board/units/99999", f"/board/units/{UNIT}/fact/shoes", f"/board/units/{UNIT}/edit/shoes"]
    paths += ["/board/units/01929", "/board/units/SYT-24/edit/network", "/board/units/import/abc"]
    assert _status(officer, [*paths, "/board/units/reorganisation/none"]) == {404}
    assert _status(officer, ["/board/units?on=gestern&group=shoes&q=%00"]) == {200}


def test_the_list_adds_up_beside_what_was_declared(officer: Client) -> None:
    page = words_of(officer.get("/board/units?on=2025-02-18&group=equipment&group=systems"))
    assert "Máy tính (máy) 2.416 0 2.416 18/02/2025 khớp" in page
    assert "7: 1 · 6: 4 · 5: 3 · 4: 4 · 3: 3 · 2: 2" in page
    assert "17 đơn vị" in page
    assert "Bệnh viện Đa khoa tỉnh Bắc Giang" in page
    with_gap = words_of(officer.get("/board/units?on=2025-01-10&group=equipment"))
    assert "17 / 17" in with_gap
    found = words_of(officer.get("/board/units?q=son+dong"))
    assert "1 đơn vị trong số 17" in found


def test_a_missing_figure_is_no_zero(officer: Client) -> None:
    from lienthong.access import audit
    from lienthong.rollout import changes, facts

    with changes.batch(audit.system("test"), "facts") as batch:
        facts.put(batch, OTHER, "computers", "", DAY)
    page = words_of(officer.get("/board/units?group=equipment"))
    assert "Máy tính (máy) 2.284 của 16 đơn vị 1 / 17 2.416 18/02/2025 −132" in page


def test_a_unit_types_its_own_facts(someone: Callable[..., Client], case: None) -> None:
    from lienthong.access.models import Role
    from lienthong.rollout import facts

    client = someone(Role.UNIT)
    address = f"/board/units/{UNIT}/edit/equipment"
    form = client.get(address).context["form"]
    data = {name: form[name].value() or "" for name in form.fields}
    data |= {"confirm": "", "unsure": ""}
    given = {k: v for k, v in data.items() if v != ""}
    before = facts.values(keys=["computers", "printers"])
    answer = client.post(
        address, {**given, "computers": "2.001", "scanners": "", "since": "2025-03-01", "source": "Kiểm kê"}
    )
    assert answer.status_code == 302
    fact = facts.value(UNIT, "computers")
    assert fact is not None
    assert (fact.value, fact.valid_from, fact.source, fact.confirmed) == (
        "2001",
        date(2025, 3, 1),
        "Kiểm kê",
        True,
    )
    assert facts.value(UNIT, "scanners") is None
    assert facts.value(UNIT, "scanners", DAY) is not None
    assert facts.values(keys=["computers", "printers"])[UNIT, "printers"] == before[UNIT, "printers"]
    overtaken = client.post(address, {**given, "computers": "5", "since": "2025-03-01"})
    assert overtaken.status_code == 400
    assert "Có người đã sửa" in words_of(overtaken)
    assert facts.value(UNIT, "computers").value == "2001"  # type: ignore[union-attr]
    history = words_of(client.get(f"/board/units/{UNIT}/fact/computers"))
    assert "2.001 01/03/2025" in history
    assert "chưa xác nhận" in history


def test_what_cannot_be_is_said_at_the_field(officer: Client) -> None:
    address = f"/board/units/{UNIT}/edit/network"
    form = officer.get(address).context["form"]
    given = {"seen": form["seen"].value(), "since": "1890-01-01", "line_down": "nhanh"}
    answer = officer.post(address, given)
    assert answer.status_code == 400
    assert set(answer.context["form"].errors) == {"line_down", "since"}


def test_unconfirmed_figures_are_confirmed_as_they_stand(officer: Client) -> None:
    from lienthong.rollout import facts

    address = f"/board/units/{UNIT}/edit/staff"
    form = officer.get(address).context["form"]
    given = {name: form[name].value() for name in form.fields if form[name].value()}
    assert not facts.value(UNIT, "staff").confirmed  # type: ignore[union-attr]
    officer.post(address, {**given, "confirm": "on"})
    fact = facts.value(UNIT, "staff")
    assert fact is not None
    assert (fact.confirmed, fact.valid_from, fact.value) == (True, DAY, "484")


def test_declared_totals_are_entered_for_the_province(officer: Client) -> None:
    from lienthong.rollout import facts

    address = "/board/units/SYT-24/edit/equipment"
    form = officer.get(address).context["form"]
    officer.post(
        address,
        {
            "seen": form["seen"].value(),
            "since": "2025-05-21",
            "servers": "30",
            "computers": "2416",
            "printers": "1658",
        },
    )
    assert facts.value("SYT-24", "servers").value == "30"  # type: ignore[union-attr]


def _brought(client: Client, data: bytes, name: str = "số liệu.xlsx") -> Any:
    return client.post("/board/units/import", {"file": SimpleUploadedFile(name, data)}, follow=True)


def test_the_sheet_goes_out_comes_back_is_looked_at_applied_and_undone(officer: Client) -> None:
    from lienthong.rollout import facts
    from lienthong.rollout.sheets import columns
    from lienthong.rollout.sheets.models import SheetUpload

    taken = officer.get("/board/units/export?on=2025-02-18")
    assert "attachment" in taken["Content-Disposition"]
    book = load_workbook(io.BytesIO(taken.content))
    sheet = book[columns.TABLE]
    heads = {sheet.cell(5, c).value: c for c in range(1, sheet.max_column + 1)}
    rows = {sheet.cell(r, 1).value: r for r in range(6, sheet.max_row + 1)}
    assert len(rows) == 18
    at = heads[columns.heading(facts.KEYS["computers"])]
    sheet.cell(rows[UNIT], at).value = 100
    sheet.cell(rows[OTHER], at).value = "nhiều"
    out = io.BytesIO()
    book.save(out)
    page = _brought(officer, out.getvalue())
    words = words_of(page)
    assert "1 số liệu sẽ thay đổi" in words
    assert "Giảm hơn một nửa: từ 308 xuống 100" in words
    assert f"{sheet.cell(rows[OTHER], at).coordinate} : Máy tính: “nhiều” không hợp lệ" in words
    assert "cộng các đơn vị được 2.208" in words
    upload = SheetUpload.objects.get()
    rest = officer.get(f"/board/units/import/{upload.id}/rest")
    assert load_workbook(io.BytesIO(rest.content))[columns.TABLE].cell(6, 1).value == OTHER

    done = officer.post(f"/board/units/import/{upload.id}/apply", follow=True)
    assert "Đã ghi" in words_of(done)
    assert facts.value(UNIT, "computers", DAY).value == "100"  # type: ignore[union-attr]
    assert "đã được áp dụng rồi" in words_of(
        officer.post(f"/board/units/import/{upload.id}/apply", follow=True)
    )
    upload.refresh_from_db()
    officer.post(f"/board/history/{upload.batch}/undo")
    assert facts.value(UNIT, "computers", DAY).value == "308"  # type: ignore[union-attr]
    assert "đã hoàn tác" in words_of(officer.get(f"/board/units/import/{upload.id}"))


def test_a_sheet_belongs_to_whoever_brought_it(officer: Client, someone: Callable[..., Client]) -> None:
    from lienthong.access.models import Role
    from lienthong.rollout import facts
    from lienthong.rollout.sheets.models import SheetUpload

    book = Workbook()
    for row in (["Mã đơn vị", "Máy in"], [UNIT, 5], [OTHER, 6]):
        book.active.append(row)  # type: ignore[union-attr]
    out = io.BytesIO()
    book.save(out)
    unit = someone(Role.UNIT)
    page = words_of(_brought(unit, out.getvalue()))
    assert "1 số liệu sẽ thay đổi" in page
    assert "Bạn không được sửa số liệu của Trung tâm Y tế huyện Sơn Động" in page
    upload = SheetUpload.objects.get()
    assert officer.get(f"/board/units/import/{upload.id}").status_code == 403
    assert officer.post(f"/board/units/import/{upload.id}/apply").status_code == 403
    unit.post(f"/board/units/import/{upload.id}/apply")
    assert facts.value(UNIT, "printers").value == "5"  # type: ignore[union-attr]
    assert facts.value(OTHER, "printers").value == "90"  # type: ignore[union-attr]


def test_a_file_that_is_none_gets_an_answer(officer: Client) -> None:
    from lienthong.rollout.sheets.models import SheetUpload

    for data in (b"", b"abc", b"0" * 5_300_000):
        answer = officer.post("/board/units/import", {"file": SimpleUploadedFile("a.xlsx", data)})
        assert answer.status_code == 400
        assert "Excel" in words_of(answer)
    assert officer.post("/board/units/import").status_code == 400
    assert not SheetUpload.objects.exists()


def test_a_unit_is_renamed_merged_and_back(officer: Client) -> None:
    from lienthong.facilities import directory
    from lienthong.rollout import units
    from lienthong.rollout.changes import BatchRow

    address = f"/board/units/{UNIT}/change"
    common = {"day": "2025-07-01", "source": "Quyết định 12/QĐ-UBND"}
    given = {f"rename-{name}": value for name, value in {**common, "name": "Bệnh viện Số Một"}.items()}
    assert officer.post(address, {"what": "rename", **given}).status_code == 302
    assert directory.name(UNIT, date(2025, 7, 1), "vi") == "Bệnh viện Số Một"
    page = words_of(officer.get(f"/board/units/{UNIT}"))
    assert "Bệnh viện Đa khoa tỉnh Bắc Giang – 30/06/2025" in page
    assert "Bệnh viện Đa khoa tỉnh Bắc Giang" in words_of(officer.get(f"/board/units/{UNIT}?on=2025-02-18"))

    given = {f"merge-{name}": value for name, value in {**common, "into": UNIT}.items()}
    assert officer.post(f"/board/units/{OTHER}/change", {"what": "merge", **given}).status_code == 302
    assert OTHER not in units.codes()
    assert "Sơn Động" in words_of(officer.get(f"/board/units/{UNIT}"))
    again = officer.post(f"/board/units/{OTHER}/change", {"what": "merge", **given})
    assert again.status_code == 400
    assert "không hoạt động vào ngày" in words_of(again)
    officer.post(f"/board/history/{BatchRow.objects.filter(what='units').first().pk}/undo")  # type: ignore[union-attr]
    assert OTHER in units.codes()
    assert officer.post(address, {"what": "sing"}).status_code == 404


def test_a_new_unit_and_the_joined_province(officer: Client) -> None:
    from lienthong.facilities import directory
    from lienthong.rollout import units

    given = {"code": "27001", "name": "Bệnh viện Đa khoa Bắc Ninh số 2", "kind": "provincial hospital"}
    given |= {"day": "2025-07-01", "source": "Nghị quyết 202/2025/QH15"}
    assert officer.post("/board/units/reorganisation/new", given).status_code == 302
    assert "27001" in units.codes()
    assert "27001" not in units.codes(DAY)
    assert officer.post("/board/units/reorganisation/new", given).status_code == 400
    order = "/board/units/reorganisation/bac-ninh-2025"
    assert "chưa xác nhận" in words_of(officer.get(order))
    officer.post(order)
    assert directory.name("SYT-24", language="vi") == "Sở Y tế tỉnh Bắc Ninh"
    assert "Đã ghi đầy đủ" in words_of(officer.get(order))
    assert "Bệnh viện Sản - Nhi Bắc Giang" in words_of(officer.get("/board/units?on=2025-02-18"))
    assert "Bệnh viện Sản - Nhi Bắc Ninh số 1" in words_of(officer.get("/board/units"))


def test_english_pages(officer: Client) -> None:
    officer.post("/language", {"language": "en"})
    page = words_of(officer.get("/board/units?on=2025-02-18"))
    assert "Computers (machines) 2,416 0 2,416 18/02/2025 none" in page
    assert "Bac Giang Provincial General Hospital" in page
