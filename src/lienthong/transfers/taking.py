"""Steps: taken here and told to the other hospital, or come from there. They alone say where a transfer stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from lienthong import exchange, records
from lienthong.access.audit import Actor, record, system
from lienthong.facilities import directory
from lienthong.foundation import clock, ids, json
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.transfers import bundle, notices, problems, rules, steps
from lienthong.transfers.models import Changed, Side, State, Step, Transfer

STEP = "transfer-step"
"""Kind of message: one step, told to the other hospital."""

REFERRAL_DUTY, EMERGENCY, WRITTEN_REQUEST = "referral-duty", "emergency", "written-request"
"""Legal bases of the disclosure (Law 91/2025/QH15 articles 19 and 26; before 2026 Decree 13/2023)."""

Resource = dict[str, Any]


def side(transfer: Transfer) -> Side | None:
    """At which end of the transfer this node is."""
    here = directory.here()
    if transfer.sender == here:
        return Side.SENDER
    return Side.RECEIVER if transfer.receiver == here else None


def allowed_steps(transfer: Transfer) -> list[State]:
    """The steps that this hospital may take now, in the loop's order."""
    here = side(transfer)
    return rules.allowed(State(transfer.state), here, transfer.urgency) if here else []


def take(
    loop: str,
    kind: State,
    *,
    actor: Actor,
    data: dict[str, Any] | None = None,
    version: int | None = None,
    documents: Sequence[Resource] = (),
    at: datetime | None = None,
) -> Transfer:
    """Takes a step at this hospital and tells the other one, in one transaction.

    Args:
        data: what a step of this kind says (:mod:`.steps`).
        version: of the transfer as the person saw it; None where no person looked.
        documents: FHIR resources that go along with an outcome or interim report.
        at: when it happened, if not now.

    Raises:
        LienThongError: ``transfer-unknown``, ``transfer-changed``, ``transfer-step-not-possible``,
            ``transfer-step-data``.
    """
    with transaction.atomic():
        transfer = locked(loop)
        if version is not None and version != transfer.version:
            raise LienThongError(what_changed(transfer, version))
        if kind not in allowed_steps(transfer):
            raise LienThongError(problems.not_allowed())
        said = steps.checked(kind, data or {})
        step = make(transfer, kind, actor=actor, data=said, at=at)
        if transfer.state != State.DRAFTED:
            step.message = _tell(transfer, step, documents)
        add(transfer, [step])
        if kind not in (State.NOTE, State.SEEN):  # a look answers nothing: the others go on being asked
            notices.settle(loop)
        record(
            actor,
            f"transfer-{kind.value}",
            patient=transfer.patient,
            page=f"transfer/{loop}",
            why=said.get("code", ""),
            detail={"step": step.id, "message": step.message},
        )
        return transfer


def make(
    transfer: Transfer, kind: State, *, actor: Actor, data: dict[str, Any], at: datetime | None = None
) -> Step:
    """A step of this hospital, after everything that is known here; not yet added."""
    known = transfer.steps.aggregate(most=Max("place"))["most"] or 0
    fixed = kind in (State.SENT, State.RECEIVED)
    return Step(
        id=ids.stable_id(transfer.loop, kind.value) if fixed else ids.new_id(),
        transfer=transfer,
        kind=kind,
        at=at or clock.now(),
        place=_FIXED[kind] if fixed else max(known, max(_FIXED.values())) + 1,
        person=actor.name[:120],
        role=actor.role[:60],
        facility=directory.here(),
        data=data,
    )


_FIXED = {State.SENT: 1, State.RECEIVED: 2}
"""Places of the two steps that both hospitals note by themselves: the message, and its signed receipt."""


def fixed(
    transfer: Transfer, kind: State, at: datetime, facility: str, *, person: str = "", message: str = ""
) -> Step:
    """The step ``sent`` or ``received``, the same at both hospitals."""
    return Step(
        id=ids.stable_id(transfer.loop, kind.value),
        transfer=transfer,
        kind=kind,
        at=at,
        place=_FIXED[kind],
        person=person[:120],
        facility=facility,
        message=message,
    )


