"""Hooks through a real HTTP server: what is sent, how it is verified, what a slow or hostile one can do."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from lienthong.access import audit
from lienthong.exchange import alerts
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.transfers import notices
from lienthong.transfers.models import Hook, HookCall
from lienthong.transfers.notices import hooks, problems, targets, work
from lienthong.transfers.notices.reasons import Group
from notice_world import AboutTransfer, Messenger, certificate, later, messenger, status

pytestmark = pytest.mark.django_db
BY = audit.system("test")
ALL = list(Group.values)
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "notices.md"


@pytest.fixture
def node(db: None, node: Callable[..., None]) -> Callable[..., None]:
    """The same, at a node that knows its directory."""
    directory.load_known()
    return node


@pytest.fixture
def there(node: Any) -> Iterator[tuple[Messenger, Hook]]:
    """A messenger of the unit's own network, and the hook to it."""
    with messenger() as (running, port):
        node(hook_hosts="127.0.0.1", pages_url="https://lt.benhvien.example")
        hook, _ = hooks.make("Trực cấp cứu", f"http://127.0.0.1:{port}/in?room=7", ALL, by=BY)
        yield running, hook


def _due_now() -> None:
    HookCall.objects.filter(state="waiting").update(next_at=clock.now())


def _alerts() -> dict[str, str]:
    work.tell_trouble()
    return {alert.about: alert.problem.en for alert in alerts.open_alerts()}


def test_a_notice_is_posted_and_can_be_verified(there: tuple[Messenger, Hook]) -> None:
    told, hook = there
    notices.tell("new-emergency", AboutTransfer(urgency="emergency"))
    assert hooks.work() == 1
    (call,) = told.calls
    body = json.loads(call.body)
    row = HookCall.objects.get()
    assert call.path == "/in?room=7"
    assert body == {
        "id": row.id,
        "reason": "new-emergency",
        "urgency": "emergency",
        "facility": "24011",
        "other": "24004",
        "loop": "a" * 32,
        "at": body["at"],
        "text_vi": "Trung tâm Y tế huyện Sơn Động đang chuyển một người bệnh cấp cứu đến.",
        "text_en": "Son Dong District Medical Centre is sending us an emergency.",
        "url": f"https://lt.benhvien.example/transfers/{'a' * 32}",
        "text": f"{body['text_vi']} {body['url']}",
    }
    assert call.headers["idempotency-key"] == row.id
    assert call.headers["content-type"] == "application/json; charset=utf-8"
    found = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", call.headers["x-lienthong-signature"])
    assert found
    wanted = hmac.new(hooks.secret(hook).encode(), f"{found[1]}.".encode() + call.body, hashlib.sha256)
    assert wanted.hexdigest() == found[2]
    assert (row.state, row.status) == ("done", 204)


def test_the_reference_has_a_right_example() -> None:
    """The test vector of the reference is what this program would send."""
    text = REFERENCE.read_text("utf-8")
    found = {
        name: re.search(rf"^{name}: `(.*)`$", text, re.M) for name in ("secret", "time", "body", "header")
    }
    values = {name: match[1] for name, match in found.items() if match}
    assert len(values) == 4
    assert hooks.signature(values["secret"], int(values["time"]), values["body"].encode()) == values["header"]


@pytest.mark.parametrize(
    ("code", "fault"),
    [(500, "status"), (404, "status"), (301, "redirect"), (302, "redirect"), (307, "redirect")],
)
def test_what_is_not_taken_is_tried_again_the_same_and_nothing_is_followed(
    there: tuple[Messenger, Hook], code: int, fault: str
) -> None:
    told, _ = there
    told.answers.append(status(code, b"no <b>\x00\n", Location="/elsewhere"))
    notices.tell("new-transfer", AboutTransfer())
    assert hooks.work() == 0
    row = HookCall.objects.get()
    assert (row.state, row.status, row.fault, row.answer) == ("waiting", code, fault, "no <b>")
    assert row.next_at > clock.now()
    assert hooks.work() == 0, "not yet"
    _due_now()
    assert hooks.work() == 1
    first, second = told.calls
    assert first.path == second.path == "/in?room=7"
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


