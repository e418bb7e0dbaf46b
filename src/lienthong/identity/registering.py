"""Taking a Patient into the index: its fields, its blocks, and the links that follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import transaction

from lienthong.access import audit
from lienthong.foundation import clock
from lienthong.identity import blocks, events, fields, index, leaving, models, persons, rules, sql, versions
from lienthong.identity.fields import Fields, Number
from lienthong.identity.index import Match, Registration
from lienthong.identity.models import Number as Held
from lienthong.identity.persons import Pair
from lienthong.identity.rules import Verdict
from lienthong.identity.weights import Weights

Resource = dict[str, Any]

LINKS = 3
"""Links of one registration to one person: the best, and two more that hold when one of them is taken back."""
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call of :func:`register` did: the registration's number and person now; the events of links made and taken
    back; how many pairs wait for a clerk because of it. ``changed``: it was new, or other than before. ``number`` and
    ``person`` are 0 when the index does not know it: it came when it was not in use any more."""

    number: int
    person: int
    changed: bool
    events: tuple[int, ...] = ()
    asked: int = 0


def register(patient: Resource, facility: str, actor: audit.Actor) -> Outcome:
    """Takes a Patient (FHIR R4, with ``id``) of a facility into the index, in the caller's transaction if there is one.

    Registering the same resource again changes nothing. A number that is not given any more is kept as one that ended.
    A Patient that is not in use (:mod:`.leaving`) leaves the index until it is in use again.
    """
    today = clock.today().isoformat()
    with transaction.atomic():
        known = index.of(facility, patient["id"])
        reason, other = leaving.of(patient, facility)
        if reason and (known or other):
            events.lock()
            known = known or _entered(patient, facility, today)
            return _leave(known, reason, other, actor)
        if reason:
            return Outcome(0, 0, False)
        new = fields.of(patient, today=today)
        new = _carried(known.fields, new) if known else new
        packed, shown = fields.pack(new), _shown(patient)
        if known and not known.gone and (known.packed, known.shown) == (packed, shown):
            return Outcome(known.number, known.person, False)
        events.lock()
        number = _store(known, new, facility, patient["id"], shown)
        _keep_numbers(number, patient, today)
        back = leaving.come_back(known, actor) if known else []
        (stored,) = index.by_number([number])
        made, asked = _judge(stored, actor, known is None)
        person = index.by_number([number])[0].person if made else stored.person
        return Outcome(number, person, True, (*back, *made), asked)


def remove(fhir_id: str, facility: str, actor: audit.Actor) -> Outcome | None:
    """Takes a Patient that was deleted out of the index, in the caller's transaction if there is one; None when the
    index does not know it."""
    with transaction.atomic():
        events.lock()
        known = index.of(facility, fhir_id)
        return _leave(known, leaving.DELETED, None, actor) if known else None


def _entered(patient: Resource, facility: str, today: str) -> Registration:
    number = _store(None, fields.of(patient, today=today), facility, patient["id"], _shown(patient))
    _keep_numbers(number, patient, today)
    return index.by_number([number])[0]


def _leave(known: Registration, reason: str, other: Registration | None, actor: audit.Actor) -> Outcome:
    """Takes a registration out of use; what was one person by it alone is looked at again."""
    fellows = [one.number for one in index.registrations(known.person) if one.number != known.number]
    made = leaving.leave(known, reason, other, known.facility, actor)
    asked = 0
    left = [one for one in index.by_number(fellows) if not one.gone] if made else []
    if len({one.person for one in left}) > 1:
        for one in left:
            linked, further = _judge(one, actor, False)
            made += linked
            asked += further
    (now,) = index.by_number([known.number])
    return Outcome(now.number, now.person, bool(made), tuple(made), asked)


def load(patients: Iterable[tuple[Resource, str]], *, portion: int = 2000) -> int:
    """Takes many Patients and their facilities into an index without looking for links, which
    :func:`.changing.apply` makes afterwards. Patients that it knows already are refused by the database.

    Returns:
        How many there were; those that are not in use are left out.
    """
    count, rest = 0, iter(patients)
    while some := list(islice(rest, portion)):
        with transaction.atomic():
            events.lock()
            count += _load(some)
    return count


def _load(some: list[tuple[Resource, str]]) -> int:
    some = [one for one in some if leaving.in_use(one[0])]
    today = clock.today().isoformat()
    folded = [fields.of(patient, today=today) for patient, _ in some]
    rows = models.Registration.objects.bulk_create(
        models.Registration(
            facility=facility, fhir_id=patient["id"], person=0, fields=fields.pack(one), shown=_shown(patient)
        )
        for (patient, facility), one in zip(some, folded, strict=True)
    )
    sql.run(sql.ALL_ALONE)
    keys = ((key, row.id) for row, one in zip(rows, folded, strict=True) for _, key in blocks.blocks(one))
    sql.many(sql.INSERT_KEY, sorted(keys))
    Held.objects.bulk_create(
        held for row, (patient, _) in zip(rows, some, strict=True) for held in _held(row.id, patient, today)
    )
    return len(rows)


def _carried(old: Fields, new: Fields) -> Fields:
    """The new fields with the numbers of before among those that ended."""
    has = {f"{kind}:{one}" for kind in blocks.NUMBERS for one in getattr(new, kind)}
    had = [f"{kind}:{one}" for kind in blocks.NUMBERS for one in getattr(old, kind)]
    former = dict.fromkeys([*new.former, *old.former, *had])
    return new._replace(former=tuple(one for one in former if one not in has))


def _shown(patient: Resource) -> str:
    name, address = fields.shown(patient)
    return index.SEPARATOR.join(part.replace(index.SEPARATOR, " ")[:_LONGEST] for part in (name, address))


