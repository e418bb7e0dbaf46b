"""Hub: a unit joins. The officer enters the security review, makes a code, compares the fingerprint and approves."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from django.db import connection, transaction
from msgspec import Meta, Struct

from lienthong.access import audit
from lienthong.exchange import alerts, keys, sql, work
from lienthong.exchange.manifest import LONGEST_JWS, Facility, Kid, Moment
from lienthong.exchange.models import JoinCode
from lienthong.exchange.trust import codes, problems, statement
from lienthong.exchange.trust.codes import Code
from lienthong.exchange.trust.cutting import MARGIN
from lienthong.facilities import directory, models
from lienthong.foundation import clock, json, signing
from lienthong.foundation.errors import LienThongError
from lienthong.foundation.wsgi import HttpError

REQUEST, ANSWER = "lt-join+jws", "lt-join-answer+jws"
VALID_FOR = timedelta(days=3)
"""How long a code may be used, and how long a unit may ask for the answer after each step."""
LEAST_LEVEL = 2
"""Systems with patients' data: Decree 331/2026, article 12(1); Decree 85/2016 before."""
_NOBODY = bytes(32)


class Request(Struct):
    """What a unit signs with its new key when it uses a code."""

    v: Literal[1]
    code: Annotated[str, Meta(pattern="^[0-9A-HJKMNP-TV-Z]{8}$")]
    facility: Facility
    jwk: dict[str, str]
    age: Annotated[str, Meta(pattern="^age1[02-9ac-hj-np-z]{58}$")]
    at: Moment
    nonce: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]


class Answer(Struct):
    """What the hub signs.

    ``request`` is the SHA-256 of the request's JWS, ``directory`` the newest statement, ``mailbox`` the number after
    which the mail of a site begins that has collected none before.
    """

    v: Literal[1]
    code: str
    request: str
    state: Literal["waiting", "approved", "refused"]
    at: Moment
    facility: Facility
    kid: Kid
    jwk: dict[str, str]
    directory: str | None
    mailbox: Annotated[int, Meta(ge=0, lt=1 << 62)]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request as the officer sees it."""

    code: str
    facility: str
    fingerprint: str
    asked_at: datetime
    address: str


_requests = msgspec.json.Decoder(Request)


def review(facility: str) -> models.SecurityReview | None:
    """The security review that counts, the newest entered."""
    return models.SecurityReview.objects.filter(facility=facility).last()


def _good_review(facility: str) -> models.SecurityReview:
    found = review(facility)
    if found is None:
        raise LienThongError(problems.no_review())
    if found.level < LEAST_LEVEL:
        raise LienThongError(problems.level_too_low(found.level, LEAST_LEVEL))
    return found


def enter_review(
    facility: str, *, document: str, day: date, level: int, approved_by: str, by: audit.Actor
) -> None:
    """Puts a unit's security review on record."""
    with transaction.atomic():
        models.SecurityReview.objects.create(
            facility_id=facility,
            document=document,
            day=day,
            level=level,
            approved_by=approved_by,
            entered_at=clock.now(),
            entered_by=by.name or by.id,
        )
        detail = {"facility": facility, "document": document, "day": day.isoformat(), "level": level}
        audit.record(by, "review-entered", page="units", detail=detail)


def make_code(facility: str, address: str, by: audit.Actor) -> Code:
    """A code for a unit, to be shown once; codes of the unit that nobody has used end.

    Args:
        address: of this hub, as the unit reaches it.

    Raises:
        LienThongError: ``trust-no-review``, ``trust-level-too-low``, ``trust-connected-already``,
            ``trust-code-address``.
    """
    found = _good_review(facility)
    if directory.nodes("site", facility):
        raise LienThongError(problems.connected_already(facility))
    code, now = codes.new(address), clock.now()
    with transaction.atomic():
        JoinCode.objects.filter(expires_at__lt=now).update(key="")
        JoinCode.objects.filter(facility=facility, state="open").update(state="withdrawn", key="")
        JoinCode.objects.create(
            name=code.name,
            facility=facility,
            key=code.key.hex(),
            state="open",
            made_at=now,
            made_by=by.name or by.id,
            expires_at=now + VALID_FOR,
        )
        detail = {"facility": facility, "code": code.name, "review": found.document}
        audit.record(by, "join-code-made", page="units", detail=detail)
    return code


def asked(body: Any, address: str) -> dict[str, str]:
    """Answers a unit that uses a code, or asks again what became of its request: ``{"answer": JWS, "mac"}``.

    Args:
        body: ``{"request": JWS, "mac"}``.

    Raises:
        HttpError: 400 malformed; 403 the code does not work, whatever the reason; 409 ``trust-code-for-another``.
    """
    jws, told = _read(body)
    try:
        request = _requests.decode(signing.payload(jws))
        clock.from_iso(request.at)
        signing.verify(jws, request.jwk, REQUEST)
        if signing.peek(jws).get("kid") != signing.thumbprint(request.jwk):
            raise signing.BadSignature("not the name of the key")
    except (msgspec.MsgspecError, signing.BadSignature, ValueError, KeyError) as error:
        raise HttpError(400, problems.bad_proposal(str(error)[:200])) from error
    digest = hashlib.sha256(jws.encode()).hexdigest()
    with transaction.atomic():
        row = JoinCode.objects.select_for_update().filter(pk=request.code).first()
        key = bytes.fromhex(row.key) if row and row.key else _NOBODY
        proven = hmac.compare_digest(codes.mac(key, "request", jws), told)
        why = _why_not(row, digest) if proven else "the code does not fit"
        if row is None or why:
            _note_refusal(request, address, why or "no such code")
        elif request.facility != row.facility:
            why = "for another unit"
            _note_refusal(request, address, why)
        elif row.state == "open":
            _take(row, request, jws, digest, address)
    if row is None or (why and why != "for another unit"):
        raise HttpError(403, problems.code_not_valid())
    if why:
        raise HttpError(409, problems.code_for_another(request.facility))
    return _answer(row, digest, key)


