"""Hub: the door at which sites tell what came (``docs/reference/feeds.md``)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

import msgspec
from django.conf import settings
from django.db import transaction

from lienthong.access import audit
from lienthong.access.limits import Bucket
from lienthong.exchange import problems as exchange
from lienthong.exchange import space, tokens
from lienthong.exchange.answering import answered, problem_document
from lienthong.exchange.tokens import Caller
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.foundation.wsgi import (
    Environ,
    HttpError,
    Request,
    Response,
    StartResponse,
    answer,
)
from lienthong.rollout.feeds import fields, message, problems
from lienthong.rollout.feeds.message import Counted, Told
from lienthong.rollout.feeds.models import FeedHour, FeedReport

_AHEAD = timedelta(hours=1)
"""How far a site's clock may be ahead."""
_knocks = Bucket(rate=5, burst=50)
_calls = Bucket(rate=2, burst=60)
_WRITTEN = ("fresh", "again", "first_at", "last_at", "days", "fields", "demo")


def serves(path: str) -> bool:
    """Whether a path belongs to this door."""
    return path.startswith("/feeds/")


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answers one call; every error is a problem document."""
    return answered(
        environ,
        start_response,
        _route,
        problem_document,
        status=lambda error: 400,
        busy=problems.busy,
        fault=partial(exchange.hub_fault, 500),
    )


def _route(request: Request) -> Response:
    if settings.NODE.role != "hub" or request.path != message.PATH:
        raise HttpError(404, problems.no_door())
    if request.method != "POST":
        raise HttpError(405, problems.no_door(), headers=(("Allow", "POST"),))
    try:
        caller = tokens.caller(request.header("authorization"), request.address)
    except HttpError:
        _knocks.take(request.address)
        raise
    _calls.take(caller.facility)
    body = request.body(message.BODY)
    space.check(len(body))
    try:
        told = message.read(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise HttpError(400, problems.not_understood(str(error)[:200])) from error
    return answer(200, {"held": take(caller, told)})


def take(caller: Caller, told: Told) -> int:
    """Keeps what a site tells, each hour as it is told last.

    Returns:
        How many hours of this facility the hub holds now.

    Raises:
        LienThongError: an hour or a moment has not come yet.
    """
    now = clock.now()
    latest = clock.iso(now + _AHEAD)
    moments = [told.counted_to]
    moments += [moment for one in told.hours for moment in (one.hour, one.last_at) if moment]
    for moment in moments:
        if moment > latest:
            raise LienThongError(problems.too_new(moment))
    found = [_row(caller.facility, one, told.demo) for one in told.hours]
    rows = {(row.feed, row.hour): row for row in found}
    with transaction.atomic():
        FeedHour.objects.bulk_create(
            rows.values(),
            update_conflicts=True,
            unique_fields=["facility", "hour", "feed"],
            update_fields=_WRITTEN,
        )
        FeedReport.objects.update_or_create(
            facility=caller.facility,
            defaults={
                "counted_to": clock.from_iso(told.counted_to),
                "told_at": now,
                "demo": told.demo,
            },
        )
        brought = [row for row in rows.values() if row.feed != fields.NODE]
        if brought:
            detail = {"hours": len(brought), "counted_to": told.counted_to}
            audit.record(caller.actor, "feeds-told", page=message.PATH, detail=detail)
        return FeedHour.objects.filter(facility=caller.facility).count()


def _row(facility: str, one: Counted, demo: bool) -> FeedHour:
    return FeedHour(
        facility=facility,
        feed=one.feed,
        hour=clock.from_iso(one.hour),
        fresh=one.fresh,
        again=one.again,
        first_at=clock.moment(one.first_at),
        last_at=clock.moment(one.last_at),
        days=one.days,
        fields={name: list(pair) for name, pair in one.fields.items()},
        demo=demo,
    )
