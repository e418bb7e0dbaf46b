"""Dates, sizes, tags, form fields and pages of lists."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField
from django.urls import Resolver404, resolve
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lienthong import exchange
from lienthong.access.models import Role
from lienthong.exchange.faults import fault_of
from lienthong.exchange.trust import cutting
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import Problem
from lienthong.web import words

register = template.Library()


def _local(value: datetime | str) -> datetime:
    moment = clock.from_iso(value) if isinstance(value, str) else value
    return moment.astimezone(clock.VIETNAM)


@register.filter
def moment(value: datetime | str | None) -> str:
    """``21/01/2025 07:15`` in Viet Nam's time, of a datetime or an ISO 8601 text; nothing stays nothing."""
    return _local(value).strftime("%d/%m/%Y %H:%M") if value else ""


@register.filter
def seconds(value: datetime | str | None) -> str:
    """Like :func:`moment`, with seconds."""
    return _local(value).strftime("%d/%m/%Y %H:%M:%S") if value else ""


@register.filter
def day(value: date | datetime | str | None) -> str:
    """``21/01/2025``."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.strftime("%d/%m/%Y")
    return _local(value).strftime("%d/%m/%Y") if value else ""


@register.filter
def size(value: int | None) -> str:
    """Bytes for people: ``58 kB``, ``1.2 MB`` (powers of 1000), with the decimal sign of the language."""
    amount = float(value or 0)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":
            break
        amount /= 1000
    places = 1 if 1 <= amount < 10 and unit != "B" else 0
    return f"{number_format(amount, places)} {unit}"


@register.simple_tag
def tag(kind: str, text: str) -> SafeString:
    """State as text, shape: ``ok`` disc, ``wait`` ring, ``warn`` triangle, ``bad`` square, ``info`` bar."""
    return format_html('<span class="tag tag-{}">{}</span>', kind, text)


@register.inclusion_tag("web/parts/field.html")
def field(bound: BoundField, hint: str = "") -> dict[str, Any]:
    """A form field with label, hint and error, all tied to it for screen readers."""
    described = [
        f"{bound.id_for_label}-{part}" for part, there in (("hint", hint), ("error", bound.errors)) if there
    ]
    attrs: dict[str, Any] = {"aria-describedby": " ".join(described)} if described else {}
    if bound.errors:
        attrs["aria-invalid"] = "true"
    return {"field": bound, "hint": hint, "widget": bound.as_widget(attrs=attrs)}


@register.inclusion_tag("web/parts/error_summary.html")
def error_summary(form: BaseForm) -> dict[str, Any]:
    """Everything wrong with a form at its top, each a link to the field."""
    return {"form": form, "fields": [bound for bound in form if bound.errors]}


@register.inclusion_tag("web/parts/pagination.html", takes_context=True)
def pagination(context: template.Context, page: Page[Any]) -> dict[str, Any]:
    """Previous, next and where one is; keeps the other parts of the address."""
    return {"page": page, "request": context["request"]}


@register.inclusion_tag("web/parts/doubt.html")
def doubt(loop: str) -> dict[str, Any]:
    """Says so when messages of a loop were signed while others may have had the sender's keys."""
    return {"doubts": cutting.doubts(exchange.messages_of(loop))}


@register.filter
def action(code: str) -> str:
    """The words for an action of the audit trail."""
    return str(words.ACTIONS.get(code, code))


@register.filter
def page_words(path: str) -> str:
    """What page an address of the trail is, in words; empty for anything else."""
    try:
        return str(words.PAGES.get(resolve(path).url_name or "", ""))
    except Resolver404:
        return ""


@register.filter
def get(found: dict[str, str] | str, key: str) -> str:
    """A value of a dictionary, or nothing."""
    return found.get(key, "") if isinstance(found, dict) else ""


register.filter("sentence", words.sentence)
register.filter("hint", words.hint)
register.filter("places", words.places)


@register.filter
def role_words(codes: str) -> str:
    """Roles as the trail keeps them (``doctor,head``), in words."""
    return ", ".join(str(Role(code).label) if code in Role.values else code for code in codes.split(","))


@register.filter
def reason(code: str) -> str:
    """The words for a reason or purpose of the audit trail; what a person wrote stays."""
    return str(words.REASONS.get(code) or words.purpose(code))


@register.filter
def basis(code: str) -> str:
    """The words for a legal basis; what is no code stays."""
    return words.basis(code)


@register.filter
def facility(code: str) -> str:
    """The facility's name in the language of the page; what is no code stays."""
    return directory.name(code)


@register.filter
def kind(code: str) -> str:
    """The words for a kind of message."""
    return str(words.KINDS.get(code, code))


@register.filter
def fault(code: str) -> str:
    """The words for a class of what goes wrong with a message."""
    return str(words.FAULTS.get(code, ""))


@register.filter
def fault_class(problem: Problem) -> str:
    """The class of a problem of a message."""
    return fault_of(problem)


@register.filter
def step(code: str) -> str:
    """The words for a step on a message's way."""
    return str(words.STEPS.get(code, code))


@register.simple_tag
def message_state(row: exchange.MessageRow) -> SafeString:
    """A message's state; green only by the receiver's signed receipt."""
    shape, text = words.MESSAGE_STATES.get(row.state, ("wait", row.state))
    return tag(shape, str(text))


@register.filter
def lane(code: int) -> str:
    """The words for how urgent content is."""
    return str(words.LANES.get(code, code))


@register.filter
def speed(value: int) -> str:
    """Bytes a second for people, as lines are sold: ``256 kbit/s``."""
    kbit = value * 8 / 1000
    return f"{number_format(kbit / 1000, 1)} Mbit/s" if kbit >= 1000 else f"{number_format(kbit, 0)} kbit/s"


@register.filter
def time_left(value: datetime | None, now: datetime) -> str:
    """How long until a moment: ``less than a minute``, ``12 minutes``, ``3 h 10 min``; nothing stays nothing."""
    if value is None:
        return ""
    minutes = round((value - now).total_seconds() / 60)
    if minutes < 1:
        return _("less than a minute")
    if minutes < 60:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    return _("%(h)d h %(m)d min") % {"h": minutes // 60, "m": minutes % 60}


@register.filter
def clock_time(value: datetime | None, now: datetime) -> str:
    """A moment of a clock: ``09:40`` today, ``06/03 09:40`` on another day; nothing stays nothing."""
    if value is None:
        return ""
    when = _local(value)
    return when.strftime("%H:%M" if when.date() == _local(now).date() else "%d/%m/%Y %H:%M")


@register.filter
def at_hour(value: datetime, now: datetime) -> str:
    """A moment within a day: ``21:00 today``, ``21:00 tomorrow``."""
    when = _local(value)
    text = _("%(hour)s today") if when.date() == _local(now).date() else _("%(hour)s tomorrow")
    return text % {"hour": when.strftime("%H:%M")}
