"""The ladder at the hub, from what sites tell and send; and declarations beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

import feed_world
from exchange_calls import OTHER, RECEIVER, SENDER, Site
from feed_world import at, outcome, tell, transfer
from lienthong.access import audit
from lienthong.exchange import alerts
from lienthong.exchange import watch as exchange_watch
from lienthong.facilities.models import Node
from lienthong.foundation import clock
from lienthong.rollout import facts
from lienthong.rollout.changes import batch
from lienthong.rollout.feeds import summary as feeds
from lienthong.rollout.feeds import tally, watch
from lienthong.rollout.feeds.fields import NODE
from lienthong.rollout.ladder import comparing, rules, rungs, summary
from lienthong.rollout.ladder.rules import Proven
from lienthong.transfers.validity import working_days


def _friday() -> date:
    """The last Friday of a week without holidays."""
    working = working_days.calendar().working
    found = clock.today() - timedelta(days=1 + (clock.today().weekday() - 5) % 7)
    while not all(working(found - timedelta(days=back)) for back in range(5)):
        found -= timedelta(days=7)
    return found


def _working(day: date) -> date:
    working = working_days.calendar().working
    return day if working(day) else _working(day - timedelta(days=1))


TODAY = _friday()


@pytest.fixture
def sites(node_home: Path, transactional_db: None) -> Iterator[dict[str, Site]]:
    with feed_world.hub(node_home) as found:
        Node.objects.update(valid_from=at(TODAY - timedelta(days=90)))
        yield found


def weeks(rate: int, days: int, until: date = TODAY, without: tuple[date, ...] = ()) -> dict[datetime, int]:
    working = working_days.calendar().working
    found = {}
    for back in range(days, 0, -1):
        day = until - timedelta(days=back)
        for hour in range(7, 17):
            if day not in without and (count := (rate if working(day) else rate // 10) // 10):
                found[at(day, hour)] = count
    return found


def rung(code: str, name: str, on: date | None = None) -> summary.Rung:
    return next(one for one in summary.rungs(on)[code] if one.name == name)


def test_a_unit_that_has_not_joined_stands_on_no_rung(sites: dict[str, Site]) -> None:
    steps = summary.rungs()["24022"]
    assert [one.name for one in steps] == list(rungs.NAMES)
    assert not any(one.at for one in steps)
    assert all(one.detail and one.label for one in steps)


def test_each_rung_is_reached_by_what_happened_and_names_its_proof(sites: dict[str, Site]) -> None:
    assert rung(SENDER, "installed").at is None  # its node never called
    tell(sites[SENDER], "HIS", {}, until=clock.now())
    assert rung(SENDER, "installed").at is not None
    assert rung(SENDER, "first-record").at is None
    tell(sites[SENDER], "HIS", {at(TODAY, 8): 12, at(TODAY, 9): 3})
    assert rung(SENDER, "first-record").at == at(TODAY, 8) + timedelta(minutes=2)
    assert rung(SENDER, "first-transfer").at is None
    refused = transfer(sites[SENDER], sites[RECEIVER], outcome="refused")
    found = {one.name: one for one in rungs.of_units([SENDER])[SENDER]}
    assert found["first-transfer"].loop == refused.loop
    assert found["first-receipt"].at is None  # a refusal is no receipt of anything stored
    stored = transfer(sites[SENDER], sites[RECEIVER])
    outcome(stored, sites[RECEIVER])
    found = {one.name: one for one in rungs.of_units([SENDER])[SENDER]}
    assert (found["first-receipt"].loop, found["first-receipt"].other) == (stored.loop, RECEIVER)
    assert found["first-outcome"].loop == stored.loop
    assert all(found[name].at for name in rungs.NAMES[:5])
    assert found["30-days"].at is None
    assert not any(one.at for one in rungs.of_units([OTHER])[OTHER][1:])


def test_an_outcome_that_the_unit_tells_as_a_receiver_is_no_rung_of_its_own(sites: dict[str, Site]) -> None:
    outcome(transfer(sites[OTHER], sites[SENDER]), sites[SENDER])
    assert rung(SENDER, "first-outcome").at is None
    assert rung(OTHER, "first-outcome").at is not None


def test_the_ladder_as_of_a_day_forgets_what_came_later(sites: dict[str, Site]) -> None:
    tell(sites[SENDER], "HIS", {at(TODAY, 8): 12, at(TODAY - timedelta(days=3), 8): 1})
    transfer(sites[SENDER], sites[RECEIVER])
    before = TODAY - timedelta(days=4)
    assert rung(SENDER, "first-record", before).at is None
    assert rung(SENDER, "first-record", before + timedelta(days=1)).at is not None
    assert rung(SENDER, "first-transfer", before).at is None
    assert rung(SENDER, "installed", TODAY - timedelta(days=100)).at is None


def test_records_of_a_demonstration_count_only_where_all_is_one(sites: dict[str, Site]) -> None:
    tell(sites[SENDER], "HIS", {at(TODAY, 8): 904}, demo=True)
    found = rung(SENDER, "first-record")
    assert found.at is None
    assert "904" in found.detail
    settings.NODE = replace(settings.NODE, demo=True)
    assert rung(SENDER, "first-record").at is not None


def test_thirty_days_and_what_broke_them(sites: dict[str, Site]) -> None:
    gap = _working(TODAY - timedelta(days=45))
    before = 70 - (TODAY - gap).days
    counts = weeks(120, 70, without=(gap,))
    tell(sites[SENDER], "HIS", counts, until=at(TODAY, 9))
    found = rungs.of_units([SENDER], TODAY)[SENDER][-1]
    assert found.run is not None
    assert found.run.days == (TODAY - gap).days - 1
    assert found.run.reached == gap + timedelta(days=30)
    assert found.at == at(gap + timedelta(days=31))
    assert found.run.broken is not None
    assert (found.run.broken.day, found.run.broken.why) == (gap, "nothing")
    with translation.override("vi"):
        assert gap.strftime("%d/%m/%Y") in rung(SENDER, "30-days", TODAY).detail
    for back, days in ((0, 0), (1, before)):
        earlier = rungs.of_units([SENDER], gap - timedelta(days=back))[SENDER][-1]
        assert earlier.at is None
        assert earlier.run is not None
        assert (earlier.run.days, earlier.run.longest) == (days, before)


def test_a_day_on_which_the_program_did_not_run_says_so(sites: dict[str, Site]) -> None:
    gap = TODAY - timedelta(days=3)
    tell(sites[SENDER], "HIS", weeks(120, 40, without=(gap,)), until=at(TODAY, 9))
    tell(sites[SENDER], NODE, weeks(10, 40, without=(gap,)), until=at(TODAY, 9))
    found = rungs.of_units([SENDER], TODAY)[SENDER][-1].run
    assert found is not None
    assert found.broken is not None
    assert (found.broken.day, found.broken.why) == (gap, "off")


def test_a_feed_that_stops_is_silent_and_one_of_which_nothing_is_told_is_unknown(
    sites: dict[str, Site],
) -> None:
    friday = TODAY
    tell(sites[SENDER], "HIS", weeks(120, 60), until=at(friday, 16))
    tell(sites[SENDER], "LIS", weeks(120, 60, friday - timedelta(days=2)), until=at(friday, 16))
    found = {one.name: one for one in feeds.feeds(at(friday, 16.2))[SENDER]}
    assert (found["HIS"].state, found["LIS"].state, found["PACS"].state) == ("silent", "silent", "unknown")
    assert found["LIS"].usual == 120
    with translation.override("vi"):
        told = {one.name: one.words for one in feeds.feeds(at(friday, 16.2))[SENDER]}
    assert told["LIS"].startswith("LIS: thường 120")
    assert "2 ngày" in told["LIS"]
    early = {one.name: one for one in feeds.feeds(at(friday, 8))[SENDER]}
    assert (early["HIS"].state, early["LIS"].state) == ("ok", "silent")
    late = {one.name: one.state for one in feeds.feeds(at(friday, 23))[SENDER]}
    assert late["HIS"] == "unknown"  # nobody knows since 16:00


def test_a_demonstration_that_came_at_once_is_not_called_silent(sites: dict[str, Site]) -> None:
    tell(sites[SENDER], "HIS", {at(TODAY, 8): 904}, data=date(2025, 1, 12), until=at(TODAY, 9))
    for moment in (at(TODAY, 10), at(TODAY + timedelta(days=3), 15)):
        tell(sites[SENDER], "HIS", {}, until=moment)
        (found,) = (one for one in feeds.feeds(moment)[SENDER] if one.name == "HIS")
        assert found.state == "unknown"
    assert "12/01/2025" in rung(SENDER, "first-record").detail


def test_a_field_that_stops_being_filled_is_drift(sites: dict[str, Site]) -> None:
    tell(sites[SENDER], "HIS", weeks(120, 60), fields={"citizen": 0.95, "doctor": 0.6})
    later = weeks(120, 2)
    tell(sites[SENDER], "HIS", later, fields={"citizen": 0.02, "doctor": 0.6}, until=at(TODAY, 8))
    (found,) = (one for one in feeds.feeds(at(TODAY, 8))[SENDER] if one.name == "HIS")
    assert found.state == "drift"
    assert "92%" in found.words
    assert "0%" in found.words


def test_the_exchange_of_a_period_adds_up(sites: dict[str, Site]) -> None:
    for day, result in (
        ("2025-01-11", "stored"),
        ("2025-01-12", "stored"),
        ("2025-02-18", "stored"),
        ("2025-02-20", "refused"),
        ("2025-03-03", ""),
        ("2025-03-04", "stored"),
    ):
        transfer(sites[SENDER], sites[RECEIVER], day, outcome=result)
    lines = {one.unit: one for one in summary.exchange(date(2025, 2, 18), date(2025, 3, 3))}
    line = lines[SENDER]
    assert (line.sent, line.accepted, line.rejected, line.cumulated) == (3, 1, 1, 4)
    assert line.top_error
    assert line.connected_since is None  # it joined long after these days
    now = {one.unit: one for one in summary.exchange(date(2025, 2, 18), clock.today())}
    assert now[SENDER].connected_since is not None
    nothing = lines["24022"]
    assert (nothing.sent, nothing.cumulated, nothing.connected_since, nothing.top_error) == (0, 0, None, "")


def declare(code: str, **values: str) -> None:
    with batch(audit.system("test"), "facts") as open_batch:
        for key, value in values.items():
            facts.put(open_batch, code, key, value, date(2025, 2, 18))


def test_declared_beside_proven(sites: dict[str, Site]) -> None:
    declare(SENDER, emr_state="published", his_level="6", lis="advanced", ris_pacs="none")
    declare("24022", emr_state="published", lis="advanced")
    told = weeks(120, 40)
    tell(sites[SENDER], "HIS", told, fields={"diagnosis": 0.1}, until=at(TODAY, 9))
    tell(sites[SENDER], "PACS", weeks(20, 5), until=at(TODAY, 9))
    found = comparing.compare([SENDER, OTHER, "24022"], TODAY)
    assert [(one.unit, one.rule.code) for one in found] == [
        (SENDER, "his-5-no-lis"),
        (SENDER, "his-no-codes"),
        (SENDER, "lis-no-results"),
        (SENDER, "pacs-not-declared"),
        ("24022", "emr-not-installed"),
    ]
    shown = {one.words: one for one in summary.differences(TODAY)}
    assert {one.unit for one in shown.values()} == {SENDER, "24022"}
    assert all(one.declared and one.proven and one.what for one in shown.values())


CASES = [
    ("emr-no-record", "published", Proven(known=True), Proven(known=True, items={"HIS": 1})),
    ("emr-no-record", "paper-stopped", Proven(known=True), Proven(known=False)),
    ("emr-not-installed", "decided", Proven(), Proven(installed=True)),
    ("pilot-no-receipt", "yes", Proven(sent=True), Proven(receipted=True)),
    ("his-silent", "3", Proven(known=True, silent=frozenset({"HIS"})), Proven(known=True)),
    ("his-5-no-lis", "5", Proven(installed=True, known=True), Proven(known=True)),
    (
        "his-6-no-pacs",
        "6",
        Proven(installed=True, known=True),
        Proven(installed=True, known=True, items={"PACS": 2}),
    ),
    ("his-no-codes", "3", Proven(coded=0.4), Proven(coded=0.6)),
    ("lis-no-results", "advanced", Proven(known=True), Proven(known=True, items={"LIS": 1})),
    ("lis-not-declared", "none", Proven(items={"LIS": 1}), Proven()),
    ("pacs-no-results", "basic", Proven(known=True), Proven(known=False)),
    ("pacs-not-declared", "none", Proven(items={"PACS": 1}), Proven()),
    ("emr-behind", "preparing", Proven(receipted=True, items={"HIS": 5}), Proven(items={"HIS": 5})),
]


@pytest.mark.parametrize(("code", "value", "differs", "fits"), CASES)
def test_each_rule(code: str, value: str, differs: Proven, fits: Proven) -> None:
    rule = next(one for one in rules.RULES if one.code == code)
    assert rule.differs(value, differs)
    assert not rule.differs(value, fits)
    for other in facts.KEYS[rule.key].choices:
        assert isinstance(rule.differs(other[0], differs), bool)


def test_every_rule_is_looked_at_and_has_words_in_both_languages() -> None:
    assert {case[0] for case in CASES} == {rule.code for rule in rules.RULES}
    for rule in rules.RULES:
        assert rule.key in facts.KEYS
        assert rule.proven in rules.PROOFS
        with translation.override("vi"):
            vietnamese = str(rule.words)
        with translation.override("en"):
            assert str(rule.words) != vietnamese


def test_a_silent_feed_is_an_alert_that_closes_by_itself(
    sites: dict[str, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_looked", float("-inf"))
    now, today = clock.now(), clock.today()
    tell(sites[SENDER], "LIS", weeks(2000, 60, today - timedelta(days=20)), until=now)
    exchange_watch.Watch([watch.look]).look()
    (alert,) = (one for one in alerts.open_alerts() if one.problem.code == watch.SILENT)
    assert alert.about == f"{SENDER} LIS"
    assert "LIS: thường" in alert.problem.vi
    assert "LIS: usually" in alert.problem.en
    tell(sites[SENDER], "LIS", weeks(2000, 20, today) | {tally.hour_of(now): 9}, until=now)
    monkeypatch.setattr(watch, "_looked", float("-inf"))
    exchange_watch.Watch([watch.look]).look()
    assert not [one for one in alerts.open_alerts() if one.problem.code == watch.SILENT]
