"""Pages of systems that may call, and the slip as a file: who opens them, what they do, what the trail says after."""

from __future__ import annotations

import html
import json
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

import fhir_calls
from lienthong.access import audit, scopes
from lienthong.access.models import AuditEvent, Role, System
from lienthong.transfers import desk
from lienthong.transfers.models import Transfer
from lienthong.web.views import systems_form

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hospitals")]
PASSWORD = "Song Cầu nước chảy 2025"
DOCTOR = audit.Actor("bs", "Bác sĩ Thử", "doctor", "127.0.0.1")


@pytest.fixture
def someone(person: Any) -> Any:
    def make(*roles: Role) -> Client:
        name = f"a-{'-'.join(roles)}"
        person(name, *roles)
        client = Client(HTTP_HOST="127.0.0.1")
        assert client.post("/sign-in", {"username": name, "password": PASSWORD}).status_code == 302
        return client

    return make


def key_text() -> str:
    return json.dumps({"keys": [fhir_calls.make_key()[2]]})


FORM: dict[str, Any] = {
    "name": "HIS bệnh viện",
    "transfers": ["read"],
    "records": ["results.r", "results.s", "identity.r"],
    "narrowed": "Observation?category=laboratory\nObservation?category=vital-signs",
    "more": "",
    "purposes": ["TREAT", "COC"],
    "usual_purpose": "TREAT",
    "bases": ["treatment"],
    "usual_basis": "treatment",
    "kinds": [],
}


def test_a_system_is_let_in_changed_stopped_and_let_in_again(someone: Any) -> None:
    it = someone(Role.IT)
    assert "Chưa có hệ thống nào" in it.get("/it/systems").content.decode()
    answer = it.post("/it/systems/new", {**FORM, "keys": key_text()}, follow=True)
    system = System.objects.get()
    shown = answer.content.decode()
    assert (system.id in shown, "http://127.0.0.1/fhir/token" in shown) == (True, True)
    assert "system/Observation.rs?category=laboratory" in system.scopes
    assert "system/Specimen.rs" in system.scopes
    assert not {"system/ServiceRequest.cru", "system/Observation.rs"} & set(system.scopes)
    assert (system.purposes, system.bases, system.kinds) == (["TREAT", "COC"], ["treatment"], [])
    assert "chỉ Observation?category=laboratory | Observation?category=vital-signs" in shown
    before = system.keys
    changed = {**FORM, "transfers": ["begin"], "records": [], "narrowed": "", "keys": ""}
    it.post(f"/it/systems/{system.id}", changed)
    system.refresh_from_db()
    assert (system.scopes, system.keys) == (["system/ServiceRequest.cru"], before)
    it.post(f"/it/systems/{system.id}", {**changed, "keys": key_text()})
    assert System.objects.get().keys != before
    it.post(f"/it/systems/{system.id}/stop")
    assert not System.objects.get().is_active
    it.post(f"/it/systems/{system.id}/start")
    assert System.objects.get().is_active
    events = AuditEvent.objects.filter(action__startswith="system-").order_by("seq")
    actions = ["system-registered", *["system-changed"] * 2, "system-stopped", "system-changed"]
    assert [event.action for event in events] == actions
    assert "HIS bệnh viện" in it.get("/it/systems").content.decode()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"keys": "x"}, "khóa công khai"),
        ({"keys": ""}, "bắt buộc"),
        ({"transfers": [], "records": [], "narrowed": ""}, "ít nhất một việc"),
        ({"records": ["all"]}, "all"),
        ({"name": ""}, "bắt buộc"),
        ({"keys": "{" * 30_000}, ""),
        ({"narrowed": "Observation?_count=5"}, "không đúng dạng"),
        ({"narrowed": "Observation?colour=red"}, "colour"),
        ({"narrowed": "Condition?code=B20"}, "chưa được đánh dấu"),
        ({"more": "system/Observation.rs?date=tomorrow"}, "tomorrow"),
        ({"more": "system/*.rs user/Patient.rs"}, "user/Patient.rs"),
        ({"purposes": ["TREAT", "HRESCH"]}, "Nghiên cứu"),
        ({"bases": ["payment"], "usual_basis": "payment"}, "Chưa có căn cứ"),
        ({"kinds": ["HIV"], "bases": ["referral-duty"], "usual_basis": "referral-duty"}, "cần một trong"),
    ],
)
def test_what_is_missing_or_wrong_is_said_and_nothing_registered(
    someone: Any, wrong: dict[str, Any], told: str
) -> None:
    answer = someone(Role.IT).post("/it/systems/new", {**FORM, "keys": key_text(), **wrong})
    assert answer.status_code == 400
    shown = answer.content.decode()
    assert "errors" in shown
    assert told in html.unescape(shown)
    assert not System.objects.exists()


