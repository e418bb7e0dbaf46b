"""Finding and registering one person: the time of ``identity.match`` and ``identity.register`` by size and database.

The index is filled with an invented province; who is looked for are further registrations of the same people. What
holds the numbers as written (``identity_number``, which matching does not read) and links are left out of the filling.
"""

from __future__ import annotations

import json as plain
import random
import statistics
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from bench import sources
from bench.nodes import Figures, Shared, in_node
from bench.registry import measure

SMALL, PROVINCE = 50_000, 2_000_000
_LOOKED_UP = 2_000
_REGISTERED = 500
_SEED = 2026


@cache
def _prepared(count: int) -> Path:
    """A file of the rows that so many registrations are in the index, and of registrations that are not in it."""
    from bench.identity.model import fields
    from bench.identity.registrations import arrivals
    from lienthong.identity import blocks
    from lienthong.identity.fields import pack

    made = arrivals(_SEED, count + _LOOKED_UP + _REGISTERED)
    apart = random.Random(1).sample(range(len(made)), _LOOKED_UP + _REGISTERED)  # noqa: S311
    new = [made[place] for place in apart]
    folder = sources.folder()
    (folder / f"new-{count}.jsonl").write_text(
        "".join(plain.dumps(_with_id(one)) + "\n" for one in new), "utf-8"
    )
    left_out = set(apart)
    path = folder / f"index-{count}.tsv"
    with path.open("w", encoding="utf-8") as file:
        for place, one in enumerate(made):
            if place not in left_out:
                read = fields(one)
                keys = " ".join(str(key) for _, key in blocks.blocks(read))
                file.write(
                    "\t".join((one.facility, f"{one.facility}-{one.number}", pack(read), one.name, keys))
                    + "\n"
                )
    return path


def _rows_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    with path.open(encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            yield number, line.rstrip("\n").split("\t")


def _fill(path: Path) -> None:
    """Puts the rows into the tables that matching reads, in the order of their keys, as an import in bulk would."""
    from django.db import connection, transaction

    registered = ((n, r[0], r[1], n, r[2], r[3] + "\x1f") for n, r in _rows_of(path))
    keys = ((int(key), n) for n, r in _rows_of(path) for key in dict.fromkeys(r[4].split()))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE loaded (block BIGINT, registration BIGINT)")
        if connection.vendor == "sqlite":
            cursor.cursor.connection.executemany(
                f"{_INTO_REGISTRATION} VALUES (?, ?, ?, ?, ?, ?)", registered
            )
            cursor.cursor.connection.executemany("INSERT INTO loaded VALUES (?, ?)", keys)
        else:
            for table, rows in ((_REGISTRATION, registered), ("loaded", keys)):
                with cursor.cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
            cursor.execute(
                "SELECT setval('identity_registration_id_seq', (SELECT MAX(id) FROM identity_registration))"
            )
        cursor.execute(
            "INSERT INTO identity_key SELECT block, registration FROM loaded ORDER BY block, registration"
        )
        cursor.execute("DROP TABLE loaded")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


_REGISTRATION = "identity_registration (id, facility, fhir_id, person, fields, shown)"
_INTO_REGISTRATION = f"INSERT INTO {_REGISTRATION}"


def _fill_and_time(home: Path, *, path: Path, count: int) -> Figures:
    from lienthong.access.audit import Actor
    from lienthong.identity import index, registering

    _fill(path)
    lines = path.with_name(f"new-{count}.jsonl").read_text("utf-8").splitlines()
    new: list[dict[str, Any]] = [plain.loads(line) for line in lines]
    wanted = new[:_LOOKED_UP]
    first = _times(lambda one: index.match(one), wanted)
    again = _times(lambda one: index.match(one), wanted)
    actor = Actor("system:bench", "bench")

    def register(one: dict[str, Any]) -> None:
        registering.register(one, one["id"].partition("-")[0], actor)

    entered = _times(register, new[_LOOKED_UP:])
    return {
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
    return in_node(partial(_fill_and_time, path=_prepared(count), count=count), pinned=False)


def _on_postgres(count: int) -> Figures:
    from lienthong.config.drill.postgres import cluster

    with cluster(durable=True) as address:
        return in_node(
            partial(_fill_and_time, path=_prepared(count), count=count), pinned=False, database=address
        )


def _enter() -> None:
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


_enter()
