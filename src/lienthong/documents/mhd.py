"""The resources of IHE MHD 4.2 (Mobile access to Health Documents), minimal metadata, on FHIR R4."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from lienthong.documents import kinds, signed
from lienthong.documents.signed import Statement
from lienthong.facilities import directory
from lienthong.terminology import systems

IHE = "https://profiles.ihe.net/ITI/MHD/"
PROFILES = f"{IHE}StructureDefinition/"
REFERENCE_PROFILE = f"{PROFILES}IHE.MHD.Minimal.DocumentReference"
LIST_PROFILE = f"{PROFILES}IHE.MHD.Minimal.SubmissionSet"
BUNDLE_PROFILE = f"{PROFILES}IHE.MHD.Minimal.ProvideBundle"
BUNDLE_PROFILES = frozenset(
    f"{PROFILES}IHE.MHD.{level}.ProvideBundle"
    for level in ("Minimal", "Comprehensive", "UnContained.Comprehensive")
)
SOURCE_ID = f"{PROFILES}ihe-sourceId"
LIST_TYPES = f"{IHE}CodeSystem/MHDlistTypes"
SUBMISSION_SET = "submissionset"
HELD = "urn:lienthong:document:"
"""Address of a document that its publisher keeps: facility and number follow."""
PERSON = ("identifier", "name", "gender", "birthDate")
"""What of a patient travels beside the document."""

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Document:
    """A document with what is told about it.

    Attributes:
        id: 32 hexadecimal digits, that of its DocumentReference; content: its bytes, None when they stay at the
            publisher.
        jws, statement: what the publisher signed.
        title: in words; at: when it was made, ISO 8601; restricted: specially protected.
        patient: the Patient here; encounter, start, end: the stay, empty where there is none.
        replaces: id of the document before it.
    """

    id: str
    content: bytes | None
    jws: str
    statement: Statement
    title: str
    at: str
    patient: Resource
    encounter: str = ""
    start: str = ""
    end: str = ""
    replaces: str = ""
    sha1: str = ""


def number(id: str) -> str:
    """The number of a document (masterIdentifier) whose id is 32 hexadecimal digits."""
    return f"urn:uuid:{uuid.UUID(id)}"


def oid(id: str) -> str:
    """An OID made of a UUID (ITU-T X.667), for the SubmissionSet's uniqueId."""
    return f"urn:oid:2.25.{uuid.UUID(id).int}"


def person(patient: Resource) -> Resource:
    """The little of a Patient that travels beside a document."""
    kept = {name: patient[name] for name in PERSON if name in patient}
    return {"resourceType": "Patient", "id": patient["id"], **kept}


def reference(
    one: Document, *, subject: str, url: str, status: str = "current", target: str = ""
) -> Resource:
    """The DocumentReference.

    Args:
        subject: reference to the Patient; url: where the content is; target: reference to what it replaces.
    """
    word = one.statement
    coding = {"system": systems.LOINC, "code": word.kind}
    if word.kind in kinds.NAMES:
        coding["display"] = kinds.NAMES[word.kind]
    attachment: Resource = {"contentType": word.media, "language": "vi", "url": url, "size": word.size}
    if one.sha1:
        attachment["hash"] = one.sha1
    attachment |= {"title": one.title, "creation": one.at}
    found: Resource = {
        "resourceType": "DocumentReference",
        "id": one.id,
        "meta": {"profile": [REFERENCE_PROFILE]},
        "extension": [signed.extension(one.jws, word.at)],
        "masterIdentifier": {"system": systems.URI, "value": word.document},
        "identifier": [{"use": "official", "system": systems.URI, "value": word.document}],
        "status": status,
        "docStatus": "entered-in-error" if status == "entered-in-error" else "final",
        "type": {"coding": [coding], "text": one.title},
        "subject": {"reference": subject},
        "date": word.at,
        "author": [_facility(word.facility)],
        "custodian": _facility(word.facility),
        "description": one.title,
        "securityLabel": [{"coding": [{"system": systems.CONFIDENTIALITY, "code": "N"}]}],
        "content": [{"attachment": attachment}],
    }
    if target:
        found["relatesTo"] = [{"code": "replaces", "target": {"reference": target}}]
    period = {name: value for name, value in (("start", one.start), ("end", one.end)) if value}
    context: Resource = {"period": period} if period else {}
    if one.encounter:
        context["encounter"] = [
            {
                "identifier": {
                    "system": f"{systems.SID}resource",
                    "value": f"{word.facility}/Encounter/{one.encounter}",
                }
            }
        ]
    return found | ({"context": context} if context else {})


