"""Search of ServiceRequest and Task: oldest change first, with pages that miss nothing that changes meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode

from django.db.models import Q

from lienthong import records
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.wsgi import HttpError
from lienthong.terminology import systems
from lienthong.transfers import rules
from lienthong.transfers.fhir import problems, words
from lienthong.transfers.fhir.words import Resource
from lienthong.transfers.models import RequestIdentifier, Side, State, Transfer

USUAL, MOST = 20, 100
_LOOP = re.compile("[0-9a-f]{32}")
_DATE = re.compile(r"(eq|ge|gt|le|lt)?(\d{4}-\d\d-\d\d(?:T.{1,30})?)")
_REQUEST_STATES = {
    "draft": (State.DRAFTED,),
    "revoked": (State.CANCELLED,),
    "completed": (State.CLOSED,),
    "active": tuple(s for s in rules.TURNS if s not in (State.DRAFTED, State.CANCELLED, State.CLOSED)),
}
_TASK_STATES = {
    task: tuple(state for state, turn in rules.TURNS.items() if turn.task == task)
    for task in dict.fromkeys(turn.task for turn in rules.TURNS.values())
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter: its type for the CapabilityStatement, and the condition that a value stands for."""

    type: str
    where: Callable[[str], Q]


@dataclass(frozen=True, slots=True)
class Found:
    """A page: the transfers, how many match in all, and the parameters of the next page (None: the last)."""

    transfers: list[Transfer]
    total: int
    following: list[tuple[str, str]] | None


def ours() -> Q:
    """Only what this facility sends or receives; drafts of others never come here."""
    return Q(sender=directory.here()) | Q(receiver=directory.here())


def known(loop: str) -> Transfer:
    """A transfer of this facility with its steps.

    Raises:
        HttpError: 404.
    """
    found = Transfer.objects.filter(ours(), loop=loop) if _LOOP.fullmatch(loop) else Transfer.objects.none()
    transfer = found.prefetch_related("steps", "identifiers").first()
    if transfer is None:
        raise HttpError(404, problems.not_known("ServiceRequest"))
    return transfer


def of_patient(patient: str) -> list[Transfer]:
    """The transfers of this facility that are about a patient."""
    return list(Transfer.objects.filter(ours(), patient=patient).order_by("-changed_at"))


def search(kind: str, given: Iterable[tuple[str, str]]) -> Found:
    """A page of the transfers that fit all parameters; an unknown parameter is refused, since leaving it out would
    give more than was asked for.

    Raises:
        HttpError: 400.
    """
    parameters = list(given)
    where, after, count = ours(), "", USUAL
    for name, value in parameters:
        if "\0" in value or len(value) > 500:
            raise _wrong(name, "")
        if name == "_count":
            count = min(_number(value), MOST)
        elif name == "_after":
            after = value
        elif name in ("_format", "_total"):
            continue
        else:
            parameter = PARAMETERS[kind].get(name)
            if parameter is None:
                raise _wrong(name, ", ".join(PARAMETERS[kind]))
            where &= parameter.where(value)
    matching = Transfer.objects.filter(where)
    page = matching.filter(_later(after)) if after else matching
    rows = page.order_by("changed_at", "loop").prefetch_related("steps", "identifiers")
    transfers = list(rows[: count + 1]) if count else []
    following = None
    if len(transfers) > count:
        transfers = transfers[:count]
        kept = [(name, value) for name, value in parameters if name != "_after"]
        following = [*kept, ("_after", f"{transfers[-1].changed_at.isoformat()}_{transfers[-1].loop}")]
    return Found(transfers, matching.count(), following)


def bundle(
    found: Found, kind: str, base: str, given: list[tuple[str, str]], one: Callable[[Transfer], Resource]
) -> Resource:
    """The page as a searchset."""
    links = [("self", given), *([("next", found.following)] if found.following else [])]
    entries = [
        {"fullUrl": f"{base}/{kind}/{t.loop}", "resource": one(t), "search": {"mode": "match"}}
        for t in found.transfers
    ]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "timestamp": clock.iso(clock.now()),
        "total": found.total,
        "link": [
            {"relation": relation, "url": f"{base}/{kind}?{urlencode(parameters)}".rstrip("?")}
            for relation, parameters in links
        ],
        **({"entry": entries} if entries else {}),
    }


def _wrong(name: str, wanted: str) -> HttpError:
    return HttpError(400, problems.not_understood(f"{name[:60]}: {wanted}".rstrip(": "), name[:60]))


def _number(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 7):
        raise _wrong("_count", f"0–{MOST}")
    return int(value)


def _later(after: str) -> Q:
    at, _, loop = after.partition("_")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        raise _wrong("_after", "Bundle.link") from error
    if moment.tzinfo is None or not _LOOP.fullmatch(loop):
        raise _wrong("_after", "Bundle.link")
    return Q(changed_at__gt=moment) | Q(changed_at=moment, loop__gt=loop)


