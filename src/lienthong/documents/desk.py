"""What others may ask of documents: publish, withdraw, ask the province, fetch, list; what messages bring."""

from __future__ import annotations

from collections.abc import Sequence

from lienthong.access.audit import Actor, record
from lienthong.documents.asking import (
    ANSWER,
    REQUEST,
    entries,
    fetch,
    request_receipted,
    search_province,
    take_answer,
    word_of,
)
from lienthong.documents.automatic import rules, set_rule
from lienthong.documents.basis import BASES, PURPOSES
from lienthong.documents.holding import take_request
from lienthong.documents.kinds import KINDS
from lienthong.documents.models import Fetch, Held, Mode, Outgoing, Publication, Search, Status
from lienthong.documents.publishing import Draft, draft, publish, withdraw
from lienthong.documents.registry import counts
from lienthong.foundation import clock

__all__ = [
    "ANSWER",
    "BASES",
    "KINDS",
    "PURPOSES",
    "REQUEST",
    "Draft",
    "Fetch",
    "Held",
    "Mode",
    "Publication",
    "Search",
    "Status",
    "counts",
    "draft",
    "entries",
    "fetch",
    "fetches",
    "last_search",
    "mine",
    "publications",
    "publish",
    "request_receipted",
    "rules",
    "search_province",
    "seen",
    "set_rule",
    "take_answer",
    "take_request",
    "unseen",
    "waiting",
    "withdraw",
    "word_of",
]

MOST = 200


def last_search(patient: str, account: str) -> Search | None:
    """The newest question of a person about a patient."""
    return Search.objects.filter(patient=patient, account=account[:60]).order_by("-at", "-id").first()


def fetches(patient: str) -> Sequence[Fetch]:
    """Documents of a patient that were asked for here, newest first."""
    return list(Fetch.objects.filter(patient=patient)[:MOST])


def unseen(account: str) -> int:
    """How many documents came, or were refused, for a person who has not looked since."""
    return Fetch.objects.filter(account=account[:60], seen_at=None).exclude(answered_at=None).count()


def mine(account: str) -> Sequence[Fetch]:
    """Documents that a person asked for, newest first."""
    return list(Fetch.objects.filter(account=account[:60])[:MOST])


def waiting() -> set[str]:
    """Ids of publications of which the hub is still to be told something."""
    return set(Outgoing.objects.filter(refused=False).values_list("publication_id", flat=True))


def seen(one: Fetch, *, actor: Actor) -> None:
    """Notes that a document that came is opened, for the trail and for the one who asked."""
    record(
        actor,
        "read",
        patient=one.patient,
        page=f"documents/{one.id}",
        why=one.basis,
        detail={"document": one.document, "from": one.facility},
    )
    if one.account == actor.id[:60]:
        Fetch.objects.filter(id=one.id, seen_at=None).update(seen_at=clock.now())


def publications(patient: str = "") -> Sequence[Publication]:
    """What this unit has published, newest first; of one patient if given."""
    found = Publication.objects.filter(patient=patient) if patient else Publication.objects.all()
    return list(found[:MOST])
