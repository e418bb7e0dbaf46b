"""Taking what somebody provides (ITI-65): stored in one transaction, once, with what it replaces or withdraws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from lienthong import records
from lienthong.access.audit import Actor, record
from lienthong.documents import mhd, people, problems, provided, signed
from lienthong.documents.models import Held, Mode, Status
from lienthong.documents.provided import Given, Provided
from lienthong.foundation import clock, ids
from lienthong.foundation.errors import LienThongError
from lienthong.records import elements
from lienthong.terminology import systems

PAGE = "documents/provide"

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who provides: a facility's node, whose signature each document must bear, or a system of this unit.

    Attributes:
        name: code of the facility, or id of the system; signs: whether it is a node.
    """

    name: str
    signs: bool


def take(bundle: Resource, *, publisher: Publisher, actor: Actor, why: str = "", base: str = "") -> Resource:
    """Stores a Provide Document Bundle and returns the transaction-response; the same Bundle again changes nothing.

    Args:
        base: address of the FHIR door as the caller sees it, if it came there.

    Raises:
        LienThongError: ``mhd-invalid``, ``document-too-large``, ``document-bad-signature``, ``document-other-content``,
            ``document-other-person``; InvalidResource.
    """
    found = provided.read(bundle)
    words = [_word(one, publisher, found.patient) for one in found.documents]
    with transaction.atomic():
        patient = _patient(found, publisher, actor)
        names: dict[int, str] = {}
        if found.patient_place >= 0:
            names[found.patient_place] = f"Patient/{patient}"
        for one, word in zip(found.documents, words, strict=True):
            held = _document(one, word, publisher, patient, actor, base)
            names[one.place] = f"DocumentReference/{held}"
            if one.content_place >= 0:
                names[one.content_place] = f"Binary/{held}"
        names[found.set_place] = f"List/{_submission(found, names, publisher, patient, actor)}"
        told = [names[one.place].partition("/")[2] for one in found.documents]
        record(
            actor,
            "documents-taken",
            patient=patient,
            page=PAGE,
            why=why,
            detail={"documents": told, "publisher": publisher.name},
        )
    return {
        "resourceType": "Bundle",
        "type": "transaction-response",
        "entry": [_answer(names[place], base) for place in range(found.entries)],
    }


def id_of(publisher: str, number: str) -> str:
    """The id of a publisher's document here."""
    return ids.stable_id("document", publisher, number)


def origin(publisher: str, id: str) -> str:
    """The set in the store that a provided document belongs to."""
    return f"document/{publisher}/{id}"


def _answer(ref: str, base: str) -> Resource:
    stored = records.read(*ref.split("/"))
    version = stored.version if stored else 1
    answer = {
        "status": "201 Created" if version == 1 else "200 OK",
        "location": f"{base and f'{base}/'}{ref}/_history/{version}",
    }
    return {
        "response": answer | ({"etag": f'W/"{version}"', "lastModified": stored.updated} if stored else {})
    }


def _word(one: Given, publisher: Publisher, patient: Resource | None) -> signed.Statement | None:
    """What the publisher signed about a document, checked against the document."""
    jws = signed.of(one.resource)
    if not jws and not publisher.signs:
        return None
    word = signed.read(jws)
    if publisher.signs and word.facility != publisher.name:
        raise LienThongError(problems.bad_signature("signed by another facility"))
    attachment = one.resource["content"][0]["attachment"]
    if (word.document, word.media) != (one.number, attachment["contentType"]):
        raise LienThongError(problems.bad_signature("another document"))
    if one.content is not None and word.sha256 != provided.digest(one):
        raise LienThongError(problems.bad_signature("another content"))
    if (word.status == "entered-in-error") != (one.resource["status"] == "entered-in-error"):
        raise LienThongError(problems.bad_signature("another status"))
    if patient is None or word.patient != people.numbers(patient):
        raise LienThongError(problems.other_person())
    return word


def _patient(found: Provided, publisher: Publisher, actor: Actor) -> str:
    """The id of the patient here; one that came along is stored."""
    if found.patient is None:
        first = found.documents[0].resource if found.documents else found.submission
        kind, _, id = elements.text(first, "subject", "reference").partition("/")
        if kind != "Patient" or records.read("Patient", id) is None:
            raise LienThongError(problems.bad_metadata("DocumentReference.subject", "Patient"))
        return id
    numbers = people.numbers(found.patient)
    subject = elements.text(found.documents[0].resource, "subject", "reference") if found.documents else ""
    if not numbers or (subject and subject != found.patient_url):
        raise LienThongError(problems.bad_metadata("Patient.identifier", "system, value"))
    known = [] if publisher.signs else people.known_by(numbers)
    if known:
        return known[0]
    id = people.id_of(publisher.name, found.patient, systems.patient_number(publisher.name))
    resource = mhd.person({**found.patient, "id": id})
    records.transact(
        [resource],
        origin=f"document/{publisher.name}",
        actor=actor,
        moment=clock.iso(clock.now()),
        complete=False,
    )
    return id


