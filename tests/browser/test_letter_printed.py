"""The printed letter: drawn by Chromium for A4, photographed badly, read at another hospital, also by a camera."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from letter_photos import photograph
from lienthong.transfers.letter import photos, symbols

SignIn = Callable[[Page, str, str], str]
SCALE = 4
DOTS = 96 * SCALE / 25.4
"""Dots a millimetre of the picture of the sheet."""


@pytest.fixture(scope="module")
def printed(browser: Browser, province: Any) -> tuple[str, Image.Image]:
    """The path of a transfer from Sơn Động and the picture of its sheet as it is printed."""
    context = browser.new_context(device_scale_factor=SCALE, viewport={"width": 700, "height": 1000})
    page = context.new_page()
    account = province.account("son-dong", "doctor")
    page.goto(province.url("son-dong", "sign-in"))
    page.fill("input[name=username]", account["username"])
    page.fill("input[name=password]", account["password"])
    page.locator("input[name=password]").press("Enter")
    page.goto(province.url("son-dong", "/transfers/out?q=PCCSKBCB"))
    path = page.locator("table.transfers a.who-link").first.get_attribute("href")
    assert path
    page.goto(province.url("son-dong", f"{path}/slip"))
    page.emulate_media(media="print")
    drawn = page.locator("article.sheet").screenshot()
    context.close()
    return path, Image.open(io.BytesIO(drawn)).convert("L")


@pytest.mark.parametrize(
    "spoiled",
    [
        {},
        {"turn": 9, "dots": 6, "blur_mm": 0.15},
        {"turn": -93, "shadow": 0.6, "noise": 8},
        {"quality": 40, "lean": 0.04},
    ],
    ids=str,
)
def test_the_sheet_is_read_from_a_bad_photograph(
    printed: tuple[str, Image.Image], spoiled: dict[str, float]
) -> None:
    picture = photograph(printed[1], paper_dots=DOTS, **spoiled)
    assert symbols.gather(photos.texts(picture)).letter


def test_a_nurse_photographs_the_sheet_and_comes_to_the_transfer(
    printed: tuple[str, Image.Image], province: Any, page: Page, sign_in: SignIn
) -> None:
    sign_in(page, "bach-mai", "nurse")
    page.goto(province.url("bach-mai", "/letter"))
    picture = photograph(printed[1], paper_dots=DOTS)
    page.set_input_files("#photos", {"name": "phieu.jpg", "mimeType": "image/jpeg", "buffer": picture})
    page.locator("#scan section:has(#photos) button").click()
    page.wait_for_url(re.compile(f"{printed[0]}$"))
    expect(page.locator(".flash-success")).to_contain_text("Phiếu là thật")


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_of_a_letter_that_is_not_here(
    printed: tuple[str, Image.Image],
    width: int,
    language: str,
    province: Any,
    new_page: Callable[..., Page],
    sign_in: SignIn,
    axe: Callable[[Page], list[str]],
) -> None:
    page = new_page(width=width, language=language)
    sign_in(page, "bac-giang", "doctor")
    page.goto(province.url("bac-giang", "/letter"))
    (text,) = photos.texts(photograph(printed[1], paper_dots=DOTS))
    page.fill("#typed", f"{text[:-1]}\n")
    page.locator("#scan section:has(#typed) button").click()
    expect(page.locator(".errors")).to_have_count(1)
    page.fill("#typed", f"{text}\n")
    page.locator("#scan section:has(#typed) button").click()
    expect(page.locator(".answer strong")).to_have_text(
        "The letter is genuine" if language == "en" else "Phiếu là thật"
    )
    expect(page.locator("dl.letter > div")).not_to_have_count(0)
    expect(page.locator("form[action='/letter/open']")).to_have_count(0)
    assert not axe(page)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_the_letter_is_read_by_the_live_camera(
    printed: tuple[str, Image.Image], province: Any, browser: Browser, tmp_path: Path
) -> None:
    film = tmp_path / "sheet.mjpeg"
    sheet = printed[1]
    foot = sheet.crop((0, sheet.height - round(75 * DOTS), sheet.width, sheet.height))
    moved = [photograph(foot, paper_dots=DOTS, dots=7, turn=turn, blur_mm=0.1) for turn in (-3, 0, 3)]
    film.write_bytes(b"".join(_frame(picture) for picture in moved))
    flags = ["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream"]
    flags.append(f"--use-file-for-fake-video-capture={film}")
    with browser.browser_type.launch(executable_path=shutil.which("chromium"), args=flags) as filming:
        context = filming.new_context(permissions=["camera"], viewport={"width": 1280, "height": 900})
        page = context.new_page()
        account = province.account("bach-mai", "nurse")
        page.goto(province.url("bach-mai", "sign-in"))
        page.fill("input[name=username]", account["username"])
        page.fill("input[name=password]", account["password"])
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url("**/transfers/in*")
        page.goto(province.url("bach-mai", "/letter"))
        page.click("#start")
        page.wait_for_url(re.compile(f"{printed[0]}$"))
        expect(page.locator(".flash-success")).to_contain_text("Phiếu là thật")


def _frame(picture: bytes) -> bytes:
    """A frame of the size of a plain webcam."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    frame = Image.new("RGB", (1280, 720), "grey")
    frame.paste(image.resize((1280, round(image.height * 1280 / image.width))), (0, 60))
    out = io.BytesIO()
    frame.save(out, "JPEG", quality=85)
    return out.getvalue()
