"""The pages of the ladder: who may see which unit, what stands there, and that it can be told without colours."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

import feed_world
from exchange_calls import OTHER, RECEIVER, SENDER, Site
from feed_world import at, tell, transfer
from lienthong.access import accounts, audit
from lienthong.access.models import Role
from lienthong.foundation import clock
from lienthong.rollout import facts
from lienthong.rollout.changes import batch
from lienthong.web.board import heat
from pages import words_of

PASSWORD = "Song Cầu nước chảy 2025"
PAGES = ("/board/ladder", "/board/ladder/feeds", "/board/ladder/differences")


@pytest.fixture
def sites(node_home: Path, transactional_db: None) -> Iterator[dict[str, Site]]:
    with feed_world.hub(node_home) as found:
        yield found


@pytest.fixture
def someone(sites: dict[str, Site]) -> Callable[..., Client]:
    """Signs in a person of the board; ``scope`` is the unit he speaks for."""

    def make(role: Role, unit: str = "", language: str = "en") -> Client:
        by = audit.system("test")
        name = f"{role.value}{unit}"
        given = (role, unit) if unit else role
        accounts.create_account(name, name.title(), PASSWORD, [given], by=by, must_change=False)
        client = Client()
        client.cookies["lt-language"] = language
        assert client.post("/sign-in", {"username": name, "password": PASSWORD}).status_code == 302
        return client

    return make


def weeks(rate: int, days: int, without: int = 0) -> dict[Any, int]:
    today = clock.today()
    found = {}
    for back in range(days, without, -1):
        day = today - timedelta(days=back)
        for hour in range(7, 17):
            found[at(day, hour)] = rate // 10 if day.weekday() < 5 else rate // 50
    return found


def shown(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return html.unescape(words_of(answer))


def test_everybody_of_the_board_sees_the_ladder_a_unit_its_own(someone: Any) -> None:
    for role in (Role.DEPARTMENT, Role.LEADER, Role.POLICE):
        client = someone(role)
        for page in PAGES:
            assert client.get(page).status_code == 200
        assert "24004" in client.get("/board/ladder").content.decode()
        assert client.get("/board/ladder/units/24004").status_code == 200
    unit = someone(Role.UNIT, "24011")
    for page in PAGES:
        text = unit.get(page).content.decode()
        assert "/units/24004" not in text
    assert "/units/24011" in unit.get("/board/ladder").content.decode()
    assert unit.get("/board/ladder/units/24011").status_code == 200
    assert unit.get("/board/ladder/units/24004").status_code == 403
    assert [event.page for event in audit.trail(action="refused")] == ["/board/ladder/units/24004"]
    assert unit.get("/board/ladder/units/99999").status_code == 403


def test_nobody_else_sees_it_and_at_a_hospital_it_does_not_exist(
    someone: Any, node_home: Path, sites: dict[str, Site]
) -> None:
    assert Client().get("/board/ladder").status_code == 302
    vendor = someone(Role.VENDOR, "acme")
    doctor = someone(Role.DOCTOR)
    for client in (vendor, doctor):
        for page in (*PAGES, "/board/ladder/units/24011"):
            assert client.get(page).status_code == 403
    officer = someone(Role.DEPARTMENT)
    assert officer.get("/board/ladder/units/99999").status_code == 404
    feed_world.become(SENDER, node_home)
    assert officer.get("/board/ladder").status_code in (403, 404)


def test_the_ladder_leads_to_its_proofs(someone: Any, sites: dict[str, Site]) -> None:
    tell(sites[SENDER], "HIS", weeks(120, 40))
    transfer(sites[SENDER], sites[RECEIVER])
    officer = someone(Role.DEPARTMENT)
    text = shown(officer, "/board/ladder")
    assert "4 of 6" in text or "5 of 6" in text
    page = officer.get("/board/ladder/units/24011").content.decode()
    links = re.findall(r'href="(/messages/[0-9a-f]+)"', page)
    assert len(set(links)) == 1
    assert officer.get(links[0]).status_code == 200
    leader = someone(Role.LEADER)
    page = leader.get("/board/ladder/units/24011").content.decode()
    assert "/messages/" not in page  # he may not follow messages


def test_what_is_missing_now_stands_first(someone: Any, sites: dict[str, Site]) -> None:
    tell(sites[SENDER], "HIS", weeks(120, 50), fields={"citizen": 0.9})
    tell(sites[SENDER], "LIS", weeks(200, 50, without=6))
    tell(sites[OTHER], "HIS", {})
    client = someone(Role.DEPARTMENT)
    text = shown(client, "/board/ladder/feeds")
    missing = text[text.index("Missing now") : text.index("Every unit")]
    assert "LIS: usually 200 results a working day, none for" in missing
    assert "tag-bad" in client.get("/board/ladder/feeds").content.decode()
    vietnamese = someone(Role.LEADER, language="vi")
    assert "LIS: thường 200 kết quả mỗi ngày làm việc" in shown(vietnamese, "/board/ladder/feeds")
    page = shown(client, "/board/ladder/units/24011")
    assert "Citizen number or passport" in page


def test_the_strip_is_drawn_and_told(someone: Any, sites: dict[str, Site]) -> None:
    tell(sites[SENDER], "HIS", weeks(120, 50, without=3))
    page = someone(Role.DEPARTMENT).get("/board/ladder/units/24011").content.decode()
    drawings = re.findall(r"<svg viewBox.*?</svg>", page, re.DOTALL)
    assert drawings
    for drawing in drawings:
        ElementTree.fromstring(drawing)
    (strip,) = (drawing for drawing in drawings if "heat-" in drawing)
    assert strip.count("<rect") == heat_squares()
    assert "style=" not in page
    assert "<script>" not in page


def heat_squares() -> int:
    from lienthong.web.board import ladder

    return 24 * ladder.STRIP_DAYS


def test_a_past_day_and_a_day_that_is_none(someone: Any, sites: dict[str, Site]) -> None:
    tell(sites[SENDER], "HIS", weeks(120, 20))
    client = someone(Role.DEPARTMENT)
    before = (clock.today() - timedelta(days=25)).isoformat()
    assert "As of the end of" in shown(client, f"/board/ladder?on={before}")
    for wrong in ("tomorrow", "9999-99-99", "2999-01-01", "0001-01-01", "%00"):
        assert "As of the end of" not in shown(client, f"/board/ladder?on={wrong}").replace(
            "As of the end of the day", ""
        )


def test_declared_and_proven_stand_side_by_side(someone: Any, sites: dict[str, Site]) -> None:
    with batch(audit.system("test"), "facts") as open_batch:
        facts.put(open_batch, SENDER, "lis", "advanced", clock.today(), source="Tờ khai 01", confirmed=False)
    tell(sites[SENDER], "HIS", weeks(120, 20))
    text = shown(someone(Role.DEPARTMENT), "/board/ladder/differences")
    for words in ("Advanced", "0 laboratory results in 30 days", "Tờ khai 01", "to be confirmed"):
        assert words in text
    assert "have told nothing" in text
    own = shown(someone(Role.UNIT, OTHER), "/board/ladder/differences")
    assert "Tờ khai 01" not in own


def test_looking_leaves_a_trace(someone: Any) -> None:
    client = someone(Role.DEPARTMENT)
    for page in PAGES:
        client.get(page)
    assert {event.page for event in audit.trail(action="board")} == set(PAGES)


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_more_is_never_lighter(few: int, many: int) -> None:
    few, many = sorted((few, many))
    assert 0 <= heat.level_of(few, many) <= heat.level_of(many, many) <= heat.LEVELS
    assert (heat.level_of(few, many) == 0) == (few == 0)
