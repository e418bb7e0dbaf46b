"""What a step of each kind says beside who took it and when; the same at both hospitals."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from django.utils.translation import gettext_lazy as _
from msgspec import Meta, Struct

from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.transfers import problems
from lienthong.transfers.models import State

Text = Annotated[str, Meta(max_length=4000)]
Line = Annotated[str, Meta(max_length=200)]
Said = Annotated[str, Meta(min_length=1, max_length=4000)]
Moment = Annotated[str, Meta(pattern=r"^$|^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$")]
"""ISO 8601 in UTC as :func:`lienthong.foundation.clock.iso` writes it, or nothing."""

DECLINED = {
    "no-bed": _("No bed"),
    "no-specialty": _("Specialty not offered here"),
    "no-equipment": _("Equipment or technique not available"),
    "treat-there": _("Can be treated where the patient is"),
    "too-unstable": _("Not fit for transport yet"),
    "other-hospital": _("Another hospital fits better"),
    "incomplete": _("Not enough information"),
    "other": _("Another reason"),
}
CANCELLED = {
    "treated-here": _("Treated here after all"),
    "other-hospital": _("Sent to another hospital"),
    "patient-refused": _("Patient or family does not want it"),
    "died": _("Patient died"),
    "mistaken": _("Entered by mistake"),
    "other": _("Another reason"),
}
NO_SHOW = {
    "unknown": _("Nothing known"),
    "other-hospital": _("Went to another hospital"),
    "went-home": _("Went home"),
    "died": _("Died on the way"),
    "other": _("Another reason"),
}
RESULTS = {
    "1": _("Cured"),
    "2": _("Better"),
    "3": _("Unchanged"),
    "4": _("Worse"),
    "5": _("Died"),
    "6": _("Asked to go home in a grave state"),
    "7": _("Not judged"),
}
"""KET_QUA_DTRI of Decision 4750/QD-BYT."""


class Medicine(Struct, forbid_unknown_fields=True):
    """A medicine to go on with."""

    name: Line
    dose: Line = ""
    frequency: Line = ""
    days: Line = ""


class Nothing(Struct, forbid_unknown_fields=True):
    """A step that says nothing more."""


class Noted(Struct, forbid_unknown_fields=True):
    """A step that may carry a remark."""

    note: Text = ""


class Words(Struct, forbid_unknown_fields=True):
    """Something said to the other side."""

    text: Said


class Coded(Struct, forbid_unknown_fields=True):
    """A coded reason; ``advice`` is what the other side may do now."""

    code: Line
    note: Text = ""
    advice: Text = ""


class Bed(Struct, forbid_unknown_fields=True):
    """A bed that waits for the patient."""

    ward: Said
    bed: Line = ""
    contact: Line = ""
    note: Text = ""


class Appointment(Struct, forbid_unknown_fields=True):
    """When and where the patient is expected; ``at`` is a moment."""

    at: Moment
    ward: Line = ""
    contact: Line = ""
    note: Text = ""


class Departed(Struct, forbid_unknown_fields=True):
    """How the patient travels; ``arrives_at``: expected."""

    transport: Line = ""
    escort_name: Line = ""
    escort_title: Line = ""
    contact: Line = ""
    arrives_at: Moment = ""
    condition: Text = ""
    note: Text = ""


class Arrived(Struct, forbid_unknown_fields=True):
    """How the arrival was noticed (``list``, ``letter``, ``citizen``, ``his``), and how the patient is."""

    how: Line = "list"
    condition: Text = ""
    note: Text = ""


class Admitted(Struct, forbid_unknown_fields=True):
    """Where the patient lies."""

    ward: Line = ""
    bed: Line = ""
    doctor: Line = ""
    diagnosis: Text = ""
    note: Text = ""


class Interim(Struct, forbid_unknown_fields=True):
    """How it goes."""

    text: Said
    diagnosis: Text = ""
    condition: Text = ""


class Outcome(Struct, forbid_unknown_fields=True):
    """The return letter.

    Attributes:
        result: KET_QUA_DTRI; agreed: ``yes``, ``partly`` or ``no`` with the sender's diagnosis.
        remarks: on the transfer itself (safety, appropriateness).
        return_to: facility that goes on with the treatment; the sender when empty.
    """

    diagnosis: Said
    diagnosis_code: Line = ""
    course: Text = ""
    treatment: Text = ""
    result: Line = ""
    condition: Text = ""
    advice: Text = ""
    medicines: Annotated[list[Medicine], Meta(max_length=60)] = []
    appointment_at: Moment = ""
    appointment_ward: Line = ""
    appointment_number: Line = ""
    agreed: Line = ""
    remarks: Text = ""
    return_to: Line = ""
    admitted_at: Moment = ""
    discharged_at: Moment = ""
    signed_by: Line = ""


KINDS: dict[State, type[Struct]] = {
    State.SENT: Nothing,
    State.RECEIVED: Nothing,
    State.SEEN: Nothing,
    State.ASKED: Words,
    State.TOLD: Words,
    State.ACCEPTED: Noted,
    State.DECLINED: Coded,
    State.BED: Bed,
    State.APPOINTMENT: Appointment,
    State.STABILISED: Noted,
    State.DEPARTED: Departed,
    State.NO_SHOW: Coded,
    State.ARRIVED: Arrived,
    State.ADMITTED: Admitted,
    State.INTERIM: Interim,
    State.OUTCOME: Outcome,
    State.CLOSED: Noted,
    State.CANCELLED: Coded,
    State.NOTE: Words,
}
_CODES = {State.DECLINED: DECLINED, State.CANCELLED: CANCELLED, State.NO_SHOW: NO_SHOW}


def checked(kind: State, data: Any) -> dict[str, Any]:
    """``data`` with everything that its kind knows, texts trimmed.

    Raises:
        LienThongError: ``transfer-step-data``: which field is missing or wrong.
    """
    try:
        value = msgspec.to_builtins(msgspec.convert(_trimmed(data), KINDS[kind]))
        if kind in _CODES and value["code"] not in _CODES[kind]:
            raise ValueError(f"code: {value['code'][:40]}")
        for name in ("at", "arrives_at", "appointment_at", "admitted_at", "discharged_at"):
            if value.get(name):
                clock.said(value[name])
        if kind is State.APPOINTMENT and not value["at"]:
            raise ValueError("at")
    except (msgspec.ValidationError, ValueError) as error:
        raise LienThongError(problems.step_data(kind.value, str(error))) from error
    return dict(value)


def _trimmed(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").strip()
    if isinstance(value, dict):
        return {name: _trimmed(inner) for name, inner in value.items()}
    return [_trimmed(inner) for inner in value] if isinstance(value, list) else value


def code(kind: State, data: dict[str, Any]) -> str:
    """The coded reason, which the hub counts; empty for kinds without one. A death is nobody else's to know."""
    found = str(data.get("code", "")) if kind in _CODES else ""
    return "other" if found == "died" else found
