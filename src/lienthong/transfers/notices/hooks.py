"""Notices to the unit's own messenger: signed JSON by HTTP POST, from a queue in the database.

The secret of a hook is derived from the node's own (``keys/web-secret``), the hook's id and its generation; no table
holds it. What is sent, and how the receiving side verifies it, is in ``docs/reference/notices.md``.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import random
import socket
import ssl
import threading
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils.crypto import salted_hmac

from lienthong.access import audit
from lienthong.facilities import directory
from lienthong.foundation import clock, ids, json
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.transfers.models import Call, Hook, HookCall
from lienthong.transfers.notices import problems, targets
from lienthong.transfers.notices.links import link
from lienthong.transfers.notices.reasons import REASONS, Group, Language, sentence

MOST = 5
"""Hooks of a unit."""
LOG = 50
"""Deliveries that the page shows."""
GIVEN_UP_AFTER = timedelta(days=1)
TELL_AFTER = timedelta(minutes=10)
KEPT_FOR = timedelta(days=30)
SECONDS = 20.0
"""How long one delivery may take in all."""
_CONNECT_SECONDS = 5.0
_LONGEST_ANSWER = 4096
_LEASE = timedelta(minutes=2)
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 1800.0
_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one try: HTTP status (0 without one), the fault (empty when it arrived), what was said."""

    status: int
    fault: str
    said: str


def make(name: str, url: str, groups: list[str], *, by: audit.Actor) -> tuple[Hook, str]:
    """Enters a hook; returns it with its secret, which is shown once.

    Raises:
        LienThongError: ``notices-hook-address`` or ``notices-too-many-hooks``.
    """
    targets.check(url)
    with transaction.atomic():
        if Hook.objects.count() >= MOST:
            raise LienThongError(problems.too_many_hooks(MOST))
        hook = Hook.objects.create(
            id=ids.new_id(),
            name=name[:60],
            url=url,
            groups=_as_text(groups),
            made_by=by.name,
            made_at=clock.now(),
        )
        audit.record(by, "hook-made", detail={"hook": hook.id, "name": hook.name, "host": _host(url)})
    return hook, secret(hook)


def change(hook: Hook, name: str, url: str, groups: list[str], *, by: audit.Actor) -> None:
    """Changes name, address and reasons of a hook; its secret stays.

    Raises:
        LienThongError: ``notices-hook-address``.
    """
    targets.check(url)
    with transaction.atomic():
        Hook.objects.filter(pk=hook.pk).update(name=name[:60], url=url, groups=_as_text(groups))
        audit.record(by, "hook-changed", detail={"hook": hook.id, "name": name[:60], "host": _host(url)})


def renew(hook: Hook, *, by: audit.Actor) -> str:
    """Gives a hook a new secret and returns it; the old one is worth nothing from now on."""
    with transaction.atomic():
        Hook.objects.filter(pk=hook.pk).update(generation=F("generation") + 1)
        audit.record(by, "hook-secret-renewed", detail={"hook": hook.id, "name": hook.name})
    hook.refresh_from_db()
    return secret(hook)


def remove(hook: Hook, *, by: audit.Actor) -> None:
    """Removes a hook with what waits for it and its log."""
    with transaction.atomic():
        hook.delete()
        audit.record(by, "hook-removed", detail={"hook": hook.pk or "", "name": hook.name})


def secret(hook: Hook) -> str:
    """The secret both sides know: 64 hexadecimal digits, used as text."""
    return salted_hmac("lienthong.hook", f"{hook.id} {hook.generation}", algorithm="sha256").hexdigest()


def signature(key: str, at: int, body: bytes) -> str:
    """``t=<seconds since 1970>,v1=<hexadecimal HMAC-SHA256 of "<t>." and the body>``."""
    digest = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def log(hook: Hook) -> list[HookCall]:
    """The last deliveries, newest first."""
    return list(hook.deliveries.order_by("-made_at", "-id")[:LOG])


