"""Comparing with another facility by ordinary messages: who asks, who answers, what is kept of it.

The sender of the messages leads and judges. It is exact without a common clock: the hub hands out each mailbox in its
order, so whoever gets the other's word has before it everything that the other had finished when it was spoken.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import msgspec
from django.conf import settings
from django.db import connection, transaction
from msgspec import Meta, Struct

from lienthong.exchange import manifest, outbox, problems
from lienthong.exchange.client import NoLine
from lienthong.exchange.inbox import Incoming
from lienthong.exchange.manifest import Id, Moment, Sha256
from lienthong.exchange.outbox import Part
from lienthong.exchange.problems import Refused
from lienthong.exchange.reconciling import checking, checks, comparing, discrepancies, entries, rows, sql
from lienthong.exchange.reconciling.comparing import MIRRORED, Answer, Comparison, Difference, Entry, Line
from lienthong.exchange.reconciling.discrepancies import AGREES, Item
from lienthong.exchange.reconciling.proofs import Proofs
from lienthong.foundation import clock, ids
from lienthong.foundation.errors import LienThongError

log = logging.getLogger(__name__)

QUESTION, ANSWER, RESULT = "reconcile", "reconcile-answer", "reconcile-result"
BASIS = "integrity-check"
NAMED = 500
"""Differences that a result names to the hub too; the rest is in its part, for the two alone."""
LARGEST = 8 << 20
"""Bytes of a part of these messages."""
_JSON = "application/json"

wake = threading.Event()
"""Set when something came that this node must see to."""


class Question(Struct):
    """The sender's question; without lines, the receiver's wish that the sender begins."""

    run: Id
    horizon: Annotated[str, Meta(pattern=r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)?$")] = ""
    lines: Annotated[list[Line], Meta(max_length=comparing.MOST_ASKED)] = []


class Reply(Struct):
    """The receiver's answer."""

    run: Id
    answer: Answer


class Verdict(Struct, array_like=True):
    """A difference as the sender sees it: word, message id, manifest hash, whether the sender's own word is sound."""

    word: comparing.Word
    message: Id
    manifest: Sha256
    sound: bool


class Result(Struct):
    """What the sender found; in the body, for the hub, ``differences`` are pairs of id and word."""

    run: Id
    horizon: Moment
    messages: Annotated[int, Meta(ge=0, lt=1 << 53)]
    differing: Annotated[int, Meta(ge=0, lt=1 << 53)]
    differences: Annotated[list[tuple[Id, comparing.Word]], Meta(max_length=NAMED)]


class _Memory(Struct):
    """What a comparison remembers from one answer to the next."""

    open: list[str]
    differences: list[tuple[str, str, Entry | None, Entry | None]]
    moved: list[str]


_questions = msgspec.json.Decoder(Question)
_replies = msgspec.json.Decoder(Reply)
_results = msgspec.json.Decoder(Result)
_verdicts = msgspec.json.Decoder(list[Verdict])
_memories = msgspec.json.Decoder(_Memory)


def take(incoming: Incoming) -> str:
    """Handler of all three kinds: keeps what came for the worker, since an answer may need a look at every message."""
    return keep(incoming, "reconcile")


def keep(incoming: Incoming, role: str) -> str:
    """Keeps what came, body and the part in a role, for the worker; returns the hash of that."""
    if any(part.size > LARGEST for part in incoming.parts):
        raise Refused(problems.bad_manifest(f"a part of more than {LARGEST} bytes"))
    body = msgspec.json.encode(incoming.body).decode()
    try:
        part = incoming.part(role).decode() if incoming.parts else ""
    except UnicodeDecodeError as error:
        raise Refused(problems.bad_manifest(str(error)[:200])) from error
    content = body + "\n" + part
    with connection.cursor() as cursor:
        now = clock.iso(clock.now())
        cursor.execute(sql.INQUIRE, (incoming.id, incoming.kind, incoming.sender, content, now))
    transaction.on_commit(wake.set)
    return hashlib.sha256(content.encode()).hexdigest()


def begin(sender: str, receiver: str) -> None:
    """Compares the messages from one facility to another, of which one is this node."""
    here, run = settings.NODE.facility, ids.new_id()
    if sender != here:
        with transaction.atomic():
            _put(sender, QUESTION, run, {"run": run}, [])
        return
    horizon = entries.newest("out")
    comparison, side = Comparison(), entries.Kept(here, receiver, horizon)
    if not horizon:
        return
    asked = comparison.question(side)
    with transaction.atomic():
        _ask(receiver, run, horizon, comparison, asked)


