"""A transfer before it is sent: begun at once, saved on every field, signed and sent; completed after, if need be."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from lienthong import records
from lienthong.access.audit import Actor, record
from lienthong.facilities import directory
from lienthong.foundation import clock, ids, json
from lienthong.foundation.errors import LienThongError
from lienthong.foundation.text import fold
from lienthong.terminology import systems
from lienthong.transfers import filling, problems, rules, taking
from lienthong.transfers import form as forms
from lienthong.transfers.models import State, Transfer, Urgency

COPIED = {"urgency": "urgency", "case": "case", "reason": "reason", "condition": "condition", "slip": "slip"}
"""Fields of the form that lists show, and the transfer's own columns for them."""
COPIED |= {"diagnosis": "diagnosis", "diagnosis_code": "diagnosis_code"}


def draft(
    *,
    actor: Actor,
    patient: str = "",
    encounter: str = "",
    form: dict[str, Any] | None = None,
    receiver: str = "",
    follows: str = "",
    follows_why: str = "",
) -> Transfer:
    """Begins a draft, with its loop, from a visit, a person of the record, or nothing but a form.

    Args:
        patient, encounter: FHIR ids at this node; both may be empty for a person whom no export has named yet.
        form: what is known already; the record fills in the rest (:mod:`.filling`).
        follows: loop that this one goes on, ``follows_why``: ``redirected`` or ``back``.

    Raises:
        LienThongError: ``transfer-no-visit``, ``transfer-field``.
    """
    with transaction.atomic():
        visit = records.read("Encounter", encounter) if encounter else None
        if encounter and (visit is None or not visit.origin.startswith("his-xml/")):
            raise LienThongError(problems.no_visit())
        now = clock.now()
        transfer = Transfer(
            loop=ids.new_id(),
            sender=directory.here(),
            receiver=receiver,
            ma_lk=visit.origin.rsplit("/", 1)[1] if visit else "",
            encounter=encounter,
            patient=patient,
            started_by=actor.name,
            by_hand=True,
            follows=follows,
            follows_why=follows_why,
            begun_at=now,
            since=now,
            changed_at=now,
            state=State.DRAFTED,
        )
        if patient:
            copy_patient(transfer)
        for name, one in filling.fill(patient=patient, encounter=encounter).items():
            filling.note(transfer, name, one)
            transfer.form[name] = one.value
        for name, value in (form or {}).items():
            transfer.form[name] = forms.cleaned(name, value)
        _settle(transfer)
        record(actor, "draft", patient=patient, page=f"transfer/{transfer.loop}", why="treatment")
        return transfer


def copy_patient(transfer: Transfer) -> None:
    """Takes name, birth, sex and citizen number from the Patient of the record."""
    stored = records.read("Patient", transfer.patient)
    if stored is None:
        return
    found = json.loads(stored.body)
    transfer.patient_name = (found.get("name") or [{}])[0].get("text", "")
    transfer.birth, transfer.gender = found.get("birthDate", ""), found.get("gender", "")
    transfer.citizen = citizen_number(found)


def citizen_number(patient: dict[str, Any]) -> str:
    """The citizen number of a Patient, or nothing."""
    for one in patient.get("identifier", ()):
        if one.get("system") == systems.CITIZEN_NUMBER and one.get("value"):
            return str(one["value"])[:12]
    return ""


def save_field(loop: str, name: str, value: Any, *, version: int, actor: Actor) -> Transfer:
    """Keeps one field of the form (or ``receiver``) as soon as it was entered.

    Args:
        version: of the transfer as the person's page knows it.

    Raises:
        LienThongError: ``transfer-changed``: somebody else changed this very field since; ``transfer-field``,
            ``transfer-unknown``, ``transfer-step-not-possible``: the transfer has ended.
    """
    with transaction.atomic():
        transfer = taking.locked(loop)
        _editable(transfer)
        last, who = transfer.form_log.get(name, (0, ""))
        new = _receiver(value) if name == "receiver" else forms.cleaned(name, value)
        old = transfer.receiver if name == "receiver" else transfer.form.get(name)
        if last > version and who != actor.name and new != old:
            raise LienThongError(problems.changed(who, name))
        if name == "receiver":
            if transfer.state != State.DRAFTED and new != transfer.receiver:
                raise LienThongError(problems.not_allowed())
            transfer.receiver = new
        else:
            transfer.form[name] = new
        transfer.form_log[name] = (transfer.version + 1, actor.name)
        _settle(transfer)
        return transfer


def _receiver(value: Any) -> str:
    code = str(value)[:16]
    if code and (code == directory.here() or not directory.connected(code)):
        raise LienThongError(problems.not_connected(code))
    return code


def _editable(transfer: Transfer) -> None:
    if transfer.sender != directory.here() or State(transfer.state) in rules.ENDED:
        raise LienThongError(problems.not_allowed())


def _settle(transfer: Transfer) -> None:
    """Brings the columns in line with the form, and looks anew at the clock, which the urgency sets."""
    copy_form(transfer)
    transfer.slip_year = clock.today().year if transfer.slip else transfer.slip_year
    if not transfer.dossier_version and transfer.state == State.DRAFTED:
        transfer.due = rules.due(State.DRAFTED, transfer.since, transfer.urgency, {})
    taking.touch(transfer)


def copy_form(transfer: Transfer) -> None:
    """Takes the columns that lists show from the form, and whether it is whole."""
    form = transfer.form
    for name, column in COPIED.items():
        if form.get(name):
            setattr(transfer, column, form[name][: _LONGEST.get(name, 8000)])
    transfer.urgency = form.get("urgency") or Urgency.PLANNED
    person = form.get("person") or {}
    if not transfer.encounter and person:
        transfer.patient_name = person.get("name", "") or transfer.patient_name
        transfer.birth = person.get("birth", "") or transfer.birth
        transfer.gender = person.get("gender", "") or transfer.gender
        transfer.citizen = person.get("citizen", "") or transfer.citizen
    transfer.words = words(transfer)
    transfer.complete = complete(transfer)


_LONGEST = {"slip": 50, "diagnosis_code": 20}


def words(transfer: Transfer) -> str:
    """What the search box looks into."""
    known = (
        transfer.patient_name,
        transfer.slip,
        transfer.ma_lk,
        transfer.citizen,
        transfer.diagnosis,
        transfer.diagnosis_code,
    )
    return fold(" ".join(filter(None, known)))


def whole(transfer: Transfer) -> dict[str, Any]:
    """The form with what the record says of the person, where the form says nothing."""
    known = {"name": transfer.patient_name, "birth": transfer.birth, "gender": transfer.gender}
    known["citizen"] = transfer.citizen
    person = {**{k: v for k, v in known.items() if v}, **(transfer.form.get("person") or {})}
    return {**transfer.form, "urgency": str(transfer.urgency), "person": person}


def complete(transfer: Transfer) -> bool:
    """Whether the minimum safe set is whole."""
    return not forms.missing(whole(transfer), transfer.receiver)


def ready(transfer: Transfer) -> None:
    """Whether it may be sent.

    Raises:
        LienThongError: ``transfer-incomplete``: the minimum safe set has gaps; an emergency needs very little at first.
    """
    form = whole(transfer)
    at_once = transfer.urgency == Urgency.EMERGENCY
    gaps = (
        forms.missing_at_once(form, transfer.receiver) if at_once else forms.missing(form, transfer.receiver)
    )
    if gaps:
        raise LienThongError(problems.incomplete(len(gaps)))
