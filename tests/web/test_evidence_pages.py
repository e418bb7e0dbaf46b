"""Pages of evidence: who may take a package with what in it, and what a package that is brought turns out to be."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

import evidence_world as world
from evidence_world import HUB, LOOP, RECEIVER, key_of
from lienthong.access import audit
from lienthong.access.models import Role
from lienthong.exchange.evidence import verify
from lienthong.facilities import directory
from lienthong.facilities.models import Facility
from lienthong.foundation import clock
from lienthong.web import uploads

PASSWORD = "Song Cầu nước chảy 2025"
PACKAGE = (Path(__file__).parent.parent / "data" / "evidence" / "transfer.zip").read_bytes()


@pytest.fixture
def here(node_home: Path, person: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This node is the receiver of an invented transfer; it knows the hub's key."""
    before = settings.NODE
    settings.NODE = replace(before, facility=RECEIVER)
    Facility.objects.get_or_create(code=HUB, defaults={"kind": "authority"})
    hub = key_of(HUB)
    directory.add_node(HUB, "hub", hub.jwk, hub.kid, clock.from_iso(world.moment(-100_000)))
    messages = world.transfer()
    with monkeypatch.context() as patch:
        world.store(node_home, world.directory(), messages)
        world.record(patch, messages)
    yield
    settings.NODE = before


@pytest.fixture
def someone(here: None, someone: Any) -> Any:
    """Signs in at the receiver of the transfer."""
    return lambda *roles: someone(*roles, name=f"a-{'-'.join(roles)}")


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def parts(package: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(package)) as file:
        return sum(name.startswith("parts/") for name in file.namelist())


@pytest.mark.parametrize("reference", [LOOP, world.transfer()[0].id])
def test_a_package_is_handed_out_for_a_purpose_and_leaves_a_trace(someone: Any, reference: str) -> None:
    client = someone(Role.HEAD)
    page = f"/evidence/take/{reference}"
    assert "Gói bằng chứng" in text(client.get(page))
    refused = client.post(page, {})
    assert refused.status_code == 400
    assert audit.trail(action="evidence-taken") == []
    answer = client.post(page, {"purpose": "court", "content": "on"})
    assert answer.headers["Content-Disposition"] == f'attachment; filename="evidence-{reference}.zip"'
    package = body(answer)
    assert parts(package) == (3 if reference == LOOP else 2)
    assert verify.verify(io.BytesIO(package), [key_of(HUB).kid]).status == 0
    (event,) = audit.trail(action="evidence-taken")
    assert (event.person, event.why, event.detail["content"]) == ("a-head", "court", True)
    assert event.detail["sha256"] == verify.hashlib.sha256(package).hexdigest()


@pytest.mark.parametrize("role", [Role.IT, Role.PROTECTION])
def test_who_may_not_read_records_gets_hashes_whatever_is_asked(someone: Any, role: Role) -> None:
    client = someone(role)
    page = f"/evidence/take/{LOOP}"
    assert 'name="content"' not in text(client.get(page))
    assert parts(body(client.post(page, {"purpose": "own", "content": "on"}))) == 0


def test_a_doctor_takes_it_from_the_page_of_the_message_or_transfer(someone: Any) -> None:
    assert f"/evidence/take/{world.transfer()[0].id}" in text(
        someone(Role.IT).get(f"/messages/{world.transfer()[0].id}")
    )
    assert someone(Role.DOCTOR).get(f"/evidence/take/{LOOP}").status_code == 200


@pytest.mark.parametrize(
    ("role", "taking", "checking"),
    [
        (Role.DOCTOR, 200, 403),
        (Role.NURSE, 403, 403),
        (Role.IT, 200, 200),
        (Role.HEAD, 200, 200),
        (Role.PROTECTION, 200, 200),
        (Role.DEPARTMENT, 200, 200),
    ],
)
def test_who_may_take_and_check(someone: Any, role: Role, taking: int, checking: int) -> None:
    client = someone(role)
    assert client.get(f"/evidence/take/{LOOP}").status_code == taking
    assert client.get("/evidence").status_code == checking
    assert Client().get("/evidence").status_code == Client().get(f"/evidence/take/{LOOP}").status_code == 302


