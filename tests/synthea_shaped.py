"""Invented transaction bundles in the shape that Synthea writes: one patient with all visits, references by
``urn:uuid``, practitioners and hospitals by conditional reference (``Practitioner?identifier=…``).

The mix and the sizes of the resources follow Synthea's R4 export; the data are our own.
"""

from __future__ import annotations

import base64
import random
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

Resource = dict[str, Any]

STAFF = "http://hl7.org/fhir/sid/us-npi"
PLACES = "https://lienthong.example/fhir/sid/synthea"
PERSON = "https://lienthong.example/fhir/sid/synthea-person"
HOSPITALS, DOCTORS = 4, 12

_LOINC, _SNOMED, _UNITS = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
_HL7 = "http://terminology.hl7.org/CodeSystem"
_ZONE = timezone(timedelta(hours=7))
_SURNAMES = ("Nguyễn", "Trần", "Lê", "Vi", "Hoàng", "Nông", "Lò", "Giáp", "Đỗ", "Đinh", "Thân", "Ngô", "Chu")
_GIVEN = ("Thụ", "Mơ", "Hặc", "Hiển", "Lan", "Đức", "Quyết", "Thìn", "Ánh", "Sơn", "Yến", "Dũng", "Hoà", "Tú")
_MEASURED = (
    ("8302-2", "Body height", "cm", 150, 180),
    ("29463-7", "Body weight", "kg", 40, 85),
    ("39156-5", "Body mass index", "kg/m2", 17, 32),
    ("8867-4", "Heart rate", "/min", 55, 110),
    ("9279-1", "Respiratory rate", "/min", 12, 24),
    ("2339-0", "Glucose", "mg/dL", 70, 180),
    ("6690-2", "Leukocytes", "10*3/uL", 3, 12),
    ("718-7", "Hemoglobin", "g/dL", 9, 17),
)
_DISORDERS = (
    ("59621000", "Hypertension"),
    ("44054006", "Diabetes type 2"),
    ("10509002", "Acute bronchitis"),
    ("195662009", "Acute viral pharyngitis"),
    ("40055000", "Chronic sinusitis"),
)
_DONE = (
    ("430193006", "Medication reconciliation"),
    ("710824005", "Assessment of health and social care needs"),
)
_DRUGS = (("314076", "lisinopril 10 MG Oral Tablet"), ("860975", "metformin 500 MG Oral Tablet"))


def _concept(system: str, code: str, text: str) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def _post(resource: Resource, *, full: str = "", once: str = "") -> Resource:
    request = {"method": "POST", "url": resource["resourceType"], **({"ifNoneExist": once} if once else {})}
    return {**({"fullUrl": full} if full else {}), "resource": resource, "request": request}


def hospitals() -> Resource:
    """What Synthea writes beside its patients: places and practitioners, each made once."""
    entries = []
    for number in range(HOSPITALS):
        identifier = [{"system": PLACES, "value": f"bv-{number}"}]
        for kind in ("Organization", "Location"):
            body = {"resourceType": kind, "identifier": identifier, "name": f"Bệnh viện số {number}"}
            entries.append(_post(body, once=f"identifier={PLACES}|bv-{number}"))
    for number in range(DOCTORS):
        doctor = {
            "resourceType": "Practitioner",
            "identifier": [{"system": STAFF, "value": f"99999{number:05d}"}],
            "active": True,
            "name": [
                {"family": _SURNAMES[number % len(_SURNAMES)], "given": ["Bác", "Sĩ"], "prefix": ["BS."]}
            ],
        }
        entries.append(_post(doctor, once=f"identifier={STAFF}|99999{number:05d}"))
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


