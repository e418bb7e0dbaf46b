"""The real case of 18 February 2025 at the hub, and what a report is made of, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from lienthong.rollout.report.material import (
    DifficultyRow,
    ExchangeRow,
    Material,
    MoneyTotals,
    TaskRow,
    UnitRow,
)

FIRST, LAST = date(2025, 2, 18), date(2025, 3, 3)
HIS = ("7", "6", "6", "6", "6", "5", "5", "5", "4", "4", "4", "4", "3", "3", "3", "2", "2")
EMR = ("advanced",) * 3 + ("basic",) + ("none",) * 13


def seeded() -> None:
    """Enters the case: units, figures, criteria, plan; nothing of money, which the case does not tell."""
    from lienthong.access import audit
    from lienthong.facilities import directory
    from lienthong.rollout import changes, seed
    from lienthong.rollout.levels import criteria
    from lienthong.rollout.plan import seed as plan

    directory.load_known()
    seed.load()
    criteria.load_known()
    with changes.batch(audit.system("test"), "seed") as batch:
        plan.load(batch)


def shown() -> None:
    """Enters what a demo province shows: the case, and invented figures of single units."""
    from lienthong.facilities import directory
    from lienthong.rollout import seed

    directory.load_known()
    seed.load()
    seed.load_demo()


def put(facility: str, key: str, value: str, day: date = FIRST) -> None:
    """Enters a fact."""
    from lienthong.access import audit
    from lienthong.rollout import changes, facts

    with changes.batch(audit.system("test"), "facts") as batch:
        facts.put(batch, facility, key, value, day)


def units(**more: Any) -> tuple[UnitRow, ...]:
    """Seventeen invented units with the levels of the case."""
    found = []
    for place, (his, emr) in enumerate(zip(HIS, EMR, strict=True)):
        kind = "Bệnh viện" if place < 8 else "Trung tâm Y tế huyện"
        states = {"his_level": his, "emr": emr, "hosting": "own-room" if place < 5 else "rented"}
        found.append(UnitRow(code=f"U{place:02d}", name=f"{kind} Số {place}", states=states))
    return tuple(replace(row, **more) for row in found)


def sent(code: str, name: str, numbers: tuple[int, int, int, int, int]) -> ExchangeRow:
    """A row of the exchange: sent, accepted, rejected, waiting, cumulated."""
    one, two, three, four, five = numbers
    return ExchangeRow(code, name, "2025-01-12" if one else "", one, two, three, four, "", five, five - three)


def task(number: str, state: str, due: str = "2025-03-15") -> TaskRow:
    """A task."""
    return TaskRow(number, f"Nhiệm vụ {number}", "KH-SYT", "Sở Y tế", "", due, state, "", "")


def material(**more: Any) -> Material:
    """A fortnight in which everything adds up."""
    rows = units()
    exchange = tuple(sent(row.code, row.name, (0, 0, 0, 0, 0)) for row in rows[1:])
    made = Material(
        first=FIRST,
        last=LAST,
        units=rows,
        declared={"servers": 25, "computers": 2416, "printers": 1658},
        exchange=(sent(rows[0].code, rows[0].name, (12, 10, 1, 1, 320)), *exchange),
        tasks=(task("T01", "done"), task("T02", "in-term"), task("T03", "overdue", "2025-02-28")),
        totals=MoneyTotals(10_960_000_000, 5_470_000_000, 1_560_000_000, (("Lập dự toán", 2),)),
        difficulties=(DifficultyRow("", "", "Đường truyền chậm", "", "Bố trí kinh phí", "UBND tỉnh", ""),),
    )
    return replace(made, **more)
