"""The hub's door for counts: who may tell, what is taken, and that telling twice changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import feed_world
from exchange_calls import OTHER, SENDER, Site
from feed_world import call
from lienthong.access import audit
from lienthong.exchange import peers
from lienthong.foundation import clock
from lienthong.rollout.feeds import message, tally
from lienthong.rollout.feeds.models import FeedHour, FeedReport

HOUR = clock.iso(tally.hour_of(clock.now() - timedelta(days=3)))


@pytest.fixture
def sites(node_home: Path, transactional_db: None) -> Iterator[dict[str, Site]]:
    with feed_world.hub(node_home) as found:
        yield found


def hour(feed: str = "HIS", at: str = HOUR, **more: Any) -> dict[str, Any]:
    value = {"feed": feed, "hour": at, "fresh": 3, "again": 1, "first_at": at, "last_at": at}
    return value | {"days": {"2025-01-12": 3}, "fields": {"citizen": [2, 3]}} | more


def told(*hours: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"v": 1, "counted_to": clock.iso(clock.now()), "demo": False, "hours": list(hours)} | more


def rows() -> list[tuple[Any, ...]]:
    columns = ("facility", "feed", "hour", "fresh", "again", "days", "fields")
    return sorted(FeedHour.objects.values_list(*columns), key=str)


def test_counts_are_kept_by_facility_and_telling_again_replaces_them(sites: dict[str, Site]) -> None:
    assert call(sites[SENDER], told(hour(), hour("LIS"))).json == {"held": 2}
    assert call(sites[OTHER], told(hour(fresh=9))).json == {"held": 1}
    before = rows()
    assert call(sites[SENDER], told(hour(), hour("LIS"))).json == {"held": 2}
    assert rows() == before
    assert call(sites[SENDER], told(hour(fresh=5, days={}))).json == {"held": 2}
    assert FeedHour.objects.get(facility=SENDER, feed="HIS").fresh == 5
    assert FeedHour.objects.get(facility=OTHER).fresh == 9


def test_nothing_counted_is_not_the_same_as_nothing_told(sites: dict[str, Site]) -> None:
    now = clock.now()
    assert call(sites[SENDER], told(counted_to=clock.iso(now))).status == 200
    assert [row.facility for row in FeedReport.objects.all()] == [SENDER]
    assert abs(FeedReport.objects.get().counted_to - now) < timedelta(seconds=1)
    assert not FeedHour.objects.exists()


def test_telling_leaves_a_row_in_the_trail(sites: dict[str, Site]) -> None:
    call(sites[SENDER], told(hour()))
    call(sites[SENDER], told(hour("NODE", days={}, fields={})))  # only that the program runs
    trail = audit.trail(action="feeds-told")
    assert [event.detail["hours"] for event in trail] == [1]
    assert trail[0].person.startswith("node:")


@pytest.mark.parametrize(
    "wrong",
    [
        b"{",
        b"[]",
        {},
        told() | {"v": 2},
        told() | {"demo": 1},
        told() | {"counted_to": "yesterday"},
        told(hour(at=HOUR.replace(":00:00.", ":30:00."))),
        told(hour(at="2025-02-31T01:00:00.000Z")),
        told(hour(fresh=-1)),
        told(hour(fresh=10**12)),
        told(hour(fresh=2)),
        told(hour("his")),
        told(hour(fields={"citizen": [4, 3]})),
        told(hour(fields={"citizen": [1]})),
        told(hour(fields={"Họ tên NGUYỄN THỊ MẪU": [1, 1]})),
        told(hour(days={"12/01/2025": 1})),
        told(*[hour(f"A{chr(65 + n // 26)}{chr(65 + n % 26)}") for n in range(501)]),
    ],
)
def test_bad_input_gets_a_clear_answer_and_changes_nothing(sites: dict[str, Site], wrong: Any) -> None:
    answer = call(sites[SENDER], wrong)
    assert (answer.status, answer.json["code"]) == (400, "feeds-not-understood")
    assert answer.json["message"] != answer.json["message_en"]
    assert answer.json["reason"]
    assert not FeedHour.objects.exists()
    assert not FeedReport.objects.exists()


def test_an_hour_to_come_is_refused_with_the_clock_as_the_reason(sites: dict[str, Site]) -> None:
    late = clock.iso((clock.now() + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0))
    for wrong in (told(hour(at=late)), told(hour(last_at=late)), told(counted_to=late)):
        answer = call(sites[SENDER], wrong)
        assert (answer.status, answer.json["code"]) == (400, "feeds-hour-to-come")
    assert not FeedHour.objects.exists()


def test_only_a_site_with_a_token_may_tell(sites: dict[str, Site], node_home: Path) -> None:
    assert call(None, told(hour())).status == 401
    sites[OTHER].token = "forged.token"
    assert call(sites[OTHER], told(hour())).status == 401
    assert call(sites[SENDER], told(hour()), method="GET").status == 405
    assert call(sites[SENDER], told(hour()), path="/feeds/v2/hours").status == 404
    assert call(sites[SENDER], b"x" * (message.BODY + 1)).status == 413
    feed_world.become(SENDER, node_home)
    assert call(sites[SENDER], told(hour())).status == 404
    assert not FeedHour.objects.exists()


def test_a_site_that_was_cut_off_may_tell_no_more(sites: dict[str, Site]) -> None:
    from lienthong.facilities.models import Node

    assert call(sites[SENDER], told(hour())).status == 200
    Node.objects.filter(facility=SENDER).update(revoked_at=clock.now())
    peers.forget()
    assert call(sites[SENDER], told(hour("LIS"))).status == 401


def test_calls_without_end_are_slowed_down(sites: dict[str, Site]) -> None:
    answers = [call(sites[SENDER], told()) for _ in range(80)]
    limited = [answer for answer in answers if answer.status == 429]
    assert limited
    assert int(limited[0].headers["Retry-After"]) >= 1
