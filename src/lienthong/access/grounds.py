"""Why somebody calls: purposes of use, legal bases with their law and dates, and kinds of specially protected records.

The table is ``data/grounds.json``. ``confidence``: A is quoted from the text, B is a summary or partly inferred and is
shown as "to be confirmed". It is no legal advice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from functools import cache
from importlib import resources

import msgspec

from lienthong.access import problems
from lienthong.foundation import clock
from lienthong.foundation.wsgi import HttpError


class Named(msgspec.Struct, frozen=True):
    """A code with its words."""

    code: str
    vi: str
    en: str


class Basis(Named, frozen=True):
    """A legal basis on which records are disclosed.

    Attributes:
        since, until: days on which it is in force, both included.
        purposes: v3-PurposeOfUse codes that it can stand for.
        opens: kinds of specially protected records that it allows.
    """

    law: str
    article: str
    since: date
    source: str
    confidence: str
    purposes: frozenset[str]
    opens: frozenset[str]
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.since <= day and (self.until is None or day <= self.until)


class Kind(Named, frozen=True):
    """A kind of specially protected record.

    Attributes:
        bit: stands for it in a number that is stored beside each resource; never given to another kind.
        labels: codes of ``meta.security`` that mean it.
    """

    bit: int
    labels: frozenset[str]
    law: str
    confidence: str


class Table(msgspec.Struct, frozen=True):
    """The whole table."""

    purposes: tuple[Named, ...]
    bases: tuple[Basis, ...]
    protected: tuple[Kind, ...]


@cache
def table() -> Table:
    """Purposes, bases and kinds of protected records, as they stand in the file."""
    text = resources.files("lienthong.access").joinpath("data/grounds.json").read_bytes()
    return msgspec.json.decode(text, type=Table)


PURPOSES = tuple(purpose.code for purpose in table().purposes)
"""Purposes of use (v3-PurposeOfUse) that a call may have."""


def bases() -> dict[str, Basis]:
    """The bases that are in force today, by code."""
    today = clock.today()
    return {basis.code: basis for basis in table().bases if basis.holds(today)}


def chosen(
    purposes: Collection[str], allowed: Sequence[str], purpose: str, basis: str, usual: str
) -> tuple[str, str]:
    """Purpose and basis of a call.

    Args:
        purposes, allowed: what the caller may name; ``allowed`` are bases, the one it acts under most often first.
        purpose, basis: what it named; empty for none.
        usual: the purpose of calls that name none.

    Raises:
        HttpError: 400, there is no such code; 403, not for this caller, or the basis does not cover the purpose.
    """
    purpose = purpose or usual
    if purpose not in PURPOSES:
        raise HttpError(400, problems.not_understood(f"X-Purpose-Of-Use: {', '.join(PURPOSES)}"))
    if purpose not in purposes:
        raise HttpError(403, problems.purpose_not_allowed(purpose, sorted(purposes)))
    known = bases()
    if basis and basis not in known:
        raise HttpError(400, problems.not_understood(f"X-Legal-Basis: {', '.join(known)}"))
    fitting = [code for code in allowed if code in known and purpose in known[code].purposes]
    if (basis and basis not in fitting) or not fitting:
        raise HttpError(403, problems.basis_not_allowed(basis, purpose, fitting))
    return purpose, basis or fitting[0]
