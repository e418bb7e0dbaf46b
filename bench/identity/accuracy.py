"""Measures the index on an invented province: ``python -m bench.identity.accuracy --count 2000000``.

Prints tables by threshold, what a clerk would be asked, what was missed and why, what was wrong and why.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.identity import model
from bench.identity.measuring import Joined, Result, measure, wilson
from bench.identity.rates import make_worse
from bench.identity.registrations import Cause, Registration, arrivals
from bench.identity.replay import Index, Judged
from lienthong.identity import weights as weighing
from lienthong.identity.weights import Weights

_GENERATION = 15


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.identity.accuracy", description=__doc__)
    parser.add_argument("--count", type=int, default=200_000, help="registrations (default %(default)s)")
    parser.add_argument("--seed", type=int, default=2026, help="never that of training (default %(default)s)")
    parser.add_argument("--weights", type=Path, help="a weights file; otherwise the one in use")
    parser.add_argument(
        "--kept", type=Path, help="a file for the judged pairs: written, or read when it exists"
    )
    parser.add_argument(
        "--thresholds", default="", help="bits, separated by commas; the file's own is always there"
    )
    parser.add_argument("--examples", type=int, default=0, help="wrong and missed pairs to print")
    parser.add_argument(
        "--faults", type=float, default=1.0, help="so many times the faults (default %(default)s)"
    )
    options = parser.parse_args()
    make_worse(options.faults)
    used = weighing.read(options.weights.read_bytes()) if options.weights else weighing.packaged()
    begun = time.monotonic()
    made = arrivals(options.seed, options.count)
    print(
        f"{len(made):,} registrations of {len({one.person for one in made}):,} people: {_since(begun)}",
        flush=True,
    )
    judged = read(options.kept) if options.kept and options.kept.exists() else arrive(made, used, begun)
    if options.kept and not options.kept.exists():
        options.kept.write_text("".join("\t".join(map(str, one)) + "\n" for one in judged), "utf-8")
    people = [one.person for one in made]
    wanted = sorted({used.link, *(float(text) for text in options.thresholds.split(",") if text)})
    for bits in wanted:
        links = linked(judged, bits)
        found, joined = measure(people, links)
        report(f"link at {bits:g} bits", found)
        if bits == used.link:
            queue(judged, made, joined, used.link, used.ask)
            causes(made, people, joined, judged, options.examples)
            false(judged, made, links, options.examples)
    return 0


def arrive(made: Sequence[Registration], used: Weights, begun: float) -> list[Judged]:
    """What is said of the pairs as the registrations come in."""
    index, judged = Index(used), list[Judged]()
    for number, one in enumerate(made):
        judged += index.arrive(model.fields(one))
        if number and number % 250_000 == 0:
            print(f"  {number:,} arrived, {index.compared:,} compared: {_since(begun)}", flush=True)
    print(
        f"arrived: {_since(begun)}; {index.compared:,} pairs compared; full blocks {dict(index.full)}",
        flush=True,
    )
    return judged


def read(path: Path) -> list[Judged]:
    """Pairs that an earlier run kept."""
    with path.open(encoding="utf-8") as lines:
        rows = (line.rstrip("\n").split("\t") for line in lines)
        return [Judged(int(r[0]), int(r[1]), r[2], r[3], r[4], float(r[5])) for r in rows]


def linked(judged: Sequence[Judged], bits: float) -> list[tuple[int, int]]:
    """The pairs that are linked when the score rule begins at so many bits."""
    return [
        (one.first, one.second)
        for one in judged
        if not one.guard and (one.rule not in ("", "score") or one.bits >= bits)
    ]


def report(title: str, found: Result) -> None:
    print(f"\n{title}")
    print(
        f"  links right          {found.links}  {found.links.of - found.links.hits:,} wrong of {found.links.of:,}"
    )
    wrong = found.precision.of - found.precision.hits
    print(f"  pairs: precision     {found.precision}  {wrong:,} wrong of {found.precision.of:,}")
    print(
        f"  pairs: recall        {found.recall}  {found.recall.of - found.recall.hits:,} missed of {found.recall.of:,}"
    )
    print(f"  people found whole   {found.whole}")
    print(f"  persons              {found.persons:,}, mixed {found.mixed:,}", flush=True)


def queue(
    judged: Sequence[Judged], made: Sequence[Registration], joined: Joined, link: float, ask: float
) -> None:
    """What a clerk would be asked: pairs of persons that are not one already, each once."""
    best: dict[tuple[int, int], Judged] = {}
    for one in judged:
        a, b = joined.root(one.first), joined.root(one.second)
        if a != b and one.outcome == "ask" and one.bits >= ask:
            key = (min(a, b), max(a, b))
            if key not in best or best[key].bits < one.bits:
                best[key] = one
    same = sum(made[one.first].person == made[one.second].person for one in best.values())
    print(
        f"\nquestions {len(best):,} ({1000 * len(best) / len(made):.2f} per 1,000 registrations),"
        f" one person in {same:,}"
    )
    by: Counter[str] = Counter(one.guard or "score" for one in best.values())
    right: Counter[str] = Counter(
        one.guard or "score" for one in best.values() if made[one.first].person == made[one.second].person
    )
    for reason, count in by.most_common():
        print(f"  {reason:10} {count:8,}  one person {right[reason] / count:.0%}")


def causes(
    made: Sequence[Registration],
    people: Sequence[int],
    joined: Joined,
    judged: Sequence[Judged],
    examples: int,
) -> None:
    """Recall by what was wrong in one of the two registrations; most missed first."""
    of: dict[int, list[int]] = {}
    for number, person in enumerate(people):
        of.setdefault(person, []).append(number)
    all_: Counter[int] = Counter()
    missed: Counter[int] = Counter()
    total = 0
    shown: list[tuple[int, int]] = []
    for numbers in of.values():
        for place, one in enumerate(numbers):
            for other in numbers[:place]:
                flags = made[one].causes | made[other].causes
                lost = joined.root(one) != joined.root(other)
                total += lost
                if lost and len(shown) < 40 * examples and (one * 2654435761) % 97 < 3:
                    shown.append((other, one))
                while flags:
                    flag = flags & -flags
                    flags ^= flag
                    all_[flag] += 1
                    missed[flag] += lost
    said = {(one.first, one.second): one for one in judged}
    asked = sum(
        joined.root(one.first) != joined.root(one.second)
        for one in judged
        if people[one.first] == people[one.second] and one.outcome == "ask"
    )
    print(f"\nmissed pairs {total:,}; of them asked directly {asked:,}; by what is in one of the two:")
    for flag, count in missed.most_common(16):
        found = wilson(all_[flag] - count, all_[flag])
        print(f"  {Cause(flag).name or '':16} missed {count:8,} of {all_[flag]:9,}  recall {found.share:.2%}")
    for one, other in shown[:: max(1, len(shown) // max(1, examples))]:
        print(
            "  missed",
            said.get((one, other), ("not seen or no",))[2:],
            *map(_short, (made[one], made[other])),
            sep="\n      ",
        )


def false(
    judged: Sequence[Judged], made: Sequence[Registration], links: Sequence[tuple[int, int]], examples: int
) -> None:
    """Wrong links by who the two are to each other."""
    kept = set(links)
    wrong = [
        one
        for one in judged
        if made[one.first].person != made[one.second].person and (one.first, one.second) in kept
    ]
    kinds = Counter((relation(made[one.first], made[one.second]), one.rule) for one in wrong)
    print(f"\nwrong links {len(wrong):,}")
    for (kind, rule), count in kinds.most_common():
        print(f"  {count:6,}  {kind}, by {rule}")
    for one in wrong[:: max(1, len(wrong) // max(1, examples))][: examples or 0]:
        print("  wrong", one[2:], *map(_short, (made[one.first], made[one.second])), sep="\n      ")


def relation(one: Registration, other: Registration) -> str:
    if one.household != other.household:
        return "strangers"
    if (one.causes | other.causes) & Cause.NEWBORN:
        return "newborn and another of the household"
    if one.causes & other.causes & Cause.TWIN and one.birth[:4] == other.birth[:4]:
        return "twins"
    apart = abs(int(one.birth[:4]) - int(other.birth[:4]))
    return "parent and child" if apart >= _GENERATION else "siblings, or husband and wife"


def _short(one: Registration) -> str:
    return (
        f"{one.person} {one.name} {one.birth} {one.sex[0]} {one.citizen or '-'} {one.insurance or '-'} "
        f"{one.phone or '-'} {one.commune or '-'} {one.address or '-'} {Cause(one.causes)!s}"
    )


def _since(begun: float) -> str:
    return f"{time.monotonic() - begun:.0f} s"


if __name__ == "__main__":
    sys.exit(main())
