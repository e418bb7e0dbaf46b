"""Site: joining a hub with a code. Keys are made here and stay here; the secret of the code never travels."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import urllib3
from django.conf import settings
from django.db import connection, transaction

from lienthong.access import audit
from lienthong.exchange import problems as exchange_problems
from lienthong.exchange import sql
from lienthong.exchange.trust import arriving, codes, joining, keyfiles, problems
from lienthong.exchange.trust.codes import Code
from lienthong.facilities import directory
from lienthong.foundation import clock, files, json, signing
from lienthong.foundation.errors import LienThongError, Problem

DOOR = "/exchange/v1/join"
_LONGEST_ANSWER = 1 << 20
_answers = msgspec.json.Decoder(joining.Answer)


class _Kept(msgspec.Struct):
    """``keys/joining.json``: a joining that is under way."""

    address: str
    name: str
    secret: str
    request: str
    state: Literal["asking", "waiting", "refused"]
    fingerprint: str = ""

    @property
    def code(self) -> Code:
        return Code(self.name, self.secret, self.address)


@dataclass(frozen=True, slots=True)
class Joining:
    """A joining that is under way.

    Attributes:
        state: ``asking`` (the hub has not answered yet), ``waiting`` for the officer, ``approved`` (done), ``refused``.
        fingerprint: sixteen digits to compare by telephone; empty until the hub has answered.
        address: of the hub.
    """

    state: Literal["asking", "waiting", "approved", "refused"]
    fingerprint: str
    address: str


def _path() -> Path:
    return Path(settings.NODE.keys) / "joining.json"


def _kept() -> _Kept | None:
    try:
        return msgspec.json.decode(_path().read_bytes(), type=_Kept)
    except FileNotFoundError:
        return None


def under_way() -> Joining | None:
    """The joining that is under way, if there is one."""
    kept = _kept()
    return Joining(kept.state, kept.fingerprint, kept.address) if kept else None


def begin(text: str, by: audit.Actor) -> Joining:
    """Makes keys and asks the hub that the code names; the site's work goes on with its old keys, if it has any.

    Raises:
        LienThongError: ``trust-code-mistyped``, ``trust-code-not-valid``, ``trust-code-for-another``,
            ``trust-hub-not-proven``; ``exchange-no-line`` (begun: :func:`ask` goes on).
    """
    code = codes.read(text)
    keyfiles.forget_next()
    key, here = keyfiles.next_signing(), directory.here()
    value = {
        "v": 1,
        "code": code.name,
        "facility": here,
        "jwk": key.jwk,
        "age": keyfiles.next_recipient(),
        "at": clock.iso(clock.now()),
        "nonce": secrets.token_hex(16),
    }
    request = key.jws(json.canonical(value), joining.REQUEST)
    _keep(_Kept(code.address, code.name, code.secret, request, "asking"))
    detail = {"code": code.name, "hub": code.address, "kid": key.kid}
    audit.record(by, "join-begun", page="hub", detail=detail)
    try:
        return ask()
    except LienThongError as error:
        if not error.problem.retry:
            give_up(by)
        raise


def _keep(kept: _Kept) -> None:
    files.write(_path(), msgspec.json.encode(kept))


def give_up(by: audit.Actor) -> None:
    """Ends a joining that is under way or was refused; its keys and the secret are dropped."""
    if _kept() is not None:
        _path().unlink(missing_ok=True)
        keyfiles.forget_next()
        audit.record(by, "join-ended", page="hub")


def ask() -> Joining:
    """Asks the hub what became of the request; when it was approved, takes directory and keys into use.

    Raises:
        LienThongError: as :func:`begin`; ``trust-not-joined`` when no joining is under way.
    """
    kept = _kept()
    if kept is None:
        raise LienThongError(problems.not_joined())
    answer = _call(kept)
    mark = _fingerprint(kept, answer)
    if answer.state == "approved":
        _joined(kept, answer)
        return Joining("approved", mark, kept.address)
    if (kept.state, kept.fingerprint) != (answer.state, mark):
        _keep(msgspec.structs.replace(kept, state=answer.state, fingerprint=mark))
        audit.record(
            audit.system("trust"), f"join-{answer.state}", page="hub", detail={"hub": answer.facility}
        )
    return Joining(answer.state, mark, kept.address)


def _fingerprint(kept: _Kept, answer: joining.Answer) -> str:
    request = msgspec.json.decode(signing.payload(kept.request), type=joining.Request)
    return codes.fingerprint(answer.kid, request.jwk, request.age)


def _call(kept: _Kept) -> joining.Answer:
    """The hub's answer, proven by the code.

    Raises:
        LienThongError: ``exchange-no-line``, ``trust-hub-not-proven``, or the hub's problem.
    """
    body = json.dumps({"request": kept.request, "mac": codes.mac(kept.code.key, "request", kept.request)})
    status, value = _post(kept.address + DOOR, body)
    if status != 200:
        raise LienThongError(_problem(status, value))
    jws, told = value.get("answer"), value.get("mac")
    if not isinstance(jws, str) or not isinstance(told, str) or not told.isascii():
        raise LienThongError(problems.hub_not_proven())
    if not hmac.compare_digest(codes.mac(kept.code.key, "answer", jws), told):
        raise LienThongError(problems.hub_not_proven())
    try:
        answer = _answers.decode(signing.payload(jws))
        signing.verify(jws, answer.jwk, joining.ANSWER)
        if signing.thumbprint(answer.jwk) != answer.kid or answer.code != kept.name:
            raise signing.BadSignature("not the key it names")
        if answer.request != hashlib.sha256(kept.request.encode()).hexdigest():
            raise signing.BadSignature("for another request")
    except (msgspec.MsgspecError, signing.BadSignature, KeyError) as error:
        raise LienThongError(problems.hub_not_proven()) from error
    return answer


def _post(url: str, body: bytes) -> tuple[int, dict[str, Any]]:
    try:
        answer = urllib3.request(
            "POST",
            url,
            body=body,
            headers={"Content-Type": "application/json"},
            timeout=urllib3.Timeout(connect=10.0, read=30.0),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        data = answer.read(_LONGEST_ANSWER)
        answer.release_conn()
    except urllib3.exceptions.HTTPError as error:
        raise LienThongError(exchange_problems.no_line(type(error).__name__)) from error
    try:
        value = json.loads(data)
    except json.DecodeError:
        value = None
    return answer.status, value if isinstance(value, dict) else {}


def _problem(status: int, value: dict[str, Any]) -> Problem:
    if status in (400, 403, 409) and value.get("code"):
        return Problem.from_dict(value)
    return exchange_problems.hub_fault(status)


def _joined(kept: _Kept, answer: joining.Answer) -> None:
    """Pins the hub's key, applies the directory and takes the new keys into use; can be done again after a crash."""
    if answer.directory is None:
        raise LienThongError(problems.bad_statement("none came"))
    new_hub = directory.node_key(answer.kid) is None
    key = keyfiles.waiting_key()
    with transaction.atomic():
        directory.pin_hub(answer.facility, answer.jwk, answer.kid)
        arriving.take(answer.directory, new_hub=new_hub)
        if key is not None:
            own = directory.node_key(key.kid)
            if own is None or own.facility != directory.here():
                raise LienThongError(problems.bad_statement("the directory does not name this site"))
        with connection.cursor() as cursor:
            cursor.execute(sql.BEGIN_AT, (answer.mailbox,))
        detail = {"hub": answer.facility, "hub_kid": answer.kid, "address": kept.address}
        audit.record(audit.system("trust"), "joined", page="hub", detail=detail)
    keyfiles.use_next()
    files.write(_address_path(), kept.address.encode())
    _path().unlink(missing_ok=True)


def _address_path() -> Path:
    return Path(settings.NODE.keys) / "hub-address"


def address() -> str:
    """Where this site calls its hub: the address of the code it joined with, else that of the settings."""
    path = _address_path()
    return path.read_text("utf-8") if path.exists() else str(settings.NODE.hub_url)
