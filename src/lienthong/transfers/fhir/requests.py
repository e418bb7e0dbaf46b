"""The ServiceRequest of a transfer as it is read: the form in FHIR, whole in one resource."""

from __future__ import annotations

import re
from copy import copy
from decimal import Decimal
from typing import Any

from lienthong.terminology import systems
from lienthong.transfers import form as forms
from lienthong.transfers import resources
from lienthong.transfers.fhir import words
from lienthong.transfers.fhir.words import Resource
from lienthong.transfers.models import Transfer

_ELSEWHERE = frozenset(
    ("person", "urgency", "diagnosis", "diagnosis_code", "reason", "slip", "register", "service", "question")
)
"""Fields of the form that elements of R4 carry."""
_STATES = {"allergies": "known", "home_medicines": "listed", "infection": "present"}
_QUANTITY = re.compile(r"(<=|>=|<|>)?(-?[0-9]{1,12}(?:\.[0-9]{1,6})?)")
_MOMENTS = ("departs_at", "arrives_at", "onset_at")


def resource(transfer: Transfer) -> Resource:
    """The request with diagnosis, allergies, home medicines, alerts, vital signs and key results contained."""
    request = resources.service_request(transfer)
    request["identifier"] = identifiers(transfer)
    contained = [*_conditions(transfer), *_beside(transfer), *_results(transfer)]
    reasons = [one for one in contained if one["resourceType"] == "Condition"]
    request |= {
        "contained": contained,
        "reasonReference": [{"reference": f"#{one['id']}"} for one in reasons],
        "supportingInfo": [{"reference": f"#{one['id']}"} for one in contained if one not in reasons],
        "extension": _extension(transfer),
        "orderDetail": [{"text": transfer.form["service"]}] if transfer.form.get("service") else [],
        "note": [{"text": transfer.form["question"]}] if transfer.form.get("question") else [],
    }
    return {name: value for name, value in request.items() if value not in ([], {})}


def identifiers(transfer: Transfer) -> list[Resource]:
    """Everything that the transfer is called: its loop, its slip, what the hospitals' own systems call it."""
    found = [(words.LOOP, transfer.loop)]
    if transfer.slip:
        found.append((systems.SLIP, transfer.slip))
    found += [(one.system, one.value) for one in transfer.identifiers.all() if one.system != words.KEY]
    if transfer.ma_lk:
        found.append((systems.episode(transfer.sender), transfer.ma_lk))
    if transfer.form.get("register"):
        found.append((systems.TRANSFER_REGISTER, str(transfer.form["register"])))
    return [{"system": system, "value": value} for system, value in found]


def _conditions(transfer: Transfer) -> list[Resource]:
    main: Resource = {"text": transfer.diagnosis}
    if transfer.diagnosis_code:
        main["coding"] = [{"system": systems.ICD10, "code": transfer.diagnosis_code}]
    others = str(transfer.form.get("other_diagnoses", "")).splitlines()
    codes = [main] if transfer.diagnosis else []
    codes += [{"text": text} for line in others if (text := line.strip())]
    return [
        {"resourceType": "Condition", "id": f"c{n}", "subject": resources.subject(transfer), "code": code}
        for n, code in enumerate(codes, 1)
    ]


def _beside(transfer: Transfer) -> list[Resource]:
    named = copy(transfer)
    named.patient = transfer.patient or transfer.loop
    named.changed_at = transfer.signed_at or transfer.begun_at  # a step says nothing new of them
    about = resources.subject(transfer)
    return [
        {**one, "id": f"s{number}", ("patient" if "patient" in one else "subject"): about}
        for number, one in enumerate(resources.of_form(named), 1)
    ]


def _results(transfer: Transfer) -> list[Resource]:
    found = []
    for number, row in enumerate(transfer.form.get("key_results", ()), 1):
        one: Resource = {
            "resourceType": "Observation",
            "id": f"r{number}",
            "status": "final",
            "code": {"text": row["test"] or "—"},
            "subject": resources.subject(transfer),
            **_measured(row["value"], row["unit"]),
        }
        if row["at"]:
            one["issued"] = row["at"]
        if row["range"]:
            one["referenceRange"] = [{"text": row["range"]}]
        if row["laboratory"]:
            one["performer"] = [{"display": row["laboratory"]}]
        if row["flag"]:
            one["interpretation"] = [{"text": row["flag"]}]
        found.append(one)
    return found


def _measured(value: str, unit: str) -> Resource:
    """``value[x]`` of a result: a quantity where it is one."""
    match = _QUANTITY.fullmatch(value)
    if match is None:
        return {"valueString": " ".join(filter(None, (value, unit))) or "—"}
    quantity: Resource = {"value": Decimal(match[2])}
    quantity |= {"comparator": match[1]} if match[1] else {}
    return {"valueQuantity": quantity | ({"unit": unit} if unit else {})}


def _extension(transfer: Transfer) -> list[Resource]:
    inner = [
        _inner(name, value)
        for name, value in transfer.form.items()
        if name in forms.FIELDS and name not in _ELSEWHERE and isinstance(value, str | int | float | bool)
        if value != ""
    ]
    for name in _STATES:
        said = transfer.form.get(name) or {}
        if said.get("state"):
            inner.append(_inner(f"{name}.state", said["state"]))
        if said.get("note"):
            inner.append(_inner(f"{name}.note", said["note"]))
    return [{"url": words.FORM, "extension": inner}] if inner else []


def _inner(name: str, value: Any) -> Resource:
    if isinstance(value, bool):
        return {"url": name, "valueBoolean": value}
    if isinstance(value, int | float):
        return {"url": name, "valueDecimal": value}
    return {"url": name, "valueDateTime" if name in _MOMENTS else "valueString": value}
