"""Who is who: names of facilities and keys of nodes."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from importlib import resources
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.translation import get_language

from lienthong.facilities.models import Facility, FacilityName, Node
from lienthong.foundation import clock


@dataclass(frozen=True, slots=True)
class NodeKey:
    """The public key of a node.

    Attributes:
        kid: RFC 7638 thumbprint of ``jwk``.
        facility: the facility's code.
        role: ``hub`` or ``site``.
    """

    kid: str
    facility: str
    role: str
    jwk: dict[str, Any]


def here() -> str:
    """The code of the facility this node belongs to."""
    return str(settings.NODE.facility)


def is_hub() -> bool:
    """Whether this node is the province's hub."""
    return bool(settings.NODE.role == "hub")


@lru_cache(maxsize=4096)
def _names(code: str) -> tuple[FacilityName, ...]:
    return tuple(FacilityName.objects.filter(facility_id=code))


def name(code: str, on: date | None = None, language: str | None = None) -> str:
    """The facility's name on a day (today if none is given) in ``vi`` or ``en``; the code where none is known."""
    names = _names(code)
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
    _names.cache_clear()


def add_node(facility: str, role: str, jwk: dict[str, Any], kid: str, since: datetime) -> None:
    """Enters a node's public key; the same key twice changes nothing."""
    Node.objects.get_or_create(
        kid=kid, defaults={"facility_id": facility, "role": role, "jwk": jwk, "valid_from": since}
    )


def node_key(kid: str, at: datetime | None = None) -> NodeKey | None:
    """The key with that name, if it was valid at the moment (now if none is given)."""
    node = Node.objects.filter(kid=kid).first()
    moment = at or clock.now()
    if node is None or node.valid_from > moment or (node.valid_to is not None and node.valid_to <= moment):
        return None
    return NodeKey(node.kid, node.facility_id, node.role, node.jwk)


def connected(code: str) -> bool:
    """Whether a facility has a node with a valid key."""
    now = clock.now()
    nodes = Node.objects.filter(facility_id=code, valid_from__lte=now)
    return nodes.filter(Q(valid_to=None) | Q(valid_to__gt=now)).exists()


def nodes(role: str, facility: str = "") -> list[NodeKey]:
    """The keys that are valid now of a role (``hub`` or ``site``), of one facility if given, oldest first."""
    now = clock.now()
    found = (
        Node.objects.filter(role=role, valid_from__lte=now).exclude(valid_to__lte=now).order_by("valid_from")
    )
    if facility:
        found = found.filter(facility_id=facility)
    return [NodeKey(node.kid, node.facility_id, node.role, node.jwk) for node in found]


def seen(kid: str) -> None:
    """Notes that a node has just called."""
    Node.objects.filter(kid=kid).update(last_seen=clock.now())
