"""Units at the hub and the connection at a site: who may open them, what they refuse, what they never show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from lienthong.access.models import Role
from lienthong.exchange.models import JoinCode
from lienthong.exchange.trust import codes, cutting, entering
from lienthong.facilities import directory
from lienthong.facilities.models import Node, SecurityReview
from lienthong.foundation import clock

PASSWORD = "Song Cầu nước chảy 2025"
REVIEW = {"document": "128/QĐ-SYT", "day": "2025-01-10", "level": "3", "approved_by": "Sở Y tế"}
HUB_PAGES = ["/units", "/units/24006", "/units/24006/cut-off"]


@pytest.fixture
def hub(node_home: Path) -> Iterator[None]:
    """This node as the province's hub, with its key in the directory."""
    from lienthong.exchange import keys

    before = settings.NODE
    settings.NODE = replace(before, role="hub", facility="SYT-24")
    own = keys.own()
    directory.load_known()
    directory.add_node("SYT-24", "hub", own.jwk, own.kid, clock.now() - timedelta(days=1))
    yield
    settings.NODE = before


@pytest.fixture
def someone(someone: Any) -> Callable[..., Client]:
    """Signs in as the person ``someone``."""
    return partial(someone, name="someone")


@pytest.fixture
def officer(db: None, hub: None, someone: Callable[..., Client]) -> Client:
    return someone(Role.DEPARTMENT)


def text(response: Any) -> str:
    return str(response.content.decode())


@pytest.mark.parametrize("path", HUB_PAGES)
def test_units_are_for_the_department_at_the_hub(
    db: None, hub: None, someone: Callable[..., Client], path: str
) -> None:
    assert someone(Role.IT, Role.HEAD, Role.PROTECTION).get(path).status_code == 403
    assert Client().get(path).status_code == 302


def test_nobody_else_may_decide(db: None, hub: None, someone: Callable[..., Client]) -> None:
    client = someone(Role.IT)
    for what in ("review", "code", "approve", "refuse", "cut-off"):
        assert client.post(f"/units/24006/{what}", REVIEW).status_code == 403
    assert client.post("/units/renew").status_code == 403
    assert not SecurityReview.objects.exists()


def test_pages_of_the_hub_are_not_at_a_site(
    db: None, node_home: Path, someone: Callable[..., Client]
) -> None:
    client = someone(Role.DEPARTMENT)
    assert [client.get(path).status_code for path in HUB_PAGES] == [404, 404, 404]


def test_the_review_comes_first_and_the_code_is_shown_once(officer: Client) -> None:
    assert "/units/24006/code" not in text(officer.get("/units/24006"))
    refused = officer.post("/units/24006/code", {"address": "truc.example.vn"})
    assert "Chưa có hồ sơ cấp độ an toàn" in text(refused)
    assert not JoinCode.objects.exists()
    wrong = officer.post("/units/24006/review", REVIEW | {"day": "2999-01-01", "document": ""})
    assert (wrong.status_code, SecurityReview.objects.count()) == (200, 0)
    assert officer.post("/units/24006/review", REVIEW).status_code == 302
    page = text(officer.post("/units/24006/code", {"address": "truc.example.vn:8443"}))
    (code,) = set(re.findall(r"(?:[0-9A-Z]{5}-){6}[0-9A-Z]{5}@truc\.example\.vn:8443", page))
    made = codes.read(code)
    assert "secret=" not in page
    assert "<svg" in page
    later = text(officer.get("/units/24006"))
    assert made.secret[:5] not in later
    assert JoinCode.objects.get().name == made.name
    bad = officer.post("/units/24006/code", {"address": "truc.example.vn/somewhere"})
    assert "Địa chỉ của trục" in text(bad)


def test_cutting_off_needs_a_reason_and_a_tick(officer: Client) -> None:
    key = {"crv": "Ed25519", "kty": "OKP", "x": "a" * 43}
    directory.add_node("24006", "site", key, "k" * 43, clock.now() - timedelta(days=1))
    for form in ({}, {"why": "mất máy"}, {"sure": "on"}, {"why": " ", "sure": "on"}):
        assert officer.post("/units/24006/cut-off", form).status_code == 200
    assert directory.nodes("site", "24006")
    form = {"why": "mất máy", "sure": "on", "days": "2"}
    assert officer.post("/units/24006/cut-off", form).status_code == 302
    assert directory.nodes("site", "24006") == []
    assert cutting.doubtful_since("24006", clock.now() - timedelta(hours=20)) is not None
    page = text(officer.get("/units/24006"))
    assert "Đã ngắt kết nối" in page
    assert "mất máy" in page
    assert "Không có" not in text(officer.get("/units"))


def test_the_hub_renews_its_key_by_a_button(officer: Client) -> None:
    before = {key.kid for key in directory.nodes("hub")}
    assert officer.post("/units/renew").status_code == 302
    assert len({key.kid for key in directory.nodes("hub")} - before) == 1


def test_a_site_that_has_not_joined_says_so_and_takes_a_code(
    transactional_db: None, node_home: Path, someone: Callable[..., Client]
) -> None:
    client = someone(Role.IT)
    assert "Chưa kết nối." in text(client.get("/it/hub"))
    assert "gõ chưa đúng" in text(client.post("/it/hub", {"code": "ABCDE"}))
    nobody = codes.new("http://127.0.0.1:9")  # nobody answers there
    assert client.post("/it/hub", {"code": nobody.text}).status_code == 302
    page = text(client.get("/it/hub"))
    assert "Trục chưa trả lời" in page
    assert nobody.secret[:5] not in page
    assert (node_home / "keys" / "joining.json").stat().st_mode & 0o77 == 0
    assert client.post("/it/hub/renew").status_code == 404
    assert client.post("/it/hub/end").status_code == 302
    assert entering.under_way() is None
    assert not list((node_home / "keys" / "next").iterdir())
    with connection.cursor() as cursor:
        cursor.execute("SELECT action FROM access_auditevent WHERE action LIKE 'join%%' ORDER BY seq")
        assert [row[0] for row in cursor.fetchall()] == ["join-begun", "join-ended"]


def test_the_connection_is_for_it_and_heads(
    db: None, node_home: Path, someone: Callable[..., Client]
) -> None:
    client = someone(Role.DOCTOR, Role.PROTECTION)
    assert client.get("/it/hub").status_code == 403
    for path in ("/it/hub", "/it/hub/end", "/it/hub/renew"):
        assert client.post(path).status_code == 403


def test_what_is_doubtful_says_so(officer: Client) -> None:
    now = clock.now()
    key = {"crv": "Ed25519", "kty": "OKP", "x": "a" * 43}
    directory.add_node("24006", "site", key, "k" * 43, now - timedelta(days=9))
    Node.objects.filter(kid="k" * 43).update(revoked_at=now, doubtful_from=now - timedelta(days=2))
    from lienthong.web.templatetags.lienthong import doubt

    with connection.cursor() as cursor:
        for number, days in enumerate((1, 5)):
            created = clock.iso(now - timedelta(days=days))
            cursor.execute(
                "INSERT INTO exchange_message (direction, message, kind, loop, sender, receiver, created, jws,"
                " manifest, bytes, state) VALUES ('relay', %s, 'test', %s, '24006', '24011', %s, '', '', 0, 'stored')",
                (f"{number:032}", f"loop-{days}", created),
            )
    assert [facility for facility, _ in doubt("loop-1")["doubts"]] == ["24006"]
    assert doubt("loop-5")["doubts"] == []
