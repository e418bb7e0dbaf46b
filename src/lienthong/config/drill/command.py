"""``lienthong drill``: seeded runs, two at a time, and their counts as one line of JSON."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

from lienthong.config import lifeline
from lienthong.config.drill import events, postgres, province
from lienthong.config.drill.count import Result
from lienthong.config.drill.disks import Disks, missing_for_cuts
from lienthong.config.drill.run import PATIENCE, Run

AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Options:
    """How the runs are made: where, which hub, which kinds of events (all when empty)."""

    folder: Path
    database: str = ""
    processes: int = 1
    only: tuple[str, ...] = ()
    keep: bool = False
    patience: float = PATIENCE


def run(
    wanted: range,
    *,
    postgresql: bool,
    processes: int,
    only: tuple[str, ...],
    keep: bool,
    patience: float,
    stop: bool,
    as_json: bool,
) -> int:
    """Runs the seeds and prints the counts: 0 only when the invariant held in every run, 2 when none can be made."""
    if unknown := set(only) - set(events.KINDS):
        print(f"{', '.join(sorted(unknown))}? The kinds are {', '.join(events.KINDS)}.", file=sys.stderr)
        return 2
    if "power-cut" in only and (missing := missing_for_cuts()):
        print(missing, file=sys.stderr)
        return 2
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="lienthong-drill-"))
    province.make_template(folder / "template")
    total = Result()
    with contextlib.ExitStack() as stack:
        database = ""
        if postgresql:
            database = stack.enter_context(postgres.cluster(durable=True))
            province.make_database(folder / "template", database)
        options = Options(folder, database, processes, only, keep, patience)
        context = multiprocessing.get_context("spawn")
        pool = stack.enter_context(
            ProcessPoolExecutor(AT_ONCE, context, lifeline.end_with_parent, (signal.SIGTERM, os.getpid()))
        )
        runs: dict[Future[tuple[Result, list[str]]], int] = {
            pool.submit(one, seed, options): seed for seed in wanted
        }
        for future in as_completed(runs):
            result, said = future.result()
            total.add(result)
            _report(runs[future], result, said, folder)
            if not result.faults and not keep:
                shutil.rmtree(_place(folder, runs[future]), ignore_errors=True)
            if result.faults and stop:
                pool.shutdown(cancel_futures=True)
                break
    if not total.faults and not keep:
        shutil.rmtree(folder, ignore_errors=True)
    total.seconds = round(time.monotonic() - begun, 1)
    values = asdict(total)
    faults = values.pop("faults")
    print(json.dumps(values) if as_json else "\n".join(f"{name}: {value}" for name, value in values.items()))
    return 1 if faults else 0


def one(seed: int, options: Options) -> tuple[Result, list[str]]:
    """One run in a process of its own: its counts and what happened. It unmounts, too, what it mounted."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        return _one(seed, options)
    except SystemExit:  # the command has ended; nobody gives this process more to do
        os._exit(1)


def _one(seed: int, options: Options) -> tuple[Result, list[str]]:
    planned = events.plan(seed, options.only)
    place, disks = _place(options.folder, seed), Disks(_place(options.folder, seed))
    place.mkdir()
    made, result = None, Result()
    begun = time.monotonic()
    try:
        for name in {event.node for event in planned if event.kind == "full-disk"}:
            disks.small(place / name)
        for name in {event.node for event in planned if event.kind == "power-cut"}:
            disks.logged(place / name)
        database = province.copy_database(options.database, seed) if options.database else ""
        made = province.make(
            options.folder / "template",
            place,
            seed=seed,
            database=database,
            processes=options.processes,
        )
        disks.flush()
        work = Run(seed, made, disks, options.patience)
        try:
            result = work.go(planned)
        except Exception:
            result = Result(runs=1, faults=[traceback.format_exc()])
        result.seconds = round(time.monotonic() - begun, 1)
        if result.faults or options.keep:
            (place / "events.txt").write_text("\n".join([*work.said, *result.faults]) + "\n", "utf-8")
        return result, work.said
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what was begun to be unmounted is
        try:
            if made is not None:
                made.close()
        finally:
            disks.close(place / "kept" if result.faults else None)


def _place(folder: Path, seed: int) -> Path:
    return folder / f"run-{seed}"


def _report(seed: int, result: Result, said: list[str], folder: Path) -> None:
    print(
        f"seed {seed}: {'held' if not result.faults else 'FAILED'}, {result.acknowledged} acknowledged,"
        f" {result.delivered} delivered, {result.refused_listed} refused, {result.seconds} s",
        file=sys.stderr,
        flush=True,
    )
    if result.faults:
        lines = [*said, *result.faults, f"seed {seed}; kept in {_place(folder, seed)}"]
        print("\n".join(f"  {line}" for line in lines), file=sys.stderr, flush=True)