def _document(
    one: Given, word: signed.Statement | None, publisher: Publisher, patient: str, actor: Actor, base: str
) -> str:
    id = id_of(publisher.name, one.number)
    digest = word.sha256 if word else provided.digest(one)
    status = Status.ERROR if one.resource["status"] == "entered-in-error" else Status.CURRENT
    before = Held.objects.select_for_update().filter(id=id).first()
    if before is not None:
        if before.digest != digest or before.patient != patient:
            raise LienThongError(problems.other_content())
        if before.status == status or before.status == Status.ERROR or status == Status.CURRENT:
            return id
    mode = Mode.ENTRY if one.content is None and (before is None or before.mode == Mode.ENTRY) else Mode.COPY
    resource = _stored(one, id, publisher, patient, base)
    resources = [resource]
    if one.content is not None and status == Status.CURRENT:
        media = resource["content"][0]["attachment"]["contentType"]
        security = resource.get("meta", {}).get("security", ())
        resources.append(mhd.binary(id, one.content, media, f"DocumentReference/{id}", security))
    records.transact(resources, origin=origin(publisher.name, id), actor=actor)
    _replace(one, publisher, actor)
    Held.objects.update_or_create(
        id=id,
        defaults={
            "publisher": publisher.name,
            "number": one.number,
            "kind": elements.text(resource, "type", "coding", "code")[:40],
            "mode": mode,
            "status": status,
            "patient": patient,
            "digest": digest,
            "at": clock.now(),
        },
    )
    return id


def _stored(one: Given, id: str, publisher: Publisher, patient: str, base: str) -> Resource:
    """The DocumentReference as it is kept here."""
    resource = {**one.resource, "id": id, "subject": {"reference": f"Patient/{patient}"}}
    attachment = {**one.resource["content"][0]["attachment"]}
    if one.content is not None:
        attachment |= {"url": mhd.address(id, base), "size": len(one.content), "hash": mhd.sha1(one.content)}
    resource["content"] = [{**one.resource["content"][0], "attachment": attachment}]
    earlier = _earlier(one, publisher)
    if earlier:
        resource["relatesTo"] = [
            {"code": "replaces", "target": {"reference": f"DocumentReference/{earlier.id}"}}
        ]
    return resource


def _earlier(one: Given, publisher: Publisher) -> Held | None:
    """The document of the same publisher that this one replaces, where it is here."""
    reference, number = provided.replaced(one)
    id = id_of(publisher.name, number) if number else reference.removeprefix("DocumentReference/")
    return Held.objects.select_for_update().filter(id=id, publisher=publisher.name).first() if id else None


def _replace(one: Given, publisher: Publisher, actor: Actor) -> None:
    earlier = _earlier(one, publisher)
    if earlier is None or earlier.status != Status.CURRENT:
        return
    stored = records.read("DocumentReference", earlier.id)
    if stored is not None:
        old = {**_plain(stored), "status": "superseded"}
        where = origin(publisher.name, earlier.id)
        records.transact([old], origin=where, actor=actor, complete=False)
    Held.objects.filter(id=earlier.id).update(status=Status.SUPERSEDED)


def _plain(stored: records.Stored) -> Resource:
    resource = stored.resource
    meta = {
        name: value for name, value in resource["meta"].items() if name not in ("versionId", "lastUpdated")
    }
    return {**resource, "meta": meta}


def _submission(
    found: Provided, names: dict[int, str], publisher: Publisher, patient: str, actor: Actor
) -> str:
    number = next(one["value"] for one in found.submission["identifier"] if one.get("value"))
    id = ids.stable_id("submission", publisher.name, number)
    here = {one.url: names[one.place] for one in found.documents}
    listed = {
        **found.submission,
        "id": id,
        "subject": {"reference": f"Patient/{patient}"},
        "entry": [
            {"item": {"reference": here[entry["item"]["reference"]]}} for entry in found.submission["entry"]
        ],
    }
    records.transact([listed], origin=f"submission/{publisher.name}/{id}", actor=actor)
    return id
