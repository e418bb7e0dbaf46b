"""Accounts and their dated roles; signing in with lock-out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q
from django.http import HttpRequest

from lienthong.access import audit, passwords
from lienthong.access.models import SCOPED, Account, AddressFailures, Role, RoleGrant
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError, Problem

Given = Role | tuple[Role, str]
"""A role to give; with its scope where :data:`SCOPED` asks for one."""
FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
IDLE = timedelta(days=45)
ADDRESS_FAILURES = 10
ADDRESS_WINDOW = timedelta(minutes=15)
ADDRESS_LONGEST_WAIT = 60


class TooFast(Exception):
    """Too many failures from one address; ``seconds`` says how long to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


def roles(account: Account) -> set[Role]:
    """The roles an account holds at this facility now."""
    return {role for role, _ in grants(account)}


def grants(account: Account) -> set[tuple[Role, str]]:
    """The roles an account holds at this facility now, each with its scope (empty for most)."""
    now = clock.now()
    held = account.grants.filter(
        Q(ended_at=None) | Q(ended_at__gt=now), facility=directory.here(), granted_at__lte=now
    )
    return {(Role(role), scope) for role, scope in held.values_list("role", "scope")}


def signed_in(request: HttpRequest) -> Account | None:
    """The account of whoever asks; None without sign-in."""
    user = getattr(request, "user", None)  # a request refused early has none
    return user if isinstance(user, Account) else None


def own(request: HttpRequest) -> Account:
    """The account of whoever asks, for pages behind a door.

    Raises:
        PermissionDenied: nobody is signed in.
    """
    account = signed_in(request)
    if account is None:
        raise PermissionDenied
    return account


def request_grants(request: HttpRequest) -> set[tuple[Role, str]]:
    """The roles of whoever asks with their scopes; none without sign-in. Read once for each request."""
    found: set[tuple[Role, str]] | None = getattr(request, "_lienthong_grants", None)
    if found is None:
        account = signed_in(request)
        found = grants(account) if account else set()
        request._lienthong_grants = found  # type: ignore[attr-defined]
    return set(found)


def request_roles(request: HttpRequest) -> set[Role]:
    """The roles of whoever asks; none without sign-in."""
    return {role for role, _ in request_grants(request)}


def address(request: HttpRequest) -> str:
    """The network address a request came from."""
    return str(request.META.get("REMOTE_ADDR", ""))


def actor(request: HttpRequest) -> audit.Actor:
    """Whoever asks, as the audit trail names people."""
    account = signed_in(request)
    if account is None:
        return audit.Actor("unknown", "", "", address(request))
    held = ",".join(sorted(request_roles(request)))
    return audit.Actor(account.username, account.full_name, held, address(request))


def authenticate(username: str, password: str, from_address: str) -> Account | None:
    """The account, when name and password are right and it is neither locked, closed nor long unused.

    Five failures lock an account for 15 minutes; the answer and the work are the same for names nobody has.

    Raises:
        TooFast: this address has failed too often in the last minutes.
    """
    _slow_down(from_address)
    account = Account.objects.filter(username__iexact=username).first()
    if account is None:
        make_password(password)  # as long as a check, so that time does not tell which names exist
        _failed(None, from_address, "name")
        return None
    attempt = _count(account)
    right = account.check_password(password)
    account.refresh_from_db()
    now = clock.now()
    locked = account.locked_until is not None and account.locked_until > now
    last = account.last_login or account.password_changed_at
    unused = last is not None and now - last > IDLE
    if locked or unused or attempt > FAILURES or not account.is_active or not right:
        why = "locked" if locked or attempt > FAILURES else "unused" if unused else "password"
        _failed(account, from_address, why if account.is_active else "closed")
        if attempt >= FAILURES and not locked:
            _lock_for_a_while(account, now, from_address)
        return None
    account.failed_attempts, account.locked_until, account.last_login = 0, None, now
    account.save(update_fields=["failed_attempts", "locked_until", "last_login"])
    return account


def _count(account: Account) -> int:
    """Counts the attempt before the password is looked at, so that parallel guesses get no more than five."""
    mine = Account.objects.filter(pk=account.pk)
    mine.filter(locked_until__lte=clock.now()).update(failed_attempts=0, locked_until=None)
    with transaction.atomic():
        mine.filter(failed_attempts__lt=1000).update(failed_attempts=F("failed_attempts") + 1)
        return mine.values_list("failed_attempts", flat=True).get()


def _failed(account: Account | None, from_address: str, why: str) -> None:
    now = clock.now()
    known = account or Account(username="unknown")
    with transaction.atomic():
        audit.record(
            audit.Actor(known.username, known.full_name, "", from_address),
            "sign-in-failed",
            page="/sign-in",
            why=why,
        )
        AddressFailures.objects.filter(last_at__lt=now - ADDRESS_WINDOW).delete()
        row, made = AddressFailures.objects.get_or_create(
            address=from_address, defaults={"failures": 1, "last_at": now}
        )
        if not made:
            AddressFailures.objects.filter(pk=row.pk).update(failures=F("failures") + 1, last_at=now)


