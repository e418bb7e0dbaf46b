"""The sender's way in a browser: counted, by keyboard alone, without script, over a killed node and a cut line."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from counted import begin, counted

SignIn = Callable[[Page, str, str], str]
SENT = re.compile(r"/transfers/[0-9a-f]{32}$")
FORM = re.compile(r"/transfers/[0-9a-f]{32}/form")
SHORT = {
    "question": "PCI",
    "condition": "Tỉnh, đau ngực",
    "escort_name": "Vi Thị Lả",
    "direction": "Can thiệp",
}
MOST = {"planned": (20, 45), "emergency": (7, 28)}
"""Clicks and keystrokes that a prepared patient may cost, from the list of transfers to the signed transfer."""


def _choose(page: Page, name: str, value: str) -> None:
    page.locator(f"label[for='i-{name}-{value}']").click()


def _type(page: Page, name: str, text: str) -> None:
    page.locator(f"#i-{name}").click()
    page.keyboard.type(text)


def _fill_gaps(page: Page) -> None:
    """What stands under "still missing", answered as for a patient of whom everything is known."""
    for _n in range(20):
        gap = page.locator("#meter .missing a").first
        if gap.count() == 0:
            return
        name = gap.get_attribute("href", timeout=2000).removeprefix("#f-")
        first = {
            "allergies": "none-known",
            "home_medicines": "none",
            "infection": "none-known",
            "transport": "ambulance",
            "reason": "2",
        }
        if name in first:
            _choose(page, name, first[name])
        else:
            _type(page, name, SHORT[name])
            page.keyboard.press("Tab")
        expect(page.locator(f"#f-{name}.gap")).to_have_count(0)
        expect(page.locator(f"#meter .missing a[href='#f-{name}']")).to_have_count(0)
    raise AssertionError(page.locator("#meter").inner_text())


def _begin_from_the_list(page: Page, province: Any) -> None:
    """The prepared patient: the visit of the last week whose export is there."""
    page.goto(province.url("son-dong", "/transfers/out"))
    begin(page)
    page.locator("a.button[href='/transfers/new']").click()
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("nguyen 1947")
    page.keyboard.press("Enter")
    page.locator("table.people a.button").first.click()
    expect(page.locator("#sending")).to_be_visible()


def _sign(page: Page) -> None:
    page.locator("#confirm").click()
    page.locator("#sign form button").click()
    page.wait_for_url(SENT)


def test_a_planned_transfer_of_a_prepared_patient_is_counted(
    province: Any, page: Page, sign_in: SignIn
) -> None:
    sign_in(page, "son-dong", "doctor")
    _begin_from_the_list(page, province)
    _choose(page, "urgency", "planned")
    _choose(page, "case", "general")
    _choose(page, "receiver", "01929")
    page.locator("button.button[value=go]").click()
    page.wait_for_url(FORM)
    _fill_gaps(page)
    page.locator("button[value=check]").click()
    _sign(page)
    expect(page.locator(".flash-success")).to_be_visible()
    clicks, keys = counted(page)
    print(f"planned: {clicks} clicks, {keys} keystrokes")
    assert clicks <= MOST["planned"][0]
    assert keys <= MOST["planned"][1]


def test_an_emergency_is_counted(province: Any, page: Page, sign_in: SignIn) -> None:
    sign_in(page, "son-dong", "doctor")
    _begin_from_the_list(page, province)
    _choose(page, "urgency", "emergency")
    _choose(page, "receiver", "01929")
    _type(page, "condition", "Tỉnh, đau ngực")
    page.locator("button[value=send]:visible").click()
    page.wait_for_url(SENT)
    clicks, keys = counted(page)
    print(f"emergency: {clicks} clicks, {keys} keystrokes")
    assert clicks <= MOST["emergency"][0]
    assert keys <= MOST["emergency"][1]
    expect(page.locator(".todo a")).not_to_have_count(0)


def test_what_is_sent_from_a_visit_arrives_at_bach_mai(
    province: Any, new_page: Callable[..., Page], sign_in: SignIn
) -> None:
    there = new_page()
    sign_in(there, "son-dong", "doctor")
    there.goto(province.url("son-dong", "/patients?q=nguyen"))
    person = there.locator("a.who-link").last
    who = person.inner_text()
    person.click()
    there.locator(".visit-head a").first.click()
    there.locator("a[href^='/transfers/new']").click()
    _choose(there, "urgency", "emergency")
    there.locator("button[value=send]:visible").click()
    expect(there.locator(".errors a")).not_to_have_count(0)
    _choose(there, "receiver", "01929")
    there.fill("#i-condition", "Tỉnh, mạch 96, huyết áp 110/70, thở oxy 3 lít/phút")
    there.locator("button[value=send]:visible").click()
    there.wait_for_url(SENT)
    loop = there.url.rsplit("/", 1)[1]

    here = new_page()
    sign_in(here, "bach-mai", "nurse")
    row = here.locator("a.who-link").filter(has_text=who)
    deadline = here.evaluate("Date.now()") + 60_000
    while row.count() == 0:
        assert here.evaluate("Date.now()") < deadline
        here.goto(province.url("bach-mai", f"/transfers/in?q={loop}"))
    row.first.click()
    expect(here.locator("main")).to_contain_text("thở oxy 3 lít/phút")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_form_and_check_are_accessible_and_fit_a_phone(
    language: str,
    province: Any,
    new_page: Callable[..., Page],
    sign_in: SignIn,
    axe: Callable[[Page], list[str]],
    picture: Callable[[Page, str], Path],
) -> None:
    page = new_page(language=language)
    sign_in(page, "son-dong", "doctor")
    _draft(page, province)
    form, faults = page.url, []
    for name, address in (
        ("form", form),
        ("check", form.replace("/form", "/check")),
        ("out", "/transfers/out"),
    ):
        page.goto(urljoin(form, address))
        page.evaluate("document.querySelectorAll('main details').forEach(d => { d.open = true })")
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 900})
            picture(page, f"sending-{name}-{language}-{width}")
            faults += [f"{name} {width}: {line}" for line in axe(page)]
            over = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            faults += [f"{name} {width}: {over} px too wide"] * (over > 0)
    assert not faults, "\n".join(faults)


def test_by_keyboard_alone(province: Any, page: Page, sign_in: SignIn) -> None:
    sign_in(page, "son-dong", "doctor")
    page.goto(province.url("son-dong", "/transfers/new"))
    page.keyboard.type("nguyen 1947")
    page.keyboard.press("Enter")
    expect(page.locator("table.people")).to_be_visible()
    _tab_to(page, "table.people a.button")
    page.keyboard.press("Enter")
    expect(page.locator("#sending")).to_be_visible()
    _tab_to(page, "#i-urgency-emergency")
    page.keyboard.press("Space")
    _tab_to(page, "#i-receiver-24011")
    page.keyboard.press("ArrowDown")
    assert page.locator("input[name=receiver]:checked").count() == 1
    _tab_to(page, "#i-condition")
    page.keyboard.type("Khó thở")
    _tab_to(page, "button[value=send].at-once")
    page.keyboard.press("Enter")
    page.wait_for_url(SENT)
    expect(page.locator(".flash-success")).to_be_visible()


def test_without_script(province: Any, new_page: Callable[..., Page], sign_in: SignIn) -> None:
    page = new_page(script=False)
    sign_in(page, "son-dong", "doctor")
    page.goto(province.url("son-dong", "/transfers/new"))
    page.fill("#q", "nguyen 1947")
    page.locator("form.search button").click()
    page.locator("table.people a.button").first.click()
    for name, value in (("urgency", "planned"), ("case", "general"), ("receiver", "01929")):
        page.locator(f"label[for='i-{name}-{value}']").click()
    page.locator("button.button[value=go]").click()
    page.wait_for_url(FORM)
    before = page.locator("#meter .missing a").count()
    page.locator("label[for='i-allergies-known']").click()
    page.locator("[name='allergies.substance']").first.fill("Penicillin")
    page.locator("#i-condition").fill("Tỉnh")
    page.locator(".foot button[value=save]").click()
    expect(page.locator(".flash-success")).to_be_visible()
    assert page.locator("#meter .missing a").count() == before - 2
    assert page.locator("[name='allergies.substance']").first.input_value() == "Penicillin"
    page.locator(".foot button[value=check]").click()
    expect(page.locator(".answers")).to_contain_text("Penicillin")
    expect(page.locator("#confirm")).to_have_count(0)


def _node(province: Any, name: str) -> int:
    """The process group of a node of this province."""
    home = str(province.folder / name)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            if "serve" in words and home in words:
                return os.getpgid(int(entry.name))
    raise AssertionError(f"{name} is not running")


def _draft(page: Page, province: Any) -> None:
    page.goto(province.url("son-dong", "/transfers/new/by-hand"))
    page.fill("#id_name", "Lý Thị Kháng")
    page.fill("#id_birth", "1958")
    page.locator("#id_gender_1").check()
    _choose(page, "urgency", "urgent")
    _choose(page, "receiver", "01929")
    page.locator("button.button[value=go]").click()
    page.wait_for_url(FORM)


def test_what_is_typed_while_the_node_is_killed_is_kept_and_saved_after_it(
    province: Any, new_page: Callable[..., Page], sign_in: SignIn, browser: Any
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        page = context.new_page()  # a killed node is an error on the console, as it should be
        page.set_default_timeout(20_000)
        sign_in(page, "son-dong", "doctor")
        _draft(page, province)
        saved = page.locator("#saved")
        page.fill("#i-condition", "Trước khi tắt")
        page.keyboard.press("Tab")
        expect(saved).to_have_text(re.compile(r"Đã lưu \d\d:\d\d"))
        expect(page.locator("#f-condition.gap")).to_have_count(0)
        os.killpg(_node(province, "son-dong"), signal.SIGKILL)
        page.fill("#i-signs", "Trong lúc tắt") if page.locator("#i-signs").is_visible() else None
        page.fill("#i-question", "Trong lúc tắt")
        page.keyboard.press("Tab")
        expect(saved).to_have_text(re.compile("Chưa lưu"))
        assert page.evaluate("localStorage.length + sessionStorage.length") == 0
        expect(saved).to_have_text(re.compile(r"Đã lưu \d\d:\d\d"), timeout=90_000)
        address = page.url
    finally:
        context.close()
    second = new_page()  # another computer
    sign_in(second, "son-dong", "doctor")
    second.goto(address)
    expect(second.locator("#i-condition")).to_have_value("Trước khi tắt")
    expect(second.locator("#i-question")).to_have_value("Trong lúc tắt")


def test_two_browsers_at_one_field_are_told(
    province: Any, new_page: Callable[..., Page], sign_in: SignIn
) -> None:
    """One person at two computers is no clash; the page of another is tested in ``tests/web/test_sending_pages.py``."""
    first = new_page()
    sign_in(first, "son-dong", "doctor")
    _draft(first, province)
    second = new_page()
    sign_in(second, "son-dong", "doctor")
    second.goto(first.url)
    second.fill("#i-condition", "Máy thứ hai")
    second.keyboard.press("Tab")
    expect(second.locator("#saved")).to_have_text(re.compile("Đã lưu"))
    expect(second.locator("#f-condition.gap")).to_have_count(0)
    first.fill("#i-question", "Máy thứ nhất")
    with first.expect_response(lambda answer: answer.request.method == "POST" and answer.ok):
        first.keyboard.press("Tab")
    expect(first.locator("#f-question.gap")).to_have_count(0)
    first.reload()
    expect(first.locator("#i-condition")).to_have_value("Máy thứ hai")
    expect(first.locator("#i-question")).to_have_value("Máy thứ nhất")


def test_while_the_hub_is_away_everything_works_and_the_page_says_what_waits(
    province: Any, page: Page, sign_in: SignIn
) -> None:
    sign_in(page, "son-dong", "doctor")
    hub = _node(province, "hub")
    os.killpg(hub, signal.SIGSTOP)
    try:
        page.goto(province.url("son-dong", "/transfers/new"))
        page.fill("#q", "nguyen 1947")
        page.keyboard.press("Enter")
        page.locator("table.people a.button").first.click()
        _choose(page, "urgency", "emergency")
        _choose(page, "receiver", "01929")
        page.fill("#i-condition", "Ngừng thở")
        page.locator("button[value=send]:visible").click()
        page.wait_for_url(SENT)
        expect(page.locator("main")).to_contain_text("đang chờ đường truyền")
        page.reload()
        expect(page.locator("main")).to_contain_text("đang chờ đường truyền")
    finally:
        os.killpg(hub, signal.SIGCONT)
    deadline = page.evaluate("Date.now()") + 90_000
    while page.locator("main").get_by_text("đang chờ đường truyền").count():
        assert page.evaluate("Date.now()") < deadline
        page.wait_for_timeout(500)
        page.reload()


def _tab_to(page: Page, selector: str) -> None:
    """Presses Tab until such an element, or another choice of its group, has the focus; each stop shows it."""
    for _press in range(90):
        page.keyboard.press("Tab")
        here = page.evaluate(
            """selector => { const e = document.activeElement, w = document.querySelector(selector);
            return e === w || (e.type === "radio" && w && e.name === w.name) }""",
            selector,
        )
        if here:
            return
    raise AssertionError(f"Tab does not come to {selector}")
