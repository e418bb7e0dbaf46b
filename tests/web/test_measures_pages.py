"""How transfers go: who may see it, what it shows and takes out, and what it never holds."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from lienthong.access import audit
from lienthong.access.models import Role
from lienthong.facilities import directory
from lienthong.facilities.models import FacilityName
from lienthong.foundation import clock, ids
from lienthong.transfers import taking
from lienthong.transfers.measures import reading, sheet
from lienthong.transfers.models import LoopStep, State, Step, Transfer
from pages import words_of

pytestmark = pytest.mark.django_db
PASSWORD = "Song Cầu nước chảy 2025"
NAME = "GIÁP THỊ BÍ MẬT"


@pytest.fixture
def someone(someone: Any) -> Any:
    """Signs in a person who reads English."""

    def make(*roles: Role) -> Client:
        client: Client = someone(*roles)
        client.cookies["lt-language"] = "en"
        return client

    return make


def _loop(
    sent: datetime, *kinds: tuple[State, int], sender: str = "24011", urgency: str = "urgent", **more: Any
) -> str:
    """A loop as the hub reads it: kinds of step, with minutes after sending."""
    loop = ids.new_id()
    for place, (kind, minutes) in enumerate([(State.SENT, 0), (State.RECEIVED, 1), *kinds], 1):
        LoopStep.objects.create(
            key=ids.new_id(),
            loop=loop,
            sender=sender,
            receiver="01929",
            step=ids.new_id(),
            kind=kind,
            at=sent + timedelta(minutes=minutes),
            place=place,
            urgency=urgency if kind != State.RECEIVED else "",
            number=place,
            taken_at=sent + timedelta(minutes=minutes),
            **more,
        )
    reading._stand([(loop, sender, "01929")])
    return loop


@pytest.fixture
def province(hub: None, db: None) -> None:
    """Seven transfers of one hospital, two of another, in the last days."""
    directory.load_known()
    begun = clock.now() - timedelta(days=3)
    for number in range(7):
        minutes = 10 + 10 * number
        _loop(
            begun + timedelta(minutes=number),
            (State.ACCEPTED, minutes),
            (State.DEPARTED, minutes + 5),
            (State.ARRIVED, minutes + 65),
            (State.OUTCOME, minutes + 1500),
            (State.CLOSED, minutes + 1510),
            complete=number < 5,
        )
    for _ in range(2):
        _loop(begun, (State.DECLINED, 3), sender="24004", urgency="emergency", code="no-bed")


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", ["/measures", "/measures/sheet", "/measures/overdue"])
def test_only_the_department_and_heads_may_look(someone: Any, province: None, role: Role, path: str) -> None:
    wanted = 200 if role in (Role.DEPARTMENT, Role.HEAD) else 403
    assert someone(role).get(path).status_code == wanted


def test_nobody_looks_without_signing_in() -> None:
    for path in ("/measures", "/measures/sheet", "/measures/overdue"):
        assert Client().get(path).status_code == 302
        assert Client().post(path).status_code in (302, 405)


def test_the_department_sees_times_shares_and_what_was_before(someone: Any, province: None) -> None:
    page = someone(Role.DEPARTMENT).get("/measures?weeks=4")
    text = words_of(page)
    assert "Transfers 9 To the answer 30 min 90%: 1 h 10 min n = 9" in text
    assert "To departure 45 min 90%: 1 h 15 min n = 7" in text
    assert "Closed 78% 7 of 9" in text
    assert "Whole when sent 56% 5 of 9" in text
    assert "Overdue" in text
    before = re.search(r"Before this system.*?304 .*?304 cases; nothing else was measured", text)
    assert before
    assert "12/01/2025 – 16/02/2025" in before[0]
    assert "No bed" in text
    for figure in re.findall(r"<figure.*?</figure>", page.content.decode(), re.DOTALL):
        drawing = ElementTree.fromstring(figure)
        assert drawing.find("svg").attrib["role"] == "img"
        assert drawing.find(".//table") is not None


def test_few_are_not_shown_apart_and_do_not_show_by_subtraction(someone: Any, province: None) -> None:
    rows = _sheet(someone(Role.DEPARTMENT).get("/measures/sheet?weeks=4"))
    by = {(row[0], row[1]): row for row in rows}
    assert by["all", ""][5] == "9"
    assert by["sender", "24004"][5] == by["sender", "24011"][5] == "<5"
    assert by["sender", "24011"][6:9] == ["<5", "", ""]
    assert by["receiver", "01929"][5] == "9"
    assert by["declined", "no-bed"][5] == "<5"


def _sheet(answer: Any) -> list[list[str]]:
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    content = answer.content.decode("utf-8")
    assert content.startswith("\ufeff")
    return list(csv.reader(io.StringIO(content.removeprefix("\ufeff"), newline="")))


def test_the_sheet_has_the_row_of_2025_first_and_each_figure_in_its_column(
    someone: Any, province: None
) -> None:
    browser = someone(Role.DEPARTMENT)
    answer = browser.get("/measures/sheet?weeks=4")
    head, before, *rows = _sheet(answer)
    assert len({len(row) for row in (head, before, *rows)}) == 1
    assert before[0] == "before"
    assert before[3:7] == ["2025-01-12", "2025-02-16", "304", ""]
    assert "nothing else was measured" in before[-1]
    whole = next(row for row in rows if row[0] == "all")
    assert whole[6:9] == ["9", "30", "70"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", whole[3])
    assert "attachment" in answer["Content-Disposition"]
    kinds = [event.action for event in audit.trail(action="measures-taken")]
    assert kinds == ["measures-taken"]
    browser.get("/measures")
    assert [event.page for event in audit.trail(action="measures")] == ["/measures"]


def test_a_name_is_never_a_formula(someone: Any, province: None) -> None:
    FacilityName.objects.filter(facility_id="01929").update(name_vi="=CMD()", name_en="=CMD()")
    directory.forget_names()
    try:
        rows = _sheet(someone(Role.DEPARTMENT).get("/measures/sheet?weeks=4"))
    finally:
        directory.forget_names()
    names = [row[2] for row in rows if row[0] == "receiver"]
    assert names == ["'=CMD()"]
    assert sheet.harmless("<5") == "<5"


@pytest.mark.parametrize(
    "query",
    [
        "from=abc&until=%00",
        "from=9999-99-99",
        "from=9999-12-31&until=9999-12-31",
        "from=0001-01-01&until=0001-01-01",
        "weeks=9999999999999",
        "weeks=-1",
        "urgency=<script>alert(1)</script>",
        "from=2030-01-01&until=2020-01-01",
        "page=²",
    ],
)
def test_strange_questions_get_an_ordinary_answer(someone: Any, province: None, query: str) -> None:
    browser = someone(Role.DEPARTMENT)
    for path in ("/measures", "/measures/sheet", "/measures/overdue"):
        answer = browser.get(f"{path}?{query}")
        assert answer.status_code == 200
        assert b"<script>alert" not in answer.content


def test_the_hub_lists_whom_an_overdue_transfer_waits_for(someone: Any, hub: None) -> None:
    directory.load_known()
    waiting = _loop(clock.now() - timedelta(hours=1), urgency="emergency")
    _loop(clock.now() - timedelta(hours=1), (State.CANCELLED, 2), urgency="emergency", code="other")
    browser = someone(Role.DEPARTMENT)
    text = words_of(browser.get("/measures/overdue"))
    assert waiting in text
    assert text.count("Bach Mai Hospital") >= 2
    assert "Received" in text
    assert "1 transfer waits for more than twice the time allowed" in words_of(browser.get("/measures"))


def test_an_empty_province_says_so(someone: Any, hub: None) -> None:
    text = words_of(someone(Role.DEPARTMENT).get("/measures"))
    assert "No transfer was sent in these weeks." in text
    assert "304 cases" in text


def test_a_head_sees_the_own_transfers_exactly_and_no_patient(someone: Any, hospitals: Any) -> None:
    now = clock.now() - timedelta(hours=5)
    transfer = Transfer.objects.create(
        loop=ids.new_id(),
        sender="24011",
        receiver="01929",
        patient="p1",
        patient_name=NAME,
        citizen="024160009999",
        diagnosis="Bệnh kín",
        urgency="emergency",
        started_by=NAME,
        begun_at=now,
        since=now,
        changed_at=now,
        state="sent",
    )
    steps = [
        taking.fixed(transfer, State.SENT, now, "24011", person=NAME),
        taking.fixed(transfer, State.RECEIVED, now + timedelta(minutes=1), "01929"),
        Step(
            id=ids.new_id(),
            transfer=transfer,
            kind="accepted",
            at=now + timedelta(minutes=7),
            place=3,
            facility="01929",
            data={"note": NAME},
        ),
    ]
    taking.add(transfer, steps)
    browser = someone(Role.HEAD)
    page, taken = browser.get("/measures"), browser.get("/measures/sheet")
    assert "To the answer 7 min 90%: 7 min n = 1" in words_of(page)
    assert "304 cases" in words_of(page)
    assert browser.get("/measures/overdue").status_code == 404
    for answer in (page, taken):
        for secret in (NAME, "024160009999", "Bệnh kín", transfer.loop, 'p1"'):
            assert secret not in answer.content.decode()
