"""Mail of notices through a real mail server, with the faults that real ones have."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings

from lienthong.access import audit
from lienthong.access.models import Account, Role
from lienthong.exchange import alerts
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.transfers import notices
from lienthong.transfers.models import Mail, MailAddress, MailLine
from lienthong.transfers.notices import addresses, mail, problems, sending, work
from lienthong.transfers.notices.reasons import Group
from lienthong.transfers.notices.smtp import Fault, Server
from notice_world import MAIL_PASSWORD, USER, AboutTransfer, MailServer, certificate, later, mail_server

pytestmark = pytest.mark.django_db
BY = audit.system("test")
HERE = "127.0.0.1"


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server(node: Any, pem: Path) -> Iterator[MailServer]:
    """A mail server with STARTTLS and sign-in, which this node uses."""
    with mail_server(pem, signs_in=True) as (running, port):
        node(
            smtp_url=f"smtp://{quote(USER)}:{quote(MAIL_PASSWORD, safe='')}@{HERE}:{port}",
            mail_from=f"Liên Thông <{USER}>",
            notices_ca=str(pem),
            pages_url="https://lt.benhvien.example/",
        )
        yield running


@pytest.fixture
def doctor(person: Any) -> Account:
    """A doctor with a verified address who wants everything."""
    account: Account = person("bs.hoa", Role.DOCTOR)
    _address(account)
    return account


def _address(account: Account, groups: str = "", own_only: bool = False) -> None:
    now = clock.now()
    MailAddress.objects.create(
        account=account,
        address=f"{account.username}@benhvien.example",
        asked_at=now,
        verified_at=now,
        groups=groups or "," + ",".join(Group.values) + ",",
        own_only=own_only,
    )


def _open_alerts() -> dict[str, str]:
    work.tell_trouble()
    return {alert.problem.code: alert.problem.en for alert in alerts.open_alerts()}


def _due_now() -> None:
    Mail.objects.filter(state="waiting").update(next_at=clock.now())


def test_a_notice_comes_by_mail_under_tls(server: MailServer, doctor: Account) -> None:
    notices.tell("new-emergency", AboutTransfer(urgency="emergency"))
    assert mail.work() == 1
    (message,) = server.taken
    assert server.to == [["bs.hoa@benhvien.example"]]
    assert server.encrypted == [True]
    assert message["Subject"] == (
        "[Liên Thông] Cấp cứu: Trung tâm Y tế huyện Sơn Động đang chuyển một người bệnh cấp cứu đến."
    )
    text = message.get_content()
    assert f"https://lt.benhvien.example/transfers/{'a' * 32}" in text
    assert "Thư không chứa thông tin người bệnh" in text
    assert message["Auto-Submitted"] == "auto-generated"
    assert Mail.objects.get().state == "done"
    assert mail.work() == 0


def test_a_person_who_reads_english_gets_english(server: MailServer, doctor: Account) -> None:
    Account.objects.filter(pk=doctor.pk).update(language="en")
    notices.tell("step-declined", AboutTransfer(sender="24011", receiver="01929"))
    mail.work()
    assert server.taken[0]["Subject"].startswith("[Liên Thông] Planned: Bach Mai Hospital declines;")
    assert "Nothing of the patient" in server.taken[0].get_content()


def test_who_gets_which_mail(server: MailServer, person: Any) -> None:
    chief = person("bs.an", Role.DOCTOR)
    _address(chief, ",overdue,")
    own = person("bs.binh", Role.DOCTOR)
    _address(own, ",steps,", own_only=True)
    it = person("cntt.minh", Role.IT)
    _address(it)
    closed = person("bs.chi", Role.DOCTOR)
    _address(closed)
    Account.objects.filter(pk=closed.pk).update(is_active=False)
    unsure = person("bs.dung", Role.DOCTOR)
    _address(unsure)
    MailAddress.objects.filter(account=unsure).update(verified_at=None)
    ours = AboutTransfer(sender="24011", receiver="01929", started_by=own.full_name)
    notices.tell("step-accepted", ours)
    notices.tell("step-accepted", AboutTransfer("b" * 32, "24011", "01929", started_by="Ai Khác"))
    notices.tell("overdue-owner", ours)
    told = set(MailLine.objects.values_list("account__username", "call__reason", "call__loop"))
    assert told == {("bs.an", "overdue-owner", "a" * 32), ("bs.binh", "step-accepted", "a" * 32)}


def test_one_mail_a_minute_but_emergencies_at_once(
    server: MailServer, doctor: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        notices.tell("new-transfer", AboutTransfer(f"{number:032d}"))
    assert mail.work() == 1
    assert server.taken[0]["Subject"] == "[Liên Thông] 3 thông báo về chuyển người bệnh"
    notices.tell("new-transfer", AboutTransfer("c" * 32))
    assert mail.work() == 0
    notices.tell("new-emergency", AboutTransfer("d" * 32, urgency="emergency"))
    assert mail.work() == 1
    assert server.taken[1]["Subject"] == "[Liên Thông] 2 thông báo về chuyển người bệnh, 1 cấp cứu"
    assert server.taken[1].get_content().index("Cấp cứu:") < server.taken[1].get_content().index(
        "Có kế hoạch:"
    )
    notices.tell("new-transfer", AboutTransfer("e" * 32))
    assert mail.work() == 0
    later(monkeypatch, seconds=61)
    assert mail.work() == 1


def test_while_mail_does_not_go_out_notices_gather_instead_of_mails(
    server: MailServer, doctor: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.faults["DATA"] = ["451 later"]
    for number in range(4):
        notices.tell("new-transfer", AboutTransfer(f"{number:032d}"))
        mail.bundle()
        if number == 0:
            mail.work()
        later(monkeypatch, minutes=2)
    assert Mail.objects.count() == 1
    mail.work()
    mail.work()
    assert [message["Subject"].split()[2] for message in server.taken] == ["Có", "3"]


def test_many_at_once_are_one_mail_of_bounded_length(server: MailServer, doctor: Account) -> None:
    for number in range(mail.MOST_LINES + 7):
        notices.tell("new-transfer", AboutTransfer(f"{number:032d}"))
    mail.work()
    text = server.taken[0].get_content()
    assert text.count("/transfers/") == mail.MOST_LINES
    assert "Và 7 thông báo khác: https://lt.benhvien.example/notices" in text


def test_without_a_mail_server_nothing_waits(doctor: Account) -> None:
    notices.tell("new-transfer", AboutTransfer())
    assert not MailLine.objects.exists()
    assert mail.work() == 0


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_what_a_server_puts_off_comes_later(server: MailServer, doctor: Account, verb: str) -> None:
    """451: greylisting and the like."""
    server.faults[verb] = ["451 4.7.1 Greylisted, try again"]
    notices.tell("new-transfer", AboutTransfer())
    assert mail.work() == 0
    row = Mail.objects.get()
    assert (row.state, row.fault, row.attempts) == ("waiting", "later", 1)
    assert row.next_at > clock.now()
    assert mail.work() == 0
    _due_now()
    assert mail.work() == 1
    assert len(server.taken) == 1


def test_an_address_that_does_not_exist_is_told_and_used_no_more(server: MailServer, doctor: Account) -> None:
    server.faults["RCPT"] = ["550 5.1.1 No such user"]
    notices.tell("new-transfer", AboutTransfer())
    mail.work()
    row = MailAddress.objects.get()
    assert row.verified_at is None
    assert "No such user" in row.refused
    assert Mail.objects.get().state == "given-up"
    assert "bs.hoa" in _open_alerts()[problems.ADDRESS]
    notices.tell("new-transfer", AboutTransfer("b" * 32))
    assert mail.work() == 0
    assert len(server.taken) == 0
    addresses.again(doctor)
    mail.work()
    code = re.match(r"\d{4} \d{4}", server.taken[0].get_content())
    assert code
    assert addresses.verify(doctor, code[0], by=BY)
    assert problems.ADDRESS not in _open_alerts()


def test_a_line_cut_in_the_middle_gives_the_same_mail_again(server: MailServer, doctor: Account) -> None:
    """The server took it and hung up before saying so: at least once, under one Message-ID, with one content."""
    server.drops = 1
    notices.tell("new-transfer", AboutTransfer())
    assert mail.work() == 0
    assert Mail.objects.get().fault == "broken"
    _due_now()
    assert mail.work() == 1
    first, second = server.taken
    assert first["Message-ID"] == second["Message-ID"]
    assert first.as_bytes() == second.as_bytes()


def test_after_a_broken_line_the_next_mail_has_a_new_one(
    server: MailServer, doctor: Account, person: Any
) -> None:
    _address(person("bs.an", Role.DOCTOR))
    server.drops = 1
    notices.tell("new-transfer", AboutTransfer())
    assert mail.work() == 1
    assert len(server.taken) == 2


def test_a_server_that_is_away_is_tried_once_not_once_for_each_mail(
    server: MailServer, doctor: Account, person: Any, monkeypatch: pytest.MonkeyPatch, node: Any
) -> None:
    _address(person("bs.an", Role.DOCTOR))
    notices.tell("new-transfer", AboutTransfer())
    address = settings.NODE.smtp_url
    node(smtp_url=f"smtp://{HERE}:9")
    tries = []
    monkeypatch.setattr(Server, "_open", lambda self, real=Server._open: (tries.append(1), real(self))[1])
    assert mail.work() == 0
    assert tries == [1]
    assert set(Mail.objects.values_list("state", "fault")) == {("waiting", "unreachable")}
    assert not _open_alerts()
    Mail.objects.update(made_at=clock.now() - sending.TELL_AFTER - timedelta(seconds=1))
    assert "cannot be reached" in _open_alerts()[problems.MAIL]
    node(smtp_url=address)
    _due_now()
    assert mail.work() == 2
    assert not _open_alerts()


def test_after_a_day_it_is_given_up_and_a_person_is_told(
    server: MailServer, doctor: Account, monkeypatch: pytest.MonkeyPatch, node: Any
) -> None:
    notices.tell("new-transfer", AboutTransfer())
    node(smtp_url=f"smtp://{HERE}:9")
    mail.work()
    later(monkeypatch, hours=25)
    mail.work()
    assert Mail.objects.get().state == "given-up"
    assert "1 mails are older than a day" in _open_alerts()[problems.MAIL]
    later(monkeypatch, hours=25)
    assert not _open_alerts(), "told for a day"


@pytest.mark.parametrize(
    ("change", "fault", "word"),
    [
        ({"password": "falsch"}, Fault.SIGN_IN, "user name or password"),
        ({"notices_ca": ""}, Fault.TLS, "TLS"),
        ({"notices_ca": "/nowhere.pem"}, Fault.TLS, "TLS"),
        ({"host": "localhost"}, Fault.TLS, "TLS"),
    ],
)
def test_what_is_set_up_wrongly_is_told_in_plain_words_without_the_password(
    server: MailServer,
    doctor: Account,
    node: Any,
    change: dict[str, str],
    fault: Fault,
    word: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = settings.NODE.smtp_url
    if "password" in change:
        url = url.replace(quote(MAIL_PASSWORD, safe=""), change["password"])
    if "host" in change:
        url = url.replace(HERE, change["host"])
    node(smtp_url=url, notices_ca=change.get("notices_ca", settings.NODE.notices_ca))
    notices.tell("new-transfer", AboutTransfer())
    mail.work()
    assert Mail.objects.get().fault == fault
    Mail.objects.update(made_at=clock.now() - timedelta(hours=1))
    told = _open_alerts()[problems.MAIL]
    assert word in told
    kept = caplog.text + str([alert.problem for alert in alerts.open_alerts()]) + str(Mail.objects.values())
    assert MAIL_PASSWORD not in kept
    assert quote(MAIL_PASSWORD, safe="") not in kept
    assert not server.taken


def test_no_mail_without_tls_to_another_machine(doctor: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server (or somebody in between) without STARTTLS gets neither password nor mail, unless it is this machine."""
    with mail_server(None) as (running, port):
        near = Server(f"smtp://{HERE}:{port}", USER)
        assert near.send(_mail(), "a@benhvien.example") == (None, "")
        near.close()
        monkeypatch.setattr("lienthong.transfers.notices.smtp._on_this_machine", lambda host: False)
        far = Server(f"smtp://{USER.replace('@', '%40')}:geheim@{HERE}:{port}", USER)
        assert far.send(_mail(), "a@benhvien.example")[0] is Fault.TLS
        assert len(running.taken) == 1


