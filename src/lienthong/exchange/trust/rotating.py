"""New keys without a break: a site proposes them to the hub, the hub names its own successor itself.

Two calls of a site: ``propose`` enters the new keys beside the old ones, ``settle`` ends the old ones once the new ones
are in use. A line that fails in between does no harm: old keys stay valid until the site has called with the new ones.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from django.db import transaction
from msgspec import Meta, Struct

from lienthong.access import audit
from lienthong.exchange import alerts, keys
from lienthong.exchange.client import Hub
from lienthong.exchange.manifest import Facility, Kid, Moment
from lienthong.exchange.tokens import Caller
from lienthong.exchange.trust import arriving, keyfiles, problems, statement
from lienthong.exchange.trust.cutting import MARGIN
from lienthong.facilities import directory, models
from lienthong.facilities.directory import NodeKey
from lienthong.foundation import clock, json, signing
from lienthong.foundation.wsgi import HttpError

ROTATION = "lt-rotation+jws"
OLD = timedelta(days=365)
"""Keys in use for longer are due to be renewed."""
MOST_KEYS = 2
"""Keys of one site that may be valid side by side."""


class Proposal(Struct):
    """New keys, signed by the new key; that JWS is signed again by the old key, ``kid``."""

    v: Literal[1]
    facility: Facility
    kid: Kid
    jwk: dict[str, str]
    age: Annotated[str, Meta(pattern="^age1[02-9ac-hj-np-z]{58}$")]
    at: Moment


_proposals = msgspec.json.Decoder(Proposal)


# Site


def rotate(hub: Hub, by: audit.Actor) -> str:
    """Makes new keys, has the hub enter them and takes them into use; returns the new key's name.

    Called again after any fault it goes on where it stopped.

    Raises:
        LienThongError: ``trust-bad-proposal``, ``exchange-no-line``: the old keys stay in use until it is called again.
    """
    old, new = keys.own(), keyfiles.next_signing()
    value = {
        "v": 1,
        "facility": directory.here(),
        "kid": old.kid,
        "jwk": new.jwk,
        "age": keyfiles.next_recipient(),
        "at": clock.iso(clock.now()),
    }
    inner = new.jws(json.canonical(value), ROTATION)
    audit.record(by, "keys-proposed", page="hub", detail={"old": old.kid, "new": new.kid})
    statements = hub.propose_keys(old.jws(inner.encode(), ROTATION), statement.newest_number())
    for jws in statements:
        arriving.take(jws)
    arriving.use_named_keys()
    settle(hub)
    return new.kid


def settle(hub: Hub) -> bool:
    """Tells the hub, signed with the newest key, that the older ones of this site may end; False when none is open."""
    own = keys.own()
    open_keys = [key for key in directory.nodes("site", directory.here()) if key.until is None]
    if len(open_keys) < MOST_KEYS or own.kid not in {key.kid for key in open_keys}:
        return False
    for jws in hub.settle_keys(own.kid, statement.newest_number()):
        arriving.take(jws)
    return True


# Hub


def propose(caller: Caller, jws: str) -> None:
    """Enters new keys of the caller's site beside its old ones; the same proposal again changes nothing.

    Raises:
        HttpError: 400 ``trust-bad-proposal``.
    """
    try:
        inner = _signed(jws, caller.kid).decode("ascii")
        proposal = _proposals.decode(signing.payload(inner))
        signing.verify(inner, proposal.jwk, ROTATION)
        if (proposal.facility, proposal.kid) != (caller.facility, caller.kid):
            raise signing.BadSignature("for another node")
    except (msgspec.MsgspecError, signing.BadSignature, ValueError, KeyError) as error:
        raise HttpError(400, problems.bad_proposal(str(error)[:200])) from error
    new = signing.thumbprint(proposal.jwk)
    known = directory.node_key(new)
    if known is not None:
        if (known.facility, known.age) != (caller.facility, proposal.age) or known.revoked is not None:
            raise HttpError(400, problems.bad_proposal("this key is taken"))
        return
    with transaction.atomic():
        running = [key for key in directory.nodes("site", caller.facility) if key.until is None]
        if len(running) >= MOST_KEYS:  # one was proposed before and never used: it will not be
            stale = [key.kid for key in running if key.kid != caller.kid]
            models.Node.objects.filter(kid__in=stale).update(valid_to=clock.now())
        directory.add_node(caller.facility, "site", proposal.jwk, new, _since(running), proposal.age)
        statement.publish(caller.actor, f"{caller.facility} renews its keys")
        detail = {"facility": caller.facility, "old": caller.kid, "new": new}
        audit.record(caller.actor, "keys-entered", page="exchange/keys", detail=detail)


def _signed(jws: str, kid: str) -> bytes:
    key = directory.node_key(kid)
    if key is None or signing.peek(jws).get("kid") != kid:
        raise signing.BadSignature("not signed with the old key")
    return signing.verify(jws, key.jwk, ROTATION)


def _since(before: list[NodeKey]) -> datetime:
    """From when a new key is valid: after those before it, so that it is the newest."""
    return max([clock.now() - MARGIN, *(key.since + timedelta(milliseconds=1) for key in before)])


def settled(caller: Caller, kid: str) -> None:
    """Ends the older keys of the caller's site, a day from now.

    Raises:
        HttpError: 400 ``trust-bad-proposal``: the caller did not call with the newest of its keys.
    """
    running = [key.kid for key in directory.nodes("site", caller.facility) if key.until is None]
    if kid != caller.kid or running[-1:] != [kid]:
        raise HttpError(400, problems.bad_proposal("not called with the newest key"))
    others = running[:-1]
    if not others:
        return
    with transaction.atomic():
        models.Node.objects.filter(kid__in=others).update(valid_to=clock.now() + MARGIN)
        statement.publish(caller.actor, f"{caller.facility} uses its new keys")
        detail = {"facility": caller.facility, "ended": others, "kid": caller.kid}
        audit.record(caller.actor, "keys-ended", page="exchange/keys", detail=detail)


def rotate_hub(by: audit.Actor) -> str:
    """Hub: names its successor key in a statement signed with the old one, and takes it into use; returns its name.

    Called again after a crash it goes on where it stopped.
    """
    old, new = keys.own(), keyfiles.next_signing()
    if directory.node_key(new.kid) is None:
        with transaction.atomic():
            since = _since(directory.nodes("hub"))
            directory.add_node(directory.here(), "hub", new.jwk, new.kid, since)
            statement.publish(by, "the hub renews its key")
            audit.record(by, "hub-key-entered", page="units", detail={"old": old.kid, "new": new.kid})
    finish_hub(by)
    return new.kid


def finish_hub(by: audit.Actor) -> None:
    """Hub: takes a successor that the directory names into use and ends the key before it, a day from now."""
    new = keyfiles.waiting_key()
    if new is not None and directory.node_key(new.kid) is not None:
        keyfiles.use_next()
    own = keys.own().kid
    before = [key.kid for key in directory.nodes("hub") if key.until is None and key.kid != own]
    if not before or directory.node_key(own) is None:
        return
    with transaction.atomic():
        models.Node.objects.filter(kid__in=before).update(valid_to=clock.now() + MARGIN)
        statement.publish(by, "the hub uses its new key")
        audit.record(by, "hub-key-ended", page="units", detail={"ended": before, "kid": own})


# Both


def age_in_days() -> int | None:
    """Whole days since the key in use was entered; None before the directory names it."""
    own = directory.node_key(keys.own().kid)
    return max(0, (clock.now() - own.since - MARGIN).days) if own else None


def remind() -> None:
    """Raises an alert when the keys are due to be renewed, and clears it when they were; joins the transaction."""
    days = age_in_days()
    if days is not None and days > OLD.days:
        alerts.raise_alert(problems.key_old(days))
    else:
        alerts.clear("trust-key-old")
