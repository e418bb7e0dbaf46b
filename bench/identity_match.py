"""Finding and registering one person: the time of ``identity.match`` and ``identity.register`` by size and database.

The index is filled with an invented province; who is looked for are further registrations of the same people.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from bench.nodes import Figures, Shared, in_node
from bench.registry import measure

SMALL, PROVINCE = 50_000, 2_000_000
_LOOKED_UP = 2_000
_REGISTERED = 500
_SEED = 2026


def _fill_and_time(home: Path, *, count: int) -> Figures:
    from django.db import connection

    from bench.identity.registrations import Registration, arrivals
    from lienthong.access.audit import Actor
    from lienthong.identity import index, registering

    made = arrivals(_SEED, count + _LOOKED_UP + _REGISTERED)
    draw = random.Random(1)  # noqa: S311
    apart = sorted(draw.sample(range(len(made)), _LOOKED_UP + _REGISTERED), reverse=True)
    new = [made.pop(place) for place in apart]
    draw.shuffle(new)
    begun = time.perf_counter()
    registering.load((_with_id(one), one.facility) for one in made)
    filled = time.perf_counter() - begun
    made.clear()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

    wanted = [_with_id(one) for one in new[:_LOOKED_UP]]
    first = _times(lambda one: index.match(one), wanted)
    again = _times(lambda one: index.match(one), wanted)
    actor = Actor("system:bench", "bench")

    def register(one: Registration) -> None:
        registering.register(_with_id(one), one.facility, actor)

    entered = _times(register, new[_LOOKED_UP:])
    return {
        "fill": count / filled,
        "first median": statistics.median(first),
        "first 95": _of_95(first),
        "median": statistics.median(again),
        "95": _of_95(again),
        "register median": statistics.median(entered),
        "register 95": _of_95(entered),
    }


def _with_id(one: Any) -> dict[str, Any]:
    from bench.identity.patients import patient

    return patient(one) | {"id": f"{one.facility}-{one.number}"}


def _times(call: Callable[[Any], object], values: list[Any]) -> list[float]:
    """Milliseconds of each call."""
    taken = []
    for one in values:
        begun = time.perf_counter()
        call(one)
        taken.append((time.perf_counter() - begun) * 1000)
    return taken


def _of_95(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=20)[-1]


def _on_sqlite(count: int) -> Figures:
    return in_node(partial(_fill_and_time, count=count), pinned=False)


def _on_postgres(count: int) -> Figures:
    from lienthong.config.drill.postgres import cluster

    with cluster(durable=True) as address:
        return in_node(partial(_fill_and_time, count=count), pinned=False, database=address)


def _rows() -> Iterator[None]:
    for count, long in ((SMALL, False), (PROVINCE, True)):
        for database, work in (("SQLite", _on_sqlite), ("PostgreSQL", _on_postgres)):
            shared = Shared(partial(work, count))
            limits = "reading the registrations that share a number or name, weighing each"
            for what, name, goal in (
                ("match a person, median", "median", 2.0),
                ("match a person, 95th percentile", "95", 10.0),
                ("… the same, asked for the first time, median", "first median", None),
                ("… the same, asked for the first time, 95th percentile", "first 95", None),
                ("register a person and link, median", "register median", None),
                ("register a person and link, 95th percentile", "register 95", None),
            ):
                run = shared.run if name == "median" else shared.read
                title = f"{what}, among {count:,} registrations, {database}"
                measure(title, " ms", limits, goal=goal, less=True, rounds=1, long=long)(partial(run, name))
            measure(
                f"fill the index with {count:,} registrations, {database}",
                "/s",
                "one transaction for 2,000",
                rounds=1,
                long=long,
            )(partial(shared.read, "fill"))
        yield None


for _ in _rows():
    pass
