"""Clinical times, marks and trends in templates."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lienthong.facilities import directory
from lienthong.web.record import moments, results
from lienthong.web.record.sparkline import sparkline as draw

register = template.Library()


@register.filter
def fhir_day(value: str) -> str:
    """The day of a FHIR date or time."""
    return moments.day(value)


@register.filter
def fhir_moment(value: str) -> str:
    """A FHIR date or time, as exact as the source."""
    return moments.show(value)


@register.filter
def short_moment(value: str) -> str:
    """Day and time on two lines of a narrow column."""
    moment = moments.parse(value)
    return f"{moment:%d/%m/%y} {moment:%H:%M}" if moment else moments.show(value)


@register.filter
def sparkline(trend: Sequence[tuple[str, Decimal]]) -> SafeString:
    """A small trend line."""
    return draw(trend)


@register.filter
def mark(value: results.Value) -> str:
    """``high``, ``low`` or ``abnormal`` in words with an arrow."""
    words = {"high": _("high") + " ↑", "low": _("low") + " ↓", "abnormal": _("abnormal")}
    return words.get(value.mark, "")


@register.filter
def any_range(table: results.Table) -> bool:
    """Whether the source gave a reference range for anything shown."""
    return results.any_range(table)


@register.filter
def facility(code: str) -> str:
    """The name of a facility."""
    return directory.name(code)