def _ask(receiver: str, run: str, horizon: str, comparison: Comparison, asked: list[Line]) -> None:
    memory = _Memory(
        comparison.open,
        [(d.word, d.message, d.own, d.theirs) for d in comparison.differences.values()],
        sorted(comparison.moved),
    )
    _put(receiver, QUESTION, run, {"run": run}, [Question(run, horizon, asked)])
    values = (settings.NODE.facility, receiver, run, horizon, clock.iso(clock.now()))
    with connection.cursor() as cursor:
        cursor.execute(sql.ASK, (*values, msgspec.json.encode(memory).decode()))


def _put(to: str, kind: str, run: str, body: dict[str, Any], parts: Iterable[Any]) -> None:
    content = [
        Part("reconcile", _JSON, msgspec.json.encode(part), priority=manifest.DOCUMENT) for part in parts
    ]
    outbox.put(to, kind, run, body=body, parts=content, basis=BASIS)


def attend() -> int:
    """Sees to what others asked and answered, one after the other; returns how much of it is done.

    What the line holds up stays; what cannot be read is logged and dropped, since whoever asked asks again.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql.INQUIRIES)
        waiting = cursor.fetchall()
    count = 0
    for message, kind, peer, content in waiting:
        try:
            body, _, part = content.partition("\n")
            _attend(message, kind, peer, body, part)
        except NoLine:
            continue
        except (LienThongError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            log.error("%s of %s: %s", kind, peer, error)
            with transaction.atomic():
                done(message)
        count += 1
    return count


def _attend(message: str, kind: str, peer: str, body: str, part: str) -> None:
    from lienthong.exchange.reconciling import again, asking, giving

    if kind == QUESTION:
        _answer(message, peer, part or body)
    elif kind == ANSWER:
        _go_on(message, peer, part)
    elif kind == RESULT:
        _take_result(message, peer, body, part)
    elif kind == asking.REQUEST:
        giving.give(message, peer, part)
    elif kind == again.AGAIN:
        again.bring(message, part)


def done(message: str) -> None:
    """Notes, in the caller's transaction, that what another facility asked by this message was seen to."""
    with connection.cursor() as cursor:
        cursor.execute(sql.INQUIRED, (message,))


def _answer(message: str, peer: str, content: str) -> None:
    question = _questions.decode(content)
    here = settings.NODE.facility
    if not question.lines:
        begin(here, peer)
        with transaction.atomic():
            done(message)
        return
    side = entries.Kept(peer, here, question.horizon)
    reply = Reply(question.run, comparing.answer(side, question.lines))
    with transaction.atomic():
        _put(peer, ANSWER, question.run, {"run": question.run}, [reply])
        done(message)


def _go_on(message: str, peer: str, content: str) -> None:
    reply = _replies.decode(content)
    here = settings.NODE.facility
    with connection.cursor() as cursor:
        cursor.execute(sql.COMPARISON, (here, peer))
        row = cursor.fetchone()
    if row is None or (row[0], row[1]) != (reply.run, "asked"):
        with transaction.atomic():
            done(message)
        return
    run, _, horizon, memory = row
    before, side = _memories.decode(memory), entries.Kept(here, peer, horizon)
    kept = {m: Difference(_word(word), m, own, theirs) for word, m, own, theirs in before.differences}
    comparison = Comparison(before.open, kept, set(before.moved))
    comparison.take(side, reply.answer, side.look)
    asked = comparison.question(side)
    found = [] if asked else _looked_at(side, comparison.differences)
    with transaction.atomic():
        if asked:
            _ask(peer, run, horizon, comparison, asked)
        else:
            _finish(peer, run, side, found)
        done(message)


def _looked_at(side: entries.Kept, found: Mapping[str, Difference]) -> list[Difference]:
    """What is left of differences when these messages have been checked here, and mended as far as that goes."""
    checking.look("out", found)
    own = side.look(found)
    again = [(one, own.get(message)) for message, one in found.items()]
    return [
        Difference(word, one.message, now, one.theirs)
        for one, now in again
        if (word := comparing.judged(now, one.theirs))
    ]


def _word(text: str) -> comparing.Word:
    return MIRRORED[MIRRORED[text]]


