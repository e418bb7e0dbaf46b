"""What others may ask of transfers: begin, send, take a step, list and read them, take what arrives.

Patient and clinical content travel in parts alone, never in the manifest, which the hub reads.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from lienthong import exchange, records
from lienthong.access.audit import Actor, record, system
from lienthong.facilities import directory
from lienthong.foundation import clock, ids, json
from lienthong.foundation.errors import LienThongError
from lienthong.transfers import (
    bundle,
    drafts,
    form,
    notices,
    outcome,
    problems,
    resources,
    rules,
    stay,
    taking,
)
from lienthong.transfers.drafts import draft, save_field
from lienthong.transfers.models import State, Transfer
from lienthong.transfers.notice import Notice
from lienthong.transfers.problems import not_connected
from lienthong.transfers.taking import (
    EMERGENCY,
    REFERRAL_DUTY,
    STEP,
    WRITTEN_REQUEST,
    allowed_steps,
    receipt_came,
    take,
    take_step,
)

__all__ = [
    "EMERGENCY",
    "REFERRAL_DUTY",
    "STEP",
    "TRANSFER",
    "WRITTEN_REQUEST",
    "allowed_steps",
    "begin_from_letter",
    "begun",
    "begun_among",
    "draft",
    "get",
    "linked",
    "not_connected",
    "notice_of",
    "numbered",
    "numbered_at",
    "of_episodes",
    "of_patient",
    "receipt_came",
    "save_field",
    "send",
    "send_draft",
    "take",
    "take_dossier",
    "take_step",
]

TRANSFER = "transfer"
"""Kind of message: the dossier of a loop, new or corrected."""

_JOINS_FOR_DAYS = 30
_CALLS_FOR_DAYS = 7
Resource = dict[str, Any]


def send(
    notice: Notice,
    resources: Sequence[Resource],
    *,
    actor: Actor,
    basis: str = "",
    keep: frozenset[str] = frozenset(),
) -> Transfer:
    """Sends what the HIS exported of a transfer: starts one, or joins the one begun for the same episode or slip.

    Takes part in the caller's transaction: the transfer, its step and the outgoing message are one commit. A draft
    that nobody has sent yet is filled in and waits for its doctor.
    """
    transfer = _begun(notice)
    if transfer is None:
        transfer = _new(ids.new_id(), clock.now(), actor.name)
        _fill(transfer, notice, resources)
        transfer.save()
    else:
        _fill(transfer, notice, resources)
        if transfer.state == State.DRAFTED:
            visits = [r["id"] for r in resources if r["resourceType"] == "Encounter"]
            transfer.encounter = transfer.encounter or (visits[0] if visits else "")
            taking.touch(transfer)
            return transfer
    return _post(transfer, notice, resources, actor=actor, basis=basis, keep=keep)


def send_draft(loop: str, *, version: int, actor: Actor) -> Transfer:
    """Signs and sends a draft; one that was sent before goes again with what was added since.

    Raises:
        LienThongError: ``transfer-changed``, ``transfer-incomplete``, ``transfer-receiver-not-connected``,
            ``transfer-step-not-possible``.
    """
    with transaction.atomic():
        transfer = taking.locked(loop)
        if version != transfer.version:
            raise LienThongError(taking.what_changed(transfer, version))
        if transfer.sender != directory.here() or State(transfer.state) in rules.ENDED:
            raise LienThongError(problems.not_allowed())
        drafts.ready(transfer)
        if not directory.connected(transfer.receiver):
            raise LienThongError(not_connected(transfer.receiver))
        found = _of_draft(transfer, actor)
        transfer.signed_at, transfer.signed_by = clock.now(), actor.name
        transfer.left_at = transfer.left_at or transfer.signed_at
        return _post(transfer, notice_of(transfer), found, actor=actor)


def _of_draft(transfer: Transfer, actor: Actor) -> list[Resource]:
    """The visit from the store, or the person alone, with what the form says beside them."""
    if transfer.encounter:
        visit = records.read("Encounter", transfer.encounter)
        found = stay.of_visit(visit) if visit else []
        subject = next((r for r in found if r["resourceType"] == "Patient"), None)
        transfer.patient = subject["id"] if subject else transfer.patient
    elif transfer.patient and (stored := records.read("Patient", transfer.patient)):
        found = [json.loads(stored.body)]
    else:
        known = (transfer.form.get("person") or {}).get("citizen") or transfer.loop
        transfer.patient = transfer.patient or ids.stable_id("by-hand", directory.here(), known)
        found = [resources.patient(transfer)]
    told = resources.of_form(transfer)
    records.transact(
        told if transfer.encounter else [*found, *told],
        origin=f"transfer-form/{transfer.loop}",
        actor=actor,
        moment=clock.iso(clock.now()),
        why="treatment",
    )
    return [*found, resources.service_request(transfer), *told]


def _post(
    transfer: Transfer,
    notice: Notice,
    resources: Sequence[Resource],
    *,
    actor: Actor,
    basis: str = "",
    keep: frozenset[str] = frozenset(),
) -> Transfer:
    content, kept_back = bundle.pack(resources, keep)
    notice = replace(notice, kept_back=kept_back)
    transfer.kept_back = kept_back
    transfer.dossier_version += 1
    transfer.complete = drafts.complete(transfer)
    at = transfer.signed_at or clock.now()
    step = taking.fixed(transfer, State.SENT, at, notice.sender, person=actor.name)
    basis = basis or taking.basis(transfer)
    message = exchange.put(
        notice.receiver,
        TRANSFER,
        transfer.loop,
        body=taking.skeleton(transfer, step) | {"day": clock.vietnam_day(clock.iso(notice.left_at))},
        parts=[
            exchange.Part(
                "dossier",
                "application/json",
                bundle.with_notice(notice.as_data(), {**transfer.form, **_head(transfer)}, content),
            )
        ],
        basis=basis,
    )
    step.message = message
    taking.add(transfer, [step])
    record(
        actor,
        "send",
        patient=notice.patient,
        page=f"transfer/{transfer.loop}",
        why=basis,
        detail={"to": notice.receiver, "message": message, "kept_back": kept_back},
    )
    return transfer


def _head(transfer: Transfer) -> dict[str, Any]:
    """What travels with the form and is no field of it."""
    return {
        "urgency": str(transfer.urgency),
        "_head": {
            "follows": transfer.follows,
            "follows_why": transfer.follows_why,
            "signed_at": clock.iso(transfer.signed_at) if transfer.signed_at else "",
            "signed_by": transfer.signed_by,
            "started_by": transfer.started_by,
        },
    }


def _begun(notice: Notice) -> Transfer | None:
    """The transfer that a notice belongs to: the same episode, the same slip of the same patient, or one that was
    begun for the patient by hand before any export named the episode."""
    same_way = Transfer.objects.select_for_update().filter(sender=notice.sender, receiver=notice.receiver)
    if notice.ma_lk:
        found = same_way.filter(Q(ma_lk=notice.ma_lk) | Q(loop=notice.ma_lk)).first()
        if found:
            return found
    same_person = Q(patient=notice.patient)
    if notice.citizen:
        same_person |= Q(citizen=notice.citizen)
    if notice.slip:
        year = notice.left_at.astimezone(clock.VIETNAM).year
        found = same_way.filter(same_person, slip=notice.slip, slip_year=year).first()
        if found:
            return found
    if not notice.ma_lk:
        return None
    recent = clock.now() - timedelta(days=_JOINS_FOR_DAYS)
    open_ones = same_way.filter(ma_lk="", by_hand=True, begun_at__gte=recent).exclude(state__in=rules.ENDED)
    return open_ones.filter(same_person).order_by("-begun_at").first()


def _fill(transfer: Transfer, notice: Notice, resources: Sequence[Resource]) -> None:
    """Takes over what a notice says. What a doctor has written in the form stands against an export."""
    said = {name: value for name, value in notice.as_data().items() if name not in ("left_at", "kept_back")}
    written = {drafts.COPIED[name] for name in drafts.COPIED if transfer.form.get(name)}
    for name, value in said.items():
        if value and name not in written:
            setattr(transfer, name, value)
    transfer.left_at = transfer.left_at if transfer.by_hand and transfer.left_at else notice.left_at
    if not transfer.citizen:
        patient = next((r for r in resources if bundle.ref(r) == f"Patient/{notice.patient}"), {})
        transfer.citizen = drafts.citizen_number(patient)
    transfer.slip_year = notice.left_at.astimezone(clock.VIETNAM).year
    transfer.words = drafts.words(transfer)


def take_dossier(incoming: exchange.Incoming) -> str:
    """Handler of :data:`TRANSFER`: stores the dossier; returns the hash of what was stored."""
    notice, said, found = _checked(incoming)
    if not any(bundle.ref(r) == f"Patient/{notice.patient}" for r in found):
        raise exchange.Refused(problems.no_patient())
    try:
        stored = records.transact(
            taking.without_transfers(found, incoming.loop),
            origin=f"transfer/{incoming.loop}",
            actor=system("exchange"),
            moment=clock.iso(notice.left_at),
            why=incoming.basis,
        )
    except records.InvalidResource as error:
        raise exchange.Refused(error.problem) from error
    transfer = Transfer.objects.select_for_update().filter(loop=incoming.loop).first()
    by_letter = transfer is not None and not transfer.dossier_version
    if transfer is None:
        transfer = _new(incoming.loop, incoming.created, notice.sender)
    elif transfer.sender != notice.sender:
        raise exchange.Refused(problems.foreign_loop())
    transfer.form = {}
    _fill(transfer, notice, found)
    _take_form(transfer, said)
    transfer.kept_back = notice.kept_back
    transfer.dossier_version += 1
    transfer.save()
    sent_at = transfer.signed_at or incoming.created
    taking.add(
        transfer,
        [
            taking.fixed(
                transfer, State.SENT, sent_at, notice.sender, person=transfer.signed_by, message=incoming.id
            ),
            taking.fixed(transfer, State.RECEIVED, clock.now(), notice.receiver, message=incoming.id),
        ],
    )
    if by_letter:
        notices.tell("letter-joined", transfer)
    elif transfer.dossier_version == 1 and _waits_still(transfer):
        notices.tell("new-emergency" if transfer.urgency == "emergency" else "new-transfer", transfer)
    outcome.transfer_came(transfer)
    return stored.hash


def _waits_still(transfer: Transfer) -> bool:
    """Whether a patient who was sent may still be on the way: what a HIS exports of last year calls nobody."""
    return transfer.left_at is None or clock.now() - transfer.left_at < timedelta(days=_CALLS_FOR_DAYS)


def _new(loop: str, begun: datetime, started_by: str) -> Transfer:
    now = clock.now()
    return Transfer(
        loop=loop,
        started_by=started_by,
        begun_at=begun,
        since=now,
        changed_at=now,
        state=State.DRAFTED,
    )


def _take_form(transfer: Transfer, said: dict[str, Any]) -> None:
    """Takes over the sender's form and what travels with it."""
    head: dict[str, Any] = said["_head"] if isinstance(said.get("_head"), dict) else {}
    try:
        transfer.form = form.cleaned_form(said)
        transfer.signed_at = clock.from_iso(head["signed_at"]) if head.get("signed_at") else None
    except (LienThongError, ValueError) as error:
        problem = (
            error.problem if isinstance(error, LienThongError) else problems.step_unreadable("signed_at")
        )
        raise exchange.Refused(problem) from error
    transfer.signed_by, transfer.started_by = (
        str(head.get(name, ""))[:120] or before
        for name, before in (("signed_by", transfer.signed_by), ("started_by", transfer.started_by))
    )
    transfer.follows, transfer.follows_why = (
        str(head.get("follows", ""))[:32],
        str(head.get("follows_why", ""))[:12],
    )
    drafts.copy_form(transfer)


