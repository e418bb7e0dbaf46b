"""Pages of notices, of mail and of hooks: who sees what, what an open page is told, and that asking keeps nobody in."""

from __future__ import annotations

import json
import re
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from lienthong.access import audit
from lienthong.access.models import Role
from lienthong.access.sessions import AUTOMATIC
from lienthong.foundation import clock
from lienthong.transfers import notices
from lienthong.transfers.models import CallRead, Hook, HookCall, MailAddress, State, Transfer
from lienthong.transfers.notices import addresses, hooks
from lienthong.web import words
from notice_world import AboutTransfer, messenger, status
from pages import words_of

pytestmark = pytest.mark.django_db
PASSWORD = "Song Cầu nước chảy 2025"
LOOP = "a" * 32
EVERY = {AUTOMATIC: "1"}


@pytest.fixture
def transfer(db: None) -> Transfer:
    """A transfer to us that knows its patient."""
    now = clock.now()
    return Transfer.objects.create(
        loop=LOOP,
        sender="24004",
        receiver="24011",
        patient="p1",
        patient_name="Giáp Thị Mẫu",
        diagnosis="Nhồi máu cơ tim cấp",
        started_by="24004",
        state=State.SEEN,
        urgency="emergency",
        left_at=now,
        changed_at=now,
        begun_at=now,
        since=now,
    )


def _count(client: Client, page: str = "/me") -> int:
    found = re.search(
        r'id="bell".*?class="count[^"]*"([^>]*)>(\d+)<', client.get(page).content.decode(), re.S
    )
    assert found
    assert ("hidden" in found[1]) == (found[2] == "0")
    return int(found[2])


def test_the_count_stands_in_the_head_of_every_page(someone: Any, transfer: Transfer) -> None:
    client = someone(Role.DOCTOR)
    assert _count(client) == 0
    notices.tell("new-emergency", transfer)
    for page in ("/me", "/transfers/in", "/notices", "/rights", "/nowhere"):
        assert _count(client, page) == 1, page


@pytest.mark.parametrize("role", [Role.IT, Role.PROTECTION])
def test_others_are_told_nothing(someone: Any, transfer: Transfer, role: Role) -> None:
    notices.tell("new-emergency", transfer)
    client = someone(role)
    page = client.get("/me").content.decode()
    assert 'id="bell"' not in page
    assert "notices.js" not in page
    for path in ("/notices", "/notices/now"):
        assert client.get(path).status_code == 403
    for path in ("/notices/read", "/me/mail", "/me/mail/code", "/me/mail/again"):
        assert client.post(path).status_code == 403
    assert Client().get("/notices").headers["Location"] == "/sign-in?next=%2Fnotices"
    assert Client().get("/notices/now").status_code == 302


def test_the_list_says_what_waits_and_opening_the_transfer_takes_it_away(
    someone: Any, transfer: Transfer
) -> None:
    notices.tell("new-emergency", transfer)
    notices.tell("step-note", transfer, about="1")
    client = someone(Role.DOCTOR)
    page = client.get("/notices")
    assert "Giáp Thị Mẫu" in words_of(page)
    assert "Trung tâm Y tế huyện Sơn Động đang chuyển một người bệnh cấp cứu đến." in words_of(page)
    assert f'href="/transfers/{LOOP}"' in page.content.decode()
    assert [event.action for event in audit.trail(person="doctor", limit=1)] == ["list"]
    client.get(f"/transfers/{LOOP}")
    assert _count(client) == 0
    assert "Không có thông báo nào chờ bạn." in words_of(client.get("/notices"))
    assert "đang chuyển một người bệnh" in words_of(client.get("/notices?all=1"))


def test_reading_without_opening(someone: Any, transfer: Transfer) -> None:
    notices.tell("new-emergency", transfer)
    notices.tell("new-transfer", AboutTransfer("b" * 32))
    client = someone(Role.NURSE)
    client.post("/notices/read", {"loop": LOOP})
    assert _count(client) == 1
    client.post("/notices/read")
    assert _count(client) == 0
    assert CallRead.objects.count() == 2


def test_the_head_of_unit_hears_what_is_overdue_without_the_patient(someone: Any, transfer: Transfer) -> None:
    notices.tell("overdue-head", transfer)
    client = someone(Role.HEAD)
    for path in ("/notices", "/notices?all=1"):
        page = client.get(path).content.decode()
        assert "Quá hạn" in page
        assert "Giáp Thị Mẫu" not in page
        assert f"/transfers/{LOOP}" not in page


def test_what_sounds_stands_first_and_the_rest_by_time(someone: Any) -> None:
    notices.tell("new-emergency", AboutTransfer("1" * 32, "24004"))
    notices.tell("new-transfer", AboutTransfer("2" * 32, "24022"))
    notices.tell("new-transfer", AboutTransfer("3" * 32, "01929"))
    page = someone(Role.DOCTOR).get("/notices").content.decode()
    found = re.findall(r'href="/transfers/(\d)\d{31}"', page)
    assert found == ["1", "3", "2"]