def _lock_for_a_while(account: Account, now: datetime, from_address: str) -> None:
    with transaction.atomic():
        changed = Account.objects.filter(pk=account.pk, locked_until=None).update(
            locked_until=now + LOCKED_FOR
        )
        if changed:
            who = audit.Actor(account.username, account.full_name, "", from_address)
            audit.record(who, "account-locked", page="/sign-in", why="failures")


def _slow_down(from_address: str) -> None:
    row = AddressFailures.objects.filter(address=from_address).first()
    if row is None or row.failures < ADDRESS_FAILURES:
        return
    wait = min(ADDRESS_LONGEST_WAIT, 2 ** min(6, row.failures - ADDRESS_FAILURES))
    left = (row.last_at + timedelta(seconds=wait) - clock.now()).total_seconds()
    if left > 0:
        raise TooFast(int(left) + 1)


def create_account(
    username: str,
    full_name: str,
    password: str,
    roles: Iterable[Given],
    *,
    by: audit.Actor,
    must_change: bool = True,
    licence: str = "",
) -> Account:
    """Makes an account with roles at this facility.

    Args:
        password: must pass the rules; see :func:`lienthong.access.passwords.one_time`.
        must_change: the person chooses a new password at the first sign-in.

    Raises:
        LienThongError: ``account-exists``.
        ValidationError: the password rules refuse it.
    """
    account = Account(
        username=username, full_name=full_name, licence=licence, must_change_password=must_change
    )
    validate_password(password, account)
    account.set_password(password)
    account.password_changed_at = clock.now()
    with transaction.atomic():
        if Account.objects.filter(username__iexact=username).exists():
            raise LienThongError(
                Problem(
                    "account-exists",
                    f"Đã có tài khoản tên “{username}”.",
                    f"There is already an account named “{username}”.",
                    "Chọn tên khác.",
                    "Choose another name.",
                )
            )
        account.save()
        audit.record(by, "account-created", detail={"account": username})
        set_roles(account, roles, by=by)
    return account


def set_roles(account: Account, wanted: Iterable[Given], *, by: audit.Actor) -> None:
    """Ends the roles at this facility that are not wanted and gives those that are missing, from now on.

    Raises:
        LienThongError: ``own-account``; nobody changes his own roles. ``role-without-scope``.
    """
    _not_own(account, by)
    now, facility = clock.now(), directory.here()
    target = {_scoped(one) for one in wanted}
    with transaction.atomic():
        held = grants(account)
        for role, scope in sorted(held - target):
            account.grants.filter(role=role, scope=scope, facility=facility, ended_at=None).update(
                ended_at=now
            )
            audit.record(by, "role-taken", detail=_detail(account, role, scope))
        for role, scope in sorted(target - held):
            RoleGrant.objects.create(
                account=account, role=role, facility=facility, scope=scope, granted_at=now, granted_by=by.name
            )
            audit.record(by, "role-given", detail=_detail(account, role, scope))


def _scoped(given: Given) -> tuple[Role, str]:
    role, scope = (given, "") if isinstance(given, Role) else given
    if (role in SCOPED) != bool(scope):
        raise LienThongError(
            Problem(
                "role-without-scope",
                f"Vai trò “{role.label}” phải gắn với một đơn vị hoặc nhà cung cấp.",
                f"The role “{role.label}” is given for a unit or a vendor.",
                "Chọn đơn vị hoặc nhà cung cấp.",
                "Choose the unit or the vendor.",
            )
            if role in SCOPED
            else Problem(
                "role-with-scope",
                f"Vai trò “{role.label}” không gắn với đơn vị hay nhà cung cấp nào.",
                f"The role “{role.label}” is not given for a unit or a vendor.",
            )
        )
    return role, scope


def _detail(account: Account, role: Role, scope: str) -> dict[str, str]:
    told = {"account": account.username, "role": str(role)}
    return {**told, "scope": scope} if scope else told


def close(account: Account, *, by: audit.Actor) -> None:
    """Locks an account until somebody opens it; its sessions end with the next request.

    Raises:
        LienThongError: ``own-account``.
    """
    _not_own(account, by)
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(is_active=False)
        audit.record(by, "account-closed", detail={"account": account.username})


def reopen(account: Account, *, by: audit.Actor) -> None:
    """Opens a locked account, whether a person or five failures locked it."""
    _not_own(account, by)
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(is_active=True, failed_attempts=0, locked_until=None)
        audit.record(by, "account-opened", detail={"account": account.username})


def reset_password(account: Account, *, by: audit.Actor) -> str:
    """Gives an account a one-time password and returns it; sessions under the old one end.

    Raises:
        LienThongError: ``own-account``; one's own password is changed on its own page.
    """
    _not_own(account, by)
    password = passwords.one_time()
    account.set_password(password)
    account.must_change_password, account.password_changed_at = True, clock.now()
    account.failed_attempts, account.locked_until, account.last_login = 0, None, None
    with transaction.atomic():
        account.save()
        audit.record(by, "password-reset", detail={"account": account.username})
    return password


def _not_own(account: Account, by: audit.Actor) -> None:
    if account.username == by.id:
        raise LienThongError(
            Problem(
                "own-account",
                "Không ai được tự thay đổi quyền hoặc khóa tài khoản của chính mình.",
                "Nobody changes the rights or the lock of his own account.",
                "Nhờ người quản lý tài khoản khác của đơn vị.",
                "Ask another account manager of the unit.",
            )
        )