def _finish(peer: str, run: str, side: entries.Kept, found: list[Difference]) -> None:
    """Keeps what was found and tells the other side, in the caller's transaction."""
    here, proofs = settings.NODE.facility, Proofs()
    verdicts = [_verdict(one, proofs) for one in found]
    messages = comparing.whole(side).messages + sum(one.word == "missing-here" for one in found)
    named = [(verdict.message, verdict.word) for verdict in verdicts[:NAMED]]
    result = Result(run, side.horizon, messages, len(found), named)
    _put(peer, RESULT, run, msgspec.to_builtins(result), [verdicts])
    _keep(here, peer, result, [_item(here, peer, verdict) for verdict in verdicts], 0)


def _verdict(one: Difference, proofs: Proofs) -> Verdict:
    """Whether this side's word is sound shows who has to mend it."""
    digest = one.own.manifest if one.own else one.theirs.manifest if one.theirs else ""
    row = rows.one("out", one.message)
    sound = row is not None and proofs.manifest(row.jws) is not None
    if row is not None and one.word in ("other-outcome", "other-content"):
        sound = proofs.receipt(row.receipt, row.message, row.manifest, row.receiver) is not None
    return Verdict(one.word, one.message, digest, sound)


_WHAT = {
    "missing-here": ("message", "missing"),
    "missing-there": ("message", "missing"),
    "other-manifest": ("manifest", "differs"),
    "other-outcome": ("receipt", "differs"),
    "other-content": ("receipt", "differs"),
}


def _item(sender: str, receiver: str, verdict: Verdict) -> Item:
    """The difference as this node keeps it."""
    out = sender == settings.NODE.facility
    what, finding = _WHAT[verdict.word]
    there = verdict.sound == out if what != "message" else (verdict.word == "missing-there") == out
    side = "there" if there else "here"
    direction = "out" if out else "in"
    return Item(direction, verdict.message, verdict.manifest, sender, receiver, what, "", finding, side)


def _take_result(message: str, peer: str, body: str, part: str) -> None:
    result, verdicts = _results.decode(body), _verdicts.decode(part)
    here = settings.NODE.facility
    checking.look("in", [verdict.message for verdict in verdicts])
    items = [_item(peer, here, verdict) for verdict in verdicts if not _explained(verdict)]
    with transaction.atomic():
        _keep(peer, here, result, items, 0)
        done(message)


def _explained(verdict: Verdict) -> bool:
    """Whether checking has just found, and noted or mended, what makes this side's word another."""
    row = rows.one("in", verdict.message)
    if verdict.word == "missing-there" or not verdict.sound:
        return row is not None and verdict.word == "missing-there"
    if row is None:
        return False
    flaws = checks.papers(row, rows.parts([row.number])[row.number], Proofs()).flaws
    return bool(flaws) or discrepancies.lately("in", verdict.message)


def _keep(sender: str, receiver: str, result: Result, items: list[Item], seen: int) -> None:
    """Keeps a result; what it no longer names agrees again."""
    names = msgspec.json.encode(result.differences).decode()
    now = clock.iso(clock.now())
    values = (sender, receiver, result.run, result.horizon, now, result.messages, result.differing, names)
    with connection.cursor() as cursor:
        cursor.execute(sql.COMPARED, (*values, seen))
        cursor.execute(sql.OPEN_COMPARED, (sender, receiver))
        before = {row[0] for row in cursor.fetchall()}
    now_open = discrepancies.found(items, "comparing")
    discrepancies.mended(before - set(now_open), AGREES)


def gather() -> int:
    """Hub: takes the numbers out of the results that the facilities sent each other; returns how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(sql.RESULTS_SEEN)
        seen = cursor.fetchone()[0]
        cursor.execute(sql.RESULTS, (seen, RESULT))
        results = cursor.fetchall()
    for number, jws in results:
        try:
            found = manifest.read_manifest(manifest.payload_of(jws))
            result = msgspec.convert(found.body, Result)
        except (LienThongError, msgspec.ValidationError) as error:
            log.error("result %s: %s", number, error)
            continue
        with transaction.atomic():
            _keep(found.sender.facility, found.to.facility, result, [], number)
    return len(results)


def peers() -> list[tuple[str, str]]:
    """The pairs of sender and receiver of which this site is one."""
    here = settings.NODE.facility
    with connection.cursor() as cursor:
        cursor.execute(sql.PEERS.format(other="receiver", own="sender"), ("out", here))
        to = [(here, row[0]) for row in cursor.fetchall() if row[0] != here]
        cursor.execute(sql.PEERS.format(other="sender", own="receiver"), ("in", here))
        return to + [(row[0], here) for row in cursor.fetchall() if row[0] != here]
