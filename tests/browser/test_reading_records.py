"""Finding people, reading records and papers, specially protected entries, who has read what, printing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

SignIn = Callable[[Page, str, str], str]
REASON = "Chọn thuốc trước ca phẫu thuật hôm nay"
PAGE_OBJECT = re.compile(rb"/Type\s*/Page\b")
A4 = re.compile(rb"/MediaBox\s*\[\s*0 0 59[45][.\d]* 84[12][.\d]*\s*\]")


def _open_transfer(page: Page, province: Any) -> None:
    """Opens a transfer whose slip came from a HIS and whose patient has not been here yet."""
    page.goto(province.url("bach-mai", "/transfers/in?q=PCCSKBCB"))
    page.locator("table.transfers tbody a.who-link").last.click()
    expect(page.locator(".steps")).to_be_visible()


def _open_record(page: Page, province: Any, sign_in: SignIn) -> str:
    """Opens the record of the first transferred patient; gives the person's name."""
    name = sign_in(page, "bach-mai", "doctor")
    _open_transfer(page, province)
    page.locator("a.button[href^='/patients/']").click()
    expect(page.locator("#visits")).to_be_visible()
    return name


def test_find_without_tone_marks(province: Any, page: Page, sign_in: SignIn) -> None:
    sign_in(page, "bach-mai", "doctor")
    who = page.locator("table.transfers tbody a.who-link").first.inner_text()
    plain = page.evaluate(
        "name => name.toLowerCase().normalize('NFD').replace(/\\p{M}/gu, '').replaceAll('đ', 'd')", who
    )
    assert plain.isascii()
    page.goto(province.url("bach-mai", "/patients"))
    page.fill("#q", plain)
    page.keyboard.press("Enter")
    found = page.locator("a.who-link").filter(has_text=who)
    expect(found).not_to_have_count(0)
    number = page.locator("table.people tbody tr").filter(has_text=who).first.inner_text()
    citizen = re.search(r"\b\d{12}\b", number)
    assert citizen
    page.fill("#q", citizen.group())
    page.keyboard.press("Enter")
    expect(page.locator("a.who-link").first).to_have_text(who)


def test_record_visit_results_and_readers(province: Any, page: Page, sign_in: SignIn) -> None:
    name = _open_record(page, province, sign_in)
    record = page.url
    for block in ("visits", "diagnoses", "drugs", "results", "papers"):
        expect(page.locator(f"#{block} .source")).to_contain_text("cập nhật")
    expect(page.locator("#results")).to_contain_text("không kèm khoảng tham chiếu")
    expect(page.locator("svg.spark")).not_to_have_count(0)
    page.locator(".visit-head a").first.click()
    expect(page.locator("h1")).to_contain_text(re.compile(r"\d{2}/\d{2}/\d{4}"))
    page.goto(record)
    page.locator("a[href$='/results']").click()
    expect(page.locator("table.results")).not_to_have_count(0)
    page.goto(record)
    page.locator("a[href$='/seen-by']").click()
    newest = page.locator("table.trail tbody tr").filter(has_text=name)
    expect(newest.filter(has_text="Kết quả xét nghiệm")).not_to_have_count(0)
    expect(newest.filter(has_text="Lượt khám, điều trị")).not_to_have_count(0)


def test_protected_entry_needs_a_reason_that_the_trail_keeps(
    province: Any, new_page: Callable[..., Page], sign_in: SignIn
) -> None:
    page = new_page()
    name = sign_in(page, "bach-mai", "doctor")
    row = page.locator("table.transfers tbody tr").filter(has_text="Được bảo vệ đặc biệt").first
    for number in range(1, 8):
        page.goto(province.url("bach-mai", f"/transfers/in?page={number}"))
        if row.count():
            break
    row.locator("a.who-link").click()
    page.locator("a[href$='/protected']").first.click()
    expect(page.locator("h1")).to_have_text("Được bảo vệ đặc biệt")
    page.fill("textarea[name=why]", "xem")
    page.click("main form button")
    expect(page.locator(".errors")).to_be_visible()
    page.fill("textarea[name=why]", REASON)
    page.click("main form button")
    expect(page.locator(".flash-warning:visible")).to_contain_text(REASON)
    expect(page.locator("main section.panel")).not_to_have_count(0)

    officer = new_page()
    sign_in(officer, "bach-mai", "head")
    officer.goto(province.url("bach-mai", "/audit?action=read-protected"))
    newest = officer.locator("table.trail tbody tr").first
    expect(newest).to_contain_text(REASON)
    expect(newest).to_contain_text(name)
    officer.click("form[action$='/check'] button")
    expect(officer.locator(".flash-success")).to_contain_text("nguyên vẹn")


def test_papers_and_record_print_on_a4(
    province: Any, page: Page, sign_in: SignIn, keep_pdf: Callable[[Page, str], bytes]
) -> None:
    _open_record(page, province, sign_in)
    record = page.url
    pages = {"record": record}
    page.locator("#papers table a").filter(has_text="Tóm tắt").first.click()
    pages["summary"] = page.url
    _open_transfer(page, province)
    pages["slip"] = page.locator("a[href$='/slip']").evaluate("a => a.href")
    for name, address in pages.items():
        page.goto(address)
        page.emulate_media(media="print")
        for hidden in ("nav.main", ".who", ".back", ".jump"):
            expect(page.locator(f"{hidden} >> visible=true")).to_have_count(0)
        content = keep_pdf(page, name)
        assert A4.search(content), name
        assert 1 <= len(PAGE_OBJECT.findall(content)) <= (6 if name == "record" else 2), name
        page.emulate_media(media="screen")
