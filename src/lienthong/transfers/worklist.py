"""The worklists of a hospital: whose turn it is, how urgent, how long it has waited; and who stands at the door."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When

from lienthong import records
from lienthong.facilities import directory
from lienthong.foundation.text import fold
from lienthong.transfers import rules
from lienthong.transfers.models import Side, State, Transfer, Urgency

OPEN, OURS, THEIRS, COMING, HERE, ENDED, ALL = "open", "ours", "theirs", "coming", "here", "ended", "all"
"""Views of a list: all open ones; our turn; the other side's turn; on the way; arrived; ended; everything."""

VIEWS = (OPEN, OURS, COMING, HERE, THEIRS, ENDED)
PAGE_SIZE = 50
_THERE = (State.ARRIVED, State.ADMITTED, State.INTERIM)
_MOST_AT_DOOR = 20
_RANK = {urgency: place for place, urgency in enumerate(Urgency)}


@dataclass(frozen=True, slots=True)
class Door:
    """Who may stand at the door: transfers to us that wait for the patient, and others of the same number."""

    expected: list[Transfer]
    others: list[Transfer]


def listed(*, to_us: bool, view: str, text: str = "", page: int = 1) -> Page[Transfer]:
    """One page of a worklist. Open ones: by urgency, our turn first, the longest waiting first."""
    found = _view(_side(to_us), to_us, view)
    for word in fold(text).split():
        found = found.filter(Q(words__contains=word) | Q(loop__startswith=word))
    if view in (ENDED, ALL):
        found = found.order_by("-changed_at", "loop")
    else:
        found = found.annotate(
            rank=Case(
                *(When(urgency=u, then=Value(place)) for u, place in _RANK.items()),
                default=Value(9),
                output_field=IntegerField(),
            ),
            turn=_first(_turn(to_us)),
        ).order_by("rank", "turn", F("due").asc(nulls_last=True), "since", "loop")
    return Paginator(found.prefetch_related("steps", "letters"), PAGE_SIZE).get_page(page)


def counts(*, to_us: bool) -> dict[str, int]:
    """How many transfers each view holds."""
    every = _side(to_us)
    wanted = {view: Count("loop", filter=_where(to_us, view)) for view in (*VIEWS, ALL)}
    return {name: int(number) for name, number in every.aggregate(**wanted).items()}


def mark(transfers: Page[Transfer]) -> str:
    """Changes whenever something on the page does."""
    return " ".join(f"{one.loop}:{one.version}" for one in transfers)


def at_door(text: str) -> Door:
    """Transfers to us of a citizen number, insurance card, slip number or loop, open ones apart from others.

    Args:
        text: as typed, or as a scanner reads the citizen card: fields apart by ``|``, the number first.
    """
    number = "".join(text.partition("|")[0].split())
    if not number:
        return Door([], [])
    upper = number.upper()
    to_us = _side(to_us=True)
    same = Q(slip=number) | Q(slip=text.strip()) | Q(patient__in=records.patients_numbered(upper))
    same |= Q(form__person__card=upper)
    if len(number) == 32:
        same |= Q(loop=number.lower())
    if number.isdigit():
        same |= Q(citizen=number) | Q(slip__startswith=f"{number}/")
    found = list(to_us.filter(same).order_by("-left_at")[:_MOST_AT_DOOR])
    waits = [one for one in found if State(one.state) not in rules.ENDED]
    return Door(waits, [one for one in found if one not in waits])


def _side(to_us: bool) -> QuerySet[Transfer]:
    here = directory.here()
    ours = Q(receiver=here) & ~Q(sender=here) if to_us else Q(sender=here)
    return Transfer.objects.filter(ours).exclude(state=State.DRAFTED)


def _view(found: QuerySet[Transfer], to_us: bool, view: str) -> QuerySet[Transfer]:
    return found.filter(_where(to_us, view))


def _where(to_us: bool, view: str) -> Q:
    waits = ~Q(state__in=rules.ENDED)
    return {
        OPEN: waits,
        OURS: waits & _turn(to_us),
        THEIRS: waits & ~_turn(to_us),
        COMING: Q(state=State.DEPARTED),
        HERE: Q(state__in=_THERE),
        ENDED: Q(state__in=rules.ENDED),
    }.get(view, Q())


def _turn(to_us: bool) -> Q:
    return Q(owner_side=Side.RECEIVER if to_us else Side.SENDER)


def _first(condition: Q) -> Case:
    return Case(When(condition, then=Value(0)), default=Value(1), output_field=IntegerField())
