"""What people are reminded of: due in 14, 7 or 1 days, overdue, free to begin since what it waited for is done.

Reminders are computed when somebody looks. They are shown on the pages of the plan, in "what needs attention", and are
mailed once a day to those who ask for it (:mod:`.reminding`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

from lienthong.foundation import clock
from lienthong.foundation.errors import Problem
from lienthong.rollout.changes import BatchRow
from lienthong.rollout.plan.overview import Item, plan

OVERDUE, SOON, READY = "plan-overdue", "plan-soon", "plan-ready"
_SHOWN = 8


class Kind(StrEnum):
    """Why, the most pressing first."""

    OVERDUE = "overdue"
    IN_1 = "in-1"
    IN_7 = "in-7"
    IN_14 = "in-14"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Reminder:
    """A task that somebody must see to."""

    kind: Kind
    item: Item


_SOON = {1: Kind.IN_1, 7: Kind.IN_7, 14: Kind.IN_14}


def reminders(items: Iterable[Item]) -> list[Reminder]:
    """What is pressing among some tasks; one for each task, the most pressing first."""
    found = [Reminder(kind, item) for item in items if (kind := _kind(item)) is not None]
    order = list(Kind)
    return sorted(found, key=lambda one: (order.index(one.kind), -one.item.late, one.item.task.number))


def _kind(item: Item) -> Kind | None:
    if item.done:
        return None
    if item.late:
        return Kind.OVERDUE
    if item.soon is not None:
        return _SOON[item.soon]
    return Kind.READY if item.ready else None


def pressing() -> tuple[Reminder, ...]:
    """What is pressing in the whole plan today; computed anew once something was typed."""
    newest = BatchRow.objects.order_by("-id").values_list("id", flat=True).first()
    return _pressing(clock.today(), newest)


@lru_cache(maxsize=1)
def _pressing(day: date, newest: str | None) -> tuple[Reminder, ...]:
    return tuple(reminders(plan(day).items.values()))


def look() -> dict[str, dict[str, Problem]]:
    """For the watch of the hub: an alert each for what is overdue, due within a week, and free to begin."""
    found = pressing()
    late = [one for one in found if one.kind is Kind.OVERDUE]
    soon = [one for one in found if one.kind in (Kind.IN_1, Kind.IN_7)]
    ready = [one for one in found if one.kind is Kind.READY]
    return {OVERDUE: _alert(late, _overdue), SOON: _alert(soon, _soon), READY: _alert(ready, _ready)}


def _alert(found: list[Reminder], say: Callable[[int, str], Problem]) -> dict[str, Problem]:
    if not found:
        return {}
    numbers = ", ".join(one.item.task.number for one in found[:_SHOWN])
    more = len(found) - _SHOWN
    return {"": say(len(found), f"{numbers} (+{more})" if more > 0 else numbers)}


def _overdue(count: int, numbers: str) -> Problem:
    return Problem(
        OVERDUE,
        f"{count} nhiệm vụ triển khai đã quá hạn: {numbers}.",
        f"{count} tasks of the roll-out are overdue: {numbers}.",
        "Mở bảng nhiệm vụ, gọi cho đơn vị chủ trì.\n"
        "Ghi ngày hoàn thành, hoặc đề nghị điều chỉnh thời hạn kèm lý do.",
        "Open the board of tasks and call whoever leads.\n"
        "Enter the day it was done, or propose another due date with the reason.",
        severity="warning",
    )


def _soon(count: int, numbers: str) -> Problem:
    return Problem(
        SOON,
        f"{count} nhiệm vụ triển khai đến hạn trong 7 ngày tới: {numbers}.",
        f"{count} tasks of the roll-out are due within 7 days: {numbers}.",
        "Nhắc đơn vị chủ trì; xem nhiệm vụ đang bị vướng ở trang “Vướng ở đâu”.",
        "Remind whoever leads; see what is held up on the page “What blocks what”.",
        severity="warning",
    )


def _ready(count: int, numbers: str) -> Problem:
    return Problem(
        READY,
        f"{count} nhiệm vụ triển khai có thể bắt đầu vì việc phải chờ đã xong: {numbers}.",
        f"{count} tasks of the roll-out can begin, since what they waited for is done: {numbers}.",
        "Báo cho đơn vị chủ trì bắt đầu và ghi ngày bắt đầu.",
        "Tell whoever leads to begin, and enter the day.",
        severity="warning",
    )