def _mail() -> Any:
    from email.message import EmailMessage

    message = EmailMessage()
    message["Subject"] = "x"
    message.set_content("y")
    return message


def test_smtps_is_encrypted_from_the_first_byte(pem: Path) -> None:
    """Here only that no word is said in the clear: a server that awaits plain text is no SMTPS server."""
    with mail_server(pem) as (running, port):
        server = Server(f"smtps://{HERE}:{port}", USER, str(pem), seconds=5)
        assert server.send(_mail(), "a@benhvien.example")[0] is Fault.TLS
        assert not running.taken


# The address


def test_an_address_counts_once_its_code_was_typed_in(server: MailServer, person: Any) -> None:
    account = person("bs.hoa", Role.DOCTOR)
    assert addresses.choose(account, "hoa@benhvien.example", ["new", "nonsense"], False, by=BY)
    notices.tell("new-transfer", AboutTransfer())
    mail.work()
    (message,) = server.taken
    code = message.get_content().split("\n")[0]
    assert not addresses.verify(account, "0000 0000", by=BY)
    assert addresses.verify(account, code, by=BY)
    row = MailAddress.objects.get()
    assert (row.groups, row.verified_at is not None) == (",new,", True)
    assert not addresses.choose(account, "hoa@benhvien.example", ["overdue"], True, by=BY), (
        "the same needs no new code"
    )
    assert MailAddress.objects.get().verified_at is not None
    assert addresses.choose(account, "khac@benhvien.example", ["overdue"], True, by=BY)
    assert MailAddress.objects.get().verified_at is None
    assert not addresses.verify(account, code, by=BY), "the code of another address"


