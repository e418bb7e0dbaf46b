"""The traffic light of a unit: a table of rules, each with the sentence that explains it.

Nothing here asks the database. A light is the worst of the rules that hold: blocked before watch before unclear;
on track when none holds. What each rule says stands in ``docs/reference/board.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import npgettext, pgettext, pgettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Light(StrEnum):
    """A light; the value is the shape of its tag. In the order of :data:`ORDER`, the worst first."""

    BLOCKED = "bad"
    WATCH = "warn"
    UNKNOWN = "wait"
    ON_TRACK = "ok"


ORDER = (Light.BLOCKED, Light.WATCH, Light.UNKNOWN, Light.ON_TRACK)
WORDS: dict[Light, StrOrPromise] = {
    Light.BLOCKED: pgettext_lazy("light", "Blocked"),
    Light.WATCH: pgettext_lazy("light", "Watch"),
    Light.UNKNOWN: pgettext_lazy("light", "Unclear"),
    Light.ON_TRACK: pgettext_lazy("light", "On track"),
}
MEANINGS: dict[Light, StrOrPromise] = {
    Light.BLOCKED: pgettext_lazy("province", "a deadline has passed or something stops the unit"),
    Light.WATCH: pgettext_lazy("province", "something needs attention before it is late"),
    Light.UNKNOWN: pgettext_lazy("province", "too little is known about the unit"),
    Light.ON_TRACK: pgettext_lazy("province", "nothing is late and nothing stands in the way"),
}

GOALS: dict[str, StrOrPromise] = {
    "security": pgettext_lazy("goal", "Security review"),
    "link": pgettext_lazy("goal", "Link with Bạch Mai"),
    "emr": pgettext_lazy("goal", "Electronic medical record"),
}
"""What every unit must reach."""
LONG_OVERDUE = 14
"""Days after which an overdue task blocks: one period of the report to the chair."""
EMR_DONE = ("decided", "published", "paper-stopped")
"""States of the EMR (:data:`lienthong.rollout.facts.EMR_STATES`) from which on a unit works with it."""
EMR_SOFTWARE = ("basic", "advanced")
LINKED = "first-receipt"
"""The rung that proves the link: a receipt of the partner for a transfer of the unit."""


@dataclass(frozen=True, slots=True)
class Due:
    """The day by which a unit must reach a goal; so many days before (``soon``) an unmet one wants attention."""

    goal: str
    day: date
    soon: int


@dataclass(frozen=True, slots=True)
class Late:
    """An overdue task of the unit."""

    number: str
    title: str
    due: date


@dataclass(frozen=True, slots=True)
class Flow:
    """The feed of a system: ``HIS``, ``LIS`` or ``PACS``; ``ok``, ``silent``, ``drift`` or ``unknown``."""

    name: str
    state: str
    words: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a unit on a day. Empty texts: not known.

    Attributes:
        emr, emr_state: declared, as in :data:`lienthong.rollout.facts.KEYS`.
        reached: rungs of the evidence ladder, reached on that day or before, to the day.
        review: ``passed``, ``failed``, ``under-way`` or ``none``.
        dues: the deadlines that apply to this kind of unit, the first ones first.
        differences: where less is proven than declared, a sentence each.
        faults: reported to vendors and still open.
    """

    day: date
    his_level: str = ""
    emr: str = ""
    emr_state: str = ""
    reached: Mapping[str, date] | None = None
    review: str = "none"
    dues: Sequence[Due] = ()
    late: Sequence[Late] = ()
    flows: Sequence[Flow] = ()
    differences: Sequence[str] = ()
    faults: int = 0

    def due(self, goal: str) -> Due | None:
        """The first deadline of a goal, if one applies."""
        return next((one for one in self.dues if one.goal == goal), None)

    @property
    def linked(self) -> bool:
        return LINKED in (self.reached or {})

    @property
    def on_emr(self) -> bool | None:
        """Whether the unit works with an EMR, as declared; None where neither state nor software is known."""
        if self.emr_state:
            return self.emr_state in EMR_DONE
        return self.emr in EMR_SOFTWARE if self.emr else None

    def met(self, goal: str) -> bool:
        """Whether a goal is reached."""
        return {"security": self.review == "passed", "link": self.linked, "emr": bool(self.on_emr)}[goal]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a unit has its light.

    Attributes:
        source: the part of the board where it can be looked up: ``security``, ``ladder``, ``feeds``, ``plan``,
            ``facts`` or ``vendors``.
    """

    rule: str
    light: Light
    source: str
    words: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of the table: what it is about, in words; when it holds, ``says`` gives the sentences."""

    name: str
    light: Light
    source: str
    words: StrOrPromise
    says: Callable[[Seen], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The light of a unit and its reasons, the worst first."""

    light: Light
    reasons: tuple[Reason, ...]


def _day(day: date) -> str:
    return day.strftime("%d/%m/%Y")


def _missed(goal: str) -> Callable[[Seen], Iterator[str]]:
    def says(seen: Seen) -> Iterator[str]:
        due = seen.due(goal)
        if due and seen.day > due.day and not seen.met(goal) and not _said_otherwise(goal, seen):
            days = (seen.day - due.day).days
            text = npgettext(
                "province", "%(what)s: %(n)d day late (%(day)s)", "%(what)s: %(n)d days late (%(day)s)", days
            )
            yield text % {"what": GOALS[goal], "n": days, "day": _day(due.day)}

    return says


def _said_otherwise(goal: str, seen: Seen) -> bool:
    """Whether another rule already says more about the goal."""
    return (goal == "security" and seen.review == "failed") or (goal == "emr" and seen.on_emr is None)


def _near(goal: str) -> Callable[[Seen], Iterator[str]]:
    def says(seen: Seen) -> Iterator[str]:
        due = seen.due(goal)
        if (
            due
            and 0 <= (due.day - seen.day).days <= due.soon
            and not (seen.met(goal) or _said_otherwise(goal, seen))
        ):
            days = (due.day - seen.day).days
            text = npgettext(
                "province", "%(what)s: %(n)d day left (%(day)s)", "%(what)s: %(n)d days left (%(day)s)", days
            )
            yield text % {"what": GOALS[goal], "n": days, "day": _day(due.day)}

    return says


def _failed(seen: Seen) -> Iterator[str]:
    if seen.review == "failed":
        yield pgettext(
            "province", "The security review was not passed; the link stays off until a new one is"
        )


def _long_overdue(seen: Seen) -> Iterator[str]:
    for task in seen.late:
        if (days := (seen.day - task.due).days) > LONG_OVERDUE:
            yield _task(task, days)


def _overdue(seen: Seen) -> Iterator[str]:
    for task in seen.late:
        if (days := (seen.day - task.due).days) <= LONG_OVERDUE:
            yield _task(task, days)


def _task(task: Late, days: int) -> str:
    text = npgettext(
        "province",
        "Task %(number)s, %(title)s: %(n)d day late",
        "Task %(number)s, %(title)s: %(n)d days late",
        days,
    )
    return text % {"number": task.number, "title": task.title, "n": days}


def _flow(names: Sequence[str], state: str) -> Callable[[Seen], Iterator[str]]:
    def says(seen: Seen) -> Iterator[str]:
        yield from (flow.words for flow in seen.flows if flow.name in names and flow.state == state)

    return says


def _different(seen: Seen) -> Iterator[str]:
    yield from seen.differences


def _faults(seen: Seen) -> Iterator[str]:
    if seen.faults:
        text = npgettext(
            "province",
            "%(n)d fault is open with the vendor",
            "%(n)d faults are open with the vendor",
            seen.faults,
        )
        yield text % {"n": seen.faults}


def _no_level(seen: Seen) -> Iterator[str]:
    if not seen.his_level:
        yield pgettext("province", "The HIS level is not known")


def _no_emr(seen: Seen) -> Iterator[str]:
    if seen.on_emr is None:
        yield pgettext("province", "Nothing is known about the electronic medical record")


RULES = (
    Rule(
        "security-failed",
        Light.BLOCKED,
        "security",
        pgettext_lazy("province", "The security review was not passed"),
        _failed,
    ),
    Rule(
        "security-late",
        Light.BLOCKED,
        "security",
        pgettext_lazy("province", "No passed security review after its deadline"),
        _missed("security"),
    ),
    Rule(
        "link-late",
        Light.BLOCKED,
        "ladder",
        pgettext_lazy("province", "No proven link with Bạch Mai after its deadline"),
        _missed("link"),
    ),
    Rule(
        "emr-late",
        Light.BLOCKED,
        "facts",
        pgettext_lazy("province", "Not on the EMR after the deadline for this type of unit"),
        _missed("emr"),
    ),
    Rule(
        "his-silent",
        Light.BLOCKED,
        "feeds",
        pgettext_lazy("province", "The feed of the HIS is silent"),
        _flow(("HIS",), "silent"),
    ),
    Rule(
        "task-long-overdue",
        Light.BLOCKED,
        "plan",
        pgettext_lazy("province", "A task is overdue by more than 14 days"),
        _long_overdue,
    ),
    Rule(
        "security-soon",
        Light.WATCH,
        "security",
        pgettext_lazy("province", "The deadline of the security review is near"),
        _near("security"),
    ),
    Rule(
        "link-soon",
        Light.WATCH,
        "ladder",
        pgettext_lazy("province", "The deadline of the link with Bạch Mai is near"),
        _near("link"),
    ),
    Rule(
        "emr-soon",
        Light.WATCH,
        "facts",
        pgettext_lazy("province", "The deadline of the EMR is near"),
        _near("emr"),
    ),
    Rule(
        "feed-silent",
        Light.WATCH,
        "feeds",
        pgettext_lazy("province", "The feed of LIS or PACS is silent"),
        _flow(("LIS", "PACS"), "silent"),
    ),
    Rule(
        "feed-drift",
        Light.WATCH,
        "feeds",
        pgettext_lazy("province", "Fields of a feed are no longer filled in as usual"),
        _flow(("HIS", "LIS", "PACS"), "drift"),
    ),
    Rule(
        "task-overdue",
        Light.WATCH,
        "plan",
        pgettext_lazy("province", "A task is overdue by up to 14 days"),
        _overdue,
    ),
    Rule(
        "declared-not-proven",
        Light.WATCH,
        "ladder",
        pgettext_lazy("province", "Less is proven by traffic than was declared"),
        _different,
    ),
    Rule(
        "faults-open",
        Light.WATCH,
        "vendors",
        pgettext_lazy("province", "A fault is open with the vendor"),
        _faults,
    ),
    Rule(
        "level-unknown",
        Light.UNKNOWN,
        "facts",
        pgettext_lazy("province", "The HIS level is not known"),
        _no_level,
    ),
    Rule(
        "emr-unknown",
        Light.UNKNOWN,
        "facts",
        pgettext_lazy("province", "The state of the EMR is not known"),
        _no_emr,
    ),
)
"""Every rule, the worst first."""


def verdict(seen: Seen) -> Verdict:
    """The light of a unit with every reason for it."""
    reasons = tuple(
        Reason(rule.name, rule.light, rule.source, words) for rule in RULES for words in rule.says(seen)
    )
    return Verdict(min((one.light for one in reasons), key=ORDER.index, default=Light.ON_TRACK), reasons)
