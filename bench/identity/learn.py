"""Learns the weights of the identity index with splink and writes them in the product's format.

``python -m bench.identity.learn --write 2026.11``; needs ``requirements/bench.txt``. u comes from
pairs of different people taken at random, m from expectation maximisation over pairs that agree in one thing, in turn.
"""

from __future__ import annotations

import argparse
import json as plain
import logging
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from bench.identity import model
from bench.identity.registrations import registrations
from lienthong.foundation import clock
from lienthong.identity import weights

DATA: Final = Path(weights.__file__).parent / "data"
_SHARPEST: Final = 0.00005
_EM: Final = (
    "l.social = r.social",
    "l.citizen = r.citizen",
    "l.words = r.words AND l.born = r.born",
    "l.phone = r.phone AND l.given = r.given",
    "l.old_card = r.old_card",
    "l.passport = r.passport",
)
_SURE: Final = ("l.citizen = r.citizen AND l.given = r.given", "l.social = r.social AND l.given = r.given")
_SURE_FIND: Final = 0.80


def linker(table: Any, settings: dict[str, Any], threads: int = 2) -> Any:
    """A splink linker on DuckDB over :func:`bench.identity.model.table`."""
    import duckdb
    from splink import DuckDBAPI, Linker

    logging.getLogger("splink").setLevel(logging.ERROR)
    connection = duckdb.connect()
    connection.execute(
        f"SET threads = {threads}; SET preserve_insertion_order = false; SET memory_limit = '9GB'"
    )
    connection.register("registrations_arrow", table)
    connection.execute("CREATE TABLE registrations AS SELECT * FROM registrations_arrow")
    return Linker("registrations", settings, DuckDBAPI(connection))


def train(table: Any, assumed: dict[str, Any], pairs: float = 5e6) -> Any:
    """A linker over the table whose prior, u and m are estimated.

    u is of pairs taken at random among one registration of each person, so that no pair of one person is among
    them; equal numbers are too rare for a sample and are counted. This is the only use of a label.
    """
    apart = linker(_one_each(table), model.settings())
    apart.training.estimate_u_using_random_sampling(max_pairs=pairs, seed=1)
    settings = apart.misc.save_model_to_json()
    counted = _counted(apart)
    for one in settings["comparisons"]:
        field = one["output_column_name"]
        for level in one["comparison_levels"]:
            name = level["label_for_charts"]
            if (field, name) in counted:
                level["u_probability"] = counted[field, name]
            elif "u_probability" not in level and not level.get("is_null_level"):
                level["u_probability"] = assumed["fields"][field][name]["u"]
    settings["probability_two_random_records_match"] = 1e-4
    of = linker(table, settings)
    training = of.training
    training.estimate_probability_two_random_records_match(list(_SURE), recall=_SURE_FIND)
    for rule in _EM:
        training.estimate_parameters_using_expectation_maximisation(
            rule, fix_u_probabilities=True, estimate_without_term_frequencies=True
        )
    return of


def _one_each(table: Any) -> Any:
    """The first registration of each person."""
    seen: set[int] = set()
    keep = [not (person in seen or seen.add(person)) for person in table["person"].to_pylist()]  # type: ignore[func-returns-value]
    return table.filter(keep)


def _counted(apart: Any) -> dict[tuple[str, str], float]:
    """u of equal numbers: pairs of different people that share one, of all pairs in which both have one."""
    run = apart._db_api._con.execute
    found: dict[tuple[str, str], float] = {}
    for kind in ("citizen", "old_card", "passport", "social", "phone"):
        filled = run(_FILLED.format(kind)).fetchone()[0]
        among = filled * (filled - 1) / 2 or 1.0
        equal = "citizen" if kind == "citizen" else "any"
        same, unfit = run(_SHARED[equal].format(kind)).fetchone()
        found[kind, "same"] = max(same, 0.5) / among
        if unfit is not None:
            found[kind, "unfit"] = max(unfit, 0.5) / among
    return found


_FILLED: Final = "SELECT count({0}) FROM registrations"
_BOTH: Final = "FROM registrations l JOIN registrations r ON l.{0} = r.{0} AND l.unique_id < r.unique_id"
_SHARED: Final = {
    "citizen": f"SELECT count(*) FILTER (l.fits + r.fits = 2), count(*) FILTER (l.fits + r.fits < 2) {_BOTH}",
    "any": f"SELECT count(*), NULL {_BOTH}",
}


def learned(of: Any) -> tuple[float, dict[str, dict[str, tuple[float | None, float | None]]]]:
    """The prior, and field to level to m and u as splink has them; None for what it never saw."""
    found = of.misc.save_model_to_json()
    table: dict[str, dict[str, tuple[float | None, float | None]]] = {}
    for one in found["comparisons"]:
        table[one["output_column_name"]] = {
            level["label_for_charts"]: (level.get("m_probability"), level.get("u_probability"))
            for level in one["comparison_levels"]
            if not level.get("is_null_level")
        }
    return found["probability_two_random_records_match"], table


