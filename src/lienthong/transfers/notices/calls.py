"""Notices as rows: told in the transaction of what they tell, read by each person, settled for everybody."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from lienthong.access.models import Account, Role
from lienthong.facilities import directory
from lienthong.foundation import clock, ids
from lienthong.transfers.models import Call, CallRead
from lienthong.transfers.notices import hooks, mail
from lienthong.transfers.notices.reasons import REASONS, SILENT, URGENCY, Sound, moves_on

SOUNDS_FOR = timedelta(minutes=30)
"""How long an open page goes on sounding for a notice that nobody there has read."""
CLOSES_AFTER = timedelta(days=7)
"""When a notice that asks for nothing closes by itself."""
KEPT_FOR = timedelta(days=90)
LISTED_FOR = timedelta(days=30)
MOST_LISTED = 2000


class AboutTransfer(Protocol):
    """What of a transfer a notice may know: nothing of the patient."""

    loop: str
    sender: str
    receiver: str
    started_by: str
    urgency: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a person.

    Attributes:
        count: notices he has not read; urgent: how many of them sound.
        newest: id of the newest, empty for none; sounding: id of the newest that is to sound now.
    """

    count: int
    urgent: int
    newest: str
    sounding: str


def tell(reason: str, transfer: AboutTransfer, *, roles: Collection[Role] = (), about: str = "") -> None:
    """Tells people of this unit about a transfer; takes part in the caller's transaction.

    Mail and hooks that this gives rise to are rows of the same transaction. The same reason about the same thing is
    told once, also after it was settled. A step of the other hospital that moves the transfer on settles what asked
    before.

    Args:
        reason: a row of :data:`~lienthong.transfers.notices.reasons.REASONS`; nothing happens for those of ``SILENT``.
        transfer: anything with ``loop sender receiver started_by urgency``.
        roles: who is told, if not those of the table.
        about: what of the loop it is, e.g. the id of a step; is shown nowhere.

    Raises:
        LookupError: no such reason.
    """
    if reason in SILENT:
        return
    told = REASONS[reason]
    to_us = transfer.receiver == directory.here()
    urgency = transfer.urgency if transfer.urgency in URGENCY else "planned"
    sounds = told.sound is Sound.ALWAYS or (told.sound is Sound.EMERGENCY and urgency == "emergency")
    with transaction.atomic():
        call, new = Call.objects.get_or_create(
            loop=transfer.loop,
            reason=reason,
            about=about[:64],
            defaults={
                "id": ids.new_id(),
                "roles": _as_text(roles or told.roles),
                "person": transfer.started_by if told.starter and not to_us else "",
                "urgency": urgency,
                "other": transfer.sender if to_us else transfer.receiver,
                "to_us": to_us,
                "sounds": sounds,
                "at": clock.now(),
            },
        )
        if new:
            if moves_on(reason):
                _settle(transfer.loop, but=call.id)
            mail.queue(call)
            hooks.queue(call)


def settle(loop: str) -> None:
    """Closes for everybody what asked for a step that this hospital has taken now; joins the caller's transaction."""
    _settle(loop)


def _settle(loop: str, but: str = "") -> None:
    asking = [name for name, reason in REASONS.items() if reason.asks]
    still = Call.objects.filter(loop=loop, closed_at=None, reason__in=asking).exclude(pk=but)
    still.update(closed_at=clock.now())


def read(account: Account, roles: Collection[Role], loop: str = "") -> None:
    """Marks what waits for a person about a loop as read; without a loop, all."""
    found = _unread(account, roles)
    if loop:
        found = found.filter(loop=loop)
    now = clock.now()
    CallRead.objects.bulk_create(
        [CallRead(call_id=id, account=account, at=now) for id in found.values_list("id", flat=True)],
        ignore_conflicts=True,
    )


def waiting(account: Account, roles: Collection[Role]) -> Waiting:
    """What waits for a person now: one query over open notices."""
    recent = clock.now() - SOUNDS_FOR
    row = _unread(account, roles).aggregate(
        count=Count("id"),
        urgent=Count("id", filter=Q(sounds=True)),
        newest=Max("id"),
        sounding=Max("id", filter=Q(sounds=True, at__gte=recent)),
    )
    return Waiting(row["count"], row["urgent"], row["newest"] or "", row["sounding"] or "")


def listed(account: Account, roles: Collection[Role], *, everything: bool = False) -> list[tuple[Call, bool]]:
    """The notices for a person, newest first, each with whether it waits for him.

    ``everything``: also those that were read or settled.
    """
    read_by_me = Exists(CallRead.objects.filter(call=OuterRef("pk"), account=account))
    if everything:
        found = Call.objects.filter(_for(account, roles), at__gte=clock.now() - LISTED_FOR)
    else:
        found = _unread(account, roles)
    newest = found.annotate(was_read=read_by_me).order_by("-at", "-id")[:MOST_LISTED]
    return [(call, call.closed_at is None and not call.was_read) for call in newest]


def tidy() -> None:
    """Closes old notices that ask for nothing, and removes those long closed, with what was sent of them."""
    now = clock.now()
    telling = [name for name, reason in REASONS.items() if not reason.asks]
    Call.objects.filter(closed_at=None, at__lt=now - CLOSES_AFTER, reason__in=telling).update(closed_at=now)
    Call.objects.filter(closed_at__lt=now - KEPT_FOR, at__lt=now - KEPT_FOR).delete()


def _unread(account: Account, roles: Collection[Role]) -> QuerySet[Call]:
    reads = CallRead.objects.filter(call=OuterRef("pk"), account=account)
    return Call.objects.filter(_for(account, roles), ~Exists(reads), closed_at=None)


def _for(account: Account, roles: Iterable[Role]) -> Q:
    wanted = Q(person=account.full_name) & ~Q(person="")
    for role in roles:
        wanted |= Q(roles__contains=f",{role.value},")
    return wanted


def _as_text(roles: Iterable[Role]) -> str:
    return "," + ",".join(sorted(role.value for role in roles)) + ","
