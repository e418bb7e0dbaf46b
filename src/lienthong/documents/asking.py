"""Site: asking the province for documents of a patient, fetching them, and what is done when one comes.

A question and a wish are rows first; they wait for the line. What comes is checked against the publisher's signature.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import transaction

from lienthong import exchange, records
from lienthong.access.audit import Actor, record, system
from lienthong.documents import basis as bases
from lienthong.documents import mhd, people, problems, signed
from lienthong.documents.models import Fetch, Mode, Search
from lienthong.documents.registry import SAME_PERSON
from lienthong.documents.signed import Statement
from lienthong.facilities import directory
from lienthong.foundation import clock, ids, json
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.records import elements, validation
from lienthong.terminology import systems

REQUEST, ANSWER = "document-request", "document"
"""Kinds of message: asking the hospital that keeps a document, and its answer."""

Resource = dict[str, Any]


def search_province(patient: str, *, basis: str, purpose: str, why: str, actor: Actor) -> Search:
    """Asks the hub which documents the province knows of a patient; the answer comes when the line works.

    Raises:
        LienThongError: ``document-basis``, ``document-reason``, ``document-no-identifier``, ``document-no-source``.
    """
    _numbers(patient)
    bases.check(patient, basis, purpose, why)
    with transaction.atomic():
        asked = Search.objects.create(
            id=ids.new_id(),
            patient=patient,
            purpose=purpose,
            basis=basis,
            why=why.strip()[:200],
            account=actor.id[:60],
            person=actor.name[:120],
            at=clock.now(),
        )
        detail = {"search": asked.id, "purpose": purpose, "reason": asked.why}
        record(actor, "documents-asked", patient=patient, page="documents/search", why=basis, detail=detail)
    return asked


def found(search: Search, bundle: Any) -> None:
    """Keeps the hub's answer to a question: documents that their publishers signed, but our own, of this patient by a
    number or by the province's identity index.
    """
    numbers, good, left_out = set(_numbers(search.patient)), [], 0
    for entry in elements.items(bundle, "entry"):
        reference = entry.get("resource") or {}
        try:
            word = word_of(reference)
            if word.facility == directory.here():
                continue
            if not numbers.intersection(word.patient) and not _same_person(entry):
                raise LienThongError(problems.other_person())
            validation.check(reference)
            good.append(reference)
        except LienThongError:
            left_out += 1
    with transaction.atomic():
        Search.objects.filter(id=search.id, answered_at=None).update(
            found=json.dumps(good).decode(), left_out=left_out, answered_at=clock.now()
        )


def _same_person(entry: Resource) -> bool:
    """Whether the hub says that a document is of the person who was asked for, though no number is equal."""
    said = elements.items(entry.get("search") or {}, "extension")
    return any(one.get("url") == SAME_PERSON and one.get("valueBoolean") is True for one in said)


def entries(search: Search) -> list[Resource]:
    """The DocumentReferences that a question found."""
    found: list[Resource] = json.loads(search.found)
    return found


def word_of(reference: Any) -> Statement:
    """What the publisher signed about the document of a DocumentReference.

    Raises:
        LienThongError: ``document-bad-signature``, ``exchange-unknown-key``.
    """
    if not isinstance(reference, dict):
        raise LienThongError(problems.bad_signature("no DocumentReference"))
    word = signed.read(signed.of(reference))
    attachment = elements.at(reference, "content", "attachment")
    if (word.document, word.media) != (
        elements.text(reference, "masterIdentifier", "value"),
        elements.text(attachment, "contentType"),
    ):
        raise LienThongError(problems.bad_signature("another document"))
    return word


def fetch(search: str, document: str, *, actor: Actor) -> Fetch:
    """Asks for a document that a question found: the hub for its copy, or the hospital that keeps it by mail.

    What was asked for or has come already is not asked for again.

    Raises:
        LienThongError: ``document-unknown``, ``exchange-unknown-receiver``.
    """
    with transaction.atomic():
        question = Search.objects.filter(id=search).first()
        entry = (
            next((one for one in entries(question) if _number(one) == document), None) if question else None
        )
        if question is None or entry is None:
            raise LienThongError(problems.unknown())
        word = word_of(entry)
        same = Fetch.objects.filter(document=document, patient=question.patient, refused={})
        known = same.filter(account=actor.id[:60]).first() or same.exclude(answered_at=None).first()
        if known is not None:
            return known
        address = elements.text(entry, "content", "attachment", "url")
        asked = Fetch(
            id=ids.new_id(),
            patient=question.patient,
            purpose=question.purpose,
            basis=question.basis,
            why=question.why,
            account=actor.id[:60],
            person=actor.name[:120],
            at=clock.now(),
            document=document,
            facility=word.facility,
            title=elements.text(entry, "description")[:200] or document,
            mode=Mode.ENTRY if address.startswith(mhd.HELD) else Mode.COPY,
            entry=json.dumps(entry).decode(),
        )
        if asked.mode == Mode.ENTRY:
            asked.message = _ask_holder(asked)
        asked.save(force_insert=True)
        detail = {
            "document": document,
            "from": word.facility,
            "purpose": asked.purpose,
            "message": asked.message,
        }
        record(
            actor,
            "document-asked",
            patient=asked.patient,
            page=f"documents/{asked.id}",
            why=asked.basis,
            detail=detail,
        )
        return asked


def question(asked: Search | Fetch) -> dict[str, Any]:
    """What the other side is told of who asks, about whom and why."""
    return {
        "numbers": _numbers(asked.patient),
        "purpose": asked.purpose,
        "basis": asked.basis,
        "why": asked.why,
        "person": asked.person,
        "account": asked.account,
    }


def _ask_holder(asked: Fetch) -> str:
    wish = question(asked) | {"document": asked.document, "salt": ids.new_id()}
    signed_for = word_of(json.loads(asked.entry)).patient
    if not set(signed_for).intersection(
        wish["numbers"]
    ):  # one person for the province's index, by another number
        wish["numbers"] = [*signed_for, *wish["numbers"]][: people.MOST]
    part = exchange.Part("request", "application/json", json.dumps(wish))
    return exchange.put(asked.facility, REQUEST, asked.id, body={}, parts=[part], basis=asked.basis)


def receive(id: str, content: bytes, *, actor: Actor) -> str:
    """Stores a document that was asked for and returns its SHA-256; one that came before changes nothing.

    Raises:
        LienThongError: ``document-unknown``: nobody asked; ``document-damaged``, ``document-bad-signature``.
    """
    with transaction.atomic():
        asked = Fetch.objects.select_for_update().filter(id=id).first()
        if asked is None:
            raise LienThongError(problems.unknown())
        word = word_of(json.loads(asked.entry))
        digest = hashlib.sha256(content).hexdigest()
        if (digest, len(content)) != (word.sha256, word.size):
            raise LienThongError(problems.damaged())
        if asked.answered_at is not None and not asked.refused:
            return digest
        asked.received = ids.stable_id("province", word.facility, word.document)
        resources = [
            _as_kept(asked, word),
            mhd.binary(asked.received, content, word.media, f"DocumentReference/{asked.received}"),
        ]
        records.transact(
            resources, origin=f"province/{word.facility}/{asked.received}", actor=actor, why=asked.basis
        )
        asked.answered_at, asked.refused = clock.now(), {}
        asked.save()
        record(
            actor,
            "document-came",
            patient=asked.patient,
            page=f"documents/{asked.id}",
            why=asked.basis,
            detail={
                "document": asked.document,
                "from": word.facility,
                "for": asked.person,
                "purpose": asked.purpose,
            },
        )
    return digest


def _as_kept(asked: Fetch, word: Statement) -> Resource:
    """The entry as it stands in this unit's record of the patient."""
    entry: Resource = json.loads(asked.entry)
    entry["id"] = asked.received
    entry["meta"] = {
        "profile": [mhd.REFERENCE_PROFILE],
        "source": f"{mhd.HELD}{word.facility}:{word.document[9:]}",
    }
    entry["subject"] = {"reference": f"Patient/{asked.patient}"}
    attachment = {
        **elements.at(entry, "content", "attachment"),
        "url": mhd.address(asked.received),
        "size": word.size,
    }
    entry["content"] = [{"attachment": attachment}]
    entry.pop("relatesTo", None)
    if word.replaces:
        target = {"type": "DocumentReference", "identifier": {"system": systems.URI, "value": word.replaces}}
        entry["relatesTo"] = [{"code": "replaces", "target": target}]
    return entry


