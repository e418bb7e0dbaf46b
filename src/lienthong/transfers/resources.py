"""The form and the standing of a transfer as FHIR R4: ServiceRequest, Task, and what no export of a HIS carries."""

from __future__ import annotations

from typing import Any

from lienthong.facilities import directory
from lienthong.foundation import clock, ids
from lienthong.terminology import systems
from lienthong.transfers import form as forms
from lienthong.transfers import rules
from lienthong.transfers.models import State, Transfer, Urgency

Resource = dict[str, Any]
_PRIORITY = {Urgency.EMERGENCY: "stat", Urgency.URGENT: "urgent", Urgency.PLANNED: "routine"}
_LOINC = {
    "pulse": ("8867-4", "Heart rate", "/min"),
    "systolic": ("8480-6", "Systolic blood pressure", "mm[Hg]"),
    "diastolic": ("8462-4", "Diastolic blood pressure", "mm[Hg]"),
    "breaths": ("9279-1", "Respiratory rate", "/min"),
    "spo2": ("59408-5", "Oxygen saturation by pulse oximetry", "%"),
    "temperature": ("8310-5", "Body temperature", "Cel"),
    "glasgow": ("9269-2", "Glasgow coma score total", "{score}"),
}
_SNOMED_NO_ALLERGY = {
    "coding": [{"system": systems.SNOMED, "code": "716186003", "display": "No known allergy"}]
}
_REQUEST_STATUS = {State.DRAFTED: "draft", State.CANCELLED: "revoked", State.CLOSED: "completed"}


def identifier(transfer: Transfer) -> dict[str, str]:
    """The loop as a FHIR identifier."""
    return {"system": f"{systems.SID}transfer", "value": transfer.loop}


def subject(transfer: Transfer) -> dict[str, Any]:
    """The patient: by id, or by name as long as a draft has none."""
    if transfer.patient:
        return {"reference": f"Patient/{transfer.patient}"}
    return {"display": transfer.patient_name or "—"}


def service_request(transfer: Transfer) -> Resource:
    """The request itself; its id is the loop."""
    form = transfer.form
    request: Resource = {
        "resourceType": "ServiceRequest",
        "id": transfer.loop,
        "identifier": [identifier(transfer)],
        "status": _REQUEST_STATUS.get(State(transfer.state), "active"),
        "intent": "order",
        "priority": _PRIORITY[Urgency(transfer.urgency)],
        "code": {
            "coding": [{"system": systems.SNOMED, "code": "3457005", "display": "Patient referral"}],
            "text": "Chuyển cơ sở khám bệnh, chữa bệnh",
        },
        "subject": subject(transfer),
        "authoredOn": clock.iso(transfer.begun_at),
        "requester": _facility(transfer.sender),
        "performer": [_facility(transfer.receiver)] if transfer.receiver else [],
    }
    if transfer.encounter:
        request["encounter"] = {"reference": f"Encounter/{transfer.encounter}"}
    if transfer.slip:
        request["identifier"].append({"system": systems.SLIP, "value": transfer.slip})
    if transfer.reason:
        request["reasonCode"] = [
            {"coding": [{"system": systems.codes("ma-lydo-ct"), "code": transfer.reason}]}
        ]
    words = [form.get(name) for name in ("question", "condition", "direction") if form.get(name)]
    request["note"] = [{"text": text} for text in words or [transfer.condition] if text]
    return {name: value for name, value in request.items() if value not in ([], {})}


def task(transfer: Transfer) -> Resource:
    """Where the transfer stands, whose turn it is and until when; its id is the loop."""
    turn = rules.TURNS[State(transfer.state)]
    found: Resource = {
        "resourceType": "Task",
        "id": transfer.loop,
        "identifier": [identifier(transfer)],
        "status": turn.task,
        "businessStatus": {"coding": [{"system": systems.codes("transfer-state"), "code": transfer.state}]},
        "intent": "order",
        "priority": _PRIORITY[Urgency(transfer.urgency)],
        "focus": {"reference": f"ServiceRequest/{transfer.loop}"},
        "for": subject(transfer),
        "authoredOn": clock.iso(transfer.begun_at),
        "lastModified": clock.iso(transfer.changed_at),
        "requester": _facility(transfer.sender),
        "owner": _facility(transfer.owner),
    }
    if transfer.due:
        found["restriction"] = {"period": {"end": clock.iso(transfer.due)}}
    return found