def begin_from_letter(minimum: dict[str, Any], *, actor: Actor) -> Transfer:
    """Opens the loop of a letter whose signature was judged; joins the one that is here already.

    Args:
        minimum: ``loop, sender, receiver, patient, slip, ma_lk, signed_at, signed_by`` and ``form``.

    Raises:
        LienThongError: ``transfer-foreign``: it is for another hospital; ``transfer-field``.
    """
    if minimum["receiver"] != directory.here() or minimum["sender"] == directory.here():
        raise LienThongError(problems.foreign_loop())
    with transaction.atomic():
        transfer = Transfer.objects.select_for_update().filter(loop=minimum["loop"]).first()
        if transfer is not None:
            if transfer.sender != minimum["sender"]:
                raise LienThongError(problems.foreign_loop())
            return transfer
        signed_at = clock.from_iso(minimum["signed_at"])
        transfer = _new(minimum["loop"], signed_at, minimum["sender"])
        transfer.form = form.cleaned_form(minimum["form"])
        transfer.sender, transfer.receiver = minimum["sender"], minimum["receiver"]
        transfer.patient = minimum["patient"]
        transfer.slip, transfer.ma_lk = minimum.get("slip", "")[:50], minimum.get("ma_lk", "")[:100]
        transfer.signed_at, transfer.signed_by = signed_at, minimum.get("signed_by", "")[:120]
        transfer.left_at, transfer.slip_year = signed_at, signed_at.astimezone(clock.VIETNAM).year
        drafts.copy_form(transfer)
        transfer.save()
        records.transact(
            [resources.patient(transfer), *resources.of_form(transfer)],
            origin=f"transfer/{transfer.loop}",
            actor=actor,
            moment=minimum["signed_at"],
            why="treatment",
        )
        taking.add(
            transfer,
            [
                taking.fixed(transfer, State.SENT, signed_at, transfer.sender, person=transfer.signed_by),
                taking.fixed(transfer, State.RECEIVED, clock.now(), transfer.receiver),
            ],
        )
        record(actor, "letter", patient=transfer.patient, page=f"transfer/{transfer.loop}", why="treatment")
        outcome.transfer_came(transfer)
        transfer.refresh_from_db()
        return transfer


