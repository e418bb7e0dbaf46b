"""The outcome by default: what our own HIS tells of a stay finds its transfer, and writes the return letter.

A stay belongs to a transfer for certain when it names the sender and the slip of exactly one (XML1.MA_NOI_DI and
GIAY_CHUYEN_TUYEN), or when the same person, by citizen number or insurance card, came from that sender within ten days
and only one transfer is open. Anything less, or several, is offered to a person: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from lienthong import records
from lienthong.access.audit import Actor, record
from lienthong.facilities import directory
from lienthong.foundation import clock, json
from lienthong.foundation.errors import LienThongError
from lienthong.foundation.text import fold
from lienthong.transfers import bundle, notices, problems, rules, stay, steps, taking
from lienthong.transfers.models import ReturnLetter, State, Transfer
from lienthong.transfers.stay import Stay

Resource = dict[str, Any]
Stage = ReturnLetter.Stage
HIS = Actor("system:his", "HIS")
"""Who takes the steps that follow from what the HIS says."""

_EARLY = timedelta(hours=2)
_CERTAIN = timedelta(days=10)
_LATEST = timedelta(days=400)
_MOST_OFFERED = 5
_BY_HAND = ""


@dataclass(frozen=True, slots=True)
class _Match:
    """A transfer that a stay may belong to; how: ``slip``, ``person`` or ``name``; sure: for certain."""

    transfer: Transfer
    how: str
    sure: bool


def awaited() -> bool:
    """Whether anybody was ever transferred to this hospital; if not, no stay needs a look."""
    return Transfer.objects.filter(receiver=directory.here()).exists()


def stay_stored(resources: Iterable[Resource], *, origin: str) -> None:
    """Takes what the own HIS says of a stay; in the caller's transaction.

    A certain match takes ``arrived`` and ``admitted`` where nobody has, and raises the letter at discharge.
    """
    every = list(resources)
    found = stay.read(every, origin)
    if found is None:
        return
    known = list(ReturnLetter.objects.filter(origin=origin).select_related("transfer"))
    matches = {m.transfer.loop: m for m in _matches(found)}
    for letter in known:
        if letter.stage not in (Stage.UNSURE, Stage.DISMISSED):
            matches[letter.transfer_id] = _Match(letter.transfer, letter.matched, True)
    for match in matches.values():
        transfer = taking.locked(match.transfer.loop)
        if match.sure:
            _come(transfer, found, HIS)
        _write(transfer, found, every, match)


def transfer_came(transfer: Transfer) -> None:
    """Looks whether the patient of a transfer that has just come is here already; in the caller's transaction."""
    here = directory.here()
    if transfer.receiver != here:
        return
    card = str((transfer.form.get("person") or {}).get("card") or "")
    own = {transfer.citizen, card, *_numbers_of(transfer.patient)} - {""}
    since = clock.iso(_left(transfer) - _EARLY)
    for patient in sorted({p for number in own for p in records.patients_numbered(number)}):
        for visit in records.for_patient(patient, ["Encounter"], since=since, with_restricted=True):
            if visit.origin.startswith(f"his-xml/{here}/"):
                stay_stored(stay.of_visit(visit), origin=visit.origin)


def _numbers_of(patient: str) -> set[str]:
    stored = records.read("Patient", patient) if patient else None
    return set(stay.numbers(json.loads(stored.body))) if stored else set()


def _left(transfer: Transfer) -> Any:
    return transfer.left_at or transfer.signed_at or transfer.begun_at


# Which transfer


def _matches(found: Stay) -> list[_Match]:
    by_slip = _by_slip(found)
    if len(by_slip) == 1:
        return [_Match(by_slip[0], "slip", True)]
    if by_slip:
        return [_Match(one, "slip", False) for one in by_slip[:_MOST_OFFERED]]
    same, certain = _by_person(found)
    if same:
        sure = len(same) == 1 and certain
        return [_Match(one, "person", sure) for one in same[:_MOST_OFFERED]]
    return [_Match(one, "name", False) for one in _by_name(found)[:_MOST_OFFERED]]


def _coming(found: Stay) -> QuerySet[Transfer]:
    """Transfers to us that left before the stay began."""
    return (
        Transfer.objects.filter(receiver=directory.here())
        .exclude(state__in=(State.DRAFTED, State.CLOSED))
        .filter(
            Q(left_at__lte=found.start + _EARLY, left_at__gte=found.start - _LATEST)
            | Q(left_at=None, begun_at__lte=found.start + _EARLY)
        )
        .order_by("-left_at")
    )


