"""What a site tells of its line: bytes and time left, and when heavy lanes may move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction

from exchange_calls import RECEIVER, SENDER, Site
from lienthong import exchange
from lienthong.exchange import uploads
from lienthong.exchange.line import Line
from lienthong.exchange.running import Progress, end
from lienthong.exchange.tokens import Caller
from lienthong.foundation import clock

NOON = datetime(2025, 1, 12, 5, tzinfo=UTC)
TONIGHT = datetime(2025, 1, 12, 14, tzinfo=UTC)  # 21:00 in Viet Nam


def put(loop: str, lane: int, size: int) -> str:
    """Queues a message whose sealed part has ``size`` bytes, as far as its rows tell."""
    with transaction.atomic(), connection.cursor() as cursor:
        part = exchange.Part("bundle", "text/plain", f"{loop} {lane} {size}".encode(), lane)
        message = exchange.put(RECEIVER, "test", loop, body={}, parts=[part], basis="test")
        cursor.execute(
            "UPDATE exchange_part SET sealed_size = %s WHERE number ="
            " (SELECT number FROM exchange_message WHERE message = %s)",
            (size, message),
        )
    return message


def moved(message: str, done: int, size: int, rate: int) -> None:
    """Large content of a message came so far, at that rate."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sealed FROM exchange_part p JOIN exchange_message m ON m.number = p.number"
            " WHERE m.message = %s",
            (message,),
        )
        (sealed,) = cursor.fetchone()
    line = Line(0, 0, "", 3)
    line.meters["up"].add(rate, 1.0)
    progress = Progress(line, "up", sealed, size)
    progress.begin(0, "/exchange/v1/uploads/x")
    progress._next = 0.0
    progress.at(done)


def test_bytes_and_time_left_in_the_order_of_the_line(
    sites: dict[str, Site], become: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    become(SENDER)
    assert exchange.line_state().ready is None
    study, summary = put("a", 3, 998_500), put("b", 0, 8_500)
    monkeypatch.setattr(clock, "now", lambda: NOON)
    state = exchange.line_state()
    assert [(row.message, row.left) for row in state.waiting] == [(summary, 10_000), (study, 1_000_000)]
    assert (state.count, state.left, state.ready) == (2, 1_010_000, None), "the rate is not known yet"
    moved(study, 500_000, 998_500, 10_000)
    state = exchange.line_state()
    first, second = state.waiting
    assert (first.ready, second.ready) == (NOON + timedelta(seconds=1), NOON + timedelta(seconds=51))
    assert (second.left, second.percent, state.left, state.ready) == (500_000, 50, 510_000, second.ready)
    loop = exchange.bytes_of("a")
    assert loop is not None
    assert (loop.messages, loop.heaviest, loop.receiver) == (1, 3, RECEIVER)
    assert loop.bytes > 998_500


def test_heavy_lanes_are_told_to_wait_for_the_night(
    sites: dict[str, Site], become: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    become(SENDER)
    settings.NODE = replace(settings.NODE, night_window="21:00-05:00", night_lane=2, cap_up_kbit=8)
    put("a", 3, 8_500)
    put("b", 1, 8_500)
    put("c", 2, 8_500)
    monkeypatch.setattr(clock, "now", lambda: NOON)
    document, image, study = exchange.line_state().waiting
    assert (document.opens, document.ready) == (None, NOON + timedelta(seconds=10)), "the cap is the rate"
    assert (image.opens, image.ready) == (TONIGHT, TONIGHT + timedelta(seconds=10))
    assert (study.opens, study.ready) == (TONIGHT, TONIGHT + timedelta(seconds=20))
    assert exchange.line_state().ready == study.ready
    monkeypatch.setattr(clock, "now", lambda: TONIGHT)
    assert {row.opens for row in exchange.line_state().waiting} == {None}


def test_what_comes_and_what_a_hub_sees(sites: dict[str, Site], become: Callable[[str], None]) -> None:
    site = sites[SENDER]
    caller = Caller(SENDER, site.key.kid, "192.0.2.1")
    name = uploads.create(caller, "ab" * 32, 10, "").id
    uploads.append(caller, name, 0, [b"0123"])
    (upload,) = exchange.under_way()
    assert (upload.facility, upload.done, upload.bytes, upload.percent) == (SENDER, 4, 10, 40)
    value, _ = site.send(RECEIVER, [b"content"])
    (loop,) = exchange.latest(SENDER, 5)
    assert (loop.loop, loop.sender, loop.stored) == (value["loop"], SENDER, 0)
    assert exchange.latest(RECEIVER, 5) == []
    become(RECEIVER)
    Progress(Line(0, 0, "", 3), "down", "cd" * 32, 1000).begin(250)
    (fetching,) = exchange.line_state().fetching
    assert (fetching.left, fetching.percent, fetching.ready) == (750, 25, None)
    end("down", "cd" * 32)
    assert exchange.line_state().fetching == ()