def add(transfer: Transfer, new: Sequence[Step]) -> list[Step]:
    """Puts steps on record, each once, and looks anew at where the transfer stands; returns those that were new."""
    known = {step.id: step for step in transfer.steps.all()}
    fresh = [step for step in new if step.id not in known]
    Step.objects.bulk_create(fresh)
    known |= {step.id: step for step in fresh}
    stand(transfer, list(known.values()))
    return fresh


def stand(transfer: Transfer, known: Sequence[Step]) -> None:
    """Writes down where the transfer stands by its steps."""
    now = rules.standing(known, transfer.urgency, transfer.begun_at)
    for step in known:
        if step.effect != (step.id not in now.idle):
            step.effect = not step.effect
            step.save(update_fields=["effect"])
            if not step.effect and step.facility == directory.here() and step.kind not in _FIXED:
                notices.tell("changed-meanwhile", transfer, about=step.id)
    if (transfer.state, transfer.since) != (now.state, now.since):
        transfer.told_level = 0
    transfer.state, transfer.since, transfer.due = now.state, now.since, now.due
    transfer.owner_side, transfer.owner_role = now.side, now.role
    departed = now.reached.get(State.DEPARTED)
    if departed and transfer.by_hand:
        transfer.left_at = departed
    touch(transfer)


def touch(transfer: Transfer) -> None:
    """Saves the transfer as changed now."""
    transfer.version += 1
    transfer.changed_at = clock.now()
    transfer.save()
    Changed.objects.create(loop=transfer.loop)


def locked(loop: str) -> Transfer:
    """The transfer, which no other transaction changes meanwhile.

    Raises:
        LienThongError: ``transfer-unknown``.
    """
    transfer = Transfer.objects.select_for_update().filter(loop=loop).first()
    if transfer is None:
        raise LienThongError(problems.no_transfer())
    return transfer


def what_changed(transfer: Transfer, version: int) -> Problem:
    """Who changed a transfer since somebody looked at it, and what."""
    last = transfer.steps.order_by("-place", "-at").first()
    if last is None:
        return problems.changed("", "")
    return problems.changed(last.person or directory.name(last.facility), str(State(last.kind).label))


# Between the hospitals


def _tell(transfer: Transfer, step: Step, documents: Sequence[Resource]) -> str:
    content: dict[str, Any] = {"step": as_data(step), "salt": ids.new_id()}
    if documents:
        content["bundle"] = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": resource} for resource in documents],
        }
    other = transfer.receiver if side(transfer) is Side.SENDER else transfer.sender
    return exchange.put(
        other,
        STEP,
        transfer.loop,
        body=skeleton(transfer, step),
        parts=[exchange.Part("step", "application/json", json.dumps(content))],
        basis=basis(transfer),
    )


def basis(transfer: Transfer) -> str:
    """The legal basis on which content of this transfer is disclosed."""
    given = str(transfer.form.get("basis") or "")
    return given if given in (EMERGENCY, WRITTEN_REQUEST) else REFERRAL_DUTY


def skeleton(transfer: Transfer, step: Step) -> dict[str, Any]:
    """What the hub may see of a step: its kind, time and coded reason, what moment it promises, and how urgent and
    complete the transfer is; no patient."""
    return {
        "day": clock.vietnam_day(clock.iso(step.at)),
        "step": {"id": step.id, "kind": str(step.kind), "at": clock.iso(step.at), "place": step.place},
        "urgency": str(transfer.urgency),
        "complete": transfer.complete,
        "code": steps.code(State(step.kind), step.data),
        "until": rules.promised(State(step.kind), step.data),
    }


def as_data(step: Step) -> dict[str, Any]:
    """A step as it travels."""
    return {
        "id": step.id,
        "kind": str(step.kind),
        "at": clock.iso(step.at),
        "place": step.place,
        "person": step.person,
        "role": step.role,
        "facility": step.facility,
        "data": step.data,
    }


def _from_data(transfer: Transfer, value: Any, incoming: exchange.Incoming) -> Step:
    try:
        kind, place = State(value["kind"]), int(value["place"])
        if len(value["id"]) != 32 or not value["id"].isalnum() or not 0 < place < 1_000_000:
            raise ValueError("id or place")
        if kind in _FIXED or value["facility"] != incoming.sender:
            raise ValueError("facility or kind")
        return Step(
            id=value["id"],
            transfer=transfer,
            kind=kind,
            at=clock.said(value["at"]),
            place=place,
            person=str(value["person"])[:120],
            role=str(value["role"])[:60],
            facility=incoming.sender,
            data=steps.checked(kind, value["data"]),
            message=incoming.id,
        )
    except LienThongError as error:
        raise exchange.Refused(error.problem) from error
    except (KeyError, ValueError, TypeError) as error:
        raise exchange.Refused(problems.step_unreadable(type(error).__name__)) from error


