"""The Task of a transfer: where it stands, what its steps say, and steps that a hospital's own system takes.

The data of a step stands in ``Task.input`` (``Task.output`` for ``interim`` and ``outcome``), one entry for each field,
typed ``<step>.<field>`` in :data:`.words.STEP_DATA`. A step is taken by writing the Task with another
``businessStatus`` and the data of that step.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from lienthong import records
from lienthong.access.callers import Caller
from lienthong.facilities import directory
from lienthong.foundation import clock, ids
from lienthong.foundation.wsgi import HttpError
from lienthong.terminology import systems
from lienthong.transfers import desk, resources, rules, steps, taking
from lienthong.transfers.fhir import problems, reading, requests, searching, words
from lienthong.transfers.fhir.words import Resource
from lienthong.transfers.models import Side, State, Step, Transfer

OUTPUTS = (State.INTERIM, State.OUTCOME)
DOCUMENTS = ("Composition", "DocumentReference")
_MOMENTS = ("at", "arrives_at", "appointment_at", "admitted_at", "discharged_at")
_CODES = ("code", "how", "result", "agreed")
_MOST_DOCUMENTS = 10
_ORIGIN = "transfer-outcome/"
_BY_STATUS: dict[str, dict[Side, State]] = {
    "requested": {Side.SENDER: State.SENT},
    "received": {Side.RECEIVER: State.SEEN, Side.SENDER: State.TOLD},
    "accepted": {Side.RECEIVER: State.ACCEPTED, Side.SENDER: State.STABILISED},
    "rejected": {Side.RECEIVER: State.DECLINED},
    "on-hold": {Side.RECEIVER: State.ASKED},
    "in-progress": {Side.RECEIVER: State.ARRIVED, Side.SENDER: State.DEPARTED},
    "completed": {Side.RECEIVER: State.OUTCOME, Side.SENDER: State.CLOSED},
    "cancelled": {Side.SENDER: State.CANCELLED},
}
"""The step meant by a client that changes ``Task.status`` alone."""


def resource(transfer: Transfer) -> Resource:
    """The Task as the transfer stands."""
    task = resources.task(transfer)
    task["identifier"] = requests.identifiers(transfer)
    said: list[Step] = [step for step in transfer.steps.all() if step.effect]
    newest = {step.kind: step for step in said if step.data and step.kind != State.NOTE}
    contained: list[Resource] = []
    inputs, outputs = list[Resource](), list[Resource]()
    for kind, step in newest.items():
        (outputs if kind in OUTPUTS else inputs).extend(_parameters(step, transfer, contained))
    if State.OUTCOME in newest or State.INTERIM in newest:
        outputs += _kept_documents(transfer)
    notes = [
        {"authorString": step.person, "time": clock.iso(step.at), "text": step.data["text"]}
        for step in said
        if step.kind == State.NOTE
    ]
    task |= {"contained": contained, "note": notes, "input": inputs, "output": outputs}
    return {name: value for name, value in task.items() if value not in ([], {})}


def _parameters(step: Step, transfer: Transfer, contained: list[Resource]) -> Iterable[Resource]:
    for name, value in step.data.items():
        kind = {"coding": [{"system": words.STEP_DATA, "code": f"{step.kind}.{name}"}]}
        if name == "medicines":
            for row in value:
                contained.append(_statement(row, f"m{len(contained) + 1}", transfer))
                yield {"type": kind, "valueReference": {"reference": f"#{contained[-1]['id']}"}}
        elif value:
            shape = "valueDateTime" if name in _MOMENTS else "valueCode" if name in _CODES else "valueString"
            yield {"type": kind, shape: value}


def _statement(row: dict[str, str], identifier: str, transfer: Transfer) -> Resource:
    days = row["days"]
    dosage: Resource = {"text": row["dose"]} if row["dose"] else {}
    timing: Resource = {"code": {"text": row["frequency"]}} if row["frequency"] else {}
    if days.isascii() and days.isdigit():
        bounds = {"value": int(days), "unit": "d", "system": systems.UCUM, "code": "d"}
        timing["repeat"] = {"boundsDuration": bounds}
    elif days:
        dosage["patientInstruction"] = days
    if timing:
        dosage["timing"] = timing
    found: Resource = {
        "resourceType": "MedicationStatement",
        "id": identifier,
        "status": "intended",
        "medicationCodeableConcept": {"text": row["name"]},
        "subject": resources.subject(transfer),
    }
    return {**found, "dosage": [dosage]} if dosage else found


def _origin(transfer: Transfer) -> str:
    return f"{_ORIGIN}{transfer.loop}"


def _kept_documents(transfer: Transfer) -> Iterable[Resource]:
    kind = {"coding": [{"system": words.STEP_DATA, "code": "outcome.document"}]}
    for stored in records.of_origin(_origin(transfer), DOCUMENTS):
        if not stored.restricted:
            yield {"type": kind, "valueReference": {"reference": stored.ref}}


def write(loop: str, task: Resource, *, version: int | None, caller: Caller) -> Transfer:
    """Takes the step that a written Task means. What changes nothing, or repeats the newest step, takes none.

    Args:
        version: of ``If-Match``.

    Raises:
        HttpError: 412 changed since; 422 no step in it. LienThongError: as :func:`lienthong.transfers.desk.take`.
    """
    with transaction.atomic():
        transfer = taking.locked(loop)
        if _same(task, transfer, version):
            return transfer
        kind = _meant(task, transfer, version)
        data = _data(task, kind)
        if version is not None and version != transfer.version:
            raise HttpError(412, taking.what_changed(transfer, version))
        if kind is State.SENT:
            return desk.send_draft(loop, version=transfer.version, actor=caller.actor)
        documents = _documents(task, transfer) if kind in OUTPUTS else []
        if documents:
            records.transact(
                documents,
                origin=_origin(transfer),
                actor=caller.actor,
                moment=clock.iso(clock.now()),
                why="treatment",
            )
        return desk.take(loop, kind, actor=caller.actor, data=data, documents=documents, at=_at(task))


def _named(task: Resource) -> str:
    codes = words.codings(task.get("businessStatus"), words.STATE)
    return codes[0] if codes else ""


def _same(task: Resource, transfer: Transfer, version: int | None) -> bool:
    """Whether a Task says nothing but what stands, or is the call that took the newest step, sent once more."""
    wanted = _named(task)
    if wanted not in State.values:
        return False
    newest = transfer.steps.filter(effect=True).order_by("-place", "-at").first()
    repeated = newest and (newest.kind, newest.facility) == (wanted, directory.here())
    unchanged = wanted == transfer.state and task.get("status") == rules.TURNS[State(transfer.state)].task
    if not unchanged and not (repeated and version not in (None, transfer.version)):
        return False
    said = transfer.steps.filter(kind=wanted, effect=True).order_by("-place", "-at").first()
    return wanted == State.DRAFTED or (
        said is not None and said.data == steps.checked(State(wanted), _data(task, State(wanted)))
    )


def _meant(task: Resource, transfer: Transfer, version: int | None) -> State:
    """The step: the ``businessStatus`` that the Task says, or what another ``status`` alone means."""
    wanted, status, here = _named(task), str(task.get("status", "")), taking.side(transfer)
    alone = wanted in ("", transfer.state) and version == transfer.version
    if alone and status != rules.TURNS[State(transfer.state)].task:
        meant = _BY_STATUS.get(status, {}).get(here) if here else None
        wanted = meant.value if meant else ""
    if wanted not in State.values or State(wanted) in (State.DRAFTED, State.RECEIVED):
        known = ", ".join(kind.value for kind in taking.allowed_steps(transfer))
        path = "Task.businessStatus"
        raise HttpError(422, problems.not_understood(f"{path} {words.STATE}: {known}", path))
    return State(wanted)


def _data(task: Resource, kind: State) -> dict[str, Any]:
    """What the Task says for this step; entries of other steps are what was read before."""
    found: dict[str, Any] = {}
    contained = {f"#{one.get('id')}": one for one in task.get("contained") or ()}
    for one in (*(task.get("input") or ()), *(task.get("output") or ())):
        for code in words.codings(one.get("type"), words.STEP_DATA):
            step, _, name = code.partition(".")
            if step != kind.value or name == "document":
                continue
            if name == "medicines":
                reference = str((one.get("valueReference") or {}).get("reference", ""))
                statement = contained.get(reference, {})
                if statement.get("resourceType") != "MedicationStatement":
                    raise _wrong(f"{code}: valueReference #MedicationStatement")
                found.setdefault(name, []).append(reading.medicine(statement))
            elif name in found:
                raise _wrong(f"{code}: 1")
            else:
                found[name] = _text(one, code)
    return found


def _text(parameter: Resource, code: str) -> str:
    for name, value in parameter.items():
        if name in ("valueDateTime", "valueInstant"):
            return reading.moment(value)
        if name in ("valueString", "valueCode", "valueMarkdown"):
            return str(value)
        if name == "valueCodeableConcept":
            return words.text(value)
    raise _wrong(f"{code}: valueString, valueCode, valueDateTime, valueCodeableConcept")


def _wrong(what: str) -> HttpError:
    return HttpError(422, problems.not_understood(what, "Task.input"))


def _at(task: Resource) -> datetime | None:
    """When it happened: ``Task.executionPeriod.end``, never in the future."""
    ended = (task.get("executionPeriod") or {}).get("end")
    found = clock.from_iso(reading.moment(ended)) if ended else None
    return min(found, clock.now()) if found else None


def _documents(task: Resource, transfer: Transfer) -> list[Resource]:
    """Contained documents that ``outcome.document`` names, as resources of their own about the transfer's patient."""
    contained = {f"#{one.get('id')}": one for one in task.get("contained") or ()}
    wanted: list[Resource] = []
    for one in task.get("output") or ():
        named = words.codings(one.get("type"), words.STEP_DATA)
        if not {f"{kind.value}.document" for kind in OUTPUTS} & set(named):
            continue
        reference = (one.get("valueReference") or {}).get("reference", "")
        found = contained.get(reference)
        if found is None:
            if reference.startswith("#"):
                raise _wrong(f"outcome.document: {reference[:60]}")
            continue  # read before, kept already
        if found["resourceType"] not in DOCUMENTS:
            raise _wrong(f"outcome.document: {' | '.join(DOCUMENTS)}")
        wanted.append(found)
    if len(wanted) > _MOST_DOCUMENTS:
        raise _wrong(f"outcome.document: {_MOST_DOCUMENTS}")
    return [_own(one, transfer) for one in wanted]


def _own(document: Resource, transfer: Transfer) -> Resource:
    identifier = ids.stable_id("outcome-document", transfer.loop, str(document.get("id")))
    return {**document, "id": identifier, "subject": resources.subject(transfer)}


def document(kind: str, identifier: str) -> Resource | None:
    """A document that came with the outcome of a transfer of this facility."""
    stored = records.read(kind, identifier)
    if stored is None or stored.restricted or not stored.origin.startswith(_ORIGIN):
        return None
    loop = stored.origin.removeprefix(_ORIGIN)
    return stored.resource if Transfer.objects.filter(searching.ours(), loop=loop).exists() else None