def queue(call: Call) -> None:
    """Has every hook that wants it told a notice; joins the caller's transaction."""
    group = REASONS[call.reason].group.value
    now = clock.now()
    for hook in Hook.objects.filter(groups__contains=f",{group},"):
        id = ids.new_id()
        body = json.dumps(_body(id, call)).decode()
        HookCall.objects.create(id=id, hook=hook, reason=call.reason, body=body, made_at=now, next_at=now)


def _body(id: str, call: Call) -> dict[str, str]:
    languages: tuple[Language, ...] = ("vi", "en")
    vi, en = (sentence(call.reason, call.other, language) for language in languages)
    return _said(id, call.reason, call.urgency, call.other, call.loop, clock.iso(call.at), vi, en)


def _said(
    id: str, reason: str, urgency: str, other: str, loop: str, at: str, vi: str, en: str
) -> dict[str, str]:
    url = link(f"transfers/{loop}") if loop else link("notices")
    return {
        "id": id,
        "reason": reason,
        "urgency": urgency,
        "facility": directory.here(),
        "other": other,
        "loop": loop,
        "at": at,
        "text_vi": vi,
        "text_en": en,
        "url": url,
        "text": f"{vi} {url}",
    }


def test(hook: Hook, *, by: audit.Actor) -> HookCall:
    """Sends a test now and returns what came of it; it is not tried again."""
    id, now = ids.new_id(), clock.now()
    vi, en = "Tin thử từ Liên Thông.", "A test from Liên Thông."
    body = json.dumps(_said(id, "test", "planned", directory.here(), "", clock.iso(now), vi, en)).decode()
    audit.record(by, "hook-tested", detail={"hook": hook.id, "name": hook.name})
    call = HookCall(id=id, hook=hook, reason="test", body=body, made_at=now, next_at=now, attempts=1)
    answer = _post(hook, call)
    call.state = "given-up" if answer.fault else "done"
    call.status, call.fault, call.answer, call.done_at = answer.status, answer.fault, answer.said, clock.now()
    call.save(force_insert=True)
    return call


def work() -> int:
    """Tries the deliveries that are due, each hook's until one fails; returns how many arrived."""
    return sum(_work(hook) for hook in Hook.objects.order_by("id"))


def _work(hook: Hook) -> int:
    due = hook.deliveries.filter(state="waiting", next_at__lte=clock.now()).order_by("made_at", "id")
    arrived = 0
    for call in due[:_AT_ONCE]:
        if not _lease(call):
            continue
        answer = _post(hook, call)
        if answer.fault:
            _later(call, answer)
            break
        _done(call, answer)
        arrived += 1
    return arrived


def tidy() -> None:
    """Removes old deliveries."""
    HookCall.objects.filter(made_at__lt=clock.now() - KEPT_FOR).exclude(state="waiting").delete()


def _lease(call: HookCall) -> bool:
    """Takes a delivery for one try; when this process dies meanwhile, it is due again after the lease."""
    mine = HookCall.objects.filter(pk=call.pk, state="waiting", attempts=call.attempts)
    return bool(mine.update(attempts=F("attempts") + 1, next_at=clock.now() + _LEASE))


def _done(call: HookCall, answer: Answer) -> None:
    HookCall.objects.filter(pk=call.pk).update(
        state="done", done_at=clock.now(), status=answer.status, fault="", answer=answer.said
    )


def _later(call: HookCall, answer: Answer) -> None:
    """Puts a delivery off, and with it what else waits for the hook: one failure says enough of a server."""
    now = clock.now()
    then = now + pause(call.attempts)
    values: dict[str, object] = {"status": answer.status, "fault": answer.fault, "answer": answer.said}
    old = now - call.made_at > GIVEN_UP_AFTER
    values |= {"state": "given-up", "done_at": now} if old else {"next_at": then}
    HookCall.objects.filter(pk=call.pk).update(**values)
    HookCall.objects.filter(hook=call.hook_id, state="waiting", next_at__lt=then).update(next_at=then)


