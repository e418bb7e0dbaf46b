"""The sender's fields in templates, and what the other transfer pages show of the sender's work."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lienthong import exchange
from lienthong.facilities import directory
from lienthong.transfers import desk, rules
from lienthong.transfers.models import State, Transfer
from lienthong.transfers.waiting import DAYS, Waiting
from lienthong.web.record import moments
from lienthong.web.sending import layout, reading, showing

register = template.Library()
MOST_DRAFTS = 50

register.filter("local", reading.local)


@register.filter
def figure(value: Any) -> str:
    """A number with the reader's decimal sign."""
    return showing.figure(value) if value not in (None, "") else ""


@register.filter
def get(value: Any, name: str) -> Any:
    """A member of a value, or nothing."""
    return value.get(name, "") if isinstance(value, dict) else ""


@register.filter
def member(value: Any, name: str) -> str:
    """A member of the person, dates day first."""
    text = str(value.get(name, "") or "") if isinstance(value, dict) else ""
    return moments.show(text) if name in layout.DATES else text


@register.filter
def columns(name: str) -> Any:
    """The columns of a list that is typed row by row."""
    return layout.ROWS.get(name, ())


@register.filter
def about_result(row: dict[str, str]) -> str:
    """Flag, range, time and laboratory of a result."""
    flag = str(layout.FLAGS.get(row.get("flag", ""), ""))
    parts = (flag, row.get("range", ""), moments.show(row.get("at", "")), row.get("laboratory", ""))
    return ", ".join(filter(None, parts))


@register.filter
def waiting(found: Waiting) -> str:
    """How long a hospital takes to answer, with how many transfers that is taken from."""
    if found.minutes is None:
        text = _("Time to answer: no figures yet.")
    else:
        minutes = (
            ngettext("%(n)d minute", "%(n)d minutes", found.minutes) % {"n": found.minutes}
            if found.minutes < 120
            else ngettext("%(n)d hour", "%(n)d hours", found.minutes // 60) % {"n": found.minutes // 60}
        )
        text = _("Time to answer: %(time)s (median of %(n)d in %(days)d days).") % {
            "time": minutes,
            "n": found.answered,
            "days": DAYS,
        }
    if found.unanswered:
        text += " " + ngettext(
            "%(n)d transfer from here waits for its answer.",
            "%(n)d transfers from here wait for their answer.",
            found.unanswered,
        ) % {"n": found.unanswered}
    return text


@register.inclusion_tag("web/sending/after.html", takes_context=True)
def sender_part(context: template.Context, transfer: Transfer) -> dict[str, Any]:
    """On the page of one transfer, at the sender: go on with a draft, what to complete, another hospital."""
    ours = transfer.sender == directory.here()
    state = State(transfer.state)
    running = ours and state != State.DRAFTED and state not in rules.ENDED and bool(transfer.form)
    gaps = showing.gaps(transfer) if running else []
    waits = None
    if ours and state == State.SENT:
        queued = [
            m for m in exchange.messages_of(transfer.loop) if m.kind == desk.TRANSFER and m.state == "queued"
        ]
        waits = queued[0].created if queued else None
    return {
        "transfer": transfer,
        "csrf_token": context.get("csrf_token"),
        "draft": ours and state == State.DRAFTED,
        "waits": waits,
        "gaps": [(name.partition(".")[0], layout.label(name)) for name in gaps],
        "declined": ours and state == State.DECLINED,
    }


@register.inclusion_tag("web/sending/drafts.html")
def open_drafts() -> dict[str, Any]:
    """On the list of transfers from us: begin one, go on with those that were not sent yet."""
    found = Transfer.objects.filter(sender=directory.here(), state=State.DRAFTED).order_by("-changed_at")
    return {"drafts": list(found[:MOST_DRAFTS])}