def _checked(incoming: exchange.Incoming) -> tuple[Notice, dict[str, Any], list[Resource]]:
    try:
        said, filled, found = bundle.unpack(incoming.part("dossier"))
        notice = Notice.from_data(said)
    except LienThongError as error:
        raise exchange.Refused(error.problem) from error
    if (notice.sender, notice.receiver) != (incoming.sender, directory.here()):
        raise exchange.Refused(problems.foreign_loop())
    return notice, filled, found


def notice_of(transfer: Transfer) -> Notice:
    """The head of a transfer as it stands here, for sending its dossier again."""
    body = {name: getattr(transfer, name) for name in Notice.__dataclass_fields__}
    return Notice(**body)


def get(loop: str) -> Transfer | None:
    """One transfer with its steps."""
    return Transfer.objects.prefetch_related("steps").filter(loop=loop).first()


def of_patient(patient: str) -> list[Transfer]:
    """The transfers of a patient (FHIR id at this node), newest first."""
    return list(Transfer.objects.filter(patient=patient).prefetch_related("steps").order_by("-left_at"))


def linked(transfer: Transfer) -> list[Transfer]:
    """The transfers that this one goes on, and those that go on from it."""
    found = Transfer.objects.filter(Q(loop=transfer.follows) | Q(follows=transfer.loop))
    return list(found.exclude(loop=transfer.loop).order_by("begun_at"))


