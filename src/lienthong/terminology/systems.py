"""Every URI that we write into a resource, in one table.

``BASE`` is the exchange's own namespace. It only names things and is never called. The vn-core URIs are those of
hl7vn/vn-core-ig (commit 8e6b6e0, draft); they stand beside ours, and no conformance to that draft is claimed.
"""

from __future__ import annotations

from typing import Final

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


def patient_number(facility: str) -> str:
    """System of MA_BN: the patient number inside one facility."""
    return f"{SID}patient/{facility}"


def episode(facility: str) -> str:
    """System of MA_LK: the treatment episode of one facility."""
    return f"{SID}episode/{facility}"


def record_number(facility: str) -> str:
    """System of MA_HSBA: the medical record inside one facility."""
    return f"{SID}record/{facility}"


def codes(name: str) -> str:
    """The code system of an insurance code list, e.g. ``codes("ma-loai-kcb")``."""
    return CODES + name