def _read(body: Any) -> tuple[str, str]:
    jws, told = (body.get("request"), body.get("mac")) if isinstance(body, dict) else (None, None)
    if not isinstance(jws, str) or not isinstance(told, str) or len(jws) > LONGEST_JWS or not told.isascii():
        raise HttpError(400, problems.bad_proposal("request and mac are texts"))
    return jws, told


def _why_not(row: JoinCode | None, digest: str) -> str:
    """Why a code that its user knows does not work; empty when it does."""
    if row is None or not row.key:
        return "no such code"
    if row.expires_at <= clock.now():
        return "expired"
    if row.state == "withdrawn":
        return "withdrawn"
    if row.state != "open" and row.request_hash != digest:
        return "used"
    return ""


def _note_refusal(request: Request, address: str, why: str) -> None:
    actor = audit.Actor(f"unit:{request.facility}", "", "", address)
    audit.record(actor, "join-code-refused", page="exchange/join", why=why, detail={"code": request.code})


def _take(row: JoinCode, request: Request, jws: str, digest: str, address: str) -> None:
    if directory.node_key(signing.thumbprint(request.jwk)) is not None:
        raise HttpError(400, problems.bad_proposal("a new key is needed"))
    row.state, row.request, row.request_hash = "waiting", jws, digest
    row.asked_at, row.address = clock.now(), address[:45]
    row.expires_at = row.asked_at + VALID_FOR
    row.save()
    actor = audit.Actor(f"unit:{row.facility}", "", "", address)
    detail = {"code": row.name, "kid": signing.thumbprint(request.jwk), "age": request.age}
    audit.record(actor, "join-asked", page="exchange/join", detail=detail)
    alerts.raise_alert(problems.join_waiting(row.facility), row.facility)


def _answer(row: JoinCode, digest: str, key: bytes) -> dict[str, str]:
    own, newest = keys.own(), directory.newest_statement()
    value = {
        "v": 1,
        "code": row.name,
        "request": digest,
        "state": row.state,
        "at": clock.iso(clock.now()),
        "facility": directory.here(),
        "kid": own.kid,
        "jwk": own.jwk,
        "directory": newest.jws if newest and row.state == "approved" else None,
        "mailbox": row.position,
    }
    jws = own.jws(json.canonical(value), ANSWER)
    return {"answer": jws, "mac": codes.mac(key, "answer", jws)}


def waiting(facility: str = "") -> list[Waiting]:
    """Requests that wait for the officer, the oldest first; of one facility if given."""
    rows = JoinCode.objects.filter(state="waiting", expires_at__gt=clock.now()).order_by("asked_at")
    hub = keys.own().kid
    found = []
    for row in rows.filter(facility=facility) if facility else rows:
        request = _requests.decode(signing.payload(row.request))
        mark = codes.fingerprint(hub, request.jwk, request.age)
        found.append(Waiting(row.name, row.facility, mark, row.asked_at or row.made_at, row.address))
    return found


def open_code(facility: str) -> JoinCode | None:
    """The code of a facility that nobody has used yet."""
    return JoinCode.objects.filter(facility=facility, state="open", expires_at__gt=clock.now()).first()


def approve(code: str, by: audit.Actor) -> None:
    """Enters the unit's keys into the directory, with a new statement.

    Raises:
        LienThongError: ``trust-not-waiting``, ``trust-no-review``, ``trust-level-too-low``.
    """
    with transaction.atomic():
        row = _decided(code, "approved", by)
        request = _requests.decode(signing.payload(row.request))
        found = _good_review(row.facility)
        now, kid = clock.now(), signing.thumbprint(request.jwk)
        directory.add_node(row.facility, "site", request.jwk, kid, now - MARGIN, request.age)
        with connection.cursor() as cursor:
            cursor.execute(sql.LAST_POSITION, (row.facility,))
            last = cursor.fetchone()
        row.position = last[0] if last else 0
        row.save()
        with connection.cursor() as cursor:  # what a call accepted at the very moment of a cut-off
            cursor.execute(sql.WITHDRAW, (work.as_text(problems.cut_off(row.facility)), row.facility))
        statement.publish(by, f"{row.facility} joined")
        detail = {"facility": row.facility, "code": code, "kid": kid, "review": found.document}
        audit.record(by, "join-approved", page="units", detail=detail)


def refuse(code: str, by: audit.Actor) -> None:
    """Tells the unit no.

    Raises:
        LienThongError: ``trust-not-waiting``.
    """
    with transaction.atomic():
        row = _decided(code, "refused", by)
        audit.record(by, "join-refused", page="units", detail={"facility": row.facility, "code": code})


def _decided(code: str, state: str, by: audit.Actor) -> JoinCode:
    row = JoinCode.objects.select_for_update().filter(pk=code).first()
    if row is None or row.state != "waiting" or row.expires_at <= clock.now():
        raise LienThongError(problems.not_open(row.state if row else "unknown"))
    row.state, row.decided_at, row.decided_by = state, clock.now(), by.name or by.id
    row.expires_at = row.decided_at + VALID_FOR
    row.save()
    alerts.clear("trust-join-waiting", row.facility)
    return row
