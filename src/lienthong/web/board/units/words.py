"""Facts in words, and days that a page is asked for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.http import Http404, HttpRequest
from django.utils.translation import get_language

from lienthong.facilities import directory
from lienthong.facilities.models import Facility
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.rollout import facts
from lienthong.rollout.facts import Fact, Key
from lienthong.rollout.sheets.preview import number
from lienthong.web import days
from lienthong.web.words import hint, sentence

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

GROUPS: dict[str, StrOrPromise] = {name: facts.GROUPS[name] for name in facts.GROUPS if name != "unit"}
"""The groups that a list may show, with their headings."""


def shown(key: Key, value: str) -> str:
    """A fact's value as people write it in the language of the page; empty stays empty."""
    if not value:
        return ""
    if key.kind in ("number", "decimal"):
        return amount(Decimal(value))
    if key.kind == "day":
        return date.fromisoformat(value).strftime("%d/%m/%Y")
    if key.name == "merged_into":
        return directory.name(value)
    return key.words(value)


def amount(value: Decimal) -> str:
    """``2.416``, ``12,5`` in Vietnamese, ``2,416``, ``12.5`` in English."""
    return f"{value:,f}" if get_language() == "en" else number(value)


def typed(key: Key, fact: Fact | None) -> str:
    """A fact's value as a field of a form holds it: numbers without groups, a comma as the decimal sign."""
    value = fact.value if fact else ""
    return value.replace(".", ",") if key.kind == "decimal" else value


def on_day(request: HttpRequest) -> date:
    """The day that the address asks for (``on``, ``yyyy-mm-dd``); today if it names none."""
    return days.read(request.GET.get("on", ""), date(1990, 1, 1), date(2100, 12, 31)) or clock.today()


def known_unit(code: str) -> Facility:
    """A unit of the province, or the Department itself for what is declared for the whole province.

    Raises:
        Http404: there is none.
    """
    found = Facility.objects.filter(pk=code).first()
    if found is None or not (found.in_province or code == facts.PROVINCE):
        raise Http404
    return found


def said(error: LienThongError) -> str:
    """What is wrong and what to do, in the language of the page."""
    return f"{sentence(error.problem)} {hint(error.problem)}".strip()