def test_an_unknown_message_is_not_found(someone: Any) -> None:
    assert someone(Role.HEAD).get("/evidence/take/nothing").status_code == 404


def drop(client: Client, data: bytes, **more: str) -> Any:
    return client.post("/evidence", {"file": SimpleUploadedFile("goi.zip", data), **more})


def test_a_number_leads_to_the_package(someone: Any) -> None:
    client = someone(Role.PROTECTION)
    message = world.transfer()[0]
    for text, reference in ((LOOP, LOOP), (message.id, message.id), (message.digest[:10], message.id)):
        assert client.get("/evidence", {"q": text}).headers["Location"] == f"/evidence/take/{reference}"
    assert "Không tìm thấy" in text_of(client, "nothing")


def text_of(client: Client, wanted: str) -> str:
    return text(client.get("/evidence", {"q": wanted}))


def test_the_trail_says_up_to_where_it_is_stamped(someone: Any) -> None:
    assert "Đến sự kiện 5, nhật ký có dấu thời gian độc lập lúc 12/01/2025 07:40:00" in text(
        someone(Role.HEAD).get("/audit")
    )


def test_a_right_package_is_shown_as_valid(someone: Any) -> None:
    client = someone(Role.HEAD)
    answer = drop(client, PACKAGE)
    page = text(answer)
    assert answer.status_code == 200
    assert "HỢP LỆ" in page
    assert "Bệnh viện huyện A (24011) đã gửi gói tin" in page
    (event,) = audit.trail(action="evidence-checked")
    assert (event.why, event.detail["about"]) == ("valid", LOOP)
    client.cookies["lt-language"] = "en"
    assert "HAS RECEIVED AND STORED" in text(drop(client, PACKAGE))


def test_a_changed_package_and_one_of_an_unknown_hub_are_shown_as_such(someone: Any) -> None:
    client = someone(Role.IT)
    changed = bytearray(PACKAGE)
    changed[5000] ^= 1
    assert "KHÔNG HỢP LỆ" in text(drop(client, bytes(changed)))
    assert "KHÔNG HỢP LỆ" in text(drop(client, PACKAGE, hub_key=key_of("another").kid))
    assert "KHÔNG HỢP LỆ" in text(drop(client, b""))
    assert "HỢP LỆ: mọi thứ" in text(drop(client, PACKAGE, hub_key=key_of(HUB).kid))


def test_what_is_not_asked_for_is_refused(someone: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = someone(Role.IT)
    assert client.post("/evidence", {}).status_code == 400
    assert drop(client, PACKAGE, hub_key="x").status_code == 400
    monkeypatch.setattr(uploads, "LARGEST", 1000)
    answer = drop(client, PACKAGE)
    assert answer.status_code == 400
    assert "lienthong verify" in text(answer)


def test_files_are_taken_at_this_page_and_from_people_signed_in_only(
    someone: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    before = uploads.PackageUpload.receive_data_chunk

    def counted(self: Any, raw_data: bytes, start: int) -> bytes | None:
        seen.append(self.request.path)
        return before(self, raw_data, start)

    monkeypatch.setattr(uploads.PackageUpload, "receive_data_chunk", counted)
    strangers = Client()
    strangers.post("/evidence", {"file": SimpleUploadedFile("a.zip", PACKAGE)})
    strangers.post("/sign-in", {"file": SimpleUploadedFile("a.zip", PACKAGE)})
    client = someone(Role.IT)
    client.post("/language", {"file": SimpleUploadedFile("a.zip", PACKAGE)})
    assert seen == []
    drop(client, PACKAGE)
    assert set(seen) == {"/evidence"}


def test_the_program_itself_can_be_had(someone: Any) -> None:
    answer = someone(Role.DOCTOR).get("/evidence/verify.py")
    assert answer.content == Path(verify.__file__).read_bytes()
    assert "attachment" in answer.headers["Content-Disposition"]


def test_the_trail_is_checked_from_the_last_stamp_or_from_the_start(someone: Any) -> None:
    client = someone(Role.HEAD)
    for data, since in (({}, 0), ({}, 5), ({"full": "1"}, 0)):
        client.post("/audit/check", data)
        event = audit.trail(action="audit-checked")[0]
        assert (event.why, event.detail["since"]) == ("holds", since)
