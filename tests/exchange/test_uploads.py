"""Uploads in pieces (tus 1.0), at the doors of a hub in this process."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange_calls import OTHER, SENDER, Answer, Site
from lienthong.exchange import peers, sealed, tus, uploads
from lienthong.exchange.tokens import Caller
from lienthong.facilities.models import Node
from lienthong.foundation import clock
from lienthong.foundation.wsgi import HttpError

Sites = dict[str, Site]
PIECE = "application/offset+octet-stream"


def tus_call(site: Site, method: str, name: str = "", body: bytes = b"", **headers: str) -> Answer:
    given = {"tus_resumable": "1.0.0"} | headers
    return site.call(method, f"uploads/{name}" if name else "uploads", body, **given)


def metadata(content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest().encode()
    return f"sha256 {base64.b64encode(digest).decode()},note eA=="


def begin(site: Site, content: bytes, **headers: str) -> str:
    given = {"upload_length": str(len(content)), "upload_metadata": metadata(content)} | headers
    answer = tus_call(site, "POST", **given)
    assert answer.status == 201
    assert answer.headers["Upload-Expires"].endswith("GMT")
    return answer.headers["Location"].rpartition("/")[2]


def add(site: Site, name: str, offset: int, piece: bytes, **headers: str) -> Answer:
    given = {"content_type": PIECE, "upload_offset": str(offset)} | headers
    return tus_call(site, "PATCH", name, piece, **given)


def offset(site: Site, name: str) -> int:
    answer = tus_call(site, "HEAD", name)
    assert answer.status == 200
    return int(answer.headers["Upload-Offset"])


def counted(content: bytes) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT size FROM exchange_upload WHERE sha256 = %s", (digest(content),))
        rows = cursor.fetchall()
    return rows == [(len(content),)]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def caller(site: Site) -> Caller:
    return Caller(site.facility, site.key.kid, "192.0.2.1")


def audited() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM access_auditevent WHERE action = 'upload-complete'")
        return int(cursor.fetchone()[0])


def test_what_the_server_can_is_told(sites: Sites) -> None:
    answer = sites[SENDER].call("OPTIONS", "uploads")
    assert answer.status == 204
    assert answer.headers["Tus-Resumable"] == answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Max-Size"] == str(16 << 30)
    assert "creation-with-upload" in answer.headers["Tus-Extension"]
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha256,sha1"


def test_another_version_is_refused(sites: Sites) -> None:
    answer = sites[SENDER].call("POST", "uploads", upload_length="1", tus_resumable="0.2.2")
    assert (answer.status, answer.headers["Tus-Version"]) == (412, "1.0.0")


def test_pieces_count_when_all_are_there(sites: Sites) -> None:
    site, content = sites[SENDER], b"a study" * 1000
    name = begin(site, content)
    assert add(site, name, 0, content[:3000]).headers["Upload-Offset"] == "3000"
    assert (offset(site, name), counted(content)) == (3000, False)
    answer = add(site, name, 3000, content[3000:])
    assert (answer.status, answer.headers["Upload-Offset"]) == (204, "7000")
    assert (offset(site, name), counted(content), audited()) == (7000, True, 1)
    stream, size = sealed.open_stream(digest(content))
    with stream:
        assert (stream.read(), size) == (content, 7000)
    head = tus_call(site, "HEAD", name).headers
    assert (head["Upload-Length"], head["Upload-Metadata"]) == ("7000", metadata(content))
    assert head["Cache-Control"] == "no-store"
    again = tus_call(site, "POST", upload_length="7000", upload_metadata=metadata(content))
    assert (again.status, again.headers["Upload-Offset"]) == (201, "7000"), "it is there: nothing to send"
    assert audited() == 1


def test_content_may_come_with_its_creation(sites: Sites) -> None:
    site, content = sites[SENDER], b"small"
    given = {"upload_length": "5", "upload_metadata": metadata(content), "content_type": PIECE}
    answer = tus_call(site, "POST", "", content, **given)
    assert (answer.status, answer.headers["Upload-Offset"]) == (201, "5")
    assert counted(content)
    empty = tus_call(site, "POST", upload_length="0", upload_metadata=metadata(b""))
    assert (empty.status, counted(b"")) == (201, True)


def test_other_content_than_announced_never_counts(sites: Sites) -> None:
    site = sites[SENDER]
    name = begin(site, b"announced")
    answer = add(site, name, 0, b"different")
    assert (answer.status, answer.json["code"]) == (460, "exchange-wrong-part")
    assert not counted(b"announced")
    assert not sealed.has([digest(b"announced"), digest(b"different")])
    assert tus_call(site, "HEAD", name).status == 404


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_a_piece_with_another_checksum_leaves_no_trace(sites: Sites, algorithm: str) -> None:
    site, content = sites[SENDER], b"0123456789"
    name = begin(site, content)
    right = base64.b64encode(hashlib.new(algorithm, content[:4]).digest()).decode()
    wrong = add(site, name, 0, b"9999", upload_checksum=f"{algorithm} {right}")
    assert (wrong.status, offset(site, name)) == (460, 0)
    assert add(site, name, 0, content[:4], upload_checksum=f"{algorithm} {right}").status == 204
    assert offset(site, name) == 4
    assert add(site, name, 4, b"45", upload_checksum="crc32 AAAA").status == 400
    assert add(site, name, 4, b"45", upload_checksum="sha1 not base64").status == 400
    assert offset(site, name) == 4


def test_bytes_go_only_where_those_before_end(sites: Sites) -> None:
    site = sites[SENDER]
    name = begin(site, b"0123456789")
    add(site, name, 0, b"0123")
    for wrong in (0, 3, 5, 10, 99):
        assert add(site, name, wrong, b"4").status == 409
    assert add(site, name, 4, b"4567890").status == 413, "more than was announced"
    assert add(site, name, 4, b"4", content_type="text/plain").status == 415
    assert add(site, name, -4, b"4").status == 400
    assert offset(site, name) == 4


def test_an_upload_is_its_callers_alone(sites: Sites) -> None:
    name = begin(sites[SENDER], b"0123")
    for method in ("HEAD", "DELETE"):
        assert tus_call(sites[OTHER], method, name).status == 404
    assert add(sites[OTHER], name, 0, b"0123").status == 404
    assert sites[SENDER].call("POST", "uploads", Authorization="Bearer no").status == 401
    content = b"put by another"
    assert add(sites[SENDER], begin(sites[SENDER], content), 0, content).status == 204
    answer = tus_call(
        sites[OTHER], "POST", upload_length=str(len(content)), upload_metadata=metadata(content)
    )
    assert answer.headers["Upload-Offset"] == "0", "what others have put does not count"


def test_an_ended_upload_is_gone(sites: Sites) -> None:
    site = sites[SENDER]
    name = begin(site, b"0123456789")
    add(site, name, 0, b"0123")
    assert tus_call(site, "DELETE", name).status == 204
    assert tus_call(site, "HEAD", name).status == 404
    assert add(site, name, 4, b"4").status == 404
    assert list((django_settings.NODE.home / "sealed" / "uploads").iterdir()) == []


def test_expired_uploads_and_content_without_a_message_go(
    sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, content = sites[SENDER], b"nobody names it"
    add(site, begin(site, content), 0, content)
    open_one = begin(site, b"0123")
    now = clock.now() + uploads.KEPT + timedelta(hours=1)
    with monkeypatch.context() as context:
        context.setattr(clock, "now", lambda: now)
        uploads.sweep()
        with pytest.raises(HttpError):
            uploads.find(caller(site), open_one)
    assert not counted(content)
    assert not sealed.has([digest(content)])
    assert list((django_settings.NODE.home / "sealed" / "uploads").iterdir()) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"upload_length": "x", "upload_metadata": metadata(b"")},
        {"upload_metadata": metadata(b"")},
        {"upload_length": "1"},
        {"upload_length": "1", "upload_metadata": "sha256 AAAA"},
        {"upload_length": "1", "upload_metadata": "sha256 !"},
        {"upload_length": "1", "upload_metadata": "sha256"},
        {"upload_length": "1", "upload_metadata": "x" * 1001},
        {"upload_defer_length": "1", "upload_metadata": metadata(b"")},
    ],
)
def test_a_beginning_that_says_too_little_is_refused(sites: Sites, headers: dict[str, str]) -> None:
    assert tus_call(sites[SENDER], "POST", **headers).status == 400


def test_limits(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    site, content = sites[SENDER], b"0123"
    given = {"upload_metadata": metadata(content)}
    assert tus_call(site, "POST", upload_length=str((16 << 30) + 1), **given).status == 413
    monkeypatch.setattr(uploads, "MOST_OPEN", 2)
    begin(site, b"one")
    begin(site, b"two")
    refused = tus_call(site, "POST", upload_length="4", **given)
    assert (refused.status, refused.json["code"]) == (507, "exchange-too-many-uploads")
    begin(sites[OTHER], b"another facility is not held up")
    monkeypatch.setattr(uploads, "MOST_OPEN", 9)
    monkeypatch.setattr(uploads, "MOST_OPEN_BYTES", 9)
    assert tus_call(site, "POST", upload_length="4", **given).status == 507
    monkeypatch.setattr(uploads, "MOST_OPEN_BYTES", 10**15)
    monkeypatch.setattr(uploads, "LARGEST", 10**15)
    full = tus_call(site, "POST", upload_length=str(10**14), **given)
    assert (full.status, full.json["code"]) == (507, "exchange-hub-full"), "no disk is that large"


def test_only_so_many_bodies_come_at_once(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tus, "streams", tus.Places(total=2, each=1))
    site = sites[SENDER]
    name = begin(site, b"0123")
    with tus.streams.hold(SENDER):
        answer = add(site, name, 0, b"01")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        other = begin(sites[OTHER], b"0123")
        assert add(sites[OTHER], other, 0, b"01").status == 204
    assert add(site, name, 0, b"01").status == 204


class Stalled:
    """Chunks of which the second comes when it is let."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks, self.waits, self.go = chunks, threading.Event(), threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        yield self.chunks[0]
        self.waits.set()
        assert self.go.wait(20)
        yield from self.chunks[1:]


