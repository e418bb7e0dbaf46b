"""What the hub answers to a site: which documents it knows of a person, and the content of a copy."""

from __future__ import annotations

import base64
from collections.abc import Collection
from typing import Any

from django.db.models import Count

from lienthong import records
from lienthong.access.audit import Actor, record
from lienthong.documents import people, problems
from lienthong.documents.models import Held, Mode, Status
from lienthong.foundation.errors import LienThongError
from lienthong.terminology import systems

MOST = 200
SAME_PERSON = systems.extension("same-person")
"""Of an entry: the identity index says that its patient is the person who was asked for; no number does."""

Resource = dict[str, Any]


def find(numbers: Collection[str], *, actor: Actor, why: dict[str, str]) -> Resource:
    """The documents in force of a person, newest first, as a searchset; a row of the trail says who asked.

    The person is everybody here who has one of the numbers, and who is one person with them for the identity index; the
    entry of a document whose patient has none of the numbers says so (:data:`SAME_PERSON`).

    Args:
        numbers: of the person, ``system|value``, whole; without one nothing is found.
        why: ``purpose basis why person account`` of the asker.
    """
    equal = people.known_by(numbers)
    patients = people.of_one_person(equal)
    current = {
        held.id
        for held in Held.objects.filter(patient__in=patients, status=Status.CURRENT).order_by("-at")[:MOST]
    }
    found = [
        stored
        for patient in patients
        for stored in records.for_patient(patient, ["DocumentReference"])
        if stored.id in current
    ]
    found.sort(key=lambda stored: (stored.moment, stored.id), reverse=True)
    for patient in patients or [""]:
        record(
            actor,
            "documents-found",
            patient=patient,
            page="documents/find",
            why=why["basis"],
            detail={
                **why,
                "found": len(
                    [one for one in found if one.resource["subject"]["reference"].endswith(patient)]
                ),
            },
        )
    entries = [_entry(one, equal) for one in found]
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
    return bundle | ({"entry": entries} if entries else {})


def _entry(one: records.Stored, equal: Collection[str]) -> Resource:
    entry: Resource = {"fullUrl": f"urn:lienthong:held:{one.id}", "resource": one.resource}
    if one.resource["subject"]["reference"].removeprefix("Patient/") not in equal:
        entry["search"] = {"extension": [{"url": SAME_PERSON, "valueBoolean": True}], "mode": "match"}
    return entry


def give(
    number: str, publisher: str, numbers: Collection[str], *, actor: Actor, why: dict[str, str]
) -> bytes:
    """The content of a copy, for a person one of whose numbers the asker knows; a row of the trail says who got it.

    Raises:
        LienThongError: ``document-unknown`` (also for another person's), ``document-held-elsewhere``.
    """
    held = Held.objects.filter(number=number, publisher=publisher).exclude(status=Status.ERROR).first()
    if held is None or not people.known_as(held.patient, numbers):
        raise LienThongError(problems.unknown())
    if held.mode != Mode.COPY:
        raise LienThongError(problems.held_elsewhere(held.publisher))
    stored = records.read("Binary", held.id)
    if stored is None:
        raise LienThongError(problems.unknown())
    record(
        actor,
        "document-given",
        patient=held.patient,
        page=f"documents/{held.id}",
        why=why["basis"],
        detail={**why, "document": held.id},
    )
    return base64.b64decode(stored.resource.get("data", ""))


def counts() -> list[dict[str, Any]]:
    """How many documents each unit has published, by kind, mode and status: ``publisher kind mode status count``."""
    rows = Held.objects.values("publisher", "kind", "mode", "status").annotate(count=Count("id"))
    return [dict(row) for row in rows.order_by("publisher", "kind", "mode", "status")]