def words(table: Any) -> dict[str, dict[str, float]]:
    """How often words are family, middle and given names; ``""`` is any word that is rarer than those listed."""
    counted: dict[str, Counter[str]] = {"family": Counter(), "middle": Counter(), "given": Counter()}
    for text in table["words"].to_pylist():
        found = (text or "").split()
        if len(found) > 1:
            counted["family"][found[0]] += 1
            counted["given"][found[-1]] += 1
            counted["middle"].update(found[1:-1])
    return {role: _shares(counter) for role, counter in counted.items()}


def _shares(counter: Counter[str]) -> dict[str, float]:
    total = counter.total()
    kept = {word: round(n / total, 6) for word, n in counter.most_common(400) if n / total >= 0.0003}
    return dict(sorted(kept.items())) | {"": min(kept.values(), default=1.0)}


def document(
    assumed: dict[str, Any],
    prior: float,
    found: dict[str, dict[str, tuple[float | None, float | None]]],
    frequencies: dict[str, dict[str, float]],
    *,
    version: str,
    source: str,
) -> dict[str, Any]:
    """The weights file: what was learned, and where nothing could be learned, what was assumed."""
    made = dict(assumed) | {
        "version": version,
        "date": f"{clock.now():%Y-%m-%d}",
        "source": source,
        "prior": prior,
        "words": frequencies,
    }
    made["fields"] = {
        field: both(assumed["fields"][field], found.get(field, {})) for field in assumed["fields"]
    }
    return made


def both(
    assumed: dict[str, dict[str, float]], found: dict[str, tuple[float | None, float | None]]
) -> dict[str, dict[str, float]]:
    """m and u of a field's levels; what splink never saw keeps the assumed weight, at the probability it saw;
    a disagreement that it never saw speaks no less against one person than the level before."""
    together: dict[str, dict[str, float]] = {}
    for level, pair in assumed.items():
        m, u = found.get(level, (None, None))
        if (m is None and u is None) or level not in found:
            together[level] = dict(pair)
            continue
        ratio = pair["m"] / pair["u"]
        if m is None and level == list(assumed)[-1]:
            weakest = min((one["m"] / one["u"] for one in together.values()), default=ratio)
            ratio = min(ratio, weakest)
        u_kept = u if u else (m or _SHARPEST) / ratio
        m_kept = max(m, _SHARPEST) if m else max(_SHARPEST, u_kept * ratio)
        together[level] = {"m": m_kept, "u": max(u_kept, 1e-9)}
    if not found:
        return together
    for which in "mu":
        total = sum(pair[which] for pair in together.values())
        for pair in together.values():
            pair[which] = float(f"{pair[which] / total:.6g}")
    return together


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.identity.learn", description=__doc__)
    parser.add_argument("--count", type=int, default=400_000, help="registrations (default %(default)s)")
    parser.add_argument("--seed", type=int, default=11, help="of the population (default %(default)s)")
    parser.add_argument("--pairs", type=float, default=5e6, help="random pairs for u (default %(default)s)")
    parser.add_argument(
        "--province", type=int, default=2_000_000, help="registrations the prior is for (%(default)s)"
    )
    parser.add_argument(
        "--assumed", default=weights.DEFAULT, help="version that gives what cannot be learned"
    )
    parser.add_argument("--model", type=Path, help="where splink's own model is kept, for linking in bulk")
    parser.add_argument("--version", default=weights.DEFAULT, help="of the weights (default %(default)s)")
    parser.add_argument(
        "--write", type=Path, help="the weights file, e.g. weights-2026.11.json in identity/data"
    )
    options = parser.parse_args()
    begun = time.monotonic()
    table = model.table(registrations(options.seed, options.count))
    print(f"registrations read: {time.monotonic() - begun:.0f} s", flush=True)
    assumed = plain.loads((DATA / f"weights-{options.assumed}.json").read_bytes())
    of = train(table, assumed, options.pairs)
    prior, found = learned(of)
    prior *= options.count / options.province
    print(f"learned: {time.monotonic() - begun:.0f} s; prior {prior:.3g}", flush=True)
    for field, levels in found.items():
        for level, (m, u) in levels.items():
            print(
                f"  {field:9} {level:9} m {m if m is None else round(m, 6)!s:10} u {u if u is None else f'{u:.3g}'}"
            )
    if options.model:
        kept = of.misc.save_model_to_json() | {"registrations": options.count}
        options.model.write_text(plain.dumps(kept, indent=1), "utf-8")
    if options.write:
        from splink import __version__

        source = (
            f"splink {__version__} (expectation maximisation, DuckDB) on {options.count:,} invented registrations, "
            f"seed {options.seed}; levels too rare to learn keep assumed figures"
        )
        made = document(assumed, prior, found, words(table), version=options.version, source=source)
        path: Path = options.write
        path.write_text(plain.dumps(made, indent=1, ensure_ascii=False) + "\n", "utf-8")
        weights.read(path.read_bytes())
        print(f"written: {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
