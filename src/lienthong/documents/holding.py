"""Site: another hospital asks for a document that this unit published and keeps; it goes to that hospital, sealed."""

from __future__ import annotations

import uuid
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from lienthong import exchange
from lienthong.access.audit import Actor, record
from lienthong.documents import asking, basis, people, problems, publishing
from lienthong.documents.models import Publication, Status
from lienthong.exchange import manifest
from lienthong.facilities import directory
from lienthong.foundation.errors import LienThongError


class Wish(Struct, frozen=True):
    """Which document is asked for, for whom, by whom and why."""

    document: Annotated[str, Meta(max_length=64)]
    numbers: Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(min_length=1, max_length=40)]
    purpose: Annotated[str, Meta(max_length=10)]
    basis: Annotated[str, Meta(max_length=20)]
    why: Annotated[str, Meta(max_length=200)]
    person: Annotated[str, Meta(min_length=1, max_length=120)]
    account: Annotated[str, Meta(min_length=1, max_length=60)]


_wishes = msgspec.json.Decoder(Wish)


def take_request(incoming: exchange.Incoming) -> str:
    """Handler of :data:`.asking.REQUEST`: answers with the document, in the transaction that signs the receipt."""
    try:
        wish = _wishes.decode(incoming.part("request"))
        id = uuid.UUID(wish.document.removeprefix("urn:uuid:")).hex
    except (msgspec.MsgspecError, ValueError) as error:
        raise exchange.Refused(problems.not_understood(str(error)[:200])) from error
    if not basis.fits(wish.basis, wish.purpose) or wish.basis != incoming.basis:
        raise exchange.Refused(problems.no_basis())
    found = Publication.objects.filter(id=id).exclude(status=Status.ERROR).first()
    if found is None or not people.shared(found.patient, wish.numbers):
        raise exchange.Refused(problems.unknown())
    try:
        content = publishing.content(found)
    except LienThongError as error:
        raise exchange.Refused(error.problem) from error
    part = exchange.Part("document", found.media, content, priority=manifest.DOCUMENT)
    message = exchange.put(
        incoming.sender, asking.ANSWER, incoming.loop, body={}, parts=[part], basis=incoming.basis
    )
    actor = Actor(f"node:{incoming.sender}", directory.name(incoming.sender), "site")
    detail = {
        "document": found.id,
        "message": message,
        "purpose": wish.purpose,
        "reason": wish.why,
        "person": wish.person,
        "account": wish.account,
    }
    record(
        actor,
        "document-given",
        patient=found.patient,
        page=f"documents/{found.id}",
        why=wish.basis,
        detail=detail,
    )
    return found.sha256
