"""Notices by mail: what waits for a person is bundled into mails.

A mail says how urgent, which other hospital and what happened, with the address of the transfer at this node. Nothing
of the patient.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from lienthong.access.models import Account
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.transfers.models import Call, Mail, MailAddress, MailLine
from lienthong.transfers.notices import sending
from lienthong.transfers.notices.links import link
from lienthong.transfers.notices.reasons import REASONS, URGENCY, Language, sentence
from lienthong.transfers.notices.smtp import Server

ONE_A = timedelta(minutes=1)
"""A person gets at most one mail in this time, emergencies aside."""
MOST_LINES = 20


def queue(call: Call) -> None:
    """Has everybody who wants it by mail get a notice; joins the caller's transaction."""
    if not sending.configured():
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


def work(server: Server | None = None) -> int:
    """Makes mails of what waits and tries those that are due; returns how many were sent."""
    bundle()
    return sending.work(server)


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
    subject, body = _words([line.call for line in lines], "en" if address.account.language == "en" else "vi")
    mail = sending.put(address, "calls", subject, body, urgent=urgent)
    MailLine.objects.filter(pk__in=[line.pk for line in lines]).update(mail=mail)


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
