"""What a report is made of: counts, states and typed lines of the other parts, as they stood at the closing.

Everything here is a whole number, a code or a text of the roll-out; nothing of a patient has a place in it (SEC-23).
Days are ISO 8601 texts, empty where nothing is known. Missing counts are absent or None, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit on the closing day.

    Attributes:
        states: declared codes by key of :data:`lienthong.rollout.facts.KEYS`: ``his_level emr hosting …``.
        counts: declared numbers by key: ``servers computers …``; a missing one is absent.
        unconfirmed: keys of states and counts that nobody confirmed.
        levels: group ``I`` to ``VIII`` of Circular 54/2017 to its level; ``overall`` is the level of the unit.
        met, asked: requirements of Circular 13/2025 that are met, of how many.
        tier: ``province``, ``district`` or ``commune``.
        level_document, level_day: the decision that fixed the level.
        security: ``passed``, ``failed``, ``under-way`` or ``none``; ``conditions``: passed with conditions.
    """

    code: str
    name: str
    kind: str = ""
    states: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    unconfirmed: tuple[str, ...] = ()
    levels: dict[str, str] = field(default_factory=dict)
    overall: int | None = None
    met: int | None = None
    asked: int | None = None
    tier: str = ""
    level_document: str = ""
    level_day: str = ""
    security: str = "none"
    conditions: bool = False


@dataclass(frozen=True, slots=True)
class ExchangeRow:
    """Transfers that a unit sent in the period.

    Attributes:
        since: day on which its node was entered at the hub; empty when it has none.
        waiting: sent and not answered yet.
        cumulated, received: sent since the first day of the exchange, and how many of them a receipt says stored.
    """

    code: str
    name: str
    since: str
    sent: int
    accepted: int
    rejected: int
    waiting: int
    top_error: str
    cumulated: int
    received: int


@dataclass(frozen=True, slots=True)
class Told:
    """Transfers that were told of before this system counted any; never added to what it counts."""

    first: str
    last: str
    name: str
    transfers: int
    source: str
    told: str


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task of the plan; ``state`` in the words of government follow-up."""

    number: str
    title: str
    document: str
    lead: str
    partners: str
    due: str
    state: str
    result: str
    reason: str


@dataclass(frozen=True, slots=True)
class MoneyRow:
    """An item of a unit's budget; ``estimate`` in đồng."""

    code: str
    name: str
    item: str
    estimate: int | None
    funding: str
    stage: str
    contractor: str
    contract_end: str
    open_faults: int | None


@dataclass(frozen=True, slots=True)
class MoneyTotals:
    """Money of the whole province in đồng; None where nothing was entered. ``stages``: tenders by stage."""

    asked: int | None = None
    granted: int | None = None
    spent: int | None = None
    stages: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class DifficultyRow:
    """A difficulty; ``code`` is empty when it is of the whole province."""

    code: str
    name: str
    content: str
    cause: str
    proposal: str
    to_whom: str
    answer: str


@dataclass(frozen=True, slots=True)
class Direction:
    """What was done to direct: ``kind`` is ``document``, ``meeting``, ``inspection`` or
    ``training``."""

    kind: str
    number: str
    day: str
    issuer: str
    title: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day by which something must be done."""

    day: str
    title: str


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """How many units meet a criterion of Circular 54/2017, of how many that assessed it; ``level`` of its group."""

    group: str
    number: str
    text: str
    level: str
    met: int
    assessed: int
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Material:
    """Everything of one period.

    Attributes:
        first, last: days of the period, both within; the data are closed at the end of ``last``.
        declared: totals declared for the whole province, by key of facts.
        exchange: one row for each unit, also for those that sent nothing; empty: not computed.
    """

    first: date
    last: date
    units: tuple[UnitRow, ...]
    declared: dict[str, int] = field(default_factory=dict)
    exchange: tuple[ExchangeRow, ...] = ()
    told: tuple[Told, ...] = ()
    tasks: tuple[TaskRow, ...] = ()
    next_tasks: tuple[TaskRow, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    direction: tuple[Direction, ...] = ()
    money: tuple[MoneyRow, ...] = ()
    totals: MoneyTotals = MoneyTotals()
    difficulties: tuple[DifficultyRow, ...] = ()
    criteria: tuple[CriterionRow, ...] = ()

    def name(self, code: str) -> str:
        """The unit's name on the closing day; the code where it is none of the units."""
        return next((unit.name for unit in self.units if unit.code == code), code)
