"""A hub and two sites as real processes: published, found, fetched; with the hub down, a site away, kill -9."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from document_nodes import Documents

NAME, CITIZEN, WORD = "Nguyễn Thị Mẫu", "024190001234", "Penicillin"
WAITS = "SELECT count(*) FROM documents_outgoing"
ANSWERED = "SELECT count(*) FROM documents_{} WHERE id = '{}' AND answered_at IS NOT NULL"


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Documents]:
    """The three nodes, made; who needs one starts it."""
    made = Documents(tmp_path_factory.mktemp("nodes"))
    made.make()
    try:
        made.do("sender", "keep", "nguoi-benh-a")
        made.do("receiver", "keep", "nguoi-benh-b")
        yield made
    finally:
        made.stop()


def _asked(nodes: Documents, kind: str, id: str) -> None:
    nodes.wait_for("receiver", ANSWERED.format(kind, id), 1)


def _search(nodes: Documents) -> tuple[str, list[list[str]]]:
    search = nodes.do("receiver", "search", "nguoi-benh-b")
    _asked(nodes, "search", search)
    found = nodes.do("receiver", "found", search)
    assert found["left_out"] == 0
    assert found["refused"] == {}
    return search, found["found"]


def _received(nodes: Documents, fetch: str) -> str:
    return str(nodes.rows("receiver", f"SELECT received FROM documents_fetch WHERE id = '{fetch}'")[0][0])


def _trail(nodes: Documents, name: str, action: str) -> list[str]:
    rows = nodes.rows(name, f"SELECT why FROM access_auditevent WHERE action = '{action}'")
    return [row[0] for row in rows]


@pytest.mark.long
def test_the_way_of_a_document(nodes: Documents) -> None:
    """One story, since starting nodes is dear: each part begins where the one before ended."""
    # Published while the hub is down, twice in a row: one document waits.
    nodes.start("sender")
    nodes.start("receiver")
    first, again = nodes.do("sender", "publish", "nguoi-benh-a", "copy", "2")
    assert first == again
    search = nodes.do("receiver", "search", "nguoi-benh-b")
    assert nodes.rows("sender", WAITS) == [(1,)]
    nodes.kill("sender")
    nodes.start("hub")
    nodes.start("sender")
    nodes.wait_for("sender", WAITS, 0)
    assert nodes.rows("hub", "SELECT mode, status FROM documents_held") == [("copy", "current")]

    # The question that waited was answered; the copy comes from the hub.
    _asked(nodes, "search", search)
    search, [[number, url, status]] = _search(nodes)
    assert status == "current"
    assert "/fhir/Binary/" in url
    fetch = nodes.do("receiver", "fetch", search, number)
    assert nodes.do("receiver", "fetch", search, number) == fetch
    _asked(nodes, "fetch", fetch)
    kept = nodes.do("receiver", "content", _received(nodes, fetch))
    assert WORD in kept["content"]
    assert kept["entry"]["subject"]["reference"] == "Patient/nguoi-benh-b"
    [(digest,)] = nodes.rows("sender", f"SELECT sha256 FROM documents_publication WHERE id = '{first}'")
    assert hashlib.sha256(kept["content"].encode()).hexdigest() == digest

    # The record grows; the new summary stays at home, only its entry goes to the hub, and it replaces the first.
    nodes.do("sender", "amend", "nguoi-benh-a")
    [second] = nodes.do("sender", "publish", "nguoi-benh-a", "entry")
    nodes.wait_for("sender", WAITS, 0)
    search, found = _search(nodes)
    assert len(found) == 1
    number, url, _ = found[0]
    assert url.startswith("urn:lienthong:document:24011:")
    states = {
        nodes.rows(name, query)[0][0]
        for name, query in (
            ("hub", "SELECT status FROM documents_held WHERE mode = 'copy'"),
            ("sender", f"SELECT status FROM documents_publication WHERE id = '{first}'"),
        )
    }
    assert states == {"superseded"}

    # Asked for while its holder is away: it waits in the mailbox; kill -9 of everybody on the way loses nothing.
    nodes.kill("sender")
    fetch = nodes.do("receiver", "fetch", search, number)
    nodes.wait_for("receiver", "SELECT count(*) FROM exchange_message WHERE state = 'accepted'", 1)
    assert nodes.rows("receiver", ANSWERED.format("fetch", fetch)) == [(0,)]
    nodes.kill("receiver")
    nodes.start("sender")
    nodes.wait_for("sender", "SELECT count(*) FROM exchange_message WHERE kind = 'document'", 1)
    nodes.kill("sender")
    nodes.kill("hub")
    for name in ("hub", "sender", "receiver"):
        nodes.start(name)
    _asked(nodes, "fetch", fetch)
    kept = nodes.do("receiver", "content", _received(nodes, fetch))
    assert "Hải sản" in kept["content"]
    assert nodes.rows("sender", "SELECT count(*) FROM exchange_message WHERE kind = 'document'") == [(1,)]

    # The hub could not read it: nothing of it in its store, in manifests or logs.
    assert nodes.rows("hub", "SELECT count(*) FROM documents_held WHERE mode = 'entry'") == [(1,)]
    _nothing_of_it(nodes)

    # Withdrawn: no longer found, and the hub's copy is gone.
    nodes.do("sender", "withdraw", second)
    nodes.do("sender", "withdraw", first)
    nodes.wait_for("sender", WAITS, 0)
    assert _search(nodes)[1] == []
    query = "SELECT count(*) FROM records_resource WHERE type = 'Binary' AND deleted = 0"
    assert nodes.rows("hub", query) == [(0,)]

    # Every step is in the trail of every node.
    assert len(_trail(nodes, "sender", "document-published")) == 2
    assert len(_trail(nodes, "sender", "document-withdrawn")) == 2
    assert _trail(nodes, "sender", "document-given") == ["treatment"]
    assert _trail(nodes, "hub", "documents-taken") == ["publish"] * 4
    assert _trail(nodes, "hub", "documents-found") == ["treatment"] * 4
    assert _trail(nodes, "hub", "document-given") == ["treatment"]
    assert _trail(nodes, "receiver", "documents-asked") == ["treatment"] * 4
    assert _trail(nodes, "receiver", "document-asked") == ["treatment"] * 2
    assert _trail(nodes, "receiver", "document-came") == ["treatment"] * 2
    [(who,)] = nodes.rows("hub", "SELECT detail FROM access_auditevent WHERE action = 'document-given'")
    assert "Bác sĩ Mẫu" in who


def _nothing_of_it(nodes: Documents) -> None:
    for path in nodes.folder.glob("*/log.txt"):
        text = path.read_text()
        assert not any(word in text for word in (NAME, CITIZEN, WORD, "Hải sản")), path
    messages = nodes.rows("hub", "SELECT jws FROM exchange_message")
    assert len(messages) == 2
    for (jws,) in messages:
        assert not any(word in _payload(jws) for word in (NAME, CITIZEN, WORD, "nguoi-benh"))
    documents = nodes.rows("hub", "SELECT count(*) FROM records_resource WHERE type = 'Binary'")
    assert documents == [(1,)]  # the copy that was published to it, and not the document that stayed at home


def _payload(jws: str) -> str:
    from lienthong.foundation import signing

    return signing.payload(jws).decode()
