"""What needs attention, the one search box, the journey of a message, sending again, as each role meets them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from lienthong import exchange, records
from lienthong.access import audit
from lienthong.access.models import Role
from lienthong.connectors.his_xml.models import DossierVersion, Export
from lienthong.exchange import alerts
from lienthong.foundation import clock, ids
from lienthong.foundation.errors import Problem
from lienthong.transfers.models import State, Step, Transfer
from pages import words_of

pytestmark = pytest.mark.django_db
PASSWORD = "Song Cầu nước chảy 2025"
SHA = "cd" * 32
LOOP = "7" * 32
PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"text": "Giáp Thị Mẫu"}],
    "identifier": [
        {"system": "urn:cccd", "value": "024160001234"},
        {"system": "urn:bhyt", "value": "GD4240012345678"},
        {"system": "urn:ma-bn", "value": "BN-77"},
    ],
}


def _put(loop: str = LOOP, content: bytes = b"{}") -> str:
    part = exchange.Part("bundle", "application/fhir+json", content)
    return exchange.put("01929", "transfer", loop, body={}, parts=[part], basis="referral-duty")


def _set(message: str, **values: str) -> None:
    with connection.cursor() as cursor:
        for name, value in values.items():
            cursor.execute(f"UPDATE exchange_message SET {name} = %s WHERE message = %s", (value, message))


@pytest.fixture
def sent(someone: Any, hospitals: Any) -> str:
    """A patient of this node whose dossier came in a file, was sent and was seen by a doctor of the other hospital."""
    records.transact([PATIENT], origin="his-xml/24011/LK77", actor=audit.system("test"))
    now = clock.now()
    file = Export.objects.create(sha256=SHA, name="xuat-77.xml", size=1, taken_at=now, state="done", stored=1)
    DossierVersion.objects.create(
        facility="24011",
        ma_lk="LK77",
        number=1,
        export=file,
        position=1,
        start=0,
        length=1,
        content=SHA,
        at=now,
    )
    transfer = Transfer.objects.create(
        loop=LOOP,
        sender="24011",
        receiver="01929",
        ma_lk="LK77",
        slip="CT-0077",
        patient="p1",
        patient_name="Giáp Thị Mẫu",
        started_by="Vi Văn Tin",
        state=State.SEEN,
        left_at=now,
        begun_at=now,
        since=now,
        changed_at=now,
    )
    message = _put()
    steps = [(State.SENT, "Vi Văn Tin", "24011", message), (State.SEEN, "BS Đỗ Thị Thu", "01929", "")]
    for kind, who, where, by in steps:
        Step.objects.create(
            id=ids.new_id(),
            transfer=transfer,
            kind=kind,
            place=1,
            at=clock.now(),
            person=who,
            facility=where,
            message=by,
        )
    return message


def test_an_alert_is_told_with_its_steps_and_counted_in_the_head(someone: Any) -> None:
    client = someone(Role.IT)
    assert "Không có việc gì cần xử lý." in words_of(client.get("/attention"))
    assert 'class="count"' not in client.get("/it").content.decode()
    problem = Problem(
        "test-line", "Mất <b>mạng</b>.", "The line is down.", "Cắm dây.\nGọi nhà mạng.", "Plug.\nCall."
    )
    for _ in range(3):
        alerts.raise_alert(problem)
    page = client.get("/attention").content.decode()
    assert "Mất &lt;b&gt;mạng&lt;/b&gt;." in page
    assert "<li>Cắm dây.</li><li>Gọi nhà mạng.</li>" in page
    assert "3 lần" in words_of(client.get("/attention"))
    assert '<span class="count">1</span>' in client.get("/it").content.decode()
    client.post("/language", {"language": "en", "next": "/"})
    page = words_of(client.get("/attention"))
    assert "The line is down." in page
    assert "3 times" in page
    alerts.clear("test-line")
    assert "Nothing needs attention." in words_of(client.get("/attention"))


def test_messages_of_one_cause_stand_together(someone: Any, hospitals: Any) -> None:
    client = someone(Role.IT)
    ids = [_put(f"loop-{n}") for n in range(12)]
    for message in ids:
        _set(message, state="set-aside")
        alerts.raise_alert(
            Problem("exchange-set-aside", "Đặt riêng.", "Aside.", where={"reason": "exchange-part-lost"}),
            message,
        )
    page = client.get("/attention").content.decode()
    assert page.count("Đặt riêng.") == 1
    assert page.count('href="/messages/') == 10
    assert "xem cả 12" in words_of(client.get("/attention"))
    assert '<span class="count">1</span>' in page


@pytest.mark.usefixtures("hub")
def test_the_department_sees_at_the_hub_what_needs_attention(someone: Any) -> None:
    alerts.raise_alert(Problem("test-x", "Một đơn vị im lặng.", "A unit is silent."))
    client = someone(Role.DEPARTMENT)
    assert "Một đơn vị im lặng." in words_of(client.get("/attention"))


@pytest.mark.parametrize(
    "number",
    ["p1", "024160001234", "gd4 2400 1234 5678", "BN-77", "CT-0077", "LK77", "xuat-77.xml", SHA[:8]],
)
def test_every_number_leads_to_the_transfer(someone: Any, sent: str, number: str) -> None:
    for role in (Role.IT, Role.DOCTOR):
        page = someone(role).get("/search", {"q": number})
        assert page.status_code == 200
        assert sent[-8:] in page.content.decode(), (role, number)
        assert "Giáp Thị Mẫu" not in page.content.decode(), "numbers lead to journeys, not to names"
        assert ("/it/exports/" + SHA in page.content.decode()) == (
            role is Role.IT and number in ("LK77", "xuat-77.xml", SHA[:8])
        )


def test_a_message_or_hash_leads_straight_to_its_journey(someone: Any, sent: str) -> None:
    client = someone(Role.IT)
    way = client.get(f"/messages/{sent}").content.decode()
    manifest = re.search(r"<code>([0-9a-f]{64})</code>", way)
    assert manifest
    part = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"  # of b"{}"
    for text in (LOOP, sent, sent[:20], manifest[1], manifest[1][:9].upper(), part[:12]):
        assert client.get("/search", {"q": text}).headers["Location"] == f"/messages/{sent}", text


def test_a_search_for_a_patient_is_in_the_trail(someone: Any, sent: str) -> None:
    someone(Role.IT).get("/search", {"q": "024160001234"})
    (event,) = audit.trail(action="search", limit=5)
    assert (event.person, event.patient, event.detail["text"]) == ("it", "p1", "024160001234")


@pytest.mark.usefixtures("hub")
def test_the_hub_looks_up_no_patients(someone: Any) -> None:
    records.transact([PATIENT], origin="his-xml/24011/LK77", actor=audit.system("test"))
    client = someone(Role.DEPARTMENT)
    assert "không biết người bệnh" in words_of(client.get("/search", {"q": "024160001234"}))
    assert audit.trail(action="search", limit=5) == []


def test_the_journey_shows_both_sides_and_who(someone: Any, sent: str) -> None:
    page = words_of(someone(Role.IT).get(f"/messages/{sent}"))
    assert "Đưa vào hàng chờ gửi Vi Văn Tin" in page
    assert "Đã xem BS Đỗ Thị Thu" in page
    assert page.index("Vi Văn Tin") < page.index("BS Đỗ Thị Thu")
    assert "Bệnh viện Bạch Mai" in page


@pytest.mark.parametrize("text", ["' OR 1=1 --", "%", "_" * 40, "<script>", "\x00", "zzzzzz", " "])
def test_what_is_no_number_finds_nothing(someone: Any, sent: str, text: str) -> None:
    page = someone(Role.IT).get("/search", {"q": text})
    assert page.status_code == 200
    assert sent[-8:] not in page.content.decode()


def test_unknown_messages_are_not_found(someone: Any) -> None:
    client = someone(Role.IT)
    for path in ("/messages/" + "0" * 32, "/messages/x"):
        assert client.get(path).status_code == 404
        assert client.post(f"{path}/again").status_code == 404


def test_it_sends_again_or_gives_up(someone: Any, sent: str) -> None:
    client = someone(Role.IT)
    assert "Gửi lại" not in words_of(client.get(f"/messages/{sent}"))
    other = _put("loop-2")
    for message in (sent, other):
        _set(message, state="set-aside")
    assert "Gửi lại" in words_of(client.get(f"/messages/{sent}"))
    new = client.post(f"/messages/{sent}/again").headers["Location"].removeprefix("/messages/")
    assert new != sent
    page = words_of(client.get(f"/messages/{sent}"))
    assert "Đã gửi lại thành gói tin khác" in page
    assert new[-8:] in page
    assert "Gửi lại" not in words_of(client.get(f"/messages/{new}"))
    refused = client.post(f"/messages/{other}/give-up", {"why": "vì"}, follow=True)
    assert "Cần ghi lý do" in words_of(refused)
    client.post(f"/messages/{other}/give-up", {"why": "Người bệnh không chuyển nữa"})
    assert "Thôi xử lý" in words_of(client.get(f"/messages/{other}"))
    events = {
        (e.action, e.detail["message"]): e
        for e in audit.trail(person="it", limit=20)
        if "message" in e.detail
    }
    assert events["message-again", sent].detail["as"] == new
    assert events["message-given-up", other].why == "Người bệnh không chuyển nữa"


def test_only_it_decides(someone: Any, sent: str) -> None:
    _set(sent, state="set-aside")
    client = someone(Role.DOCTOR)
    assert "Gửi lại" not in words_of(client.get(f"/messages/{sent}"))
    assert client.post(f"/messages/{sent}/again").status_code == 403
    assert client.post(f"/messages/{sent}/give-up", {"why": "không cần nữa"}).status_code == 403


def test_what_happened_once_is_closed_by_a_person(someone: Any) -> None:
    client = someone(Role.IT)
    alerts.raise_alert(Problem("exchange-fork", "Chuỗi rẽ nhánh.", "A fork."), "24004")
    alerts.raise_alert(Problem("test-line", "Mất mạng.", "Down."))
    assert client.get("/attention").content.decode().count("Đã xử lý, đóng lại") == 1
    assert client.post("/attention/noted", {"code": "test-line"}).status_code == 404
    client.post("/attention/noted", {"code": "exchange-fork", "about": "24004"})
    assert [alert.problem.code for alert in alerts.open_alerts()] == ["test-line"]
    (event,) = audit.trail(action="alert-noted", limit=5)
    assert event.detail == {"code": "exchange-fork", "about": "24004"}


def test_a_page_without_room_says_so(someone: Any, sent: str) -> None:
    client = someone(Role.IT)
    _set(sent, state="set-aside")
    before = settings.NODE
    settings.NODE = replace(before, reserve_mb=1 << 40)
    try:
        assert "Ổ đĩa của máy chủ sắp đầy" in words_of(client.get("/attention")), (
            "told though nobody wrote it down"
        )
        assert '<span class="count">1</span>' in client.get("/it").content.decode()
        told = client.post(f"/messages/{sent}/again", follow=True)
        assert "Ổ đĩa của máy chủ sắp đầy" in words_of(told)
    finally:
        settings.NODE = before
