"""Every page of every role, in both languages: answered, accessible, readable on a phone, and with its content."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

SLIPS = "/transfers/in?q=PCCSKBCB"
ROW = "table.transfers tbody a.who-link"
RECORD = "a.button[href^='/patients/']"
DOCTOR = {
    "/transfers/in": (("table.transfers", ".states"), ()),
    "/transfers/out": (("h1",), ()),
    "/transfers/in?show=ended": ((".states",), ()),
    "/transfers/door": (("input[name=number]",), ()),
    "transfer": (("main .steps", ".proof", ".banner-name", ".facts", "#reliance", ".say"), (SLIPS, ROW)),
    "return letter": (
        ("#id_diagnosis", "table.medicines", "button[value=sign]"),
        ("/transfers/in?show=here", ROW, "a[href*='/return/']"),
    ),
    "slip": (("article.sheet",), (SLIPS, ROW, "a[href$='/slip']")),
    "/patients?q=nguyen+van": (("table.people tbody tr", "[role=status]"), ()),
    "/patients?q=zzzz": (("[role=status]",), ()),
    "record": (
        ("#visits a", "#diagnoses", "#drugs", "#results", "#papers", ".warnings", ".source"),
        (SLIPS, ROW, RECORD),
    ),
    "visit": (("dl.pairs", ".source"), (SLIPS, ROW, RECORD, ".visit-head a")),
    "results": (("table.results",), (SLIPS, ROW, RECORD, "a[href$='/results']")),
    "document": (("article.sheet",), (SLIPS, ROW, RECORD, "#papers table a")),
    "province": (("#id_basis", "#ours"), (SLIPS, ROW, RECORD, "a[href$='/province']")),
    "publish": (
        ("article.sheet", "select[name=mode]"),
        (SLIPS, ROW, RECORD, "a[href$='/province/publish']"),
    ),
    "/documents/came": (("h1",), ()),
    "seen by": (("table.trail tbody tr",), (SLIPS, ROW, RECORD, "a[href$='/seen-by']")),
    "/letter": (("#photos", "#typed", "#file"), ()),
    "/reception": (("input[name=number]",), ()),
    "/reception/appointments": (("input[name=from]", "[role=status]"), ()),
    "/reception/working-days": (("table.days tbody tr", ".answer"), ()),
    "/me": (("main table tbody tr",), ()),
    "/password": (("input[name=new]",), ()),
    "/rights": (("main table",), ()),
    "/notices": (("#bell a[aria-current]",), ()),
    "/notices?all=1": (("h1",), ()),
}
IT = {
    "/it": ((".answer", ".way"), ()),
    "/it/exports": (("h1",), ()),
    "/it/refused": (("h1",), ()),
    "/it/messages": (("main table tbody tr",), ()),
    "/it/messages?stuck=1": (("h1",), ()),
    "/reconcile": ((".answer", ".figures"), ()),
    "message": ((".journey li.stop-ok", ".lanes"), ("/it/messages", "main table a")),
    "/attention": (("#attention",), ()),
    "/reception/working-days": (("table.days tbody tr",), ()),
    "/search?q=zzzzzz": (("input[name=q]",), ()),
    "/evidence": (("input[type=file]", "main dl.pairs code"), ()),
    "evidence of a message": (
        ("select[name=purpose]",),
        ("/it/messages", "main table a", "a[href^='/evidence/take/']"),
    ),
    "/hooks": (("a[href='/hooks/new']",), ()),
    "/hooks/new": (("input[name=url]",), ()),
    "/it/systems": (("main code",), ()),
    "/it/systems/new": (("#id_records", "#id_keys"), ()),
    "/accounts": (("main table tbody tr",), ()),
    "/accounts/new": (("#id_roles",), ()),
    "account": (("main form",), ("/accounts", "main table a")),
}
SENDER = {
    "/transfers/out": (("table.transfers .tag-ok",), ()),
    "transfer": (("main .steps", ".proof .tag-ok"), ("/transfers/out?q=PCCSKBCB", ROW)),
    "slip": (("article.sheet .codes svg",), ("/transfers/out?q=PCCSKBCB", ROW, "a[href$='/slip']")),
    "visit": (("a[href^='/transfers/new']",), ("/patients?q=nguyen", "a.who-link", ".visit-head a")),
    "begin": (
        ("input[name=receiver]", "input[name=urgency]", ".banner-name"),
        ("/patients?q=nguyen", "a.who-link", ".visit-head a", "a[href^='/transfers/new']"),
    ),
    "/transfers/new": (("#q",), ()),
    "/transfers/new/by-hand": (("#id_birth", "input[name=receiver]"), ()),
}
SENDING_IT = {
    **IT,
    "/it/exports": (("main table tbody tr",), ()),
    "export": (("dl.pairs",), ("/it/exports", "main table a")),
    "/attention": ((".concern ol li", "nav .count"), ()),
    "/search?q=2501127719756.xml": (("section.panel table tbody tr",), ()),
    "/it/refused": (("main table tbody tr",), ()),
}
PAGES = {
    ("bach-mai", "doctor"): DOCTOR,
    ("bach-mai", "nurse"): {
        "/transfers/in": DOCTOR["/transfers/in"],
        "/patients": (("input[name=q]",), ()),
        "/letter": DOCTOR["/letter"],
    },
    ("bach-mai", "it"): IT,
    ("son-dong", "doctor"): SENDER,
    ("son-dong", "it"): SENDING_IT,
    ("son-dong", "head"): {
        "/accounts": IT["/accounts"],
        "/audit": (("table.trail tbody tr",), ()),
        "/notices": (("#bell",), ()),
        "/hooks": (("h1",), ()),
        "/documents/published": (("#rules",), ()),
        "/measures": (("table.figures-table tbody tr", ".charts svg[role=img]"), ()),
        "/identity": (("[role=status]", ".tabs"), ()),
        "/identity/decisions": ((".tabs",), ()),
        "/identity/rules": (("#id_link", "input[type=file]", "main dl.pairs"), ()),
        "/identity/feed": (("input[name=basis]", ".answer"), ()),
    },
    ("hub", "department"): {
        "/province": (("main svg[role=img]", "main table tbody tr"), ()),
        "unit": (("dl.pairs", "main svg[role=img]"), ("/province", "main table a")),
        "/measures": ((".before", "table.figures-table tbody tr", ".charts svg[role=img]"), ()),
        "/measures/overdue": (("h1",), ()),
        "/province/documents": (("h1",), ()),
        "/attention": (("#attention",), ()),
        "/search": (("input[name=q]",), ()),
        "/rights": (("main table",), ()),
    },
    ("hub", "clerk"): {
        "/identity": (("main table tbody tr", "a[href^='/identity/pairs/']"), ()),
        "pair that waits": (
            (
                "table.compare tbody tr",
                "table.compare svg, table.compare .weight",
                "button[name=answer]",
                "#why",
            ),
            ("/identity", "a[href^='/identity/pairs/']"),
        ),
        "person": (
            ("table.cards tbody tr:nth-child(3)", "details summary", "button.button-bad"),
            ("/identity/persons/1",),
        ),
        "/identity/decisions": ((".tabs",), ()),
    },
    ("hub", "protection"): {"/audit": (("table.trail tbody tr",), ())},
}


def _open(page: Page, base: str, name: str, way: tuple[str, ...]) -> int:
    """Goes to an address, or along the links of a way; gives the status of the last page."""
    start, *links = way or (name,)
    response = page.goto(urljoin(base, start))
    for link in links:
        target = page.locator(link).first.get_attribute("href")
        assert target, f"{name}: no {link} on {page.url}"
        response = page.goto(urljoin(page.url, target))
    assert response is not None
    return response.status


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize(("node", "role"), list(PAGES), ids=[" ".join(one) for one in PAGES])
def test_pages_of_a_role(
    node: str,
    role: str,
    language: str,
    province,
    new_page: Callable[..., Page],
    sign_in: Callable[[Page, str, str], str],
    axe: Callable[[Page], list[str]],
) -> None:
    page = new_page(language=language)
    sign_in(page, node, role)
    faults = []
    for name, (wanted, way) in PAGES[node, role].items():
        status = _open(page, province.url(node), name, way)
        if status != 200:
            faults.append(f"{name}: {status}")
        if page.locator("html").get_attribute("lang") != language:
            faults.append(f"{name}: not in {language}")
        if page.locator("h1").count() != 1 or not page.title().endswith("Liên Thông"):
            faults.append(f"{name}: no heading or title of its own")
        faults += [f"{name}: no {part}" for part in wanted if page.locator(part).count() == 0]
        faults += [f"{name}: {line}" for line in axe(page)]
        page.set_viewport_size({"width": 360, "height": 800})
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            faults.append(f"{name}: {over} px too wide for a phone")
        page.set_viewport_size({"width": 1280, "height": 900})
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("path", ["sign-in", "nowhere"])
def test_pages_before_sign_in(
    path: str, language: str, province, new_page: Callable[..., Page], axe: Callable[[Page], list[str]]
) -> None:
    page = new_page(width=360, language=language)
    response = page.goto(province.url("bach-mai", path))
    assert response is not None
    assert response.status == (404 if path == "nowhere" else 200)
    assert page.locator("html").get_attribute("lang") == language
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert not axe(page)


@pytest.mark.parametrize(
    ("node", "role", "path"),
    [
        ("bach-mai", "doctor", "/it"),
        ("bach-mai", "doctor", "/audit"),
        ("bach-mai", "it", "/patients?q=nguyen"),
        ("bach-mai", "it", "/transfers/in"),
        ("bach-mai", "doctor", "/measures"),
        ("son-dong", "head", "/transfers/out"),
        ("hub", "department", "/audit"),
    ],
)
def test_another_role_gets_a_clear_refusal(
    node: str, role: str, path: str, province, page: Page, sign_in: Callable[[Page, str, str], str]
) -> None:
    sign_in(page, node, role)
    response = page.goto(province.url(node, path))
    assert response is not None
    assert response.status == 403
    expect(page.locator("h1")).to_have_text("Bạn không có quyền xem trang này")
    page.click("main a")
    expect(page.locator("nav.main a[aria-current=page]")).to_have_count(1)
