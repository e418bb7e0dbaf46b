"""Provide Document Bundle (ITI-65): what is taken, what is refused, what replaces and withdraws."""

from __future__ import annotations

import base64
import copy
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from document_world import CITIZEN, PATIENT, keep, person
from lienthong import records
from lienthong.access import audit
from lienthong.documents import asking, desk, mhd, people, provided, providing, registry
from lienthong.documents.models import Held, Outgoing, Publication, Search
from lienthong.documents.providing import Publisher
from lienthong.foundation import clock, ids, json
from lienthong.foundation.errors import LienThongError
from lienthong.identity import deciding, following
from lienthong.identity.models import Registration
from lienthong.records import validation
from lienthong.terminology import systems

pytestmark = pytest.mark.django_db

DOCTOR = audit.Actor("bs.mau", "Bác sĩ Mẫu", "doctor")
HERE = Publisher("24011", signs=True)
WHY = {"purpose": "TREAT", "basis": "consent", "why": "", "person": "Bác sĩ Hai", "account": "bs.hai"}
NUMBER = f"{systems.CITIZEN_NUMBER}|{CITIZEN}"

Resource = dict[str, Any]


@pytest.fixture
def record(hospitals: Any) -> None:
    """A record of this hospital."""
    keep()


def _queued() -> list[Resource]:
    import zstandard

    unpack = zstandard.ZstdDecompressor().decompress
    return [json.loads(unpack(bytes(one.body))) for one in Outgoing.objects.order_by("id")]


def _take(bundle: Resource, publisher: Publisher = HERE) -> Resource:
    return providing.take(bundle, publisher=publisher, actor=audit.system("test"))


def _problem(work: Callable[[], Any]) -> str:
    with pytest.raises(LienThongError) as refused:
        work()
    return refused.value.problem.code


