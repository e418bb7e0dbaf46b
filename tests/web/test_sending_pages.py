"""The sender's pages through the front door: begin, fill in, two people at once, check, sign, send, send elsewhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong import records
from lienthong.access import accounts, audit
from lienthong.access.models import AuditEvent, Role
from lienthong.terminology import systems
from lienthong.transfers import desk, filling, taking
from lienthong.transfers.models import State, Transfer
from lienthong.web.sending import layout, reading

pytestmark = pytest.mark.django_db
PASSWORD = "Mot con vit xoe 2 canh"
ACTOR = audit.system("test")
NASTY = "<script>alert(1)</script>"
CARD = "024160000001|240000001|Trần Thị Ánh|03021960|Nữ|Thôn Ví Dụ, Sơn Động, Bắc Giang|01012022"
WHOLE = {
    "urgency": "planned",
    "case": "general",
    "question": "Chụp cắt lớp, hội chẩn",
    "signs": "Sốt",
    "treatment": "Kháng sinh",
    "diagnosis": "Viêm phổi",
    "diagnosis_code": "J18.9",
    "condition": "Tỉnh, mạch 96",
    "reason": "1",
    "basis": "referral-duty",
    "transport": "ambulance",
    "direction": "Điều trị tiếp",
    "vitals": {"pulse": 96, "systolic": 110, "diastolic": 70, "breaths": 20, "spo2": 95, "temperature": 38},
    "allergies": {"state": "none-known"},
    "home_medicines": {"state": "none"},
    "infection": {"state": "none-known"},
}


def visit(summary: str = "Sốt cao", lk: str = "LK1") -> None:
    subject, encounter = {"reference": "Patient/p1"}, {"reference": "Encounter/e1"}
    resources: list[dict[str, Any]] = [
        {
            "resourceType": "Patient",
            "id": "p1",
            "name": [{"text": "Trần Thị Ánh"}],
            "birthDate": "1960-02-03",
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
            "status": "in-progress",
            "class": {"code": "IMP"},
            "subject": subject,
            "period": {"start": "2025-01-12T07:15:00+07:00"},
            "diagnosis": [{"condition": {"reference": "Condition/c1"}, "rank": 1}],
        },
        {
            "resourceType": "Condition",
            "id": "c1",
            "subject": subject,
            "encounter": encounter,
            "code": {"coding": [{"system": systems.ICD10, "code": "J18.9"}], "text": "Viêm phổi"},
        },
        {
            "resourceType": "ClinicalImpression",
            "id": "n1",
            "status": "completed",
            "subject": subject,
            "encounter": encounter,
            "effectiveDateTime": "2025-01-12T08:00:00+07:00",
            "summary": summary,
        },
    ]
    records.transact(resources, origin=f"his-xml/24011/{lk}", actor=ACTOR)


def signed_in(name: str, role: Role) -> Client:
    accounts.create_account(
        name, f"BS. {name.title()}", PASSWORD, [role], by=ACTOR, must_change=False, licence="001/BG-CCHN"
    )
    browser = Client()
    assert browser.post("/sign-in", {"username": name, "password": PASSWORD}).status_code == 302
    return browser


@pytest.fixture
def doctor(hospitals: Any) -> Client:
    return signed_in("hoa", Role.DOCTOR)


@pytest.fixture
def other(hospitals: Any) -> Client:
    return signed_in("lan", Role.DOCTOR)


@pytest.fixture
def nurse(hospitals: Any) -> Client:
    return signed_in("mai", Role.NURSE)


def draft(receiver: str = "01929", **form: Any) -> Transfer:
    person = {"name": "Trần Thị Ánh", "birth": "1960-02-03", "gender": "female", "citizen": "024160000001"}
    person |= {"address": "Thôn Ví Dụ", "ethnic_group": "Kinh", "nationality": "Việt Nam"}
    return desk.draft(form={"person": person, **form}, receiver=receiver, actor=ACTOR)


def page(browser: Client, address: str, **posted: Any) -> str:
    answer = browser.post(address, posted) if posted else browser.get(address)
    assert answer.status_code in (200, 400, 409), answer.status_code
    return answer.content.decode()


def hidden(content: str) -> dict[str, str]:
    """The marks and versions that a page was sent out with."""
    return dict(re.findall(r'name="((?:was|seen)\.\w+)" value="([^"]*)"', content))


def save(browser: Client, loop: str, name: str, sent_out: dict[str, str], **typed: Any) -> Any:
    known = {key: sent_out[key] for key in (f"was.{name}", f"seen.{name}")}
    return browser.post(f"/transfers/{loop}/field", {"field": name, "do": "save", **known, **typed})


@pytest.mark.parametrize("text", ["024160000001", "HT2242400000001", "tran thi anh 1960", CARD])
def test_the_person_is_found_by_number_name_or_card_and_the_address_stays_clean(
    doctor: Client, text: str
) -> None:
    visit()
    content = page(doctor, "/transfers/new", q=text)
    assert 'href="/transfers/new/e1"' in content
    assert NASTY not in content
    searched = AuditEvent.objects.filter(action="search").latest("seq")
    assert searched.page == "/transfers/new"


def test_whom_no_export_knows_is_entered_by_hand_from_the_card(doctor: Client) -> None:
    content = page(doctor, "/transfers/new", q=CARD)
    known = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', content))
    known.pop("csrfmiddlewaretoken", None)
    start = doctor.post("/transfers/new/by-hand", known).content.decode()
    assert 'value="Trần Thị Ánh"' in start
    assert 'value="03/02/1960"' in start
    answer = doctor.post("/transfers/new/by-hand", {**known, "do": "go", "urgency": "planned"})
    transfer = Transfer.objects.get()
    assert answer["location"] == f"/transfers/{transfer.loop}/form"
    assert (transfer.patient_name, transfer.birth, transfer.citizen) == (
        "Trần Thị Ánh",
        "1960-02-03",
        "024160000001",
    )
    wrong = doctor.post("/transfers/new/by-hand", {"do": "go", "urgency": "planned", "birth": "31/31/1960"})
    assert wrong.status_code == 400


def test_a_visit_begins_a_draft_that_is_filled_in_and_not_begun_twice(nurse: Client) -> None:
    visit()
    assert "Viêm phổi" in page(nurse, "/transfers/new/e1")
    answers = {
        "do": "go",
        "urgency": "urgent",
        "case": "general",
        "receiver": "01929",
        "diagnosis": "Viêm phổi",
    }
    first = nurse.post("/transfers/new/e1", answers)
    again = nurse.post("/transfers/new/e1", answers)
    transfer = Transfer.objects.get()
    assert first["location"] == again["location"] == f"/transfers/{transfer.loop}/form"
    assert (transfer.state, transfer.urgency, transfer.receiver) == ("drafted", "urgent", "01929")
    assert (transfer.form["basis"], transfer.form["signs"]) == ("referral-duty", "Sốt cao")
    content = page(nurse, first["location"])
    assert "từ HIS" in content
    assert f"/transfers/{transfer.loop}/form" in page(nurse, "/transfers/out")
    assert f"/transfers/{transfer.loop}/form" in page(nurse, "/transfers/new/e1")
    assert audit.seen_by("p1")


def test_an_emergency_goes_from_the_first_page_and_asks_afterwards(doctor: Client) -> None:
    visit()
    lacking = doctor.post("/transfers/new/e1", {"do": "send", "urgency": "emergency", "diagnosis": "X"})
    assert lacking.status_code == 400
    assert "#f-receiver" in lacking.content.decode()
    assert not Transfer.objects.exists()
    answers = {
        "urgency": "emergency",
        "receiver": "01929",
        "diagnosis": "Viêm phổi",
        "condition": "Suy hô hấp",
    }
    done = doctor.post("/transfers/new/e1", {"do": "send", **answers})
    transfer = Transfer.objects.get()
    assert done["location"] == f"/transfers/{transfer.loop}"
    assert (transfer.state, transfer.complete, transfer.signed_by) == ("sent", False, "BS. Hoa")
    assert transfer.form["basis"] == "emergency"
    content = page(doctor, f"/transfers/{transfer.loop}")
    assert "todo" in content
    assert "đang chờ đường truyền" in content
    assert f"/transfers/{transfer.loop}/form#f-allergies" in content

    fields = page(doctor, f"/transfers/{transfer.loop}/form")
    kept = save(doctor, transfer.loop, "allergies", hidden(fields), **{"allergies.state": "none-known"})
    assert kept.status_code == 200
    transfer.refresh_from_db()
    sent = doctor.post(f"/transfers/{transfer.loop}/check", {"version": transfer.version, "confirm": "yes"})
    assert sent["location"] == f"/transfers/{transfer.loop}"
    transfer.refresh_from_db()
    assert (transfer.state, transfer.dossier_version) == ("sent", 2)


def test_a_nurse_fills_in_and_a_doctor_signs(nurse: Client) -> None:
    visit()
    answers = {
        "urgency": "emergency",
        "receiver": "01929",
        "diagnosis": "Viêm phổi",
        "condition": "Suy hô hấp",
    }
    assert nurse.post("/transfers/new/e1", {"do": "send", **answers}).status_code == 403
    assert not Transfer.objects.exists()
    transfer = draft(**WHOLE)
    assert 'name="confirm"' not in page(nurse, f"/transfers/{transfer.loop}/check")
    refused = nurse.post(f"/transfers/{transfer.loop}/check", {"version": transfer.version, "confirm": "yes"})
    assert refused.status_code == 403
    assert nurse.post(f"/transfers/{transfer.loop}/form", {"do": "send"}).status_code in (302, 403)
    transfer.refresh_from_db()
    assert transfer.state == State.DRAFTED
    assert AuditEvent.objects.filter(action="refused", why="role").count() >= 2


def test_each_field_is_kept_as_soon_as_it_is_entered(doctor: Client) -> None:
    transfer = draft(urgency="urgent", case="heart")
    sent_out = hidden(page(doctor, f"/transfers/{transfer.loop}/form"))
    answer = save(doctor, transfer.loop, "condition", sent_out, condition="Tỉnh").json()
    assert answer["missing"] is False
    assert "field" not in answer
    assert re.fullmatch(r"\d\d:\d\d", answer["saved"])
    signs = save(
        doctor, transfer.loop, "vitals", sent_out, **{"vitals.pulse": "96", "vitals.temperature": "37,5"}
    )
    assert signs.status_code == 200
    wrong = save(doctor, transfer.loop, "vitals", sent_out, **{"vitals.pulse": "9600"})
    assert wrong.status_code == 400
    assert 'value="9600"' in wrong.json()["field"]
    listed = {
        "allergies.substance": ["Penicillin", ""],
        "allergies.reaction": ["Mày đay", ""],
        "allergies.severity": ["", ""],
    }
    assert save(doctor, transfer.loop, "allergies", sent_out, **listed).status_code == 200
    transfer.refresh_from_db()
    assert transfer.form["condition"] == "Tỉnh"
    assert (transfer.form["vitals"]["pulse"], transfer.form["vitals"]["temperature"]) == (96, 37.5)
    assert transfer.form["vitals"]["at"]
    assert transfer.form["allergies"] == {
        "state": "known",
        "list": [{"substance": "Penicillin", "reaction": "Mày đay", "severity": ""}],
    }


def test_two_people_at_one_field_are_told_and_choose(doctor: Client, other: Client) -> None:
    transfer = draft()
    address = f"/transfers/{transfer.loop}/form"
    mine, theirs = hidden(page(doctor, address)), hidden(page(other, address))
    assert save(other, transfer.loop, "condition", theirs, condition="Lơ mơ").status_code == 200
    assert (
        save(doctor, transfer.loop, "signs", mine, signs="Sốt").status_code == 200
    )  # another field: nothing to tell
    clash = save(doctor, transfer.loop, "condition", mine, condition="Tỉnh")
    assert clash.status_code == 409
    beside = clash.json()["field"]
    assert "BS. Lan" in beside
    assert "Lơ mơ" in beside
    assert "Tỉnh</textarea>" in beside
    transfer.refresh_from_db()
    assert transfer.form["condition"] == "Lơ mơ"
    assert save(doctor, transfer.loop, "condition", hidden(beside), condition="Tỉnh").status_code == 200
    transfer.refresh_from_db()
    assert transfer.form["condition"] == "Tỉnh"


def test_without_script_the_page_saves_what_was_changed_and_shows_theirs_beside_mine(
    doctor: Client, other: Client
) -> None:
    transfer = draft()
    address = f"/transfers/{transfer.loop}/form"
    mine, theirs = hidden(page(doctor, address)), hidden(page(other, address))
    other.post(address, {"do": "save", **theirs, "condition": "Lơ mơ", "diagnosis": "Viêm phổi"})
    clash = doctor.post(address, {"do": "check", **mine, "condition": "Tỉnh", "signs": "Sốt"})
    assert clash.status_code == 409
    content = clash.content.decode()
    assert "Lơ mơ" in content
    assert "Tỉnh</textarea>" in content
    transfer.refresh_from_db()
    assert (transfer.form["condition"], transfer.form["signs"], transfer.form["diagnosis"]) == (
        "Lơ mơ",
        "Sốt",
        "Viêm phổi",
    )
    taken = doctor.post(
        address, {"do": "theirs.condition", **hidden(content), "condition": "Tỉnh", "signs": "Sốt"}
    )
    assert taken["location"] == f"{address}#f-condition"
    transfer.refresh_from_db()
    assert transfer.form["condition"] == "Lơ mơ"


def test_what_a_page_posts_back_untouched_changes_nothing(doctor: Client) -> None:
    visit()
    vitals = {**WHOLE["vitals"], "at": "2026-01-12T01:00:30.000Z"}
    transfer = desk.draft(encounter="e1", patient="p1", form={**WHOLE, "vitals": vitals}, actor=ACTOR)
    address = f"/transfers/{transfer.loop}/form"
    content = page(doctor, address)
    posted: dict[str, Any] = {"do": "check"}
    for name, value in _inputs(content):
        posted.setdefault(name, []).append(value)
    doctor.post(address, posted)
    after = Transfer.objects.get()
    assert after.version == transfer.version
    assert after.form == transfer.form


def _inputs(content: str) -> list[tuple[str, str]]:
    """What a browser would post of the form: the successful controls."""
    from html.parser import HTMLParser

    found: list[tuple[str, str]] = []

    class Reader(HTMLParser):
        area = ""
        inside = chosen = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            told = {name: value or "" for name, value in attrs}
            if tag == "form":
                self.inside = told.get("id", "")
            if self.inside != "sending":
                return
            if tag == "textarea":
                self.area = told["name"]
                found.append((self.area, ""))
            elif tag == "select":
                self.chosen = told["name"]
            elif tag == "option" and "selected" in told:
                found.append((self.chosen, told["value"]))
            elif tag == "input" and "name" in told:
                ticked = told.get("type") not in ("radio", "checkbox") or "checked" in told
                if ticked:
                    found.append((told["name"], told.get("value", "on")))

        def handle_endtag(self, tag: str) -> None:
            self.area = "" if tag == "textarea" else self.area

        def handle_data(self, data: str) -> None:
            if self.area:
                found[-1] = (self.area, found[-1][1] + data)

    Reader().feed(content)
    return found


def test_what_the_his_has_newer_is_offered_taken_or_left(doctor: Client) -> None:
    visit()
    transfer = desk.draft(encounter="e1", patient="p1", actor=ACTOR)
    visit(summary="Đỡ sốt")
    address = f"/transfers/{transfer.loop}/form"
    assert "Đỡ sốt" in page(doctor, address)
    left = doctor.post(f"/transfers/{transfer.loop}/field", {"field": "course", "do": "keep"})
    assert "beside-newer" not in left.json()["field"]
    doctor.post(address, {"do": "take.signs"})
    transfer.refresh_from_db()
    assert transfer.form["signs"] == "Đỡ sốt"
    assert "Sốt cao" in transfer.form["course"]
    assert "beside-newer" not in page(doctor, address)
    assert filling.newer(transfer, filling.of_transfer(transfer)) == {}


def test_signing_wants_a_tick_and_after_an_hour_the_password(doctor: Client) -> None:
    transfer = draft(**WHOLE)
    address = f"/transfers/{transfer.loop}/check"
    content = page(doctor, address)
    assert "BS. Hoa" in content
    assert "001/BG-CCHN" in content
    assert 'name="password"' not in content
    assert doctor.post(address, {"version": transfer.version}).status_code == 400
    session = doctor.session
    session["started"] -= 4000
    session.save()
    assert 'name="password"' in page(doctor, address)
    wrong = {"version": transfer.version, "confirm": "yes", "password": "khong dung"}
    assert doctor.post(address, wrong).status_code == 400
    transfer.refresh_from_db()
    assert transfer.state == State.DRAFTED
    sent = doctor.post(address, {**wrong, "password": PASSWORD})
    assert sent["location"] == f"/transfers/{transfer.loop}"
    transfer.refresh_from_db()
    assert (transfer.state, transfer.complete, transfer.signed_by) == ("sent", True, "BS. Hoa")
    again = doctor.post(address, {"version": transfer.version - 1, "confirm": "yes"})
    assert again.status_code == 400


def test_a_planned_transfer_with_gaps_cannot_be_signed(doctor: Client) -> None:
    transfer = draft(**{**WHOLE, "allergies": {"state": "not-asked"}})
    address = f"/transfers/{transfer.loop}/check"
    assert 'name="confirm"' not in page(doctor, address)
    sent = doctor.post(address, {"version": transfer.version, "confirm": "yes"})
    assert sent.status_code == 400
    transfer.refresh_from_db()
    assert transfer.state == State.DRAFTED


def test_after_a_decline_a_second_transfer_goes_on_with_everything_filled_in(doctor: Client) -> None:
    first = draft(**WHOLE)
    first = desk.send_draft(first.loop, version=first.version, actor=ACTOR)
    taking.add(first, [taking.fixed(first, State.RECEIVED, first.since, "01929")])
    step = taking.make(first, State.DECLINED, actor=ACTOR, data={"code": "no-bed"})
    step.facility = "01929"
    taking.add(first, [step])
    assert f"/transfers/{first.loop}/redirect" in page(doctor, f"/transfers/{first.loop}")
    begun = doctor.post(f"/transfers/{first.loop}/redirect")
    again = doctor.post(f"/transfers/{first.loop}/redirect")
    assert begun["location"] == again["location"]
    second = Transfer.objects.get(follows=first.loop)
    assert (second.follows_why, second.receiver, second.form["question"]) == (
        "redirected",
        "",
        WHOLE["question"],
    )
    sent_out = hidden(page(doctor, f"/transfers/{second.loop}/form"))
    assert save(doctor, second.loop, "receiver", sent_out, receiver="24004").status_code == 200
    second.refresh_from_db()
    sent = doctor.post(f"/transfers/{second.loop}/check", {"version": second.version, "confirm": "yes"})
    assert sent.status_code == 302
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("cancelled", "sent")
    assert first.steps.get(kind="cancelled").data["code"] == "other-hospital"


@pytest.mark.parametrize("role", [Role.IT, Role.HEAD])
def test_other_roles_see_nothing_of_it(hospitals: Any, role: Role) -> None:
    visit()
    transfer = draft()
    browser = signed_in("khach", role)
    for address in (
        "new",
        "new/e1",
        "new/by-hand",
        "new/person/p1",
        f"{transfer.loop}/form",
        f"{transfer.loop}/check",
    ):
        answer = browser.get(f"/transfers/{address}")
        assert answer.status_code == 403, address
        assert "Trần Thị Ánh" not in answer.content.decode()
    assert AuditEvent.objects.filter(action="refused").count() == 6


def test_only_transfers_from_here_have_a_form(doctor: Client) -> None:
    transfer = draft()
    Transfer.objects.filter(loop=transfer.loop).update(sender="24004", receiver="24011")
    for address in ("form", "check"):
        assert doctor.get(f"/transfers/{transfer.loop}/{address}").status_code == 404
    assert doctor.post(f"/transfers/{transfer.loop}/field", {"field": "signs"}).status_code == 404
    assert doctor.post(f"/transfers/{transfer.loop}/redirect").status_code == 404
    assert doctor.get("/transfers/new/nowhere").status_code == 404
    assert doctor.get("/transfers/new/person/nobody").status_code == 404


def test_a_draft_that_was_given_up_cannot_be_filled_in(doctor: Client) -> None:
    transfer = draft()
    content = page(doctor, f"/transfers/{transfer.loop}/form")
    posted = {"do": "give-up", "version": transfer.version}
    assert doctor.post(f"/transfers/{transfer.loop}/form", {**posted, "code": "?"}).status_code == 409
    given_up = doctor.post(f"/transfers/{transfer.loop}/form", {**posted, "code": "treated-here"})
    assert given_up["location"] == "/transfers/out"
    assert Transfer.objects.get().state == State.CANCELLED
    late = save(doctor, transfer.loop, "signs", hidden(content), signs="Sốt")
    assert late.status_code == 400


POSTED = st.dictionaries(
    st.sampled_from(
        [
            *layout.FIELDS,
            *(f"person.{m}" for m, _label in layout.PERSON_MEMBERS),
            *(f"vitals.{m}" for m, _label, _unit in layout.VITALS),
            *("vitals.at", "allergies.state", "allergies.substance", "infection.state", "infection.list"),
            *("key_results.test", "key_results.at", "home_medicines.name"),
        ]
    ),
    st.text(max_size=30) | st.sampled_from(["none-known", "2025-01-12T08:10", "31/12/1960", "-1", "9" * 40]),
    max_size=6,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(layout.FIELDS)),
    posted=POSTED,
    do=st.sampled_from(["save", "theirs", "take", "x"]),
)
def test_whatever_is_posted_gets_an_answer(
    doctor: Client, name: str, posted: dict[str, str], do: str
) -> None:
    transfer = Transfer.objects.filter(state=State.DRAFTED).first() or draft()
    answer = doctor.post(
        f"/transfers/{transfer.loop}/field",
        {"field": name, "do": do, f"was.{name}": "x", f"seen.{name}": "1", **posted},
    )
    assert answer.status_code in (200, 400, 409)
    assert doctor.get(f"/transfers/{transfer.loop}/form").status_code == 200
    assert doctor.get(f"/transfers/{transfer.loop}/check").status_code == 200


def test_a_card_is_read_part_by_part_and_other_text_is_no_card() -> None:
    assert reading.card(CARD) == {
        "citizen": "024160000001",
        "name": "Trần Thị Ánh",
        "birth": "1960-02-03",
        "gender": "female",
        "address": "Thôn Ví Dụ, Sơn Động, Bắc Giang",
    }
    for text in ("", "024160000001", "a|b|c|d|e|f|g", "|||||||"):
        assert reading.card(text) is None
