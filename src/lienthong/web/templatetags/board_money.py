"""Money, items and lengths of time in templates."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django import template
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lienthong.rollout.money import catalogue
from lienthong.web.board.money import showing
from lienthong.web.views.measures import span

register = template.Library()
register.filter("vnd", showing.money)
register.filter("vnd_exact", showing.exact)
register.filter("amount", showing.number)


@register.filter
def item_name(id: str) -> str:
    """An item in words."""
    found = catalogue.item(id)
    return found.name if found else id


@register.filter
def measured(quantity: Decimal, item: str) -> str:
    """So many of an item in words: ``12 tháng``."""
    found = catalogue.item(item)
    words = found.measure if found else ""
    many = get_language() == "en" and quantity != 1
    return f"{showing.number(quantity)} {words}{'s' if many and words else ''}".strip()


@register.filter
def funding_name(id: str) -> str:
    """A source of money in words."""
    found = catalogue.funding(id)
    return found.name if found else showing.missing()


@register.filter
def stage_name(id: str) -> str:
    """A stage in words."""
    found = catalogue.stage(id)
    return found.name if found else id


@register.filter
def typist(name: str) -> str:
    """Who entered something; what came with the program says so."""
    return _("the program") if name == "seed" else name


@register.filter
def length_of(value: timedelta | None) -> str:
    """A length of time in its two largest units; words when there is none."""
    return showing.missing() if value is None else span(value.total_seconds() / 60)
