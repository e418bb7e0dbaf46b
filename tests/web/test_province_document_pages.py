"""Pages of documents of the province: asking, fetching, opening, publishing, withdrawing; the hub's counts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from document_world import PATIENT, STAY, keep, person
from lienthong import records
from lienthong.access import audit
from lienthong.access.models import AuditEvent, Role
from lienthong.documents import asking, desk, mhd, signed
from lienthong.documents.models import Fetch, Outgoing, Publication, Search
from lienthong.exchange.client import Answered
from lienthong.foundation import ids, json
from pages import words_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hospitals")]
DOCTOR = audit.Actor("bs.hai", "Bác sĩ Hai", "doctor")
PAGE = f"/patients/{PATIENT}/province"


@pytest.fixture
def published(settings: Any, hospitals: dict[str, Any]) -> str:
    """A summary that another hospital (24004) has published, as this hub-less node would be told of it."""
    keep()
    content = (
        b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Composition","title":"T","section":'
    )
    content += '[{"title":"Dị ứng","text":{"div":"<div>Hải sản</div>"}}]}}]}'.encode()
    key = hospitals["24004"]
    id = ids.new_id()
    word = {
        "v": 1,
        "document": mhd.number(id),
        "facility": "24004",
        "kid": key.kid,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "media": "application/fhir+json",
        "kind": "60591-5",
        "status": "current",
        "replaces": "",
        "patient": [f"{one['system']}|{one['value']}" for one in person()["identifier"][:1]],
        "at": "2026-01-15T03:00:00.000Z",
    }
    return json.dumps([word, id, content.decode()]).decode()


def _entry(
    published: str, hospitals: dict[str, Any], url: str, **changed: Any
) -> tuple[dict[str, Any], bytes]:
    word, id, text = json.loads(published)
    word |= changed
    from lienthong.foundation import clock

    word["at"] = clock.iso(clock.now())
    jws = hospitals["24004"].jws(json.canonical(word), signed.TYPE)
    statement = signed.read(jws)
    document = mhd.Document(id, None, jws, statement, "Tóm tắt hồ sơ", word["at"], person())
    return mhd.reference(document, subject="Patient/x", url=url), text.encode()


def test_a_doctor_asks_fetches_and_opens(
    someone: Callable[..., Client], published: str, hospitals: dict[str, Any]
) -> None:
    doctor = someone(Role.DOCTOR)
    assert "Tài liệu của tỉnh" in words_of(doctor.get(f"/patients/{PATIENT}"))
    refused = doctor.post(PAGE, {"basis": "emergency", "purpose": "ETREAT", "why": "vội"})
    assert refused.status_code == 400
    assert "Cần ghi lý do" in words_of(refused)
    assert doctor.post(PAGE, {"basis": "treatment", "purpose": "TREAT", "why": ""}).status_code == 302
    search = Search.objects.get()
    assert "Câu trả lời đến ngay khi đường truyền" in words_of(doctor.get(PAGE))
    entry, content = _entry(published, hospitals, f"{mhd.HELD}24004:x")
    forged = {**entry, "masterIdentifier": {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:khac"}}
    stranger, _ = _entry(published, hospitals, f"{mhd.HELD}24004:y", patient=["http://he-thong|khac"])
    own = desk.publish(PATIENT, mode=desk.Mode.COPY, actor=DOCTOR)
    ours = records.read("DocumentReference", own.id)
    assert ours is not None
    answers = [entry, forged, stranger, ours.resource]
    asking.found(search, {"entry": [{"resource": one} for one in answers]})
    assert len(desk.entries(Search.objects.get())) == 1
    shown = words_of(doctor.get(PAGE))
    assert "Cơ sở công bố giữ" in shown
    assert "2 mục không hiển thị" in shown
    number = entry["masterIdentifier"]["value"]
    answer = doctor.post(f"{PAGE}/fetch", {"search": search.id, "number": number}, follow=True)
    wish = Fetch.objects.get()
    assert wish.message
    assert "Đang chờ" in words_of(answer)
    nav = doctor.get("/documents/came").content.decode()
    assert '<span class="count">' not in nav
    asking.receive(wish.id, content, actor=DOCTOR)
    assert '<span class="count">1</span>' in doctor.get("/documents/came").content.decode()
    opened = words_of(doctor.get(f"/documents/received/{wish.id}"))
    assert "Hải sản" in opened
    assert "không ai ở giữa đọc được" in opened
    assert '<span class="count">' not in doctor.get("/documents/came").content.decode()
    file = doctor.get(f"/documents/received/{wish.id}/file")
    assert file.content == content
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert AuditEvent.objects.filter(action="read", page=f"documents/{wish.id}", why="treatment").count() == 2


def test_damaged_content_is_not_kept(published: str, hospitals: dict[str, Any]) -> None:
    search = desk.search_province(PATIENT, basis="treatment", purpose="TREAT", why="", actor=DOCTOR)
    entry, content = _entry(published, hospitals, "https://hub/fhir/Binary/x")
    asking.found(search, {"entry": [{"resource": entry}]})
    wish = desk.fetch(search.id, entry["masterIdentifier"]["value"], actor=DOCTOR)
    from lienthong.foundation.errors import LienThongError

    with pytest.raises(LienThongError, match="document-damaged"):
        asking.receive(wish.id, content + b" ", actor=DOCTOR)
    assert Fetch.objects.get().received == ""


def test_a_doctor_publishes_and_withdraws(someone: Callable[..., Client]) -> None:
    keep()
    doctor, nurse = someone(Role.DOCTOR), someone(Role.NURSE)
    assert nurse.get(f"{PAGE}/publish").status_code == 403
    preview = words_of(doctor.get(f"{PAGE}/publish?stay={STAY}"))
    assert "Tăng huyết áp" in preview
    assert "trầm cảm" not in preview
    assert "niêm phong" in preview
    assert Publication.objects.count() == 0
    answer = doctor.post(f"{PAGE}/publish?stay={STAY}", {"mode": "entry"}, follow=True)
    assert "Chờ đường truyền lên tỉnh" in words_of(answer)
    one = Publication.objects.get()
    assert (one.mode, one.encounter) == ("entry", STAY)
    assert "đúng nội dung này" in words_of(doctor.get(f"{PAGE}/publish?stay={STAY}"))
    paper = words_of(doctor.get(f"{PAGE}/publish?source=Composition/giay-ra-vien"))
    assert "Chẩn đoán" in paper
    assert doctor.get(f"{PAGE}/publish?source=Composition/khong-co").status_code == 400
    assert doctor.post(f"/documents/published/{one.id}/withdraw", {"why": "sai"}).status_code == 400
    answer = doctor.post(f"/documents/published/{one.id}/withdraw", {"why": "Nhầm người bệnh"}, follow=True)
    assert "Đã thu hồi" in words_of(answer)
    assert Outgoing.objects.count() == 2


def test_only_the_head_says_what_is_published_by_itself(someone: Callable[..., Client]) -> None:
    head, doctor = someone(Role.HEAD), someone(Role.DOCTOR)
    page = "/documents/published"
    assert "Tự động công bố" in words_of(head.get(page))
    assert doctor.post(page, {"on-60591-5": "on"}).status_code == 403
    assert not desk.rules()["60591-5"].on
    head.post(page, {"on-60591-5": "on", "mode-60591-5": "copy"})
    rules = desk.rules()
    assert (rules["60591-5"].on, rules["60591-5"].mode, rules["18842-5"].on) == (True, "copy", False)


def test_the_hub_sees_counts_alone(someone: Callable[..., Client], hub: None) -> None:
    officer = someone(Role.DEPARTMENT)
    assert "Chưa có đơn vị nào" in words_of(officer.get("/province/documents"))
    assert officer.get(PAGE).status_code in (403, 404)


def test_the_line_may_refuse(published: str, hospitals: dict[str, Any]) -> None:
    """What the hub refuses for good is shown to who asked, and does not hold up what waits behind it."""
    from lienthong.documents import problems, work
    from lienthong.exchange import alerts
    from lienthong.exchange.client import HubRefused

    first = desk.search_province(PATIENT, basis="treatment", purpose="TREAT", why="", actor=DOCTOR)
    desk.publish(PATIENT, mode=desk.Mode.COPY, actor=DOCTOR)

    class Refusing:
        def call(self, method: str, path: str, body: bytes, headers: Any) -> Answered:
            raise HubRefused(422, problems.no_basis().as_dict())

    work.step(Refusing())
    first.refresh_from_db()
    assert first.refused["code"] == "document-basis"
    assert Publication.objects.get().refused["code"] == "document-basis"
    assert not work.waits()
    assert [alert.problem.code for alert in alerts.open_alerts()] == ["document-not-taken"]