def _token(value: str) -> tuple[str | None, str]:
    """System (None: any) and code of a token."""
    system, bar, code = value.partition("|")
    return (system, code) if bar else (None, value)


def _changed(value: str) -> Q:
    match = _DATE.fullmatch(value)
    try:
        if match is None:
            raise ValueError(value)
        prefix, text = match[1] or "eq", match[2].replace(" ", "+")
        start = datetime.fromisoformat(text)
        start = start if start.tzinfo else start.replace(tzinfo=clock.VIETNAM)
        span = (
            timedelta(days=1)
            if len(text) == 10
            else timedelta(milliseconds=1)
            if "." in text
            else timedelta(seconds=1)
        )
        end = start + span
    except (ValueError, OverflowError) as error:
        raise _wrong("_lastUpdated", "(ge|gt|le|lt)yyyy-MM-ddTHH:mm:ss+07:00") from error
    return {
        "eq": Q(changed_at__gte=start, changed_at__lt=end),
        "ge": Q(changed_at__gte=start),
        "gt": Q(changed_at__gte=end),
        "le": Q(changed_at__lt=end),
        "lt": Q(changed_at__lt=start),
    }[prefix]


def _identifier(value: str) -> Q:
    system, code = _token(value)
    if system == words.KEY:
        return Q(pk__in=[])
    asked = RequestIdentifier.objects.filter(value=code).exclude(system=words.KEY)
    if system is not None:
        asked = asked.filter(system=system)
    found = Q(loop__in=asked.values("transfer_id"))
    for name, column in ((words.LOOP, "loop"), (systems.SLIP, "slip")):
        if system in (None, name):
            found |= Q(**{column: code})
    if system is None:
        return found | Q(ma_lk=code)
    episodes = systems.episode("")
    if system.startswith(episodes):
        found |= Q(ma_lk=code, sender=system.removeprefix(episodes))
    return found


def _patient(value: str) -> Q:
    system, code = _token(value)
    found = Q(patient__in=records.patients_numbered(code)) if code else Q(pk__in=[])
    if system in (None, systems.CITIZEN_NUMBER) and code:
        found |= Q(citizen=code)
    return found


def _about(value: str) -> Q:
    return Q(patient=value.removeprefix("Patient/"))


def _focus(value: str) -> Q:
    return Q(loop=value.rpartition("/")[2])


def _states(value: str, named: dict[str, tuple[State, ...]], name: str) -> Q:
    wanted: list[State] = []
    for one in value.split(","):
        code = _token(one)[1]
        if code not in named:
            raise _wrong(name, ", ".join(named))
        wanted += named[code]
    return Q(state__in=wanted)


def _business(value: str) -> Q:
    return _states(value, {state.value: (state,) for state in rules.TURNS}, "business-status")


def _facility(value: str) -> str:
    return _token(value)[1].rpartition("/")[2]


def _owner(value: str) -> Q:
    code = _facility(value)
    no_receiver = Q(owner_side=Side.RECEIVER, receiver="")
    return (
        Q(owner_side=Side.SENDER, sender=code)
        | Q(owner_side=Side.RECEIVER, receiver=code)
        | (no_receiver & Q(sender=code))
    )


_COMMON = {
    "_id": Parameter("token", lambda value: Q(loop__in=value.split(","))),
    "_lastUpdated": Parameter("date", _changed),
    "identifier": Parameter("token", _identifier),
    "patient": Parameter("reference", _about),
    "patient.identifier": Parameter("token", _patient),
    "requester": Parameter("reference", lambda value: Q(sender=_facility(value))),
    "requester:identifier": Parameter("reference", lambda value: Q(sender=_facility(value))),
}
PARAMETERS: Final[dict[str, dict[str, Parameter]]] = {
    "ServiceRequest": {
        **_COMMON,
        "status": Parameter("token", lambda value: _states(value, _REQUEST_STATES, "status")),
        "performer": Parameter("reference", lambda value: Q(receiver=_facility(value))),
        "performer:identifier": Parameter("reference", lambda value: Q(receiver=_facility(value))),
    },
    "Task": {
        **_COMMON,
        "status": Parameter("token", lambda value: _states(value, _TASK_STATES, "status")),
        "business-status": Parameter("token", _business),
        "owner": Parameter("reference", _owner),
        "owner:identifier": Parameter("reference", _owner),
        "focus": Parameter("reference", _focus),
        "modified": Parameter("date", _changed),
    },
}
"""By resource type; a facility is named by its code, ``Organization/<code>`` or ``<system>|<code>``."""


def identifier_of(query: str) -> tuple[str, str]:
    """What ``If-None-Exist: identifier=system|value`` names.

    Raises:
        HttpError: 400.
    """
    try:
        pairs = parse_qsl(query, max_num_fields=4)
    except ValueError:
        pairs = []
    system, code = _token(pairs[0][1]) if len(pairs) == 1 and pairs[0][0] == "identifier" else (None, "")
    if not system or not code or "\0" in query or len(system) > 255 or len(code) > 255:
        raise _wrong("If-None-Exist", "identifier=system|value")
    return system, code
