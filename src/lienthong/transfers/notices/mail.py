"""Notices by mail: a queue in the database, mails that bundle what waits, and the sending.

A mail says how urgent, which other hospital and what happened, with the address of the transfer at this node. Nothing
of the patient. It is sent at least once, every time under the same Message-ID.
"""

from __future__ import annotations

import hmac
import logging
import random
from datetime import timedelta
from email.header import Header
from email.message import Message
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr, parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import transaction
from django.db.models import F, Q
from django.utils.crypto import salted_hmac

from lienthong.access import audit
from lienthong.access.models import Account
from lienthong.exchange import alerts
from lienthong.facilities import directory
from lienthong.foundation import clock, ids
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.transfers.models import Call, Mail, MailAddress, MailLine
from lienthong.transfers.notices import problems
from lienthong.transfers.notices.links import link
from lienthong.transfers.notices.reasons import REASONS, URGENCY, Group, Language, sentence
from lienthong.transfers.notices.smtp import Fault, Server

log = logging.getLogger(__name__)

ONE_A = timedelta(minutes=1)
"""A person gets at most one mail in this time, emergencies aside."""
GIVEN_UP_AFTER = timedelta(days=1)
TELL_AFTER = timedelta(minutes=10)
"""When mail that does not go becomes an alert."""
KEPT_FOR = timedelta(days=30)
CODE_FOR = timedelta(minutes=30)
MOST_TRIES = 5
MOST_CODES = 5
"""Codes that a person may have mailed in a day."""
MOST_LINES = 20
_LEASE = timedelta(minutes=3)
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 1800.0
_AT_ONCE = 50
_VALID = EmailValidator()


def configured() -> bool:
    """Whether ``lienthong.toml`` names a mail server."""
    return bool(settings.NODE.smtp_url)


def queue(call: Call) -> None:
    """Has everybody who wants it by mail get a notice; joins the caller's transaction."""
    if not configured():
        return
    group = REASONS[call.reason].group.value
    wanted = MailAddress.objects.filter(groups__contains=f",{group},", account__is_active=True).exclude(
        verified_at=None
    )
    MailLine.objects.bulk_create(
        [
            MailLine(call=call, account=one.account)
            for one in wanted.select_related("account")
            if _gets(one, call)
        ]
    )


def _gets(address: MailAddress, call: Call) -> bool:
    mine = bool(call.person) and call.person == address.account.full_name
    if address.own_only:
        return mine
    return mine or _holds(address.account, call)


def _holds(account: Account, call: Call) -> bool:
    from lienthong.access import accounts

    return any(f",{role.value}," in call.roles for role in accounts.roles(account))


# One's own address


def choose(account: Account, address: str, groups: list[str], own_only: bool, *, by: audit.Actor) -> bool:
    """Sets where a person gets mail and about what; a new address is mailed a code. Returns whether one was.

    Raises:
        LienThongError: the address is none, or too many codes were asked for today.
    """
    address = address.strip()
    chosen = "," + ",".join(sorted(set(groups) & set(Group.values))) + ","
    with transaction.atomic():
        if not address:
            MailAddress.objects.filter(account=account).delete()
            MailLine.objects.filter(account=account, mail=None).delete()
            Mail.objects.filter(account=account, state="waiting").delete()
            alerts.clear(problems.ADDRESS, account.username)
            audit.record(by, "mail-address-removed")
            return False
        _check(address)
        known = MailAddress.objects.select_for_update().filter(account=account).first()
        if known is not None and known.address == address:
            known.groups, known.own_only = chosen, own_only
            known.save(update_fields=["groups", "own_only"])
            audit.record(by, "mail-reasons-chosen", detail={"groups": chosen.strip(",")})
            return False
        fresh = MailAddress(
            account=account, address=address, asked_at=clock.now(), groups=chosen, own_only=own_only
        )
        _mail_code(fresh)
        audit.record(by, "mail-address-entered", detail={"address": address})
        return True