def _store(known: Registration | None, new: Fields, facility: str, fhir_id: str, shown: str) -> int:
    packed = fields.pack(new)
    keys = {key for _, key in blocks.blocks(new)}
    if known is None:
        number = int(sql.all_rows(sql.INSERT, (facility, fhir_id, packed, shown))[0][0])
        sql.run(sql.ALONE, (number,))
        before: set[int] = set()
    else:
        number = known.number
        before = set() if known.gone else {key for _, key in blocks.blocks(known.fields)}
        if (known.packed, known.shown) != (packed, shown):
            sql.run(sql.KEEP, (clock.iso(clock.now()), number))
            sql.run(sql.UPDATE, (packed, shown, number))
    sql.many(sql.DELETE_KEY, [(key, number) for key in before - keys])
    sql.many(sql.INSERT_KEY, [(key, number) for key in keys - before])
    return number


def _keep_numbers(number: int, patient: Resource, today: str) -> None:
    """Writes down the numbers that came, and that those which are missing now have ended."""
    held = {(one.system, one.value): one for one in Held.objects.filter(registration=number)}
    for one in _held(number, patient, today):
        before = held.pop((one.system, one.value), None)
        if before is None:
            one.save(force_insert=True)
        elif before.until != one.until:
            before.until = one.until
            before.save(update_fields=["until"])
    for one in held.values():
        if not one.until:
            one.until = today
            one.save(update_fields=["until"])


def _held(number: int, patient: Resource, today: str) -> Iterator[Held]:
    seen: set[tuple[str, str]] = set()
    for one in fields.all_numbers(patient, today=today):
        row = (one.system[:_LONGEST], one.written[:120])
        if row not in seen:
            seen.add(row)
            yield Held(
                key=index.number_key(one.system, one.written),
                registration=number,
                system=row[0],
                value=row[1],
                since=one.since or today,
                until=_until(one, today),
            )


def _until(one: Number, today: str) -> str:
    return (one.until or today) if one.ended else ""


def _judge(one: Registration, actor: audit.Actor, fresh: bool) -> tuple[list[int], int]:
    """Links a registration, asks, and takes back links that nothing speaks for any more."""
    weights = versions.active()
    words = {} if fresh else events.words([one.number])
    found = [m for m in index.candidates(one.fields) if m.number != one.number]
    made = [] if fresh else _taken_back(one, words, weights, actor)
    matches = index.judged(one.fields, found, weights)
    made += _link(one, matches, words, weights, actor)
    if not fresh:
        sql.run(sql.FORGET_ALL, [one.number] * 2)
    return made, _ask(one, matches, words)


def _link(
    one: Registration,
    matches: list[Match],
    words: dict[Pair, dict[str, persons.Said]],
    weights: Weights,
    actor: audit.Actor,
) -> list[int]:
    """Links with the best candidates of each person, unless people or the program have spoken of the pair."""
    made = []
    links: dict[int, int] = defaultdict(int)
    for match in matches:
        other = match.registration
        said = words.get(pair(one, other), {})
        if any(word.value for word in said.values()):
            links[other.person] += 1
            continue
        if match.verdict.outcome == "link" and links[other.person] < LINKS:
            links[other.person] += 1
            made.append(link(one, other, match.verdict, weights, actor))
    return made


def _taken_back(
    one: Registration, words: dict[Pair, dict[str, persons.Said]], weights: Weights, actor: audit.Actor
) -> list[int]:
    linked = [p for p, by in words.items() if one.number in p and "" in by and by[""].value > 0]
    others = {other.number: other for other in index.by_number(n for p in linked for n in p)}
    made = []
    for first, second in linked:
        other = others[first if second == one.number else second]
        verdict = rules.judge(one.fields, other.fields, weights)
        if verdict.outcome == "no":
            made.append(unlink(one, other, verdict, weights, actor, "fields changed"))
    return made


def _ask(one: Registration, matches: list[Match], words: dict[Pair, dict[str, persons.Said]]) -> int:
    """Puts pairs between the thresholds before a clerk, those of which nobody has spoken."""
    asked = [
        m for m in matches if m.verdict.outcome == "ask" and not any(words.get(pair(one, m.registration), {}))
    ]
    for match in asked:
        ask(pair(one, match.registration), match.verdict)
    return len(asked)


def pair(one: Registration, other: Registration) -> Pair:
    """The numbers of two registrations, the smaller first."""
    return min(one.number, other.number), max(one.number, other.number)


def ask(of: Pair, verdict: Verdict) -> None:
    """Puts a pair before a clerk, or brings its score up to date."""
    at = clock.iso(clock.now())
    sql.run(sql.ASK, (*of, verdict.score.bits, verdict.guard or verdict.rule or "score", at, True))


def link(
    one: Registration, other: Registration, verdict: Verdict, weights: Weights, actor: audit.Actor
) -> int:
    """Writes that the program links two registrations; returns the event."""
    sql.run(sql.FORGET, pair(one, other))
    return _say(one, other, 1, verdict, weights, actor, verdict.rule)


def unlink(
    one: Registration, other: Registration, verdict: Verdict, weights: Weights, actor: audit.Actor, why: str
) -> int:
    """Writes that the program takes back its link of two registrations; returns the event."""
    return _say(one, other, 0, verdict, weights, actor, why)


def _say(
    one: Registration,
    other: Registration,
    value: int,
    verdict: Verdict,
    weights: Weights,
    actor: audit.Actor,
    why: str,
) -> int:
    return events.write(
        events.New(
            kind=events.LINKED if value else events.UNLINKED,
            actor=actor,
            why=why,
            pairs={pair(one, other): value},
            bits=verdict.score.bits,
            weights=weights.version,
            detail={"fields": [[p.field, p.level, round(p.bits, 3)] for p in weights.parts(verdict.score)]},
        )
    )
