"""Joining with real processes that know of each other only what the hub signed."""

from __future__ import annotations

import re
from pathlib import Path

from trust_nodes import FACILITIES, province

RECEIPTED = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'out' AND receipt_state = 'verified'"


def test_two_units_join_and_talk_without_a_restart(tmp_path: Path) -> None:
    with province(tmp_path, "sender", "receiver") as nodes:
        nodes.start("sender")  # runs before it has joined
        nodes.join("sender", "receiver")
        nodes.start("receiver")
        nodes.wait_for("sender", "SELECT COUNT(*) FROM facilities_node WHERE facility_id = '01929'", 1)
        assert len(nodes.put("sender", "receiver", 10)) == 10
        nodes.wait_for("sender", RECEIPTED, 10)
        statements = nodes.rows("hub", "SELECT number, hash FROM facilities_statement ORDER BY number")
        assert [number for number, _ in statements] == [1, 2]
        nodes.wait_for("sender", "SELECT MAX(number) FROM facilities_statement", 2)
        assert set(nodes.rows("sender", "SELECT number, hash FROM facilities_statement")) <= set(statements)
        for name in ("sender", "receiver"):
            keys = tmp_path / name / "keys"
            assert not (keys / "joining.json").exists()
            assert all(path.stat().st_mode & 0o77 == 0 for path in keys.iterdir() if path.is_file())


def test_a_refused_unit_learns_it(tmp_path: Path) -> None:
    with province(tmp_path, "sender") as nodes:
        status, said = nodes.run("sender", "join", nodes.code("sender"), "--no-wait")
        assert status == 0
        (digits,) = re.findall(r"\d{4} \d{4} \d{4} \d{4}", said)
        assert digits
        assert nodes.at_hub("refuse", FACILITIES["sender"]) == "done"
        nodes.start("sender")
        ended = "SELECT COUNT(*) FROM access_auditevent WHERE action = 'join-refused'"
        nodes.wait_for("sender", ended, 1)
        status, said = nodes.run("sender", "join", "ABCDE-" * 6 + f"ABCDE@http://127.0.0.1:{nodes.port}")
        assert (status, "trust" not in said) == (1, True)
        assert "gõ chưa đúng" in said