def of_form(transfer: Transfer) -> list[Resource]:
    """Allergies, home medicines, infection alerts and vital signs that the doctor entered."""
    form, found = transfer.form, list[Resource]()
    if not transfer.patient:
        return found
    subject = {"reference": f"Patient/{transfer.patient}"}
    allergies = form.get("allergies") or {}
    if allergies.get("state") == "none-known":
        found.append(_allergy(transfer, 0, _SNOMED_NO_ALLERGY, {}))
    for number, row in enumerate(allergies.get("list", ())):
        found.append(_allergy(transfer, number + 1, {"text": row["substance"] or "—"}, row))
    for number, row in enumerate((form.get("home_medicines") or {}).get("list", ())):
        words = " ".join(filter(None, (row["dose"], row["frequency"])))
        found.append(
            {
                "resourceType": "MedicationStatement",
                "id": ids.stable_id("home-medicine", transfer.loop, str(number)),
                "status": "active",
                "medicationCodeableConcept": {"text": row["name"] or "—"},
                "subject": subject,
                "dateAsserted": clock.iso(transfer.changed_at),
                **({"dosage": [{"text": words}]} if words else {}),
            }
        )
    infection = form.get("infection") or {}
    for code in infection.get("list", ()) if infection.get("state") in ("suspected", "present") else ():
        found.append(
            {
                "resourceType": "Flag",
                "id": ids.stable_id("infection", transfer.loop, code),
                "status": "active",
                "code": {
                    "coding": [{"system": systems.codes("infection-alert"), "code": code}],
                    "text": str(forms.INFECTIONS[code]),
                },
                "subject": subject,
            }
        )
    vitals = form.get("vitals") or {}
    for name, (code, display, unit) in _LOINC.items():
        if name in vitals:
            found.append(
                {
                    "resourceType": "Observation",
                    "id": ids.stable_id("vital", transfer.loop, name),
                    "status": "final",
                    "category": [
                        {"coding": [{"system": systems.OBSERVATION_CATEGORY, "code": "vital-signs"}]}
                    ],
                    "code": {
                        "coding": [{"system": systems.LOINC, "code": code, "display": display}],
                        "text": display,
                    },
                    "subject": subject,
                    "effectiveDateTime": vitals.get("at") or clock.iso(transfer.changed_at),
                    "valueQuantity": {
                        "value": vitals[name],
                        "unit": unit,
                        "system": systems.UCUM,
                        "code": unit,
                    },
                }
            )
    return found


def patient(transfer: Transfer) -> Resource:
    """The person as the form names them, where no record is at hand."""
    person = transfer.form.get("person") or {}
    found: Resource = {
        "resourceType": "Patient",
        "id": transfer.patient,
        "name": [{"text": person.get("name") or transfer.patient_name or "—"}],
        "identifier": [
            {"system": system, "value": person[name]}
            for name, system in (("citizen", systems.CITIZEN_NUMBER), ("card", systems.INSURANCE_CARD))
            if person.get(name)
        ],
        "birthDate": person.get("birth", ""),
        "gender": person.get("gender", ""),
        "telecom": [{"system": "phone", "value": person["phone"]}] if person.get("phone") else [],
        "address": [{"text": person["address"]}] if person.get("address") else [],
    }
    return {name: value for name, value in found.items() if value}


def _allergy(transfer: Transfer, number: int, code: dict[str, Any], row: dict[str, str]) -> Resource:
    found: Resource = {
        "resourceType": "AllergyIntolerance",
        "id": ids.stable_id("allergy", transfer.loop, str(number)),
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                    "code": "active",
                }
            ]
        },
        "code": code,
        "patient": {"reference": f"Patient/{transfer.patient}"},
        "recordedDate": clock.iso(transfer.changed_at),
    }
    if row.get("reaction"):
        found["reaction"] = [{"manifestation": [{"text": row["reaction"]}]}]
        if row.get("severity") in ("mild", "moderate", "severe"):
            found["reaction"][0]["severity"] = row["severity"]
    return found


def facility(code: str) -> Resource:
    """A facility, by its code."""
    return {
        "resourceType": "Organization",
        "id": code,
        "identifier": [{"system": systems.FACILITY, "value": code}],
        "name": directory.name(code, language="vi"),
    }


def _facility(code: str) -> dict[str, Any]:
    return {
        "reference": f"Organization/{code}",
        "identifier": {"system": systems.FACILITY, "value": code},
        "display": directory.name(code, language="vi"),
    }