def numbered(text: str) -> list[Transfer]:
    """Transfers with that loop, slip number (of any year) or MA_LK, newest first, at most 20."""
    found = Transfer.objects.filter(Q(loop=text) | Q(slip=text) | Q(ma_lk=text))
    return list(found.prefetch_related("steps").order_by("-left_at")[:20])


def numbered_at(sender: str, ma_lk: str) -> bool:
    """Whether a transfer of that hospital has this MA_LK, or this loop, which our slip files say in its place."""
    return Transfer.objects.filter(Q(ma_lk=ma_lk) | Q(loop=ma_lk), sender=sender).exists()


def of_episodes(sender: str, episodes: Collection[str]) -> list[Transfer]:
    """The transfers of these episodes of a hospital, newest first."""
    return list(Transfer.objects.filter(sender=sender, ma_lk__in=episodes).order_by("-left_at"))


def begun(sender: str, ma_lk: str) -> Transfer | None:
    """The latest transfer already begun for an episode of this hospital."""
    return Transfer.objects.filter(sender=sender, ma_lk=ma_lk).order_by("-changed_at").first()


def begun_among(sender: str, episodes: Collection[str]) -> set[str]:
    """Those of these episodes of a hospital that have a transfer."""
    found = Transfer.objects.filter(sender=sender, ma_lk__in=episodes)
    return set(found.values_list("ma_lk", flat=True))
