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
_spans: dict[str, tuple[float, datetime, datetime, NodeKey]] = {}


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

    A key valid at two moments is valid between them, so that one look serves for many messages.

    Raises:
        LienThongError: ``exchange-unknown-key``.
    """
    fresh = time.monotonic()
    known = _spans.get(kid)
    if known and fresh < known[0] and known[1] <= at <= known[2]:
        return known[3]
    key, now = directory.node_key(kid, at), clock.now()
    if key is None:
        raise LienThongError(problems.unknown_key(kid))
    if at <= now and directory.node_key(kid, now):
        if len(_spans) > 1000:
            _spans.clear()
        _spans[kid] = (fresh + _REMEMBER, at, now, key)
    return key


def forget() -> None:
    """Forgets the keys of others, e.g. after the directory was changed in this process."""
    _known.clear()
    _sites.clear()
    _spans.clear()