def _by_slip(found: Stay) -> list[Transfer]:
    if not (found.slip and found.came_from):
        return []
    named = _coming(found).filter(sender=found.came_from, slip=found.slip)
    return [one for one in named if not _another_person(one, found)]


def _another_person(transfer: Transfer, found: Stay) -> bool:
    if transfer.citizen and found.citizen:
        return transfer.citizen != found.citizen
    return bool(transfer.birth and found.birth) and transfer.birth[:4] != found.birth[:4]


def _by_person(found: Stay) -> tuple[list[Transfer], bool]:
    """Open transfers of the same person by number, and whether a single one of them is certain."""
    if not found.numbers:
        return [], False
    patients = {p for number in found.numbers for p in records.patients_numbered(number)}
    same = Q(patient__in=patients)
    if found.citizen:
        same |= Q(citizen=found.citizen)
    waiting = _coming(found).filter(same).exclude(state__in=(*rules.ENDED, State.OUTCOME))
    open_ones = [one for one in waiting if not _another_person(one, found)]
    certain = (
        len(open_ones) == 1
        and open_ones[0].sender == found.came_from
        and found.start - _left(open_ones[0]) <= _CERTAIN
        and not (found.slip and open_ones[0].slip and found.slip != open_ones[0].slip)
    )
    return open_ones, certain


def _by_name(found: Stay) -> list[Transfer]:
    if not (found.came_from and found.birth and found.name):
        return []
    named = _coming(found).filter(sender=found.came_from, birth=found.birth).exclude(state__in=rules.ENDED)
    return [
        one for one in named if fold(one.patient_name) == fold(found.name) and not _another_person(one, found)
    ]


# What follows


def _come(transfer: Transfer, found: Stay, actor: Actor) -> None:
    """Arrival and admission as the HIS noted them, where nobody has entered them."""
    now = clock.now()
    if State.ARRIVED in taking.allowed_steps(transfer):
        taking.take(transfer.loop, State.ARRIVED, actor=actor, data={"how": "his"}, at=min(found.start, now))
        transfer.refresh_from_db()
    if found.admitted and State.ADMITTED in taking.allowed_steps(transfer):
        reached = transfer.steps.filter(kind=State.ADMITTED, effect=True).exists()
        if not reached:
            taking.take(
                transfer.loop,
                State.ADMITTED,
                actor=actor,
                data={"ward": found.ward},
                at=min(found.admitted, now),
            )
            transfer.refresh_from_db()


def _write(transfer: Transfer, found: Stay, resources: Sequence[Resource], match: _Match) -> None:
    said, kept_back = stay.outcome(resources)
    letter = ReturnLetter.objects.filter(transfer=transfer, origin=found.origin).first()
    after = Stage.READY if found.end else Stage.STAYS
    if letter is None:
        letter = ReturnLetter(transfer=transfer, origin=found.origin, matched=match.how, stage=Stage.UNSURE)
        letter.stage = after if match.sure else Stage.UNSURE
    elif letter.stage == Stage.DISMISSED or letter.found == said:
        return
    elif letter.stage == Stage.SIGNED:
        letter.stage, letter.corrects = Stage.READY, True
    elif match.sure:
        letter.stage = after
    letter.written = {
        name: value for name, value in letter.written.items() if said.get(name) == letter.found.get(name)
    }
    letter.found, letter.kept_back = said, kept_back
    _save(letter, HIS)
    if letter.stage == Stage.READY:
        notices.tell("outcome-ready", transfer, about=f"{letter.pk}.{letter.version}")


def _save(letter: ReturnLetter, actor: Actor) -> None:
    letter.version = letter.version + 1 if letter.pk else 1
    letter.changed_at, letter.changed_by = clock.now(), actor.name[:120]
    letter.save()


# What a person does with it


def letters(transfer: Transfer) -> list[ReturnLetter]:
    """The letters of a transfer that wait for something or were sent, newest first."""
    return list(transfer.letters.exclude(stage=Stage.DISMISSED).order_by("-changed_at"))


def by_hand(loop: str, *, actor: Actor) -> ReturnLetter:
    """A letter from nothing, or the one begun so before; after one was sent, its correction."""
    with transaction.atomic():
        transfer = taking.locked(loop)
        if transfer.receiver != directory.here():
            raise LienThongError(problems.not_allowed())
        letter = ReturnLetter.objects.filter(transfer=transfer, origin=_BY_HAND).first()
        if letter is None:
            last = transfer.steps.filter(kind=State.OUTCOME, effect=True).last()
            letter = ReturnLetter(transfer=transfer, stage=Stage.READY, corrects=last is not None)
            letter.written = dict(last.data) if last else {}
            _save(letter, actor)
        elif letter.stage != Stage.READY:
            letter.corrects = letter.corrects or letter.stage == Stage.SIGNED
            letter.stage = Stage.READY
            _save(letter, actor)
        return letter


