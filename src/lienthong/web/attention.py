"""Open alerts as a person sees them: those of one cause together, each with the page where it can be mended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lienthong.exchange import watch
from lienthong.exchange.alerts import Alert
from lienthong.foundation.errors import Problem
from lienthong.web import words

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

STUCK = "?stuck=1"
NOTED = frozenset(
    {
        "exchange-fork",
        "exchange-bad-receipt",
        "exchange-bad-manifest",
        "exchange-receipt-held",
        "document-not-taken",
    }
)
"""Codes of what happened once and has no cause that could go: they close when a person has seen to them."""
PLACES: dict[str, tuple[str, str, StrOrPromise]] = {
    "exchange-queue-": ("messages", STUCK, _("Waiting messages")),
    "exchange-no-receipt": ("messages", "", _("Messages")),
    "exchange-discrepancies": ("reconcile", "", _("Reconciliation")),
    "exchange-site-silent": ("province", "", _("Province today")),
    "document-not-taken": ("documents-published", "", _("Published documents")),
    "notices-hook": ("hooks", "", _("Hooks")),
    "plan-ready": ("board-plan-blocking", "?unit=all", _("What blocks what")),
    "plan-overdue": ("board-plan", "?unit=all&due=late", _("Tasks of the roll-out")),
    "plan-soon": ("board-plan", "?unit=all&due=7", _("Tasks of the roll-out")),
    "feed-": ("board-ladder-feeds", "", _("Feeds")),
    "transfer-overdue": ("measures-overdue", "", _("Overdue transfers")),
    "his-xml-silent": ("exports", "", _("Exports of the HIS")),
    "his-xml-refused": ("refused", "", _("Refused dossiers")),
}
"""Beginning of a code to the page where it can be seen to: its name, query and words."""


@dataclass(frozen=True, slots=True)
class Group:
    """Alerts of one cause.

    Attributes:
        count: how many; since: when the first opened; last, times: how often it was raised.
        url, page: where it can be seen to; empty when that is not here.
        messages: ids of messages that it is about, at most ten.
    """

    problem: Problem
    count: int
    since: datetime
    last: datetime
    times: int
    url: str
    page: StrOrPromise
    messages: list[str]
    about: str

    @property
    def notable(self) -> bool:
        """Whether a person closes it."""
        return self.problem.code in NOTED

    @property
    def bad(self) -> bool:
        """Whether something stands still."""
        return self.problem.severity == "error"

    @property
    def steps(self) -> list[str]:
        """What to do, in order."""
        return [line for line in words.hint(self.problem).splitlines() if line]


def groups() -> list[Group]:
    """What needs attention now, errors first, the oldest first."""
    found = [
        _group(list(alerts)) for _cause, alerts in groupby(sorted(watch.attention(), key=_cause), key=_cause)
    ]
    return sorted(found, key=lambda group: (not group.bad, group.since))


def count() -> int:
    """How many causes there are."""
    return len({_cause(alert) for alert in watch.attention()})


def _cause(alert: Alert) -> tuple[str, str]:
    """Messages are many, everything else stands for itself."""
    code = alert.problem.code
    return (code, str(alert.problem.where.get("reason", ""))) if _of_message(code) else (code, alert.about)


def _of_message(code: str) -> bool:
    return code in ("exchange-set-aside", "exchange-refused")


def _group(alerts: list[Alert]) -> Group:
    first = alerts[0]
    code = first.problem.code
    messages = [alert.about for alert in alerts[:10]] if _of_message(code) else []
    url, page = _place(code)
    return Group(
        problem=first.problem,
        count=len(alerts),
        since=min(alert.since for alert in alerts),
        last=max(alert.last for alert in alerts),
        times=sum(alert.times for alert in alerts),
        url=url,
        page=page,
        messages=messages,
        about=first.about,
    )


def _place(code: str) -> tuple[str, StrOrPromise]:
    for start, (name, query, page) in PLACES.items():
        if code.startswith(start):
            return reverse(name) + query, page
    return "", ""
