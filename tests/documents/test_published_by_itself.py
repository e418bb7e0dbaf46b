"""What the head of the unit has switched on is published when a stay ends, once, and never anything protected."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from document_world import PATIENT, STAY, keep, person, record, stay
from lienthong import records
from lienthong.access import audit
from lienthong.access.models import AuditEvent
from lienthong.documents import automatic, desk
from lienthong.documents.models import Outgoing, Publication
from lienthong.terminology import systems

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hospitals")]
HEAD = audit.Actor("giam-doc", "Giám đốc Mẫu", "head")
OPEN = [one for one in record() if one["id"] not in ("tam-than",)]


def _export(*more: dict[str, Any], resources: list[dict[str, Any]] = OPEN) -> None:
    with transaction.atomic():
        records.transact(
            [person(), *resources, *more],
            origin="his-xml/24011/LK0001",
            actor=audit.system("his-xml"),
            moment="2025-01-15T03:00:00Z",
        )


def _look() -> list[tuple[str, str]]:
    while automatic.look():
        pass
    return [(one.kind, one.status) for one in Publication.objects.order_by("at", "id")]


def test_off_by_default() -> None:
    _export()
    assert _look() == []
    assert not any(rule.on for rule in desk.rules().values())


def test_ended_stays_are_published_once_and_again_when_corrected() -> None:
    _export(resources=[one for one in OPEN if one["id"] == "di-ung"])  # came before it was switched on
    desk.set_rule("60591-5", on=True, mode=desk.Mode.COPY, actor=HEAD)
    desk.set_rule("18842-5", on=True, mode=desk.Mode.ENTRY, actor=HEAD)
    assert _look() == []
    going_on = stay(status="in-progress") | {"period": {"start": "2025-01-10T08:00:00+07:00"}}
    _export(resources=[going_on])
    assert _look() == []
    _export()
    assert sorted(_look()) == [("18842-5", "current"), ("60591-5", "current")]
    first = Publication.objects.get(kind="60591-5")
    assert (first.automatic, first.encounter, first.mode) == (True, STAY, "copy")
    assert Publication.objects.get(kind="18842-5").source == "Composition/giay-ra-vien"
    _export()  # the same export again
    assert len(_look()) == 2
    changed = [{**one, "code": {"text": "Aspirin"}} if one["id"] == "di-ung" else one for one in OPEN]
    corrected = [{**one, "serviceType": {"text": "Nội"}} if one["id"] == STAY else one for one in changed]
    _export(resources=corrected)
    assert ("60591-5", "superseded") in _look()
    assert Outgoing.objects.count() == len(Publication.objects.all())
    assert AuditEvent.objects.filter(action="documents-rule").count() == 2


def test_a_stay_with_protected_content_is_never_published_by_itself() -> None:
    desk.set_rule("60591-5", on=True, mode=desk.Mode.COPY, actor=HEAD)
    desk.set_rule("18842-5", on=True, mode=desk.Mode.COPY, actor=HEAD)
    keep()  # holds a psychiatric diagnosis
    assert _look() == []


def test_other_hospitals_stays_are_not_ours_to_publish() -> None:
    desk.set_rule("60591-5", on=True, mode=desk.Mode.COPY, actor=HEAD)
    with transaction.atomic():
        records.transact([person(), *OPEN], origin="transfer/abc", actor=audit.system("exchange"))
    assert _look() == []


def test_who_has_no_number_is_left_out() -> None:
    desk.set_rule("60591-5", on=True, mode=desk.Mode.COPY, actor=HEAD)
    nobody = person()
    nobody["identifier"] = [{"system": systems.CITIZEN_NUMBER}]
    with transaction.atomic():
        records.transact([nobody, *OPEN], origin="his-xml/24011/LK0002", actor=audit.system("his-xml"))
    assert _look() == []
    assert records.read("Patient", PATIENT) is not None