def submission_set(
    id: str, *, subject: str, items: Sequence[str], at: str, facility: str, title: str
) -> Resource:
    """The List that says what was provided together, by whom."""
    return {
        "resourceType": "List",
        "id": id,
        "meta": {"profile": [LIST_PROFILE]},
        "extension": [
            {"url": SOURCE_ID, "valueIdentifier": {"system": systems.FACILITY, "value": facility}},
        ],
        "identifier": [
            {"use": "usual", "system": systems.URI, "value": oid(id)},
            {"use": "official", "system": systems.URI, "value": number(id)},
        ],
        "status": "current",
        "mode": "working",
        "title": title,
        "code": {"coding": [{"system": LIST_TYPES, "code": SUBMISSION_SET}]},
        "subject": {"reference": subject},
        "date": at,
        "source": _facility(facility),
        "entry": [{"item": {"reference": item}} for item in items],
    }


def binary(id: str, content: bytes, media: str, about: str, security: Sequence[Resource] = ()) -> Resource:
    """The document's bytes; ``about`` is the reference whose access rules hold for them, ``security`` its labels."""
    return {
        "resourceType": "Binary",
        "id": id,
        **({"meta": {"security": list(security)}} if security else {}),
        "contentType": media,
        "securityContext": {"reference": about},
        "data": base64.b64encode(content).decode(),
    }


def bundle(set_id: str, one: Document, *, status: str = "current") -> Resource:
    """The Provide Document Bundle (ITI-65) of one document, with or without its content."""
    patient, about, content, submitted = (
        f"urn:uuid:{uuid.UUID(hashlib.sha256(f'{set_id} {part}'.encode()).hexdigest()[:32], version=4)}"
        for part in ("patient", "reference", "content", "set")
    )
    url = (
        content if one.content is not None else f"{HELD}{one.statement.facility}:{one.statement.document[9:]}"
    )
    given = reference(one, subject=patient, url=url, status=status)
    if one.replaces:
        earlier = {
            "identifier": {"system": systems.URI, "value": number(one.replaces)},
            "type": "DocumentReference",
        }
        given["relatesTo"] = [{"code": "replaces", "target": earlier}]
    at, facility = one.statement.at, one.statement.facility
    listed = submission_set(set_id, subject=patient, items=[about], at=at, facility=facility, title=one.title)
    entries = [
        _entry(submitted, listed, "List"),
        _entry(about, given, "DocumentReference"),
        _entry(patient, person(one.patient), "Patient"),
    ]
    if one.content is not None:
        entries.append(_entry(content, binary(one.id, one.content, one.statement.media, about), "Binary"))
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [BUNDLE_PROFILE]},
        "type": "transaction",
        "timestamp": at,
        "entry": entries,
    }


def address(id: str, base: str = "") -> str:
    """Where a document can be read that this node has; ``base`` is the FHIR door's address as a caller sees it."""
    return f"{base or f'{settings.NODE.pages}/fhir'}/Binary/{id}"


def sha1(content: bytes) -> str:
    """What FHIR R4 wants as ``Attachment.hash``; ours, SHA-256, stands in the publisher's signature."""
    return base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()


def _entry(url: str, resource: Resource, kind: str) -> Resource:
    without = {name: value for name, value in resource.items() if name != "id"}
    return {"fullUrl": url, "resource": without, "request": {"method": "POST", "url": kind}}


def _facility(code: str) -> Resource:
    return {
        "type": "Organization",
        "identifier": {"system": systems.FACILITY, "value": code},
        "display": directory.name(code, language="vi"),
    }
