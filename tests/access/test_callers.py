"""Who calls the FHIR door, why, and what of the specially protected records it may see."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client as Browser

import fhir_calls
from lienthong.access import audit, callers, protected, systems, tokens
from lienthong.access.callers import Caller
from lienthong.access.models import Account, AuditEvent, Role, System
from lienthong.access.scopes import Grant
from lienthong.foundation import clock
from lienthong.foundation.wsgi import HttpError, Request

pytestmark = pytest.mark.django_db(transaction=True)
BASE = "http://127.0.0.1:8710/fhir"
BY = audit.system("test")
LABORATORY = (("category", "laboratory"),)


def ask(method: str = "GET", **headers: str) -> Caller:
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": "/fhir/Observation",
        "REMOTE_ADDR": "10.0.0.7",
        "HTTP_HOST": "127.0.0.1:8710",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8710",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(b"csrfmiddlewaretoken=x"),
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": "21",
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }
    return callers.caller(Request(environ), BASE)


def refused(*args: Any, **headers: str) -> tuple[int, str]:
    with pytest.raises(HttpError) as caught:
        ask(*args, **headers)
    return caught.value.status, caught.value.problem.code


def let_in(scope: str = "system/*.rs", **more: Any) -> fhir_calls.Client:
    key, algorithm, jwk = fhir_calls.make_key()
    made = systems.register("HIS thử", systems.read_keys(json.dumps(jwk)), scope.split(), by=BY, **more)
    return fhir_calls.Client(made.id, key, algorithm, jwk["kid"], scope=scope)


def token(client: fhir_calls.Client, scope: str = "system/*.cruds", **form: str) -> str:
    given = {
        "grant_type": "client_credentials",
        "client_assertion_type": fhir_calls.TYPE,
        "client_assertion": client.assertion(),
        "scope": scope,
    }
    answer = tokens.issue({**given, **form}, "10.0.0.7", [client.audience])
    return f"Bearer {answer['access_token']}"


class TestSystems:
    def test_it_holds_what_it_asked_for_and_was_granted(self) -> None:
        his = let_in("system/Observation.crus?category=laboratory system/Patient.rs")
        found = ask(authorization=token(his, "system/*.rs system/Task.c"))
        assert found.grants == (Grant("Observation", "rs", LABORATORY), Grant("Patient", "rs"))
        assert (found.within("r"), found.within("c")) == ({"Observation": [LABORATORY], "Patient": [()]}, {})
        assert (found.queries("Observation", "s"), found.queries("Task", "r")) == ([LABORATORY], [])
        with pytest.raises(HttpError, match="fhir-out-of-scope"):
            found.needs("Observation", "c")
        assert found.actor == audit.Actor(f"system:{his.client}", "HIS thử", "system", "10.0.0.7")

    def test_a_change_or_stop_counts_at_the_next_call_in_every_process(self) -> None:
        his = let_in("system/Patient.rs")
        sealed = token(his)
        assert ask(authorization=sealed).may("Patient", "r")
        assert ask(authorization=sealed).may("Patient", "r")
        remembered = dict(systems._editions)
        systems.change(his.client, by=BY, scopes=["system/Task.rs", "system/Patient.r"])
        systems._editions.update(remembered)  # another process, which looked just before the change
        assert remembered[his.client][0] <= time.monotonic()
        assert [g.scope for g in ask(authorization=sealed).grants] == ["system/Patient.r"]
        systems.change(his.client, by=BY, is_active=False)
        assert refused(authorization=sealed) == (401, "fhir-not-authenticated")

    def test_a_known_token_costs_no_query(
        self, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(systems, "_LOOK", 60.0)
        sealed = token(let_in())
        ask(authorization=sealed)
        ask(authorization=sealed)
        with django_assert_num_queries(0):
            ask(authorization=sealed)

    def test_it_ends_after_five_minutes_also_where_it_is_known(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sealed = token(let_in())
        ask(authorization=sealed)
        later = clock.now() + timedelta(seconds=301)
        monkeypatch.setattr(clock, "now", lambda: later)
        assert refused(authorization=sealed)[0] == 401

    @pytest.mark.parametrize("place", [3, 40, -3])
    def test_a_changed_token_opens_nothing(self, place: int) -> None:
        sealed = token(let_in()).removeprefix("Bearer ")
        letter = "A" if sealed[place] != "A" else "B"
        place %= len(sealed)
        assert refused(authorization=f"Bearer {sealed[:place]}{letter}{sealed[place + 1 :]}")[0] == 401

    def test_the_person_who_acts_stands_in_the_trail(self) -> None:
        found = ask(authorization=token(let_in()), x_acting_person="B%C3%A1c%20s%C4%A9%20Hoa%0A")
        assert found.actor.name == "Bác sĩ Hoa (HIS thử)"


class TestGrounds:
    GIVEN = {"purposes": ("TREAT", "ETREAT", "HPAYMT"), "bases": ("treatment", "emergency", "payment")}

    def test_without_headers_the_registered_ones_hold(self) -> None:
        found = ask(authorization=token(let_in(**self.GIVEN)))
        assert (found.purpose, found.basis) == ("TREAT", "treatment")

    def test_a_purpose_takes_the_first_basis_that_covers_it(self) -> None:
        found = ask(authorization=token(let_in(**self.GIVEN)), x_purpose_of_use="HPAYMT")
        assert (found.purpose, found.ground) == ("HPAYMT", {"basis": "payment"})

    def test_a_token_may_name_them_for_all_its_calls(self) -> None:
        sealed = token(let_in(**self.GIVEN), purpose_of_use="ETREAT", legal_basis="emergency")
        found = ask(authorization=sealed)
        assert (found.purpose, found.basis) == ("ETREAT", "emergency")
        assert ask(authorization=sealed, x_purpose_of_use="HPAYMT").basis == "payment"

    @pytest.mark.parametrize(
        ("headers", "told"),
        [
            ({"x_purpose_of_use": "FUN"}, (400, "fhir-not-understood")),
            ({"x_purpose_of_use": "HRESCH"}, (403, "fhir-purpose-not-allowed")),
            ({"x_legal_basis": "fun"}, (400, "fhir-not-understood")),
            ({"x_legal_basis": "consent"}, (403, "fhir-basis-not-allowed")),
            ({"x_legal_basis": "payment"}, (403, "fhir-basis-not-allowed")),
            ({"x_purpose_of_use": "HPAYMT", "x_legal_basis": "treatment"}, (403, "fhir-basis-not-allowed")),
        ],
    )
    def test_what_is_not_its_own_is_refused(self, headers: dict[str, str], told: tuple[int, str]) -> None:
        assert refused(authorization=token(let_in(**self.GIVEN)), **headers) == told

    def test_a_token_is_not_given_for_a_purpose_that_is_not_its_own(self) -> None:
        with pytest.raises(HttpError) as caught:
            token(let_in(), purpose_of_use="HRESCH")
        assert (caught.value.status, caught.value.more["error"]) == (400, "invalid_request")
        assert AuditEvent.objects.filter(action="token-refused").exists()

    def test_a_basis_that_is_no_longer_in_force_serves_no_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        his = let_in(purposes=("TREAT",), bases=("emergency",))
        sealed = token(his)
        assert ask(authorization=sealed).basis == "emergency"
        monkeypatch.setattr(clock, "today", lambda: clock.from_iso("2025-12-31T00:00:00Z").date())
        callers._known.clear()
        assert refused(authorization=sealed) == (403, "fhir-basis-not-allowed")


class TestProtected:
    @pytest.mark.parametrize(
        ("codes", "kinds"),
        [
            ((), set()),
            (("N",), set()),
            (("R",), {"OTHER"}),
            (("V", "unknown"), {"OTHER"}),
            (("R", "HIV"), {"HIV"}),
            (("HIV",), {"HIV"}),
            (("R", "PSY", "SEX", "TB"), {"PSY", "SEX", "TB"}),
            (("R", "STD"), {"SEX"}),
        ],
    )
    def test_labels_mean_kinds(self, codes: tuple[str, ...], kinds: set[str]) -> None:
        assert protected.kinds(codes) == kinds

    def test_everybody_sees_what_is_not_protected_and_nobody_the_rest_by_default(self) -> None:
        found = ask(authorization=token(let_in()))
        assert (found.restricted, found.knows) == (False, False)
        assert protected.may_see(found, ["N"])
        assert not protected.may_see(found, ["R", "PSY"])

    def test_registration_and_basis_must_both_open_each_kind(self) -> None:
        more = {"kinds": ("HIV", "PSY"), "bases": ("treatment", "referral-duty", "hiv-list")}
        sealed = token(let_in(**more))
        seen = {
            basis: [
                protected.may_see(ask(authorization=sealed, x_legal_basis=basis), codes)
                for codes in (["R", "HIV"], ["R", "PSY"], ["R", "HIV", "SEX"], ["R"])
            ]
            for basis in more["bases"]
        }
        assert seen == {
            "treatment": [True, True, False, False],
            "referral-duty": [False] * 4,
            "hiv-list": [True, False, False, False],
        }
        assert not ask(authorization=sealed, x_legal_basis="referral-duty").restricted

    def test_labels_are_read_from_a_resource_whatever_it_holds(self) -> None:
        assert protected.labels({"meta": {"security": [{"code": "R"}, {"system": "x"}, 5]}}) == ["R"]
        assert protected.labels({}) == []


@pytest.fixture
def signed_in(person: Any) -> Callable[[Role], Browser]:
    def make(*roles: Role) -> Browser:
        person("a", *roles)
        browser = Browser(HTTP_HOST="127.0.0.1:8710")
        assert (
            browser.post("/sign-in", {"username": "a", "password": "Song Cầu nước chảy 2025"}).status_code
            == 302
        )
        browser.get("/me")
        return browser

    return make


def cookie(browser: Browser) -> str:
    return "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())


class TestPeople:
    def test_a_doctor_reads_and_writes_nothing(self, signed_in: Any) -> None:
        found = ask(cookie=cookie(signed_in(Role.DOCTOR)))
        assert (found.kind, found.actor.id, found.actor.role) == ("person", "a", "doctor")
        assert found.within("r") == {"*": [()]}
        assert (found.restricted, found.knows) == (False, True)
        with pytest.raises(HttpError, match="fhir-not-for-role"):
            found.needs("Observation", "c")

    @pytest.mark.parametrize("role", [Role.IT, Role.HEAD, Role.PROTECTION])
    def test_others_read_nothing_clinical(self, signed_in: Any, role: Role) -> None:
        found = ask(cookie=cookie(signed_in(role)))
        assert (found.may("Organization", "r"), found.knows) == (True, False)
        assert not any(found.may(kind, "r") for kind in ("Patient", "Observation", "Binary", "Bundle"))

    def test_at_the_hub_no_role_reads_clinical_content(self, signed_in: Any, settings: Any) -> None:
        browser = signed_in(Role.DOCTOR, Role.DEPARTMENT)
        settings.NODE = replace(settings.NODE, role="hub")
        assert not ask(cookie=cookie(browser)).may("Patient", "r")

    def test_emergency_access_needs_a_reason_and_opens_what_is_protected(self, signed_in: Any) -> None:
        sent = {"cookie": cookie(signed_in(Role.DOCTOR)), "x_purpose_of_use": "ETREAT"}
        assert refused(**sent, x_access_reason="x") == (403, "fhir-no-reason")
        found = ask(**sent, x_access_reason="ng%C6%B0%E1%BB%9Di%20b%E1%BB%87nh%20h%C3%B4n%20m%C3%AA")
        assert found.restricted
        assert protected.may_see(found, ["R", "HIV"])
        assert found.ground == {"basis": "emergency", "reason": "người bệnh hôn mê"}

    def test_what_is_not_a_plain_read_needs_the_token_of_a_form(self, signed_in: Any) -> None:
        browser = signed_in(Role.NURSE)
        sent = cookie(browser)
        assert refused("POST", cookie=sent) == (403, "fhir-no-csrf")
        token = browser.cookies[django_settings.CSRF_COOKIE_NAME].value
        assert refused("POST", cookie=sent, x_csrftoken="y" * len(token)) == (403, "fhir-no-csrf")
        elsewhere = {"cookie": sent, "x_csrftoken": token, "origin": "http://evil.example"}
        assert refused("POST", **elsewhere) == (403, "fhir-no-csrf")
        assert ask("POST", cookie=sent, x_csrftoken=token).may("Patient", "s")

    def test_a_session_ends_as_on_pages(self, signed_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        browser = signed_in(Role.DOCTOR)
        sent = cookie(browser)
        assert refused(cookie=sent.replace("lt-session", "other")) == (401, "fhir-not-authenticated")
        late = clock.now().timestamp() + 16 * 60
        monkeypatch.setattr("lienthong.access.sessions.time.time", lambda: late)
        assert refused(cookie=sent)[0] == 401
        monkeypatch.undo()
        assert refused(cookie=sent)[0] == 401

    def test_whoever_has_a_one_time_password_chooses_his_own_first(self, signed_in: Any) -> None:
        browser = signed_in(Role.DOCTOR)
        Account.objects.update(must_change_password=True)
        assert refused(cookie=cookie(browser)) == (403, "fhir-own-password-first")

    def test_emergency_access_is_listed_for_the_officer(self, signed_in: Any) -> None:
        audit.record(BY, "fhir-read", why="TREAT", page="GET /fhir/Patient/1")
        audit.record(BY, "fhir-read", why="ETREAT", page="GET /fhir/Patient/2", detail={"basis": "emergency"})
        shown = signed_in(Role.PROTECTION).get("/audit?emergency=on").content.decode()
        assert ("/fhir/Patient/2" in shown, "/fhir/Patient/1" in shown) == (True, False)
        assert "Cấp cứu, bảo vệ tính mạng và sức khỏe" in shown


def test_a_call_without_anything_is_told_where_to_begin() -> None:
    with pytest.raises(HttpError) as caught:
        ask()
    assert caught.value.headers[0][1].startswith(f'Bearer realm="{BASE}"')
    assert refused(authorization="Basic YTpi")[0] == 401
    assert refused(authorization="Bearer a.b")[0] == 401
    assert not System.objects.exists()
