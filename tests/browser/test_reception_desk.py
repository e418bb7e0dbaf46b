"""The reception at Bạch Mai: a card scanned into the page, without script too; what counts no more is said."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect


@pytest.mark.parametrize(("script", "width"), [(True, 1280), (False, 360)])
def test_a_card_is_scanned(
    script: bool,
    width: int,
    province,
    new_page: Callable[..., Page],
    sign_in: Callable[[Page, str, str], str],
    axe: Callable[[Page], list[str]],
    picture: Callable[[Page, str], object],
) -> None:
    page = new_page(width=width, script=script)
    sign_in(page, "bach-mai", "doctor")
    page.goto(province.url("bach-mai", "/transfers/in?q=PCCSKBCB"))
    links = [one.get_attribute("href") for one in page.locator("tbody a.who-link").all()]
    citizen = ""
    while not citizen.isdigit():  # not everybody of whom a HIS tells has a citizen number
        page.goto(province.url("bach-mai", str(links.pop(0))))
        citizen = page.locator(".banner dd").nth(2).inner_text().strip()
    name = page.locator(".banner-name").inner_text().strip()
    page.goto(province.url("bach-mai", "/reception"))
    page.locator("#number").fill(f"{citizen}||{name}|01011900|Nam|x|01012021")  # as a scanner types it
    page.locator("#number").press("Enter")
    expect(page.locator(".banner-line")).to_contain_text(name)
    expect(page.locator(".at-desk .flash-error")).to_contain_text("01/01/1900")  # the card says another birth
    expect(page.locator("article.paper").first).to_be_visible()
    expect(page.locator("details.over article.paper-expired").first).to_be_visible()  # slips of 2025
    assert citizen not in page.url
    if script:
        assert not axe(page)
        picture(page, "reception")
