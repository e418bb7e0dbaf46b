"""What is read out of a resource for finding it again: patient, clinical moment, whether it is protected."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

from lienthong.access import protected
from lienthong.foundation.clock import VIETNAM

Resource = dict[str, Any]

SHARED = frozenset({"Patient", "Organization", "Practitioner"})
"""Types that many origins share; they are merged, never removed with one origin."""

_MAY_HOLD = frozenset({"entry", "securityLabel", "confidentiality"})
"""Elements that may say or hold something protected, beside ``meta``."""
_TIMES = (
    "effectiveDateTime",
    "performedDateTime",
    "whenHandedOver",
    "recordedDate",
    "authoredOn",
    "occurrenceDateTime",
    "date",
    "issued",
    "start",
    "recorded",
    "onsetDateTime",
    "created",
)
_PERIODS = ("period", "performedPeriod", "effectivePeriod", "occurrencePeriod", "context", "requestedPeriod")
_PATIENTS = ("subject", "patient", "beneficiary", "for")


def moment(resource: Resource) -> str:
    """The clinical time as ``yyyy-MM-ddTHH:mm:ssZ``, or empty where the resource has none."""
    for name in _TIMES:
        value = resource.get(name)
        if isinstance(value, str):
            return utc(value)
    for name in _PERIODS:
        period = resource.get(name)
        if isinstance(period, list) and period:
            period = period[0]
        if isinstance(period, dict):
            period = period.get("period", period)
            value = period.get("start") or period.get("end")
            if value:
                return utc(value)
    return ""


@lru_cache(maxsize=8192)
def utc(text: str) -> str:
    """A FHIR date or dateTime as ``yyyy-MM-ddTHH:mm:ssZ``; a date counts from midnight in Viet Nam."""
    try:
        if len(text) > 10:
            at = datetime.fromisoformat(text)
        else:
            year, month, day = (*text.split("-"), "1", "1")[:3]
            at = datetime.combine(date(int(year), int(month), int(day)), time(), VIETNAM)
    except ValueError:
        return ""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def patient_ref(resource: Resource) -> str:
    """``Patient/id`` of the patient it belongs to (the resource itself for a Patient), or empty."""
    kind = resource["resourceType"]
    if kind == "Patient":
        return f"Patient/{resource['id']}"
    for name in _PATIENTS:
        reference = resource.get(name)
        if isinstance(reference, dict) and str(reference.get("reference", "")).startswith("Patient/"):
            return str(reference["reference"])
    candidates = (
        [p.get("actor", {}) for p in resource.get("participant", ())]
        if kind == "Appointment"
        else resource.get("target", ())
        if kind == "Provenance"
        else ()
    )
    for reference in candidates:
        if str(reference.get("reference", "")).startswith("Patient/"):
            return str(reference["reference"])
    return ""


def restricted(resource: Resource) -> int:
    """The kinds of special protection of it and of what is in it, a bit for each; 0 for a resource open to all."""
    meta = resource.get("meta")
    if not (meta and meta.get("security")) and _MAY_HOLD.isdisjoint(resource):
        return 0
    return protected.mask(protected.of(resource))


def appointed_day(appointment: Resource) -> str:
    """The day in Viet Nam (``yyyy-MM-dd``) for which an Appointment is, or empty."""
    wanted = next((p for p in appointment.get("requestedPeriod", ()) if isinstance(p, dict)), {})
    at = utc(str(appointment.get("start") or wanted.get("start") or ""))
    return datetime.fromisoformat(at).astimezone(VIETNAM).date().isoformat() if at else ""
