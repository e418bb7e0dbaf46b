"""Clinical times, marks and trends in templates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lienthong.facilities import directory
from lienthong.terminology import systems
from lienthong.web.record import moments, results
from lienthong.web.record.sparkline import sparkline as draw

register = template.Library()


@register.filter
def fhir_day(value: str) -> str:
    """The day of a FHIR date or time."""
    return moments.day(value)


@register.filter
def number_kind(system: str) -> str:
    """What a number of an identifier system is called; empty for one that has no name."""
    if system.startswith(systems.patient_number("")):
        return _("the hospital's own number")
    return {
        systems.CITIZEN_NUMBER: _("citizen number"),
        systems.OLD_IDENTITY_CARD: _("old identity card"),
        systems.PASSPORT: _("passport number"),
        systems.INSURANCE_CARD: _("insurance card"),
        systems.SOCIAL_INSURANCE: _("social insurance number"),
    }.get(system, "")


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


_CODED_SIGNS = re.compile(r"CSST\s*[<\[({=].*")


@register.filter
def coded_signs(line: str) -> SafeString:
    """A line of a note; the vital signs that a HIS appends in code (CSST) stand back, the table tells them."""
    found = _CODED_SIGNS.search(line)
    if found is None:
        return format_html("{}", line)
    return format_html('{}<span class="coded">{}</span>', line[: found.start()], line[found.start() :])


@register.filter
def practitioner(name: str) -> str:
    """A person's name; a bare number, all that many exports give, is said to be one."""
    bare = name[:1].isdigit() and " " not in name
    return _("licence or staff number") + " " + name if bare else name


@register.filter
def any_range(table: results.Table) -> bool:
    """Whether the source gave a reference range for anything shown."""
    return results.any_range(table)


@register.filter
def facility(code: str) -> str:
    """The name of a facility."""
    return directory.name(code)
