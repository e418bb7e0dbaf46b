"""The keys of other nodes, with a short memory."""

from __future__ import annotations

import time
from datetime import datetime

from lienthong.exchange import problems
from lienthong.facilities import directory
from lienthong.facilities.directory import NodeKey
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError

_REMEMBER = 5.0
_known: dict[str, tuple[float, NodeKey]] = {}
_sites: dict[str, float] = {}


def node(kid: str) -> NodeKey:
    """The key with that name, valid now; a revocation counts within five seconds.

    Raises:
        LienThongError: ``exchange-unknown-key``.
    """
    now = time.monotonic()
    found = _known.get(kid)
    if found is None or found[0] < now:
        key = node_at(kid, clock.now())
        if len(_known) > 1000:
            _known.clear()
        found = _known[kid] = (now + _REMEMBER, key)
    return found[1]


def has_site(facility: str) -> bool:
    """Whether a node of that facility may collect mail now."""
    now = time.monotonic()
    if _sites.get(facility, 0.0) < now:
        if not directory.nodes("site", facility):
            return False
        _sites[facility] = now + _REMEMBER
    return True


def node_at(kid: str, at: datetime) -> NodeKey:
    """The key with that name, if it was valid at the moment.

    Raises:
        LienThongError: ``exchange-unknown-key``.
    """
    key = directory.node_key(kid, at)
    if key is None:
        raise LienThongError(problems.unknown_key(kid))
    return key


def forget() -> None:
    """Forgets the keys of others, e.g. after the directory was changed in this process."""
    _known.clear()
    _sites.clear()
