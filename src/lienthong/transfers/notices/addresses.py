"""Where a person gets mail, and about what: entered by himself, verified by a code that is mailed to it."""

from __future__ import annotations

import hmac
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import transaction
from django.utils.crypto import salted_hmac

from lienthong.access import audit
from lienthong.access.models import Account
from lienthong.exchange import alerts
from lienthong.foundation import clock, ids
from lienthong.foundation.errors import LienThongError
from lienthong.transfers.models import Mail, MailAddress, MailLine
from lienthong.transfers.notices import problems
from lienthong.transfers.notices.links import link
from lienthong.transfers.notices.reasons import Group, Language
from lienthong.transfers.notices.smtp import Fault

CODE_FOR = timedelta(minutes=30)
MOST_TRIES = 5
MOST_CODES = 5
"""Codes that a person may have mailed in a day."""
PLAN = "plan"
"""What a person chooses at a hub: the tasks of the roll-out; at a hospital it is the groups of transfers."""
_VALID = EmailValidator()


def choose(account: Account, address: str, groups: list[str], own_only: bool, *, by: audit.Actor) -> bool:
    """Sets where a person gets mail and about what; a new address is mailed a code. Returns whether one was.

    Raises:
        LienThongError: the address is none, or too many codes were asked for today.
    """
    address = address.strip()
    chosen = "," + ",".join(sorted(set(groups) & {*Group.values, PLAN})) + ","
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


def address_of(account: Account) -> MailAddress | None:
    """Where a person gets mail, verified or not."""
    return MailAddress.objects.filter(account=account).first()


def code_words(mail: Mail, language: Language) -> tuple[str, str]:
    """Subject and body of the mail with the code."""
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
