"""A hospital's own ServiceRequest, with what stands beside it, as the form of a transfer.

Which element goes where: ``docs/reference/fhir-door.md``. Nothing is guessed; what has no place is left out and named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.foundation.wsgi import HttpError
from lienthong.terminology import systems
from lienthong.transfers import form as forms
from lienthong.transfers.fhir import problems, words
from lienthong.transfers.fhir.words import Resource

MOST_LISTED = 60


@dataclass(slots=True)
class Asked:
    """What a call asks for.

    Attributes:
        send: whether to sign and send (``status`` active) or to keep a draft.
        identifiers: the calling system's own, as system and value.
        form: fields of the form that the call fills in.
        ignored: resources that were given and have no place in the form, as ``Type``.
    """

    send: bool
    receiver: str
    ma_lk: str
    identifiers: list[tuple[str, str]]
    person: Resource | None
    patient: str
    encounter: str
    form: dict[str, Any] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)


def asked(request: Resource, beside: Sequence[Resource], *, begun: bool = False) -> Asked:
    """What a ServiceRequest and the resources beside it (contained, or of the same Bundle) ask for.

    Args:
        begun: the transfer is there already, so that the patient need not be named again.

    Raises:
        HttpError: 422, an element that the loop cannot take; its path is in the problem.
    """
    if request.get("status") not in ("draft", "active"):
        raise _wrong("ServiceRequest.status", "draft | active")
    if request.get("intent") not in ("order", "proposal", "plan", "original-order"):
        raise _wrong("ServiceRequest.intent", "order")
    if request.get("priority", "routine") not in words.PRIORITIES:
        raise _wrong("ServiceRequest.priority", " | ".join(words.PRIORITIES))
    person, patient = _subject(request, beside)
    if not begun and person is None and not patient:
        raise _wrong("ServiceRequest.subject", "Patient")
    here = systems.episode(directory.here())
    found = Asked(
        send=request["status"] == "active",
        receiver=_receiver(request),
        ma_lk=words.identified(request.get("identifier"), here)[:100],
        identifiers=[
            (str(one["system"])[:255], str(one["value"])[:255])
            for one in request.get("identifier", ())
            if one.get("system") and one.get("value") and one["system"] not in (*words.OWN, here)
        ],
        person=person,
        patient=patient,
        encounter=_local(request.get("encounter"), "Encounter"),
    )
    found.form = {name: value for name, value in _fields(request, person, beside, found.ignored) if value}
    for name, value in found.form.items():
        try:
            found.form[name] = forms.cleaned(name, value)
        except LienThongError as error:
            raise HttpError(422, error.problem) from error
    return found


def _wrong(path: str, wanted: str) -> HttpError:
    return HttpError(422, problems.not_understood(f"{path}: {wanted}", path))


def _receiver(request: Resource) -> str:
    performers = request.get("performer") or []
    if len(performers) > 1:
        raise _wrong("ServiceRequest.performer", "1 performer")
    for one in performers:
        code = words.identified([one.get("identifier")], systems.FACILITY)
        if not code:
            raise _wrong("ServiceRequest.performer", f"identifier {systems.FACILITY}")
        return code[:16]
    return ""


def _subject(request: Resource, beside: Sequence[Resource]) -> tuple[Resource | None, str]:
    """The Patient that came along, or the FHIR id of one whom this node knows."""
    given = [one for one in beside if one["resourceType"] == "Patient"]
    if len(given) > 1:
        raise _wrong("ServiceRequest.subject", "1 Patient")
    if given:
        return given[0], ""
    return None, _local(request["subject"], "Patient")


def _local(reference: Any, kind: str) -> str:
    value = str(reference.get("reference", "")) if isinstance(reference, dict) else ""
    found, _, identifier = value.partition("/")
    return identifier[:64] if found == kind and identifier.replace("-", "").isalnum() else ""


def _fields(
    request: Resource, person: Resource | None, beside: Sequence[Resource], ignored: list[str]
) -> list[tuple[str, Any]]:
    """Name and raw value of each field; later ones win, so that what is said in so many words stands."""
    found: list[tuple[str, Any]] = [
        ("urgency", words.PRIORITIES[str(request.get("priority", "routine"))]),
        ("slip", words.identified(request.get("identifier"), systems.SLIP)),
        ("register", words.identified(request.get("identifier"), systems.TRANSFER_REGISTER)),
        ("service", "; ".join(filter(None, map(words.text, request.get("orderDetail") or ())))),
        ("question", "\n".join(one["text"] for one in request.get("note") or ())),
        ("reason", _first(words.codings(one, words.REASON) for one in request.get("reasonCode") or ())),
    ]
    if person is not None:
        found.append(("person", _person(person)))
    for name, taken in _TAKEN.items():
        listed = [one for one in beside if one["resourceType"] == name]
        found += taken(listed) if listed else []
    if not any(one["resourceType"] == "Condition" for one in beside):
        found += _of_reason(request)
    ignored += [one["resourceType"] for one in beside if one["resourceType"] not in (*_TAKEN, "Patient")]
    return _merged(found + _said(request))


def _merged(found: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """What the extensions say of a state joins what the lists beside it hold."""
    values: dict[str, Any] = {}
    for name, value in found:
        before = values.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            value = {**before, **value}
        if value not in ("", None):
            values[name] = value
    return list(values.items())


def _first(listed: Any) -> str:
    return next((code for codes in listed for code in codes), "")


def _of_reason(request: Resource) -> list[tuple[str, Any]]:
    """A diagnosis that stands in ``reasonCode`` alone."""
    for one in request.get("reasonCode") or ():
        codes = words.codings(one, systems.ICD10)
        if codes or not words.codings(one, words.REASON):
            return [("diagnosis", words.text(one)), ("diagnosis_code", codes[0] if codes else "")]
    return []


def _said(request: Resource) -> list[tuple[str, Any]]:
    """The extension ``transfer-form``: a field by its name."""
    found: list[tuple[str, Any]] = []
    for outer in request.get("extension") or ():
        for inner in outer.get("extension", ()) if outer.get("url") == words.FORM else ():
            name, value = str(inner.get("url", "")), _value(inner)
            outer_name, _, member = name.partition(".")
            if outer_name not in forms.FIELDS:
                path = f"ServiceRequest.extension({words.FORM}).{name[:60]}"
                raise _wrong(path, "no field of the form")
            if outer_name in ("allergies", "home_medicines", "infection"):
                value = {member or "state": value}
            elif member:
                value = {member: value}
            found.append((outer_name, value))
    return found


def _value(element: Mapping[str, Any]) -> Any:
    """The ``value[x]`` of an extension, observation or parameter, as the form writes it."""
    for name, value in element.items():
        if not name.startswith("value"):
            continue
        if name in ("valueDateTime", "valueInstant"):
            return moment(str(value))
        if name == "valueQuantity":
            return value.get("value")
        if name == "valueCodeableConcept":
            return words.text(value)
        return None if isinstance(value, dict | list) else value
    return None


def moment(text: str) -> str:
    """A FHIR dateTime in UTC; a day is its beginning in Viet Nam.

    Raises:
        HttpError: 422: no such time.
    """
    try:
        found = clock.from_iso(text)
        found = found if found.tzinfo else found.replace(tzinfo=clock.VIETNAM)
        return clock.iso(clock.said(found.isoformat()))
    except (ValueError, OverflowError) as error:
        raise HttpError(422, problems.not_understood(f"dateTime: {text[:40]}")) from error


def _person(patient: Resource) -> dict[str, str]:
    name = (patient.get("name") or [{}])[0]
    spelt = name.get("text") or " ".join(filter(None, (name.get("family"), *name.get("given", ()))))
    address = (patient.get("address") or [{}])[0]
    phones = [one.get("value", "") for one in patient.get("telecom") or () if one.get("system") == "phone"]
    cards = [one for one in patient.get("identifier") or () if one.get("system") == systems.INSURANCE_CARD]
    found = {
        "name": spelt,
        "birth": patient.get("birthDate", ""),
        "gender": patient.get("gender", ""),
        "citizen": words.identified(patient.get("identifier"), systems.CITIZEN_NUMBER),
        "card": cards[0].get("value", "") if cards else "",
        "card_until": (cards[0].get("period") or {}).get("end", "") if cards else "",
        "phone": phones[0] if phones else "",
        "address": address.get("text") or ", ".join(address.get("line", ())),
    }
    for one in patient.get("extension") or ():
        for member, url in words.PERSON.items():
            inner = (one.get("extension") or [{}])[0] if member == "nationality" else one
            if one.get("url") == url:
                concept = inner.get("valueCodeableConcept")
                listed = [c for c in (concept or {}).get("coding", ()) if c.get("code")]
                found[member] = listed[0]["code"] if listed else words.text(concept)
    return {member: str(value) for member, value in found.items() if value}


def _conditions(listed: Sequence[Resource]) -> list[tuple[str, Any]]:
    main, *others = listed
    more = [
        " ".join(
            filter(None, (*words.codings(one.get("code"), systems.ICD10)[:1], words.text(one.get("code"))))
        )
        for one in others
    ]
    codes = words.codings(main.get("code"), systems.ICD10)
    return [
        ("diagnosis", words.text(main.get("code"))),
        ("diagnosis_code", codes[0] if codes else ""),
        ("other_diagnoses", "\n".join(filter(None, more))),
    ]


def _allergies(listed: Sequence[Resource]) -> list[tuple[str, Any]]:
    known = [one for one in listed if words.NO_ALLERGY not in words.codings(one.get("code"), systems.SNOMED)]
    if not known:
        return [("allergies", {"state": "none-known", "list": []})]
    rows = []
    for one in known[:MOST_LISTED]:
        reaction = (one.get("reaction") or [{}])[0]
        rows.append(
            {
                "substance": words.text(one.get("code")),
                "reaction": words.text((reaction.get("manifestation") or [{}])[0]),
                "severity": str(reaction.get("severity") or one.get("criticality") or ""),
            }
        )
    return [("allergies", {"state": "known", "list": rows})]


def _medicines(listed: Sequence[Resource]) -> list[tuple[str, Any]]:
    rows = [medicine(one) for one in listed[:MOST_LISTED]]
    kept = [{name: row[name] for name in ("name", "dose", "frequency")} for row in rows]
    return [("home_medicines", {"state": "listed", "list": kept})]


def medicine(statement: Resource) -> dict[str, str]:
    """Name, dose, frequency and days of a MedicationStatement."""
    dosage = (statement.get("dosage") or [{}])[0]
    timing = dosage.get("timing") or {}
    bounds = (timing.get("repeat") or {}).get("boundsDuration") or {}
    return {
        "name": words.text(statement.get("medicationCodeableConcept")),
        "dose": str(dosage.get("text", "")),
        "frequency": words.text(timing.get("code")),
        "days": str(bounds["value"]) if "value" in bounds else str(dosage.get("patientInstruction", "")),
    }


def _flags(listed: Sequence[Resource]) -> list[tuple[str, Any]]:
    codes = [code for one in listed for code in words.codings(one.get("code"), words.INFECTION)]
    notes = [
        words.text(one.get("code")) for one in listed if not words.codings(one.get("code"), words.INFECTION)
    ]
    found: dict[str, Any] = {"state": "present", "list": codes}
    return [("infection", {**found, "note": "; ".join(notes)})]


def _observations(listed: Sequence[Resource]) -> list[tuple[str, Any]]:
    signs: dict[str, Any] = {}
    results: list[dict[str, str]] = []
    found: list[tuple[str, Any]] = []
    for one in listed:
        at = str(one.get("effectiveDateTime") or one.get("effectiveInstant") or one.get("issued") or "")
        codes = words.codings(one.get("code"), systems.LOINC)
        if words.WEIGHT in codes:
            found.append(("weight", _value(one)))
        elif words.BLOOD_PRESSURE in codes or any(code in words.VITALS for code in codes):
            for part in (one, *(one.get("component") or ())):
                for code in words.codings(part.get("code"), systems.LOINC):
                    if code in words.VITALS:
                        signs[words.VITALS[code]] = _value(part)
            signs |= {"at": moment(at)} if at else {}
        else:
            results.append(_result(one, at))
    return [*found, ("vitals", signs), ("key_results", results)]


def _result(one: Resource, at: str) -> dict[str, str]:
    bounds = (one.get("referenceRange") or [{}])[0]
    edges = [str((bounds.get(edge) or {}).get("value", "")) for edge in ("low", "high")]
    quantity = one.get("valueQuantity") or {}
    value = _value(one)
    return {
        "test": words.text(one.get("code")),
        "value": f"{quantity.get('comparator', '')}{value}" if value is not None else "",
        "unit": str(quantity.get("unit") or quantity.get("code") or ""),
        "range": str(bounds.get("text") or "–".join(edges) if any(edges) or bounds.get("text") else ""),
        "at": moment(at) if at else "",
        "laboratory": str(((one.get("performer") or [{}])[0]).get("display", "")),
        "flag": words.text((one.get("interpretation") or [{}])[0]),
    }


_TAKEN = {
    "Condition": _conditions,
    "AllergyIntolerance": _allergies,
    "MedicationStatement": _medicines,
    "Observation": _observations,
    "Flag": _flags,
}
