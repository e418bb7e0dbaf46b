"""Amounts of money and days of a page as people read them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from lienthong.foundation import clock
from lienthong.web import days


def missing() -> str:
    """What stands where no figure was entered."""
    return _("no figure yet")


def grouped(value: Decimal | int) -> str:
    """A number with its thousands parted and its decimals as the language of the page has them."""
    whole, _point, part = f"{Decimal(value):,f}".partition(".")
    thousands, decimal = (",", ".") if get_language() == "en" else (".", ",")
    return whole.replace(",", thousands) + (decimal + part if part else "")


def exact(amount: int) -> str:
    """``2.400.000.000 đồng``."""
    return _("%(n)s VND") % {"n": grouped(amount)}


def short(amount: int | None) -> str:
    """``2,4 tỷ đồng``, ``67,5 triệu đồng``; below a million as it is; in words when there is none."""
    if amount is None:
        return missing()
    if abs(amount) >= 10**9:
        return pgettext("money", "%(n)s billion VND") % {"n": _part(amount, 10**9)}
    if abs(amount) >= 10**6:
        return pgettext("money", "%(n)s million VND") % {"n": _part(amount, 10**6)}
    return exact(amount)


def _part(amount: int, unit: int) -> str:
    return grouped((Decimal(amount) / unit).quantize(Decimal("0.001")).normalize())


def money(amount: int | None) -> SafeString:
    """The short form, with the exact one when pointed at and for screen readers."""
    if amount is None:
        return format_html('<span class="none nowrap">{}</span>', missing())
    text = short(amount)
    if abs(amount) < 10**6:
        return format_html('<span class="nowrap">{}</span>', text)
    return format_html('<data class="nowrap" value="{}" title="{}">{}</data>', amount, exact(amount), text)


def number(value: Decimal | int | None) -> str:
    """A quantity without needless zeros."""
    if value is None:
        return missing()
    return grouped(Decimal(value).normalize())


def day_asked(request: HttpRequest) -> date:
    """The day that the page is asked for (``on``); today when none is given, it is no day or lies ahead."""
    today = clock.today()
    return min(days.read(request.GET.get("on", "")) or today, today)
