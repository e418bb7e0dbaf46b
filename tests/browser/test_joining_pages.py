"""A unit joins, renews its keys and is cut off, by the pages alone; the unit is a real node that knew nobody before."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import ports

ROOT = Path(__file__).resolve().parent.parent.parent
UNIT, NAME = "24006", "unit"
PASSWORD = "sông-thương-nước-chảy-2025"
DIGITS = re.compile(r"\d{4} \d{4} \d{4} \d{4}")


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory, province) -> Iterator[str]:
    """The address of a unit's node: made, with one account, running, not joined."""
    home, port = tmp_path_factory.mktemp("unit"), ports.free()
    environment = {k: v for k, v in os.environ.items() if k not in ("LIENTHONG_HOME", "LIENTHONG_DATABASE")}
    environment["PYTHONPATH"] = str(ROOT / "src")

    def run(*words: str) -> list[str]:
        return [sys.executable, "-m", "lienthong.config.cli", *words, "--home", str(home)]

    made = run("init", "--role", "site", "--facility", UNIT, "--port", str(port), "--plain-http")
    subprocess.run(made, env=environment, check=True)
    account = run("account", "cong-nghe", "Vi Văn Mẫu", "it")
    subprocess.run(account, env=environment, check=True, input=f"{PASSWORD}\n", text=True)
    node = subprocess.Popen(run("serve"), env=environment)
    try:
        deadline = time.monotonic() + 180
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert time.monotonic() < deadline, "the unit's node does not answer"
            time.sleep(0.1)
        province.addresses["unit"] = (
            f"http://127.0.0.1:{port}/"  # a page may ask it, as those of the province
        )
        yield f"http://127.0.0.1:{port}"
    finally:
        node.send_signal(signal.SIGTERM)
        try:
            node.wait(20)
        except subprocess.TimeoutExpired:
            node.kill()
            node.wait()


def _checked(
    page: Page, name: str, axe: Callable[[Page], list[str]], picture: Callable[[Page, str], Path]
) -> None:
    """Pictures in both widths; nothing for axe to find, nothing too wide for a phone."""
    picture(page, name)
    faults = axe(page)
    page.set_viewport_size({"width": 360, "height": 800})
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    picture(page, f"{name}-360")
    page.set_viewport_size({"width": 1280, "height": 900})
    assert (faults, max(over, 0)) == ([], 0), name


