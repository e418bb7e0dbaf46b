"""An invented patient at hospital 24011: slips that came, visits and appointments of its HIS."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from lienthong import records
from lienthong.access import audit
from lienthong.foundation import clock, ids
from lienthong.terminology import systems
from lienthong.transfers.models import State, Step, Transfer

ACTOR = audit.Actor("dd.lan", "Điều dưỡng Lan", "nurse", "127.0.0.1")
NAME, BIRTH, CITIZEN, CARD = "Trần Thị Ví Dụ", "1960-05-02", "024160000001", "HT2242400000001"
QR = f"{CITIZEN}|121234567|{NAME}|02051960|Nữ|Thôn Ví Dụ, Bắc Ninh|10102021"


def patient(id: str = "p1", name: str = NAME, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": id,
        "name": [{"text": name}],
        "birthDate": BIRTH,
        "gender": "female",
        "identifier": [
            {"system": systems.CITIZEN_NUMBER, "value": CITIZEN},
            {"system": systems.INSURANCE_CARD, "value": CARD},
            {"system": systems.SOCIAL_INSURANCE, "value": CARD[5:]},
        ],
        **more,
    }


def appointment(id: str, day: str, number: str = "", patient: str = "p1") -> dict[str, Any]:
    return {
        "resourceType": "Appointment",
        "id": id,
        "status": "proposed",
        "identifier": [{"system": systems.APPOINTMENT_SLIP, "value": number or f"H-{id}"}],
        "participant": [{"actor": {"reference": f"Patient/{patient}"}, "status": "accepted"}],
        "requestedPeriod": [{"start": day, "end": day}],
    }


def encounter(id: str, start: str, end: str = "", **more: Any) -> dict[str, Any]:
    period = {"start": start, **({"end": end} if end else {})}
    return {
        "resourceType": "Encounter",
        "id": id,
        "status": "finished" if end else "in-progress",
        "class": {"system": systems.ACT_CODE, "code": "IMP"},
        "subject": {"reference": "Patient/p1"},
        "period": period,
        **more,
    }


def with_slip(number: str) -> dict[str, Any]:
    return {"basedOn": [{"type": "ServiceRequest", "identifier": {"system": systems.SLIP, "value": number}}]}


def with_appointment(number: str) -> dict[str, Any]:
    return {
        "appointment": [
            {"type": "Appointment", "identifier": {"system": systems.APPOINTMENT_SLIP, "value": number}}
        ]
    }


def store(*resources: dict[str, Any], origin: str = "his-xml/24011/LK9") -> None:
    with transaction.atomic():
        records.transact(resources, origin=origin, actor=ACTOR, complete=False)


def slip(
    loop: str = "1" * 32,
    *,
    signed: datetime | None = None,
    form: dict[str, Any] | None = None,
    state: State = State.RECEIVED,
    **more: Any,
) -> Transfer:
    """A slip from 24004 to 24011, signed an hour ago if not told."""
    now = clock.now()
    at = signed or now - timedelta(hours=1)
    values: dict[str, Any] = {
        "sender": "24004",
        "receiver": "24011",
        "slip": f"{loop[:2]}/PCCSKBCB",
        "slip_year": at.year,
        "patient": "p1",
        "patient_name": NAME,
        "birth": BIRTH,
        "gender": "female",
        "citizen": CITIZEN,
        "diagnosis": "Viêm phổi",
        "diagnosis_code": "J18.9",
        "reason": "2",
        "left_at": at,
        "signed_at": at,
        "started_by": "BS Mẫu",
        "begun_at": at,
        "since": at,
        "changed_at": at,
        "form": form or {},
    } | more
    return Transfer.objects.create(loop=loop, state=state, **values)


def step(transfer: Transfer, kind: State, at: datetime, facility: str = "24011", **data: Any) -> Step:
    place = transfer.steps.count() + 3
    return Step.objects.create(
        id=ids.new_id(), transfer=transfer, kind=kind, at=at, place=place, facility=facility, data=data
    )


def outcome(transfer: Transfer, at: datetime | None = None, **data: Any) -> Step:
    transfer.state = State.OUTCOME
    transfer.save()
    return step(transfer, State.OUTCOME, at or clock.now(), **{"diagnosis": "Tăng huyết áp ổn định", **data})
