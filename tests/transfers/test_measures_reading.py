"""The hub reads steps from what it relays: each once, whatever comes, and tells of loops that nobody goes on with."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from exchange_calls import HUB, RECEIVER, SENDER, Site
from lienthong import exchange
from lienthong.exchange import alerts, keys, peers, watch
from lienthong.facilities import directory
from lienthong.facilities.models import Facility
from lienthong.foundation import clock, ids
from lienthong.foundation.signing import SigningKey
from lienthong.transfers import rules
from lienthong.transfers.measures import periods, province, reading
from lienthong.transfers.models import Loop, LoopReading, LoopStep, State

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sites(node_home: Path, transactional_db: None) -> Iterator[dict[str, Site]]:
    """This process is the hub of two sites."""
    before = settings.NODE
    settings.NODE = replace(before, facility=HUB, role="hub", home=node_home / HUB)
    found = {
        facility: Site(facility, SigningKey.load_or_make(node_home / facility / "keys" / "signing.pem"))
        for facility in (SENDER, RECEIVER)
    }
    hub, since = keys.own(), clock.now() - timedelta(days=1)
    for code in (HUB, *found):
        Facility.objects.get_or_create(code=code, defaults={"kind": "hospital"})
    directory.add_node(HUB, "hub", hub.jwk, hub.kid, since)
    for site in found.values():
        age = keys.recipient(node_home / site.facility / "keys")
        directory.add_node(site.facility, "site", site.key.jwk, site.key.kid, since, age)
    yield found
    peers.forget()
    settings.NODE = before


def _body(kind: str, place: int, at: datetime, step: str = "", **more: Any) -> dict[str, Any]:
    said = {"id": step or ids.new_id(), "kind": kind, "at": clock.iso(at), "place": place}
    return {"day": "2026-01-05", "step": said, "urgency": "emergency", "complete": False, "code": ""} | more


def _send(
    sites: dict[str, Site], loop: str, kind: str, place: int, at: datetime, **more: Any
) -> dict[str, Any]:
    """Sends a step from whichever side takes it."""
    side = rules.STEPS[State(kind)][0]
    ways = (SENDER, RECEIVER) if side == "sender" else (RECEIVER, SENDER)
    message = "transfer" if kind == "sent" else "transfer-step"
    value, _ = sites[ways[0]].send(ways[1], kind=message, loop=loop, body=_body(kind, place, at, **more))
    return value


def _read() -> None:
    while reading.read():
        pass


def _confirm(sites: dict[str, Site], value: dict[str, Any], **more: Any) -> None:
    (result,) = sites[RECEIVER].post_receipts(sites[RECEIVER].receipt(value, **more))
    assert result["status"] == "kept"


def _state(loop: str) -> str:
    return Loop.objects.get(loop=loop).state


def test_a_loop_is_read_from_manifests_and_the_receipt(sites: dict[str, Site]) -> None:
    loop, at = ids.new_id(), clock.now() - timedelta(hours=3)
    value = _send(sites, loop, "sent", 1, at)
    _read()
    assert _state(loop) == "sent"
    _confirm(sites, value)
    _read()
    assert _state(loop) == "received"
    _send(sites, loop, "seen", 3, at + timedelta(minutes=5))
    _send(sites, loop, "accepted", 4, at + timedelta(minutes=9))
    _send(sites, loop, "departed", 5, at + timedelta(minutes=30))
    _read()
    found = Loop.objects.get(loop=loop)
    assert (found.state, found.owner, found.role) == ("departed", RECEIVER, "nurse")
    assert (found.sender, found.receiver, found.urgency) == (SENDER, RECEIVER, "emergency")
    assert found.answered_at == clock.from_iso(clock.iso(at + timedelta(minutes=9)))
    assert len(province.facts(periods.latest(2))) == 1
    assert province.facts(periods.latest(2), "planned") == []


def test_reading_again_from_the_beginning_changes_nothing(sites: dict[str, Site]) -> None:
    loops, at = [ids.new_id() for _ in range(4)], clock.now() - timedelta(hours=3)
    for loop in loops:
        value = _send(sites, loop, "sent", 1, at)
        _confirm(sites, value)
        _send(sites, loop, "accepted", 4, at + timedelta(minutes=9))
    _read()
    before = list(LoopStep.objects.order_by("key").values()), list(Loop.objects.order_by("loop").values())
    LoopReading.objects.update(positions={})
    _read()
    assert before == (
        list(LoopStep.objects.order_by("key").values()),
        list(Loop.objects.order_by("loop").values()),
    )
    assert LoopStep.objects.count() == 12


def test_bad_steps_are_left_out_and_counted_and_the_rest_goes_on(sites: dict[str, Site]) -> None:
    loop, at = ids.new_id(), clock.now()
    sites[SENDER].send(RECEIVER, kind="transfer", loop=loop, body={"day": "2025-01-12"})
    sites[SENDER].send(RECEIVER, kind="transfer", loop="TRẦN THỊ A", body=_body("sent", 1, at))
    sites[SENDER].send(RECEIVER, kind="transfer-step", loop=loop, body=_body("sent", 1, at))
    sites[SENDER].send(RECEIVER, kind="transfer", loop=loop, body={"step": [[1] * 500] * 100})
    sites[SENDER].send(RECEIVER, kind="other", loop=loop, body={})
    refused = _send(sites, ids.new_id(), "sent", 1, at)
    _confirm(sites, refused, outcome="refused", stored="", problem={"code": "x", "message": "x"})
    _send(sites, loop, "sent", 1, at)
    _read()
    assert province.skipped() == 4
    assert _state(loop) == "sent"
    assert Loop.objects.count() == 2
    assert not LoopStep.objects.filter(kind="received").exists()


def test_a_hospital_cannot_take_steps_in_a_loop_of_others(sites: dict[str, Site]) -> None:
    loop, at = ids.new_id(), clock.now()
    _send(sites, loop, "sent", 1, at)
    body = _body("arrived", 3, at)
    sites[SENDER].send(
        RECEIVER, kind="transfer-step", loop=loop, body=body
    )  # the receiver's step, from the sender
    _read()
    assert _state(loop) == "sent"
    assert Loop.objects.count() == 1


def test_several_readers_at_once_read_each_item_once(sites: dict[str, Site]) -> None:
    at = clock.now() - timedelta(hours=1)
    loops = [ids.new_id() for _ in range(12)]
    for loop in loops:
        _send(sites, loop, "sent", 1, at)
        sites[SENDER].send(RECEIVER, kind="transfer", loop=loop, body={})
        _send(sites, loop, "accepted", 4, at + timedelta(minutes=9))
    errors: list[Exception] = []

    def read() -> None:
        try:
            _read()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert (LoopStep.objects.count(), Loop.objects.count(), province.skipped()) == (24, 12, 12)
    assert {one.state for one in Loop.objects.all()} == {"sent"}  # accepted before any receipt has no effect


def test_what_is_relayed_stands_in_the_order_of_each_mailbox(sites: dict[str, Site]) -> None:
    loop, at = ids.new_id(), clock.now()
    values = [_send(sites, loop, "sent", 1, at) for _ in range(5)]
    for value in values:
        _confirm(sites, value)
    first, reached = exchange.relayed(RECEIVER, 0, ("transfer",), 3)
    rest, end = exchange.relayed(RECEIVER, reached, ("transfer",), 30)
    assert [one.message for one in (*first, *rest)] == [value["id"] for value in values]
    assert exchange.relayed(RECEIVER, end, ("transfer",), 30) == ([], end)
    back, _ = exchange.relayed(SENDER, 0, ("transfer",), 30)
    assert [one.receipt.message for one in back if one.receipt] == [value["id"] for value in values]
    assert exchange.relayed(SENDER, 0, ("other",), 30)[0] == []
    assert exchange.bodies([values[0]["id"], "0" * 32]) == {values[0]["id"]: values[0]["body"]}


def test_the_hub_is_told_of_a_turn_that_nobody_took_in_twice_its_time(sites: dict[str, Site]) -> None:
    now = clock.now()
    loops = [ids.new_id() for _ in range(3)]
    for number, minutes in enumerate((9, 21, 55)):  # an emergency waits ten minutes for the receipt
        _send(sites, loops[number], "sent", 1, now - timedelta(minutes=minutes))
    _read()
    looking = watch.Watch([province.look])
    looking.look()
    (alert,) = [one for one in alerts.open_alerts() if one.problem.code == province.OVERDUE]
    assert (alert.about, alert.problem.where["count"]) == (SENDER, 2)
    assert [row.loop for row in province.overdue()] == [loops[2], loops[1]]
    for loop in loops:
        _send(sites, loop, "cancelled", 3, now, code="mistaken")
    _read()
    looking.look()
    assert not [one for one in alerts.open_alerts() if one.problem.code == province.OVERDUE]


def test_a_clock_that_is_ahead_does_not_put_off_the_alert(sites: dict[str, Site]) -> None:
    loop, ahead = ids.new_id(), clock.now() + timedelta(days=300)
    _send(sites, loop, "sent", 1, ahead)
    _read()
    found = Loop.objects.get(loop=loop)
    assert found.hub_at is not None
    assert found.hub_at < clock.now() + timedelta(hours=1)


def test_the_page_and_the_watch_look_up_by_index() -> None:
    some = periods.latest(12)
    whole = Loop.objects.filter(sent_at__gte=some.begins, sent_at__lt=some.ends)
    late = Loop.objects.filter(hub_at__lte=clock.now()).order_by("hub_at", "loop")[:50]
    steps = LoopStep.objects.filter(loop="a", sender="b", receiver="c")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET enable_seqscan = off")  # an empty table would be read whole
    try:
        assert "transfer_loop_sent" in whole.explain()
        assert "transfer_loop_hub" in late.explain()
        assert "transfer_loopstep_loop" in steps.explain()
    finally:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("RESET enable_seqscan")