def test_the_list_has_pages(someone: Any) -> None:
    for number in range(30):
        notices.tell("new-transfer", AboutTransfer(f"{number:032d}"))
    client = someone(Role.DOCTOR)
    assert client.get("/notices").content.decode().count("/transfers/0") == 25
    assert client.get("/notices?page=2").content.decode().count("/transfers/0") == 5
    assert client.get("/notices?page=x").status_code == 200


# What an open page asks


def test_an_open_page_is_told_what_changed_and_else_nothing(someone: Any, transfer: Transfer) -> None:
    client = someone(Role.DOCTOR)
    first = client.get("/notices/now", headers=EVERY)
    assert first.json() == {"count": 0, "urgent": 0, "newest": "", "sounding": "", "text": ""}
    tag = {**EVERY, "If-None-Match": first.headers["ETag"]}
    same = client.get("/notices/now", headers=tag)
    assert (same.status_code, same.content) == (304, b"")
    notices.tell("new-emergency", transfer)
    news = client.get("/notices/now", headers=tag).json()
    assert (news["count"], news["urgent"], news["sounding"]) == (1, 1, news["newest"])
    assert news["text"] == ("Cấp cứu: Trung tâm Y tế huyện Sơn Động đang chuyển một người bệnh cấp cứu đến.")
    assert "Giáp" not in json.dumps(news, ensure_ascii=False)
    client.post("/language", {"language": "en", "next": "/"})
    assert client.get("/notices/now", headers=tag).json()["text"].startswith("Emergency: Son Dong")


def test_asking_reads_little_and_writes_nothing(
    someone: Any, transfer: Transfer, django_assert_max_num_queries: Any
) -> None:
    client = someone(Role.DOCTOR)
    notices.tell("new-emergency", transfer)
    tag = client.get("/notices/now", headers=EVERY).headers["ETag"]
    with django_assert_max_num_queries(4) as asked:
        assert client.get("/notices/now", headers={**EVERY, "If-None-Match": tag}).status_code == 304
    assert all(query["sql"].startswith("SELECT") for query in asked.captured_queries)


def test_asking_keeps_nobody_signed_in(someone: Any) -> None:
    client = someone(Role.DOCTOR)
    kept = import_module(settings.SESSION_ENGINE).SessionStore(
        client.cookies[settings.SESSION_COOKIE_NAME].value
    )
    kept["seen"] -= settings.SESSION_IDLE_SECONDS - 5
    kept.save()
    before = kept["seen"]
    for _ in range(3):
        assert client.get("/notices/now", headers=EVERY).status_code == 200
    again = import_module(settings.SESSION_ENGINE).SessionStore(kept.session_key)
    assert again["seen"] == before
    again["seen"] -= 10
    again.save()
    ended = client.get("/notices/now", headers=EVERY)
    assert ended.status_code == 302, "the script takes a redirect for the end of the session"
    assert "/sign-in" in ended.headers["Location"]


def test_whoever_must_choose_a_password_first_is_told_nothing_yet(person: Any) -> None:
    person("bs.moi", Role.DOCTOR, must_change=True)
    client = Client()
    client.post("/sign-in", {"username": "bs.moi", "password": PASSWORD})
    assert 'id="bell"' not in client.get("/password").content.decode()


# Mail


def test_a_person_sets_up_his_mail(someone: Any, node: Any) -> None:
    client = someone(Role.DOCTOR)
    assert "Đơn vị chưa khai báo máy chủ thư" in words_of(client.get("/me"))
    assert client.post("/me/mail", {"address": "a@b.example"}).status_code == 404
    node(smtp_url="smtp://127.0.0.1:9", mail_from="lt@benhvien.example")
    page = words_of(client.post("/me/mail", {"address": "không phải"}, follow=True))
    assert "Đây không phải là địa chỉ thư điện tử." in page
    assert client.post("/me/mail", {"groups": "nonsense"}, follow=True).status_code == 200
    given = {"address": "hoa@benhvien.example", "groups": ["emergency", "overdue"], "own_only": "on"}
    page = words_of(client.post("/me/mail", given, follow=True))
    assert "Mã xác nhận đã gửi tới hoa@benhvien.example" in page
    assert "Mã không đúng" in words_of(client.post("/me/mail/code", {"code": "1"}, follow=True))
    assert "Đang gửi mã khác" in words_of(client.post("/me/mail/again", follow=True))
    row = MailAddress.objects.get()
    page = client.post("/me/mail/code", {"code": addresses._code(row)}, follow=True).content.decode()
    assert "Đã xác nhận địa chỉ." in page
    assert page.count('name="groups"') == 6
    assert page.count("checked") == 3
    MailAddress.objects.update(verified_at=None, refused="550 <b>no</b>")
    assert "550 &lt;b&gt;no&lt;/b&gt;" in client.get("/me").content.decode()


# Hooks


