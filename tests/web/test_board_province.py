"""The province on a page: who sees what, as of which day, and that every figure opens its source."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from entering import once_in_module
from pages import words_of
from report_world import shown

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hub")]
DAY = "2025-03-20"


_entered = once_in_module(shown, autouse=True)


@pytest.fixture(autouse=True)
def _home(node_home: object) -> None:
    """Every test has a folder of its own."""


@pytest.fixture
def officer(someone: Callable[..., Client]) -> Client:
    from lienthong.access.models import Role

    return someone(Role.DEPARTMENT)


def _text(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def _rows(answer: Any) -> list[str]:
    """Codes of the units in the order of the table."""
    return re.findall(r'<tr id="unit-([^"]+)"', _text(answer))


def test_all_units_stand_in_the_table_and_on_the_map_with_the_same_light(officer: Client) -> None:
    from lienthong.rollout import units

    text = _text(officer.get("/board", {"on": DAY}))
    codes = units.codes(date.fromisoformat(DAY))
    drawing = text[text.index('<svg class="province"') : text.index("</svg>")]
    table = text[text.index('<table class="cards board-units"') :]
    for code in codes:
        shape = re.search(rf'<a class="(?:area|cell) (\w+)" href="/board/units/{code}[?"]', drawing)
        row = table[table.index(f'id="unit-{code}"') :]
        tag = re.search(r'class="tag tag-(\w+)"', row)
        assert shape is not None
        assert tag is not None
        assert shape[1] == tag[1]
    assert drawing.count("<a ") == len(codes) == 17


def test_published_and_summed_figures_stand_in_the_vietnamese_way(officer: Client) -> None:
    words = words_of(officer.get("/board", {"on": DAY}))
    for expected in ("2.416", "1.658", "304 (12/01/2025 – 16/02/2025)", "mức 6: 4 đơn vị", "17/17", "4/17"):
        assert expected in words
    assert "17 đơn vị chưa xác nhận" in words


def test_missing_figures_are_named_and_never_zero(officer: Client) -> None:
    from lienthong.rollout.facts import Fact

    Fact.objects.exclude(facility="SYT-24").delete()
    words = words_of(officer.get("/board", {"on": DAY}))
    assert "từng đơn vị: chưa có số liệu" in words
    assert "17 đơn vị chưa có số liệu" in words
    assert "2.416" in words


@pytest.mark.parametrize("day", ["", DAY, "2025-07-02"])
def test_every_figure_light_and_sentence_opens_its_source(officer: Client, day: str) -> None:
    text = _text(officer.get("/board", {"on": day}))
    page = text[text.index('<div class="headline">') :]
    links = set(re.findall(r'href="([^"#?]+)[^"]*"', page))
    assert len(links) > 17
    for link in sorted(links):
        assert officer.get(link).status_code == 200, link


@pytest.mark.parametrize("asked", ["", "nonsense", "1999-01-01", "2999-01-01", "2025-13-40"])
def test_a_day_that_is_none_is_led_to_one(officer: Client, asked: str) -> None:
    from lienthong.foundation import clock

    shown = re.search(r'name="on" type="date" value="([^"]+)"', _text(officer.get("/board", {"on": asked})))
    assert shown is not None
    assert date(2025, 1, 1) <= date.fromisoformat(shown[1]) <= clock.today()


def test_the_table_goes_by_what_is_asked_for(officer: Client) -> None:
    by_level = _rows(officer.get("/board", {"on": DAY, "sort": "his"}))
    assert by_level[:2] == ["24006", "TTYT-YTHE"]
    assert by_level[-1] == "YHCT"
    assert _rows(officer.get("/board", {"on": DAY, "sort": "emr"}))[-3:] == ["UB", "YHCT", "24004"]
    plain = _rows(officer.get("/board", {"on": DAY, "sort": "unit"}))
    assert plain[0] == "24011"
    assert sorted(by_level) == sorted(plain)
    assert _rows(officer.get("/board", {"on": DAY, "sort": "'"})) == _rows(officer.get("/board", {"on": DAY}))


def test_leaders_see_the_same_and_change_nothing(someone: Callable[..., Client], officer: Client) -> None:
    from lienthong.access.models import Role

    leader = someone(Role.LEADER)
    text = _text(leader.get("/board", {"on": DAY}))
    assert _rows(leader.get("/board", {"on": DAY})) == _rows(officer.get("/board", {"on": DAY}))
    forms = re.findall(r'<form method="post" action="([^"]+)"', text)
    assert set(forms) == {"/sign-out", "/language"}
    assert leader.post("/board").status_code == 405


def test_people_of_one_unit_are_led_to_their_unit(someone: Callable[..., Client]) -> None:
    from lienthong.access.models import Role

    own = someone(Role.UNIT, name="one")
    answer = own.get("/board")
    assert (answer.status_code, answer["Location"]) == (302, "/board/units/24011")
    both = someone((Role.UNIT, "24011"), (Role.UNIT, "24004"), name="two")
    assert sorted(_rows(both.get("/board", {"on": DAY}))) == ["24004", "24011"]
    words = words_of(both.get("/board", {"on": DAY}))
    assert "Bệnh viện Phổi" not in words
    assert "2.416" not in words


def test_vendors_and_doctors_have_no_business_here(someone: Callable[..., Client]) -> None:
    from lienthong.access.models import Role

    assert someone((Role.VENDOR, "V1"), name="vendor").get("/board").status_code == 403
    assert someone(Role.DOCTOR).get("/board").status_code == 403


def test_a_hospital_has_no_such_page(officer: Client, node: Callable[..., None]) -> None:
    node(role="site")
    assert officer.get("/board").status_code == 404


def test_looking_leaves_a_row_in_the_trail(officer: Client) -> None:
    from lienthong.access.models import AuditEvent

    officer.get("/board", {"on": DAY})
    assert AuditEvent.objects.filter(action="board", page="/board").exists()


def test_the_page_asks_the_database_a_bounded_number_of_times(
    officer: Client, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(260):
        officer.get("/board", {"on": DAY})
