"""A hospital's own transfers, both ways, from its own steps."""

from __future__ import annotations

from collections import defaultdict

from lienthong import exchange
from lienthong.facilities import directory
from lienthong.transfers.measures.facts import Facts, of_steps
from lienthong.transfers.measures.periods import Period
from lienthong.transfers.models import State, Step, Transfer

_TOGETHER = 500


def facts(period: Period, urgency: str = "") -> list[Facts]:
    """Those sent in a period; ``urgency``: only these."""
    sent = Step.objects.filter(kind=State.SENT, at__gte=period.begins, at__lt=period.ends)
    if urgency:
        sent = sent.filter(transfer__urgency=urgency)
    messages = dict(sent.values_list("transfer_id", "message"))
    whole = {
        message: bool(body.get("complete"))
        for message, body in exchange.bodies({m for m in messages.values() if m}).items()
    }
    found, loops = [], sorted(messages)
    for start in range(0, len(loops), _TOGETHER):
        some = loops[start : start + _TOGETHER]
        steps: dict[str, list[Step]] = defaultdict(list)
        for step in Step.objects.filter(transfer__in=some):
            steps[step.transfer_id].append(step)
        for transfer in Transfer.objects.filter(loop__in=some):
            one = of_steps(
                steps[transfer.loop],
                sender=transfer.sender or directory.here(),
                receiver=transfer.receiver,
                urgency=str(transfer.urgency),
                complete=whole.get(messages[transfer.loop], transfer.complete),
            )
            if one is not None:
                found.append(one)
    return found