def test_it_sets_up_hooks_and_the_head_only_sees_them(someone: Any, node: Any) -> None:
    it, head, doctor = someone(Role.IT), someone(Role.HEAD), someone(Role.DOCTOR)
    given = {"name": "Trực", "url": "https://93.184.216.34/x", "groups": ["emergency"]}
    assert it.post("/hooks/new", {**given, "url": "https://10.0.0.1/"}).status_code == 400
    made = it.post("/hooks/new", given)
    hook = Hook.objects.get()
    assert hooks.secret(hook) in made.content.decode()
    assert hooks.secret(hook) not in it.get(f"/hooks/{hook.id}").content.decode(), "shown once"
    assert head.get("/hooks").status_code == head.get(f"/hooks/{hook.id}").status_code == 200
    assert "<form" not in head.get(f"/hooks/{hook.id}").content.decode().split("<main", 1)[1]
    assert head.get("/hooks/new").status_code == head.post("/hooks/new", given).status_code == 403
    assert doctor.get("/hooks").status_code == doctor.get(f"/hooks/{hook.id}").status_code == 403
    for path in ("", "/test", "/secret", "/remove"):
        for client in (head, doctor):
            assert client.post(f"/hooks/{hook.id}{path}", given).status_code == 403
    assert Hook.objects.get().generation == 1
    changed = {**given, "name": "Trực mới", "groups": ["new", "steps"]}
    assert it.post(f"/hooks/{hook.id}", changed).status_code == 302
    assert it.post(f"/hooks/{hook.id}", {**given, "url": "http://127.0.0.1/"}).status_code == 400
    assert (Hook.objects.get().name, Hook.objects.get().groups) == ("Trực mới", ",new,steps,")
    old = hooks.secret(hook)
    renewed = it.post(f"/hooks/{hook.id}/secret").content.decode()
    assert hooks.secret(Hook.objects.get()) in renewed
    assert old not in renewed
    it.post(f"/hooks/{hook.id}/remove")
    assert not Hook.objects.exists()
    assert it.get(f"/hooks/{hook.id}").status_code == 404
    assert [event.action for event in audit.trail(person="it", limit=4)] == [
        "hook-removed",
        "hook-secret-renewed",
        "hook-changed",
        "hook-made",
    ]


def test_a_test_shows_the_answer_as_text(someone: Any, node: Any) -> None:
    client = someone(Role.IT)
    with messenger() as (told, port):
        node(hook_hosts="127.0.0.1")
        client.post("/hooks/new", {"name": "x", "url": f"http://127.0.0.1:{port}/", "groups": ["new"]})
        hook = Hook.objects.get()
        told.answers.append(status(403, b"<script>alert(1)</script>"))
        page = client.post(f"/hooks/{hook.id}/test").content.decode()
        assert "HTTP 403" in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script>alert" not in page
        assert "Tin thử đã đến nơi." in words_of(client.post(f"/hooks/{hook.id}/test"))
    page = client.get(f"/hooks/{hook.id}")
    assert page.content.decode().count("<code>test</code>") == 2


def test_the_log_shows_fifty(someone: Any) -> None:
    now = clock.now()
    hook = Hook.objects.create(id="h" * 32, name="x", url="https://x.example/", made_at=now)
    for number in range(60):
        HookCall.objects.create(
            id=f"{number:032d}", hook=hook, reason="test", body="{}", made_at=now, next_at=now, state="done"
        )
    page = someone(Role.IT).get(f"/hooks/{hook.id}").content.decode()
    assert page.count("<code>test</code>") == 50


def test_the_hub_has_no_such_pages(someone: Any, node: Any) -> None:
    node(role="hub", facility="SYT-24")
    client = someone(Role.DOCTOR, Role.IT)
    assert 'id="bell"' not in client.get("/me").content.decode()
    for path in ("/notices", "/notices/now", "/hooks", "/hooks/new"):
        assert client.get(path).status_code == 404


def test_everything_written_into_the_trail_has_words() -> None:
    assert {
        "mail-address-entered",
        "mail-address-verified",
        "mail-address-removed",
        "mail-reasons-chosen",
        "hook-made",
        "hook-changed",
        "hook-removed",
        "hook-tested",
        "hook-secret-renewed",
    } <= words.ACTIONS.keys()


def test_at_a_hub_the_mail_is_about_tasks(someone: Any, node: Any) -> None:
    node(role="hub", facility="SYT-24", smtp_url="smtp://127.0.0.1:9", mail_from="lt@syt.example")
    officer = someone(Role.DEPARTMENT)
    page = officer.get("/me").content.decode()
    assert "Nhắc việc qua thư điện tử" in page
    assert "own_only" not in page
    officer.post("/me/mail", {"address": "cb@syt.example", "groups": ["overdue"]})
    assert not MailAddress.objects.exists(), "a reason of transfers is none here"
    officer.post("/me/mail", {"address": "cb@syt.example", "groups": ["plan"]})
    row = MailAddress.objects.get()
    page = officer.post("/me/mail/code", {"code": addresses._code(row)}, follow=True).content.decode()
    assert "cb@syt.example" in page
    assert MailAddress.objects.get().groups == ",plan,"
    assert (
        someone((Role.VENDOR, "songthuong")).post("/me/mail", {"address": "x@y.example"}).status_code == 403
    )
