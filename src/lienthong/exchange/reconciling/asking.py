"""Mending from the other side, first step: asking a facility for papers and contents of messages."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from lienthong.exchange import manifest, outbox
from lienthong.exchange.manifest import Sha256
from lienthong.exchange.outbox import Part
from lienthong.exchange.reconciling import conversation, discrepancies, rows
from lienthong.exchange.reconciling.discrepancies import Discrepancy, Item
from lienthong.facilities import directory
from lienthong.foundation import clock, ids

REQUEST = "content-request"
MOST_WANTED = 100
"""Messages in a request."""
AGAIN = timedelta(hours=12)
"""After so long without success the other side is asked again."""
PAPERS = ("message", "manifest", "acceptance", "receipt")
"""What is mended by papers; content by its bytes."""


class Wanted(Struct):
    """What is wanted of a message, named by its id or, when that is not known, by its manifest's hash."""

    message: Annotated[str, Meta(pattern="^([0-9a-f]{32})?$")]
    manifest: Sha256
    papers: bool
    contents: Annotated[list[Sha256], Meta(max_length=manifest.MOST_PARTS)]


wanted_lists = msgspec.json.Decoder(Annotated[list[Wanted], Meta(max_length=MOST_WANTED)])


def request(message: str, contents: Collection[str]) -> None:
    """Asks the sender of a collected message for contents that its manifest takes for known here and that are not.

    Joins the caller's transaction. Asking again within twelve hours changes nothing.
    """
    row = rows.one("in", message)
    if row is None:
        return
    head = ("in", row.message, row.manifest, row.sender, row.receiver)
    items = [Item(*head, "content", sha256, "missing") for sha256 in sorted(contents)]
    keys = set(discrepancies.found(items, "checking"))
    ask([one for one in discrepancies.of_message(message, row.manifest) if one.key in keys])


def ask(items: Iterable[Discrepancy], *, now: bool = False) -> int:
    """Asks the other sides for what they can give, in the caller's transaction; returns the number of requests.

    Args:
        items: those that were asked for within twelve hours, or that nobody can give, are passed over.
        now: ask again also when it was asked for lately.
    """
    before = clock.now() - AGAIN
    peers: dict[str, dict[str, list[Discrepancy]]] = {}
    for one in items:
        lately = one.asked_at is not None and one.asked_at > before and not now
        if (
            one.side == "here"
            and one.direction != "relay"
            and one.what in (*PAPERS, "content")
            and not lately
        ):
            peers.setdefault(one.other, {}).setdefault(one.manifest, []).append(one)
    count = 0
    for peer, messages in peers.items():
        if not directory.recipient(peer):
            continue
        groups = list(messages.values())
        for start in range(0, len(groups), MOST_WANTED):
            some = groups[start : start + MOST_WANTED]
            wanted = msgspec.json.encode([_want(group) for group in some])
            part = Part("wanted", "application/json", wanted, priority=manifest.DOCUMENT)
            body = {"messages": len(some)}
            outbox.put(peer, REQUEST, ids.new_id(), body=body, parts=[part], basis=conversation.BASIS)
            discrepancies.asked([one.key for group in some for one in group])
            count += 1
    return count


def _want(group: list[Discrepancy]) -> Wanted:
    names = [one.message for one in group if one.message]
    contents = sorted({one.place for one in group if one.what == "content"})
    return Wanted(
        names[0] if names else "",
        group[0].manifest,
        any(one.what in PAPERS for one in group),
        contents[: manifest.MOST_PARTS],
    )
