"""Worklists, the page of one transfer at both hospitals, the door, the return letter."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from lienthong import records
from lienthong.access import accounts, audit
from lienthong.access.models import Role
from lienthong.facilities import laboratories
from lienthong.foundation import clock, ids
from lienthong.transfers import desk, outcome, taking
from lienthong.transfers.models import ReturnLetter, Side, State, Step, Transfer
from lienthong.web.record import worklist

pytestmark = pytest.mark.django_db
PASSWORD = "Mot con vit xoe 2 canh"
DOCTOR = audit.Actor("bs", "Bác sĩ Khác", "doctor", "127.0.0.1")
HERE, OTHER = "24011", "24004"


def signed_in(role: Role, language: str = "vi") -> Client:
    accounts.create_account(f"r-{role}", "Nguyễn Thị Hạnh", PASSWORD, [role], by=DOCTOR, must_change=False)
    browser = Client()
    assert browser.post("/sign-in", {"username": f"r-{role}", "password": PASSWORD}).status_code == 302
    browser.cookies["lt-language"] = language
    return browser


@pytest.fixture
def doctor(hospitals: Any) -> Client:
    return signed_in(Role.DOCTOR)


def transfer_of(name: str, *, to_us: bool = True, minutes: int = 1, **more: Any) -> Transfer:
    """A transfer that arrived so many minutes ago; from us with ``to_us=False``."""
    loop, at = ids.new_id(), clock.now() - timedelta(minutes=minutes)
    sender, receiver = (OTHER, HERE) if to_us else (HERE, OTHER)
    patient = {"resourceType": "Patient", "id": f"p{loop[:8]}", "name": [{"text": name}], "birthDate": "1960"}
    values: dict[str, Any] = {
        "patient": patient["id"],
        "patient_name": name,
        "birth": "1960",
        "gender": "female",
        "diagnosis": "Viêm phổi",
        "left_at": at,
        "started_by": "Bác sĩ Gửi",
        "begun_at": at,
        "since": at,
        "changed_at": at,
        "words": name.lower(),
    }
    with transaction.atomic():
        records.transact([patient], origin=f"transfer/{loop}", actor=DOCTOR)
        transfer = Transfer.objects.create(
            loop=loop, sender=sender, receiver=receiver, state=State.DRAFTED, **values | more
        )
        steps = [
            taking.fixed(transfer, s, at, f) for s, f in ((State.SENT, sender), (State.RECEIVED, receiver))
        ]
        taking.add(transfer, steps)
    return transfer


def came(transfer: Transfer, kind: State, *, place: int = 3, by: str = OTHER, **data: Any) -> None:
    """A step of the other hospital, as its message brings it."""
    step = Step(
        id=ids.new_id(),
        transfer=transfer,
        kind=kind,
        at=clock.now(),
        place=place,
        person="BS Bên Kia",
        facility=by,
        data=data,
    )
    with transaction.atomic():
        taking.add(transfer, [step])


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


def post(browser: Client, transfer: Transfer, state: str, **said: str) -> Any:
    transfer.refresh_from_db()
    form = {"state": state, "version": str(transfer.version), **said}
    return browser.post(f"/transfers/{transfer.loop}/steps", form)


class TestWorklist:
    def test_the_urgent_come_first_then_our_turn_then_who_waits_longest(self, doctor: Client) -> None:
        transfer_of("Planned Ours", minutes=5)
        theirs = transfer_of("Emergency Theirs", urgency="emergency", minutes=9)
        desk.take(theirs.loop, State.ACCEPTED, actor=DOCTOR)
        desk.take(theirs.loop, State.BED, actor=DOCTOR, data={"ward": "Hồi sức"})
        transfer_of("Emergency New", urgency="emergency", minutes=1)
        transfer_of("Emergency Old", urgency="emergency", minutes=3)
        transfer_of("Urgent Ours", urgency="urgent", minutes=2)
        page = doctor.get("/transfers/in").content.decode()
        order = re.findall(r'class="who-link"[^>]*>([^<]+)<', page)
        assert order == ["EMERGENCY OLD", "EMERGENCY NEW", "EMERGENCY THEIRS", "URGENT OURS", "PLANNED OURS"]

    def test_an_overdue_step_is_told_in_words_and_shape(self, doctor: Client) -> None:
        transfer_of("Trễ", urgency="emergency", minutes=30)
        page = doctor.get("/transfers/in")
        assert "clock-late" in page.content.decode()
        assert "quá hạn 25 phút" in text(page)

    @pytest.mark.parametrize(
        ("view", "names"),
        [
            ("ours", {"A", "B", "C"}),
            ("coming", {"B"}),
            ("here", {"C"}),
            ("theirs", {"D"}),
            ("ended", {"E"}),
            ("open", set("ABCD")),
        ],
    )
    def test_views(self, view: str, names: set[str], doctor: Client) -> None:
        transfer_of("A")
        came(transfer_of("B", urgency="emergency"), State.DEPARTED)
        desk.take(transfer_of("C").loop, State.ARRIVED, actor=DOCTOR)
        desk.take(transfer_of("D").loop, State.DECLINED, actor=DOCTOR, data={"code": "no-bed"})
        came(transfer_of("E"), State.CANCELLED, code="died")
        page = doctor.get(f"/transfers/in?show={view}").content.decode()
        found = set(re.findall(r'class="who-link"[^>]*>([^<]+)<', page))
        assert found == names

    def test_looking_again_shows_nothing_and_leaves_no_trace_until_something_changes(
        self, doctor: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        transfer = transfer_of("A")
        now = clock.now()
        monkeypatch.setattr(clock, "now", lambda: now)
        page = doctor.get("/transfers/in").content.decode()
        mark = re.findall(r'data-mark="(\w+)"', page)[0]
        before = audit.head()
        assert doctor.get(f"/transfers/in?mark={mark}").status_code == 204
        assert audit.head() == before
        desk.take(transfer.loop, State.ACCEPTED, actor=DOCTOR)
        again = doctor.get(f"/transfers/in?mark={mark}")
        assert again.status_code == 200
        assert re.findall(r'data-mark="(\w+)"', again.content.decode())[0] != mark

    def test_drafts_stand_on_top_at_the_sender(self, doctor: Client) -> None:
        transfer_of("Đã Gửi", to_us=False, urgency="emergency")
        draft = desk.draft(actor=DOCTOR, form={"person": {"name": "Bản Nháp", "birth": "1970"}})
        page = doctor.get("/transfers/out").content.decode()
        assert page.index("BẢN NHÁP") < page.index("ĐÃ GỬI")
        assert page.count(draft.loop) == 1


class TestDoor:
    def test_a_citizen_card_opens_the_one_transfer(self, doctor: Client) -> None:
        transfer = transfer_of("A", citizen="024160000001")
        answer = doctor.post("/transfers/door", {"number": "024160000001|123|Trần Thị A|01011960|Nữ|x|y"})
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"/transfers/{transfer.loop}?do=arrived&at=citizen#do"
        page = doctor.get(answer.headers["Location"])
        assert 'name="how" value="citizen"' in page.content.decode()
        assert post(doctor, transfer, "arrived", how="citizen").status_code == 302
        assert Step.objects.get(transfer=transfer, kind=State.ARRIVED).data["how"] == "citizen"

    @pytest.mark.parametrize("number", ["GD4242400000001", "00077/2026/PCCSKBCB", "loop"])
    def test_card_slip_and_loop_find_it_too(self, number: str, doctor: Client) -> None:
        transfer = transfer_of("A", slip="00077/2026/PCCSKBCB", form={"person": {"card": "GD4242400000001"}})
        answer = doctor.post("/transfers/door", {"number": transfer.loop if number == "loop" else number})
        assert answer.status_code == 302

    def test_nobody_found_says_what_to_do(self, doctor: Client) -> None:
        ended = transfer_of("A", citizen="024160000001")
        came(ended, State.CANCELLED, code="mistaken")
        page = text(doctor.post("/transfers/door", {"number": "024160000001"}))
        assert "Chưa có lượt chuyển nào đang mở" in page
        assert "Gọi cho cơ sở chuyển" in page
        assert "Lượt chuyển đã kết thúc có số này" in page
        assert "Chưa có lượt chuyển" in text(doctor.post("/transfers/door", {"number": "999"}))

    def test_two_open_ones_are_a_choice(self, doctor: Client) -> None:
        transfer_of("A", citizen="024160000001")
        transfer_of("A", citizen="024160000001")
        assert "Chọn một" in text(doctor.post("/transfers/door", {"number": "0241 6000 0001"}))


class TestOne:
    def test_the_safety_facts_are_loud_when_nobody_asked(self, doctor: Client) -> None:
        unknown = transfer_of("A")
        page = doctor.get(f"/transfers/{unknown.loop}").content.decode()
        assert page.count("fact-warn") == 3
        told = transfer_of(
            "B",
            form={
                "allergies": {"state": "known", "list": [{"substance": "Penicillin", "reaction": "Phản vệ"}]},
                "home_medicines": {"state": "none", "list": []},
                "infection": {"state": "none-known", "list": []},
                "vitals": {"pulse": 130, "spo2": 88, "temperature": 37},
                "question": "Can thiệp mạch vành",
            },
        )
        page = doctor.get(f"/transfers/{told.loop}").content.decode()
        assert "Penicillin: Phản vệ" in page
        assert "fact-warn" not in page
        assert page.count('<li class="out">') == 2
        assert "Can thiệp mạch vành" in page

    def test_grave_steps_ask_for_a_reason_and_a_tick(self, doctor: Client) -> None:
        transfer = transfer_of("A")
        for said in ({}, {"code": "no-bed"}, {"sure": "on"}, {"code": "x", "sure": "on"}):
            assert post(doctor, transfer, "declined", **said).status_code == 400
        said = {"code": "no-bed", "sure": "on", "advice": "Chuyển Việt Đức"}
        assert post(doctor, transfer, "declined", **said).status_code == 302
        page = text(doctor.get(f"/transfers/{transfer.loop}"))
        assert "Không còn giường" in page or "giường" in page
        assert "Chuyển Việt Đức" in page

    def test_two_people_at_once_the_second_is_told_and_keeps_the_words(self, doctor: Client) -> None:
        transfer = transfer_of("A")
        doctor.get(f"/transfers/{transfer.loop}")
        transfer.refresh_from_db()
        before = transfer.version
        desk.take(transfer.loop, State.ACCEPTED, actor=DOCTOR)
        answer = doctor.post(
            f"/transfers/{transfer.loop}/steps",
            {
                "state": "declined",
                "version": str(before),
                "code": "no-bed",
                "sure": "on",
                "advice": "Giữ lại",
            },
        )
        assert answer.status_code == 400
        assert "Bác sĩ Khác đã thay đổi lượt chuyển này" in text(answer)
        assert "Giữ lại" in answer.content.decode()
        transfer.refresh_from_db()
        assert transfer.state == State.ACCEPTED

    def test_a_step_without_effect_is_shown_with_the_reason(self, doctor: Client) -> None:
        transfer = transfer_of("A")
        came(transfer, State.CANCELLED, place=3, code="died")
        came(transfer, State.ACCEPTED, place=4, by=HERE)
        page = text(doctor.get(f"/transfers/{transfer.loop}"))
        assert "Không có tác dụng, vì lúc đó lượt chuyển đã ở trạng thái “Đã hủy”" in page

    def test_times_are_entered_in_viet_nam_s(self, doctor: Client) -> None:
        transfer = transfer_of("A")
        assert post(doctor, transfer, "appointment", at="").status_code == 400
        assert post(doctor, transfer, "appointment", at="khi nào rảnh").status_code == 400
        assert (
            post(doctor, transfer, "appointment", at="2030-05-06T08:30", ward="Tim mạch").status_code == 302
        )
        step = Step.objects.get(transfer=transfer, kind=State.APPOINTMENT)
        assert step.data["at"] == "2030-05-06T01:30:00.000Z"
        assert "06/05/2030 08:30" in text(doctor.get(f"/transfers/{transfer.loop}"))

    def test_both_sides_talk(self, doctor: Client) -> None:
        transfer = transfer_of("A")
        assert post(doctor, transfer, "asked", text="Chức năng thận?").status_code == 302
        came(transfer, State.TOLD, place=9, text="Creatinin 90")
        assert post(doctor, transfer, "note", text="Cảm ơn").status_code == 302
        words = worklist.conversation(transfer, lambda code: code, HERE)
        assert [(w.text, w.ours) for w in words] == [
            ("Chức năng thận?", True),
            ("Creatinin 90", False),
            ("Cảm ơn", True),
        ]

    def test_the_sender_departs_with_escort_and_expected_arrival(self, doctor: Client) -> None:
        transfer = transfer_of("A", to_us=False, urgency="emergency")
        answer = post(
            doctor,
            transfer,
            "departed",
            transport="ambulance",
            escort_name="ĐD Lan",
            arrives_at="2030-05-06T08:30",
        )
        assert answer.status_code == 302
        transfer.refresh_from_db()
        assert (transfer.state, transfer.owner_side) == (State.DEPARTED, Side.RECEIVER)
        assert "ĐD Lan" in text(doctor.get(f"/transfers/{transfer.loop}"))

    def test_results_are_judged_and_levels_count(self, doctor: Client) -> None:
        row = {
            "test": "Kali",
            "value": "4,1",
            "unit": "mmol/L",
            "at": clock.iso(clock.now() - timedelta(hours=1)),
        }
        transfer = transfer_of("A", form={"key_results": [row]})
        assert "chưa biết mức chất lượng" in text(doctor.get(f"/transfers/{transfer.loop}"))
        for facility in (HERE, OTHER):
            laboratories.enter(facility, 3, "QĐ 1", clock.today() - timedelta(days=9), None, by="IT")
        page = text(doctor.get(f"/transfers/{transfer.loop}"))
        assert "Phòng xét nghiệm mức 3" in page


class TestReturnLetter:
    @pytest.fixture
    def here(self, doctor: Client) -> Transfer:
        transfer = transfer_of("A")
        desk.take(transfer.loop, State.ARRIVED, actor=DOCTOR)
        return transfer

    def test_by_hand_from_nothing_kept_and_signed(self, doctor: Client, here: Transfer) -> None:
        address = doctor.post(f"/transfers/{here.loop}/return").headers["Location"]
        assert doctor.get(address).status_code == 200
        said = {
            "diagnosis": "Viêm phổi, ổn định",
            "result": "2",
            "medicine-0-name": "Amoxicilin 500 mg",
            "medicine-0-dose": "1 viên",
            "medicine-2-name": "Paracetamol",
            "appointment_at": "2030-01-02T08:00",
            "agreed": "yes",
        }
        assert doctor.post(address, {"do": "keep", "version": "1", **said}).status_code == 302
        assert "Amoxicilin" in doctor.get(address).content.decode()
        assert doctor.post(address, {"do": "sign", "version": "1", **said}).status_code == 400
        assert doctor.post(address, {"do": "sign", "version": "2", **said}).status_code == 302
        data = Step.objects.get(transfer=here, kind=State.OUTCOME).data
        assert [m["name"] for m in data["medicines"]] == ["Amoxicilin 500 mg", "Paracetamol"]
        assert data["appointment_at"] == "2030-01-02T01:00:00.000Z"
        paper = text(doctor.get(f"/transfers/{here.loop}/outcome"))
        assert "Thư phản hồi kết quả điều trị" in paper
        assert "02/01/2030" in paper

    def test_a_death_asks_to_be_confirmed_and_speaks_with_care(self, doctor: Client, here: Transfer) -> None:
        letter = outcome.by_hand(here.loop, actor=DOCTOR)
        address = f"/transfers/{here.loop}/return/{letter.pk}"
        said = {"do": "sign", "version": "1", "diagnosis": "Sốc nhiễm khuẩn", "result": "5"}
        answer = doctor.post(address, said)
        assert answer.status_code == 400
        assert "sure" in answer.content.decode()
        assert doctor.post(address, {**said, "sure": "on"}).status_code == 302
        paper = text(doctor.get(f"/transfers/{here.loop}/outcome"))
        assert "rất tiếc phải thông báo người bệnh đã tử vong" in paper
        assert "Hẹn khám lại" not in paper

    def test_a_nurse_sees_it_and_does_not_sign(self, here: Transfer) -> None:
        nurse = signed_in(Role.NURSE)
        letter = outcome.by_hand(here.loop, actor=DOCTOR)
        address = f"/transfers/{here.loop}/return/{letter.pk}"
        assert nurse.get(address).status_code == 200
        assert nurse.post(address, {"do": "sign", "version": "1", "diagnosis": "x"}).status_code == 403
        assert nurse.post(f"/transfers/{here.loop}/return").status_code == 403
        here.refresh_from_db()
        assert here.state == State.ARRIVED

    def test_a_stay_that_may_belong_is_decided_by_a_doctor(self, doctor: Client, here: Transfer) -> None:
        letter = ReturnLetter.objects.create(
            transfer=here,
            origin="his-xml/24011/X",
            stage="unsure",
            matched="name",
            found={"diagnosis": "A", "discharged_at": clock.iso(clock.now())},
            changed_at=clock.now(),
            changed_by="HIS",
        )
        address = f"/transfers/{here.loop}/return/{letter.pk}"
        assert "không trùng số nào" in text(doctor.get(address))
        assert doctor.post(address, {"do": "joins", "version": "1"}).status_code == 302
        letter.refresh_from_db()
        assert letter.stage == "ready"
        assert doctor.post(address, {"do": "aside", "version": "2"}).status_code == 302
        assert doctor.get(address).status_code == 404

    def test_the_sender_s_record_shows_what_came_back_and_a_doctor_closes(self, doctor: Client) -> None:
        transfer = transfer_of("A", to_us=False, urgency="emergency")
        came(transfer, State.ARRIVED, place=4)
        came(
            transfer,
            State.OUTCOME,
            place=5,
            diagnosis="Đã đặt stent",
            medicines=[{"name": "Aspirin 81 mg", "dose": "1 viên", "frequency": "", "days": ""}],
            appointment_at="2030-01-02T01:00:00.000Z",
        )
        for address in (f"/transfers/{transfer.loop}", f"/patients/{transfer.patient}"):
            page = text(doctor.get(address))
            assert "Kết quả từ" in page
            assert "Đã đặt stent" in page
            assert "Aspirin 81 mg" in page
            assert "02/01/2030" in page
        assert (
            f"/transfers/{transfer.loop}/outcome"
            in doctor.get(f"/patients/{transfer.patient}/documents").content.decode()
        )
        assert doctor.post(f"/transfers/{transfer.loop}/return").status_code == 404
        assert post(doctor, transfer, "closed").status_code == 302
        transfer.refresh_from_db()
        assert transfer.state == State.CLOSED


def test_levels_of_laboratories_are_entered_from_a_paper(hospitals: Any) -> None:
    it = signed_in(Role.IT)
    assert it.post("/laboratories", {"facility": HERE}).status_code == 400
    form = {
        "facility": HERE,
        "level": "3",
        "document": "QĐ 12/SYT",
        "valid_from": "2025-01-01",
        "valid_to": "2025-12-31",
    }
    assert it.post("/laboratories", form).status_code == 302
    assert "QĐ 12/SYT" in text(it.get("/laboratories"))
    day = clock.from_iso("2025-06-01T00:00:00.000Z").date()
    assert laboratories.level(HERE, day) == 3
    assert laboratories.level(HERE, day.replace(year=2026)) is None
    assert laboratories.level(OTHER, day) is None
