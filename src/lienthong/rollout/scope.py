"""Who may see and edit which unit on the board."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from lienthong.access import accounts, audit, rights
from lienthong.access.models import Account, Role


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever asks: roles, and the units and vendors he speaks for."""

    actor: audit.Actor
    roles: frozenset[Role]
    units: frozenset[str]
    vendors: frozenset[str]

    @property
    def all_units(self) -> bool:
        """Whether he may see every unit."""
        return bool(self.roles & (set(rights.BOARD) - {Role.UNIT}))

    def sees(self, unit: str) -> bool:
        """Whether he may see a unit."""
        return self.all_units or unit in self.units

    def edits(self, unit: str) -> bool:
        """Whether he may type facts of a unit; of the province (empty) the Department alone."""
        return Role.DEPARTMENT in self.roles or (bool(unit) and unit in self.units)


def person(request: HttpRequest) -> Person:
    """Whoever asks."""
    return _person(accounts.actor(request), accounts.request_grants(request))


def of_account(account: Account) -> Person:
    """The owner of an account, for what is done for him while he is away."""
    return _person(audit.Actor(account.username, account.full_name, ""), accounts.grants(account))


def _person(actor: audit.Actor, held: set[tuple[Role, str]]) -> Person:
    return Person(
        actor,
        frozenset(role for role, _ in held),
        frozenset(scope for role, scope in held if role == Role.UNIT),
        frozenset(scope for role, scope in held if role == Role.VENDOR),
    )


def must_see(request: HttpRequest, unit: str) -> Person:
    """Whoever asks, if he may see the unit.

    Raises:
        PermissionDenied: he may not; audited as ``refused``.
    """
    asking = person(request)
    return asking if asking.sees(unit) else _refuse(request)


def must_edit(request: HttpRequest, unit: str) -> Person:
    """Whoever asks, if he may type facts of the unit.

    Raises:
        PermissionDenied: he may not; audited as ``refused``.
    """
    asking = person(request)
    return asking if asking.edits(unit) else _refuse(request)


def _refuse(request: HttpRequest) -> Person:
    audit.record(accounts.actor(request), "refused", page=request.path, why="unit")
    raise PermissionDenied
