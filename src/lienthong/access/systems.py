"""Other programs that may call: registered by hand with public keys, scopes, purposes and legal bases.

Keys are pasted; none is ever fetched from an address.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction

from lienthong.access import audit
from lienthong.access.models import System
from lienthong.foundation import clock, ids, json, signing
from lienthong.foundation.errors import LienThongError, Problem

MOST_KEYS = 4
_LONGEST_KEYS = 20_000
_PRIVATE = {"d", "p", "q", "k"}
_KEPT = ("kty", "crv", "x", "y", "n", "e")
_LOOK = 0.1
_EDITION = "SELECT edition FROM access_system WHERE id = %s AND is_active"
_MOST_REMEMBERED = 1000
_editions: dict[str, tuple[float, int | None]] = {}


def read_keys(text: str) -> list[dict[str, str]]:
    """The public keys of a pasted JWK or JWK Set (RFC 7517), each with its ``kid``.

    Raises:
        LienThongError: ``system-keys``: not such a text, a private key, or a kind of key that is not taken.
    """
    try:
        value = json.loads(text.encode()[:_LONGEST_KEYS])
    except (json.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise LienThongError(_no_keys("JSON")) from error
    listed = value.get("keys") if isinstance(value, dict) and "keys" in value else [value]
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_KEYS:
        raise LienThongError(_no_keys(f"1–{MOST_KEYS}"))
    keys = [_read_key(one) for one in listed]
    if len({key["kid"] for key in keys}) != len(keys):
        raise LienThongError(_no_keys("kid"))
    return keys


def _read_key(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise LienThongError(_no_keys("JWK"))
    if _PRIVATE & value.keys():
        raise LienThongError(_private_key())
    try:
        kept = {name: value[name] for name in _KEPT if isinstance(value.get(name), str)}
        signing.algorithm(kept)
        kid = value.get("kid") or signing.thumbprint(kept)
    except signing.BadSignature as error:
        raise LienThongError(_no_keys(str(error))) from error
    if not isinstance(kid, str) or not 0 < len(kid) <= 200 or "\0" in kid:
        raise LienThongError(_no_keys("kid"))
    return {**kept, "kid": kid}


def register(
    name: str,
    keys: list[dict[str, str]],
    scopes: Iterable[str],
    *,
    by: audit.Actor,
    purposes: Sequence[str] = ("TREAT",),
    bases: Sequence[str] = ("treatment",),
    kinds: Iterable[str] = (),
) -> System:
    """Lets a system in; its new ``id`` is its ``client_id``.

    Args:
        purposes, bases: what its calls may be for and rest on, the usual one first.
        kinds: of specially protected records that it may see.
    """
    with transaction.atomic():
        system = System.objects.create(
            id=ids.new_id(),
            name=name.strip()[:120],
            keys=keys,
            scopes=sorted(scopes),
            purposes=list(purposes),
            bases=list(bases),
            kinds=sorted(kinds),
            made_at=clock.now(),
            made_by=by.name,
        )
        _note(by, "system-registered", system)
    return system


def change(
    identifier: str,
    *,
    by: audit.Actor,
    keys: list[dict[str, str]] | None = None,
    scopes: Iterable[str] | None = None,
    purposes: Sequence[str] | None = None,
    bases: Sequence[str] | None = None,
    kinds: Iterable[str] | None = None,
    is_active: bool | None = None,
) -> System:
    """Changes what is given of a system, or turns it off or on.

    Its tokens follow at once: when this returns, no process works by what held before.
    """
    with transaction.atomic():
        system = System.objects.select_for_update().get(id=identifier)
        system.keys = system.keys if keys is None else keys
        system.scopes = system.scopes if scopes is None else sorted(scopes)
        system.purposes = system.purposes if purposes is None else list(purposes)
        system.bases = system.bases if bases is None else list(bases)
        system.kinds = system.kinds if kinds is None else sorted(kinds)
        system.is_active = system.is_active if is_active is None else is_active
        system.edition += 1
        system.save()
        _note(by, "system-changed" if system.is_active else "system-stopped", system)
        transaction.on_commit(lambda: _all_know(identifier))
    _editions.pop(identifier, None)
    return system


def _all_know(identifier: str) -> None:
    """Waits until every process has looked again."""
    _editions.pop(identifier, None)
    time.sleep(_LOOK)


def edition(identifier: str) -> int | None:
    """The number of the newest change of a system; None when it was stopped, or is none.

    Looked up at most every :data:`_LOOK` seconds for each system, so that a token costs no query.
    """
    now = time.monotonic()
    known = _editions.get(identifier)
    if known is None or known[0] < now:
        with connection.cursor() as cursor:
            cursor.execute(_EDITION, (identifier,))
            row = cursor.fetchone()
        if len(_editions) >= _MOST_REMEMBERED:
            _editions.clear()
        known = _editions[identifier] = now + _LOOK, int(row[0]) if row else None
    return known[1]


def active(identifier: Any) -> System | None:
    """The system with that number, if it may call."""
    if not isinstance(identifier, str) or len(identifier) != 32 or not identifier.isalnum():
        return None
    return System.objects.filter(id=identifier, is_active=True).first()


def _note(by: audit.Actor, action: str, system: System) -> None:
    detail = {
        "system": system.id,
        "name": system.name,
        "scopes": system.scopes,
        "purposes": system.purposes,
        "bases": system.bases,
        "kinds": system.kinds,
        "keys": [key["kid"] for key in system.keys],
    }
    audit.record(by, action, page=f"it/systems/{system.id}", detail=detail)


def _no_keys(what: str) -> Problem:
    return Problem(
        code="system-keys",
        vi="Nội dung không phải là khóa công khai dùng được (JWK hoặc JWK Set).",
        en="This is no public key that can be used (JWK or JWK Set).",
        hint_vi="Dán khóa công khai Ed25519, EC P-384 hoặc RSA từ 2048 bit do hệ thống gọi xuất ra.",
        hint_en="Paste the public key that the calling system gave: Ed25519, EC P-384, or RSA of 2048 bits or more.",
        where={"reason": what},
    )


def _private_key() -> Problem:
    return Problem(
        code="system-private-key",
        vi="Đây là khóa bí mật. Khóa này không được lưu lại ở đây và coi như đã lộ.",
        en="This is a private key. It was not kept here and counts as disclosed.",
        hint_vi="Tạo cặp khóa mới ở hệ thống gọi rồi chỉ dán phần công khai.",
        hint_en="Make a new pair at the calling system and paste its public half alone.",
    )
