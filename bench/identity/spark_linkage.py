"""Batch linkage for a nation: the same model through splink on Spark, on a small set, and what a million cost.

``python -m bench.identity.spark_linkage --count 100000 --model FILE``; needs Java 17 and ``requirements/bench.txt``.
Compares the pairs with those of DuckDB and prints core-minutes per million registrations.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

from bench.identity.batch import Predicted, predicted, settings
from bench.identity.learn import linker
from bench.identity.measuring import measure
from bench.identity.model import table
from bench.identity.registrations import arrivals

_LINK = 14.0
_NEAR = 0.01


def spark_linker(registrations: Path, model: dict[str, Any], cores: int, memory: str) -> Any:
    """A splink linker on a local Spark over a Parquet file."""
    from pyspark.sql import SparkSession
    from splink import Linker, SparkAPI
    from splink.backends.spark import similarity_jar_location

    session = (
        SparkSession.builder.master(f"local[{cores}]")
        .appName("lienthong-linkage")
        .config("spark.jars", similarity_jar_location())
        .config("spark.driver.memory", memory)
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", str(cores * 4))
        .config("spark.default.parallelism", str(cores * 4))
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    api = SparkAPI(
        spark_session=session, break_lineage_method="persist", num_partitions_on_repartition=cores * 4
    )
    return Linker(session.read.parquet(str(registrations)), model, api), session


def on_spark(of: Any) -> list[Predicted]:
    """Pairs above 0 bits, as :func:`bench.identity.batch.predicted` has them."""
    found = of.inference.predict(threshold_match_weight=0.0).as_spark_dataframe()
    rows = found.select("unique_id_l", "unique_id_r", "match_weight").collect()
    return [Predicted(row[0], row[1], row[2]) for row in rows]


def spent(processes: str) -> float:
    """CPU seconds of this process and, once they have ended, of those it started."""
    times = os.times()
    return times.user + times.system if processes == "own" else times.children_user + times.children_system


def java_seconds() -> float:
    """CPU seconds of the Java processes that this process started."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(") ")[2].split()
            if "java" in (entry / "comm").read_text() and _ours(int(entry.name)):
                total += (int(fields[11]) + int(fields[12])) / ticks
        except OSError:
            continue
    return total


def _ours(process: int) -> bool:
    while process > 1:
        if process == os.getpid():
            return True
        process = int(Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()[1])
    return False


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.identity.spark_linkage", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="registrations (default %(default)s)")
    parser.add_argument("--seed", type=int, default=2026, help="never that of training (default %(default)s)")
    parser.add_argument("--cores", type=int, default=2, help="of Spark (default %(default)s)")
    parser.add_argument("--memory", default="4g", help="of Spark (default %(default)s)")
    parser.add_argument("--model", type=Path, required=True, help="what bench.identity.learn --model wrote")
    parser.add_argument("--scratch", type=Path, default=Path("var"), help="folder for the Parquet file")
    options = parser.parse_args()
    import pyarrow.parquet

    logging.getLogger("splink").setLevel(logging.ERROR)
    made = arrivals(options.seed, options.count)
    people = [one.person for one in made]
    registrations = table(made)
    options.scratch.mkdir(parents=True, exist_ok=True)
    path = options.scratch / "registrations.parquet"
    pyarrow.parquet.write_table(registrations, path)

    begun, before = time.monotonic(), spent("own")
    here = predicted(linker(registrations, settings(options.model, options.count), options.cores))
    _tell("DuckDB", people, here, time.monotonic() - begun, spent("own") - before, options.count)

    of, session = spark_linker(path, settings(options.model, options.count), options.cores, options.memory)
    begun, before = time.monotonic(), java_seconds()
    there = on_spark(of)
    _tell("Spark", people, there, time.monotonic() - begun, java_seconds() - before, options.count)
    session.stop()
    path.unlink()

    ours = {(min(p.first, p.second), max(p.first, p.second)): p.bits for p in here}
    theirs = {(min(p.first, p.second), max(p.first, p.second)): p.bits for p in there}
    same = sum(abs(ours[pair] - bits) < _NEAR for pair, bits in theirs.items() if pair in ours)
    print(
        f"pairs of both {len(ours.keys() & theirs.keys()):,}, of DuckDB alone {len(ours.keys() - theirs.keys()):,}, "
        f"of Spark alone {len(theirs.keys() - ours.keys()):,}; same bits in {same:,}"
    )
    return 0


def _tell(where: str, people: list[int], pairs: list[Predicted], wall: float, cpu: float, count: int) -> None:
    found, _ = measure(people, ((one.first, one.second) for one in pairs if one.bits >= _LINK))
    print(
        f"{where}: {len(pairs):,} pairs in {wall:.0f} s, {cpu:.0f} core-seconds: "
        f"{cpu / 60 / count * 1e6:.1f} core-minutes per million registrations; at {_LINK:g} bits "
        f"precision {found.precision.share:.4%}, recall {found.recall.share:.4%}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
