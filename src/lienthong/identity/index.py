"""Finding: candidates for a Patient, the registrations of a person, who has a number. Nothing here writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from lienthong.foundation import clock
from lienthong.identity import blocks, fields, rules, sql, versions
from lienthong.identity.fields import Fields
from lienthong.identity.weights import Weights
from lienthong.records.keys import hash64

Resource = dict[str, Any]
Grade = Literal["certain", "probable", "possible"]

SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Registration:
    """One Patient as one facility knows it. ``person``: the number of the first registration of its person;
    ``gone``: why it is not in use any more (:data:`.leaving.REASONS`), or empty."""

    number: int
    facility: str
    fhir_id: str
    person: int
    packed: str
    shown: str
    gone: str = ""

    @cached_property
    def fields(self) -> Fields:
        """What is compared."""
        return fields.unpack(self.packed)

    @property
    def name(self) -> str:
        """The name as the facility writes it."""
        return self.shown.partition(SEPARATOR)[0]

    @property
    def address(self) -> str:
        """The address as the facility writes it."""
        return self.shown.partition(SEPARATOR)[2]


class Match(NamedTuple):
    """A registration that may be the same person; ``grade`` as FHIR's match-grade."""

    registration: Registration
    verdict: rules.Verdict
    grade: Grade


class Holding(NamedTuple):
    """A registration has or had a number: ``system`` and ``value`` as written, days ``since`` and ``until``
    (empty: it still has it)."""

    number: int
    system: str
    value: str
    since: str
    until: str
    facility: str
    fhir_id: str
    person: int


def match(patient: Resource, limit: int = 20, only_certain: bool = False) -> list[Match]:
    """Who a Patient may be, best first; nothing is stored.

    Args:
        only_certain: those alone that would be linked without asking anybody, and only if they are one person.
    """
    wanted = fields.of(patient, today=clock.today().isoformat())
    found = judged(wanted, candidates(wanted), versions.active())
    if only_certain:
        found = [one for one in found if one.grade == "certain"]
        if len({one.registration.person for one in found}) > 1:
            return []
    return found[:limit]


def candidates(wanted: Fields) -> list[Registration]:
    """The registrations that share a block with these fields (:mod:`.blocks`)."""
    kinds = blocks.looked_up(wanted)
    held: dict[int, list[int]] = {}
    for block, one in sql.in_blocks(list(kinds), blocks.MOST):
        held.setdefault(block, []).append(one)
    shared = Counter[int]()
    for block, some in held.items():
        kind = kinds[block]
        if len(some) <= blocks.MOST or kind not in blocks.WIDE:
            for one in some[: blocks.MOST]:
                shared[one] += 100 if kind == blocks.NUMBER else 1
    best = sorted(shared, key=lambda one: (-shared[one], one))[: blocks.COMPARED]
    return by_number(best)


def judged(wanted: Fields, found: Iterable[Registration], weights: Weights) -> list[Match]:
    """The candidates that are not out of the question, best first."""
    matches = []
    for one in found:
        verdict = rules.judge(wanted, one.fields, weights)
        if verdict.outcome != "no":
            matches.append(Match(one, verdict, _grade(verdict, weights)))
    return sorted(
        matches, key=lambda m: (m.verdict.outcome != "link", -m.verdict.score.bits, m.registration.number)
    )


def _grade(verdict: rules.Verdict, weights: Weights) -> Grade:
    if verdict.outcome == "link":
        return "certain"
    return "probable" if verdict.score.bits >= (weights.link + weights.ask) / 2 else "possible"


def by_number(numbers: Iterable[int]) -> list[Registration]:
    """Registrations by their numbers, in ascending order; unknown ones are left out."""
    return [Registration(*row) for row in sorted(sql.among(sql.ROWS, numbers))]


def of(facility: str, fhir_id: str) -> Registration | None:
    """A facility's registration of a Patient."""
    for number, person, packed, shown, gone in sql.all_rows(sql.OF, (fhir_id, facility)):
        return Registration(number, facility, fhir_id, person, packed, shown, gone)
    return None


def person_of(facility: str, fhir_id: str) -> int | None:
    """The person of a facility's registration, or None when the index does not know it."""
    found = of(facility, fhir_id)
    return found.person if found else None


def registrations(person: int) -> list[Registration]:
    """The registrations of a person, in order of their numbers; also those that another one has replaced."""
    return [Registration(*row) for row in sql.among(sql.MEMBERS, [person])]


def numbers(registered: Sequence[Registration]) -> list[Holding]:
    """The numbers that registrations have or had, in the order in which they came."""
    where = "n.registration IN ({marks})"
    found = sql.among(sql.NUMBERS.format(where=where), (one.number for one in registered))
    return [Holding(*row) for row in found]


def persons_numbered(system: str, value: str) -> list[Holding]:
    """Who has or had a number, in its normal form, whatever the case or spaces in which it is written; nobody whose
    registration was deleted or is not in use."""
    where = "n.key = %s AND r.gone IN ('', 'replaced')"
    found = sql.all_rows(sql.NUMBERS.format(where=where), (number_key(system, value),))
    return [Holding(*row) for row in found]


def knows_system(system: str) -> bool:
    """Whether any registration has a number of that system."""
    return bool(sql.all_rows(sql.SYSTEM, (system,)))


def number_key(system: str, value: str) -> int:
    """The key under which a number is found: of its normal form where it has one."""
    kind, normal = fields.sorted_out(system, value)
    return hash64(f"{kind}:{normal}" if normal else f"{system}|{value.strip()}")
