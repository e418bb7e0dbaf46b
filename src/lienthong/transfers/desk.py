"""What others may ask of transfers: start one, take a step, list and read them, take what arrives.

Patient and clinical content travel in parts alone, never in the manifest, which the hub reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from lienthong import exchange, records
from lienthong.access.audit import Actor, record, system
from lienthong.facilities import directory
from lienthong.foundation import clock, ids, json
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.foundation.text import fold
from lienthong.terminology import systems
from lienthong.transfers import bundle, rules
from lienthong.transfers.models import State, Step, Transfer
from lienthong.transfers.notice import Notice

TRANSFER, STEP = "transfer", "transfer-step"
"""Kinds of message: a dossier (new or corrected) of a loop, and a step of a loop."""

REFERRAL_DUTY, EMERGENCY, WRITTEN_REQUEST = "referral-duty", "emergency", "written-request"
"""Legal bases of the disclosure (Law 91/2025/QH15 articles 19 and 26; before 2026 Decree 13/2023)."""

PAGE_SIZE = 50
Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many transfers there are by state."""

    by_state: dict[str, int]
    total: int


def send(
    notice: Notice,
    resources: Sequence[Resource],
    *,
    actor: Actor,
    basis: str = REFERRAL_DUTY,
    by_hand: bool = False,
    keep: frozenset[str] = frozenset(),
) -> Transfer:
    """Starts a transfer, or joins the one already begun for the same episode or slip, and sends the dossier.

    Takes part in the caller's transaction: the transfer, its step and the outgoing message are one commit.
    """
    content, kept_back = bundle.pack(resources, keep)
    notice = replace(notice, kept_back=kept_back)
    transfer = _begun(notice)
    first = transfer is None
    if transfer is None:
        transfer = Transfer(loop=ids.new_id(), started_by=actor.name, by_hand=by_hand, state=State.SENT)
    _fill(transfer, notice)
    transfer.dossier_version += 1
    transfer.save()
    message = exchange.put(
        notice.receiver,
        TRANSFER,
        transfer.loop,
        body={"day": notice.left_at.astimezone(clock.VIETNAM).date().isoformat()},
        parts=[exchange.Part("dossier", "application/json", bundle.with_notice(notice.as_data(), content))],
        basis=basis,
    )
    if first:
        _step(transfer, State.SENT, clock.now(), actor.name, notice.sender, message=message)
    record(
        actor,
        "send",
        patient=notice.patient,
        page=f"transfer/{transfer.loop}",
        why=basis,
        detail={"to": notice.receiver, "message": message, "kept_back": kept_back},
    )
    return transfer


def _begun(notice: Notice) -> Transfer | None:
    """The transfer that this notice belongs to: the same episode, or the same slip of the same patient."""
    same_way = Transfer.objects.filter(sender=notice.sender, receiver=notice.receiver)
    if notice.ma_lk:
        found = same_way.filter(ma_lk=notice.ma_lk).first()
        if found:
            return found
    if notice.slip:
        year = notice.left_at.astimezone(clock.VIETNAM).year
        return same_way.filter(slip=notice.slip, slip_year=year, patient=notice.patient).first()
    return None


def _fill(transfer: Transfer, notice: Notice) -> None:
    body = notice.as_data()
    for name in body:
        if name == "left_at":
            transfer.left_at = notice.left_at
        elif body[name] or not getattr(transfer, name, ""):
            setattr(transfer, name, body[name])
    known = (
        transfer.patient_name,
        transfer.slip,
        transfer.ma_lk,
        transfer.diagnosis,
        transfer.diagnosis_code,
    )
    transfer.words = fold(" ".join(known))
    transfer.slip_year = notice.left_at.astimezone(clock.VIETNAM).year
    transfer.changed_at = clock.now()


def _step(
    transfer: Transfer,
    state: State,
    at: datetime,
    person: str,
    facility: str,
    *,
    note: str = "",
    message: str = "",
) -> bool:
    """Writes a step once; returns whether it is new."""
    _, new = Step.objects.get_or_create(
        transfer=transfer,
        state=state,
        defaults={"at": at, "person": person[:120], "facility": facility, "note": note, "message": message},
    )
    if new:
        transfer.state = rules.furthest({State(s) for s in transfer.steps.values_list("state", flat=True)})
        transfer.changed_at = clock.now()
        if state is State.ANSWERED:
            transfer.answer = note
        transfer.save()
    return new


