"""Mail on its way: a queue in the database, tried until the unit's mail server has taken it or a day is over.

Knows nothing of what a mail is about. It is sent at least once, every time under the same Message-ID.
"""

from __future__ import annotations

import random
from datetime import timedelta
from email.header import Header
from email.message import Message
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr, parseaddr

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from lienthong.access.models import Account
from lienthong.exchange import alerts
from lienthong.foundation import clock, ids
from lienthong.foundation.errors import Problem
from lienthong.transfers.models import Mail, MailAddress
from lienthong.transfers.notices import addresses, problems
from lienthong.transfers.notices.reasons import Language
from lienthong.transfers.notices.smtp import Fault, Server

GIVEN_UP_AFTER = timedelta(days=1)
TELL_AFTER = timedelta(minutes=10)
"""When mail that does not go becomes an alert."""
KEPT_FOR = timedelta(days=30)
_LEASE = timedelta(minutes=3)
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 1800.0
_AT_ONCE = 50


def configured() -> bool:
    """Whether ``lienthong.toml`` names a mail server."""
    return bool(settings.NODE.smtp_url)


def put(
    to: MailAddress, kind: str, subject: str, body: str, *, id: str = "", urgent: bool = False
) -> Mail | None:
    """Has a mail sent; joins the caller's transaction. With an ``id``, one mail is made of it, and None later."""
    now = clock.now()
    mail, new = Mail.objects.get_or_create(
        id=id or ids.new_id(),
        defaults={
            "account_id": to.account_id,
            "address": to.address,
            "kind": kind,
            "subject": subject,
            "body": body,
            "urgent": urgent,
            "made_at": now,
            "next_at": now,
        },
    )
    return mail if new else None


def work(server: Server | None = None) -> int:
    """Tries the mails that are due; returns how many were sent."""
    sent = _send_due(server or Server.of(settings.NODE)) if configured() else 0
    _give_up()
    return sent


def _send_due(server: Server) -> int:
    due = Mail.objects.filter(state="waiting", next_at__lte=clock.now()).select_related("account")
    mails = [mail for mail in due.order_by("-urgent", "next_at")[:_AT_ONCE] if _lease(mail)]
    sent = 0
    try:
        for mail in mails:
            fault, said = server.send(message(mail), mail.address)
            if fault is None:
                _done(mail)
                sent += 1
            elif fault is Fault.ADDRESS:
                _refused(mail, said)
            else:
                _later(mail, fault, said)
    finally:
        server.close()
    return sent


def _lease(mail: Mail) -> bool:
    """Takes a mail for one try; when this process dies meanwhile, it is due again after the lease."""
    mine = Mail.objects.filter(pk=mail.pk, state="waiting", attempts=mail.attempts)
    return bool(mine.update(attempts=F("attempts") + 1, next_at=clock.now() + _LEASE))


def _done(mail: Mail) -> None:
    Mail.objects.filter(pk=mail.pk).update(state="done", done_at=clock.now(), fault="", answer="")


def _later(mail: Mail, fault: Fault, said: str) -> None:
    now = clock.now()
    values: dict[str, object] = {"fault": fault.value, "answer": said[:300]}
    if now - mail.made_at > GIVEN_UP_AFTER:
        values |= {"state": "given-up", "done_at": now}
    else:
        values["next_at"] = now + pause(mail.attempts)
    Mail.objects.filter(pk=mail.pk).update(**values)


def pause(attempts: int) -> timedelta:
    """How long to wait after so many tries before: doubling, with jitter, half an hour at most."""
    seconds = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(attempts, 10))
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))  # noqa: S311 - jitter


def _refused(mail: Mail, said: str) -> None:
    """The server says that there is no such address: nothing more is sent there until it is verified anew."""
    with transaction.atomic():
        values = {
            "state": "given-up",
            "done_at": clock.now(),
            "fault": Fault.ADDRESS.value,
            "answer": said[:300],
        }
        Mail.objects.filter(pk=mail.pk).update(**values)
        row = (
            MailAddress.objects.select_for_update().filter(account=mail.account, address=mail.address).first()
        )
        if row is not None:
            row.verified_at, row.refused = None, said[:300]
            row.save(update_fields=["verified_at", "refused"])
            alerts.raise_alert(problems.address_refused(mail.account.username, said), mail.account.username)


def _give_up() -> None:
    """Gives up what nobody tries any more, since the mail server was taken out of the settings."""
    now = clock.now()
    old = Mail.objects.filter(state="waiting", made_at__lt=now - GIVEN_UP_AFTER, next_at__lte=now)
    old.update(state="given-up", done_at=now)


def tidy() -> None:
    """Removes old mails."""
    Mail.objects.filter(made_at__lt=clock.now() - KEPT_FOR).exclude(state="waiting").delete()


def last_fault(account: Account) -> str:
    """Why the last mail to a person has not gone yet; empty when nothing is wrong."""
    last = Mail.objects.filter(account=account).order_by("-made_at").first()
    return last.fault if last is not None and last.state == "waiting" else ""


def trouble() -> dict[str, dict[str, Problem]]:
    """The alert that mail does not go, or that there is none any more."""
    now = clock.now()
    late = Q(state="waiting", attempts__gt=0, made_at__lt=now - TELL_AFTER) & ~Q(fault="")
    lost = Q(state="given-up", done_at__gt=now - GIVEN_UP_AFTER) & ~Q(fault=Fault.ADDRESS.value)
    bad = Mail.objects.filter(late | lost).order_by("-next_at").first()
    if bad is None:
        return {problems.MAIL: {}}
    given_up = Mail.objects.filter(lost).count()
    return {problems.MAIL: {"": problems.mail_fails(bad.fault, bad.answer, given_up)}}


def message(mail: Mail) -> Message:
    """The mail as it is sent: the same bytes at every try."""
    language: Language = "en" if mail.account.language == "en" else "vi"
    if mail.kind == "code":
        subject, body = addresses.code_words(mail, language)
    else:
        subject, body = mail.subject, mail.body
    name, sender = parseaddr(settings.NODE.mail_from)
    made = MIMEText(body, "plain", "utf-8")
    made["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2]}>"
    made["Date"] = format_datetime(mail.made_at.astimezone(clock.VIETNAM))
    made["From"] = formataddr((name, sender))
    made["To"] = mail.address
    # not EmailMessage: its folding swallows a space between two words with marks (Python 3.11)
    made["Subject"] = Header(subject, "utf-8", header_name="Subject").encode()
    made["Auto-Submitted"] = "auto-generated"
    made["Content-Language"] = language
    if mail.urgent:
        made["Importance"] = "high"
    return made
