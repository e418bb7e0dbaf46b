"""The front door, as a browser meets it."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from lienthong.access import accounts, audit
from lienthong.access.models import Account, AddressFailures, Role, RoleGrant
from lienthong.foundation import clock

PASSWORD = "Song Cầu nước chảy 2025"


def sign_in(client: Client, username: str, password: str = PASSWORD, **extra: Any) -> Any:
    return client.post("/sign-in", {"username": username, "password": password, **extra})


def _session(client: Client) -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore(
        client.cookies[settings.SESSION_COOKIE_NAME].value
    )


def _age(client: Client, **changes: int) -> None:
    session = _session(client)
    for name, seconds in changes.items():
        session[name] -= seconds
    session.save()


def _actions(username: str) -> list[str]:
    return [event.action for event in reversed(audit.trail(person=username))]


def test_name_and_password_open_the_first_page_of_the_role(client: Client, person: Any) -> None:
    person("cntt.minh", Role.IT)
    assert client.get("/it").headers["Location"] == "/sign-in?next=%2Fit"
    assert sign_in(client, "CNTT.Minh").headers["Location"] == "/"
    assert client.get("/me").status_code == 200
    assert client.get("/").headers["Location"] == "/it"
    client.post("/sign-out")
    assert client.get("/me").status_code == 302
    assert _actions("cntt.minh") == ["sign-in", "sign-out"]


def test_wrong_names_and_wrong_passwords_look_the_same(client: Client, person: Any) -> None:
    person("bs.hoa", Role.DOCTOR)
    answers = [sign_in(client, "bs.hoa", "wrong"), sign_in(client, "nobody", "wrong")]
    pages = [
        re.sub(r'(csrfmiddlewaretoken|username)"[^>]*', "", answer.content.decode()) for answer in answers
    ]
    assert pages[0] == pages[1]
    assert {answer.status_code for answer in answers} == {401}


def test_five_failures_lock_for_a_quarter_of_an_hour(client: Client, person: Any) -> None:
    hoa = person("bs.hoa", Role.DOCTOR)
    for _ in range(5):
        assert sign_in(client, "bs.hoa", "wrong").status_code == 401
    assert sign_in(client, "bs.hoa").status_code == 401
    assert _actions("bs.hoa").count("account-locked") == 1
    Account.objects.filter(pk=hoa.pk).update(locked_until=clock.now() - timedelta(seconds=1))
    assert sign_in(client, "bs.hoa").status_code == 302
    hoa.refresh_from_db()
    assert (hoa.failed_attempts, hoa.locked_until) == (0, None)


def test_four_failures_and_then_right_starts_anew(client: Client, person: Any) -> None:
    person("bs.hoa", Role.DOCTOR)
    for _ in range(2):
        for _ in range(4):
            sign_in(client, "bs.hoa", "wrong")
        assert sign_in(client, "bs.hoa").status_code == 302
        client.post("/sign-out")
        AddressFailures.objects.all().delete()


def test_the_sixth_guess_counts_even_before_the_lock_is_written(person: Any) -> None:
    hoa = person("bs.hoa", Role.DOCTOR)
    Account.objects.filter(pk=hoa.pk).update(failed_attempts=accounts.FAILURES)
    assert accounts.authenticate("bs.hoa", PASSWORD, "10.0.0.1") is None


@pytest.mark.django_db(transaction=True)
def test_guesses_at_once_are_all_counted_and_lock_once(person: Any) -> None:
    person("bs.hoa", Role.DOCTOR)
    opened = []

    def guess(number: int) -> None:
        try:
            opened.append(accounts.authenticate("bs.hoa", "wrong", f"10.0.0.{number}"))
        finally:
            connection.close()

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened == [None] * 8
    assert Account.objects.get(username="bs.hoa").failed_attempts == 8
    assert len(audit.trail(action="account-locked")) == 1
    assert audit.broken_at() is None


def test_an_address_that_fails_again_and_again_must_wait(client: Client, person: Any) -> None:
    person("bs.hoa", Role.DOCTOR)
    for number in range(accounts.ADDRESS_FAILURES):
        sign_in(client, f"guess{number}", "wrong")
    assert sign_in(client, "bs.hoa").status_code == 429
    assert sign_in(Client(REMOTE_ADDR="10.9.9.9"), "bs.hoa").status_code == 302
    AddressFailures.objects.update(last_at=clock.now() - timedelta(seconds=61))
    assert sign_in(client, "bs.hoa").status_code == 302


def test_long_unused_accounts_do_not_open(client: Client, person: Any) -> None:
    hoa = person("bs.hoa", Role.DOCTOR)
    Account.objects.filter(pk=hoa.pk).update(last_login=clock.now() - timedelta(days=46))
    assert sign_in(client, "bs.hoa").status_code == 401


@pytest.mark.parametrize("name", ["seen", "started"])
def test_sessions_run_out(client: Client, person: Any, name: str) -> None:
    person("cntt.minh", Role.IT)
    sign_in(client, "cntt.minh")
    limit = settings.SESSION_IDLE_SECONDS if name == "seen" else settings.SESSION_LONGEST_SECONDS
    _age(client, **{name: limit - 5})
    assert client.get("/me").status_code == 200
    _age(client, **{name: limit})
    assert client.get("/me").headers["Location"] == "/sign-in?next=%2Fme"
    assert "Phiên làm việc" in client.get("/sign-in").content.decode()
    assert _actions("cntt.minh")[-1] == "sign-out"


def test_use_keeps_a_session_but_a_page_that_renews_itself_does_not(client: Client, person: Any) -> None:
    person("cntt.minh", Role.IT)
    sign_in(client, "cntt.minh")
    _age(client, seen=600)
    before = _session(client)["seen"]
    client.get("/me", headers={"Lienthong-Automatic": "1"})
    assert _session(client)["seen"] == before
    client.get("/me")
    assert _session(client)["seen"] > before


def test_a_session_from_before_the_sign_in_is_worth_nothing(client: Client, person: Any) -> None:
    person("bs.hoa", Role.DOCTOR)
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store["planted"] = True
    store.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = store.session_key
    sign_in(client, "bs.hoa")
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != store.session_key
    assert "planted" not in _session(client)
    assert not store.exists(store.session_key)


def test_closing_an_account_and_a_new_password_end_its_sessions(client: Client, person: Any) -> None:
    hoa, by = person("bs.hoa", Role.DOCTOR), audit.system("test")
    sign_in(client, "bs.hoa")
    accounts.close(hoa, by=by)
    assert client.get("/me").headers["Location"].startswith("/sign-in")
    accounts.reopen(hoa, by=by)
    sign_in(client, "bs.hoa")
    accounts.reset_password(hoa, by=by)
    assert client.get("/me").headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
    ],
)
def test_the_next_page_is_always_one_of_ours(client: Client, person: Any, target: str) -> None:
    person("bs.hoa", Role.DOCTOR)
    assert sign_in(client, "bs.hoa", next=target).headers["Location"] == "/"
    assert client.post("/language", {"language": "en", "next": target}).headers["Location"] == "/"


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-out", "/password", "/language", "/accounts/new", "/audit/check"]
)
def test_forms_from_elsewhere_are_refused(person: Any, path: str) -> None:
    person("cntt.minh", Role.IT, Role.PROTECTION)
    client = Client()
    sign_in(client, "cntt.minh")
    client.handler.enforce_csrf_checks = True
    assert client.post(path, {}).status_code == 403


def test_headers_shut_out_other_origins_and_keep_pages_out_of_caches(client: Client, person: Any) -> None:
    person("bs.hoa", Role.DOCTOR)
    policy = client.get("/sign-in").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    sign_in(client, "bs.hoa")
    answer = client.get("/me")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_a_one_time_password_is_changed_before_anything_else(client: Client, person: Any) -> None:
    person("cntt.minh", Role.IT, must_change=True)
    sign_in(client, "cntt.minh")
    assert client.get("/it").headers["Location"] == "/password"
    new = "Trời xanh mây trắng"

    def change(present: str, first: str, second: str) -> int:
        return client.post("/password", {"present": present, "new": first, "again": second}).status_code

    assert change("wrong", new, new) == 200
    assert change(PASSWORD, new, new + "!") == 200
    assert change(PASSWORD, "short", "short") == 200
    assert change(PASSWORD, PASSWORD, PASSWORD) == 200
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert change(PASSWORD, new, new) == 302
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != key
    assert client.get("/me").status_code == 200
    assert sign_in(Client(), "cntt.minh").status_code == 401
    assert sign_in(Client(), "cntt.minh", new).status_code == 302


def test_roles_hold_at_their_unit_and_in_their_time_only(client: Client, person: Any) -> None:
    minh = person("cntt.minh", Role.IT)
    sign_in(client, "cntt.minh")
    assert client.get("/accounts").status_code == 200
    grant = RoleGrant.objects.get(account=minh)
    for change in (
        {"facility": "24004"},
        {"ended_at": clock.now()},
        {"granted_at": clock.now() + timedelta(days=1)},
    ):
        RoleGrant.objects.filter(pk=grant.pk).update(facility="24011", ended_at=None, granted_at=clock.now())
        assert client.get("/accounts").status_code == 200
        RoleGrant.objects.filter(pk=grant.pk).update(**change)
        assert client.get("/accounts").status_code == 403
    assert _actions("cntt.minh").count("refused") == 3