def start_by_hand(
    encounter: str, receiver: str, *, reason: str, condition: str, actor: Actor, basis: str = REFERRAL_DUTY
) -> Transfer:
    """Starts a transfer from a visit in the store, before the HIS has closed it; the dossier joins later.

    Args:
        encounter: FHIR id of the Encounter.
        reason: MA_LYDO_CT, ``1`` to ``3``.
        condition: state of the patient now, in words.

    Raises:
        LienThongError: no such visit here, or the receiving hospital is not connected.
    """
    visit = records.read("Encounter", encounter)
    if visit is None or not visit.origin.startswith("his-xml/"):
        raise LienThongError(_no_visit())
    if not directory.connected(receiver) or receiver == directory.here():
        raise LienThongError(not_connected(receiver))
    with transaction.atomic():
        resources = _of_visit(visit)
        patient = next(r for r in resources if r["resourceType"] == "Patient")
        diagnosis = _main_diagnosis(resources)
        notice = Notice(
            sender=directory.here(),
            receiver=receiver,
            ma_lk=visit.origin.rsplit("/", 1)[1],
            slip="",
            left_at=clock.now(),
            patient=patient["id"],
            patient_name=patient.get("name", [{}])[0].get("text", ""),
            birth=patient.get("birthDate", ""),
            gender=patient.get("gender", ""),
            diagnosis=diagnosis.get("text", ""),
            diagnosis_code=diagnosis.get("coding", [{}])[0].get("code", ""),
            reason=reason,
            condition=condition,
        )
        request = _service_request(notice, visit.id)
        origin = f"transfer-by-hand/{notice.ma_lk}"
        records.transact([request], origin=origin, actor=actor, complete=False, why=basis)
        return send(notice, [*resources, request], actor=actor, basis=basis, by_hand=True)


def _of_visit(visit: records.Stored) -> list[Resource]:
    """Everything of the visit's dossier, with the patient, organisations and practitioners it names."""
    stored = {s.ref: s for s in records.of_origin(visit.origin)}
    named = {name for s in stored.values() for name in _references(s.resource)} - stored.keys()
    stored.update(records.read_many(sorted(named)))
    return [json.loads(s.body) for s in stored.values()]


