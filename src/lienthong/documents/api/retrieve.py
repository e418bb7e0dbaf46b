"""Retrieve Document (ITI-68): ``GET Binary/{id}`` gives the document as it is, or its resource where FHIR is asked."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from django.db import transaction

from lienthong import records
from lienthong.access import audit
from lienthong.documents import problems
from lienthong.documents.models import Held, Mode, Status
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records import Stored, elements
from lienthong.records.api.call import Call, form, versioned
from lienthong.records.api.read import visible


def binary(call: Call, rest: Sequence[str]) -> Response | None:
    """Answers a read of a Binary; None for every other interaction.

    Whoever may see the DocumentReference (``Binary.securityContext``) may see the document, nobody else.

    Raises:
        HttpError: 404, also for a document that its publisher keeps, which the problem says; 406.
    """
    if call.method not in ("GET", "HEAD") or len(rest) != 1 or rest[0].startswith(("$", "_")):
        return None
    call.caller.needs("Binary", "r")
    id = rest[0]
    stored = records.read("Binary", id)
    about = _about(stored) if stored else records.read("DocumentReference", id)
    seen = stored is not None and visible(call, stored) and (about is None or visible(call, about))
    if stored is None or not seen:
        held = Held.objects.filter(id=id, mode=Mode.ENTRY).exclude(status=Status.ERROR).first()
        if stored is None and held is not None and about is not None and visible(call, about):
            raise HttpError(404, problems.held_elsewhere(held.publisher))
        raise HttpError(404, problems.unknown())
    if call.method == "GET" and call.fresh(stored):
        return Response(304, b"", [("ETag", f'W/"{stored.version}"')])
    media = elements.text(stored.resource, "contentType")
    accept = call.headers("accept")
    as_resource = _asks_fhir(accept)
    if not as_resource and not _takes(accept, media):
        raise HttpError(406, problems.not_acceptable(media))
    patient = elements.target(about.resource, "subject").removeprefix("Patient/") if about else ""
    with transaction.atomic():
        audit.record_many([call.event("document-read", patient, ref=f"Binary/{id}")])
    if as_resource:
        return call.stored(stored)
    content = base64.b64decode(elements.text(stored.resource, "data"))
    return Response(
        200,
        b"" if call.method == "HEAD" else content,
        [
            ("Content-Type", media),
            ("Content-Length", str(len(content))),
            ("Content-Disposition", "attachment"),
            *versioned(stored.version, stored.updated),
        ],
    )


def _about(binary: Stored) -> Stored | None:
    """The resource whose access rules hold for a Binary."""
    kind, _, id = elements.target(binary.resource, "securityContext").partition("/")
    return records.read(kind, id) if id else None


def _asks_fhir(accept: str) -> bool:
    """Whether the first choice of an ``Accept`` is a form of FHIR, and not any type."""
    names = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return bool(form(accept)) and not any(name in ("*/*", "application/*", "text/html") for name in names)


def _takes(accept: str, media: str) -> bool:
    wanted = {part.partition(";")[0].strip().lower() for part in accept.split(",")} - {""}
    plain = media.partition(";")[0].strip().lower()
    return not wanted or bool(wanted & {"*/*", plain, f"{plain.partition('/')[0]}/*"})