def test_a_server_that_fails_is_not_asked_again_for_each_delivery_that_waits(
    there: tuple[Messenger, Hook],
) -> None:
    told, _ = there
    told.answers += [status(503)] * 9
    for number in range(30):
        notices.tell("new-transfer", AboutTransfer(f"{number:032d}"))
    for _ in range(3):
        assert hooks.work() == 0
    assert len(told.calls) == 1
    assert not HookCall.objects.filter(next_at__lte=clock.now()).exists()


def test_a_failing_hook_waits_with_all_its_calls_and_the_others_go_on(there: tuple[Messenger, Hook]) -> None:
    told, _ = there
    with messenger() as (other, port):
        hooks.make("Khác", f"http://127.0.0.1:{port}/", ALL, by=BY)
        told.answers += [status(500), status(500), status(500)]
        for number in range(3):
            notices.tell("new-transfer", AboutTransfer(f"{number:032d}"))
        assert hooks.work() == 3
        assert (len(told.calls), len(other.calls)) == (1, 3)


def test_a_slow_one_is_cut_off(there: tuple[Messenger, Hook], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that sends a byte now and then, for ever."""
    told, _ = there
    stop = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while not stop.wait(0.05):
            try:
                handler.wfile.write(b"y")
            except OSError:
                return

    monkeypatch.setattr(hooks, "SECONDS", 0.6)
    told.answers.append(drip)
    notices.tell("new-transfer", AboutTransfer())
    try:
        assert hooks.work() == 0
    finally:
        stop.set()
    assert HookCall.objects.get().fault == "slow"


def test_one_that_never_ends_its_handshake_is_cut_off_too(node: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "SECONDS", 0.6)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        node(hook_hosts="127.0.0.1")
        hook, _ = hooks.make("x", f"https://127.0.0.1:{silent.getsockname()[1]}/", ALL, by=BY)
        assert hooks.test(hook, by=BY).fault == "slow"


def test_of_a_big_answer_little_is_read(there: tuple[Messenger, Hook]) -> None:
    told, _ = there
    told.answers.append(status(200, b"x" * 50_000_000))
    notices.tell("new-transfer", AboutTransfer())
    assert hooks.work() == 1
    assert HookCall.objects.get().answer == "x" * 300


def test_endless_headers_and_nonsense_are_a_fault_and_no_more(there: tuple[Messenger, Hook]) -> None:
    told, _ = there

    def many(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(
            b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(500)) + b"\r\n"
        )

    def nonsense(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"220 smtp ready\r\n")

    told.answers += [many, nonsense]
    for number in range(2):
        notices.tell("new-transfer", AboutTransfer(f"{number:032d}"))
        assert hooks.work() == 0
        assert HookCall.objects.get(state="waiting").fault == "unreachable"
        HookCall.objects.all().delete()


def test_after_ten_minutes_a_person_is_told_and_after_a_day_it_is_given_up(
    there: tuple[Messenger, Hook], monkeypatch: pytest.MonkeyPatch
) -> None:
    told, hook = there
    told.answers += [status(503)] * 2
    notices.tell("new-transfer", AboutTransfer())
    hooks.work()
    assert not _alerts()
    later(monkeypatch, minutes=11)
    assert "HTTP 503" in _alerts()[hook.id]
    later(monkeypatch, hours=24)
    hooks.work()
    assert HookCall.objects.get().state == "given-up"
    assert "1 notices are older than a day" in _alerts()[hook.id]
    notices.tell("new-transfer", AboutTransfer("b" * 32))
    assert hooks.work() == 1
    later(monkeypatch, hours=25)
    assert not _alerts()


def test_when_the_process_dies_in_the_middle_it_goes_again_with_the_same_id(
    there: tuple[Messenger, Hook], monkeypatch: pytest.MonkeyPatch
) -> None:
    told, _ = there
    notices.tell("new-transfer", AboutTransfer())
    with monkeypatch.context() as patch:
        patch.setattr(hooks, "_done", _die)
        with pytest.raises(SystemExit):
            hooks.work()
    assert hooks.work() == 0, "another process might still be at it"
    later(monkeypatch, minutes=3)
    assert hooks.work() == 1
    assert len({call.headers["idempotency-key"] for call in told.calls}) == 1
    assert len(told.calls) == 2


def _die(*_: object) -> None:
    raise SystemExit


def test_only_chosen_reasons_are_told(there: tuple[Messenger, Hook]) -> None:
    _, hook = there
    hooks.change(hook, hook.name, hook.url, ["overdue"], by=BY)
    notices.tell("new-transfer", AboutTransfer())
    notices.tell("overdue-owner", AboutTransfer())
    assert list(HookCall.objects.values_list("reason", flat=True)) == ["overdue-owner"]


def test_a_new_secret_ends_the_old_one_and_stands_in_no_table(there: tuple[Messenger, Hook]) -> None:
    told, hook = there
    old = hooks.secret(hook)
    new = hooks.renew(hook, by=BY)
    assert old != new
    assert new == hooks.secret(Hook.objects.get())
    assert not {old, new} & {str(value) for value in Hook.objects.values()[0].values()}
    hooks.test(hook, by=BY)
    moment, digest = re.findall(r"=([0-9a-f]+)", told.calls[0].headers["x-lienthong-signature"])
    assert hooks.signature(new, int(moment), told.calls[0].body) == f"t={moment},v1={digest}"
    kept = str([(event.why, event.detail) for event in audit.trail(limit=20)])
    assert old not in kept
    assert new not in kept


def test_a_test_shows_the_answer_and_is_not_repeated(there: tuple[Messenger, Hook]) -> None:
    told, hook = there
    told.answers += [status(401, "Sai chữ ký".encode())]
    call = hooks.test(hook, by=BY)
    assert (call.status, call.fault, call.answer) == (401, "status", "Sai chữ ký")
    assert json.loads(told.calls[0].body)["reason"] == "test"
    _due_now()
    assert hooks.work() == 0
    assert hooks.test(hook, by=BY).fault == ""
    assert not _alerts()


def test_under_tls_the_certificate_must_be_right(node: Any, tmp_path: Path) -> None:
    with messenger(certificate(tmp_path)) as (told, port):
        node(hook_hosts="127.0.0.1")
        hook, _ = hooks.make("TLS", f"https://127.0.0.1:{port}/", ALL, by=BY)
        assert hooks.test(hook, by=BY).fault == "tls"
        node(notices_ca=str(tmp_path / "server.pem"))
        assert hooks.test(hook, by=BY).fault == ""
        assert len(told.calls) == 1


# Where a hook may go


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:a00:1::]/",
        "https://[fe80::1%25eth0]/",
        "https://10.0.0.5/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://user:secret@93.184.216.34/",
        "https://93.184.216.34/#x",
        "https://93.184.216.34/ x",
        "https://93.184.216.34:99999/",
        "https://93.184.216.34/\r\nHost: x",
        "ftp://93.184.216.34/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:25/_x",
        "https://",
        "https://exa mple.org/",
        "https://nowhere.invalid/",
        "",
        "https://93.184.216.34/" + "x" * 600,
    ],
)
def test_where_no_hook_may_go(node: Any, url: str) -> None:
    with pytest.raises(LienThongError, match="notices-hook-address"):
        targets.check(url)
    with pytest.raises(LienThongError):
        hooks.make("x", url, ALL, by=BY)
    assert not Hook.objects.exists()


def test_public_servers_may_be_called(node: Any) -> None:
    found = targets.check("https://93.184.216.34:8443/a/b?c=d")
    assert (found.addresses, found.port, found.path, found.name) == (
        ("93.184.216.34",),
        8443,
        "/a/b?c=d",
        "93.184.216.34:8443",
    )


def test_named_servers_of_the_unit_may_be_called_but_never_the_link_s_own(node: Any) -> None:
    node(hook_hosts=" 10.0.0.5, Chat.Benhvien.Example ,169.254.169.254,::ffff:169.254.169.254")
    assert not targets.check("http://10.0.0.5:8065/hooks/x").tls
    for url in ("https://10.0.0.6/", "https://169.254.169.254/", "https://[::ffff:169.254.169.254]/"):
        with pytest.raises(LienThongError):
            targets.check(url)


def test_a_name_that_leads_elsewhere_later_is_not_followed_there(
    there: tuple[Messenger, Hook], monkeypatch: pytest.MonkeyPatch, node: Any
) -> None:
    """What is resolved is checked at every call, and the connection goes to what was checked."""
    told, hook = there
    port = int(hook.url.rsplit(":", 1)[1].split("/")[0])
    node(hook_hosts="")
    answers = ["93.184.216.34", "127.0.0.1"]
    monkeypatch.setattr(
        targets.socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", (answers.pop(0), port))]
    )
    Hook.objects.update(url=f"https://rebinding.example:{port}/")
    assert targets.check(Hook.objects.get().url).addresses == ("93.184.216.34",)
    notices.tell("new-transfer", AboutTransfer())
    assert hooks.work() == 0
    assert HookCall.objects.get().fault == "target"
    assert not told.calls


def test_the_connection_goes_to_what_was_checked_and_the_name_is_not_looked_up_again(
    there: tuple[Messenger, Hook], monkeypatch: pytest.MonkeyPatch, node: Any
) -> None:
    told, hook = there
    port = int(hook.url.rsplit(":", 1)[1].split("/")[0])
    asked: list[str] = []

    def look_up(host: str, *rest: Any, real: Any = targets.socket.getaddrinfo, **named: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1" if host == "chat.benhvien.example" else host, *rest, **named)

    monkeypatch.setattr(targets.socket, "getaddrinfo", look_up)
    node(hook_hosts="chat.benhvien.example")
    Hook.objects.update(url=f"http://chat.benhvien.example:{port}/in")
    notices.tell("new-transfer", AboutTransfer())
    assert hooks.work() == 1
    assert told.calls[0].headers["host"] == f"chat.benhvien.example:{port}"
    assert asked.count("chat.benhvien.example") == 1


def test_a_unit_has_few_hooks(node: Any) -> None:
    for number in range(hooks.MOST):
        hooks.make(f"{number}", "https://93.184.216.34/", ALL, by=BY)
    with pytest.raises(LienThongError, match="too-many-hooks"):
        hooks.make("more", "https://93.184.216.34/", ALL, by=BY)


def test_the_work_goes_on_after_a_fault_and_stops_when_told(
    there: tuple[Messenger, Hook], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "EVERY", 0.01)
    monkeypatch.setattr(work, "_ALERTS_EVERY", 0.01)
    seen, stop = [], threading.Event()

    def breaks() -> None:
        seen.append(1)
        if len(seen) < 3:
            raise ValueError("once")
        stop.set()

    work.repeat(stop, "x", 0.01, breaks)
    assert len(seen) == 3


def test_words_for_every_fault() -> None:
    for fault in ("unreachable", "tls", "redirect", "status", "target", "slow"):
        assert all(problems.hook_words(fault))
        assert problems.hook_fails("x", fault, 0, 0).vi != problems.hook_fails("x", fault, 0, 2).vi


def test_old_deliveries_go(there: tuple[Messenger, Hook]) -> None:
    _, hook = there
    hooks.test(hook, by=BY)
    HookCall.objects.update(made_at=clock.now() - hooks.KEPT_FOR - timedelta(days=1))
    hooks.tidy()
    assert not HookCall.objects.exists()


def test_pauses_grow_and_differ() -> None:
    found = [hooks.pause(n).total_seconds() for n in range(20)]
    assert 3 < found[0] < 7
    assert max(found) <= 1800 * 1.25
    assert len({hooks.pause(3) for _ in range(20)}) > 1
