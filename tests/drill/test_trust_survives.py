"""Cut-off and new keys with full queues: real processes that know of each other only what the hub signed."""

from __future__ import annotations

from pathlib import Path

import pytest

from trust_nodes import FACILITIES, joined

pytestmark = pytest.mark.drill

RECEIPTED = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'out' AND receipt_state = 'verified'"
HANDLED = "SELECT COUNT(*) FROM handled"
OWN_KEYS = (
    "SELECT kid FROM facilities_node WHERE facility_id = '{}' AND valid_to IS NULL AND revoked_at IS NULL"
)


@pytest.mark.long
def test_a_cut_off_site_is_out_and_the_others_go_on(tmp_path: Path) -> None:
    """Before, during and after; what was on the way to it is not handed over and its senders are told."""
    with joined(tmp_path, "sender", "receiver", "other") as nodes:
        for name in ("sender", "receiver", "other"):
            nodes.wait_for(name, "SELECT MAX(number) FROM facilities_statement", 3)
        nodes.put("sender", "receiver", 5)
        nodes.put("receiver", "other", 5)
        nodes.wait_for("sender", RECEIPTED, 5)
        nodes.wait_for("receiver", RECEIPTED, 5)
        nodes.stop("receiver")
        nodes.stop("other")
        under_way = set(nodes.put("sender", "receiver", 7))
        nodes.put("sender", "other", 3)
        at_hub = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'relay' AND state = 'accepted'"
        nodes.wait_for("hub", at_hub, 10)
        before = nodes.one("receiver", HANDLED)

        status, said = nodes.run("hub", "cut-off", FACILITIES["receiver"], "--reason", "máy bị mất cắp")
        assert status == 0, said
        assert "7" in said
        nodes.start("receiver")
        nodes.start("other")

        told = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'out' AND state = 'set-aside'"
        nodes.wait_for("sender", told, 7)
        problems = nodes.rows(
            "sender", "SELECT message, problem FROM exchange_message WHERE state = 'set-aside'"
        )
        assert {message for message, _ in problems} == under_way
        assert all("trust-receiver-cut-off" in problem for _, problem in problems)
        alerts = (
            "SELECT COUNT(*) FROM exchange_alert WHERE code = 'trust-receiver-cut-off' AND closed_at = ''"
        )
        assert nodes.one("sender", alerts) == 1
        nodes.wait_for("sender", RECEIPTED, 8)  # the others go on
        refused = "SELECT COUNT(*) FROM exchange_line WHERE problem LIKE '%trust-cut-off%'"
        nodes.wait_for("receiver", refused, 1)
        assert nodes.one("receiver", HANDLED) == before
        returned = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'relay' AND state = 'returned'"
        assert nodes.one("hub", returned) == 7
        assert nodes.put("sender", "receiver", 1) == []  # nobody there to seal to
        handed = "SELECT COUNT(*) FROM exchange_mailboxitem WHERE facility = '01929' AND handed_at <> ''"
        handed_over = nodes.one("hub", handed)

        nodes.join("receiver")  # with a new code and new keys; it runs all the while
        nodes.wait_for("sender", "SELECT MAX(number) FROM facilities_statement", 5)
        nodes.put("sender", "receiver", 4)
        nodes.wait_for("sender", RECEIPTED, 12)
        assert nodes.one("receiver", HANDLED) == before + 4
        assert nodes.one("hub", returned) == 7
        assert nodes.one("hub", handed) > handed_over


def test_keys_rotate_with_full_queues(tmp_path: Path) -> None:
    """Messages signed with the old key wait at the sender, others sealed to the old key wait at the hub."""
    with joined(tmp_path, "sender", "receiver") as nodes:
        nodes.wait_for("sender", "SELECT MAX(number) FROM facilities_statement", 2)
        nodes.stop("receiver")
        nodes.put("sender", "receiver", 30)
        at_hub = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'relay' AND state = 'accepted'"
        nodes.wait_for("hub", at_hub, 30)  # sealed to the receiver's old key
        nodes.stop("sender")
        nodes.put("sender", "receiver", 30)  # signed with the sender's old key
        old = {name: nodes.rows(name, OWN_KEYS.format(FACILITIES[name])) for name in ("sender", "receiver")}
        for name in ("receiver", "sender", "hub"):
            status, said = nodes.run(name, "rotate-keys")
            assert status == 0, said
        nodes.put("sender", "receiver", 30)  # signed with the new key
        nodes.start("sender")
        nodes.start("receiver")
        nodes.wait_for("sender", RECEIPTED, 90)
        assert nodes.rows("receiver", "SELECT COUNT(*), COUNT(DISTINCT message) FROM handled") == [(90, 90)]
        for name in ("sender", "receiver"):
            nodes.wait_for("hub", f"SELECT COUNT(*) FROM ({OWN_KEYS.format(FACILITIES[name])})", 1)
            assert nodes.rows("hub", OWN_KEYS.format(FACILITIES[name])) != old[name]
            assert (tmp_path / name / "keys" / "opening-1.key").exists()
            assert not list((tmp_path / name / "keys" / "next").iterdir())
        newest = nodes.one("hub", "SELECT MAX(number) FROM facilities_statement")
        for name in ("sender", "receiver"):
            nodes.wait_for(name, "SELECT MAX(number) FROM facilities_statement", newest)


def test_a_rotation_that_loses_its_answer_ends_well(tmp_path: Path) -> None:
    """The hub dies after it has entered the keys, or was away: the running site finishes what was begun."""
    with joined(tmp_path, "sender", "receiver") as nodes:
        nodes.wait_for("sender", "SELECT MAX(number) FROM facilities_statement", 2)
        old = nodes.rows("sender", OWN_KEYS.format(FACILITIES["sender"]))
        nodes.processes["hub"].kill()
        nodes.processes["hub"].wait()
        status, said = nodes.run("sender", "rotate-keys")
        assert status == 1, said
        assert (tmp_path / "sender" / "keys" / "next" / "signing.pem").exists()
        nodes.put("sender", "receiver", 5)  # the old key goes on signing
        nodes.start("hub")
        nodes.wait_for("sender", RECEIPTED, 5)
        nodes.wait_for(
            "hub", "SELECT COUNT(*) FROM facilities_node WHERE facility_id = '24011'", 2, seconds=90
        )
        nodes.wait_for(
            "hub", f"SELECT COUNT(*) FROM ({OWN_KEYS.format(FACILITIES['sender'])})", 1, seconds=90
        )
        assert nodes.rows("hub", OWN_KEYS.format(FACILITIES["sender"])) != old
        nodes.put("sender", "receiver", 5)
        nodes.wait_for("sender", RECEIPTED, 10)
