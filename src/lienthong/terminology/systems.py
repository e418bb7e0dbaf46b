"""Every URI that we write into a resource, in one table.

``BASE`` is the exchange's own namespace. It only names things and is never called. The vn-core URIs are those
of hl7vn/vn-core-ig (commit 8e6b6e0, draft); they stand beside ours, no conformance to that draft is claimed.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

BASE: Final = "https://lienthong.example/fhir"
CODES: Final = f"{BASE}/CodeSystem/"
EXTENSIONS: Final = f"{BASE}/StructureDefinition/"
SID: Final = f"{BASE}/sid/"
VN_SID: Final = "http://fhir.ehealth.gov.vn/core/sid/"

CITIZEN_NUMBER: Final = VN_SID + "national_id"
OLD_IDENTITY_CARD: Final = VN_SID + "citizen_id"
PASSPORT: Final = VN_SID + "passport_number"
INSURANCE_CARD: Final = VN_SID + "insurance_number"
SOCIAL_INSURANCE: Final = SID + "social-insurance-number"
FACILITY: Final = VN_SID + "provider-code"
PRACTITIONER_LICENCE: Final = VN_SID + "provider-medical-license-number"
SLIP: Final = SID + "transfer-slip"
APPOINTMENT_SLIP: Final = SID + "appointment-slip"

ICD10: Final = "http://hl7.org/fhir/sid/icd-10"
ICD9CM: Final = "http://hl7.org/fhir/sid/icd-9-cm"
LOINC: Final = "http://loinc.org"
SNOMED: Final = "http://snomed.info/sct"
UCUM: Final = "http://unitsofmeasure.org"

ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
ACT_PRIORITY: Final = "http://terminology.hl7.org/CodeSystem/v3-ActPriority"
CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
NULL_FLAVOR: Final = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"
PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
ROLE: Final = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
IDENTIFIER_TYPE: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
DIAGNOSTIC_SERVICE: Final = "http://terminology.hl7.org/CodeSystem/v2-0074"
CONDITION_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/condition-category"
CONDITION_VERIFICATION: Final = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
COVERAGE_CLASS: Final = "http://terminology.hl7.org/CodeSystem/coverage-class"
DIAGNOSIS_ROLE: Final = "http://terminology.hl7.org/CodeSystem/diagnosis-role"
DISCHARGE_DISPOSITION: Final = "http://terminology.hl7.org/CodeSystem/discharge-disposition"
LOCATION_TYPE: Final = "http://terminology.hl7.org/CodeSystem/location-physical-type"
OBSERVATION_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
PROVENANCE_AGENT: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"

BIRTH_TIME: Final = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
NATIONALITY: Final = "http://hl7.org/fhir/StructureDefinition/patient-nationality"
DATA_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

XHTML: Final = "http://www.w3.org/1999/xhtml"
URI: Final = "urn:ietf:rfc:3986"
SHA256: Final = SID + "sha-256"
ARCHIVE_NUMBER: Final = SID + "archive-number"
TRANSFER_REGISTER: Final = SID + "transfer-register"
CERTIFICATE: Final = SID + "certificate"


PROBLEM: Final = CODES + "problem"
"""Stable codes of :class:`lienthong.foundation.errors.Problem`."""


def patient_number(facility: str) -> str:
    """System of MA_BN: the patient number inside one facility."""
    return f"{SID}patient/{quote(facility, safe='')}"


def episode(facility: str) -> str:
    """System of MA_LK: the treatment episode of one facility."""
    return f"{SID}episode/{quote(facility, safe='')}"


def record_number(facility: str) -> str:
    """System of MA_HSBA: the medical record inside one facility."""
    return f"{SID}record/{quote(facility, safe='')}"


def codes(name: str) -> str:
    """The code system of an insurance code list, e.g. ``codes("ma-loai-kcb")``."""
    return CODES + name


def extension(name: str) -> str:
    """The URL of one of our extensions, e.g. ``extension("source-text")``."""
    return EXTENSIONS + name


def dossier(facility: str, ma_lk: str) -> str:
    """``meta.source`` of what was made of a dossier: the episode, whichever file brought it."""
    return f"urn:lienthong:dossier:{quote(facility, safe='')}:{quote(ma_lk, safe='')}"


def patients_of(facility: str) -> str:
    """``meta.source`` of what outlives the episode: the patient and the insurance cards of one facility."""
    return f"urn:lienthong:patients:{quote(facility, safe='')}"
