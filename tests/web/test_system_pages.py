"""Pages of systems that may call, and the slip as a file: who opens them, what they do, what the trail says after."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from django.test import Client

import fhir_calls
from lienthong.access import audit
from lienthong.access.models import AuditEvent, Role, System
from lienthong.transfers import desk
from lienthong.transfers.models import Transfer

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


def test_a_system_is_let_in_changed_stopped_and_let_in_again(someone: Any) -> None:
    it = someone(Role.IT)
    assert "Chưa có hệ thống nào" in it.get("/it/systems").content.decode()
    form = {"name": "HIS bệnh viện", "scopes": ["read", "step"], "keys": key_text()}
    answer = it.post("/it/systems/new", form, follow=True)
    system = System.objects.get()
    shown = answer.content.decode()
    assert (system.id in shown, "http://127.0.0.1/fhir/token" in shown) == (True, True)
    assert "system/ServiceRequest.rs" in system.scopes
    assert "system/ServiceRequest.cru" not in system.scopes
    before = system.keys
    it.post(f"/it/systems/{system.id}", {"scopes": ["begin"], "keys": ""})
    system.refresh_from_db()
    assert (system.scopes, system.keys) == (["system/ServiceRequest.cru"], before)
    it.post(f"/it/systems/{system.id}", {"scopes": ["begin"], "keys": key_text()})
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
    "wrong",
    [{"keys": "x"}, {"keys": ""}, {"scopes": []}, {"scopes": ["all"]}, {"name": ""}, {"keys": "{" * 30_000}],
)
def test_what_is_missing_or_wrong_is_said_and_nothing_registered(someone: Any, wrong: dict[str, Any]) -> None:
    form = {"name": "HIS", "scopes": ["read"], "keys": key_text(), **wrong}
    answer = someone(Role.IT).post("/it/systems/new", form)
    assert answer.status_code == 400
    assert "errors" in answer.content.decode()
    assert not System.objects.exists()


def test_a_private_key_is_refused_and_not_shown_again_as_kept(someone: Any) -> None:
    keys = '{"kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "c2VjcmV0"}'
    answer = someone(Role.IT).post("/it/systems/new", {"name": "HIS", "scopes": ["read"], "keys": keys})
    assert "khóa bí mật" in answer.content.decode()
    assert not System.objects.exists()
    assert not AuditEvent.objects.filter(detail__contains="c2VjcmV0").exists()


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.HEAD, Role.PROTECTION])
def test_others_do_not_open_it(someone: Any, role: Role) -> None:
    browser = someone(role)
    for path in ("/it/systems", "/it/systems/new", "/it/systems/x"):
        assert browser.get(path).status_code == 403
    assert browser.post("/it/systems/x/stop").status_code == 403


def test_a_hub_has_no_such_page(someone: Any, settings: Any) -> None:
    it = someone(Role.IT)
    settings.NODE = replace(settings.NODE, role="hub")
    assert it.get("/it/systems").status_code == 404


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