def _plain(number: str = "urn:oid:1.2.3", content: bytes = b"%PDF-1.7 mau", **more: Any) -> Resource:
    """A Bundle as another maker's program sends it: no signature, a patient of this unit."""
    reference = {
        "resourceType": "DocumentReference",
        "masterIdentifier": {"system": systems.URI, "value": number},
        "status": "current",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "content": [
            {"attachment": {"contentType": "application/pdf", "url": "urn:uuid:b", "size": len(content)}}
        ],
        **more,
    }
    submission = mhd.submission_set(
        "0" * 31 + "1",
        subject=f"Patient/{PATIENT}",
        items=["urn:uuid:d"],
        at="2025-01-15T03:00:00Z",
        facility="his",
        title="x",
    )
    data = base64.b64encode(content).decode()
    made = [
        ("urn:uuid:s", submission),
        ("urn:uuid:d", reference),
        ("urn:uuid:b", {"resourceType": "Binary", "contentType": "application/pdf", "data": data}),
    ]
    entries = [
        {"fullUrl": url, "resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
        for url, one in made
    ]
    profile = {"profile": [mhd.BUNDLE_PROFILE]}
    return {"resourceType": "Bundle", "meta": profile, "type": "transaction", "entry": entries}


def test_what_a_site_sends_is_what_the_profile_asks_for(record: None) -> None:
    desk.publish(PATIENT, mode=desk.Mode.COPY, actor=DOCTOR, encounter="dot-dieu-tri-mau")
    [bundle] = _queued()
    assert provided.is_provide(bundle)
    assert validation.problems(bundle) == []
    found = provided.read(bundle)
    [one] = found.documents
    assert validation.problems({"id": "x", **one.resource}) == []
    attachment = one.resource["content"][0]["attachment"]
    assert attachment["size"] == len(one.content or b"")
    assert attachment["hash"] == mhd.sha1(one.content or b"")
    assert one.resource["context"]["period"]["end"] == "2025-01-15T10:00:00+07:00"
    given_person = bundle["entry"][found.patient_place]["resource"]
    assert set(given_person) == {"resourceType", *mhd.PERSON}
    assert "trầm cảm" not in (one.content or b"").decode()


def test_taken_once_found_and_given(record: None) -> None:
    publication = desk.publish(PATIENT, mode=desk.Mode.COPY, actor=DOCTOR)
    assert desk.publish(PATIENT, mode=desk.Mode.COPY, actor=DOCTOR).id == publication.id
    [bundle] = _queued()
    answer = _take(bundle)
    assert [one["response"]["status"] for one in answer["entry"]] == ["201 Created"] * 4
    assert _take(bundle)["entry"][0]["response"]["location"] == answer["entry"][0]["response"]["location"]
    assert Held.objects.count() == 1
    found = registry.find([NUMBER], actor=DOCTOR, why=WHY)
    assert validation.problems(found) == []
    assert found["total"] == 1
    number = mhd.number(publication.id)
    content = registry.give(number, "24011", [NUMBER], actor=DOCTOR, why=WHY)
    assert "Penicillin" in content.decode()
    other = f"{systems.CITIZEN_NUMBER}|{CITIZEN[:-1]}9"
    assert registry.find([other], actor=DOCTOR, why=WHY)["total"] == 0
    assert (
        _problem(lambda: registry.give(number, "24011", [other], actor=DOCTOR, why=WHY)) == "document-unknown"
    )
    assert registry.counts()[0]["count"] == 1


def test_found_by_another_registration_of_the_person_and_kept_by_who_asked(
    record: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    publication = desk.publish(PATIENT, mode=desk.Mode.COPY, actor=DOCTOR)
    _take(_queued()[0])
    number = f"{systems.patient_number('01929')}|BM7"
    source = {"source": systems.patients_of("01929")}
    other = person(
        id="elsewhere",
        meta=source,
        identifier=[dict(zip(("system", "value"), number.split("|"), strict=True))],
    )
    records.transact([other], origin="test/elsewhere", actor=audit.system("test"), complete=False)
    assert registry.find([number], actor=DOCTOR, why=WHY)["total"] == 0
    following.catch_up(threading.Event())
    held = Held.objects.get().patient
    pairs = sorted(Registration.objects.filter(fhir_id__in=(held, "elsewhere")).values_list("id", flat=True))
    deciding.decide((pairs[0], pairs[1]), "same", "đã đối chiếu", DOCTOR)
    found = registry.find([number], actor=DOCTOR, why=WHY)
    assert validation.problems(found) == []
    assert found["total"] == 1
    document = mhd.number(publication.id)
    assert registry.give(document, "24011", [number], actor=DOCTOR, why=WHY)

    # At the hospital that asked, which knows its own number alone.
    monkeypatch.setattr(settings, "NODE", replace(settings.NODE, facility="01929"))
    question = {"patient": "elsewhere", "purpose": "TREAT", "basis": "consent", "at": clock.now()}
    good, bad = (Search.objects.create(id=ids.new_id(), **question) for _ in range(2))
    asking.found(good, found)
    good.refresh_from_db()
    assert (len(asking.entries(good)), good.left_out) == (1, 0)
    del found["entry"][0]["search"]  # the hub does not say that it is one person
    asking.found(bad, found)
    bad.refresh_from_db()
    assert bad.left_out == 1


def test_replaced_and_withdrawn(record: None) -> None:
    first = desk.publish(PATIENT, mode=desk.Mode.COPY, actor=DOCTOR)
    keep(patient=person(telecom=[{"system": "phone", "value": "0912000000"}]))
    second = desk.publish(PATIENT, mode=desk.Mode.ENTRY, actor=DOCTOR)
    assert Publication.objects.get(id=first.id).status == "superseded"
    desk.withdraw(second.id, actor=DOCTOR, why="Nhầm")
    assert _problem(lambda: desk.withdraw(second.id, actor=DOCTOR, why="Nhầm")) == "document-not-current"
    one, two, three = _queued()
    _take(one)
    _take(two)
    [entry] = registry.find([NUMBER], actor=DOCTOR, why=WHY)["entry"]
    assert entry["resource"]["relatesTo"][0]["code"] == "replaces"
    target = entry["resource"]["relatesTo"][0]["target"]["reference"]
    old = records.read(*target.split("/"))
    assert old is not None
    assert old.resource["status"] == "superseded"
    kept = _problem(lambda: registry.give(mhd.number(second.id), "24011", [NUMBER], actor=DOCTOR, why=WHY))
    assert kept == "document-held-elsewhere"
    _take(three)
    _take(two)  # an older word that comes again changes nothing
    assert registry.find([NUMBER], actor=DOCTOR, why=WHY)["total"] == 0
    statuses = set(Held.objects.values_list("status", flat=True))
    assert statuses == {"superseded", "entered-in-error"}


def test_a_withdrawn_copy_is_gone(record: None) -> None:
    publication = desk.publish(PATIENT, mode=desk.Mode.COPY, actor=DOCTOR)
    desk.withdraw(publication.id, actor=DOCTOR, why="Nhầm")
    for bundle in _queued():
        _take(bundle)
    held = Held.objects.get()
    assert records.read("Binary", held.id) is None
    entry = records.read("DocumentReference", held.id)
    assert entry is not None
    assert entry.resource["status"] == "entered-in-error"


def test_only_the_publisher_speaks_for_its_documents(record: None, hospitals: dict[str, Any]) -> None:
    desk.publish(PATIENT, mode=desk.Mode.COPY, actor=DOCTOR)
    [bundle] = _queued()
    assert _problem(lambda: _take(bundle, Publisher("24004", signs=True))) == "document-bad-signature"
    changed = copy.deepcopy(bundle)
    entry = next(one for one in changed["entry"] if one["request"]["url"] == "Binary")["resource"]
    entry["data"] = base64.b64encode(base64.b64decode(entry["data"])[:-1] + b" ").decode()
    about = next(one for one in changed["entry"] if one["request"]["url"] == "DocumentReference")["resource"]
    about["content"][0]["attachment"].pop("hash")
    assert _problem(lambda: _take(changed)) == "document-bad-signature"
    another = copy.deepcopy(bundle)
    who = next(one for one in another["entry"] if one["request"]["url"] == "Patient")["resource"]
    who["identifier"][0]["value"] = "024190009999"
    assert _problem(lambda: _take(another)) == "document-other-person"
    unsigned = copy.deepcopy(bundle)
    next(one for one in unsigned["entry"] if one["request"]["url"] == "DocumentReference")["resource"].pop(
        "extension"
    )
    assert _problem(lambda: _take(unsigned)) == "document-bad-signature"
    assert Held.objects.count() == 0


def test_another_program_of_the_unit_provides(record: None) -> None:
    his = Publisher("he-thong-his", signs=False)
    answer = _take(_plain(), his)
    location = answer["entry"][1]["response"]["location"]
    stored = records.read(*location.split("/")[:2])
    assert stored is not None
    assert stored.resource["content"][0]["attachment"]["url"].endswith(f"/fhir/Binary/{stored.id}")
    assert _take(_plain(), his)["entry"][1]["response"]["location"] == location
    assert _problem(lambda: _take(_plain(content=b"khac"), his)) == "document-other-content"
    published = desk.publish(PATIENT, mode=desk.Mode.COPY, actor=DOCTOR, source=stored.ref)
    assert published.media == "application/pdf"


FAULTS: list[tuple[str, Callable[[Resource], Any]]] = [
    ("type", lambda b: b.update(type="batch")),
    ("no set", lambda b: b["entry"].pop(0)),
    ("no source", lambda b: b["entry"][0]["resource"].pop("extension")),
    ("set code", lambda b: b["entry"][0]["resource"].update(code={"text": "x"})),
    ("set date", lambda b: b["entry"][0]["resource"].pop("date")),
    ("item", lambda b: b["entry"][0]["resource"]["entry"][0]["item"].update(reference="urn:uuid:x")),
    ("number", lambda b: b["entry"][1]["resource"].pop("masterIdentifier")),
    ("url", lambda b: b["entry"][1]["resource"]["content"][0]["attachment"].update(url="urn:uuid:x")),
    ("size", lambda b: b["entry"][1]["resource"]["content"][0]["attachment"].update(size=3)),
    ("hash", lambda b: b["entry"][1]["resource"]["content"][0]["attachment"].update(hash="AAAA")),
    ("media", lambda b: b["entry"][2]["resource"].update(contentType="text/plain")),
    ("method", lambda b: b["entry"][1]["request"].update(method="PUT")),
    ("kind", lambda b: b["entry"][2]["resource"].update(resourceType="Observation")),
    ("subject", lambda b: b["entry"][1]["resource"]["subject"].update(reference="Patient/khong-co")),
]


@pytest.mark.parametrize("change", [change for _, change in FAULTS], ids=[name for name, _ in FAULTS])
def test_faults_are_named(record: None, change: Callable[[Resource], Any]) -> None:
    bundle = _plain()
    change(bundle)
    assert _problem(lambda: _take(bundle, Publisher("his", signs=False))) in ("mhd-invalid", "fhir-invalid")
    assert Held.objects.count() == 0


def test_protected_papers_are_not_published(record: None) -> None:
    from django.db import transaction

    protected = {**next(r for r in _paper()), "id": "giay-kin"}
    protected["meta"] = {"security": [{"system": systems.CONFIDENTIALITY, "code": "R"}]}
    with transaction.atomic():
        records.transact([protected], origin="his-xml/24011/LK0009", actor=DOCTOR)
    work = lambda: desk.publish(PATIENT, mode=desk.Mode.COPY, actor=DOCTOR, source="Composition/giay-kin")  # noqa: E731
    assert _problem(work) == "document-protected"
    assert Publication.objects.count() == 0


def _paper() -> list[Resource]:
    import document_world

    return [one for one in document_world.record() if one["resourceType"] == "Composition"]


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=5))
def test_numbers_are_whole(numbers: list[tuple[str, str]]) -> None:
    """Numbers of a person are compared whole, with their system."""
    patient = {"identifier": [{"system": system, "value": value} for system, value in numbers]}
    assert set(people.numbers(patient)) == {f"{s}|{v}" for s, v in numbers if s and v}
