"""Cutting a compromised or lost site off: at the hub one action, at the other sites what the statement says."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Q

from lienthong.access import audit
from lienthong.exchange import alerts, reading, sql, trace, work
from lienthong.exchange.models import JoinCode
from lienthong.exchange.trust import problems, statement
from lienthong.facilities import directory, models
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError

LONGEST_WHY = 400
MARGIN = timedelta(days=1)
"""Keys are entered as valid from a day before, and end a day after, the moment of the call: nobody can have used a key
before it was made, and so a node whose clock is wrong by hours loses nothing."""
_ATTEMPTS = 4


def cut_off(facility: str, why: str, by: audit.Actor, *, since: datetime | None = None) -> int:
    """Hub: revokes all keys of a facility's site at once and tells every other site; returns how many messages to it
    will not be handed over.

    What the hub had accepted from it stays valid. Mail that waits for it is not handed over, also not after it has
    joined anew, since it was sealed to the old key.

    Args:
        since: from when on its keys may have been in foreign hands; what it signed after that is shown as doubtful.

    Raises:
        LienThongError: ``trust-not-connected``, ``trust-reason-needed``.
    """
    if not why.strip():
        raise LienThongError(problems.reason_needed())
    for attempt in range(_ATTEMPTS):
        try:
            return _cut_off(facility, why.strip()[:LONGEST_WHY], by, since)
        except OperationalError:  # a deadlock with calls under way, which must not stop this
            if attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError


@transaction.atomic
def _cut_off(facility: str, why: str, by: audit.Actor, since: datetime | None) -> int:
    now = clock.now()
    keys = models.Node.objects.filter(facility=facility, role="site", revoked_at=None)
    if not keys.filter(Q(valid_to=None) | Q(valid_to__gt=now)).exists():
        raise LienThongError(problems.nothing_to_cut(facility))
    kids = list(keys.values_list("kid", flat=True))
    keys.update(revoked_at=now, revoked_why=why, doubtful_from=since)
    JoinCode.objects.filter(facility=facility, state__in=["open", "waiting"]).update(
        state="withdrawn", key=""
    )
    with connection.cursor() as cursor:
        cursor.execute(sql.WITHDRAW, (work.as_text(problems.cut_off(facility)), facility))
        withdrawn = [row[0] for row in cursor.fetchall()]
    statement.publish(by, f"{facility} cut off")
    detail: dict[str, Any] = {
        "facility": facility,
        "keys": kids,
        "since": _text(since),
        "returned": withdrawn,
    }
    audit.record(by, "cut-off", page="units", why=why, detail=detail)
    alerts.clear("trust-join-waiting", facility)
    return len(withdrawn)


def _text(moment: datetime | None) -> str:
    return clock.iso(moment) if moment else ""


def undelivered(facility: str) -> int:
    """Hub: how many messages to a facility have no receipt yet."""
    with connection.cursor() as cursor:
        cursor.execute(sql.UNDELIVERED, (facility,))
        return int(cursor.fetchone()[0])


def tell_senders() -> None:
    """Site: sets aside what was put for facilities that were cut off, and before they joined anew if they have, with
    one alert for each of them. Joins the caller's transaction."""
    now = clock.iso(clock.now())
    revoked = models.Node.objects.filter(role="site").exclude(revoked_at=None)
    for facility in sorted(set(revoked.values_list("facility", flat=True))):
        again = (
            models.Node.objects.filter(facility=facility, role="site", revoked_at=None)
            .order_by("valid_from")
            .first()
        )
        before = clock.iso(again.valid_from + MARGIN) if again else "9"
        problem = problems.cut_off(facility)
        with connection.cursor() as cursor:
            cursor.execute(sql.CUT_OFF, (work.as_text(problem), facility, before))
            messages = [row[0] for row in cursor.fetchall()]
        here = settings.NODE.facility
        trace.add([(message, now, here, trace.SET_ASIDE, problem.code) for message in messages])
        if messages:
            alerts.raise_alert(problem, facility)


def doubtful_since(facility: str, created: datetime) -> datetime | None:
    """From when on what a facility signed is doubtful, when a message made at that moment is."""
    keys = models.Node.objects.filter(facility=facility, doubtful_from__lte=created, valid_from__lte=created)
    key = keys.filter(revoked_at__gt=created).order_by("doubtful_from").first()
    return key.doubtful_from if key else None


def doubts(messages: Iterable[reading.MessageRow]) -> list[tuple[str, datetime]]:
    """Whose messages among these are doubtful, and since when."""
    found = {(row.sender, doubtful_since(row.sender, row.created)) for row in messages}
    return sorted((sender, since) for sender, since in found if since is not None)


def cut(facility: str) -> models.Node | None:
    """The revoked key of a facility that has no valid one: when it was cut off and why."""
    if directory.nodes("site", facility):
        return None
    return (
        models.Node.objects.exclude(revoked_at=None).filter(facility=facility).order_by("-revoked_at").first()
    )
