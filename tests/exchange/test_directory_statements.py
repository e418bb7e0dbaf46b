"""What a site takes as the directory, and what it refuses. The tables are shared here by hub and site."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction

from exchange_calls import HUB, OTHER, RECEIVER, SENDER, Site
from lienthong.access import audit
from lienthong.exchange import alerts, keys, outbox
from lienthong.exchange.trust import arriving, cutting, rotating, statement
from lienthong.facilities import directory
from lienthong.facilities.models import Facility, FacilityName, Node, Statement
from lienthong.foundation import clock, json, signing
from lienthong.foundation.errors import LienThongError
from lienthong.foundation.signing import SigningKey

Sites = dict[str, Site]
BY = audit.Actor("so-y-te", "Vi Thị Mẫu", "department")


@pytest.fixture
def signed(sites: Sites) -> list[str]:
    """Three statements of the hub: all sites; one cut off; a name changed. None of them is known here any more."""
    statement.publish(BY, "all")
    cutting.cut_off(OTHER, "lost", BY, since=clock.now() - timedelta(hours=1))
    Facility.objects.filter(code=SENDER).update(kind="regional hospital")
    FacilityName.objects.create(
        facility_id=SENDER, name_vi="Tên mới", name_en="New name", valid_from=clock.today(), source="test"
    )
    statement.publish(BY, "a name")
    found = [row.jws for row in Statement.objects.order_by("number")]
    Statement.objects.all().delete()
    FacilityName.objects.all().delete()
    Node.objects.update(revoked_at=None, revoked_why="", doubtful_from=None, age="")
    return found


def resigned(jws: str, key: SigningKey | None = None, **changes: Any) -> str:
    value = json.loads(signing.payload(jws)) | changes
    return (key or keys.own()).jws(json.canonical(value), statement.DIRECTORY)


def test_statements_in_order_are_kept_and_applied(signed: list[str]) -> None:
    for jws in signed:
        arriving.take(jws)
        arriving.take(jws)  # again: nothing changes
    assert [row.number for row in Statement.objects.order_by("number")] == [1, 2, 3]
    assert directory.nodes("site", OTHER) == []
    node = Node.objects.get(facility=OTHER)
    assert (node.revoked_why, node.doubtful_from is not None) == ("lost", True)
    assert directory.recipient(RECEIVER).startswith("age1")
    assert directory.name(SENDER, language="vi") == "Tên mới"
    assert Facility.objects.get(pk=SENDER).kind == "regional hospital"


def test_the_newest_alone_is_enough_and_older_ones_come_in_as_evidence(signed: list[str]) -> None:
    arriving.take(signed[2])
    assert directory.nodes("site", OTHER) == []
    arriving.take(signed[0])  # it named the site that was cut off later
    assert directory.nodes("site", OTHER) == []
    assert sorted(Statement.objects.values_list("number", flat=True)) == [1, 3]


def test_the_statement_in_force_is_found_by_the_hubs_time(signed: list[str]) -> None:
    for jws in signed:
        arriving.take(jws)
    times = [clock.from_iso(statement.read(jws)[0].at) for jws in signed]
    found = [directory.statement_at(moment) for moment in times]
    assert found[2] == signed[2]
    assert directory.statement_at(times[0] - timedelta(seconds=1)) is None


def test_another_hand_and_a_changed_statement_are_refused(
    signed: list[str], sites: Sites, tmp_path: Any
) -> None:
    stranger = SigningKey.load_or_make(tmp_path / "stranger.pem")
    site = sites[SENDER].key
    by = {"facility": HUB, "kid": stranger.kid}
    wrong = [
        resigned(signed[0], stranger),
        resigned(signed[0], stranger, by=by),
        resigned(signed[0], site, by={"facility": HUB, "kid": site.kid}),
        resigned(signed[0], v=2),
        resigned(signed[0], number=0),
        resigned(signed[0], at="soon"),
        resigned(signed[0], nodes=[{"kid": "x"}]),
        signed[0][:-6] + "AAAAAA",
        "no JWS",
        keys.own().jws(signing.payload(signed[0]), "lt-manifest+jws"),
    ]
    for jws in wrong:
        with pytest.raises(LienThongError, match="trust-bad-directory"):
            arriving.take(jws)
    assert not Statement.objects.exists()


def test_a_key_under_another_name_is_refused(signed: list[str]) -> None:
    nodes = json.loads(signing.payload(signed[0]))["nodes"]
    nodes[0]["kid"], nodes[1]["kid"] = nodes[1]["kid"], nodes[0]["kid"]
    with pytest.raises(LienThongError, match="trust-bad-directory"):
        arriving.take(resigned(signed[0], nodes=nodes))


def test_a_fork_is_refused_and_told(signed: list[str]) -> None:
    arriving.take(signed[0])
    for forged in (
        resigned(signed[0], facilities=[]),
        resigned(signed[1], previous="ab" * 32),
    ):
        with pytest.raises(LienThongError, match="trust-directory-forked"):
            arriving.take(forged)
        arriving.from_mail(forged)  # by mail: what follows is not held up
    assert [alert.problem.code for alert in alerts.open_alerts()] == ["trust-directory-forked"]
    assert Statement.objects.count() == 1
    arriving.take(signed[1])
    assert alerts.open_alerts() == []


def test_a_hub_key_that_ended_signs_no_more(signed: list[str]) -> None:
    Node.objects.filter(role="hub").update(revoked_at=clock.now() - timedelta(days=1))
    with pytest.raises(LienThongError, match="trust-bad-directory"):
        arriving.take(signed[0])


def test_senders_are_told_once_what_will_not_arrive(
    signed: list[str], sites: Sites, become: Callable[[str], None]
) -> None:
    arriving.take(signed[0])
    become(SENDER)
    part = outbox.Part("bundle", "text/plain", b"x")
    with transaction.atomic():
        lost = outbox.put(OTHER, "test", "loop-1", body={}, parts=[part], basis="test")
        other = outbox.put(RECEIVER, "test", "loop-1", body={}, parts=[part], basis="test")
    arriving.take(signed[1])
    arriving.take(signed[2])
    from lienthong import exchange

    states = {row.id: (row.state, row.problem and row.problem.code) for row in exchange.messages_of("loop-1")}
    assert states == {lost: ("set-aside", "trust-receiver-cut-off"), other: ("queued", None)}
    (alert,) = alerts.open_alerts()
    assert (alert.problem.code, alert.about, alert.times) == ("trust-receiver-cut-off", OTHER, 1)
    with pytest.raises(LienThongError, match="exchange-unknown-receiver"), transaction.atomic():
        outbox.put(OTHER, "test", "loop-1", body={}, parts=[part], basis="test")


def test_content_travels_again_after_its_holder_was_cut_off(
    sites: Sites, become: Callable[[str], None]
) -> None:
    """A unit that joins anew may have lost what it held."""
    become(SENDER)
    part = outbox.Part("bundle", "text/plain", b"x" * 200)

    def sealed() -> bool:
        with transaction.atomic():
            put = outbox.put(RECEIVER, "test", "loop-1", body={}, parts=[part], basis="test")
        with connection.cursor() as cursor:
            cursor.execute("SELECT jws FROM exchange_message WHERE message = %s", (put,))
            (jws,) = cursor.fetchone()
            now = clock.iso(clock.now())
            cursor.execute("UPDATE exchange_message SET state = 'stored', accepted_at = %s", (now,))
        return "sealed" in json.loads(signing.payload(jws))["parts"][0]

    assert [sealed(), sealed()] == [True, False]
    become(HUB)
    cutting.cut_off(RECEIVER, "lost", BY)
    again = SigningKey.load_or_make(settings.NODE.home / "again.pem")
    age = keys.recipient(settings.NODE.home / "again")
    directory.add_node(RECEIVER, "site", again.jwk, again.kid, clock.now() - timedelta(days=1), age)
    become(SENDER)
    assert [sealed(), sealed()] == [True, False]


def test_a_key_of_more_than_a_year_is_reminded_of_until_it_is_renewed(sites: Sites) -> None:
    rotating.remind()
    assert alerts.open_alerts() == []
    Node.objects.filter(role="hub").update(valid_from=clock.now() - timedelta(days=367))
    rotating.remind()
    (alert,) = alerts.open_alerts()
    assert (alert.problem.code, alert.problem.severity) == ("trust-key-old", "warning")
    rotating.rotate_hub(BY)
    rotating.remind()
    assert alerts.open_alerts() == []
