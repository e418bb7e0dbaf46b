"""Mending from the other side, second step: a facility gives what it has and what is sound, to a party of the message
alone."""

from __future__ import annotations

from typing import Annotated

import msgspec
from django.db import connection, transaction
from msgspec import Meta, Struct

from lienthong.access import audit
from lienthong.exchange import content, manifest, outbox
from lienthong.exchange.content import Kept
from lienthong.exchange.inbox import Incoming
from lienthong.exchange.manifest import Id, Sha256
from lienthong.exchange.outbox import Part, Ready
from lienthong.exchange.reconciling import checks, conversation, rows, sql
from lienthong.exchange.reconciling.asking import MOST_WANTED, Wanted, wanted_lists
from lienthong.exchange.reconciling.proofs import Proofs
from lienthong.exchange.reconciling.rows import Row
from lienthong.facilities import directory
from lienthong.foundation import ids

CONTENT = "content"
MOST_GIVEN, MOST_CONTENTS = 40, 150
"""Messages whose papers go into one answer, and contents in one."""

Jws = Annotated[str, Meta(max_length=manifest.LONGEST_JWS)]


class Papers(Struct):
    """Papers of a message as its other party has them, empty where it has none; ``lacking``: contents it has not."""

    message: Id
    manifest: Jws
    acceptance: Jws
    receipt: Jws
    lacking: Annotated[list[Sha256], Meta(max_length=manifest.MOST_PARTS)]


papers_lists = msgspec.json.Decoder(Annotated[list[Papers], Meta(max_length=MOST_WANTED)])


def take_request(incoming: Incoming) -> str:
    """Handler of ``content-request``: keeps it for the worker."""
    return conversation.keep(incoming, "wanted")


def give(message: str, peer: str, text: str) -> None:
    """Answers a request with what is here and sound, in as many messages as it takes."""
    wanted, proofs = wanted_lists.decode(text), Proofs()
    for start in range(0, len(wanted), MOST_GIVEN):
        papers, sizes = [], dict[str, int]()
        for one in wanted[start : start + MOST_GIVEN]:
            row = _of(one, peer)
            if row is not None:
                found, contents = _sound(row, one, proofs)
                papers.append(found)
                sizes |= contents
        if papers:
            _send(peer, papers, sizes)
    with transaction.atomic():
        conversation.done(message)


def _of(one: Wanted, peer: str) -> Row | None:
    """The row of a wanted message, if the asking facility is its other party."""
    for direction in ("out", "in"):
        row = rows.one(direction, one.message) if one.message else None
        row = row or next(iter(rows.read(sql.BY_MANIFEST, (one.manifest, direction))), None)
        if row and peer in (row.sender, row.receiver):
            return row
    return None


def _sound(row: Row, one: Wanted, proofs: Proofs) -> tuple[Papers, dict[str, int]]:
    """What can be given of a message: papers that verify, and the sizes of contents that are here and sound."""
    own = rows.parts([row.number])[row.number]
    found = checks.papers(row, own, proofs)
    signed = rows.part_rows(found.manifest[0]) if found.manifest else own
    parts = {part[1]: part[2] for part in signed}
    contents = {
        name: parts[name] for name in one.contents if name in parts and checks.content_state(name) is None
    }
    give = (
        row.jws if found.manifest and one.papers else "",
        row.acceptance if found.acceptance and one.papers else "",
        row.receipt if found.receipt and one.papers else "",
    )
    return Papers(row.message, *give, sorted(set(one.contents) - contents.keys())), contents


def _send(peer: str, papers: list[Papers], sizes: dict[str, int]) -> None:
    """Puts one answer, or several when there are many contents; what is large is sealed before a transaction begins."""
    recipient, names = directory.recipient(peer), sorted(sizes)
    for start in range(0, max(1, len(names)), MOST_CONTENTS):
        some = names[start : start + MOST_CONTENTS]
        kept = [_kept(name, sizes[name]) for name in some]
        said = papers if start == 0 else []
        ready = [
            Ready("content", "application/octet-stream", manifest.STUDY, one, content.seal(one, recipient))
            for one in kept
        ]
        part = Part("papers", "application/json", msgspec.json.encode(said), priority=manifest.DOCUMENT)
        with transaction.atomic():
            body = {"messages": len(said), "contents": len(ready)}
            put = outbox.put(
                peer, CONTENT, ids.new_id(), body=body, parts=[part, *ready], basis=conversation.BASIS
            )
            detail = {"message": put, "of": [one.message for one in papers], "contents": some}
            actor = audit.Actor(f"facility:{peer}", directory.name(peer), "site")
            audit.record(
                actor, "content-given", page="exchange/reconcile", why=conversation.BASIS, detail=detail
            )


def _kept(name: str, size: int) -> Kept:
    """Content that is here, as sealing takes it."""
    with connection.cursor() as cursor:
        cursor.execute(sql.FRAME, (name,))
        row = cursor.fetchone()
    return Kept(name, size, bytes(row[0])) if row else Kept(name, size)
