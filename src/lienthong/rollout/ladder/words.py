"""Rungs and their evidence in words, in the language of whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.rollout.feeds.reading import Span
from lienthong.rollout.feeds.words import number
from lienthong.rollout.ladder import rungs
from lienthong.rollout.ladder.daily import WANTED, Gap, Run
from lienthong.rollout.ladder.rungs import Evidence

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NAMES: Mapping[str, StrOrPromise] = {
    rungs.INSTALLED: pgettext_lazy("rung", "Installed"),
    rungs.RECORD: pgettext_lazy("rung", "First real record"),
    rungs.TRANSFER: pgettext_lazy("rung", "First transfer out"),
    rungs.RECEIPT: pgettext_lazy("rung", "First receipt"),
    rungs.OUTCOME: pgettext_lazy("rung", "First outcome back"),
    rungs.MONTH: pgettext_lazy("rung", "30 days without a gap"),
}
GAPS: Mapping[str, StrOrPromise] = {
    "nothing": gettext_lazy("nothing came from the HIS"),
    "off": gettext_lazy("the program did not run at the unit"),
}


def detail(one: Evidence) -> str:
    """What a rung rests on, or why it is not reached, in a sentence."""
    if one.name == rungs.INSTALLED:
        return _installed(one)
    if one.name == rungs.RECORD:
        return _record(one)
    if one.name == rungs.MONTH:
        return _month(one.run)
    if one.at is None:
        return str(_MISSING[one.name])
    return str(_DONE[one.name]) % {"other": directory.name(one.other)}


_DONE = {
    rungs.TRANSFER: gettext_lazy("to %(other)s; the hub took it over"),
    rungs.RECEIPT: gettext_lazy("%(other)s signed that it was stored"),
    rungs.OUTCOME: gettext_lazy("%(other)s told how the patient did"),
}
_MISSING = {
    rungs.TRANSFER: gettext_lazy("no transfer has come from this unit"),
    rungs.RECEIPT: gettext_lazy("no receiver has signed a receipt for a transfer of this unit"),
    rungs.OUTCOME: gettext_lazy("no receiver has told an outcome of a transfer of this unit"),
}


def _installed(one: Evidence) -> str:
    if one.at is None:
        return _("joined, but its node has never called") if one.seen else _("not joined to the hub")
    return _("its node calls the hub; last contact %(at)s") % {"at": moment(one.seen)}


def _record(one: Evidence) -> str:
    if one.span is not None:
        told = _("%(count)s dossiers of its HIS so far") % {"count": number(one.span.items)}
        days = data_days(one.span)
        return f"{told}; {days}" if days else told
    if one.left_out:
        return _("%(count)s records of a demonstration, which do not count") % {"count": number(one.left_out)}
    return _("no dossier has come from its HIS")


def data_days(span: Span) -> str:
    """From which day to which the data are, which is not when they came."""
    if span.first_day is None or span.last_day is None:
        return ""
    return _("data of the days %(first)s to %(last)s") % {
        "first": day(span.first_day),
        "last": day(span.last_day),
    }


def _month(run: Run | None) -> str:
    if run is None:
        return _("no day counted yet")
    now = ngettext("%(n)s day so far", "%(n)s days so far", run.days) % {"n": run.days}
    parts = [now if run.days < WANTED else ngettext("%(n)s day", "%(n)s days", run.days) % {"n": run.days}]
    if run.longest > run.days and run.longest_to is not None:
        parts.append(_("longest %(n)s days, until %(day)s") % {"n": run.longest, "day": day(run.longest_to)})
    if run.broken is not None:
        parts.append(_("broken on %(day)s: %(why)s") % {"day": day(run.broken.day), "why": why(run.broken)})
    return "; ".join(parts)


def why(gap: Gap) -> str:
    """Why a day is a gap."""
    return str(GAPS[gap.why])


def day(value: date) -> str:
    """``18/02/2025``."""
    return value.strftime("%d/%m/%Y")


def moment(at: datetime | None) -> str:
    """``21:05 18/02/2025`` in Viet Nam."""
    return at.astimezone(clock.VIETNAM).strftime("%H:%M %d/%m/%Y") if at else ""
