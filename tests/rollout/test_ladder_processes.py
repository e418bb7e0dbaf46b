"""Hospitals count and the hub knows, while one or the other is killed, is away, or comes back from a backup."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from feed_nodes import Feeding

ITEMS = "SELECT COALESCE(SUM(fresh), 0) FROM rollout_feedhour WHERE feed = 'HIS'"
OF = ITEMS + " AND facility = '{}'"
ALL = (
    "SELECT feed, hour, fresh, again, days, fields FROM rollout_feedhour WHERE facility = '{}' AND feed <> 'NODE'"
    " ORDER BY feed, hour"
)


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Feeding]:
    found = Feeding(tmp_path)
    found.make()
    try:
        for name in ("hub", "sender", "receiver"):
            found.start(name)
        yield found
    finally:
        found.stop()


def test_what_hospitals_count_the_hub_knows_whoever_is_killed(nodes: Feeding) -> None:
    nodes.export("sender", 30, 1)
    nodes.wait_for("hub", OF.format("24011"), 30)

    nodes.kill("hub")  # the line is away: the site goes on counting
    nodes.export("sender", 20, 2)
    nodes.export("receiver", 5, 3)
    nodes.wait_for("sender", ITEMS, 50)
    nodes.kill("sender")
    nodes.export("sender", 40, 4)  # nobody counts now
    nodes.start("sender")
    nodes.wait_for("sender", ITEMS, 90)
    assert nodes.rows("hub", OF.format("24011")) == [(30,)]
    nodes.start("hub")
    nodes.wait_for("hub", OF.format("24011"), 90)
    nodes.wait_for("hub", OF.format("01929"), 5)

    assert nodes.rows("hub", ALL.format("24011")) == nodes.rows("sender", ALL.format("24011"))
    reports = dict(nodes.rows("hub", "SELECT facility, demo FROM rollout_feedreport"))
    assert reports == {"24011": 0, "01929": 0}
    kept = str(nodes.rows("hub", "SELECT * FROM rollout_feedhour"))
    assert "NGUY" not in kept


def test_a_hub_that_lost_counts_is_told_them_again(nodes: Feeding) -> None:
    nodes.export("sender", 30, 1)
    nodes.wait_for("hub", OF.format("24011"), 30)
    nodes.kill("hub")
    with closing(sqlite3.connect(nodes.folder / "hub" / "lienthong.sqlite3")) as database, database:
        database.execute("DELETE FROM rollout_feedhour")
    nodes.start("hub")
    nodes.wait_for("hub", OF.format("24011"), 30)
    assert nodes.rows("hub", ALL.format("24011")) == nodes.rows("sender", ALL.format("24011"))
