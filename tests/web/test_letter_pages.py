"""The pages of the letter through the front door: printed at the sender, scanned and opened at the receiver."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from letter_photos import photograph, sheet
from letters import DOCTOR, FORM, RECEIVER, SENDER, arrive, go_to_receiver, message, sent
from lienthong.access import accounts, audit
from lienthong.access.models import Role
from lienthong.facilities.models import Node
from lienthong.foundation import clock
from lienthong.transfers import desk
from lienthong.transfers.letter import signed, symbols, usb
from lienthong.transfers.models import State, Transfer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hospitals")]
PASSWORD = "Mot con vit xoe 2 canh"


def signed_in(role: Role) -> Client:
    accounts.create_account(
        f"a-{role}", "Nguyễn Thị Hạnh", PASSWORD, [role], by=audit.system("test"), must_change=False
    )
    browser = Client()
    assert browser.post("/sign-in", {"username": f"a-{role}", "password": PASSWORD}).status_code == 302
    return browser


@pytest.fixture
def doctor() -> Client:
    return signed_in(Role.DOCTOR)


def at_receiver(facility: str = RECEIVER) -> Client:
    """A nurse at the receiving hospital (or another one), where nothing is known of the transfer."""
    go_to_receiver(facility)
    return signed_in(Role.NURSE)


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def letter_of(transfer: Transfer) -> list[str]:
    return symbols.split(signed.make(transfer)[0])


def scan(browser: Client, texts: list[str], **more: Any) -> Any:
    return browser.post("/letter", {"typed": "\n".join(texts), **more})


class TestPrinted:
    def test_a_draft_is_printed_from_its_form_with_boxes_and_symbols(self, doctor: Client) -> None:
        draft = desk.draft(actor=DOCTOR, form=FORM, receiver=RECEIVER)
        shown = text(doctor.get(f"/transfers/{draft.loop}/slip"))
        for part in (
            "TRẦN THỊ ÁNH NGUYỆT",
            "Bệnh viện Bạch Mai",
            "(I21.1)",
            "Troponin T hs: 684 ng/L",
            draft.loop,
        ):
            assert part in shown
        assert "☐ Hết thời hạn" in shown
        assert "☐ Có · ☒ Không" in shown
        assert shown.count('class="symbol"') == len(letter_of(draft))
        assert "Không lược bỏ mục nào." in shown
        assert "style=" not in shown
        assert "Tệp ghi vào USB" not in shown, "a draft has nothing to put on a stick"

    def test_what_did_not_fit_is_told_on_paper(self, doctor: Client) -> None:
        luck = " ".join(str(n * 7919 % 10007) for n in range(400))
        draft = desk.draft(
            actor=DOCTOR, form={**FORM, "signs": luck, "treatment": luck[::-1]}, receiver=RECEIVER
        )
        shown = text(doctor.get(f"/transfers/{draft.loop}/slip"))
        assert re.search(r"Không đủ chỗ trong mã, .*Dấu hiệu lâm sàng: \d+ ký tự", shown)

    @pytest.mark.parametrize(
        ("person", "expired", "no_term"),
        [
            ({"card": "GD1", "card_until": "2020-01-31"}, "☒", "☐"),
            ({"card": "GD1"}, "☐", "☒"),
            ({"card": "GD1", "card_until": "2099-01-31"}, "☐", "☐"),
            ({}, "☐", "☐"),
        ],
    )
    def test_the_boxes_of_the_cards_term(
        self, doctor: Client, person: dict[str, str], expired: str, no_term: str
    ) -> None:
        form = {**FORM, "person": {"name": "A", "birth": "1960", "gender": "male", **person}}
        shown = text(doctor.get(f"/transfers/{sent(form).loop}/slip"))
        assert f"{expired} Hết thời hạn" in shown
        assert f"{no_term} Không xác định thời hạn" in shown

    @pytest.mark.parametrize("receiver", ["", RECEIVER])
    def test_no_symbols_without_receiver_or_when_cancelled(self, doctor: Client, receiver: str) -> None:
        draft = desk.draft(actor=DOCTOR, form=FORM, receiver=receiver)
        if receiver:
            Transfer.objects.update(state=State.CANCELLED)
        shown = doctor.get(f"/transfers/{draft.loop}/slip")
        assert shown.status_code == 200
        assert 'class="symbol"' not in text(shown)

    def test_only_those_who_see_transfers(self) -> None:
        transfer = sent()
        it = signed_in(Role.IT)
        for path in (f"/transfers/{transfer.loop}/slip", "/letter"):
            assert it.get(path).status_code == 403
        for path in (
            f"/transfers/{transfer.loop}/letter-file",
            "/letter/open",
            "/letter/frame",
            "/letter/file",
        ):
            assert it.post(path).status_code == 403
            assert Client().post(path).status_code == 302


class TestScanned:
    def test_photographs_open_the_loop_and_the_message_joins_it(self) -> None:
        transfer = sent()
        texts, incoming = letter_of(transfer), message(transfer)
        nurse = at_receiver()
        picture = SimpleUploadedFile("phieu.jpg", photograph(sheet(texts)), "image/jpeg")
        shown = nurse.post("/letter", {"photos": [picture]})
        assert shown.status_code == 200
        for part in ("Phiếu là thật", "Penicillin, Phản vệ độ II", "Troponin T hs: 684 ng/L ↑", "Amlodipin"):
            assert part in text(shown)
        assert Transfer.objects.count() == 0, "looking opens nothing"
        opened = nurse.post("/letter/open", {"have": " ".join(texts)})
        assert opened.headers["Location"] == f"/transfers/{transfer.loop}"
        assert nurse.get(opened.headers["Location"]).status_code == 200
        arrive(incoming)
        assert Transfer.objects.get().loop == transfer.loop
        (read,) = audit.trail(action="letter-read")
        (event,) = audit.trail(action="letter-opened")
        assert (read.role, read.why, event.role, event.why) == ("nurse", "treatment", "nurse", "treatment")

    def test_scanning_what_came_by_line_leads_to_it(self) -> None:
        transfer = sent()
        texts, incoming = letter_of(transfer), message(transfer)
        nurse = at_receiver()
        arrive(incoming)
        assert scan(nurse, texts).headers["Location"] == f"/transfers/{transfer.loop}"

    def test_symbols_come_one_by_one_and_are_kept_in_the_page(self) -> None:
        texts = _long()
        nurse = at_receiver()
        first = scan(nurse, texts[1:2])
        assert "1 <span" in text(first)
        have = re.search(r'name="have" id="have" value="([0-9 ]*)"', text(first))
        assert have
        assert have[1] == texts[1]
        second = scan(nurse, [texts[0], *texts[2:]], have=have[1])
        assert "Phiếu là thật" in text(second)

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ("", "Không đọc được mã vuông nào"),
            ("0" * 60, "không phải mã của phiếu chuyển"),
            ("024158000123|NGUYEN VAN A|12041958|Nu|Thon Dong Dinh", "không phải mã của phiếu chuyển"),
        ],
    )
    def test_what_is_no_letter(self, typed: str, said: str) -> None:
        nurse = at_receiver()
        answer = nurse.post("/letter", {"typed": typed})
        assert answer.status_code == 400
        assert said in text(answer)

    def test_a_digit_that_the_scanner_lost(self) -> None:
        texts = _long()
        nurse = at_receiver()
        answer = scan(nurse, [texts[0], texts[1][:-1]])
        assert "đọc bị sai" in text(answer)

    def test_a_file_that_is_no_picture_is_named(self) -> None:
        nurse = at_receiver()
        answer = nurse.post("/letter", {"photos": [SimpleUploadedFile("<b>.pdf", b"%PDF-1.7")]})
        assert answer.status_code == 400
        assert "&lt;b&gt;.pdf" in text(answer)
        assert "không phải là ảnh" in text(answer)

    def test_an_altered_letter_shows_nothing(self) -> None:
        data = bytearray(signed.make(sent())[0])
        nurse = at_receiver()
        data[-1] ^= 1
        answer = scan(nurse, symbols.split(bytes(data)))
        assert answer.status_code == 400
        assert "đã bị thay đổi sau khi ký" in text(answer)
        assert "Penicillin" not in text(answer)

    def test_an_unproven_letter_opens_only_when_somebody_says_who_brought_it(self) -> None:
        transfer = sent()
        texts, incoming = letter_of(transfer), message(transfer)
        Node.objects.filter(facility=SENDER).delete()
        nurse = at_receiver()
        shown = scan(nurse, texts)
        assert "Chưa được chứng minh" in text(shown)
        assert "Penicillin" in text(shown)
        refused = nurse.post("/letter/open", {"have": " ".join(texts)})
        assert refused.status_code == 400
        assert Transfer.objects.count() == 0
        nurse.post("/letter/open", {"have": " ".join(texts), "brought_by": "Con gái, chị Hoa"})
        opened = Transfer.objects.get()
        assert opened.loop == transfer.loop
        assert opened.patient != transfer.patient, "an unproven letter names nobody who may be here already"
        (event,) = audit.trail(action="letter-opened")
        assert (event.detail["proof"], event.detail["brought_by"]) == ("unknown", "Con gái, chị Hoa")
        arrive(incoming)
        assert Transfer.objects.get().patient == transfer.patient

    def test_a_revoked_key_opens_nothing(self) -> None:
        texts = letter_of(sent())
        Node.objects.filter(facility=SENDER).update(revoked_at=clock.now())
        nurse = at_receiver()
        shown = scan(nurse, texts)
        assert "Không tin cậy" in text(shown)
        assert "Mở lượt chuyển này" not in text(shown)
        assert nurse.post("/letter/open", {"have": " ".join(texts), "brought_by": "ai đó"}).status_code == 400
        assert Transfer.objects.count() == 0

    def test_a_letter_to_another_hospital_is_shown_and_not_opened(self) -> None:
        texts = letter_of(sent())
        nurse = at_receiver("24022")
        shown = scan(nurse, texts)
        assert "Phiếu này gửi đến Bệnh viện Bạch Mai" in text(shown)
        assert "Mở lượt chuyển này" not in text(shown)
        assert nurse.post("/letter/open", {"have": " ".join(texts)}).status_code == 400

    def test_half_a_letter_is_not_opened(self) -> None:
        texts = _long()
        nurse = at_receiver()
        assert nurse.post("/letter/open", {"have": texts[0]}).headers["Location"] == "/letter"

    def test_the_camera_is_allowed_on_this_page_alone(self) -> None:
        nurse = at_receiver()
        assert "camera=(self)" in nurse.get("/letter").headers["Permissions-Policy"]
        assert "camera=()" in nurse.get("/transfers/in").headers["Permissions-Policy"]

    def test_a_picture_of_the_camera_gives_digits(self) -> None:
        texts = _long()
        nurse = at_receiver()
        picture = photograph(sheet(texts[:2]))
        answer = nurse.post("/letter/frame", data=picture, content_type="image/jpeg").json()
        assert sorted((s["index"], s["count"], s["text"]) for s in answer["symbols"]) == [
            (1, len(texts), texts[0]),
            (2, len(texts), texts[1]),
        ]
        assert nurse.post("/letter/frame", data=b"no picture", content_type="image/jpeg").status_code == 400

    def test_files_are_taken_from_people_signed_in_alone(self) -> None:
        picture = SimpleUploadedFile("phieu.jpg", bytes(100_000), "image/jpeg")
        assert Client().post("/letter", {"photos": [picture]}).status_code == 302


def _long() -> list[str]:
    """The symbols of a letter that needs more than one."""
    luck = " ".join(str(n * 7919 % 10007) for n in range(250))
    return letter_of(sent({"signs": luck[:900], "treatment": luck[::-1][:900]}))


class TestStick:
    def test_the_file_is_taken_at_one_hospital_and_opened_at_the_other(
        self, doctor: Client, node_home: Path
    ) -> None:
        transfer = sent()
        answer = doctor.post(f"/transfers/{transfer.loop}/letter-file")
        assert f'filename="{transfer.loop}{usb.SUFFIX}"' in answer.headers["Content-Disposition"]
        nurse = at_receiver()
        settings.NODE = replace(settings.NODE, home=node_home / RECEIVER)
        file = SimpleUploadedFile("phieu.lienthong", answer.content)
        opened = nurse.post("/letter/file", {"file": file})
        assert opened.headers["Location"] == f"/transfers/{transfer.loop}"
        assert Transfer.objects.get().form["allergies"] == FORM["allergies"]

    def test_a_draft_is_told_what_to_do_first(self, doctor: Client) -> None:
        draft = desk.draft(actor=DOCTOR, form=FORM, receiver=RECEIVER)
        answer = doctor.post(f"/transfers/{draft.loop}/letter-file", follow=True)
        assert "Ký và gửi lượt chuyển trước" in text(answer)

    @pytest.mark.parametrize("file", [None, b"", b"%PDF", b"age-encryption.org/v1\n" + bytes(300)])
    def test_what_is_no_such_file(self, file: bytes | None) -> None:
        nurse = at_receiver()
        given = {"file": SimpleUploadedFile("x.lienthong", file)} if file is not None else {}
        answer = nurse.post("/letter/file", given)
        assert answer.status_code == 400
        assert 'role="alert"' in text(answer)
