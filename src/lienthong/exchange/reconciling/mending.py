"""Putting right what can be put right out of what is sound: from the manifest, the acceptance, the receipt."""

from __future__ import annotations

from django.db import connection

from lienthong.exchange.manifest import Acceptance, Manifest, Receipt
from lienthong.exchange.reconciling import checks, rows, sql
from lienthong.exchange.reconciling.checks import Papers
from lienthong.exchange.reconciling.rows import Row
from lienthong.exchange.work import marks
from lienthong.foundation import clock

SENT = {"out": "verified", "in": "sent", "relay": "sent"}
"""State of a receipt that every side has."""


def from_itself(row: Row, papers: Papers) -> set[str]:
    """Mends the columns and parts of a message in the caller's transaction; returns what was mended."""
    mended = set()
    whats = {flaw.what for flaw in papers.flaws}
    with connection.cursor() as cursor:
        if "columns" in whats:
            if papers.manifest:
                cursor.execute(sql.SET_FROM_MANIFEST, (*rows.columns(*papers.manifest), row.number, row.jws))
            if papers.acceptance:
                cursor.execute(sql.SET_TIMES, (*checks.times(row, papers.acceptance), row.number))
            if papers.receipt and papers.receipt.outcome != row.state:
                state = row.receipt_state if row.receipt_state == "due" else SENT[row.direction]
                cursor.execute(sql.SET_STATE, (papers.receipt.outcome, state, row.number))
            mended.add("columns")
        if "parts" in whats and papers.manifest:
            set_parts(row.number, papers.manifest[0])
            mended.add("parts")
    return mended


def set_parts(number: int, found: Manifest) -> None:
    """Writes the parts of a message anew, as its manifest says."""
    with connection.cursor() as cursor:
        cursor.execute(sql.DELETE_PARTS, (number,))
        cursor.executemany(sql.INSERT_PART, [(number, *part) for part in rows.part_rows(found)])


def set_manifest(row: Row, jws: str) -> None:
    """Puts a sound manifest in the place of a damaged one."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SET_MANIFEST, (jws, row.number))


def set_acceptance(row: Row, jws: str, found: Acceptance) -> None:
    """Puts a sound acceptance in the place of a damaged or missing one."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SET_ACCEPTANCE, (jws, found.at, row.number))


def set_receipt(row: Row, jws: str, found: Receipt) -> None:
    """Puts a sound receipt in the place of a damaged or missing one of a message that was settled by it before."""
    values = (jws, found.outcome, SENT[row.direction], clock.iso(found.at), row.number)
    with connection.cursor() as cursor:
        cursor.execute(sql.SET_RECEIPT, values)


def restore(
    direction: str,
    manifest: tuple[str, Manifest, str],
    acceptance: tuple[str, Acceptance],
    receipt: tuple[str, Receipt] | None,
    position: int | None,
) -> bool:
    """Puts a message back whose row was lost, with its parts; False when it is here after all.

    Args:
        direction: ``out``, ``in`` or ``relay``.
        manifest: JWS, what it says, its hash; acceptance, receipt: JWS and what it says.
        position: its number in the receiver's mailbox, where it is known.
    """
    jws, found, digest = manifest
    accepted, at = acceptance[0], acceptance[1].at
    day = "" if direction == "in" else clock.vietnam_day(at)
    about = (found.day or day) if direction == "relay" else ""
    state = receipt[1].outcome if receipt else ("collected" if direction == "in" else "accepted")
    told = (receipt[0], clock.iso(receipt[1].at), SENT[direction]) if receipt else ("", "", "")
    head = rows.columns(found, digest)
    values = (direction, *head[:6], jws, *head[6:], state, position, at, accepted, day, about, *told)
    names = sorted({part.sha256 for part in found.parts})
    with connection.cursor() as cursor:
        if names:
            cursor.execute(sql.FORGET_ORPHAN_PARTS.format(marks=marks(names)), names)
        cursor.execute(sql.RESTORE, values)
        row = cursor.fetchone()
    if row:
        set_parts(row[0], found)
    return row is not None
