"""Sending a stable chronic disease back to the first level: a second loop that goes on from the first.

Circular 01/2025/TT-BYT article 10 and annex IV; the first-level facility examines and dispenses by these papers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lienthong import records
from lienthong.access.audit import Actor
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.terminology import systems
from lienthong.transfers import desk, filling
from lienthong.transfers.models import State, Step, Transfer, Urgency
from lienthong.transfers.validity import annexes, problems
from lienthong.transfers.validity.annexes import Match
from lienthong.transfers.validity.checks.reading import Form

_COPIED = ("person", "allergies", "infection", "key_results")


@dataclass(frozen=True, slots=True)
class Offer:
    """A return that may be begun.

    Attributes:
        match: the item of annex IV; its condition is for the doctor.
        home: code of the first-level facility; empty when it is this hospital.
        registered: form or card say so; otherwise it is the hospital that sent the patient.
        begun: the loop of the return when there is one already.
    """

    match: Match
    home: str
    registered: bool
    begun: str = ""


def offer(transfer: Transfer) -> Offer | None:
    """Whether the receiving hospital may send the patient back: an outcome, and a disease of annex IV."""
    outcome = _outcome(transfer)
    if transfer.receiver != directory.here() or outcome is None:
        return None
    match = annexes.may_go_back(_codes(transfer, outcome))
    if match is None:
        return None
    begun = _begun(transfer.loop)
    return Offer(match, home(transfer), bool(_told(transfer)), begun.loop if begun else "")


def back(loop: str, *, actor: Actor) -> Transfer:
    """Begins the return as a draft, filled in from the outcome; the one that was begun already, if there is one.

    Raises:
        LienThongError: ``slip-unknown``, ``back-without-outcome``, ``back-not-in-annex-iv``.
    """
    transfer = desk.get(loop)
    if transfer is None or transfer.receiver != directory.here():
        raise LienThongError(problems.unknown_slip())
    outcome = _outcome(transfer)
    if outcome is None:
        raise LienThongError(problems.no_outcome())
    if annexes.may_go_back(_codes(transfer, outcome)) is None:
        raise LienThongError(problems.not_for_return())
    begun = _begun(loop)
    if begun is not None:
        return begun
    return desk.draft(
        patient=transfer.patient,
        receiver=home(transfer),
        form=_form(transfer, outcome.data),
        follows=loop,
        follows_why="back",
        actor=actor,
    )


def home(transfer: Transfer) -> str:
    """The first-level facility where the patient is registered (MA_DKBD): by the form, else by the newest card of the
    record, else the sender; empty for this hospital itself."""
    code = _told(transfer) or transfer.sender
    return "" if code == directory.here() else code[:16]


def _told(transfer: Transfer) -> str:
    return Form(transfer.form).text("person.first_facility") or next(_registered(transfer.patient), "")


def _registered(patient: str) -> Iterator[str]:
    """MA_DKBD of the patient's cards, the one that ends last first (Coverage, extension primary-registration)."""
    cards = [s.resource for s in records.for_patient(patient, ["Coverage"], limit=50)] if patient else []
    url = systems.extension("primary-registration")
    for card in sorted(cards, key=lambda c: str(c.get("period", {}).get("end", "")), reverse=True):
        for extension in card.get("extension", ()):
            if extension.get("url") == url:
                reference = str(extension.get("valueReference", {}).get("reference", ""))
                stored = records.read("Organization", reference.removeprefix("Organization/"))
                identifiers = stored.resource.get("identifier", ()) if stored else ()
                yield from (str(i["value"]) for i in identifiers if i.get("system") == systems.FACILITY)


def _outcome(transfer: Transfer) -> Step | None:
    found = [s for s in transfer.steps.all() if s.kind == State.OUTCOME and s.effect]
    return found[-1] if found else None


def _codes(transfer: Transfer, outcome: Step) -> list[str]:
    """The final diagnosis; the one at transfer where the outcome names no code."""
    told = Form({"diagnosis_code": outcome.data.get("diagnosis_code", "")}).codes()
    return told or Form(transfer.form).codes() or [transfer.diagnosis_code]


def _begun(loop: str) -> Transfer | None:
    mine = Transfer.objects.filter(follows=loop, follows_why="back", sender=directory.here())
    return mine.exclude(state=State.CANCELLED).order_by("begun_at").first()


def _form(transfer: Transfer, outcome: dict[str, Any]) -> dict[str, Any]:
    """What the first-level facility needs, as far as the outcome says it."""
    medicines = [
        {"name": m.get("name", ""), "dose": m.get("dose", ""), "frequency": m.get("frequency", "")}
        for m in outcome.get("medicines", ())
    ]
    known = filling.fill(patient=transfer.patient) if transfer.patient else {}
    told = {name: known[name].value for name in _COPIED if name in known}
    told |= {name: transfer.form[name] for name in _COPIED if transfer.form.get(name)}
    return {
        **told,
        "urgency": Urgency.PLANNED.value,
        "case": "chronic",
        "reason": "1",
        "basis": "referral-duty",
        "question": "Tiếp tục khám, theo dõi và cấp thuốc tại cơ sở khám bệnh, chữa bệnh ban đầu.",
        "diagnosis": outcome.get("diagnosis", "") or transfer.diagnosis,
        "diagnosis_code": outcome.get("diagnosis_code", "") or transfer.diagnosis_code,
        "treatment": outcome.get("treatment", ""),
        "medicines": "\n".join(" ".join(filter(None, m.values())) for m in medicines),
        "condition": outcome.get("condition", ""),
        "direction": outcome.get("advice", ""),
        "home_medicines": {"state": "listed" if medicines else "not-asked", "list": medicines},
        "departs_at": outcome.get("discharged_at") or clock.iso(clock.now()),
        "one_year": False,
    }
