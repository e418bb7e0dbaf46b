"""An invented patient of a hospital, with something for every section of a summary."""

from __future__ import annotations

from typing import Any

from lienthong.terminology import systems

Resource = dict[str, Any]

PATIENT = "nguoi-benh-mau"
STAY = "dot-dieu-tri-mau"
CITIZEN = "024190001234"
LOINC = "http://loinc.org"


def _concept(system: str, code: str, text: str) -> Resource:
    return {"coding": [{"system": system, "code": code}], "text": text}


def person(**more: Any) -> Resource:
    """The patient."""
    return {
        "resourceType": "Patient",
        "id": PATIENT,
        "identifier": [
            {"system": systems.CITIZEN_NUMBER, "value": CITIZEN},
            {"system": systems.patient_number("24011"), "value": "SĐ-001"},
        ],
        "name": [{"text": "Nguyễn Thị Mẫu", "family": "Nguyễn"}],
        "gender": "female",
        "birthDate": "1990-02-03",
        **more,
    }


def stay(patient: str = PATIENT, *, status: str = "finished") -> Resource:
    """A stay that has ended."""
    return {
        "resourceType": "Encounter",
        "id": STAY,
        "status": status,
        "class": {"system": systems.ACT_CODE, "code": "IMP"},
        "subject": {"reference": f"Patient/{patient}"},
        "period": {"start": "2025-01-10T08:00:00+07:00", "end": "2025-01-15T10:00:00+07:00"},
    }


def record(patient: str = PATIENT) -> list[Resource]:
    """What the hospital's systems brought, without the patient."""
    subject = {"reference": f"Patient/{patient}"}
    about = {"subject": subject, "encounter": {"reference": f"Encounter/{STAY}"}}
    clinical = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    return [
        stay(patient),
        {
            "resourceType": "AllergyIntolerance",
            "id": "di-ung",
            "clinicalStatus": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                        "code": "active",
                    }
                ]
            },
            "criticality": "high",
            "code": {"text": "Penicillin <b>&"},
            "patient": subject,
            "reaction": [{"manifestation": [{"text": "Mày đay"}]}],
        },
        {
            "resourceType": "Condition",
            "id": "tang-huyet-ap",
            "clinicalStatus": {"coding": [{"system": clinical, "code": "active"}]},
            "code": _concept(systems.ICD10, "I10", "Tăng huyết áp"),
            "recordedDate": "2025-01-10",
            **about,
        },
        {
            "resourceType": "Condition",
            "id": "viem-phoi-cu",
            "clinicalStatus": {"coding": [{"system": clinical, "code": "resolved"}]},
            "code": _concept(systems.ICD10, "J18.9", "Viêm phổi"),
            "recordedDate": "2023-05-01",
            "subject": subject,
        },
        {
            "resourceType": "Condition",
            "id": "tam-than",
            "meta": {"security": [{"system": systems.CONFIDENTIALITY, "code": "R"}]},
            "clinicalStatus": {"coding": [{"system": clinical, "code": "active"}]},
            "code": _concept(systems.ICD10, "F32", "Giai đoạn trầm cảm"),
            "recordedDate": "2024-11-01",
            "subject": subject,
        },
        {
            "resourceType": "MedicationRequest",
            "id": "amlodipin",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": {"text": "Amlodipin 5 mg"},
            "authoredOn": "2025-01-11T08:00:00+07:00",
            "dosageInstruction": [{"text": "1 viên buổi sáng"}],
            **about,
        },
        {
            "resourceType": "MedicationRequest",
            "id": "amlodipin-cu",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": {"text": "Amlodipin 5 mg"},
            "authoredOn": "2025-01-10T08:00:00+07:00",
            **about,
        },
        {
            "resourceType": "Procedure",
            "id": "thu-thuat",
            "status": "completed",
            "code": {"text": "Nội soi dạ dày"},
            "performedDateTime": "2025-01-12",
            **about,
        },
        {
            "resourceType": "Immunization",
            "id": "tiem-chung",
            "status": "completed",
            "vaccineCode": {"text": "Vắc xin uốn ván"},
            "patient": subject,
            "occurrenceDateTime": "2024-06-01",
            "lotNumber": "L123",
        },
        {
            "resourceType": "Observation",
            "id": "glucose",
            "status": "final",
            "category": [_concept(systems.OBSERVATION_CATEGORY, "laboratory", "Xét nghiệm")],
            "code": _concept(LOINC, "2345-7", "Glucose máu"),
            "effectiveDateTime": "2025-01-11T06:30:00+07:00",
            "valueQuantity": {"value": 5.4, "unit": "mmol/L"},
            "performer": [{"reference": "Practitioner/ky-thuat-vien"}],
            **about,
        },
        {
            "resourceType": "Practitioner",
            "id": "ky-thuat-vien",
            "name": [{"text": "Kỹ thuật viên Mẫu"}],
        },
        {
            "resourceType": "Observation",
            "id": "mach",
            "status": "final",
            "category": [_concept(systems.OBSERVATION_CATEGORY, "vital-signs", "Sinh hiệu")],
            "code": _concept(LOINC, "8867-4", "Mạch"),
            "effectiveDateTime": "2025-01-15T06:30:00+07:00",
            "valueQuantity": {"value": 82, "unit": "lần/phút"},
            **about,
        },
        {
            "resourceType": "Observation",
            "id": "thai",
            "status": "final",
            "code": _concept(LOINC, "82810-3", "Tình trạng thai"),
            "effectiveDateTime": "2025-01-10",
            "valueCodeableConcept": {"text": "Không mang thai"},
            **about,
        },
        {
            "resourceType": "Appointment",
            "id": "hen-kham",
            "status": "proposed",
            "participant": [{"actor": subject, "status": "accepted"}],
            "requestedPeriod": [{"start": "2025-02-15", "end": "2025-02-15"}],
            "comment": "Khám lại sau một tháng",
        },
        {
            "resourceType": "Composition",
            "id": "giay-ra-vien",
            "status": "final",
            "type": _concept(LOINC, "18842-5", "Giấy ra viện"),
            "title": "Giấy ra viện",
            "date": "2025-01-15T10:00:00+07:00",
            "author": [{"display": "Bác sĩ Mẫu"}],
            "section": [
                {
                    "title": "Chẩn đoán",
                    "text": {
                        "status": "additional",
                        "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Tăng huyết áp</p></div>',
                    },
                }
            ],
            **about,
        },
    ]


def keep(facility: str = "24011", *, origin: str = "", patient: Resource | None = None) -> None:
    """Stores the patient and the record as an export of the HIS would."""
    from django.db import transaction

    from lienthong import records
    from lienthong.access import audit

    given = patient or person()
    with transaction.atomic():
        records.transact(
            [given, *record(given["id"])],
            origin=origin or f"his-xml/{facility}/LK0001",
            actor=audit.system("his-xml"),
            moment="2025-01-15T03:00:00Z",
        )
