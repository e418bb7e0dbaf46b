"""Reminders by mail: once a day, from seven in the morning, one mail to each person who asked for it.

It lists what :mod:`.reminders` shows that person on the pages, and comes only while something presses. Nothing is
mailed until ``lienthong.toml`` names a mail server; how mail travels is :mod:`lienthong.transfers.notices.sending`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from lienthong.facilities import directory
from lienthong.foundation import clock, ids
from lienthong.rollout import scope
from lienthong.rollout.plan import organisations, readers
from lienthong.rollout.plan.reminders import Kind, Reminder, pressing
from lienthong.transfers.models import Mail, MailAddress
from lienthong.transfers.notices import addresses, sending, work
from lienthong.transfers.notices.links import link

FROM = 7
"""The hour in Vietnam from which the mail of the day goes out."""
MOST_LINES = 40
_LOOK_EVERY = 60.0


def run(stop: threading.Event) -> None:
    """Makes the mail of the day and sends what waits, codes too, until ``stop``."""
    looked = float("-inf")

    def look() -> None:
        nonlocal looked
        if time.monotonic() > looked + _LOOK_EVERY:
            looked = time.monotonic()
            queue()
            sending.tidy()
        sending.work()

    work.repeat(stop, "reminding", work.EVERY, look)


def queue() -> int:
    """Makes the mail of the day for everybody who has not had it; returns how many were made.

    None before seven, nor while no mail server is set up.
    """
    now = clock.now().astimezone(clock.VIETNAM)
    if now.hour < FROM or not sending.configured():
        return 0
    wanting = MailAddress.objects.filter(groups__contains=f",{addresses.PLAN},", account__is_active=True)
    made = 0
    for address in wanting.exclude(verified_at=None).select_related("account"):
        id = ids.stable_id("plan-mail", str(address.account_id), now.date().isoformat())[:32]
        if not Mail.objects.filter(pk=id).exists():
            made += _queue(id, address, now.date())
    return made


def _queue(id: str, address: MailAddress, day: date) -> int:
    person = scope.of_account(address.account)
    found = [one for one in pressing() if readers.sees_to(person, one.item.task)]
    if not found:
        return 0
    with transaction.atomic(), translation.override("en" if address.account.language == "en" else "vi"):
        subject, body = words(found, day)
        return int(sending.put(address, "plan", subject, body, id=id) is not None)


def words(found: Iterable[Reminder], day: date) -> tuple[str, str]:
    """Subject and body for one person, in the language that is active."""
    found = list(found)
    groups = [(title, [one for one in found if one.kind in kinds]) for kinds, title in _groups()]
    groups = [(title, ones) for title, ones in groups if ones]
    counts = ", ".join(f"{title.lower()}: {len(ones)}" for title, ones in groups)
    subject = _("Tasks of the roll-out on %(day)s: %(counts)s") % {"day": _day(day), "counts": counts}
    left, parts = MOST_LINES, []
    for title, ones in groups:
        shown = ones[: max(0, left)]
        left -= len(shown)
        if shown:
            parts.append("\n\n".join([f"{title} ({len(ones)})".upper(), *(_line(one, day) for one in shown)]))
    more = len(found) - MOST_LINES
    if more > 0:
        rest = ngettext("And %(count)d more task: %(url)s", "And %(count)d more tasks: %(url)s", more)
        parts.append(rest % {"count": more, "url": link("board/plan")})
    return f"[Liên Thông] {subject}", "\n\n\n".join([*parts, _foot()]) + "\n"


def _groups() -> tuple[tuple[tuple[Kind, ...], str], ...]:
    return (
        ((Kind.OVERDUE,), pgettext("plan", "Overdue")),
        ((Kind.IN_1, Kind.IN_7), _("Due within 7 days")),
        ((Kind.IN_14,), _("Due within 14 days")),
        ((Kind.READY,), _("Free to begin")),
    )


def _line(one: Reminder, day: date) -> str:
    task, due = one.item.task, one.item.due
    about = [organisations.name(task.lead, day)]
    if due is not None:
        about.append(_("due %(day)s") % {"day": _day(due)})
    if one.item.late:
        late = ngettext("%(n)s day late", "%(n)s days late", one.item.late)
        about.append(late % {"n": one.item.late})
    return f"{task.number}. {task.words}\n{' · '.join(about)}\n{link(f'board/plan/tasks/{task.number}')}"


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _foot() -> str:
    unit = directory.name(directory.here(), language="en" if translation.get_language() == "en" else "vi")
    told = _("Sent by Liên Thông at %(unit)s, at most once a day. Which mails you get: %(url)s") % {
        "unit": unit,
        "url": link("me"),
    }
    return f"-- \n{told}"