def pause(attempts: int) -> timedelta:
    """How long to wait after so many tries before: doubling, with jitter, half an hour at most."""
    seconds = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(attempts, 12))
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))  # noqa: S311 - jitter


def trouble() -> dict[str, dict[str, Problem]]:
    """The alerts that hooks are not reached, by hook; none for those that are."""
    now, found = clock.now(), dict[str, Problem]()
    late = Q(state="waiting", attempts__gt=0, made_at__lt=now - TELL_AFTER) & ~Q(fault="")
    lost = Q(state="given-up", done_at__gt=now - GIVEN_UP_AFTER) & ~Q(reason="test")
    for hook in Hook.objects.all():
        bad = hook.deliveries.filter(late | lost).order_by("-next_at").first()
        if bad is not None:
            given_up = hook.deliveries.filter(lost).count()
            found[hook.id] = problems.hook_fails(hook.name, bad.fault, bad.status, given_up)
    return {problems.HOOK: found}


# The call itself


def _post(hook: Hook, call: HookCall) -> Answer:
    """One try. Never follows a redirect; reads little of the answer; ends after :data:`SECONDS` in any case."""
    try:
        target = targets.check(hook.url)
    except LienThongError:
        return Answer(0, "target", "")
    body = call.body.encode()
    headers = {
        "Host": target.name,
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "LienThong",
        "Idempotency-Key": call.id,
        "X-LienThong-Signature": signature(secret(hook), int(clock.now().timestamp()), body),
        "Connection": "close",
    }
    ended = threading.Event()
    try:
        sock = _connect(target)
    except TimeoutError:
        return Answer(0, "slow", "")
    except OSError:
        return Answer(0, "unreachable", "")
    timer = threading.Timer(SECONDS, _cut, (sock, ended))
    timer.daemon = True
    timer.start()
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = sock
    try:
        if isinstance(sock, ssl.SSLSocket):
            sock.do_handshake()
        connection.request("POST", target.path, body, headers)
        answer = connection.getresponse()
        said = answer.read(_LONGEST_ANSWER).decode("utf-8", "replace")
        return Answer(0, "slow", "") if ended.is_set() else _judged(answer.status, said)
    except ssl.SSLError as error:
        return Answer(0, "slow" if ended.is_set() else "tls", error.reason or "")
    except (OSError, http.client.HTTPException) as error:
        slow = ended.is_set() or isinstance(error, TimeoutError)
        return Answer(0, "slow" if slow else "unreachable", "")
    finally:
        timer.cancel()
        connection.close()


def _connect(target: targets.Target) -> socket.socket:
    sock = _reach(target)
    sock.settimeout(SECONDS)
    if not target.tls:
        return sock
    try:
        context = ssl.create_default_context(cafile=settings.NODE.notices_ca or None)
        return context.wrap_socket(sock, server_hostname=target.host, do_handshake_on_connect=False)
    except BaseException:
        sock.close()
        raise


def _reach(target: targets.Target) -> socket.socket:
    """A connection with the first of the checked addresses that answers."""
    *others, last = target.addresses
    for address in others:
        with contextlib.suppress(OSError):
            return socket.create_connection((address, target.port), _CONNECT_SECONDS)
    return socket.create_connection((last, target.port), _CONNECT_SECONDS)


def _cut(sock: socket.socket, ended: threading.Event) -> None:
    """Ends a call that takes too long, also when the other side sends a byte now and then."""
    ended.set()
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _judged(status: int, said: str) -> Answer:
    text = "".join(c if c.isprintable() else " " for c in said)[:300].strip()
    if 200 <= status < 300:
        return Answer(status, "", text)
    return Answer(status, "redirect" if 300 <= status < 400 else "status", text)


def _host(url: str) -> str:
    return url.split("/")[2]


def _as_text(groups: list[str]) -> str:
    return "," + ",".join(sorted(set(groups) & set(Group.values))) + ","