def background(site: Site, name: str, chunks: Stalled) -> tuple[threading.Thread, list[Any]]:
    """Adds bytes over a line that stalls; the list holds the error in the end."""
    errors: list[Any] = []

    def work() -> None:
        try:
            uploads.append(caller(site), name, 0, chunks)
        except HttpError as error:
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert chunks.waits.wait(20)
    return thread, errors


def test_who_asks_for_the_offset_takes_over_from_a_call_on_a_dead_line(sites: Sites) -> None:
    site, content = sites[SENDER], b"0123456789"
    name = begin(site, content)
    chunks = Stalled(b"0123", b"XXXX")
    thread, errors = background(site, name, chunks)
    assert offset(site, name) == 4, "what the dead call brought counts"
    chunks.go.set()
    thread.join()
    assert [error.status for error in errors] == [409]
    assert add(site, name, 4, content[4:]).status == 204
    assert counted(content)


def test_a_facility_that_is_cut_off_cannot_go_on(sites: Sites) -> None:
    site = sites[SENDER]
    name = begin(site, b"0123456789")
    chunks = Stalled(b"0123", b"4567")
    errors: list[Exception] = []

    def work() -> None:
        try:
            uploads.append(caller(site), name, 0, chunks)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert chunks.waits.wait(20)
    Node.objects.filter(kid=site.key.kid).update(revoked_at=clock.now())
    peers.forget()
    chunks.go.set()
    thread.join()
    assert len(errors) == 1
    assert (django_settings.NODE.home / "sealed" / "uploads" / name).read_bytes() == b"0123"


cuts = st.lists(st.tuples(st.integers(0, 5000), st.booleans()), max_size=12)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(min_size=1, max_size=20_000), cuts=cuts)
def test_whatever_is_cut_the_whole_comes_together(
    sites: Sites, content: bytes, cuts: list[tuple[int, bool]]
) -> None:
    """Each call may end after any byte; a told offset never shrinks, and only the whole counts."""
    site = sites[SENDER]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM exchange_upload")
    name, told = begin(site, content), 0
    for length, promised in cuts:
        piece = content[told : told + length]
        more = {"content_length": str(len(content) - told)} if promised else {}
        add(site, name, told, piece, **more)  # promised more than came: as a line that was cut
        now = offset(site, name)
        assert now == told + len(piece)
        told = now
        assert counted(content) == (told == len(content))
    if told < len(content):
        assert add(site, name, told, content[told:]).headers["Upload-Offset"] == str(len(content))
    assert counted(content)
