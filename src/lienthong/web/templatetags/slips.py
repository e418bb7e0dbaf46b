"""What the pages of a transfer show of slips: findings before sending, how long the slip counts, the return."""

from __future__ import annotations

from typing import Any

from django import template

from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.transfers.models import Transfer
from lienthong.transfers.validity import back, reception
from lienthong.transfers.validity.checks import checks
from lienthong.transfers.validity.working_days import calendar

register = template.Library()


@register.inclusion_tag("web/parts/findings.html", takes_context=True)
def findings(context: template.Context, transfer: Transfer) -> dict[str, Any]:
    """What the checks say of a transfer before it is sent."""
    return {"found": checks(transfer), "LANGUAGE_CODE": context.get("LANGUAGE_CODE")}


@register.inclusion_tag("web/parts/slip_line.html")
def slip_line(transfer: Transfer) -> dict[str, Any]:
    """One line: until when the slip is valid, how often it was used."""
    return {"slip": reception.slip(transfer, reception.visits(transfer), calendar(), clock.today())}


@register.inclusion_tag("web/parts/back_offer.html", takes_context=True)
def back_offer(context: template.Context, transfer: Transfer) -> dict[str, Any]:
    """At the receiving hospital, after an outcome with a disease of annex IV: the way to the return; else nothing."""
    offer = back.offer(transfer)
    home = directory.name(offer.home) if offer and offer.home else ""
    return {"transfer": transfer, "offer": offer, "home": home, "LANGUAGE_CODE": context.get("LANGUAGE_CODE")}
