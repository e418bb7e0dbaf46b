"""Hub: the door at which sites publish, ask and fetch (``docs/reference/documents.md``)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Annotated, Any

import msgspec
from django.conf import settings
from django.db import transaction
from msgspec import Meta, Struct

from lienthong import records
from lienthong.access.limits import Bucket
from lienthong.documents import basis, problems, providing, registry
from lienthong.documents.providing import Publisher
from lienthong.exchange import problems as exchange
from lienthong.exchange import space, tokens
from lienthong.exchange.answering import answered, problem_document
from lienthong.exchange.tokens import Caller
from lienthong.foundation import json
from lienthong.foundation.wsgi import (
    Environ,
    HttpError,
    Request,
    Response,
    StartResponse,
    answer,
)

PREFIX = "/documents/v1/"
LARGEST = 10 << 20
"""Bytes of a Bundle."""
_SMALL = 65_536
_STATUS = {"document-unknown": 404, "document-held-elsewhere": 409, "document-other-content": 409}
_knocks = Bucket(rate=5, burst=50)
_calls = Bucket(rate=20, burst=200)

Number = Annotated[str, Meta(min_length=3, max_length=200)]


class Asked(Struct, frozen=True):
    """Who asks about whom, why. ``document`` and ``publisher`` name the copy that is wanted."""

    numbers: Annotated[list[Number], Meta(min_length=1, max_length=40)]
    purpose: Annotated[str, Meta(max_length=10)]
    basis: Annotated[str, Meta(max_length=20)]
    why: Annotated[str, Meta(max_length=200)]
    person: Annotated[str, Meta(min_length=1, max_length=120)]
    account: Annotated[str, Meta(min_length=1, max_length=60)]
    document: Annotated[str, Meta(max_length=200)] = ""
    publisher: Annotated[str, Meta(max_length=16)] = ""


_asked = msgspec.json.Decoder(Asked)


def serves(path: str) -> bool:
    """Whether a path belongs to this door."""
    return path.startswith(PREFIX)


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answers one call; every error is a problem document."""
    return answered(
        environ,
        start_response,
        _route,
        problem_document,
        status=lambda error: _STATUS.get(error.problem.code, 422),
        busy=problems.busy,
        fault=partial(exchange.hub_fault, 500),
    )


def _route(request: Request) -> Response:
    doors = {"provide": _provide, "find": _find, "retrieve": _retrieve}
    door = doors.get(request.path[len(PREFIX) :])
    if settings.NODE.role != "hub" or door is None:
        raise HttpError(404, problems.no_door())
    if request.method != "POST":
        raise HttpError(405, problems.no_door(), headers=(("Allow", "POST"),))
    try:
        caller = tokens.caller(request.header("authorization"), request.address)
    except HttpError:
        _knocks.take(request.address)
        raise
    _calls.take(caller.facility)
    return door(request, caller)


def _provide(request: Request, caller: Caller) -> Response:
    body = request.body(LARGEST)
    space.check(2 * len(body))
    try:
        bundle = json.loads(body)
    except (json.DecodeError, RecursionError) as error:
        raise HttpError(400, problems.not_understood("JSON")) from error
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise HttpError(422, problems.not_understood("Bundle"))
    try:
        taken = providing.take(
            bundle, publisher=Publisher(caller.facility, True), actor=caller.actor, why="publish"
        )
    except records.InvalidResource as error:
        raise HttpError(422, error.problem) from error
    return answer(200, taken)


def _read(request: Request) -> tuple[Asked, dict[str, str]]:
    try:
        asked = _asked.decode(request.body(_SMALL))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise HttpError(422, problems.not_understood(str(error)[:200])) from error
    if not basis.fits(asked.basis, asked.purpose):
        raise HttpError(422, problems.no_basis())
    why: dict[str, Any] = {
        name: getattr(asked, name) for name in ("purpose", "basis", "why", "person", "account")
    }
    return asked, why


def _find(request: Request, caller: Caller) -> Response:
    asked, why = _read(request)
    with transaction.atomic():
        return answer(200, registry.find(asked.numbers, actor=caller.actor, why=why))


def _retrieve(request: Request, caller: Caller) -> Response:
    asked, why = _read(request)
    with transaction.atomic():
        content = registry.give(asked.document, asked.publisher, asked.numbers, actor=caller.actor, why=why)
    return Response(200, content, [("Content-Type", "application/octet-stream")])
