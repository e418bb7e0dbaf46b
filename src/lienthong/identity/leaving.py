"""A registration that is not in use any more, and its coming back.

FHIR R4: ``Patient.active`` false, a record not to be used; ``Patient.link`` of type ``replaced-by``: this one is
not used any more, the other one in its place (as after ITI-104, Resolve Duplicate Patient); and a Patient that was
deleted.
"""

from __future__ import annotations

from typing import Any, Final

from lienthong.access import audit
from lienthong.identity import blocks, events, index, sql
from lienthong.identity.index import Registration
from lienthong.identity.models import Event

Resource = dict[str, Any]

DELETED: Final = "deleted"
INACTIVE: Final = "inactive"
REPLACED: Final = "replaced"
REASONS: Final = (DELETED, INACTIVE, REPLACED)
"""Why a registration is not in use. One that was replaced by another that the index knows stays with its person, so
that what was kept under its number is found; the others belong to nobody."""
BACK: Final = "in use again"
_MOST = 20


def of(patient: Resource, facility: str) -> tuple[str, Registration | None]:
    """Why a facility's Patient is not in use, empty when it is; and the registration that took its place, if known.

    Only what a hospital says of its own patients counts: a link to another hospital's Patient replaces nothing.
    """
    if in_use(patient):
        return "", None
    other = next(
        (found for one in replaced_by(patient) if (found := _named(one, facility, patient["id"]))), None
    )
    return (REPLACED, other) if other else (INACTIVE, None)


def in_use(patient: Resource) -> bool:
    """Whether a Patient says that it is to be used."""
    return patient.get("active") is not False and not replaced_by(patient)


def replaced_by(patient: Resource) -> list[Resource]:
    """References to what is to be used in place of a Patient."""
    links = patient.get("link")
    return [
        link["other"]
        for link in (links[:_MOST] if isinstance(links, list) else ())
        if isinstance(link, dict)
        and link.get("type") == "replaced-by"
        and isinstance(link.get("other"), dict)
    ]


def _named(reference: Resource, facility: str, own: str) -> Registration | None:
    """The facility's registration in use that a reference names, by its id or by a number."""
    kind, _, id = str(reference.get("reference", "")).rpartition("/")
    other = index.of(facility, id) if kind.endswith("Patient") and id != own else None
    number = reference.get("identifier")
    if other is None and isinstance(number, dict):
        held = index.persons_numbered(str(number.get("system", "")), str(number.get("value", "")))
        numbers = [
            h.number for h in held if (h.facility, bool(h.until)) == (facility, False) and h.fhir_id != own
        ]
        other = next((one for one in index.by_number(numbers) if not one.gone), None)
    return None if other is None or other.gone else other


def leave(
    known: Registration, reason: str, other: Registration | None, facility: str, actor: audit.Actor
) -> list[int]:
    """Takes a registration out of use, in the caller's transaction; returns the events, none when it was so before.

    Args:
        other: the one that took its place, with :data:`REPLACED`.
        facility: who said it.
    """
    before = _standing(known) if known.gone else None
    if before and (known.gone, before.detail.get("by")) == (reason, other.number if other else None):
        return []
    made = come_back(known, actor)
    number = known.number
    event = events.New(
        events.REPLACED if other else events.WITHDRAWN,
        actor,
        reason,
        source=facility if other else "",
        pairs={(min(number, other.number), max(number, other.number)): 1}
        if other
        else {(number, number): -1},
        detail={"registration": number, "by": other.number if other else None},
    )
    made.append(events.write(event))
    sql.run(sql.SET_GONE, (reason, number))
    sql.many(sql.DELETE_KEY, [(key, number) for _, key in blocks.blocks(known.fields)])
    sql.run(sql.FORGET_ALL, (number, number))
    return made


def come_back(known: Registration, actor: audit.Actor) -> list[int]:
    """Takes back that a registration is not in use, in the caller's transaction: everything that was said of it counts
    again. Its keys are the caller's to store. Returns the events."""
    standing = _standing(known) if known.gone else None
    if standing is None:
        return []
    sql.run(sql.SET_GONE, ("", known.number))
    return [events.write(events.New(events.UNDONE, actor, BACK, undoes=standing.id))]


def _standing(known: Registration) -> Event | None:
    """The event by which a registration is not in use."""
    said = {event for event, *_ in sql.among(sql.SAID_OF, [known.number], lists=2)}
    found = Event.objects.filter(id__in=said, kind__in=(events.WITHDRAWN, events.REPLACED)).order_by("-id")
    own = (one for one in found if one.detail.get("registration") == known.number)
    return next((one for one in own if events.counts(one.id)), None)