def test_a_private_key_is_refused_and_not_shown_again_as_kept(someone: Any) -> None:
    keys = '{"kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "c2VjcmV0"}'
    answer = someone(Role.IT).post("/it/systems/new", {**FORM, "keys": keys})
    assert "khóa bí mật" in answer.content.decode()
    assert not System.objects.exists()
    assert not AuditEvent.objects.filter(detail__contains="c2VjcmV0").exists()


@pytest.mark.parametrize("like", systems_form.TEMPLATES)
def test_each_template_is_a_form_that_can_be_sent(someone: Any, like: str) -> None:
    it = someone(Role.IT)
    assert it.get(f"/it/systems/new?like={like}").status_code == 200
    begun = systems_form.of_template(systems_form.TEMPLATES[like])
    answer = it.post("/it/systems/new", {**begun, "name": like, "keys": key_text()})
    assert answer.status_code == (400 if like == "research" else 302), answer.content.decode()


KINDS = sorted({kind for group in systems_form.GROUPS.values() for kind in group.kinds})


@given(
    st.lists(
        st.builds(
            lambda kind, letters, query: (
                f"system/{kind}.{''.join(x for x in 'cruds' if x in letters)}{query}"
            ),
            st.sampled_from([*KINDS, "*", "Task"]),
            st.sets(st.sampled_from("cruds"), min_size=1),
            st.sampled_from(["", "?category=laboratory", "?code=a%20b&status=final"]),
        ),
        max_size=8,
    ).map(lambda some: some + [f"system/{kind}.rs" for kind in systems_form.GROUPS["results"].kinds])
)
def test_the_form_shows_exactly_what_a_system_holds(held: list[str]) -> None:
    assert systems_form.rights_of(held).grants() == scopes.grants(held)


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.HEAD, Role.PROTECTION])
def test_others_do_not_open_it(someone: Any, role: Role) -> None:
    browser = someone(role)
    for path in ("/it/systems", "/it/systems/new", "/it/systems/x"):
        assert browser.get(path).status_code == 403
    assert browser.post("/it/systems/x/stop").status_code == 403


def test_a_hub_lets_systems_in_too_but_gives_no_transfers(someone: Any, settings: Any) -> None:
    it = someone(Role.IT)
    settings.NODE = replace(settings.NODE, role="hub")
    assert "Chuyển cơ sở" not in it.get("/it/systems/new").content.decode()
    it.post("/it/systems/new", {**FORM, "keys": key_text()})
    assert not any("ServiceRequest" in scope for scope in System.objects.get().scopes)


class TestSlipFile:
    FORM: ClassVar[dict[str, Any]] = {
        "urgency": "emergency",
        "diagnosis": "Viêm phổi",
        "condition": "Khó thở",
        "person": {"name": "LÊ VĂN BÌNH"},
    }

    def test_the_page_of_a_transfer_gives_the_file_and_the_trail_says_who_took_it(self, someone: Any) -> None:
        begun = desk.draft(actor=DOCTOR, receiver="01929", form=self.FORM)
        doctor = someone(Role.DOCTOR)
        assert doctor.get(f"/transfers/{begun.loop}/xml13").status_code == 404
        sent = desk.send_draft(begun.loop, version=begun.version, actor=DOCTOR)
        assert f"/transfers/{sent.loop}/xml13" in doctor.get(f"/transfers/{sent.loop}").content.decode()
        answer = doctor.get(f"/transfers/{sent.loop}/xml13")
        assert answer["Content-Type"] == "application/xml"
        assert answer["Content-Disposition"] == f'attachment; filename="{sent.loop}-1.xml"'
        assert answer.content.startswith(b"<?xml")
        assert AuditEvent.objects.get(action="slip-file").patient == sent.patient

    def test_nobody_else_gets_it(self, someone: Any) -> None:
        begun = desk.draft(actor=DOCTOR, receiver="01929", form=self.FORM)
        sent = desk.send_draft(begun.loop, version=begun.version, actor=DOCTOR)
        assert someone(Role.IT).get(f"/transfers/{sent.loop}/xml13").status_code == 403
        doctor = someone(Role.DOCTOR)
        Transfer.objects.update(sender="24004")
        assert doctor.get(f"/transfers/{sent.loop}/xml13").status_code == 404
