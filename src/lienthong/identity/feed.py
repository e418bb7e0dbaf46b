"""What a site tells the hub of a Patient: who it is, nothing clinical (IHE PIXm ITI-104, Patient Identity Feed)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from lienthong.foundation import json
from lienthong.identity import leaving
from lienthong.terminology import systems

Resource = dict[str, Any]

_KEPT: Final = (
    "identifier",
    "active",
    "name",
    "telecom",
    "gender",
    "birthDate",
    "deceasedBoolean",
    "deceasedDateTime",
    "address",
    "multipleBirthBoolean",
    "multipleBirthInteger",
)
_IDENTIFIER = ("use", "type", "system", "value", "period")
_MOTHER = "MTH"


def minimal(patient: Resource, facility: str) -> Resource:
    """A Patient of a facility with what tells who it is: identifiers, name, birth, sex, address, phone, death, and of
    a newborn the mother's number and name. No photograph, no notes, no care provider, no extension of its own."""
    told: Resource = {
        "resourceType": "Patient",
        "id": patient["id"],
        "meta": {"source": systems.patients_of(facility)},
    }
    told |= {name: patient[name] for name in _KEPT if name in patient}
    if "identifier" in told:
        told["identifier"] = [
            {name: one[name] for name in _IDENTIFIER if name in one} for one in told["identifier"]
        ]
    if mothers := [_mother(one) for one in patient.get("contact", ()) if _is_mother(one)]:
        told["contact"] = mothers
    links = [one for one in map(_link, patient.get("link", ())) if one]
    if links:
        told["link"] = links
    if leaving.replaced_by(patient):
        told["active"] = False
    return told


def with_numbers(patient: Resource, others: Mapping[str, Resource], facility: str) -> Resource:
    """A Patient whose links name other Patients of the facility by their patient numbers, too.

    Args:
        others: those that it may link to, by ``Patient/id``.
    """
    own = systems.patient_number(facility)
    links = []
    for link in patient.get("link", ()):
        other = link.get("other", {})
        listed = others.get(str(other.get("reference", "")), {}).get("identifier", ())
        number = next((one["value"] for one in listed if one.get("system") == own and one.get("value")), "")
        if number and "identifier" not in other:
            link = link | {"other": other | {"identifier": {"system": own, "value": number}}}
        links.append(link)
    return patient | {"link": links} if links else patient


def _is_mother(contact: Resource) -> bool:
    codings = (one for kind in contact.get("relationship", ()) for one in kind.get("coding", ()))
    return any(one.get("code") == _MOTHER for one in codings)


def _mother(contact: Resource) -> Resource:
    return {name: contact[name] for name in ("relationship", "name") if name in contact}


def _link(link: Resource) -> Resource | None:
    """A link by number; the hub may not know the other Patient yet."""
    number = link.get("other", {}).get("identifier")
    return {"other": {"identifier": number}, "type": link["type"]} if number and "type" in link else None


def removed(id: str, facility: str) -> Resource:
    """A Patient that its facility has deleted: nothing is left of it but that it is not in use."""
    return {
        "resourceType": "Patient",
        "id": id,
        "meta": {"source": systems.patients_of(facility)},
        "active": False,
    }


def address_of(told: Resource, facility: str) -> str:
    """The request of ITI-104: by the patient number of the facility, else by the id."""
    own = systems.patient_number(facility)
    for one in told.get("identifier", ()):
        number = str(one.get("value", ""))
        if one.get("system") == own and number:
            return "Patient?" + urlencode({"identifier": f"{own}|{number}"})
    return by_id(told)


def by_id(told: Resource) -> str:
    """The request that names the Patient by its id."""
    return f"Patient/{quote(told['id'])}"


def bundle(told: Iterable[tuple[str, Resource]]) -> bytes:
    """A batch that puts Patients: address and resource of each."""
    entries = [{"resource": one, "request": {"method": "PUT", "url": url}} for url, one in told]
    return json.dumps({"resourceType": "Bundle", "type": "batch", "entry": entries})


def answers(body: bytes, count: int) -> Sequence[tuple[int, Resource]]:
    """Status and OperationOutcome of each entry of a batch's answer.

    Raises:
        ValueError: it does not answer so many entries.
    """
    try:
        entries = json.loads(body)["entry"]
        found = [(int(e["response"]["status"][:3]), e["response"].get("outcome", {})) for e in entries]
    except (json.DecodeError, KeyError, TypeError, ValueError) as error:
        raise ValueError("no batch-response") from error
    if len(found) != count:
        raise ValueError(f"{len(found)} answers for {count} entries")
    return found
