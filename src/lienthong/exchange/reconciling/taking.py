"""Mending from the other side, last step: what was given is verified by signature or hash, then kept."""

from __future__ import annotations

import hashlib

import msgspec
from django.conf import settings
from django.db import connection, transaction

from lienthong.exchange import content, problems, receipts, trace
from lienthong.exchange.inbox import Incoming
from lienthong.exchange.problems import Refused
from lienthong.exchange.reconciling import checks, conversation, discrepancies, mending, rows, sql
from lienthong.exchange.reconciling.asking import PAPERS
from lienthong.exchange.reconciling.discrepancies import OTHER_SIDE, Discrepancy, Item
from lienthong.exchange.reconciling.giving import Papers, papers_lists
from lienthong.exchange.reconciling.proofs import Proofs
from lienthong.exchange.reconciling.rows import Row
from lienthong.exchange.work import marks
from lienthong.foundation import clock


def take_content(incoming: Incoming) -> str:
    """Handler of ``content``: mends what was asked for; the contents themselves came as parts and are kept already."""
    text = _bounded(incoming, "papers")
    try:
        papers = papers_lists.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refused(problems.bad_manifest(str(error)[:200])) from error
    proofs = Proofs()
    for one in papers:
        _take_papers(one, incoming.sender, proofs)
    names = [part.sha256 for part in incoming.parts if part.role == "content"]
    if names:
        with connection.cursor() as cursor:
            cursor.execute(sql.OPEN_CONTENTS.format(marks=marks(names)), names)
            discrepancies.mended([row[0] for row in cursor.fetchall()], OTHER_SIDE)
            cursor.execute(sql.TRY_NOW.format(marks=marks(names)), names)
    transaction.on_commit(conversation.wake.set)
    return hashlib.sha256(text).hexdigest()


def _bounded(incoming: Incoming, role: str) -> bytes:
    if any(part.size > conversation.LARGEST for part in incoming.parts if part.role == role):
        raise Refused(problems.bad_manifest(f"a part of more than {conversation.LARGEST} bytes"))
    return incoming.part(role)


def _take_papers(one: Papers, peer: str, proofs: Proofs) -> None:
    """Mends the papers of one message of ours, in the caller's transaction, with those given that verify."""
    signed = proofs.manifest(one.manifest) if one.manifest else None
    here = settings.NODE.facility
    if signed and {signed[0].sender.facility, signed[0].to.facility} == {here, peer}:
        take_papers("out" if signed[0].sender.facility == here else "in", one, proofs)


def take_papers(direction: str, one: Papers, proofs: Proofs, position: int | None = 0) -> bool:
    """Mends the papers of a message with those given that verify; joins the caller's transaction.

    Args:
        direction: ``out``, ``in``, or ``relay`` at the hub.
        position: the number in the receiver's mailbox, for a message whose row was lost.

    Returns:
        Whether it was wanted.
    """
    signed = proofs.manifest(one.manifest) if one.manifest else None
    if signed is None:
        return False
    found, digest = signed
    wanted = [
        item
        for item in discrepancies.of_message(found.id, digest)
        if item.direction == direction and item.side == "here" and item.what in PAPERS
    ]
    if not wanted:
        return False
    acceptance = proofs.acceptance(one.acceptance, found.id, digest)
    receipt = proofs.receipt(one.receipt, found.id, digest, found.to.facility)
    row = _row(direction, found.id, digest)
    discrepancies.named(found.id, digest)
    if row is None and acceptance is not None:
        told = (one.receipt, receipt) if receipt else None
        mending.restore(direction, (one.manifest, *signed), (one.acceptance, acceptance), told, position)
    elif row is not None:
        papers = checks.papers(row, rows.parts([row.number])[row.number], proofs)
        flawed = {flaw.what for flaw in papers.flaws} | {item.what for item in wanted}
        if papers.manifest is None:
            mending.set_manifest(row, one.manifest)
        if "acceptance" in flawed and acceptance:
            mending.set_acceptance(row, one.acceptance, acceptance)
        if "receipt" in flawed and receipt and papers.receipt is None:
            if direction == "out" and row.state == "accepted" and not row.receipt:
                receipts.keep(one.receipt, clock.iso(receipt.at))
            else:
                mending.set_receipt(row, one.receipt, receipt)
    _close(direction, found.id, digest, wanted, proofs)
    return True


def _row(direction: str, message: str, digest: str) -> Row | None:
    return rows.one(direction, message) or next(iter(rows.read(sql.BY_MANIFEST, (digest, direction))), None)


def _close(direction: str, message: str, digest: str, wanted: list[Discrepancy], proofs: Proofs) -> None:
    """Notes what is right now, and what else showed: columns are mended, content that is not here is wanted too."""
    row = _row(direction, message, digest)
    if row is None:
        return
    papers = checks.papers(row, rows.parts([row.number])[row.number], proofs)
    mending.from_itself(row, papers)
    flawed = {flaw.what for flaw in papers.flaws}
    if discrepancies.mended([item.key for item in wanted if item.what not in flawed], OTHER_SIDE):
        trace.add([(message, clock.iso(clock.now()), settings.NODE.facility, trace.MENDED, "")])
    if papers.manifest and (direction == "out" or (direction == "in" and row.state in rows.SETTLED)):
        names = {part.sha256 for part in papers.manifest[0].parts}
        head = (direction, message, digest, row.sender, row.receiver)
        lost = sorted(names - content.has(names))
        discrepancies.found([Item(*head, "content", name, "missing") for name in lost], "checking")
