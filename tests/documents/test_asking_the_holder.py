"""The hospital that keeps a document: whom it gives it to, and what a refusal says to who asked."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from document_world import CITIZEN, PATIENT, keep
from lienthong import exchange
from lienthong.access import audit
from lienthong.access.models import AuditEvent
from lienthong.documents import asking, desk, holding, mhd
from lienthong.documents.models import Fetch, Publication
from lienthong.exchange import content
from lienthong.exchange.manifest import Entry
from lienthong.foundation import clock, ids, json
from lienthong.terminology import systems

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hospitals")]
DOCTOR = audit.Actor("bs.mau", "Bác sĩ Mẫu", "doctor")
NUMBER = f"{systems.CITIZEN_NUMBER}|{CITIZEN}"


@pytest.fixture
def published() -> Publication:
    """A summary of which the province has the entry alone."""
    keep()
    return desk.publish(PATIENT, mode=desk.Mode.ENTRY, actor=DOCTOR)


def _asked(publication: Publication, basis: str = "consent", **changed: Any) -> exchange.Incoming:
    """The message of another hospital's doctor, as it comes out of the mailbox."""
    wish = {
        "document": mhd.number(publication.id),
        "numbers": [NUMBER],
        "purpose": "TREAT",
        "basis": basis,
        "why": "Văn bản đồng ý số 12",
        "person": "Bác sĩ Hai",
        "account": "bs.hai",
        **changed,
    }
    kept = content.put(json.dumps(wish))
    part = Entry(kept.sha256, kept.size, "request", "application/json", 0)
    at = datetime(2026, 11, 23, tzinfo=UTC)
    return exchange.Incoming(ids.new_id(), asking.REQUEST, ids.new_id(), "01929", at, "consent", {}, (part,))


def test_given_sealed_to_who_asked(published: Publication) -> None:
    incoming = _asked(published)
    assert holding.take_request(incoming) == published.sha256
    [answer] = [row for row in exchange.messages_of(incoming.loop) if row.direction == "out"]
    assert (answer.kind, answer.receiver) == (asking.ANSWER, "01929")
    event = AuditEvent.objects.get(action="document-given")
    assert (event.patient, event.why) == (PATIENT, "consent")
    assert "Bác sĩ Hai" in event.detail


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"numbers": [f"{systems.CITIZEN_NUMBER}|024190009999"]}, "document-unknown"),
        ({"document": "urn:uuid:00000000-0000-4000-8000-000000000000"}, "document-unknown"),
        ({"document": "x"}, "document-not-understood"),
        ({"person": ""}, "document-not-understood"),
        ({"basis": "to-mo"}, "document-basis"),
        ({"basis": "emergency"}, "document-basis"),
        ({"purpose": "ETREAT"}, "document-basis"),
    ],
)
def test_not_given(published: Publication, changed: dict[str, Any], code: str) -> None:
    with pytest.raises(exchange.Refused) as refused:
        holding.take_request(_asked(published, **changed))
    assert refused.value.problem.code == code
    assert not AuditEvent.objects.filter(action="document-given").exists()


def test_what_was_withdrawn_is_not_given(published: Publication) -> None:
    desk.withdraw(published.id, actor=DOCTOR, why="Nhầm người bệnh")
    with pytest.raises(exchange.Refused, match="document-unknown"):
        holding.take_request(_asked(published))


def test_who_asked_is_told_of_a_refusal() -> None:
    wish = Fetch.objects.create(
        id=ids.new_id(), patient=PATIENT, purpose="TREAT", basis="consent", account="bs", person="B", at=clock.now(),
        document="urn:uuid:x", facility="01929", title="T", mode="entry", entry="{}",
    )  # fmt: skip
    problem = {"code": "document-unknown", "message": "Không có", "message_en": "None"}
    receipt = exchange.Receipt("m", "h", "refused", "", clock.now(), "01929", "k", problem)
    asking.request_receipted("m", wish.id, receipt)
    wish.refresh_from_db()
    assert wish.refused["code"] == "document-unknown"
    assert desk.unseen("bs") == 1


def test_an_answer_that_nobody_asked_for_is_refused() -> None:
    part = content.put(base64.b64encode(b"x"))
    entry = Entry(part.sha256, part.size, "document", "text/plain", 1)
    incoming = exchange.Incoming(
        ids.new_id(), asking.ANSWER, ids.new_id(), "01929", clock.now(), "consent", {}, (entry,)
    )
    with pytest.raises(exchange.Refused, match="document-unknown"):
        asking.take_answer(incoming)
