"""Notices as a person sees them: those of one transfer together, what sounds first."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import get_language

from lienthong.access.models import Account, Role
from lienthong.foundation.text import name_case
from lienthong.transfers.models import Call, Transfer
from lienthong.transfers.notices import calls, reasons

if TYPE_CHECKING:
    from lienthong.transfers.notices.reasons import Language

SHAPES = {"emergency": "bad", "urgent": "warn", "planned": "info"}


@dataclass(frozen=True, slots=True)
class Line:
    """One notice.

    Attributes:
        text: the sentence; new: not read yet; sounds: whether it sounds in open pages.
    """

    text: str
    at: datetime
    new: bool
    sounds: bool


@dataclass(frozen=True, slots=True)
class OfTransfer:
    """The notices of one transfer, newest first.

    Attributes:
        patient: the person's name, for those who may open the transfer.
        shape, urgency: how urgent the transfer is, as a tag.
        new: how many are not read.
    """

    loop: str
    other: str
    to_us: bool
    patient: str
    shape: str
    urgency: str
    new: int
    lines: list[Line]


def language() -> Language:
    """The language of the page."""
    return "en" if get_language() == "en" else "vi"


def text(call: Call) -> str:
    """What a notice says, in the language of the page."""
    return reasons.sentence(call.reason, call.other, language())


def groups(account: Account, roles: Collection[Role], *, everything: bool, names: bool) -> list[OfTransfer]:
    """The notices for a person: transfers with unread ones that sound first, then the newest first.

    Args:
        everything: also what is read or settled.
        names: whether the patients' names are shown.
    """
    by_loop: dict[str, list[tuple[Call, bool]]] = {}
    for call, new in calls.listed(account, roles, everything=everything):
        by_loop.setdefault(call.loop, []).append((call, new))
    known = _names(by_loop) if names else {}
    ordered = sorted(by_loop.values(), key=lambda group: not any(call.sounds and new for call, new in group))
    return [_group(group, known) for group in ordered]


def _names(loops: Iterable[str]) -> dict[str, str]:
    known = Transfer.objects.filter(loop__in=list(loops)).values_list("loop", "patient_name")
    return {loop: name_case(name) for loop, name in known}


def _group(group: list[tuple[Call, bool]], names: dict[str, str]) -> OfTransfer:
    first = group[0][0]
    return OfTransfer(
        loop=first.loop,
        other=first.other,
        to_us=first.to_us,
        patient=names.get(first.loop, ""),
        shape=SHAPES[first.urgency],
        urgency=reasons.URGENCY[first.urgency][language()],
        new=sum(new for _, new in group),
        lines=[Line(text(call), call.at, new, call.sounds) for call, new in group],
    )
