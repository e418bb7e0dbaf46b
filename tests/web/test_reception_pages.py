"""The reception's pages through the front door."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.template import Context, Template
from django.test import Client
from django.utils.translation import override

from lienthong.access import accounts, audit
from lienthong.access.models import Role
from lienthong.foundation import clock
from lienthong.transfers.models import SlipUse, Transfer
from slip_world import (
    CITIZEN,
    NAME,
    QR,
    appointment,
    outcome,
    patient,
    slip,
    store,
)

pytestmark = pytest.mark.django_db
PASSWORD = "Mot con vit xoe 2 canh"
TODAY = clock.today()


def signed_in(role: Role, language: str = "vi") -> Client:
    by = audit.system("test")
    accounts.create_account(f"a-{role}", "Nguyễn Thị Hạnh", PASSWORD, [role], by=by, must_change=False)
    browser = Client()
    browser.cookies["lt-language"] = language
    assert browser.post("/sign-in", {"username": f"a-{role}", "password": PASSWORD}).status_code == 302
    return browser


@pytest.fixture
def nurse(hospitals: Any) -> Client:
    return signed_in(Role.NURSE)


def look(browser: Client, number: str = CITIZEN) -> str:
    response = browser.post("/reception", {"number": number})
    assert response.status_code == 200
    return response.content.decode()


def fields(html: str, kind: str) -> dict[str, str]:
    """What the first button for a slip or appointment would send."""
    for part in html.split("<form")[1:]:
        form = part.split("</form>")[0]
        found = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        if found.get("kind") == kind:
            return found | {"how": re.findall(r'name="how" value="(\w+)"', form)[0]}
    raise AssertionError(f"no button for a {kind}")


def test_a_card_is_scanned_and_the_slip_used(nurse: Client) -> None:
    store(patient())
    slip(form={"one_year": True}, diagnosis_code="G20")
    html = look(nurse, QR)
    assert NAME.upper() in html
    assert "có giá trị 1 năm" in html
    assert "Thẻ ghi khác" not in html
    response = nurse.post("/reception/use", fields(html, "slip"))
    assert response.status_code == 200
    assert "Mã đối tượng trên HIS: 1.3" in response.content.decode()
    assert "1 lần" in response.content.decode()
    assert SlipUse.objects.get().how == "scanned"


def test_a_page_sent_twice_is_one_use(nurse: Client) -> None:
    slip(form={"one_year": True})
    sent = fields(look(nurse), "slip")
    nurse.post("/reception/use", sent)
    nurse.post("/reception/use", sent)
    assert SlipUse.objects.count() == 1


def test_an_appointment_used_meanwhile_is_refused_with_who_and_when(nurse: Client) -> None:
    store(patient(), appointment("a1", TODAY.isoformat()))
    first, second = fields(look(nurse), "appointment"), fields(look(nurse), "appointment")
    assert nurse.post("/reception/use", first).status_code == 200
    response = nurse.post("/reception/use", second)
    assert response.status_code == 409
    html = response.content.decode()
    assert "Phiếu hẹn khám lại này đã dùng lúc" in html
    assert "Nguyễn Thị Hạnh" in html
    assert SlipUse.objects.count() == 1


def test_a_second_use_of_ten_days_asks_why(nurse: Client) -> None:
    slip()
    nurse.post("/reception/use", fields(look(nurse), "slip"))
    sent = fields(look(nurse), "slip")
    assert nurse.post("/reception/use", sent).status_code == 409
    assert nurse.post("/reception/use", {**sent, "why": "Cùng đợt khám"}).status_code == 200
    assert SlipUse.objects.count() == 2


def test_an_expired_slip_has_no_button_and_says_what_to_do(nurse: Client) -> None:
    slip(signed=clock.now() - timedelta(days=60), form={"one_year": False})
    html = look(nurse)
    assert "Hết hạn ngày" in html
    assert "xin phiếu mới" in html
    assert "reception/use" not in html


def test_the_reception_names_no_disease(nurse: Client) -> None:
    slip(signed=clock.now() - timedelta(days=60), diagnosis="HIV", diagnosis_code="B20")
    html = look(nurse)
    assert "Phụ lục III, mục 37 (Phụ lục II, mục 9)" in html
    assert "HIV" not in html
    assert "B20" not in html


def test_a_card_of_another_person_is_told(nurse: Client) -> None:
    store(patient())
    assert "Thẻ ghi khác" in look(nurse, QR.replace(NAME, "Trần Thị Khác"))


def test_nobody_is_told_what_to_do_next(nurse: Client) -> None:
    html = look(nurse, "001160000099")
    assert "Không có gì với số 001160000099" in html
    assert "mã đối tượng 2" in html
    assert 'href="/letter"' in html


def test_the_look_stands_in_the_trail_and_not_in_an_address(nurse: Client) -> None:
    store(patient())
    look(nurse, QR)
    assert [(e.action, e.why) for e in audit.seen_by("p1")][:1] == [("read", "reception")]
    assert NAME.upper() not in nurse.get("/reception", {"number": CITIZEN}).content.decode()


@pytest.mark.parametrize("text", ["", "|", "\0", "<script>alert(1)</script>", "x" * 5000, "|".join("x" * 99)])
def test_any_input_is_answered(nurse: Client, text: str) -> None:
    html = look(nurse, text)
    assert "<script>alert" not in html


@pytest.mark.parametrize(
    "sent", [{}, {"how": "x"}, {"how": "card"}, {"how": "card", "id": "x", "token": "y"}]
)
def test_a_bent_form_is_refused(nurse: Client, sent: dict[str, str]) -> None:
    assert nurse.post("/reception/use", sent).status_code in (404, 409)
    assert nurse.get("/reception/use").status_code == 302


def test_the_register_shows_who_is_expected_and_who_came(nurse: Client) -> None:
    tomorrow = TODAY + timedelta(days=1)
    store(patient(), appointment("a1", TODAY.isoformat()), appointment("a2", tomorrow.isoformat()))
    nurse.post("/reception/use", fields(look(nurse), "appointment"))
    html = nurse.get("/reception/appointments").content.decode()
    assert "2 lượt hẹn" in html
    assert "Đang chờ đến" in html
    assert nurse.get("/reception/appointments", {"from": "x", "to": "2025-01-01"}).status_code == 200
    far = nurse.get("/reception/appointments", {"from": "2025-01-01", "to": "2099-01-01"}).content.decode()
    assert 'value="2025-03-04"' in far  # two months at most


def test_working_days_with_their_source_and_the_faults_of_the_own_file(
    nurse: Client, node_home: Path
) -> None:
    html = nurse.get("/reception/working-days").content.decode()
    assert "31/12/2027" in html
    assert "Chờ xác nhận" in html
    (node_home / "holidays.csv").write_text(
        "day,kind,name_vi,status\n2028-01-03,off,Nghỉ bù,law\nabc,off\n", "utf-8"
    )
    html = nurse.get("/reception/working-days").content.decode()
    assert "31/12/2028" in html
    assert "Dòng 3" in html
    assert "từ tệp của đơn vị" in html


def test_a_return_is_offered_and_begun(hospitals: Any) -> None:
    doctor = signed_in(Role.DOCTOR)
    first = slip()
    page = f"/transfers/{first.loop}/back"
    assert "Cần có kết quả điều trị" in doctor.get(page).content.decode()
    outcome(first, diagnosis_code="I10")
    assert "Phụ lục IV, mục 9" in doctor.get(page).content.decode()
    response = doctor.post(page)
    begun = Transfer.objects.get(follows=first.loop)
    assert response.status_code == 302
    assert begun.loop in response["Location"]
    assert begun.loop in doctor.get(page).content.decode()
    assert doctor.get("/transfers/" + "f" * 32 + "/back").status_code == 404


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        (Role.IT, "/reception", 403),
        (Role.IT, "/reception/appointments", 403),
        (Role.IT, "/reception/working-days", 200),
        (Role.HEAD, "/reception/working-days", 403),
        (Role.DOCTOR, "/reception", 200),
    ],
)
def test_who_may_open_what(hospitals: Any, role: Role, path: str, status: int) -> None:
    assert signed_in(role).get(path).status_code == status


def test_english(hospitals: Any) -> None:
    browser = signed_in(Role.NURSE, "en")
    slip()
    html = look(browser)
    assert "Use for this visit" in html
    assert "valid 10 working days" in html


@pytest.mark.parametrize("language", ["vi", "en"])
def test_what_the_pages_of_a_transfer_show_of_slips(hospitals: Any, language: str) -> None:
    page = Template(
        "{% load slips %}{% findings transfer %}|{% slip_line transfer %}|{% back_offer transfer %}"
    )
    transfer = slip(form={"one_year": True}, diagnosis_code="I10")
    with override(language):
        context = Context({"transfer": transfer, "LANGUAGE_CODE": language})
        found, line, offer = page.render(context).split("|")
        assert ("Chưa gửi được" if language == "vi" else "Stops sending") in found
        assert ("có giá trị 1 năm" if language == "vi" else "valid one year") in line
        assert offer.strip() == ""
        outcome(transfer, diagnosis_code="I10")
        assert f"/transfers/{transfer.loop}/back" in page.render(context).split("|")[2]
