"""The clerk's pages: pairs that wait, two side by side, decisions taken back, a person, rules, telling the hub."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from identity_people import MACHINE, person
from lienthong import records
from lienthong.access.models import AuditEvent, Role
from lienthong.identity import (
    changing,
    deciding,
    feeding,
    following,
    index,
    proposing,
    registering,
    versions,
    weights,
)
from pages import words_of

pytestmark = pytest.mark.django_db

HUNG = {"name": "NGUYỄN VĂN HÙNG", "phone": "0912000111", "commune": "07210", "home": "Thôn Mậu"}
WAITS = {"name": "Nguyễn Văn Hùng", "commune": "07213"}


def register(facility: str, **more: Any) -> int:
    return registering.register(person(**more), facility, MACHINE).number


@pytest.fixture
def two() -> tuple[int, int]:
    """A pair that waits."""
    return register("24011", id="hung-a", **HUNG), register("01929", id="hung-b", **WAITS)


def test_a_clerk_compares_decides_and_takes_back(
    someone: Callable[..., Client], two: tuple[int, int]
) -> None:
    clerk = someone(Role.CLERK)
    listed = words_of(clerk.get("/identity"))
    assert "1 cặp đang chờ" in listed
    assert "NGUYỄN VĂN HÙNG" in listed
    page = f"/identity/pairs/{two[0]}/{two[1]}"
    before = AuditEvent.objects.count()
    shown = clerk.get(page)
    assert {row.patient for row in AuditEvent.objects.filter(seq__gt=before, action="identity-read")} == {
        "hung-a",
        "hung-b",
    }
    text, html = words_of(shown), shown.content.decode()
    assert deciding.pending()[0].verdict.score.kept == 0
    assert "Cùng ngày sinh." in text
    assert "Khả năng là hai người: khoảng 1 trên" in text
    assert html.count('class="weight"') == len(deciding.pending()[0].lines) + 1
    assert "style=" not in html
    assert 'class="for"' in html
    assert 'class="against"' in html

    refused = clerk.post(page, {"answer": "different"})
    assert refused.status_code == 400
    assert "đi ngược điểm số" in words_of(refused)
    assert clerk.post(page, {"answer": "perhaps"}).status_code == 400
    assert index.by_number([two[1]])[0].person == two[1]

    done = clerk.post(page, {"answer": "same"})
    assert (done.status_code, done["Location"]) == (302, "/identity")
    assert index.by_number([two[1]])[0].person == two[0]
    (event,) = deciding.latest()
    assert (event.event.why, event.event.author, event.counts) == ("with-score", "clerk", True)
    assert "Phù hợp với điểm số" in words_of(clerk.get("/identity/decisions"))

    other = someone(Role.NURSE)
    undo = f"/identity/decisions/{event.event.id}/undo"
    assert other.post(undo, {"why": "Không phải của tôi"}).status_code == 404
    assert clerk.post(undo, {"why": ""}).status_code == 302
    assert index.by_number([two[1]])[0].person == two[0]
    clerk.post(undo, {"why": "Nhầm người"})
    assert index.by_number([two[1]])[0].person == two[1]
    assert deciding.count_pending() == 1
    assert "đã hoàn tác" in words_of(clerk.get(page))


def test_after_a_decision_comes_the_next_pair_of_the_same_facility(
    someone: Callable[..., Client], two: tuple[int, int], settings: Any
) -> None:
    third = register("24022", id="hung-c", **WAITS)
    clerk = someone(Role.NURSE)
    waiting = deciding.count_pending()
    assert waiting > deciding.count_pending("01929") > 0
    done = clerk.post(
        f"/identity/pairs/{two[0]}/{two[1]}?facility=24022", {"answer": "unknown", "why": "Chưa gọi được"}
    )
    assert str(third) in done["Location"]
    assert done["Location"].endswith("facility=24022")
    assert deciding.count_pending() == waiting - 1
    assert clerk.get(f"/identity/pairs/{two[1]}/{two[0]}").status_code == 404
    assert clerk.get(f"/identity/pairs/{two[0]}/999999").status_code == 404


def test_a_person_is_taken_apart_with_a_reason(someone: Callable[..., Client]) -> None:
    first = register("24011", id="a", citizen="024060001234")
    second = register("01929", id="b", citizen="024060001234")
    assert index.by_number([second])[0].person == first
    head = someone(Role.HEAD)
    page = f"/identity/persons/{first}"
    shown = words_of(head.get(page))
    assert "Cùng số căn cước công dân" in shown
    assert f"bản ghi № {first} và № {second}" in shown
    assert "024060001234 căn cước công dân" in shown
    assert head.post(page, {"registration": second, "why": " "}).status_code == 400
    assert head.post(page, {"registration": 99, "why": "Nhầm"}).status_code == 404
    done = head.post(page, {"registration": second, "why": "Hai anh em dùng chung thẻ"})
    assert done["Location"] == f"/identity/persons/{second}"
    assert len(index.registrations(first)) == 1
    assert "Hai anh em dùng chung thẻ" in words_of(head.get(f"/identity/persons/{second}"))


def test_rules_show_their_effect_before_they_are_put_in_use(
    someone: Callable[..., Client], two: tuple[int, int]
) -> None:
    head = someone(Role.HEAD)
    assert versions.active().version in words_of(head.get("/identity/rules"))
    wrong = {"what": "thresholds", "link": "2", "ask": "3", "version": "thu"}
    assert head.post("/identity/rules", wrong).status_code == 400
    bad = SimpleUploadedFile("weights.json", b"{}", "application/json")
    assert "Tệp trọng số không dùng được." in words_of(
        head.post("/identity/rules", {"what": "file", "file": bad})
    )
    bits = deciding.pending()[0].verdict.score.bits
    lower = {"what": "thresholds", "link": str(bits - 1), "ask": "1", "version": "thử 1"}
    assert head.post("/identity/rules", lower).status_code == 302
    assert "đang được tính" in words_of(head.get("/identity/rules"))
    assert head.post("/identity/rules/apply", {"why": "Chưa xong"}).status_code == 302
    assert versions.active().version == weights.DEFAULT
    proposing.work()
    shown = words_of(head.get("/identity/rules"))
    assert "sẽ được nối" in shown
    assert index.by_number([two[1]])[0].person == two[1]
    head.post("/identity/rules/apply", {"why": "Đã xem các ví dụ"})
    changing.finish(MACHINE, threading.Event())
    assert versions.active().version == "thử 1"
    assert index.by_number([two[1]])[0].person == two[0]
    file = SimpleUploadedFile("weights.json", weights.packaged_file(), "application/json")
    assert head.post("/identity/rules", {"what": "file", "file": file}).status_code == 302
    assert head.post("/identity/rules/apply", {"what": "withdraw"}).status_code == 302
    assert proposing.present() is None


def test_who_may(someone: Callable[..., Client], two: tuple[int, int], hub: None) -> None:
    clerk, doctor = someone(Role.CLERK), someone(Role.DOCTOR)
    for page in ("/identity", f"/identity/pairs/{two[0]}/{two[1]}", f"/identity/persons/{two[0]}"):
        assert doctor.get(page).status_code == 403
        assert clerk.get(page).status_code == 200
    assert clerk.get("/identity/rules").status_code == 403
    assert someone(Role.HEAD).get("/identity/feed").status_code == 404


def test_the_hub_is_told_only_after_the_head_says_so(someone: Callable[..., Client]) -> None:
    head = someone(Role.HEAD)
    assert "Đang tắt" in words_of(head.get("/identity/feed"))
    head.post("/identity/feed", {"on": "1"})
    assert not feeding.state().on
    head.post("/identity/feed", {"on": "1", "basis": "1"})
    assert feeding.state().on
    assert AuditEvent.objects.filter(action="identity-feed").count() == 1
    head.post("/identity/feed", {"on": "0"})
    assert not feeding.state().on


def test_a_person_with_two_numbers_stands_once_in_the_search(someone: Callable[..., Client]) -> None:
    for id, number in (("so-1", "BN-CU"), ("so-2", "BN-MOI")):
        made = person(id, citizen="024060001234", hospital=("24011", number))
        records.transact([made], origin=f"test/{id}", actor=MACHINE)
        following.stored([made])
    page = someone(Role.DOCTOR).get("/patients?q=than van huan")
    html = page.content.decode()
    assert html.count('class="who-link"') == 1
    assert "BN-CU" in html
    assert "BN-MOI" in html
    assert "cùng một người, hồ sơ khác" in words_of(page)
