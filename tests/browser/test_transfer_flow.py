"""A transfer through the real exchange: each step taken at one hospital is seen at the other, with name and time."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

SignIn = Callable[[Page, str, str], str]
NEW = "/transfers/in"
TIME = re.compile(r"\d{2}/\d{2}/\d{4} \d{2}:\d{2}")
ARRIVES_MS = 90_000


def _until(page: Page, selector: str, *, text: str | re.Pattern[str] = "") -> None:
    """Loads the page again until something is there: what the other hospital does comes with its message."""
    expect(page.locator("h1")).to_have_count(1)
    deadline = page.evaluate("Date.now()") + ARRIVES_MS
    while page.locator(selector).filter(has_text=text).count() == 0:
        assert page.evaluate("Date.now()") < deadline, f"{selector} {text} did not come to {page.url}"
        page.wait_for_timeout(300)
        page.reload()


def _reached(page: Page, label: str) -> str:
    """What stands beside a state of the course that was reached."""
    return page.locator(".steps > li:not(.open)").filter(has=page.get_by_text(label, exact=True)).inner_text()


def _step(page: Page, state: str) -> str:
    return f"form:has(input[name=state][value={state}])"


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_receiver_goes_through_the_steps_and_sender_sees_them(
    script: bool, province: Any, new_page: Callable[..., Page], sign_in: SignIn
) -> None:
    here = new_page(script=script)
    name = sign_in(here, "bach-mai", "doctor")
    here.goto(province.url("bach-mai", NEW))
    row = here.locator("table.transfers tbody tr.unopened").filter(has_text="Sơn Động").first
    row.locator("a.who-link").click()
    here.wait_for_url(re.compile(r"/transfers/[0-9a-f]{32}$"))
    assert name in _reached(here, "Đã xem")
    path = urlsplit(here.url).path

    here.locator(f"{_step(here, 'accepted')} button").first.click()
    expect(here.locator(".flash-success")).to_be_visible()
    assert name in _reached(here, "Đã tiếp nhận")
    here.fill("#note_text", "Giữ đường thở, cho nằm nghiêng trái.")
    here.locator(f"{_step(here, 'note')} button").click()
    expect(here.locator(".talk .ours")).to_contain_text("nằm nghiêng trái")
    here.locator(f"{_step(here, 'arrived')} button").first.click()
    expect(here.locator(_step(here, "arrived"))).to_have_count(0)
    here.click("form[action$='/return'] button")
    here.wait_for_url(re.compile(r"/return/\d+$"))
    here.fill("#id_diagnosis", "Đã can thiệp mạch vành qua da, ổn định.")
    here.select_option("#id_result", "2")
    here.fill("input[name=medicine-0-name]", "Aspirin 81 mg")
    here.fill("#id_advice", "Hẹn tái khám sau 7 ngày.")
    here.click("button[value=sign]")
    expect(here.locator("#outcome")).to_contain_text("Hẹn tái khám sau 7 ngày.")

    there = new_page()
    sign_in(there, "son-dong", "doctor")
    there.goto(province.url("son-dong", path))
    _until(there, ".steps > li:not(.open)", text="Đã có kết quả điều trị")
    for label in ("Đã xem", "Đã tiếp nhận", "Người bệnh đã đến", "Đã có kết quả điều trị"):
        told = _reached(there, label)
        assert name in told
        assert "Bệnh viện Bạch Mai" in told
        assert TIME.search(told)
    expect(there.locator(".talk")).to_contain_text("nằm nghiêng trái")
    expect(there.locator("#outcome")).to_contain_text("Aspirin 81 mg")
    expect(there.locator(".proof .tag-ok")).to_have_text("Đã có biên nhận")
    there.locator("a.button[href^='/patients/']").first.click()
    expect(there.locator(".outcome").first).to_contain_text("Đã can thiệp mạch vành")


def test_keyboard_alone_from_sign_in_to_accepted(province: Any, page: Page) -> None:
    account = province.account("bach-mai", "doctor")
    page.goto(province.url("bach-mai", "sign-in"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    expect(page.locator(".skip")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    _tab_to(page, "#id_username")
    page.keyboard.type(account["username"])
    page.keyboard.press("Tab")
    page.keyboard.type(account["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/transfers/in#content$"))
    _tab_to(page, "tr.unopened a.who-link")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/transfers/[0-9a-f]{32}$"))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # past the navigation
    _tab_to(page, f"{_step(page, 'accepted')} button", most=90)
    page.keyboard.press("Enter")
    expect(page.locator(".flash-success")).to_be_visible()
    expect(page.locator(_step(page, "bed"))).to_have_count(1)


def _tab_to(page: Page, selector: str, *, most: int = 60) -> None:
    """Presses Tab until the first such element has the focus; every stop on the way shows that it has it."""
    for _press in range(most):
        page.keyboard.press("Tab")
        here, shown = page.evaluate(
            """selector => { const e = document.activeElement, s = getComputedStyle(e);
            const outlined = s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 1;
            return [e === document.querySelector(selector), outlined] }""",
            selector,
        )
        assert shown, page.evaluate("document.activeElement.outerHTML")
        if here:
            return
    raise AssertionError(f"Tab does not come to {selector}")