def _check(address: str) -> None:
    try:
        _VALID(address)
        address.encode("ascii")
    except (ValidationError, UnicodeError) as error:
        raise LienThongError(problems.no_address()) from error
    if len(address) > 254:
        raise LienThongError(problems.no_address())


def _mail_code(row: MailAddress) -> None:
    now = clock.now()
    codes = Mail.objects.filter(account=row.account, kind="code", made_at__gt=now - timedelta(days=1))
    if codes.count() >= MOST_CODES:
        raise LienThongError(problems.too_many_codes())
    row.asked_at, row.tries, row.verified_at, row.refused = now, 0, None, ""
    row.save()
    before = Mail.objects.filter(account=row.account, kind="code", state="waiting")
    before.update(state="given-up", done_at=now, fault=Fault.ADDRESS.value)
    Mail.objects.create(
        id=ids.new_id(), account=row.account, address=row.address, kind="code", made_at=now, next_at=now
    )


def again(account: Account) -> None:
    """Mails another code to the address that waits for one.

    Raises:
        LienThongError: too many codes were asked for today.
    """
    with transaction.atomic():
        row = MailAddress.objects.select_for_update().filter(account=account, verified_at=None).first()
        if row is not None:
            _mail_code(row)


def verify(account: Account, code: str, *, by: audit.Actor) -> bool:
    """Whether the code is the one that was mailed; then the address is used from now on.

    Five wrong codes, or half an hour, make it worthless.
    """
    with transaction.atomic():
        row = MailAddress.objects.select_for_update().filter(account=account, verified_at=None).first()
        if row is None or row.tries >= MOST_TRIES or clock.now() - row.asked_at > CODE_FOR:
            return False
        row.tries += 1
        right = hmac.compare_digest(_code(row).encode(), "".join(code.split()).encode())
        if right:
            row.verified_at = clock.now()
            audit.record(by, "mail-address-verified", detail={"address": row.address})
            alerts.clear(problems.ADDRESS, account.username)
        row.save(update_fields=["tries", "verified_at"])
    return right


def _code(row: MailAddress) -> str:
    """Eight digits that follow from the node's secret, so that no table holds them."""
    said = f"{row.account_id} {row.address} {clock.iso(row.asked_at)}"
    digest = salted_hmac("lienthong.mail-address", said, algorithm="sha256").digest()
    return f"{int.from_bytes(digest[:8], 'big') % 100_000_000:08d}"


# The work


def work(server: Server | None = None) -> int:
    """Makes mails of what waits and tries those that are due; returns how many were sent."""
    bundle()
    sent = _send_due(server or Server.of(settings.NODE)) if configured() else 0
    _give_up()
    return sent


def bundle() -> None:
    """Makes one mail a person of the notices that wait for him, unless he had one within the last minute.

    While one that could not be sent still waits, others gather; what sounds is mailed at once in any case.
    """
    waiting = MailLine.objects.filter(mail=None).order_by().values_list("account", flat=True).distinct()
    for account in list(waiting):
        with transaction.atomic():
            _bundle(account)


def _bundle(account: int) -> None:
    address = (
        MailAddress.objects.select_for_update().filter(account=account).exclude(verified_at=None).first()
    )
    lines = list(MailLine.objects.filter(account=account, mail=None).select_related("call").order_by("call"))
    if address is None:
        MailLine.objects.filter(pk__in=[line.pk for line in lines]).delete()
        return
    now = clock.now()
    urgent = any(line.call.sounds for line in lines)
    hold = Q(made_at__gt=now - ONE_A) | Q(state="waiting")
    held = Mail.objects.filter(hold, account=account, kind="calls").exists()
    if not lines or (held and not urgent):
        return
    mail = Mail.objects.create(
        id=ids.new_id(),
        account_id=account,
        address=address.address,
        kind="calls",
        urgent=urgent,
        made_at=now,
        next_at=now,
    )
    MailLine.objects.filter(pk__in=[line.pk for line in lines]).update(mail=mail)


def _send_due(server: Server) -> int:
    due = Mail.objects.filter(state="waiting", next_at__lte=clock.now()).select_related("account")
    mails = [mail for mail in due.order_by("-urgent", "next_at")[:_AT_ONCE] if _lease(mail)]
    sent = 0
    try:
        for mail in mails:
            fault, said = server.send(_message(mail), mail.address)
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


