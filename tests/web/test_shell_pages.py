"""The shell and the pages for IT, accounts, audit and the province, as each role meets them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.test import Client
from django.urls import get_resolver
from django.urls.converters import IntConverter

from lienthong import records
from lienthong.access import audit, rights
from lienthong.access.models import Account, Role
from lienthong.connectors.his_xml import concerns
from lienthong.connectors.his_xml.models import DossierVersion, Export, Finding
from lienthong.exchange.models import Comparison
from lienthong.exchange.watch import Watch
from lienthong.facilities.models import Node
from lienthong.foundation import clock
from lienthong.foundation.errors import Problem
from lienthong.web import charts
from pages import words_of

PASSWORD = "Song Cầu nước chảy 2025"
PATIENT = {"resourceType": "Patient", "id": "p1", "name": [{"text": "Giáp Thị Mẫu"}]}
SHA = "ab" * 32
NO_PATIENT = Problem(
    "his-xml-no-patient",
    "Không xác định được người bệnh.",
    "The patient cannot be told.",
    "Bổ sung SO_CCCD.",
    "Enter SO_CCCD.",
    where={"table": "XML1", "row": 1, "field": "SO_CCCD", "line": 12},
)
OWN = {
    "/it": rights.FLOW,
    "/it/exports": rights.FLOW,
    f"/it/exports/{SHA}": rights.FLOW,
    "/it/refused": rights.FLOW,
    "/it/messages": rights.FLOW,
    "/reconcile": rights.INTEGRITY,
    "/reconcile/24011/01929": rights.INTEGRITY,
    "/attention": rights.ATTENTION,
    "/search": rights.JOURNEY,
    "/accounts": rights.ACCOUNTS,
    "/accounts/new": rights.ACCOUNTS,
    "/accounts/someone": rights.ACCOUNTS,
    "/audit": rights.TRAIL,
    "/patients/p1/seen-by": rights.SEEN_BY,
    "/province": rights.PROVINCE,
    "/province/24004": rights.PROVINCE,
}


@pytest.fixture
def someone(someone: Any) -> Any:
    """Signs in as the person ``someone``, unless another name is given."""
    return partial(someone, name="someone")


@pytest.fixture
def export(db: None) -> Export:
    """A file of which one dossier was refused."""
    now = clock.now()
    file = Export.objects.create(
        sha256=SHA,
        name="dot-1.xml",
        size=58_000,
        taken_at=now,
        finished_at=now,
        state="done",
        stored=3,
        refused=1,
    )
    Finding.objects.create(
        export=file,
        position=2,
        ma_lk="LK2",
        severity="error",
        code=NO_PATIENT.code,
        problem=NO_PATIENT.as_dict(),
    )
    return file


@pytest.fixture
def compared(db: None) -> None:
    """Two hospitals that have compared their messages."""
    Comparison.objects.create(sender="24011", receiver="01929")


@pytest.fixture
def patient(db: None) -> None:
    """A patient of this node."""
    records.transact([PATIENT], origin="his-xml/24011/LK1", actor=audit.system("test"))


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_its_own_pages_and_no_others(
    someone: Any, export: Export, patient: None, compared: None, role: Role
) -> None:
    client = someone(role)
    for path, right in OWN.items():
        assert client.get(path).status_code == (200 if role in right.roles else 403), path
    refused = {event.page for event in audit.trail(action="refused", limit=100)}
    assert refused == {path for path, right in OWN.items() if role not in right.roles}


@pytest.mark.parametrize("path", [*OWN, "/me", "/rights", "/password", "/"])
def test_nothing_opens_without_sign_in(client: Client, export: Export, patient: None, path: str) -> None:
    assert client.get(path).headers["Location"].startswith("/sign-in")


@pytest.mark.django_db
def test_no_page_is_without_a_door(client: Client) -> None:
    open_to_all = {"sign-in", "sign-out", "language"}
    values = {"sha256": SHA, "id": "p1", "username": "someone", "code": "24011", "number": "1"}
    found = 0
    for name, pattern in get_resolver().reverse_dict.items():
        if not isinstance(name, str) or name in open_to_all:
            continue
        template, parameters = pattern[0][0]
        numbers = {one: "1" for one, kind in pattern[3].items() if isinstance(kind, IntConverter)}
        path = "/" + template % {one: {**values, **numbers}.get(one, "x") for one in parameters}
        answers = [client.get(path), client.post(path)]
        assert all(
            a.status_code == 405 or a.headers.get("Location", "").startswith("/sign-in") for a in answers
        ), path
        found += 1
    assert found > 20


def test_the_answer_is_in_plain_words(someone: Any, export: Export) -> None:
    client = someone(Role.IT)
    Watch([concerns.look]).look()
    page = words_of(client.get("/it"))
    assert "Không, dữ liệu đang bị tắc." in page
    assert "Chưa lần nào kết nối được với trục liên thông." in page
    assert "1 hồ sơ hoặc tệp bị từ chối" in page


def test_a_dossier_that_comes_again_leaves_the_refused(someone: Any, export: Export) -> None:
    client = someone(Role.IT)
    page = words_of(client.get("/it/refused"))
    assert "Không xác định được người bệnh." in page
    assert "Bổ sung SO_CCCD." in page
    assert "XML1" in page
    DossierVersion.objects.create(
        facility="24011",
        ma_lk="LK2",
        number=1,
        export=export,
        position=1,
        start=0,
        length=1,
        content=SHA,
        at=clock.now() + timedelta(minutes=1),
    )
    assert "Không có hồ sơ nào bị từ chối." in words_of(client.get("/it/refused"))
    assert "Không xác định" in words_of(client.get("/it/refused?all=1&code=his-xml-no-patient"))


def test_making_locking_and_resetting_an_account(someone: Any) -> None:
    client = someone(Role.IT)
    new = {"username": "bs.moi", "full_name": "Bác sĩ Mới", "roles": ["doctor"]}
    page = client.post("/accounts/new", new)
    password = re.search(r"<code>([a-z2-9]{4}-[^<]+)</code>", page.content.decode())
    assert password
    assert password[1] not in client.get("/accounts/bs.moi").content.decode()
    assert "Đã có tài khoản" in words_of(client.post("/accounts/new", new))
    theirs = Client()
    assert theirs.post("/sign-in", {"username": "bs.moi", "password": password[1]}).status_code == 302
    assert theirs.get("/me").headers["Location"] == "/password"
    client.post("/accounts/bs.moi/lock")
    assert theirs.get("/me").headers["Location"].startswith("/sign-in")
    client.post("/accounts/bs.moi/open")
    client.post("/accounts/bs.moi", {"roles": ["nurse"]})
    client.post("/accounts/bs.moi/reset")
    events = [(event.action, event.detail.get("role")) for event in reversed(audit.trail(person="someone"))]
    assert events == [
        ("sign-in", None),
        ("account-created", None),
        ("role-given", "doctor"),
        ("account-closed", None),
        ("account-opened", None),
        ("role-taken", "doctor"),
        ("role-given", "nurse"),
        ("password-reset", None),
    ]


def test_nobody_raises_himself(someone: Any) -> None:
    client = someone(Role.IT)
    client.post("/accounts/someone", {"roles": ["it", "doctor"]})
    client.post("/accounts/someone/reset")
    client.post("/accounts/someone/lock")
    assert [grant.role for grant in Account.objects.get(username="someone").grants.all()] == ["it"]
    assert client.get("/it").status_code == 200


def test_a_hospital_gives_no_role_of_the_department(someone: Any) -> None:
    client = someone(Role.IT)
    client.post("/accounts/new", {"username": "syt.gia", "full_name": "Giả", "roles": ["department"]})
    assert not Account.objects.filter(username="syt.gia").exists()


def test_the_trail_shows_who_saw_a_record_and_a_broken_chain(someone: Any, patient: None) -> None:
    client = someone(Role.PROTECTION)
    audit.record(audit.Actor("bs.hoa", "Nguyễn Thị Hoa", "doctor"), "read", patient="p1", page="/patients/p1")
    page = words_of(client.get("/patients/p1/seen-by"))
    assert "Giáp Thị Mẫu" in page
    assert "Nguyễn Thị Hoa Bác sĩ" in page
    assert audit.trail(action="seen-by")[0].patient == "p1"
    assert client.get("/patients/p2/seen-by").status_code == 404
    assert "Chuỗi nguyên vẹn" in words_of(client.post("/audit/check", follow=True))
    from lienthong.access.models import AuditEvent

    AuditEvent.objects.filter(action="read").update(person_name="Người khác")
    broken = AuditEvent.objects.get(action="read").seq
    assert f"Chuỗi bị đứt tại sự kiện số {broken}" in words_of(client.post("/audit/check", follow=True))


@pytest.mark.parametrize(
    "query",
    [
        "before=x",
        "before=99999999999999999999",
        "since=31/02/2025",
        "action=nothing",
        "person=%00",
        "page=-1",
    ],
)
def test_senseless_filters_do_no_harm(someone: Any, query: str) -> None:
    assert someone(Role.HEAD).get(f"/audit?{query}").status_code == 200


def test_the_province_shows_who_is_connected(hub: None, someone: Any) -> None:
    client = someone(Role.DEPARTMENT)
    now = clock.now()
    for code, minutes in (("24011", 1), ("24004", 90), ("01929", 2000)):
        seen = now - timedelta(minutes=minutes)
        Node.objects.create(kid=code, facility_id=code, role="site", jwk={}, valid_from=seen, last_seen=seen)
    page = client.get("/province")
    units = {unit.code: unit.shape for unit in page.context["units"]}
    assert len(units) == 18
    assert {code: units[code] for code in ("24011", "24004", "01929", "24017")} == {
        "24011": "ok",
        "24004": "warn",
        "01929": "bad",
        "24017": "wait",
    }
    assert client.get("/").headers["Location"].startswith("/board")
    assert client.get("/province/24011").status_code == 200
    assert client.get("/province/SYT-24").status_code == 404


def test_vietnamese_comes_first_and_english_by_the_switch(client: Client, someone: Any) -> None:
    answer = client.get("/sign-in", headers={"Accept-Language": "en"})
    assert 'lang="vi"' in answer.content.decode()
    assert "Đăng nhập" in words_of(answer)
    back = client.post("/language", {"language": "en", "next": "/sign-in"})
    assert back.headers["Location"] == "/sign-in"
    assert "User name" in words_of(client.get("/sign-in"))
    client.post("/language", {"language": "xx"})
    assert "User name" in words_of(client.get("/sign-in"))


def test_the_accounts_to_try_are_shown_in_the_demonstration_only(
    client: Client, node_home: Any, db: None
) -> None:
    (node_home / "demo-accounts.json").write_text(
        '[{"username": "bs.hoa", "password": "mat-khau-thu-1", "role": "doctor", "name": "Hoa"}]', "utf-8"
    )
    assert "mat-khau-thu-1" not in client.get("/sign-in").content.decode()
    settings.NODE = replace(settings.NODE, demo=True)
    page = words_of(client.get("/sign-in"))
    assert "mat-khau-thu-1" in page
    assert "Bác sĩ" in page


def test_error_pages_speak_the_language_of_the_page(client: Client, db: None) -> None:
    missing = client.get("/nothing")
    assert missing.status_code == 404
    assert "Không tìm thấy trang" in words_of(missing)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert "There is no such page" in words_of(client.get("/nothing"))


def test_charts_are_well_formed_and_hold_their_values() -> None:
    start = datetime(2025, 1, 12, 1, tzinfo=UTC)
    points = [
        (start + timedelta(days=day), Decimal(value)) for day, value in enumerate(["5.1", "9.8", "<7>"[1]])
    ]
    drawing = charts.trend_line(
        points, low=Decimal("4.0"), high=Decimal("6.0"), unit="mmol/L", title="Glucose <x>"
    )
    figure = ElementTree.fromstring(str(drawing))
    assert len(figure.findall(".//circle")) == 3
    assert len(figure.findall(".//circle[@class='dot out']")) == 2
    assert [cell.text for cell in figure.findall(".//td[@class='number']")] == [
        "5.1 mmol/L",
        "9.8 mmol/L",
        "7 mmol/L",
    ]
    single = ElementTree.fromstring(str(charts.trend_line(points[:1])))
    assert len(single.findall(".//circle")) == 1
    days = [(start.date() + timedelta(days=day), day) for day in range(36)]
    bars = ElementTree.fromstring(str(charts.bars_by_day(days, "Title", "Column")))
    assert len(bars.findall(".//rect")) == 35
    for drawn in (figure, bars):
        assert not [element for element in drawn.iter() if "style" in element.attrib]
