"""The officers' main tasks on the roll-out board, each from its first page on, with the clicks and keys it costs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from counted import begin, counted
from lienthong.foundation import clock

SignIn = Callable[[Page, str, str], str]
UNIT = "24004"
BLOCKED = "24006"
MOST = {
    "why a unit is blocked": (0, 0),
    "a new measured line speed": (5, 4),
    "a task is done": (1, 0),
    "the Excel sheet of a unit": (4, 0),
    "one criterion is reviewed": (3, 0),
    "the fortnightly report as PDF": (2, 0),
}
"""Clicks and keystrokes from the page on which the officer begins."""


def _open(page: Page, province: Any, path: str) -> None:
    page.goto(province.url("hub", path))
    begin(page)


def _cost(page: Page, task: str) -> None:
    clicks, keys = counted(page)
    print(f"{task}: {clicks} clicks, {keys} keystrokes")
    assert clicks <= MOST[task][0]
    assert keys <= MOST[task][1]


def test_which_unit_is_blocked_and_why(province: Any, page: Page, sign_in: SignIn) -> None:
    sign_in(page, "hub", "leader")
    _open(page, province, "/board")
    row = page.locator(f"#unit-{BLOCKED}")
    expect(row.locator("td .tag").first).to_have_text("Vướng mắc")
    expect(row.locator(".why li").first).to_contain_text("quá hạn")
    spot = page.locator(f"svg.province a[href='/board/units/{BLOCKED}']")
    expect(spot).to_have_class(re.compile("bad"))
    _cost(page, "why a unit is blocked")


def test_every_unit_of_the_map_is_reached_by_keyboard(province: Any, page: Page, sign_in: SignIn) -> None:
    sign_in(page, "hub", "department")
    page.goto(province.url("hub", "/board"))
    links = page.locator("svg.province a")
    expect(links).to_have_count(17)
    links.first.focus()
    seen = []
    for _place in range(17):
        seen.append(page.evaluate("document.activeElement.getAttribute('href')"))
        page.keyboard.press("Tab")
    assert len(set(seen)) == 17
    assert all(str(one).startswith("/board/units/") for one in seen)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_is_accessible_and_fits(
    province: Any,
    new_page: Callable[..., Page],
    sign_in: SignIn,
    axe: Callable[[Page], list[str]],
    picture: Callable[[Page, str], Path],
    language: str,
    width: int,
) -> None:
    page = new_page(width=width, language=language)
    sign_in(page, "hub", "department")
    for day in ("", "?on=2025-03-20"):
        page.goto(province.url("hub", f"/board{day}"))
        found = axe(page)
        assert not found, "\n".join(found)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        picture(page, f"board-{language}-{width}{day.replace('?on=', '-')}")


def test_a_new_measured_line_speed(province: Any, page: Page, sign_in: SignIn) -> None:
    sign_in(page, "hub", "department")
    _open(page, province, f"/board/units/{UNIT}")
    page.locator(f"a[href='/board/units/{UNIT}/edit/network']").click()
    speed = page.locator("#id_line_down")
    speed.click(click_count=3)
    page.keyboard.type("48,5")
    page.locator(".facts-form button.button").click()
    expect(page.locator(".flash-success")).to_be_visible()
    expect(page.locator("main")).to_contain_text("48,5")
    _cost(page, "a new measured line speed")


def test_a_task_is_done(province: Any, page: Page, sign_in: SignIn) -> None:
    sign_in(page, "hub", "department")
    _open(page, province, "/board/plan")
    page.locator("form[action='/board/plan/tasks/T01/done'] button").first.click()
    expect(page.locator(".flash-success")).to_be_visible()
    _cost(page, "a task is done")


def test_the_excel_sheet_of_a_unit(province: Any, page: Page, sign_in: SignIn, tmp_path: Path) -> None:
    sign_in(page, "hub", "department")
    page.goto(province.url("hub", f"/board/units/{UNIT}"))
    with page.expect_download() as waiting:
        page.locator("a[href^='/board/units/export']").click()
    path = tmp_path / "unit.xlsx"
    waiting.value.save_as(path)
    _fill(path)
    _open(page, province, "/board/units")
    page.locator("a[href='/board/units/import']").first.click()
    with page.expect_file_chooser() as choosing:
        page.locator("input[type=file]").click()
    choosing.value.set_files(path)
    page.locator("form[enctype] button.button").click()
    expect(page.locator(".preview")).to_contain_text("57")
    page.locator("form[action$='/apply'] button").click()
    expect(page.locator("main")).to_contain_text("Đã thay đổi 1 số liệu")
    _cost(page, "the Excel sheet of a unit")


def _fill(path: Path) -> None:
    """Writes 57 printers for the unit into the exported sheet."""
    book = openpyxl.load_workbook(path)
    sheet = book["Số liệu"]
    place = next(
        cell for row in sheet.iter_rows() for cell in row if str(cell.value or "").startswith("Máy in")
    )
    line = next(row[0].row for row in sheet.iter_rows() if str(row[0].value) == UNIT)
    sheet.cell(line, place.column).value = 57
    book.save(path)


def test_one_criterion_is_reviewed(province: Any, new_page: Callable[..., Page], sign_in: SignIn) -> None:
    unit = new_page()
    _sent(unit, province)
    page = new_page()
    sign_in(page, "hub", "department")
    _open(page, province, f"/board/levels/unit/{UNIT}")
    page.locator("ul.history a").first.click()
    page.locator("a[href*='/groups/']").first.click()
    page.locator(".criterion button[value=agree]").first.click()
    expect(page.locator(".criterion").first).to_contain_text("Vi Thị Hương Giang")
    _cost(page, "one criterion is reviewed")


def _sent(page: Page, province: Any) -> None:
    """The unit answers Circular 13/2025 and sends it; not counted."""
    account = next(one for one in province.accounts["hub"] if one["username"] == "to-son-dong")
    page.goto(province.url("hub", "sign-in"))
    page.fill("input[name=username]", account["username"])
    page.fill("input[name=password]", account["password"])
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(lambda url: not url.endswith("/sign-in"))
    page.goto(province.url("hub", f"/board/levels/unit/{UNIT}"))
    with page.expect_navigation():
        page.locator("form:has(input[value=tt13]) button").click()
    form = page.url
    groups = page.locator("a[href*='/groups/']").evaluate_all("all => all.map(one => one.href)")
    for group in dict.fromkeys(groups):
        page.goto(group)
        while page.locator(".criterion.open").count():
            with page.expect_navigation():
                page.locator(".criterion.open button[value=met]").first.click()
    page.goto(form)
    page.fill("#document", "15/QĐ-TTYT")
    page.fill("#day", clock.today().isoformat())
    page.locator("form[action$='/submit'] button").click()
    expect(page.locator("form[action$='/submit']")).to_have_count(0)


def test_the_fortnightly_report_is_drafted_and_read_as_pdf(
    province: Any, page: Page, sign_in: SignIn, tmp_path: Path
) -> None:
    sign_in(page, "hub", "department")
    _open(page, province, "/board/report")
    page.locator("form[action='/board/report/new'] button").click()
    with page.expect_download() as waiting:
        page.locator("a[href$='/file/pdf']").first.click()
    path = tmp_path / "report.pdf"
    waiting.value.save_as(path)
    assert path.read_bytes().startswith(b"%PDF-")
    assert path.stat().st_size > 20_000
    _cost(page, "the fortnightly report as PDF")