def _references(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _main_diagnosis(resources: Sequence[Resource]) -> dict[str, Any]:
    """The code of the Condition that the Encounter ranks first, or of the first Condition."""
    by_ref = {bundle.ref(r): r for r in resources}
    ranked = [
        by_ref.get(d.get("condition", {}).get("reference", ""))
        for r in resources
        if r["resourceType"] == "Encounter"
        for d in sorted(r.get("diagnosis", ()), key=lambda d: d.get("rank", 99))
    ]
    conditions = [c for c in ranked if c] or [r for r in resources if r["resourceType"] == "Condition"]
    return dict(conditions[0].get("code", {})) if conditions else {}


def _service_request(notice: Notice, encounter: str) -> Resource:
    return {
        "resourceType": "ServiceRequest",
        "id": ids.stable_id("transfer-by-hand", notice.sender, notice.ma_lk, notice.receiver),
        "status": "active",
        "intent": "order",
        "code": {
            "coding": [{"system": systems.SNOMED, "code": "3457005", "display": "Patient referral"}],
            "text": "Chuyển cơ sở khám bệnh, chữa bệnh",
        },
        "subject": {"reference": f"Patient/{notice.patient}"},
        "encounter": {"reference": f"Encounter/{encounter}"},
        "authoredOn": clock.iso(notice.left_at),
        "requester": {"display": directory.name(notice.sender, language="vi")},
        "performer": [{"display": directory.name(notice.receiver, language="vi")}],
        "reasonCode": [{"coding": [{"system": systems.codes("ma-lydo-ct"), "code": notice.reason}]}],
        "note": [{"text": notice.condition or "—"}],
    }


def advance(loop: str, state: State, *, actor: Actor, note: str = "") -> Transfer:
    """Takes a step at the receiving hospital and tells the sending one, in one transaction.

    Raises:
        LienThongError: no such transfer, not the receiver, or the step is not possible now.
    """
    with transaction.atomic():
        transfer = Transfer.objects.select_for_update().filter(loop=loop).first()
        if transfer is None or transfer.receiver != directory.here() or state not in allowed_steps(transfer):
            raise LienThongError(_not_allowed())
        if state is State.ANSWERED and not note.strip():
            raise LienThongError(_empty_answer())
        at = clock.now()
        step = {"state": state.value, "at": clock.iso(at), "person": actor.name, "note": note}
        step["salt"] = ids.new_id()
        part = exchange.Part("step", "application/json", json.dumps(step))
        message = exchange.put(transfer.sender, STEP, loop, body={}, parts=[part], basis=REFERRAL_DUTY)
        _step(transfer, state, at, actor.name, transfer.receiver, note=note, message=message)
        record(actor, f"transfer-{state.value}", patient=transfer.patient, page=f"transfer/{loop}", why=note)
        return transfer


def allowed_steps(transfer: Transfer) -> list[State]:
    """The steps that this hospital may take now; none at the sending hospital."""
    if transfer.receiver != directory.here():
        return []
    return rules.allowed({State(s) for s in transfer.steps.values_list("state", flat=True)})


def take_dossier(incoming: exchange.Incoming) -> str:
    """Handler of :data:`TRANSFER`: stores the dossier; returns the hash of what was stored."""
    notice, resources = _checked(incoming)
    if not any(bundle.ref(r) == f"Patient/{notice.patient}" for r in resources):
        raise exchange.Refused(_no_patient())
    try:
        outcome = records.transact(
            resources,
            origin=f"transfer/{incoming.loop}",
            actor=system("exchange"),
            moment=clock.iso(notice.left_at),
            why=incoming.basis,
        )
    except records.InvalidResource as error:
        raise exchange.Refused(error.problem) from error
    transfer = Transfer.objects.filter(loop=incoming.loop).first()
    if transfer is None:
        transfer = Transfer(loop=incoming.loop, started_by=notice.sender, state=State.RECEIVED)
    elif transfer.sender != notice.sender:
        raise exchange.Refused(_foreign_loop())
    _fill(transfer, notice)
    transfer.dossier_version += 1
    transfer.save()
    _step(transfer, State.SENT, incoming.created, "", notice.sender, message=incoming.id)
    _step(transfer, State.RECEIVED, clock.now(), "", notice.receiver, message=incoming.id)
    return outcome.hash


def _checked(incoming: exchange.Incoming) -> tuple[Notice, list[Resource]]:
    try:
        said, resources = bundle.unpack(incoming.part("dossier"))
        notice = Notice.from_data(said)
    except LienThongError as error:
        raise exchange.Refused(error.problem) from error
    if (notice.sender, notice.receiver) != (incoming.sender, directory.here()):
        raise exchange.Refused(_foreign_loop())
    return notice, resources


def take_step(incoming: exchange.Incoming) -> str:
    """Handler of :data:`STEP` at the sending hospital; returns the hash of the step."""
    transfer = Transfer.objects.filter(loop=incoming.loop).first()
    if transfer is None or transfer.receiver != incoming.sender or transfer.sender != directory.here():
        raise exchange.Refused(_foreign_loop())
    try:
        step = json.loads(incoming.part("step"))
        state = State(step["state"])
        at = clock.from_iso(step["at"])
        person, note = str(step["person"]), str(step["note"])[:4000]
    except (json.DecodeError, KeyError, ValueError, TypeError) as error:
        raise exchange.Refused(_not_allowed()) from error
    if state not in rules.NEEDS:
        raise exchange.Refused(_not_allowed())
    _step(transfer, state, at, person, incoming.sender, note=note, message=incoming.id)
    return ids.stable_id(transfer.loop, state.value, clock.iso(at), person, note)


def receipt_came(message: str, loop: str, receipt: exchange.Receipt) -> None:
    """Receipt hook of :data:`TRANSFER` at the sender: only now is the transfer received."""
    transfer = Transfer.objects.filter(loop=loop).first()
    if transfer is not None and receipt.outcome == "stored":
        _step(transfer, State.RECEIVED, receipt.at, "", receipt.facility, message=message)


def incoming(state: str = "", text: str = "", page: int = 1) -> Page[Transfer]:
    """Transfers to this hospital, newest first."""
    return _list(Transfer.objects.filter(receiver=directory.here()), state, text, page)


def outgoing(state: str = "", text: str = "", page: int = 1) -> Page[Transfer]:
    """Transfers from this hospital, newest first."""
    return _list(Transfer.objects.filter(sender=directory.here()), state, text, page)


def _list(transfers: QuerySet[Transfer], state: str, text: str, page: int) -> Page[Transfer]:
    if state:
        transfers = transfers.filter(state=state)
    for word in fold(text).split():
        transfers = transfers.filter(Q(words__contains=word) | Q(loop__startswith=word))
    return Paginator(transfers.order_by("-left_at", "loop").prefetch_related("steps"), PAGE_SIZE).get_page(
        page
    )


def counts(*, to_us: bool) -> Counts:
    """How many transfers to us (or from us) are in each state."""
    here = directory.here()
    transfers = Transfer.objects.filter(receiver=here) if to_us else Transfer.objects.filter(sender=here)
    by_state = {row["state"]: row["n"] for row in transfers.values("state").annotate(n=Count("loop"))}
    return Counts(by_state, sum(by_state.values()))


def get(loop: str) -> Transfer | None:
    """One transfer with its steps."""
    return Transfer.objects.prefetch_related("steps").filter(loop=loop).first()


def of_patient(patient: str) -> list[Transfer]:
    """The transfers of a patient (FHIR id at this node), newest first."""
    return list(Transfer.objects.filter(patient=patient).order_by("-left_at"))


def numbered(text: str) -> list[Transfer]:
    """Transfers with that loop, slip number (of any year) or MA_LK, newest first, at most 20."""
    found = Transfer.objects.filter(Q(loop=text) | Q(slip=text) | Q(ma_lk=text))
    return list(found.prefetch_related("steps").order_by("-left_at")[:20])


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


def notice_of(transfer: Transfer) -> Notice:
    """The head of a transfer as it stands here, for sending its dossier again."""
    body = {name: getattr(transfer, name) for name in Notice.__dataclass_fields__}
    return Notice(**body)


def not_connected(receiver: str) -> Problem:
    """The receiving hospital has no node in the directory."""
    return Problem(
        code="transfer-receiver-not-connected",
        severity="warning",
        vi=f"Cơ sở nhận {receiver} chưa kết nối với hệ thống.",
        en=f"The receiving facility {receiver} is not connected.",
        hint_vi="In phiếu chuyển cho người bệnh mang theo; khi cơ sở nhận kết nối, gửi lại hồ sơ.",
        hint_en="Print the slip for the patient; send again when the facility is connected.",
    )


def _no_visit() -> Problem:
    return Problem(
        code="transfer-no-visit",
        vi="Không tìm thấy lượt khám này trong hồ sơ của đơn vị.",
        en="This visit is not in the unit's own records.",
        hint_vi="Chọn lượt khám từ hồ sơ người bệnh.",
        hint_en="Choose the visit from the patient's record.",
    )


def _not_allowed() -> Problem:
    return Problem(
        code="transfer-step-not-possible",
        vi="Bước này hiện không thực hiện được: đã có người thực hiện, hoặc chưa đến lượt.",
        en="This step is not possible now: somebody has taken it already, or another comes first.",
        hint_vi="Tải lại trang để xem trạng thái mới nhất.",
        hint_en="Reload the page to see the present state.",
    )


def _empty_answer() -> Problem:
    return Problem(
        code="transfer-answer-empty",
        vi="Phản hồi chưa có nội dung.",
        en="The answer is empty.",
        hint_vi="Ghi chẩn đoán, xử trí và lời khuyên cho nơi chuyển.",
        hint_en="Write diagnosis, treatment and advice for the sending hospital.",
    )


def _no_patient() -> Problem:
    return Problem(
        code="transfer-no-patient",
        vi="Hồ sơ kèm theo không có người bệnh được nêu trong phần đầu.",
        en="The attached record does not hold the patient named in the head.",
    )


def _foreign_loop() -> Problem:
    return Problem(
        code="transfer-foreign",
        vi="Gói tin nói về một lượt chuyển không thuộc nơi gửi này.",
        en="The message speaks of a transfer that is not the sender's.",
    )
