"""Notices in open pages: count, title, words, sound; and the end of the session, which asking does not put off."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

SignIn = Callable[[Page, str, str], str]
ROOT = Path(__file__).resolve().parents[2]
COMES_MS = 90_000
SPY = """
(() => {
  window.sounded = 0;
  const Real = window.AudioContext;
  window.AudioContext = class extends Real {
    createOscillator() { window.sounded += 1; return super.createOscillator(); }
  };
})();
"""
TELL = """
import sys
from pathlib import Path
from types import SimpleNamespace
from lienthong.config import setup
setup.use(Path(sys.argv[1]))
from django.db import transaction
from lienthong.foundation import ids
from lienthong.transfers import notices
from lienthong.transfers.models import Transfer
sent = Transfer.objects.filter(receiver="01929").order_by("loop").first()
about = SimpleNamespace(
    loop=sent.loop, sender=sent.sender, receiver=sent.receiver, started_by="", urgency="emergency"
)
with transaction.atomic():
    notices.tell("new-emergency", about, about=ids.new_id())
print(sent.patient_name)
"""
IDLE = """
import sys
from pathlib import Path
from lienthong.config import setup
setup.use(Path(sys.argv[1]))
from django.contrib.sessions.backends.db import SessionStore
kept = SessionStore(sys.argv[2])
print(kept["seen"])
kept["seen"] -= 900
kept.save()
"""


def _at_node(province: Any, script: str, *words: str) -> str:
    """Runs a script for the node in Bạch Mai beside its processes, as the exchange's work does."""
    done = subprocess.run(
        [sys.executable, "-c", script, str(province.folder / "bach-mai"), *words],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def _waits(page: Page) -> int:
    return (
        int(page.locator("#bell .count").inner_text() or "0")
        if page.locator("#bell .count").is_visible()
        else 0
    )


def test_an_emergency_comes_into_an_open_page(
    province: Any, new_page: Callable[..., Page], sign_in: SignIn
) -> None:
    page = new_page()
    page.add_init_script(SPY)
    asked: list[Request] = []
    page.on(
        "request", lambda request: asked.append(request) if request.url.endswith("/notices/now") else None
    )
    sign_in(page, "bach-mai", "doctor")
    page.goto(province.url("bach-mai", "transfers/in"))
    page.locator("h1").click()
    expect(page.locator("#bell button")).to_have_text("Tắt âm thanh")
    before, title = _waits(page), page.title()
    name = _at_node(province, TELL)
    page.wait_for_function(
        "before => Number(document.querySelector('#bell .count-urgent')?.textContent) > before",
        arg=before,
        timeout=COMES_MS,
    )
    expect(page.locator("#bell [role=status]")).to_contain_text("Cấp cứu:")
    assert re.match(r"\(\d+\) ", page.title())
    assert page.title() != title
    page.wait_for_function("window.sounded > 0", timeout=COMES_MS)
    assert name not in page.locator("#bell").inner_text()
    assert asked
    assert all(request.headers.get("lienthong-automatic") for request in asked)
    page.click("#bell button")
    expect(page.locator("#bell button")).to_have_text("Bật âm thanh")
    page.reload()
    expect(page.locator("#bell button")).to_have_text("Bật âm thanh")


def test_a_page_without_script_shows_the_count_of_its_moment(
    province: Any, new_page: Callable[..., Page], sign_in: SignIn
) -> None:
    _at_node(province, TELL)
    page = new_page(script=False)
    sign_in(page, "bach-mai", "nurse")
    assert _waits(page) >= 1
    page.click("#bell a")
    expect(page.locator(".call-new").first).to_be_visible()
    page.locator("form[action='/notices/read'] button").first.click()
    assert _waits(page) == 0
    assert page.locator("#bell button").is_hidden()


def test_asking_does_not_put_off_the_end_of_the_session_and_the_page_says_so(
    province: Any, new_page: Callable[..., Page], sign_in: SignIn
) -> None:
    page = new_page()
    sign_in(page, "bach-mai", "doctor")
    page.goto(province.url("bach-mai", "notices"))
    (key,) = [c["value"] for c in page.context.cookies() if c["name"].startswith("lt-session")]  # type: ignore[index]
    seen = _at_node(province, IDLE, str(key))
    assert seen.isdigit()
    expect(page.locator("#bell-ended")).to_be_visible(timeout=COMES_MS)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(6000)
    assert not asked
    page.click("#bell-ended a")
    expect(page.locator("input[name=password]")).to_be_visible()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_list_is_accessible_with_notices_in_it(
    language: str,
    province: Any,
    new_page: Callable[..., Page],
    sign_in: SignIn,
    axe: Callable[[Page], list[str]],
    picture: Callable[[Page, str], Path],
) -> None:
    _at_node(province, TELL)
    page = new_page(language=language)
    sign_in(page, "bach-mai", "doctor")
    page.goto(province.url("bach-mai", "notices"))
    expect(page.locator(".call-bad").first).to_be_visible()
    assert not axe(page)
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert not axe(page)
    picture(page, f"notices-{language}")
