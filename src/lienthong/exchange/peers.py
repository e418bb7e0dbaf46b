"""The keys of other nodes, with a short memory."""

from __future__ import annotations

import time
from datetime import datetime

from lienthong.exchange import manifest, problems
from lienthong.exchange.manifest import Acceptance
from lienthong.facilities import directory
from lienthong.facilities.directory import NodeKey
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError

_REMEMBER = 5.0
_known: dict[str, tuple[float, NodeKey]] = {}
_sites: dict[str, float] = {}
_edition = -1


def judge(kid: str, at: datetime, signed: datetime | None = None) -> NodeKey:
    """The key with that name, if what it signed counts: it was valid when the hub took it.

    Args:
        at: when the hub took it, by the hub's clock.
        signed: when it was signed, as the signer says. It helps a key that was replaced meanwhile, and no other.

    Raises:
        LienThongError: ``exchange-unknown-key``.
    """
    now = time.monotonic()
    found = _known.get(kid)
    if found is None or found[0] < now:
        key = directory.node_key(kid)
        if key is None:
            raise LienThongError(problems.unknown_key(kid))
        if len(_known) > 1000:
            _known.clear()
        found = _known[kid] = (now + _REMEMBER, key)
    if not found[1].valid(at, signed):
        raise LienThongError(problems.unknown_key(kid))
    return found[1]


def node(kid: str) -> NodeKey:
    """The key with that name, valid now; a revocation counts within five seconds.

    Raises:
        LienThongError: ``exchange-unknown-key``.
    """
    return judge(kid, clock.now())


def acceptance(jws: str, message: str, digest: str) -> tuple[Acceptance, NodeKey]:
    """The hub's word that it has a message, and the key that gave it.

    Raises:
        LienThongError: ``exchange-unknown-key``, or ``exchange-bad-receipt``: it is not the hub's for this message.
    """
    at = manifest.read_acceptance(manifest.payload_of(jws)).at
    key = judge(manifest.signer(jws), clock.from_iso(at))
    found = manifest.read_acceptance(manifest.verified(jws, key.jwk, manifest.ACCEPTANCE))
    if key.role != "hub" or found.by != manifest.Party(key.facility, key.kid):
        raise LienThongError(problems.bad_receipt("the acceptance is not the hub's"))
    if (found.message, found.manifest) != (message, digest):
        raise LienThongError(problems.bad_receipt("the acceptance is for another message"))
    return found, key


def has_site(facility: str) -> bool:
    """Whether a node of that facility may collect mail now."""
    now = time.monotonic()
    if _sites.get(facility, 0.0) < now:
        if not directory.nodes("site", facility):
            return False
        _sites[facility] = now + _REMEMBER
    return True


def refresh() -> None:
    """Forgets the keys of others when the directory has changed since, in whichever process; cheap when it has not."""
    global _edition
    edition = directory.edition()
    if edition != _edition:
        forget()
        _edition = edition


def forget() -> None:
    """Forgets the keys of others, e.g. after the directory was changed in this process."""
    _known.clear()
    _sites.clear()