def take_step(incoming: exchange.Incoming) -> str:
    """Handler of :data:`STEP`, at either hospital; returns the hash of the step."""
    transfer = Transfer.objects.select_for_update().filter(loop=incoming.loop).first()
    here = directory.here()
    if transfer is None and _dossier_waits(incoming):
        raise LienThongError(problems.dossier_awaited())
    if transfer is None or {transfer.sender, transfer.receiver} != {incoming.sender, here}:
        raise exchange.Refused(problems.foreign_loop())
    try:
        content = json.loads(incoming.part("step"))
        found = content["step"]
    except (json.DecodeError, KeyError, TypeError) as error:
        raise exchange.Refused(problems.step_unreadable(type(error).__name__)) from error
    step = _from_data(transfer, found, incoming)
    by = rules.STEPS[State(step.kind)][0]
    if by not in (None, Side.SENDER if incoming.sender == transfer.sender else Side.RECEIVER):
        raise exchange.Refused(problems.not_allowed())
    clash = Step.objects.filter(id=step.id).exclude(transfer=transfer).exists()
    if clash:
        raise exchange.Refused(problems.step_unreadable("id"))
    _keep_documents(transfer, content.get("bundle"), incoming)
    if add(transfer, [step]) and step.effect:
        notices.tell(f"step-{step.kind}", transfer, about=step.id)
    return ids.stable_id(transfer.loop, json.canonical(as_data(step)).hex())


def _dossier_waits(incoming: exchange.Incoming) -> bool:
    """Whether the message that begins the loop is here and was not taken yet."""
    return any(
        row.direction == "in"
        and row.id != incoming.id
        and row.sender == incoming.sender
        and row.state in _WAITS
        for row in exchange.messages_of(incoming.loop)
    )


_WAITS = ("collected", "set-aside")


def _keep_documents(transfer: Transfer, value: Any, incoming: exchange.Incoming) -> None:
    """What came with an outcome, in the record of the patient under the id that the patient has here."""
    if not value:
        return
    try:
        _, _, found = bundle.unpack(json.dumps({"bundle": value}))
        patients = {bundle.ref(r) for r in found if r["resourceType"] == "Patient"}
        mine = [
            _of_patient(r, patients, f"Patient/{transfer.patient}")
            for r in without_transfers(found, transfer.loop)
            if r["resourceType"] != "Patient"
        ]
        records.transact(
            mine,
            origin=f"transfer-outcome/{transfer.loop}",
            actor=system("exchange"),
            moment=clock.iso(incoming.created),
            why=incoming.basis,
        )
    except LienThongError as error:
        raise exchange.Refused(error.problem) from error


def without_transfers(found: Sequence[Resource], loop: str) -> list[Resource]:
    """What came with a loop, but for the resources of transfers: each hospital makes them of its own knowledge."""
    requests = [one["id"] for one in found if one["resourceType"] == "ServiceRequest"]
    known = Transfer.objects.filter(loop__in=requests).values_list("loop", flat=True) if requests else ()
    own = {f"ServiceRequest/{one}" for one in (loop, *known)}
    return [one for one in found if one["resourceType"] != "Task" and bundle.ref(one) not in own]


def _of_patient(value: Any, theirs: set[str], ours: str) -> Any:
    if isinstance(value, dict):
        if value.get("reference") in theirs:
            return {**value, "reference": ours}
        return {name: _of_patient(inner, theirs, ours) for name, inner in value.items()}
    return [_of_patient(inner, theirs, ours) for inner in value] if isinstance(value, list) else value


def receipt_came(message: str, loop: str, receipt: exchange.Receipt) -> None:
    """Receipt hook at the sender: only the receiver's signed receipt makes a transfer received."""
    transfer = Transfer.objects.select_for_update().filter(loop=loop).first()
    if transfer is not None and receipt.outcome == "stored":
        add(transfer, [fixed(transfer, State.RECEIVED, receipt.at, receipt.facility, message=message)])
