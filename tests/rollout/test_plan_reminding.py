"""Reminders by mail: to whom, how often, what stands in them, and what is told when they do not go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from lienthong.access import audit
from lienthong.access.models import Account, Role
from lienthong.foundation import clock
from lienthong.rollout.changes import batch
from lienthong.rollout.plan import reminding, seed
from lienthong.transfers.models import Mail, MailAddress
from lienthong.transfers.notices import addresses, sending
from notice_world import MailServer, mail_server

pytestmark = pytest.mark.django_db
MORNING = datetime(2025, 3, 10, 7, 5, tzinfo=clock.VIETNAM)
UNIT = "24004"
Clock = Callable[[datetime], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Clock:
    def is_now(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    is_now(MORNING)
    return is_now


@pytest.fixture
def server(node: Any, at: Clock) -> Iterator[MailServer]:
    with mail_server(None) as (running, port):
        node(
            role="hub",
            facility="SYT-24",
            smtp_url=f"smtp://127.0.0.1:{port}",
            mail_from="Liên Thông <lt@syt.example>",
            pages_url="https://board.example",
        )
        yield running


@pytest.fixture
def case(server: MailServer, person: Any) -> MailServer:
    """The province's tasks of 18 February 2025 and the mail server of the Department."""
    with batch(audit.system("seed"), "seed") as one:
        seed.load(one)
    return server


def _wants(account: Account) -> Account:
    now = clock.now()
    MailAddress.objects.create(
        account=account,
        address=f"{account.username}@syt.example",
        asked_at=now,
        verified_at=now,
        groups=f",{addresses.PLAN},",
    )
    return account


def _round() -> int:
    reminding.queue()
    return sending.work()


def test_one_mail_a_day_with_what_presses(case: MailServer, person: Any, at: Clock) -> None:
    _wants(person("cb.so", Role.DEPARTMENT))
    at(MORNING.replace(hour=6))
    assert _round() == 0, "not before seven"
    at(MORNING)
    assert _round() == 1
    at(MORNING + timedelta(hours=9))
    assert _round() == 0
    at(MORNING + timedelta(days=1))
    assert _round() == 1
    (first, _second) = case.taken
    assert first["Subject"].startswith("[Liên Thông] Nhắc việc triển khai ngày 10/03/2025: ")
    text = first.get_content()
    assert "ĐẾN HẠN TRONG 7 NGÀY" in text
    assert "T02. " in text
    assert "hạn 15/03/2025" in text
    assert "https://board.example/board/plan/tasks/T02" in text


def test_each_gets_what_he_may_read_in_his_language(case: MailServer, person: Any, at: Clock) -> None:
    at(datetime(2026, 1, 5, 8, 0, tzinfo=clock.VIETNAM))
    Account.objects.filter(pk=_wants(person("ca.tinh", Role.POLICE)).pk).update(language="en")
    _wants(person("to.son-dong", (Role.UNIT, UNIT)))
    _wants(person("nha.cc", (Role.VENDOR, "songthuong")))
    _wants(person("cb.so", Role.DEPARTMENT))
    closed = _wants(person("cu", Role.DEPARTMENT))
    Account.objects.filter(pk=closed.pk).update(is_active=False)
    unsure = _wants(person("chua", Role.DEPARTMENT))
    MailAddress.objects.filter(account=unsure).update(verified_at=None)
    _round()
    bodies = {message["To"]: message.get_content() for message in case.taken}
    assert set(bodies) == {"ca.tinh@syt.example", "cb.so@syt.example"}, "the unit has no task of its own"
    assert "OVERDUE" in bodies["ca.tinh@syt.example"]
    assert "T02. " in bodies["cb.so@syt.example"]
    assert "T02. " not in bodies["ca.tinh@syt.example"]


def test_mail_that_does_not_go_is_an_alert_and_comes_once_the_server_is_back(
    case: MailServer, person: Any, node: Any, at: Clock
) -> None:
    from django.conf import settings

    _wants(person("cb.so", Role.DEPARTMENT))
    right = settings.NODE.smtp_url
    node(smtp_url="smtp://127.0.0.1:9")
    assert _round() == 0
    assert sending.trouble()["notices-mail"] == {}, "not told at the first failure"
    at(MORNING + sending.TELL_AFTER + timedelta(minutes=1))
    assert "" in sending.trouble()["notices-mail"]
    node(smtp_url=right)
    assert _round() == 1
    assert sending.trouble()["notices-mail"] == {}


def test_nothing_is_made_until_mail_is_set_up(case: MailServer, person: Any, node: Any) -> None:
    _wants(person("cb.so", Role.DEPARTMENT))
    node(smtp_url="")
    assert reminding.queue() == 0
    assert not Mail.objects.exists()
