"""Hub: the doors for joining, for the directory and for new keys, below ``/exchange/v1/``."""

from __future__ import annotations

from typing import Any

from lienthong.access.limits import Bucket
from lienthong.exchange import problems
from lienthong.exchange.tokens import Caller
from lienthong.exchange.trust import joining, rotating, statement
from lienthong.foundation.wsgi import HttpError, Request, Response, answer

_LIMIT = 65_536
_MOST_STATEMENTS = 50
_joining = Bucket(rate=1, burst=30)


def join(request: Request) -> Response:
    """``POST join``, without a token: the code proves who asks."""
    _joining.take(request.address)
    return answer(200, joining.asked(request.json(_LIMIT), request.address))


def directory(request: Request, _caller: Caller) -> Response:
    """``GET directory?after=N``: the statements after one."""
    return _statements(request.query.get("after", "0"))


def keys(request: Request, caller: Caller) -> Response:
    """``POST keys``: new keys, proposed."""
    value = _object(request)
    proposal = value.get("proposal")
    if not isinstance(proposal, str):
        raise HttpError(400, problems.not_understood("proposal: a JWS"))
    rotating.propose(caller, proposal)
    return _statements(str(value.get("after", 0)))


def settled(request: Request, caller: Caller) -> Response:
    """``POST keys/settled``: the older keys may end."""
    value = _object(request)
    rotating.settled(caller, str(value.get("kid", "")))
    return _statements(str(value.get("after", 0)))


def _object(request: Request) -> dict[str, Any]:
    value = request.json(_LIMIT)
    if not isinstance(value, dict):
        raise HttpError(400, problems.not_understood("an object"))
    return value


def _statements(after: str) -> Response:
    if not after.isascii() or not after.isdigit() or len(after) > 16:
        raise HttpError(400, problems.not_understood("after: a number"))
    return answer(200, {"statements": statement.after(int(after), _MOST_STATEMENTS)})
