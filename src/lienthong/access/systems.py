"""Other programs of the unit that may call: registered by hand with their public keys and scopes.

Scopes are those of SMART App Launch 2.0 section "Scopes", e.g. ``system/Task.rsu``: resource, then letters of create,
read, update, delete, search. Keys are pasted; none is ever fetched from an address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from lienthong.access import audit
from lienthong.access.models import System
from lienthong.foundation import clock, ids, json, signing
from lienthong.foundation.errors import LienThongError, Problem

MOST_KEYS = 4
_LONGEST_KEYS = 20_000
_SCOPE = re.compile(r"system/(\*|[A-Z][A-Za-z]{1,40})\.(c?r?u?d?s?|\*|read|write)")
_LETTERS = {"*": "cruds", "read": "rs", "write": "cud"}
_PRIVATE = {"d", "p", "q", "k"}
_KEPT = ("kty", "crv", "x", "y", "n", "e")

Right = tuple[str, str]
"""A resource type (or ``*``) and one letter."""


def rights(scopes: Iterable[str]) -> frozenset[Right]:
    """What scopes say, letter by letter; what is no scope of a system says nothing."""
    found: set[Right] = set()
    for scope in scopes:
        match = _SCOPE.fullmatch(scope)
        if match and match[2]:
            found |= {(match[1], letter) for letter in _LETTERS.get(match[2], match[2])}
    return frozenset(found)


def both(held: frozenset[Right], wanted: frozenset[Right]) -> frozenset[Right]:
    """What is held and also asked for, where ``*`` asks for every type."""
    return frozenset((kind, letter) for kind, letter in held if {(kind, letter), ("*", letter)} & wanted)


def written(held: frozenset[Right]) -> str:
    """Rights as scopes in their one order."""
    kinds = sorted({kind for kind, _letter in held})
    return " ".join(
        f"system/{kind}.{''.join(letter for letter in 'cruds' if (kind, letter) in held)}" for kind in kinds
    )


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


def register(name: str, keys: list[dict[str, str]], scopes: Iterable[str], *, by: audit.Actor) -> System:
    """Lets a system in; its new ``id`` is its ``client_id``."""
    with transaction.atomic():
        system = System.objects.create(
            id=ids.new_id(),
            name=name.strip()[:120],
            keys=keys,
            scopes=sorted(scopes),
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
    is_active: bool | None = None,
) -> System:
    """Gives a system other keys or scopes, or turns it off or on; its tokens follow at once."""
    with transaction.atomic():
        system = System.objects.select_for_update().get(id=identifier)
        system.keys = keys if keys is not None else system.keys
        system.scopes = sorted(scopes) if scopes is not None else system.scopes
        system.is_active = system.is_active if is_active is None else is_active
        system.save()
        _note(by, "system-changed" if system.is_active else "system-stopped", system)
    return system


def _note(by: audit.Actor, action: str, system: System) -> None:
    kids = [key["kid"] for key in system.keys]
    detail = {"system": system.id, "name": system.name, "scopes": system.scopes, "keys": kids}
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