class _Patient:
    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.seed = seed
        self.entries: list[Resource] = []
        self.name = {
            "use": "official",
            "family": self.chance.choice(_SURNAMES),
            "given": [self.chance.choice(_GIVEN), self.chance.choice(_GIVEN)],
        }
        self.born = datetime(1940, 1, 1, tzinfo=_ZONE) + timedelta(days=self.chance.randrange(30_000))
        self.subject = {"reference": self._urn()}

    def _urn(self) -> str:
        return f"urn:uuid:{uuid.UUID(int=self.chance.getrandbits(128), version=4)}"

    def add(self, resource: Resource) -> Resource:
        """Adds a resource; a reference to it."""
        full = self._urn()
        self.entries.append(_post(resource, full=full))
        return {"reference": full}

    def person(self) -> Resource:
        return {
            "resourceType": "Patient",
            "meta": {"profile": ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"]},
            "text": {
                "status": "generated",
                "div": '<div xmlns="http://www.w3.org/1999/xhtml">Dữ liệu bịa, theo hình dạng của Synthea</div>',
            },
            "extension": [
                {
                    "url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName",
                    "valueString": self.chance.choice(_SURNAMES),
                },
                {
                    "url": "http://synthetichealth.github.io/synthea/quality-adjusted-life-years",
                    "valueDecimal": round(self.chance.uniform(1, 70), 12),
                },
            ],
            "identifier": [
                {"system": PERSON, "value": f"{self.seed:012d}"},
                {
                    "type": _concept(f"{_HL7}/v2-0203", "MR", "Medical Record Number"),
                    "system": "http://hospital.smarthealthit.org",
                    "value": f"mr-{self.seed}",
                },
            ],
            "name": [self.name],
            "telecom": [{"system": "phone", "value": f"09{self.chance.randrange(10**8):08d}", "use": "home"}],
            "gender": self.chance.choice(("male", "female")),
            "birthDate": f"{self.born:%Y-%m-%d}",
            "address": [{"line": ["Thôn Mậu"], "city": "Sơn Động", "state": "Bắc Giang", "country": "VN"}],
            "maritalStatus": _concept(f"{_HL7}/v3-MaritalStatus", "M", "Married"),
            "multipleBirthBoolean": False,
            "communication": [{"language": _concept("urn:ietf:bcp:47", "vi", "Vietnamese")}],
        }

    def visit(self, at: datetime) -> None:
        chance = self.chance
        start, end = (
            at.isoformat(timespec="seconds"),
            (at + timedelta(minutes=30)).isoformat(timespec="seconds"),
        )
        doctor = {
            "reference": f"Practitioner?identifier={STAFF}|99999{chance.randrange(DOCTORS):05d}",
            "display": "BS.",
        }
        place = f"{PLACES}|bv-{chance.randrange(HOSPITALS)}"
        hospital = {"reference": f"Organization?identifier={place}", "display": "Bệnh viện"}
        encounter = self.add(
            {
                "resourceType": "Encounter",
                "status": "finished",
                "class": {"system": f"{_HL7}/v3-ActCode", "code": "AMB"},
                "type": [_concept(_SNOMED, "162673000", "General examination of patient")],
                "subject": self.subject,
                "participant": [
                    {
                        "type": [_concept(f"{_HL7}/v3-ParticipationType", "PPRF", "primary performer")],
                        "period": {"start": start, "end": end},
                        "individual": doctor,
                    }
                ],
                "period": {"start": start, "end": end},
                "location": [{"location": {"reference": f"Location?identifier={place}"}}],
                "serviceProvider": hospital,
            }
        )
        here = {"subject": self.subject, "encounter": encounter}
        results = [self._result(here, start, *measured) for measured in _MEASURED]
        results.append(self._pressure(here, start))
        code, text = chance.choice(_DISORDERS)
        condition = self.add(
            {
                "resourceType": "Condition",
                "clinicalStatus": _concept(f"{_HL7}/condition-clinical", "active", "Active"),
                "verificationStatus": _concept(f"{_HL7}/condition-ver-status", "confirmed", "Confirmed"),
                "category": [_concept(f"{_HL7}/condition-category", "encounter-diagnosis", "Diagnosis")],
                "code": _concept(_SNOMED, code, text),
                **here,
                "onsetDateTime": start,
                "recordedDate": start,
            }
        )
        for code, text in _DONE:
            self.add(
                {
                    "resourceType": "Procedure",
                    "status": "completed",
                    "code": _concept(_SNOMED, code, text),
                    **here,
                    "performedPeriod": {"start": start, "end": end},
                    "reasonReference": [{**condition, "display": text}],
                }
            )
        self.add(
            {
                "resourceType": "DiagnosticReport",
                "status": "final",
                "category": [_concept(f"{_HL7}/v2-0074", "LAB", "Laboratory")],
                "code": _concept(_LOINC, "58410-2", "CBC panel - Blood by Automated count"),
                **here,
                "effectiveDateTime": start,
                "issued": start,
                "performer": [hospital],
                "result": [{**one, "display": "kết quả"} for one in results[5:8]],
            }
        )
        note = f"Khám ngày {start}. {self.name['family']}: {text}. " * 12
        self.add(
            {
                "resourceType": "DocumentReference",
                "identifier": [{"system": "urn:ietf:rfc:3986", "value": self._urn()}],
                "status": "current",
                "type": _concept(_LOINC, "34117-2", "History and physical note"),
                "category": [
                    _concept("http://hl7.org/fhir/us/core/CodeSystem", "clinical-note", "Clinical Note")
                ],
                "subject": self.subject,
                "date": start,
                "author": [doctor],
                "custodian": hospital,
                "content": [
                    {
                        "attachment": {
                            "contentType": "text/plain; charset=utf-8",
                            "data": base64.b64encode(note.encode()).decode(),
                        }
                    }
                ],
                "context": {"encounter": [encounter], "period": {"start": start, "end": end}},
            }
        )
        if chance.random() < 0.5:
            code, text = chance.choice(_DRUGS)
            self.add(
                {
                    "resourceType": "MedicationRequest",
                    "status": "active",
                    "intent": "order",
                    "medicationCodeableConcept": _concept(
                        "http://www.nlm.nih.gov/research/umls/rxnorm", code, text
                    ),
                    **here,
                    "authoredOn": start,
                    "requester": doctor,
                    "reasonReference": [condition],
                }
            )
        else:
            self.add(
                {
                    "resourceType": "Immunization",
                    "status": "completed",
                    "vaccineCode": _concept("http://hl7.org/fhir/sid/cvx", "140", "Influenza, seasonal"),
                    "patient": self.subject,
                    "encounter": encounter,
                    "occurrenceDateTime": start,
                    "primarySource": True,
                }
            )
        self._bill(start, end, encounter, condition, hospital)

    def _result(
        self, here: Resource, at: str, code: str, text: str, unit: str, least: float, most: float
    ) -> Resource:
        value = round(self.chance.uniform(least, most), 2)
        kind = "laboratory" if code in ("2339-0", "6690-2", "718-7") else "vital-signs"
        return self.add(
            {
                "resourceType": "Observation",
                "status": "final",
                "category": [_concept(f"{_HL7}/observation-category", kind, kind)],
                "code": _concept(_LOINC, code, text),
                **here,
                "effectiveDateTime": at,
                "issued": at,
                "valueQuantity": {"value": value, "unit": unit, "system": _UNITS, "code": unit},
            }
        )

    def _pressure(self, here: Resource, at: str) -> Resource:
        parts = [
            {
                "code": _concept(_LOINC, code, text),
                "valueQuantity": {
                    "value": self.chance.randint(low, low + 60),
                    "unit": "mm[Hg]",
                    "system": _UNITS,
                    "code": "mm[Hg]",
                },
            }
            for code, text, low in (
                ("8462-4", "Diastolic Blood Pressure", 50),
                ("8480-6", "Systolic Blood Pressure", 95),
            )
        ]
        return self.add(
            {
                "resourceType": "Observation",
                "status": "final",
                "category": [_concept(f"{_HL7}/observation-category", "vital-signs", "vital-signs")],
                "code": _concept(_LOINC, "85354-9", "Blood pressure panel with all children optional"),
                **here,
                "effectiveDateTime": at,
                "issued": at,
                "component": parts,
            }
        )

    def _bill(
        self, start: str, end: str, encounter: Resource, condition: Resource, hospital: Resource
    ) -> None:
        money = {"value": 142.58, "currency": "VND"}
        shared = {
            "status": "active",
            "type": _concept(f"{_HL7}/claim-type", "professional", "Professional"),
            "use": "claim",
            "patient": self.subject,
            "billablePeriod": {"start": start, "end": end},
            "created": end,
            "provider": hospital,
        }
        item = {
            "sequence": 1,
            "productOrService": _concept(_SNOMED, "162673000", "General examination of patient"),
            "encounter": [encounter],
        }
        cover = {"focal": True, "coverage": {"display": "BHYT"}}
        claim = self.add(
            {
                "resourceType": "Claim",
                **shared,
                "insurance": [{"sequence": 1, **cover}],
                "priority": _concept(f"{_HL7}/processpriority", "normal", "normal"),
                "diagnosis": [{"sequence": 1, "diagnosisReference": condition}],
                "item": [item],
                "total": money,
            }
        )
        self.add(
            {
                "resourceType": "ExplanationOfBenefit",
                **shared,
                "insurance": [cover],
                "insurer": {"display": "BHXH"},
                "claim": claim,
                "outcome": "complete",
                "item": [
                    {**item, "adjudication": [{"category": _concept(f"{_HL7}/adjudication", "benefit", "b")}]}
                ],
                "total": [
                    {"category": _concept(f"{_HL7}/adjudication", "submitted", "Submitted"), "amount": money}
                ],
                "payment": {"amount": money},
            }
        )


def patient(seed: int, visits: int) -> Resource:
    """One patient's transaction: the same for the same seed; ``1 + 18 * visits`` resources."""
    made = _Patient(seed)
    made.entries.append(_post(made.person(), full=made.subject["reference"]))
    at = datetime(2015, 1, 5, 8, tzinfo=_ZONE) + timedelta(days=made.chance.randrange(200))
    for _ in range(visits):
        made.visit(at)
        at += timedelta(days=made.chance.randrange(20, 200), minutes=made.chance.randrange(600))
    return {"resourceType": "Bundle", "type": "transaction", "entry": made.entries}


def population(resources: int, *, visits: int = 12, first: int = 1) -> Iterator[Resource]:
    """Patients of ``1 + 18 * visits`` resources each, until there are at least so many resources."""
    seed, made = first, 0
    while made < resources:
        bundle = patient(seed, visits)
        yield bundle
        made += len(bundle["entry"])
        seed += 1
