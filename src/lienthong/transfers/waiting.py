"""How long a receiving hospital takes to answer, by this hospital's own transfers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.transfers.models import State, Step

DAYS = 30
_DRAFTED_AT_MOST = timedelta(days=60)
ANSWERS = (State.ASKED, State.ACCEPTED, State.DECLINED, State.BED, State.APPOINTMENT)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Time from sending to the first answer.

    Attributes:
        minutes: median; None where there are no figures.
        answered: of how many transfers; unanswered: how many were not answered yet.
    """

    minutes: int | None
    answered: int
    unanswered: int


def times(receivers: Iterable[str]) -> dict[str, Waiting]:
    """For each receiver what the transfers sent to it from here in the last :data:`DAYS` days show."""
    wanted = list(receivers)
    since = clock.now() - timedelta(days=DAYS)
    steps = Step.objects.filter(
        transfer__begun_at__gte=since - _DRAFTED_AT_MOST,
        transfer__sender=directory.here(),
        transfer__receiver__in=wanted,
        kind__in=(State.SENT, *ANSWERS),
        effect=True,
    ).select_related("transfer")
    sent: dict[str, tuple[str, datetime]] = {}
    answered: dict[str, datetime] = {}
    for step in steps:
        loop = step.transfer_id
        if step.kind != State.SENT:
            answered[loop] = min(step.at, answered.get(loop, step.at))
        elif step.at >= since:
            sent[loop] = (step.transfer.receiver, step.at)
    found = {}
    for receiver in wanted:
        mine = {loop: at for loop, (to, at) in sent.items() if to == receiver}
        spans = [(answered[loop] - at).total_seconds() / 60 for loop, at in mine.items() if loop in answered]
        minutes = max(0, round(median(spans))) if spans else None
        found[receiver] = Waiting(minutes, len(spans), len(mine) - len(spans))
    return found