def take_answer(incoming: exchange.Incoming) -> str:
    """Handler of :data:`ANSWER`: the document that a hospital sends because we asked for it."""
    asked = Fetch.objects.filter(id=incoming.loop).first()
    if asked is None or asked.facility != incoming.sender:
        raise exchange.Refused(problems.unknown())
    try:
        return receive(incoming.loop, incoming.part("document"), actor=system("exchange"))
    except LienThongError as error:
        raise exchange.Refused(error.problem) from error


def request_receipted(message: str, loop: str, receipt: exchange.Receipt) -> None:
    """Receipt hook of :data:`REQUEST`: the hospital that keeps the document refuses it."""
    if receipt.outcome == "refused":
        refuse(Fetch, loop, Problem.from_dict(receipt.problem or {}))


def refuse(kind: type[Search] | type[Fetch], id: str, problem: Problem) -> None:
    """Notes that what was asked will not be answered, and why; what was answered stays."""
    with transaction.atomic():
        waiting = kind._default_manager.filter(id=id, answered_at=None)
        waiting.update(refused=problem.as_dict(), answered_at=clock.now())


def _number(entry: Resource) -> str:
    return elements.text(entry, "masterIdentifier", "value")


def _numbers(patient: str) -> list[str]:
    stored = records.read("Patient", patient)
    if stored is None:
        raise LienThongError(problems.no_source(f"Patient/{patient}"))
    numbers = people.numbers(stored.resource)
    if not numbers:
        raise LienThongError(problems.no_identifier())
    return numbers