def _sign_in_at_unit(page: Page, address: str) -> None:
    page.goto(f"{address}/sign-in")
    page.fill("input[name=username]", "cong-nghe")
    page.fill("input[name=password]", PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.fill("input[name=present]", PASSWORD)
    page.fill("input[name=new]", f"{PASSWORD}-mới")
    page.fill("input[name=again]", f"{PASSWORD}-mới")
    page.locator("input[name=again]").press("Enter")
    page.wait_for_url(lambda url: not url.endswith("/password"))


@pytest.mark.parametrize("language", ["vi"])
def test_a_unit_joins_renews_its_keys_and_is_cut_off(
    language: str,
    unit: str,
    province,
    new_page: Callable[..., Page],
    sign_in: Callable[[Page, str, str], str],
    axe: Callable[[Page], list[str]],
    picture: Callable[[Page, str], Path],
) -> None:
    hub, site = new_page(language=language), new_page(language=language)
    sign_in(hub, "hub", "department")
    _sign_in_at_unit(site, unit)

    site.goto(f"{unit}/it/hub")
    expect(site.locator(".answer strong")).to_have_text("Chưa kết nối.")
    _checked(site, "link-new", axe, picture)

    hub.goto(province.url("hub", "units"))
    _checked(hub, "units", axe, picture)
    hub.goto(province.url("hub", f"units/{UNIT}"))
    expect(hub.locator("form[action$='/code']")).to_have_count(0)  # no review, no code
    hub.click("form[action$='/review'] button")
    expect(hub.locator(".errors")).to_be_visible()
    _checked(hub, "unit-review-errors", axe, picture)
    hub.fill("input[name=document]", "128/QĐ-SYT")
    hub.fill("input[name=day]", "2025-01-10")
    hub.select_option("select[name=level]", "3")
    hub.fill("input[name=approved_by]", "Sở Y tế tỉnh Bắc Giang")
    hub.click("form[action$='/review'] button")
    expect(hub.locator("main table")).to_contain_text("128/QĐ-SYT")
    hub.click("form[action$='/code'] button")
    text = hub.locator(".join-code").inner_text().strip()
    assert re.fullmatch(r"([0-9A-Z]{5}-){6}[0-9A-Z]{5}@http://127\.0\.0\.1:\d+", text)
    expect(hub.locator("svg.qr")).to_be_visible()
    _checked(hub, "unit-code", axe, picture)

    site.fill("textarea[name=code]", text[:3] + ("A" if text[3] != "A" else "B") + text[4:])
    site.click("main form button")
    expect(site.locator(".errors")).to_contain_text("gõ chưa đúng")
    _checked(site, "link-mistyped", axe, picture)
    site.fill("textarea[name=code]", text.lower())
    site.click("main form button")
    expect(site.locator(".answer .figure")).to_have_text(DIGITS)
    digits = site.locator(".answer .figure").inner_text()
    _checked(site, "link-waiting", axe, picture)

    hub.goto(province.url("hub", f"units/{UNIT}"))
    expect(hub.locator(".panel .figure")).to_have_text(digits)
    _checked(hub, "unit-waiting", axe, picture)
    hub.click("form[action$='/approve'] button")
    expect(hub.locator(".flash-success")).to_be_visible()

    expect(site.locator(".answer strong")).to_have_text("Đang kết nối.", timeout=60_000)  # by itself
    site.goto(f"{unit}/it/hub")
    expect(site.locator("dl.pairs")).to_contain_text(digits)
    _checked(site, "link-connected", axe, picture)
    site.click("form[action$='/renew'] button")
    expect(site.locator(".flash-success")).to_be_visible()
    expect(site.locator("dl.pairs")).not_to_contain_text(digits)
    renewed = DIGITS.findall(site.locator("dl.pairs").inner_text())[0]
    hub.goto(province.url("hub", f"units/{UNIT}"))
    expect(hub.locator("main")).to_contain_text(renewed)
    _checked(hub, "unit-connected", axe, picture)

    hub.click("a[href$='/cut-off']")
    _checked(hub, "unit-cut-off", axe, picture)
    hub.fill("textarea[name=why]", "Máy chủ bị lấy cắp")
    hub.click("main form .button-bad")
    expect(hub.locator(".errors")).to_be_visible()  # not without having read it
    _checked(hub, "unit-cut-off-errors", axe, picture)
    hub.check("input[name=sure]")
    hub.click("main form .button-bad")
    expect(hub.locator("dl.pairs .tag-bad")).to_be_visible()
    _checked(hub, "unit-after-cut-off", axe, picture)
    deadline = time.monotonic() + 120
    while "bị ngắt kết nối" not in site.locator(".answer").inner_text():
        assert time.monotonic() < deadline
        site.wait_for_timeout(1000)
        site.goto(f"{unit}/it/hub")
    _checked(site, "link-cut-off", axe, picture)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_pages_of_a_connected_site_and_of_the_hub(
    language: str,
    province,
    new_page: Callable[..., Page],
    sign_in: Callable[[Page, str, str], str],
    axe: Callable[[Page], list[str]],
    picture: Callable[[Page, str], Path],
) -> None:
    page = new_page(language=language)
    sign_in(page, "son-dong", "it")
    page.goto(province.url("son-dong", "it/hub"))
    assert DIGITS.search(page.locator("dl.pairs").inner_text())
    _checked(page, f"link-{language}", axe, picture)
    sign_in(page, "hub", "department")
    for path, name in (("units", "units"), ("units/24004", "unit"), ("units/24004/cut-off", "cut-off")):
        page.goto(province.url("hub", path))
        _checked(page, f"{name}-{language}", axe, picture)