def test_five_wrong_codes_or_half_an_hour_end_a_code(
    server: MailServer, person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = person("bs.hoa", Role.DOCTOR)
    addresses.choose(account, "hoa@benhvien.example", ["new"], False, by=BY)
    mail.work()
    code = server.taken[0].get_content().split("\n")[0]
    for _ in range(addresses.MOST_TRIES):
        assert not addresses.verify(account, "1", by=BY)
    assert not addresses.verify(account, code, by=BY)
    addresses.again(account)
    mail.work()
    code = server.taken[1].get_content().split("\n")[0]
    later(monkeypatch, minutes=31)
    assert not addresses.verify(account, code, by=BY)


def test_nobody_is_flooded_with_codes(server: MailServer, person: Any) -> None:
    account = person("bs.hoa", Role.DOCTOR)
    for number in range(addresses.MOST_CODES):
        addresses.choose(account, f"a{number}@benhvien.example", ["new"], False, by=BY)
    with pytest.raises(LienThongError, match="too-many-codes"):
        addresses.choose(account, "b@benhvien.example", ["new"], False, by=BY)
    assert MailAddress.objects.get().address == f"a{addresses.MOST_CODES - 1}@benhvien.example"


@pytest.mark.parametrize(
    "address",
    [
        "nobody",
        "a@b",
        "a@b.example\nBcc: c@d.example",
        "a b@c.example",
        "hòa@benhvien.example",
        "a@" + "b" * 300,
    ],
)
def test_what_is_no_address_is_refused(person: Any, address: str) -> None:
    with pytest.raises(LienThongError, match="no-address"):
        addresses.choose(person("bs.hoa", Role.DOCTOR), address, ["new"], False, by=BY)


def test_whoever_takes_his_address_away_gets_nothing_more(server: MailServer, doctor: Account) -> None:
    notices.tell("new-transfer", AboutTransfer())
    mail.bundle()
    notices.tell("new-transfer", AboutTransfer("b" * 32))
    addresses.choose(doctor, " ", [], False, by=BY)
    assert mail.work() == 0
    assert not server.taken


def test_every_change_is_in_the_trail(person: Any) -> None:
    account = person("bs.hoa", Role.DOCTOR)
    addresses.choose(account, "hoa@benhvien.example", ["new"], False, by=BY)
    addresses.verify(account, addresses._code(MailAddress.objects.get()), by=BY)
    addresses.choose(account, "hoa@benhvien.example", ["steps"], False, by=BY)
    addresses.choose(account, "", [], False, by=BY)
    assert [event.action for event in audit.trail(person="system:test", limit=4)] == [
        "mail-address-removed",
        "mail-reasons-chosen",
        "mail-address-verified",
        "mail-address-entered",
    ]


KILLED = """
import os, signal, sys
from pathlib import Path
from lienthong.config import setup
setup.use(Path(sys.argv[1]))
from django.db import connection
connection.settings_dict["NAME"] = DATABASE
from lienthong.transfers.notices import mail, sending
sending._done = lambda row: os.kill(os.getpid(), signal.SIGKILL)
mail.work()
"""


@pytest.mark.django_db(transaction=True)
def test_killed_between_sending_and_writing_it_down_the_same_mail_comes_again(
    server: MailServer, doctor: Account
) -> None:
    notices.tell("new-transfer", AboutTransfer())
    home = settings.NODE.home
    words = {
        name: getattr(settings.NODE, name) for name in ("smtp_url", "mail_from", "notices_ca", "pages_url")
    }
    told = home / "lienthong.toml"
    before = told.read_text("utf-8")
    told.write_text(before + "".join(f"{name} = {value!r}\n" for name, value in words.items()), "utf-8")
    script = KILLED.replace("DATABASE", repr(str(settings.DATABASES["default"]["NAME"])))
    environment = {**os.environ, "PYTHONPATH": str(Path(mail.__file__).parents[3])}
    try:
        done = subprocess.run(
            [sys.executable, "-c", script, str(home)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        told.write_text(before, "utf-8")
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(server.taken) == 1
    assert Mail.objects.get().state == "waiting"
    assert mail.work() == 0, "another process might still be at it"
    _due_now()
    assert mail.work() == 1
    first, second = server.taken
    assert first["Message-ID"] == second["Message-ID"]
    assert first.as_bytes() == second.as_bytes()
