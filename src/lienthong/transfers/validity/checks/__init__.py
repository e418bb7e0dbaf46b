"""What speaks before a transfer is sent: the form of Circular 01/2025/TT-BYT, and what the insurance would refuse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

from lienthong.transfers import drafts
from lienthong.transfers.models import Transfer
from lienthong.transfers.validity.checks import disease, legal_form, person, route, signs
from lienthong.transfers.validity.checks.finding import LEVELS, Finding, Level, Source
from lienthong.transfers.validity.checks.gather import facts_of
from lienthong.transfers.validity.checks.reading import Facts, Form

__all__ = ["LEVELS", "Facts", "Finding", "Level", "Source", "checks", "facts_of", "find", "stops"]

_LOOKS = (route.look, legal_form.look, person.look, disease.look, signs.look)


def checks(transfer: Transfer) -> list[Finding]:
    """Everything noticed about a transfer as it stands, the gravest first."""
    return find(drafts.whole(transfer), facts_of(transfer))


def find(form: Any, facts: Facts) -> list[Finding]:
    """The same from the form and the facts alone; no form makes it fail.

    In an emergency nothing stops the transfer: every finding becomes a question.
    """
    read = Form(form)
    found: Iterator[Finding] = chain.from_iterable(look(read, facts) for look in _LOOKS)
    if read.emergency:
        found = (replace(one, level="ask") for one in found)
    return sorted(found, key=lambda one: LEVELS.index(one.level))


def stops(findings: list[Finding]) -> bool:
    """Whether the transfer may not be sent as it stands."""
    return any(one.level == "error" for one in findings)
