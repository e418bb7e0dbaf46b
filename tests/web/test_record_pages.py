"""The doctors' pages through the front door, with real rows in the store."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from lienthong import records
from lienthong.access import accounts, audit
from lienthong.access.models import Role
from lienthong.foundation import clock
from lienthong.terminology import systems
from lienthong.transfers import taking
from lienthong.transfers.models import State, Step, Transfer

pytestmark = pytest.mark.django_db

PASSWORD = "Mot con vit xoe 2 canh"
LOOP = "1" * 32
ACTOR = audit.system("test")
NASTY = "<script>alert(1)</script>"


def _resources() -> list[dict[str, Any]]:
    subject, encounter = {"reference": "Patient/p1"}, {"reference": "Encounter/e1"}
    protected = [{"system": systems.CONFIDENTIALITY, "code": "R"}]
    return [
        {
            "resourceType": "Patient",
            "id": "p1",
            "name": [{"text": "Trần Thị Ví Dụ"}],
            "birthDate": "1960",
            "gender": "female",
            "identifier": [
                {"system": systems.CITIZEN_NUMBER, "value": "024160000001"},
                {"system": systems.INSURANCE_CARD, "value": "HT2242400000001"},
            ],
            "address": [{"text": f"Thôn Ví Dụ {NASTY}"}],
        },
        {
            "resourceType": "Encounter",
            "id": "e1",
            "status": "finished",
            "class": {"system": systems.ACT_CODE, "code": "IMP"},
            "type": [{"coding": [{"system": systems.codes("ma-loai-kcb"), "code": "03"}], "text": "Nội trú"}],
            "subject": subject,
            "period": {"start": "2025-01-12T07:15:00+07:00", "end": "2025-01-15T14:00:00+07:00"},
            "diagnosis": [{"condition": {"reference": "Condition/c1"}, "rank": 1}],
        },
        {
            "resourceType": "Condition",
            "id": "c1",
            "subject": subject,
            "encounter": encounter,
            "code": {"coding": [{"system": systems.ICD10, "code": "J18.9"}], "text": "Viêm phổi"},
            "recordedDate": "2025-01-15",
        },
        {
            "resourceType": "Condition",
            "id": "c2",
            "meta": {"security": protected},
            "subject": subject,
            "encounter": encounter,
            "code": {"text": "Chẩn đoán kín đáo"},
            "recordedDate": "2025-01-15",
        },
        {
            "resourceType": "Observation",
            "id": "o1",
            "status": "final",
            "subject": subject,
            "encounter": encounter,
            "code": {"text": "Số lượng bạch cầu"},
            "effectiveDateTime": "2025-01-12T08:10:00+07:00",
            "valueQuantity": {"value": 15.2, "unit": "G/L"},
        },
        {
            "resourceType": "Composition",
            "id": "d1",
            "status": "final",
            "subject": subject,
            "encounter": encounter,
            "type": {"coding": [{"system": systems.LOINC, "code": "57133-1"}]},
            "title": "Phiếu chuyển cơ sở khám bệnh, chữa bệnh",
            "date": "2025-01-15",
            "author": [{"display": "Bác sĩ Mẫu"}],
            "section": [
                {
                    "title": "Tình trạng người bệnh lúc chuyển",
                    "text": {
                        "status": "additional",
                        "div": '<div xmlns="http://www.w3.org/1999/xhtml">Tỉnh, thở oxy &lt;5 lít</div>',
                    },
                }
            ],
        },
    ]


@pytest.fixture
def client(hospitals: Any) -> Client:
    return signed_in(Role.DOCTOR)


def signed_in(role: Role) -> Client:
    accounts.create_account(f"a-{role}", "Nguyễn Thị Hạnh", PASSWORD, [role], by=ACTOR, must_change=False)
    browser = Client()
    assert browser.post("/sign-in", {"username": f"a-{role}", "password": PASSWORD}).status_code == 302
    return browser


@pytest.fixture
def own_record(hospitals: Any) -> None:
    records.transact(_resources(), origin="his-xml/24011/LK1", actor=ACTOR)


@pytest.fixture
def coming(hospitals: Any) -> Transfer:
    """A transfer from Sơn Động to us, with its dossier."""
    records.transact(_resources(), origin=f"transfer/{LOOP}", actor=ACTOR)
    now = clock.now()
    transfer = Transfer.objects.create(
        loop=LOOP,
        sender="24004",
        receiver="24011",
        ma_lk="LK1",
        patient="p1",
        patient_name="Trần Thị Ví Dụ",
        birth="1960",
        gender="female",
        diagnosis="Viêm phổi",
        diagnosis_code="J18.9",
        reason="2",
        left_at=now - timedelta(hours=3),
        started_by="Bác sĩ Mẫu",
        state=State.RECEIVED,
        begun_at=now - timedelta(hours=3),
        since=now - timedelta(hours=2),
        changed_at=now - timedelta(hours=2),
        kept_back=2,
    )
    taking.add(
        transfer, [taking.fixed(transfer, kind, now, "24004") for kind in (State.SENT, State.RECEIVED)]
    )
    return transfer


PAGES = [
    "/patients/p1",
    "/patients/p1/results",
    "/patients/p1/diagnoses",
    "/patients/p1/documents",
    "/patients/p1/visits/e1",
    "/patients/p1/documents/Composition/d1",
    "/patients/p1/protected",
]


@pytest.mark.parametrize("page", PAGES)
def test_every_look_at_a_record_is_in_the_trail_and_nothing_protected_is_shown(
    client: Client, own_record: None, page: str
) -> None:
    response = client.get(page)
    content = response.content.decode()
    assert response.status_code == 200
    assert "TRẦN THỊ VÍ DỤ" in content
    assert NASTY not in content
    assert "kín đáo" not in content
    event = audit.seen_by("p1")[0]
    assert (event.action, event.page, event.person, event.why) == ("read", page, "a-doctor", "treatment")


@pytest.mark.parametrize("role", [Role.IT, Role.HEAD, Role.PROTECTION])
@pytest.mark.parametrize(
    "page", [*PAGES, "/patients", "/transfers/in", "/transfers/out", f"/transfers/{LOOP}"]
)
def test_other_roles_are_refused_before_anything_is_read(
    hospitals: Any, own_record: None, role: Role, page: str
) -> None:
    response = signed_in(role).get(page)
    assert response.status_code == 403
    assert "VÍ DỤ" not in response.content.decode()
    assert not [e for e in audit.seen_by("p1") if e.action == "read"]


def test_a_nurse_reads_and_a_stranger_signs_in_first(hospitals: Any, own_record: None) -> None:
    assert signed_in(Role.NURSE).get("/patients/p1").status_code == 200
    assert Client().get("/patients/p1").headers["Location"].startswith("/sign-in")


def test_the_record_says_what_the_source_does_not_know(client: Client, own_record: None) -> None:
    content = client.get("/patients/p1", headers={"Cookie": _english(client)}).content.decode()
    assert "The insurance XML has no field for allergies" in content
    assert "no reference ranges" in content
    assert "dossier LK1" in content
    assert "15.2" in content
    assert "J18.9" in content
    assert "/patients/p1/seen-by" in content


def test_protected_entries_open_with_a_reason_that_is_kept(client: Client, own_record: None) -> None:
    refused = client.post("/patients/p1/protected", {"why": "xem"})
    assert "kín đáo" not in refused.content.decode()
    opened = client.post("/patients/p1/protected", {"why": "Chọn thuốc trước khi phẫu thuật"})
    assert "Chẩn đoán kín đáo" in opened.content.decode()
    event = audit.seen_by("p1")[0]
    assert (event.action, event.why) == ("read-protected", "Chọn thuốc trước khi phẫu thuật")


def test_nothing_of_another_patient_or_kind_is_served(client: Client, own_record: None) -> None:
    records.transact(
        [{"resourceType": "Patient", "id": "p2", "name": [{"text": "Người Khác"}]}],
        origin="his-xml/24011/LK2",
        actor=ACTOR,
    )
    for page in (
        "/patients/p2/visits/e1",
        "/patients/p2/documents/Composition/d1",
        "/patients/p1/documents/Condition/c2",
        "/patients/p1/visits/none",
        "/patients/none",
        "/transfers/none",
    ):
        assert client.get(page).status_code == 404


@pytest.mark.parametrize("text", ["tran thi vi du", "ví dụ 1960", "024160000001", "HT2242400000001"])
def test_a_person_is_found_by_name_or_number(client: Client, own_record: None, text: str) -> None:
    content = client.get("/patients", {"q": text}).content.decode()
    assert "/patients/p1" in content
    assert "12/01/2025" in content


def test_the_first_look_at_a_transfer_is_the_step_seen(client: Client, coming: Transfer) -> None:
    worklist = client.get("/transfers/in").content.decode()
    assert " unopened" in worklist
    page = client.get(f"/transfers/{LOOP}").content.decode()
    assert Step.objects.filter(transfer=coming, kind=State.SEEN, person="Nguyễn Thị Hạnh").count() == 1
    client.get(f"/transfers/{LOOP}")
    assert Step.objects.filter(transfer=coming, kind=State.SEEN).count() == 1
    assert "Tỉnh, thở oxy &lt;5 lít" in page
    assert "kín đáo" not in page
    assert " unopened" not in client.get("/transfers/in").content.decode()
    assert f"/transfers/{LOOP}" in [e.page for e in audit.seen_by("p1") if e.action == "read"]


def test_the_receiver_accepts_and_answers(client: Client, coming: Transfer) -> None:
    client.get(f"/transfers/{LOOP}")
    steps = f"/transfers/{LOOP}/steps"

    def post(state: str, **said: str) -> int:
        coming.refresh_from_db()
        return client.post(steps, {"state": state, "version": str(coming.version), **said}).status_code

    assert post("accepted") == 302
    assert post("arrived") == 302
    assert post("sent") == 404
    assert post("outcome", diagnosis="x") == 404, "the outcome has a page of its own"
    letter = client.post(f"/transfers/{LOOP}/return").headers["Location"]
    assert client.post(letter, {"do": "sign", "version": "1", "diagnosis": " "}).status_code == 400
    signed = client.post(letter, {"do": "sign", "version": "1", "diagnosis": "Đã phẫu thuật, ổn định"})
    assert signed.status_code == 302
    coming.refresh_from_db()
    assert coming.state == State.OUTCOME
    again = client.post(letter, {"do": "sign", "version": "1", "diagnosis": "x"})
    assert again.status_code == 400


def test_the_slip_prints_on_its_own(client: Client, coming: Transfer) -> None:
    content = client.get(f"/transfers/{LOOP}/slip").content.decode()
    assert "TRẦN THỊ VÍ DỤ" in content
    assert "☒ 1b" in content
    assert audit.seen_by("p1")[0].page == f"/transfers/{LOOP}/slip"


def _english(client: Client) -> str:
    client.cookies["lt-language"] = "en"
    return client.cookies.output(header="", sep=";").strip()
