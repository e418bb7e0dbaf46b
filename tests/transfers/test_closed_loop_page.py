"""The table of docs/reference/closed-loop.md says what the rules say."""

from __future__ import annotations

from pathlib import Path

from lienthong.transfers.rules import TURNS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "closed-loop.md"


def test_owners_clocks_and_crosswalk_are_those_of_the_rules() -> None:
    told = {
        tuple(cell.strip() for cell in line.strip("|").split("|"))
        for line in PAGE.read_text("utf-8").splitlines()
        if line.startswith("| ")
    }
    for state, turn in TURNS.items():
        minutes = [str(m) for m in turn.minutes] if turn.minutes else ["", "", ""]
        assert (
            state.value,
            f"{turn.side.value}, {turn.role.value}",
            *minutes,
            turn.task,
            turn.x360,
        ) in told, state
