"""Levels on the board: what each role sees and may do, criterion by criterion, without script."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from entering import once_in_module
from lienthong.access.models import Role
from lienthong.rollout.levels import book
from pages import words_of
from report_world import seeded

UNIT, OTHER = "24004", "24006"
PDF = b"%PDF-1.7\n%%EOF\n"
MARK = "chưa xác nhận"


_case = once_in_module(seeded, autouse=True)


@pytest.fixture(autouse=True)
def hub(hub: None, node_home: Path, db: None) -> None:
    from dataclasses import replace

    from django.conf import settings

    settings.NODE = replace(settings.NODE, home=node_home)


@pytest.fixture
def unit(someone: Callable[..., Client]) -> Client:
    return someone((Role.UNIT, UNIT), name="to-son-dong")


@pytest.fixture
def officer(someone: Callable[..., Client]) -> Client:
    return someone(Role.DEPARTMENT, name="so-y-te")


def begun(unit: Client, set: str = "tt54", code: str = UNIT) -> int:
    answer = unit.post(f"/board/levels/unit/{code}/begin", {"set": set})
    found = re.fullmatch(r"/board/levels/forms/(\d+)", answer["Location"])
    assert found
    return int(found[1])


def fill_in(id: int, but: tuple[str, ...] = ()) -> None:
    """Answers everything, as the unit would in many clicks."""
    from lienthong.access import audit
    from lienthong.foundation import clock
    from lienthong.rollout.levels import assessments, filled
    from lienthong.rollout.levels.models import Assessment, Value

    made = Assessment.objects.get(pk=id)
    for one in filled.read(made).left(clock.today()):
        value = Value.NOT_MET if one.id in but else Value.MET
        assessments.answer(audit.system("test"), made, one.id, value)


def test_overview_shows_declared_figures_of_february_2025(officer: Client) -> None:
    page = words_of(officer.get("/board/levels?on=2025-02-18"))
    assert "Bệnh viện Đa khoa tỉnh Bắc Giang" in page
    assert "Khai báo" in page
    assert "Nhóm VIII" not in page
    assert page.count("Chưa bắt đầu") >= 17
    later = words_of(officer.get("/board/levels?on=2025-06-06"))
    assert "Nhóm VIII" in later
    assert "Hết hiệu lực từ 06/06/2025" in later


def test_a_unit_sees_itself_alone(unit: Client) -> None:
    page = words_of(unit.get("/board/levels"))
    assert "Sơn Động" in page
    assert "Tân Yên" not in page
    assert unit.get(f"/board/levels/unit/{OTHER}").status_code == 403
    assert unit.get("/board/levels/december").status_code == 403
    assert unit.post(f"/board/levels/unit/{OTHER}/begin", {"set": "tt54"}).status_code == 403
    rows = list(load_workbook(io.BytesIO(unit.get("/board/levels/sheet").content)).worksheets[0].values)
    assert {row[0] for row in rows[1:]} == {UNIT}


def test_one_click_answers_one_criterion(unit: Client) -> None:
    id = begun(unit)
    answer = unit.post(f"/board/levels/forms/{id}/answer", {"key": "I-01", "value": "met"})
    assert answer["Location"] == f"/board/levels/forms/{id}/groups/I#I-01"
    page = words_of(unit.get(f"/board/levels/forms/{id}/groups/I"))
    assert "Đã trả lời 1/25" in page
    assert "To-Son-Dong" in page
    unit.post(f"/board/levels/forms/{id}/answer", {"key": "I-01", "value": "", "note": "12 máy"})
    unit.post(f"/board/levels/forms/{id}/answer", {"key": "I-02", "value": "na", "reason": "", "note": ""})
    page = words_of(unit.get(f"/board/levels/forms/{id}/groups/I"))
    assert "12 máy" in page
    assert "I-02: cần ghi rõ lý do" in page
    assert "Đã trả lời 1/25" in page


def test_the_way_from_the_form_to_the_decision(unit: Client, officer: Client) -> None:
    id = begun(unit)
    fill_in(id, but=("III-26",))
    form = f"/board/levels/forms/{id}"
    assert unit.post(f"{form}/submit", {"document": "15/QĐ-TTYT", "day": "2026-01-05"}).status_code == 302
    assert "Đã gửi, chờ thẩm định" in words_of(officer.get(form))
    officer.post(f"{form}/review", {"key": "I-05", "value": "again", "why": "Gửi ảnh phòng máy chủ"})
    officer.post(f"{form}/return", {"note": "Bổ sung ảnh"})
    page = words_of(unit.get(f"{form}/groups/I"))
    assert "Gửi ảnh phòng máy chủ" in page
    unit.post(f"{form}/answer", {"key": "I-05", "value": "met", "note": "đã gửi"})
    unit.post(f"{form}/submit", {})
    for group in ("I", "II", "III", "IV", "V", "VI", "VII"):
        officer.post(f"{form}/agree", {"group": group})
    officer.post(f"{form}/decide", {"document": "88/QĐ-SYT", "day": "2026-02-01"})
    page = words_of(officer.get(form))
    assert "Đã thẩm định" in page
    assert "88/QĐ-SYT, 01/02/2026" in page
    assert "mức chung 6" in page
    own = words_of(unit.get(f"/board/levels/unit/{UNIT}?level=7"))
    assert "Nhóm III: cần “Mức 7”" in own
    assert "III-26" in own
    for path in (form, f"{form}/paper", f"/board/levels/unit/{UNIT}", "/board/levels"):
        assert MARK in words_of(officer.get(path))
    assert "Đã thẩm định 01/02/2026" in words_of(officer.get("/board/levels"))


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("answer", {"key": "I-01", "value": "met"}),
        ("files", {"key": "I-01"}),
        ("submit", {}),
        ("move", {}),
    ],
)
def test_only_the_unit_fills_in(unit: Client, officer: Client, someone: Any, path: str, data: Any) -> None:
    id = begun(unit)
    other = someone((Role.UNIT, OTHER), name="to-tan-yen")
    leader = someone(Role.LEADER, name="lanh-dao")
    for client in (officer, other, leader):
        assert client.post(f"/board/levels/forms/{id}/{path}", data).status_code == 403
    assert other.get(f"/board/levels/forms/{id}").status_code == 403
    assert leader.get(f"/board/levels/forms/{id}").status_code == 200


@pytest.mark.parametrize("path", ["review", "agree", "return", "decide"])
def test_only_the_department_reviews(unit: Client, someone: Any, path: str) -> None:
    id = begun(unit)
    police = someone(Role.POLICE, name="cong-an")
    for client in (unit, police):
        assert (
            client.post(f"/board/levels/forms/{id}/{path}", {"key": "I-01", "value": "agree"}).status_code
            == 403
        )


@pytest.mark.parametrize("path", ["edit/I-01", "take", "publish", "discard"])
def test_only_the_department_corrects_criteria(unit: Client, someone: Any, path: str) -> None:
    leader = someone(Role.LEADER, name="lanh-dao")
    for client in (unit, leader):
        assert client.post(f"/board/levels/criteria/tt54/{path}", {}).status_code == 403
    assert leader.get("/board/levels/criteria/tt54").status_code == 200


def test_a_vendor_and_a_hospital_find_nothing(someone: Any, unit: Client) -> None:
    vendor = someone((Role.VENDOR, "vnpt"), name="nha-thau")
    assert vendor.get("/board/levels").status_code == 403
    from dataclasses import replace

    from django.conf import settings

    before = settings.NODE
    settings.NODE = replace(before, role="site")
    try:
        assert unit.get("/board/levels").status_code == 404
    finally:
        settings.NODE = before


def test_evidence_is_handed_out_to_keep_and_never_shown(unit: Client, officer: Client) -> None:
    id = begun(unit)
    sent = SimpleUploadedFile("Phòng máy.pdf", PDF, "text/html")
    unit.post(f"/board/levels/forms/{id}/files", {"key": "I-05", "file": sent})
    page = officer.get(f"/board/levels/forms/{id}/groups/I")
    (number,) = set(re.findall(r"/board/levels/files/(\d+)", page.content.decode()))
    answer = officer.get(f"/board/levels/files/{number}")
    assert answer.content == PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    unit.post(f"/board/levels/files/{number}/remove")
    assert officer.get(f"/board/levels/files/{number}").status_code == 404


def test_a_page_of_script_is_no_evidence(unit: Client) -> None:
    from lienthong.rollout.levels.models import AssessmentFile

    id = begun(unit)
    sent = SimpleUploadedFile("anh.pdf", b"<script>alert(1)</script>", "application/pdf")
    unit.post(f"/board/levels/forms/{id}/files", {"key": "I-05", "file": sent})
    assert "Loại tệp này không được nhận" in words_of(unit.get(f"/board/levels/forms/{id}/groups/I"))
    large = SimpleUploadedFile("to.pdf", PDF + bytes(10_000_001), "application/pdf")
    unit.post(f"/board/levels/forms/{id}/files", {"key": "I-05", "file": large})
    assert "Tệp lớn hơn 10 MB" in words_of(unit.get(f"/board/levels/forms/{id}/groups/I"))
    assert not AssessmentFile.objects.exists()


def test_what_people_type_is_no_html(unit: Client) -> None:
    id = begun(unit)
    note = "<script>alert(1)</script>"
    unit.post(f"/board/levels/forms/{id}/answer", {"key": "I-01", "value": "met", "note": note})
    assert note not in unit.get(f"/board/levels/forms/{id}/groups/I").content.decode()


def test_an_officer_confirms_a_criterion_with_the_official_text(officer: Client) -> None:
    path = "/board/levels/criteria/tt54"
    form = {"level": "1", "vi": "Đường truyền Internet", "en": "", "confidence": "A", "legal_no": "4"}
    assert "Ghi rõ văn bản chính thức" in words_of(officer.post(f"{path}/edit/I-04", form))
    form["official"] = "Phụ lục I Thông tư 54/2017/TT-BYT"
    answer = officer.post(f"{path}/edit/I-04", form)
    assert answer["Location"] == f"{path}?version=2#I-04"
    assert "I-04" in words_of(officer.get(f"{path}/compare"))
    assert "Bản nháp" in words_of(officer.get(path))
    officer.post(f"{path}/publish", {"valid_from": "2026-01-01", "source": "Công báo"})
    assert "Phiên bản 2, áp dụng từ 01/01/2026" in words_of(officer.get(path))
    assert "I-04" in words_of(officer.get(f"{path}/compare?a=1&b=2"))


def test_two_officers_do_not_overwrite_each_other(officer: Client, someone: Any) -> None:
    path = "/board/levels/criteria/tt54/edit/I-04"
    form = {"level": "1", "vi": "Một", "en": "", "confidence": "C"}
    officer.post(path, form)
    seen = re.search(r'name="seen" value="([^"]+)"', officer.get(path).content.decode())
    assert seen
    second = someone(Role.DEPARTMENT, name="can-bo-hai")
    second.post(path, {**form, "vi": "Hai", "seen": seen[1]})
    late = words_of(officer.post(path, {**form, "vi": "Ba", "seen": seen[1]}))
    assert "vừa sửa mục này" in late


def test_a_file_of_the_official_text_is_shown_before_it_counts(officer: Client) -> None:
    path = "/board/levels/criteria/tt54"
    made = load_workbook(io.BytesIO(officer.get(f"{path}/sheet").content))
    made["Tiêu chí"]["E2"] = "Số máy trạm tối thiểu theo quy định"
    out = io.BytesIO()
    made.save(out)
    sent = SimpleUploadedFile("tt54.xlsx", out.getvalue())
    answer = officer.post(f"{path}/take", {"file": sent, "source": "Phụ lục I"})
    assert answer["Location"] == f"{path}/compare"
    page = words_of(officer.get(f"{path}/compare"))
    assert "Số máy trạm tối thiểu theo quy định" in page
    assert "Đơn vị phải trả lời lại 1 tiêu chí" in page
    made["Tiêu chí"]["C3"] = "12"
    out = io.BytesIO()
    made.save(out)
    page = words_of(
        officer.post(f"{path}/take", {"file": SimpleUploadedFile("x.xlsx", out.getvalue()), "source": "x"})
    )
    assert "Tệp chưa được nhập" in page
    assert "C3" in page
    officer.post(f"{path}/discard")
    assert "Bản nháp" not in words_of(officer.get(path))


def test_unconfirmed_is_marked_on_every_page_and_in_every_file(officer: Client, unit: Client) -> None:
    id = begun(unit)
    paths = [
        "/board/levels",
        "/board/levels/rule",
        "/board/levels/december",
        f"/board/levels/unit/{UNIT}",
        "/board/levels/criteria",
        "/board/levels/criteria/tt54",
        f"/board/levels/forms/{id}",
        f"/board/levels/forms/{id}/groups/I",
        f"/board/levels/forms/{id}/paper",
    ]
    for path in paths:
        assert MARK in words_of(officer.get(path)), path
    sheet = load_workbook(io.BytesIO(officer.get("/board/levels/sheet").content)).worksheets[0]
    assert any(MARK in str(cell) for cell in next(iter(sheet.values)))
    assert MARK in officer.get("/board/levels/criteria/tt54/sheet?format=csv").content.decode()


def test_the_worked_picture_comes_from_the_rule(officer: Client) -> None:
    page = words_of(officer.get("/board/levels/rule?on=2025-02-18"))
    assert "mức chung là 4" in page
    assert "Nhóm VIII" in page
    answer = officer.get("/board/levels/rule?on=2026-01-01")
    assert "Hết hiệu lực từ 06/06/2025" in words_of(answer)
    drawn = re.search(r'<table class="stairs">.*?</table>', answer.content.decode(), re.DOTALL)
    assert drawn
    unsure = [
        group
        for step in book.shipped("tt54").steps
        for group, confidence in step.confidence.items()
        if confidence == "C" and group != "VIII"
    ]
    assert drawn[0].count(MARK) == len(unsure)


@pytest.mark.parametrize("day", ["", "x", "1900-01-01", "2026-13-01"])
def test_odd_days_are_today(officer: Client, day: str) -> None:
    from lienthong.foundation import clock

    page = officer.get(f"/board/levels?on={day}").content.decode()
    assert f'value="{clock.today().isoformat()}"' in page


def test_what_does_not_exist_is_not_found(officer: Client, unit: Client) -> None:
    id = begun(unit)
    for path in (
        "unit/NO",
        "forms/99999",
        f"forms/{id}/groups/IX",
        "criteria/tt99",
        "criteria/tt54?version=7",
        "criteria/tt54/edit/I-99",
        "files/99999",
    ):
        assert officer.get(f"/board/levels/{path}").status_code == 404, path


def test_english_pages(officer: Client, unit: Client) -> None:
    from django.conf import settings

    id = begun(unit)
    officer.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    for path in (
        "",
        "/rule",
        "/criteria",
        f"/unit/{UNIT}",
        f"/forms/{id}",
        f"/forms/{id}/groups/II",
        "/december",
    ):
        assert "to be confirmed" in words_of(officer.get(f"/board/levels{path}")), path


def test_reading_costs_a_fixed_number_of_queries(
    officer: Client, unit: Client, django_assert_max_num_queries: Any
) -> None:
    id = begun(unit)
    fill_in(id)
    with django_assert_max_num_queries(40):
        officer.get(f"/board/levels/forms/{id}/groups/III")
    with django_assert_max_num_queries(60):
        officer.get("/board/levels")


def test_the_history_says_it_in_words(unit: Client, officer: Client) -> None:
    id = begun(unit)
    unit.post(f"/board/levels/forms/{id}/answer", {"key": "I-03", "value": "met"})
    unit.post(f"/board/levels/forms/{id}/answer", {"key": "I-03", "value": "not-met"})
    page = words_of(officer.get(f"/board/history?unit={UNIT}"))
    assert "Trả lời tiêu chí" in page
    assert "I-03" in page
    assert "Chưa đạt" in page
    assert "not-met" not in page
    assert "assessment_id" not in page
