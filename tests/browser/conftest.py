"""The demo province in Debian's Chromium: real pages, real processes, axe on what is shown."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

import ports

ROOT = Path(__file__).resolve().parent.parent.parent
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / "var" / "screenshots"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
READY_SECONDS = 300
WAITS_MS = 60_000
"""How long a page may take for what it must show in the end: the machine may have much else to do."""
expect.set_options(timeout=WAITS_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass(frozen=True, slots=True)
class Province:
    """The running demo: addresses by node; accounts by node, each with ``username password role name``."""

    addresses: dict[str, str]
    accounts: dict[str, list[dict[str, str]]]
    folder: Path

    def url(self, node: str, path: str = "") -> str:
        """The address of a page at a node."""
        return urljoin(self.addresses[node], path)

    def account(self, node: str, role: str) -> dict[str, str]:
        """An account with a role at a node."""
        return next(one for one in self.accounts[node] if one["role"] == role)


@pytest.fixture(scope="session")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    """Starts the demo province with everything delivered; ends it after the last test.

    ``BROWSER_TESTS_FOLDER`` names a folder to go on with.
    """
    kept = os.environ.get("BROWSER_TESTS_FOLDER")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("province")
    words = ["demo", "--dir", str(folder), "--port", str(ports.free(4)), "--ready-json"]
    words += ["--seconds", str(READY_SECONDS)]
    environment = {k: v for k, v in os.environ.items() if k not in ("LIENTHONG_HOME", "LIENTHONG_DATABASE")}
    process = subprocess.Popen(
        [sys.executable, "-m", "lienthong.config.cli", *words],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT / "src")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()  # the demo gives up by itself after READY_SECONDS
        if not line:
            pytest.fail(f"the demo ended with {process.wait()}")
        told = json.loads(line)
        yield Province(told["addresses"], told["accounts"], folder)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("Chromium was not found. On Debian: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def new_page(browser: Browser, province: Province) -> Iterator[Callable[..., Page]]:
    """``new_page(width=1280, script=True, language="vi")`` opens an empty window of its own, under the real policy.

    The test fails when a page asked another origin than the province's for something, when its script broke or
    when the console told an error. That a page itself was refused (401, 403, 404) is no such error.
    """
    own = {urlsplit(address).netloc for address in province.addresses.values()}
    faults: list[str] = []

    def asked(request: Request) -> None:
        target = urlsplit(request.url)
        if target.scheme in ("http", "https", "ws", "wss") and target.netloc not in own:
            faults.append(f"asked {target.netloc}")

    def told(message: ConsoleMessage) -> None:
        page = message.page
        refused = message.text.startswith("Failed to load resource") and (
            page is not None and message.location["url"] == page.url
        )
        if message.type == "error" and not refused:
            faults.append(f"console: {message.text}")

    with ExitStack() as stack:

        def make(width: int = 1280, script: bool = True, language: str = "vi") -> Page:
            context = browser.new_context(
                viewport={"width": width, "height": 900},
                java_script_enabled=script,
                timezone_id="Asia/Ho_Chi_Minh",
            )
            stack.callback(context.close)
            context.set_default_timeout(WAITS_MS)
            context.add_cookies(
                [{"name": "lt-language", "value": language, "url": next(iter(province.addresses.values()))}]
            )
            page = context.new_page()
            page.on("request", asked)
            page.on("console", told)
            page.on("pageerror", lambda error: faults.append(f"script: {error}"))
            return page

        yield make
    assert not faults


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A window of the usual size with script, in Vietnamese."""
    return new_page()


@pytest.fixture
def sign_in(province: Province) -> Callable[[Page, str, str], str]:
    """``sign_in(page, node, role)``, e.g. ``sign_in(page, "bach-mai", "doctor")``; gives the person's name."""

    def use(page: Page, node: str, role: str) -> str:
        account = province.account(node, role)
        page.goto(province.url(node, "sign-in"))
        page.fill("input[name=username]", account["username"])
        page.fill("input[name=password]", account["password"])
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url(lambda url: not urlsplit(url).path.endswith("/sign-in"))
        return account["name"]

    return use


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """``axe(page)``: what axe finds wrong, a line each: rule, what it says, where."""
    source = AXE.read_text("utf-8")

    def look(page: Page) -> list[str]:
        page.evaluate(source)
        found = page.evaluate("tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", WCAG)
        return [
            f"{rule['id']}: {rule['help']}: {', '.join(str(n['target']) for n in rule['nodes'])}"
            for rule in found["violations"]
        ]

    return look


@pytest.fixture(scope="session")
def picture() -> Callable[[Page, str], Path]:
    """``picture(page, "transfers")``: the whole page as ``var/screenshots/transfers.png``."""
    PICTURES.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> Path:
        path = PICTURES / f"{name}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return take


@pytest.fixture(scope="session")
def keep_pdf() -> Callable[[Page, str], bytes]:
    """``keep_pdf(page, "slip")``: what would be printed, also kept as ``var/screenshots/slip.pdf``."""
    PICTURES.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> bytes:
        return page.pdf(path=PICTURES / f"{name}.pdf", format="A4", prefer_css_page_size=True)

    return take