def address_of(account: Account) -> MailAddress | None:
    """Where a person gets mail, verified or not."""
    return MailAddress.objects.filter(account=account).first()


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


# What stands in a mail


def _message(mail: Mail) -> Message:
    """The mail as it is sent: the same bytes at every try."""
    language: Language = "en" if mail.account.language == "en" else "vi"
    if mail.kind == "code":
        subject, body = _code_words(mail, language)
    else:
        calls = [line.call for line in mail.lines.select_related("call").order_by("call")]
        subject, body = _words(calls, language)
    name, sender = parseaddr(settings.NODE.mail_from)
    message = MIMEText(body, "plain", "utf-8")
    message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2]}>"
    message["Date"] = format_datetime(mail.made_at.astimezone(clock.VIETNAM))
    message["From"] = formataddr((name, sender))
    message["To"] = mail.address
    # not EmailMessage: its folding swallows a space between two words with marks (Python 3.11)
    message["Subject"] = Header(subject, "utf-8", header_name="Subject").encode()
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = language
    if mail.urgent:
        message["Importance"] = "high"
    return message


def _words(calls: list[Call], language: Language) -> tuple[str, str]:
    ordered = sorted(calls, key=lambda call: (not call.sounds, call.id))
    lines = [
        f"{URGENCY[call.urgency][language]}: {sentence(call.reason, call.other, language)}"
        for call in ordered
    ]
    urgent = sum(call.urgency == "emergency" for call in calls)
    if len(calls) == 1:
        subject = lines[0]
    elif language == "en":
        subject = f"{len(calls)} notices about transfers" + (f", {urgent} of emergencies" if urgent else "")
    else:
        subject = f"{len(calls)} thông báo về chuyển người bệnh" + (f", {urgent} cấp cứu" if urgent else "")
    shown = [
        f"{line}\n{_at(call)}\n{link(f'transfers/{call.loop}')}"
        for line, call in zip(lines[:MOST_LINES], ordered, strict=False)
    ]
    return f"[Liên Thông] {subject}", "\n\n".join([*shown, _foot(len(lines) - len(shown), language)]) + "\n"


def _at(call: Call) -> str:
    return call.at.astimezone(clock.VIETNAM).strftime("%H:%M %d/%m/%Y")


def _foot(more: int, language: Language) -> str:
    unit = directory.name(directory.here(), language=language)
    if language == "en":
        rest = f"And {more} more: {link('notices')}\n\n" if more > 0 else ""
        return (
            f"{rest}-- \nSent by Liên Thông at {unit}. Nothing of the patient stands in this mail: sign in to see"
            f" more.\nWhich mails you get: {link('me')}"
        )
    rest = f"Và {more} thông báo khác: {link('notices')}\n\n" if more > 0 else ""
    return (
        f"{rest}-- \nThư tự động của Liên Thông tại {unit}. Thư không chứa thông tin người bệnh; đăng nhập để xem"
        f" chi tiết.\nChọn thư muốn nhận: {link('me')}"
    )


def _code_words(mail: Mail, language: Language) -> tuple[str, str]:
    row = MailAddress.objects.filter(account=mail.account, address=mail.address).first()
    code = _code(row) if row is not None else ""
    minutes = int(CODE_FOR.total_seconds() // 60)
    shown = f"{code[:4]} {code[4:]}"
    if language == "en":
        return (
            "[Liên Thông] Code to verify your address",
            f"{shown}\n\nType this code on the page “My account” within {minutes} minutes: {link('me')}\n"
            "If you have not asked for it, there is nothing to do.\n",
        )
    return (
        "[Liên Thông] Mã xác nhận địa chỉ thư",
        f"{shown}\n\nNhập mã này ở trang “Tài khoản của tôi” trong vòng {minutes} phút: {link('me')}\n"
        "Nếu bạn không yêu cầu, hãy bỏ qua thư này.\n",
    )