def save(letter: int, data: dict[str, Any], *, version: int, actor: Actor) -> ReturnLetter:
    """Keeps what a doctor wrote, unsigned.

    Raises:
        LienThongError: ``transfer-changed``, ``transfer-step-not-possible``, ``transfer-unknown``.
    """
    with transaction.atomic():
        found = _locked(letter, version)
        if found.stage not in (Stage.READY, Stage.STAYS):
            raise LienThongError(problems.not_allowed())
        found.written = {name: value for name, value in data.items() if value != found.found.get(name)}
        _save(found, actor)
        _note(found, actor, "outcome-written")
        return found


def sign(
    letter: int,
    data: dict[str, Any],
    *,
    version: int,
    actor: Actor,
    with_protected: bool = False,
) -> Transfer:
    """Signs a letter and sends it as the step ``outcome``, with the papers of the stay.

    Args:
        with_protected: specially protected papers go along, because the other doctor needs them.

    Raises:
        LienThongError: ``transfer-changed``, ``transfer-step-not-possible``, ``transfer-step-data``,
            ``transfer-unknown``.
    """
    with transaction.atomic():
        found = _locked(letter, version)
        if found.stage not in (Stage.READY, Stage.STAYS):
            raise LienThongError(problems.not_allowed())
        said = {**data, "signed_by": actor.name[:200]}
        steps.checked(State.OUTCOME, said)
        transfer = taking.take(
            found.transfer_id,
            State.OUTCOME,
            actor=actor,
            data=said,
            documents=_papers(found, with_protected=with_protected),
        )
        found.written = {name: value for name, value in data.items() if value != found.found.get(name)}
        found.stage = Stage.SIGNED
        _save(found, actor)
        return transfer


def decide(letter: int, *, belongs: bool, version: int, actor: Actor) -> ReturnLetter:
    """What a person says of a stay that was offered, or sets a letter aside.

    Raises:
        LienThongError: ``transfer-changed``, ``transfer-unknown``, ``transfer-step-not-possible``.
    """
    with transaction.atomic():
        found = _locked(letter, version)
        if found.stage == Stage.SIGNED or (belongs and found.stage != Stage.UNSURE):
            raise LienThongError(problems.not_allowed())
        found.stage = Stage.DISMISSED
        if belongs:
            found.stage = Stage.READY if found.found.get("discharged_at") else Stage.STAYS
            others = ReturnLetter.objects.filter(origin=found.origin, stage=Stage.UNSURE).exclude(pk=found.pk)
            others.update(stage=Stage.DISMISSED, changed_at=clock.now(), changed_by=actor.name[:120])
            known = stay.read(_resources(found), found.origin)
            if known is not None:
                _come(taking.locked(found.transfer_id), known, actor)
        _save(found, actor)
        _note(found, actor, "stay-joined" if belongs else "outcome-set-aside")
        return found


def _locked(letter: int, version: int) -> ReturnLetter:
    found = ReturnLetter.objects.select_related("transfer").filter(pk=letter).first()
    if found is None or found.transfer.receiver != directory.here():
        raise LienThongError(problems.no_transfer())
    taking.locked(found.transfer_id)
    found.refresh_from_db()
    if found.version != version:
        raise LienThongError(problems.changed(found.changed_by, str(Stage(found.stage).label)))
    return found


def _resources(letter: ReturnLetter) -> list[Resource]:
    visits = records.of_origin(letter.origin, ["Encounter"]) if letter.origin else []
    return stay.of_visit(visits[0]) if visits else []


def _papers(letter: ReturnLetter, *, with_protected: bool) -> list[Resource]:
    chosen = stay.documents(_resources(letter))
    if not chosen:
        return []
    keep = frozenset(bundle.ref(r) for r in chosen) if with_protected else frozenset[str]()
    content, _kept_back = bundle.pack(chosen, keep)
    return [entry["resource"] for entry in json.loads(content)["entry"]]


def _note(letter: ReturnLetter, actor: Actor, what: str) -> None:
    record(
        actor,
        what,
        patient=letter.transfer.patient,
        page=f"transfer/{letter.transfer_id}",
        why="treatment",
        detail={"stay": letter.origin},
    )
