"""splink's own batch linkage of the same registrations, as the peer: ``python -m bench.identity.batch --model FILE``.

The model is that of :mod:`bench.identity.learn` (same levels, same m and u, term frequencies of names by splink).
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from bench.identity import model
from bench.identity.accuracy import report
from bench.identity.learn import linker
from bench.identity.measuring import Result, measure
from bench.identity.registrations import arrivals

_LEAST = 0.0


class Predicted(NamedTuple):
    first: int
    second: int
    bits: float


def settings(path: Path, count: int) -> dict[str, Any]:
    """splink's model with the prior for so many registrations."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    found["probability_two_random_records_match"] *= found.get("registrations", count) / count
    found.pop("registrations", None)
    found["blocking_rules_to_generate_predictions"] = list(model.BLOCKS)
    return found


def predicted(of: Any) -> list[Predicted]:
    """Pairs above :data:`_LEAST` bits."""
    found = of.inference.predict(threshold_match_weight=_LEAST)
    query = f"SELECT unique_id_l, unique_id_r, match_weight FROM {found.physical_name}"  # noqa: S608
    return [Predicted(*row) for row in of._db_api._con.execute(query).fetchall()]


def lookups(of: Any, table: Any, count: int) -> list[float]:
    """Seconds that splink takes to look up one registration among all, in order."""
    taken = []
    for number in range(count):
        one = table.slice(number * (table.num_rows // count), 1).to_pylist()[0]
        begun = time.monotonic()
        of.inference.find_matches_to_new_records([one], list(model.BLOCKS)).as_record_dict()
        taken.append(time.monotonic() - begun)
    return sorted(taken)


def best(
    people: list[int], pairs: list[Predicted], thresholds: list[float], least: float = 0.9999
) -> Result | None:
    """Prints a table by threshold; returns the result of most recall whose precision is at least ``least``."""
    chosen: Result | None = None
    for bits in thresholds:
        found, _ = measure(people, ((one.first, one.second) for one in pairs if one.bits >= bits))
        report(f"splink at {bits:g} bits (probability {1 / (1 + math.exp2(-bits)):.6f})", found)
        if found.precision.share >= least and (chosen is None or found.recall.share > chosen.recall.share):
            chosen = found
    return chosen


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.identity.batch", description=__doc__)
    parser.add_argument("--count", type=int, default=200_000, help="registrations (default %(default)s)")
    parser.add_argument("--seed", type=int, default=2026, help="never that of training (default %(default)s)")
    parser.add_argument("--model", type=Path, required=True, help="what bench.identity.learn --model wrote")
    parser.add_argument(
        "--thresholds", default="4,6,8,10,12,14,17,20,24,28,32,36", help="bits (default %(default)s)"
    )
    parser.add_argument(
        "--lookups", type=int, default=0, help="single registrations to look up (default %(default)s)"
    )
    options = parser.parse_args()
    begun = time.monotonic()
    made = arrivals(options.seed, options.count)
    people = [one.person for one in made]
    table = model.table(made)
    del made
    print(f"read: {time.monotonic() - begun:.0f} s", flush=True)
    begun = time.monotonic()
    of = linker(table, settings(options.model, options.count))
    pairs = predicted(of)
    print(f"splink: {len(pairs):,} pairs in {time.monotonic() - begun:.0f} s", flush=True)
    if options.lookups:
        taken = lookups(of, table, options.lookups)
        print(
            f"splink: one lookup {taken[len(taken) // 2] * 1000:.0f} ms (median of {options.lookups})",
            flush=True,
        )
    chosen = best(people, pairs, [float(text) for text in options.thresholds.split(",")])
    print(f"\nbest recall at a precision of 99.99 %: {chosen.recall if chosen else 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
