"""IT, the province and accounts: refused dossiers with their remedy, journeys, accounts from first to last day."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

SignIn = Callable[[Page, str, str], str]
OWN = "Bốn con trâu qua suối 1985"


def test_refused_dossier_tells_the_remedy(province: Any, page: Page, sign_in: SignIn) -> None:
    sign_in(page, "son-dong", "it")
    page.goto(province.url("son-dong", "/it/refused"))
    cells = page.locator("table:has(a[href^='/it/exports/']) tbody tr").first.locator("td")
    for text in cells.nth(0).inner_text(), cells.nth(1).inner_text():
        assert len(text) > 20, text
    page.locator("a[href^='/it/exports/']").first.click()
    expect(page.locator("main .tag-bad").first).to_be_visible()


def test_journey_of_a_message_ends_with_the_verified_receipt(
    province: Any, page: Page, sign_in: SignIn
) -> None:
    sign_in(page, "son-dong", "it")
    page.goto(province.url("son-dong", "/it/messages"))
    row = page.locator("main table tbody tr").filter(has_text="Hồ sơ chuyển cơ sở").last
    row.locator("a").first.click()
    expect(page.locator("ol.journey li.stop-ok").last).to_contain_text("đã xác minh biên nhận")
    expect(page.locator("ol.journey")).to_contain_text("Bệnh viện Bạch Mai")
    number, receipt = page.locator("dl.pairs code").first.inner_text(), page.locator("dl.pairs code").nth(3)
    for text in number, receipt.inner_text()[:16]:
        page.goto(province.url("son-dong", f"/search?q={text}"))
        expect(page.locator("ol.journey li.stop-ok")).not_to_have_count(0)


def test_flow_page_renews_itself_under_the_policy(province: Any, page: Page, sign_in: SignIn) -> None:
    page.clock.install()
    sign_in(page, "bach-mai", "it")
    response = page.goto(province.url("bach-mai", "/it"))
    assert response is not None
    assert "script-src 'self'" in response.headers["content-security-policy"]
    page.wait_for_load_state("load")
    page.locator("#flow").evaluate("e => e.dataset.old = 'yes'")
    with page.expect_response(lambda r: r.request.headers.get("lienthong-automatic") == "1") as renewed:
        page.clock.fast_forward(21_000)
    assert renewed.value.status == 200
    expect(page.locator("#flow[data-old]")).to_have_count(0)
    expect(page.locator("#flow .way")).to_be_visible()


def test_province_table_and_chart(province: Any, page: Page, sign_in: SignIn) -> None:
    sign_in(page, "hub", "department")
    page.goto(province.url("hub", "/province"))
    units = page.locator("main table:has(.tag) tbody tr")
    expect(units).to_have_count(18)
    expect(units.filter(has_text="Đang kết nối")).to_have_count(3)
    earlier = page.locator("a[href*='until=']")
    if earlier.count():  # somebody was transferred today
        earlier.click()
    expect(page.locator("svg .bar")).to_have_count(36)
    page.locator(".chart summary").click()
    shown = page.locator(".chart table tbody td.number").all_inner_texts()
    assert sum(int(one) for one in shown) == 304
    units.filter(has_text="Sơn Động").locator("a").click()
    expect(page.locator("h1")).to_have_text("Trung tâm Y tế huyện Sơn Động")


def _sign_in_by_hand(page: Page, address: str, username: str, password: str) -> None:
    page.goto(address)
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", password)
    page.click("main form button")


def _make_account(page: Page, province: Any, username: str) -> str:
    """Makes a doctor at Bắc Giang as the signed-in IT person; gives the one-time password."""
    page.goto(province.url("bac-giang", "/accounts/new"))
    page.fill("input[name=username]", username)
    page.fill("input[name=full_name]", "Lường Thị Xuân")
    page.check("input[name=roles][value=doctor]")
    page.click("main form button")
    return page.locator(".figure code").inner_text()


def _free_name(page: Page, province: Any, first: str) -> str:
    page.goto(province.url("bac-giang", "/accounts"))
    taken = page.locator("main table code").all_inner_texts()
    return next(f"{first}{n}" for n in range(1, 1000) if f"{first}{n}" not in taken)


def test_account_from_first_to_last_day(
    province: Any, new_page: Callable[..., Page], sign_in: SignIn
) -> None:
    office = new_page()
    sign_in(office, "bac-giang", "it")
    username = _free_name(office, province, "bs.xuan")
    once = _make_account(office, province, username)
    person = new_page()
    address = province.url("bac-giang", "sign-in")
    _sign_in_by_hand(person, address, username, once)
    person.wait_for_url(re.compile("/password$"))
    for name, text in (("present", once), ("new", OWN), ("again", OWN)):
        person.fill(f"input[name={name}]", text)
    person.click("main form button")
    person.wait_for_url(re.compile("/transfers/in$"))

    office.goto(province.url("bac-giang", f"/accounts/{username}"))
    office.click(f"form[action$='/{username}/lock'] button")
    expect(office.locator(".tag-bad")).to_be_visible()
    person.goto(province.url("bac-giang", "/patients"))
    expect(person.locator("input[name=password]")).to_be_visible()
    _sign_in_by_hand(person, address, username, OWN)
    expect(person.locator(".errors")).to_be_visible()


def test_five_wrong_passwords_lock_an_account(
    province: Any, new_page: Callable[..., Page], sign_in: SignIn
) -> None:
    office = new_page()
    sign_in(office, "bac-giang", "it")
    username = _free_name(office, province, "bs.khoa")
    once = _make_account(office, province, username)
    person = new_page()
    address = province.url("bac-giang", "sign-in")
    for _attempt in range(5):
        _sign_in_by_hand(person, address, username, "sai mật khẩu rồi")
        expect(person.locator(".errors")).to_be_visible()
    _sign_in_by_hand(person, address, username, once)
    expect(person.locator(".errors")).to_be_visible()
    office.goto(province.url("bac-giang", f"/accounts/{username}"))
    expect(office.locator("dl.pairs .tag-warn")).to_be_visible()
    office.click(f"form[action$='/{username}/open'] button")
    _sign_in_by_hand(person, address, username, once)
    person.wait_for_url(re.compile("/password$"))
