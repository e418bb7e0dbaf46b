"""On which legal basis a unit may ask the province for documents of a patient, and for which purpose.

Law 91/2025/QH15 on personal data protection, articles 19 and 26; before 2026 Decree 13/2023.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from lienthong import records
from lienthong.access import grounds
from lienthong.documents import problems
from lienthong.foundation.errors import LienThongError

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

TREATMENT, EMERGENCY, CONSENT = "treatment", "emergency", "consent"
BASES: dict[str, StrOrPromise] = {
    TREATMENT: _("This unit is treating the patient"),
    EMERGENCY: _("Emergency: life or health is in danger"),
    CONSENT: _("The patient has consented in writing"),
}
PURPOSES: dict[str, StrOrPromise] = {
    "TREAT": _("Treatment"),
    "ETREAT": _("Emergency treatment"),
    "COC": _("Coordination of care"),
}
"""v3-PurposeOfUse."""
SHORTEST_REASON = 10
_TREATED = ("Encounter", "Appointment")


def fits(basis: str, purpose: str) -> bool:
    """Whether a basis is one of ours, in force today, and stands for a purpose (:mod:`lienthong.access.grounds`)."""
    held = grounds.bases().get(basis) if basis in BASES else None
    return held is not None and purpose in PURPOSES and purpose in held.purposes


def check(patient: str, basis: str, purpose: str, why: str) -> None:
    """Whether a unit may ask about a patient.

    Raises:
        LienThongError: ``document-basis``: not for this purpose, or a treatment that the record knows nothing of;
            ``document-reason``: emergency and consent need words.
    """
    if not fits(basis, purpose):
        raise LienThongError(problems.no_basis())
    if basis == TREATMENT and not _treated(patient):
        raise LienThongError(problems.not_treated())
    if basis != TREATMENT and len(why.strip()) < SHORTEST_REASON:
        raise LienThongError(problems.no_reason())


def _treated(patient: str) -> bool:
    """Whether the record knows of a treatment; a request that is a draft still is none."""
    if records.for_patient(patient, _TREATED, limit=1, with_restricted=True):
        return True
    requests = records.for_patient(patient, ["ServiceRequest"], with_restricted=True)
    return any(one.resource.get("status") != "draft" for one in requests)
