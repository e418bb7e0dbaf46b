"""The state of a feed in a sentence, in the language of whoever asks."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _

from lienthong.foundation import clock
from lienthong.rollout.feeds.fields import FEEDS
from lienthong.rollout.feeds.states import State


def sentence(state: State) -> str:
    """E.g. ``LIS: usually 120 results a working day, none for 2 days``."""
    return f"{state.feed}: {_tell(state)}"


def in_language(state: State, language: str) -> str:
    """The same in a language."""
    with override(language):
        return sentence(state)


def _tell(state: State) -> str:
    kind = FEEDS[state.feed]
    amount = f"{number(state.usual or 0)} {kind.items}"
    if state.why == "never":
        return _("nothing has come yet")
    if state.why == "no-report":
        at = _moment(state.known_to)
        return _("the unit has reported nothing since %(at)s, so nobody knows whether anything comes") % {
            "at": at
        }
    if state.why == "short":
        return _("not known for long enough to say what is usual; something came last at %(at)s") % {
            "at": _moment(state.last_at)
        }
    if state.why == "silent" and state.last_at and state.known_to:
        since = long(state.known_to - state.last_at)
        return _("usually %(amount)s a working day, none for %(since)s") % {"amount": amount, "since": since}
    if state.fewer:
        day, came, expected = state.fewer
        return _("usually %(usual)s %(items)s on such a day, only %(came)s on %(day)s") % {
            "usual": number(expected),
            "items": kind.items,
            "came": number(came),
            "day": day.strftime("%d/%m/%Y"),
        }
    if state.fallen and state.why == "fields":
        return "; ".join(
            _("“%(field)s” was filled in %(usual)s%% of %(items)s, now in %(now)s%%")
            % {
                "field": kind.fields.get(name, name),
                "items": kind.items,
                "usual": round(found.usual * 100),
                "now": round(found.now * 100),
            }
            for name, found in sorted(state.fallen.items())
        )
    if state.why == "rare":
        return _("less than one a working day; the last came at %(at)s") % {"at": _moment(state.last_at)}
    return _("usually %(amount)s a working day; the last came at %(at)s") % {
        "amount": amount,
        "at": _moment(state.last_at),
    }


def long(span: timedelta) -> str:
    """A time in whole days, or hours where it is less than two days."""
    hours = int(span.total_seconds() // 3600)
    if hours < 48:
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    return ngettext("%(n)s day", "%(n)s days", hours // 24) % {"n": hours // 24}


def number(value: int) -> str:
    """``2.416`` on a Vietnamese page, ``2,416`` on an English one."""
    text = f"{value:,}"
    return text.replace(",", ".") if get_language() == "vi" else text


def _moment(at: datetime | None) -> str:
    return at.astimezone(clock.VIETNAM).strftime("%H:%M %d/%m/%Y") if at else ""
