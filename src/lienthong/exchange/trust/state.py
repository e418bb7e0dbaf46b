"""Site: how the connection with the hub is, what is wrong and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django import db

from lienthong.exchange import keys, reading, sql
from lienthong.exchange.trust import codes, entering, keyfiles, problems, rotating
from lienthong.exchange.trust.entering import Joining
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import Problem

SILENT = timedelta(minutes=10)
CLOCK_WRONG = 60
"""Seconds by which this site's clock may differ before a person is told."""


@dataclass(frozen=True, slots=True)
class Connection:
    """What the page about the connection shows.

    Attributes:
        state: ``new`` (never joined), ``joining``, ``connected``, ``silent`` (no contact now), ``cut-off``.
        joining: the joining that is under way.
        troubles: what is wrong, the worst first.
        hub, hub_kid: facility and key of the hub; empty before joining.
        kid, fingerprint: of this site's key in use; the digits are those that the hub's page shows, too.
        days: age of the key in use; renewing: new keys are made and not yet in use.
        number, at: of the newest directory here.
        contact: last contact; clock_off: seconds by which the hub's clock is ahead, None before the first contact.
    """

    state: Literal["new", "joining", "connected", "silent", "cut-off"]
    joining: Joining | None
    troubles: list[Problem]
    hub: str
    hub_kid: str
    kid: str
    fingerprint: str
    days: int | None
    renewing: bool
    number: int
    at: datetime | None
    contact: datetime | None
    clock_off: int | None

    @property
    def clock_fast(self) -> int:
        """Seconds by which this site's clock is ahead of the hub's."""
        return -(self.clock_off or 0)


def connection() -> Connection:
    """The state of this site's connection, from what it has kept; asks nobody."""
    own, joining = keys.own(), entering.under_way()
    hubs, flow, newest = directory.nodes("hub"), reading.flow(), directory.newest_statement()
    named = directory.node_key(own.kid)
    hub = hubs[-1] if hubs else None
    error, contact = flow.last_error, flow.last_contact_at
    cut = error is not None and error.code == problems.self_cut_off().code
    silent = contact is None or clock.now() - contact > SILENT or error is not None
    joined = hub is not None and named is not None
    state: Literal["new", "joining", "connected", "silent", "cut-off"] = (
        "joining"
        if joining
        else "new"
        if not joined
        else "cut-off"
        if cut
        else "silent"
        if silent
        else "connected"
    )
    off = _clock_off() if contact else None
    days = rotating.age_in_days() if joined else None
    troubles = [error] if error is not None and joined else []
    if off is not None and abs(off) > CLOCK_WRONG:
        troubles.insert(0, problems.clock_wrong(off))
    if days is not None and days > rotating.OLD.days:
        troubles.append(problems.key_old(days))
    return Connection(
        state=state,
        joining=joining,
        troubles=troubles,
        hub=hub.facility if hub else "",
        hub_kid=hub.kid if hub else "",
        kid=own.kid if joined else "",
        fingerprint=codes.fingerprint(hub.kid, own.jwk, named.age) if hub and named else "",
        days=days,
        renewing=joining is None and keyfiles.waiting_key() is not None,
        number=newest.number if newest else 0,
        at=clock.from_iso(newest.at) if newest else None,
        contact=contact,
        clock_off=off,
    )


def _clock_off() -> int:
    with db.connection.cursor() as cursor:
        cursor.execute(sql.LINE)
        row = cursor.fetchone()
    return int(row[3]) if row else 0
