"""Who is who: names of facilities and keys of nodes."""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import get_language

from lienthong.facilities.models import Facility, FacilityName, Node, Statement
from lienthong.foundation import clock

SKEW = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class NodeKey:
    """The public keys of a node.

    Attributes:
        kid: RFC 7638 thumbprint of ``jwk``, the key that signs.
        facility: the facility's code.
        role: ``hub`` or ``site``.
        age: recipient to which content for it is sealed; empty at a hub.
        since, until, revoked: when it began to sign, ended (replaced by another), was revoked; aware, None for never.
    """

    kid: str
    facility: str
    role: str
    jwk: dict[str, Any]
    age: str
    since: datetime
    until: datetime | None = None
    revoked: datetime | None = None

    def valid(self, at: datetime, signed: datetime | None = None) -> bool:
        """Whether what it signed counts. Clocks may differ by :data:`SKEW`; a revocation counts to the moment.

        Args:
            at: when the hub took it, by the hub's clock.
            signed: when it was signed, as the signer says: a key that was replaced meanwhile was still good then.
        """
        if self.revoked is not None and self.revoked <= at:
            return False
        ended = self.until is not None and self.until + SKEW <= min(at, signed or at)
        return self.since - SKEW <= at and not ended


def here() -> str:
    """The code of the facility this node belongs to."""
    return str(settings.NODE.facility)


def is_hub() -> bool:
    """Whether this node is the province's hub."""
    return bool(settings.NODE.role == "hub")


@lru_cache(maxsize=4096)
def _names(code: str, _minute: int) -> tuple[FacilityName, ...]:
    return tuple(FacilityName.objects.filter(facility_id=code))


def forget_names() -> None:
    """Reads names anew; other processes do so within a minute."""
    _names.cache_clear()


def name(code: str, on: date | None = None, language: str | None = None) -> str:
    """The facility's name on a day (today if none is given) in ``vi`` or ``en``; the code where none is known."""
    names = _names(code, int(time.monotonic() // 60))
    if not names:
        return code
    day = on or clock.today()
    valid = [n for n in names if n.valid_from <= day and (n.valid_to is None or day <= n.valid_to)]
    chosen = valid[-1] if valid else names[-1]
    return chosen.name_en if (language or get_language()) == "en" else chosen.name_vi


def load_known() -> None:
    """Enters the facilities of the shipped list that are not there yet (see ``data/ORIGIN.md``)."""
    text = resources.files("lienthong.facilities").joinpath("data/facilities.csv").read_text("utf-8")
    for place, row in enumerate(csv.DictReader(text.splitlines()), 1):
        facility, made = Facility.objects.get_or_create(
            code=row["code"],
            defaults={
                "kind": row["kind"],
                "code_confirmed": row["code_confirmed"] == "yes",
                "in_province": row["in_province"] == "yes",
                "place": place,
            },
        )
        if made:
            FacilityName.objects.create(
                facility=facility,
                name_vi=row["name_vi"],
                name_en=row["name_en"],
                valid_from=date.fromisoformat(row["valid_from"]),
                source=row["source"],
            )
    forget_names()


def add_node(facility: str, role: str, jwk: dict[str, Any], kid: str, since: datetime, age: str = "") -> None:
    """Enters a node's public keys; the same key twice changes nothing."""
    Node.objects.get_or_create(
        kid=kid, defaults={"facility_id": facility, "role": role, "jwk": jwk, "age": age, "valid_from": since}
    )


def pin_hub(facility: str, jwk: dict[str, Any], kid: str) -> None:
    """Site: enters the key of a hub whom the site has just come to trust."""
    Facility.objects.get_or_create(code=facility, defaults={"kind": "authority"})
    add_node(facility, "hub", jwk, kid, clock.now() - timedelta(days=1))


def newest_statement() -> Statement | None:
    """The newest signed directory here."""
    return Statement.objects.order_by("-epoch", "-number").first()


def statement(number: int) -> str:
    """Hub: the statement that it signed under a number (JWS)."""
    return Statement.objects.get(epoch=0, number=number).jws


def statement_at(moment: datetime) -> str | None:
    """The signed directory (JWS) that was in force at a moment of the hub's clock; None before the first one here."""
    found = Statement.objects.filter(at__lte=clock.iso(moment)).order_by("-epoch", "-number").first()
    return found.jws if found else None


def edition() -> int:
    """Grows whenever a statement was signed or taken, in whichever process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT MAX(id) FROM facilities_statement")
        (newest,) = cursor.fetchone()
    return int(newest or 0)


def node_key(kid: str) -> NodeKey | None:
    """The key with that name, whether it is valid or not."""
    node = Node.objects.filter(kid=kid).first()
    return _key(node) if node else None


def _key(node: Node) -> NodeKey:
    return NodeKey(
        node.kid,
        node.facility_id,
        node.role,
        node.jwk,
        node.age,
        node.valid_from,
        node.valid_to,
        node.revoked_at,
    )


def recipient(facility: str) -> str:
    """To which key content for a facility is sealed: the newest of its sites; empty when it is not connected."""
    keys = [key.age for key in nodes("site", facility) if key.age]
    return keys[-1] if keys else ""


def last_cut_off(facility: str) -> datetime | None:
    """When a facility was cut off last; what it had stored before may be lost with its computer."""
    node = Node.objects.filter(facility=facility, role="site").exclude(revoked_at=None)
    found = node.order_by("-revoked_at").first()
    return found.revoked_at if found else None


def connected(code: str) -> bool:
    """Whether a facility has a node with a valid key."""
    return _valid_now().filter(facility_id=code).exists()


def nodes(role: str, facility: str = "") -> list[NodeKey]:
    """The keys that are valid now of a role (``hub`` or ``site``), of one facility if given, oldest first."""
    found = _valid_now().filter(role=role).order_by("valid_from")
    return [_key(node) for node in (found.filter(facility_id=facility) if facility else found)]


def _valid_now() -> QuerySet[Node]:
    now = clock.now()
    return Node.objects.filter(valid_from__lte=now).exclude(valid_to__lte=now).exclude(revoked_at__lte=now)


def seen(kid: str) -> None:
    """Notes that a node has just called."""
    Node.objects.filter(kid=kid).update(last_seen=clock.now())
