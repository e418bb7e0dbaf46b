"""Runs every measurement several times, in turn, so that a busy moment strikes all; writes the table."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from bench import (  # noqa: F401  (a module enters its measurements when it is imported)
    endurance,
    fhir_rows,
    identity_match,
    intake,
    limits,
    line,
    machine,
    measures,
    pages,
    relay,
    transfers,
    wire,
)
from bench.registry import ALL, Measurement

TABLE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "benchmarks.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each runs (default %(default)s)")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        help="only those whose name has this text, the long ones too; may be repeated; writes no table",
    )
    options = parser.parse_args()
    wanted = [text.lower() for text in options.only]
    chosen = [
        one
        for one in ALL.values()
        if (any(text in one.name.lower() for text in wanted) if wanted else not one.long)
    ]
    print(machine.description(), flush=True)
    for number in range(options.rounds):
        for one in chosen:
            if one.rounds and number >= one.rounds:
                continue
            one.values.append(one.run())
            print(f"  round {number + 1}  {one.name}: {amount(one.values[-1], one.unit)}", flush=True)
    print()
    for one in chosen:
        print(f"{one.name}: {figure(one)}{share(one)}{goal(one)}")
    if not options.only:
        TABLE.parent.mkdir(parents=True, exist_ok=True)
        TABLE.write_text(document(chosen, options.rounds), "utf-8")
    return 0


def amount(value: float, unit: str) -> str:
    return f"{value:,.0f}{unit}" if value >= 100 else f"{value:.3g}{unit}"


def figure(one: Measurement) -> str:
    low, high = amount(min(one.values), ""), amount(max(one.values), "")
    return f"{amount(one.median, one.unit)} ({low} to {high})"


def share(one: Measurement) -> str:
    other = ALL.get(one.against)
    if other is None or not other.values:
        return ""
    return f", {one.median / other.median:.0%} of “{other.name}”"


def goal(one: Measurement) -> str:
    if one.goal is None:
        return ""
    word = "at most" if one.less else "at least"
    return f"; goal {word} {amount(one.goal, one.unit)}: {'reached' if one.reached else 'not reached'}"


def document(measured: list[Measurement], rounds: int) -> str:
    """The table as Markdown."""
    lines = [
        "# Benchmarks",
        "",
        f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {machine.description()}.",
        f"Each figure is the median of {rounds} rounds of one run (least to most in brackets); all take turns,",
        "so compare figures of this table with each other and not with another machine's.",
        f"Load average at the end: {os.getloadavg()[1]:.1f}.",
        "",
        "| What | Figure | Goal | Against a limit | What limits it |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.name} | {figure(one)} | {goal(one).removeprefix('; goal ') or '–'} "
        f"| {share(one).removeprefix(', ') or '–'} | {one.limits} |"
        for one in measured
    ]
    asked = [one.name for one in ALL.values() if one.long]
    lines += [
        "",
        "Not in this table, since they take minutes; run by name with `python -m bench --only NAME`:",
        "",
    ]
    lines += [f"- {name}" for name in asked if not name.startswith("…")]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
