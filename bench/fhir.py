"""The FHIR door of one site under load: import, create, read, search, ``$everything``, while the store grows.

``python -m bench.fhir --sizes 10000 100000 1000000`` measures both databases and prints the tables of
``docs/reference/benchmarks-fhir.md``; ``make bench`` takes the smallest size. With ``--stores FOLDER`` each size is a
store that is made there once without HTTP (:mod:`bench.fhir_store`), stays, and is measured in a copy.
``LIENTHONG_SYNTHEA`` may name a folder with Synthea's own bundles, whose import is then measured too.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
import urllib.parse
import uuid
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

import fhir_door
import postgres
import synthea_shaped
from bench import fhir_store, load, machine, province
from bench.nodes import Figures

SIZES = (10_000, 100_000, 1_000_000)
CLIENTS = (1, 8, 32)
IMPORTERS = 4
SECONDS = 3.0
COLD_CALLS = 60
KIND_CALLS = 120
"""Of each kind of search alone."""
_PATIENCE = 120
HTTP = 10_000
"""Resources that are imported through HTTP into a store that was made without."""
_STRETCH = 150_000
_PAGE = 500
_PATIENTS = 2_000
_LOINC = "http://loinc.org"
_SNOMED = "http://snomed.info/sct"
_PROCESSES = {"sqlite": 1, "postgresql": 2}
"""Web processes: PostgreSQL lets several write at one time."""


class Site:
    """A site at work, and what of it can be asked."""

    def __init__(self, home: Path, door: fhir_door.Door, address: str) -> None:
        self.home = home
        self.door = door
        self.address = address
        self.port = int(urllib.parse.urlsplit(door.base).port or 0)
        self.patients: list[str] = []

    def token(self) -> str:
        """A fresh access token."""
        answer = self.door.client.ask_token()
        return str(answer.body["access_token"])

    def learn(self) -> None:
        """Which patients there are; asked of the database, so that the node has read nothing yet."""
        newest = f"SELECT ref FROM records_resource WHERE type = 'Patient' ORDER BY id DESC LIMIT {_PATIENTS}"  # noqa: S608
        if self.address:
            with psycopg.connect(self.address) as database:
                rows = database.execute(newest.encode()).fetchall()
        else:
            path = self.home / "lienthong.sqlite3"
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as embedded:
                rows = embedded.execute(newest).fetchall()
        self.patients = [ref.partition("/")[2] for (ref,) in rows]

    def forget(self) -> None:
        """Drops the database's files from the system's memory; of its own PostgreSQL keeps what it has."""
        folders = [self.home]
        if self.address:
            with psycopg.connect(self.address, autocommit=True) as database:
                database.execute(b"CHECKPOINT")
                found = database.execute(b"SHOW data_directory").fetchone()
                folders.append(Path(found[0] if found else self.home))
        os.sync()
        for path in (path for folder in folders for path in folder.rglob("*") if path.is_file()):
            with contextlib.suppress(OSError), path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def transactions(token: str, first: int, resources: int) -> Iterator[bytes]:
    """Invented patients, a transaction each."""
    for bundle in synthea_shaped.population(resources, visits=fhir_store.VISITS, first=first):
        yield load.request("POST", "/fhir", token, json.dumps(bundle, ensure_ascii=False).encode())


def given_bundles(token: str, folder: str) -> Iterator[bytes]:
    """The transactions of a folder that Synthea wrote; those of places and practitioners first."""
    paths = sorted(Path(folder).glob("*.json"), key=lambda path: ("Information" not in path.name, path.name))
    for path in paths:
        yield load.request("POST", "/fhir", token, path.read_bytes())


def creates(token: str) -> Iterator[bytes]:
    """Weights of nobody, one by one."""
    for number in itertools.count():
        body = {
            "resourceType": "Observation",
            "status": "final",
            "category": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                            "code": "vital-signs",
                        }
                    ]
                }
            ],
            "code": {"coding": [{"system": _LOINC, "code": "29463-7", "display": "Body weight"}]},
            "identifier": [{"system": "urn:example:bench", "value": uuid.uuid4().hex}],
            "effectiveDateTime": "2025-02-16T08:30:00+07:00",
            "valueQuantity": {
                "value": 40 + number % 500 / 10,
                "unit": "kg",
                "system": "http://unitsofmeasure.org",
                "code": "kg",
            },
        }
        yield load.request("POST", "/fhir/Observation", token, json.dumps(body).encode())


def reads(token: str, patients: Sequence[str]) -> Iterator[bytes]:
    """Patients at random, endlessly."""
    chance = random.Random(3)  # noqa: S311 - a load, no secret
    while True:
        yield load.request("GET", f"/fhir/Patient/{chance.choice(patients)}", token)


def searches(
    token: str, patients: Sequence[str], kinds: Sequence[str] = (), seed: int = 4
) -> Iterator[bytes]:
    """The search mix, in turn and endlessly; ``kinds`` of :data:`MIX` alone when given."""
    chance = random.Random(seed)  # noqa: S311 - a load, no secret
    for name in itertools.cycle(kinds or MIX):
        kind, query = MIX[name]
        words = {
            "patient": chance.choice(patients),
            "number": f"{chance.randrange(1, len(patients) + 1):012d}",
            "letters": chance.choice(("ng", "tr", "vi", "ho", "thu", "la", "do")),
            "loinc": chance.choice(("8302-2", "29463-7", "8867-4", "2339-0", "718-7")),
            "disorder": chance.choice(("59621000", "44054006", "10509002")),
            "year": chance.randrange(2015, 2019),
            "month": chance.randrange(1, 13),
        }
        pairs = [(key, value.format(**words)) for key, value in query]
        yield load.request("GET", f"/fhir/{kind}?{urllib.parse.urlencode(pairs)}", token)


def everything(token: str, patients: Sequence[str], calls: int) -> Iterator[bytes]:
    """Whole records of patients at random."""
    chance = random.Random(5)  # noqa: S311 - a load, no secret
    for _ in range(calls):
        yield load.request(
            "GET", f"/fhir/Patient/{chance.choice(patients)}/$everything?_count={_PAGE}", token
        )


MIX: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "name prefix": ("Patient", (("name", "{letters}"), ("_count", "20"))),
    "identifier": ("Patient", (("identifier", f"{synthea_shaped.PERSON}|{{number}}"),)),
    "patient, code, date": (
        "Observation",
        (
            ("patient", "{patient}"),
            ("code", f"{_LOINC}|{{loinc}}"),
            ("date", "ge2015-06-01"),
            ("_sort", "-date"),
            ("_count", "20"),
        ),
    ),
    "code, value-quantity": (
        "Observation",
        (("code", f"{_LOINC}|2339-0"), ("value-quantity", "gt175"), ("_count", "20")),
    ),
    "code, newest first": (
        "Condition",
        (("code", f"{_SNOMED}|{{disorder}}"), ("_sort", "-recorded-date"), ("_count", "20")),
    ),
    "_include": (
        "Encounter",
        (("patient", "{patient}"), ("_include", "Encounter:practitioner"), ("_count", "20")),
    ),
    "_revinclude": (
        "Encounter",
        (("patient", "{patient}"), ("_revinclude", "Observation:encounter"), ("_count", "2")),
    ),
    "chained": (
        "Observation",
        (
            ("patient.identifier", f"{synthea_shaped.PERSON}|{{number}}"),
            ("code", f"{_LOINC}|{{loinc}}"),
            ("_count", "20"),
        ),
    ),
    "_has": (
        "Patient",
        (("name", "{letters}"), ("_has:Condition:patient:code", f"{_SNOMED}|{{disorder}}"), ("_count", "20")),
    ),
    "date of a month": (
        "Encounter",
        (("date", "{year}-{month:02d}"), ("_sort", "date"), ("_count", "20")),
    ),
    "_lastUpdated": ("Observation", (("_lastUpdated", "gt2025-01-01"), ("_count", "50"))),
}


def measure(site: Site, before: int, size: int) -> Figures:
    """Grows the store from ``before`` resources to ``size`` through HTTP, then puts each load on it.

    Rates are a second by the clock. ``… ms of processor`` is what node and database need for one call, which says more
    than the clock on a machine that does other work too: a core gives 1,000 ms a second.
    """
    found: Figures = {}
    if not before:
        places = json.dumps(synthea_shaped.hospitals()).encode()
        once = partial(iter, [load.request("POST", "/fhir", site.token(), places)])
        load.drive(site.port, once, 1).demand(200)
    else:
        site.learn()
        found |= cold(site)
    each = fhir_store.EACH
    first, made, seconds, spent = before // each + 2, 0, 0.0, 0.0
    while made < size - before:
        stretch = min(_STRETCH, size - before - made)
        calls = partial(transactions, site.token(), first, stretch)
        part, used = _spending(site, calls, IMPORTERS, 0.0, 200)
        made += len(part.times) * each
        first += len(part.times)
        seconds += part.seconds
        spent += used
    found |= {"import": made / seconds, "import, ms of processor": 1000 * spent / made}
    found["memory after import, MB"] = site_memory(site)
    settle(site)
    site.learn()
    if not before:
        found |= cold(site)
    for clients in CLIENTS:
        loads: dict[str, tuple[load.Calls, int]] = {
            "create": (partial(creates, site.token()), 201),
            "read": (partial(reads, site.token(), site.patients), 200),
            "search": (partial(searches, site.token(), site.patients), 200),
        }
        for name, (load_calls, status) in loads.items():
            done, used = _spending(site, load_calls, clients, SECONDS, status)
            if name == "create":
                settle(site)
            found |= {
                f"{name}, {clients} clients": done.rate,
                f"{name}, {clients} clients, p50 ms": done.part(50),
                f"{name}, {clients} clients, p95 ms": done.part(95),
                f"{name}, {clients} clients, ms of processor": 1000 * used / len(done.times),
            }
    for name in MIX:
        alone = partial(_some, site.token(), site.patients, KIND_CALLS, [name])
        done, used = _spending(site, alone, 1, 0.0, 200)
        found |= {
            f"{name}: p50 ms": done.part(50),
            f"{name}: p95 ms": done.part(95),
            f"{name}: ms of processor": 1000 * used / len(done.times),
        }
    done, used = _spending(site, partial(everything, site.token(), site.patients, 40), 1, 0.0, 200)
    found |= {
        "$everything: p50 ms": done.part(50),
        "$everything: p95 ms": done.part(95),
        "$everything: ms of processor": 1000 * used / len(done.times),
    }
    found["memory, MB"] = site_memory(site)
    return found


def _spending(
    site: Site, calls: load.Calls, clients: int, seconds: float, status: int
) -> tuple[load.Load, float]:
    """A load, and the processor seconds that node and database used for it."""
    before = province.processor_seconds()
    done = load.drive(site.port, calls, clients, seconds).demand(status)
    return done, province.processor_seconds() - before


def cold(site: Site) -> Figures:
    """The search mix right after the database's pages were dropped from memory."""
    site.forget()
    calls = partial(_some, site.token(), site.patients, COLD_CALLS)
    done = load.drive(site.port, calls, 1).demand(200)
    return {"search, cold, p50 ms": done.part(50), "search, cold, p95 ms": done.part(95)}


def _some(token: str, patients: Sequence[str], calls: int, kinds: Sequence[str] = ()) -> Iterator[bytes]:
    return itertools.islice(searches(token, patients, kinds, seed=6), calls)


def settle(site: Site) -> None:
    """Waits until the node has read what was stored lately, for the identity index, and rests."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        before = province.processor_seconds()
        time.sleep(1)
        if province.processor_seconds() - before < 0.1:
            return


def site_memory(site: Site) -> float:
    """MB of the node's processes."""
    return province.memory({site.door.process.pid, *province.family(site.door.process.pid)})


@contextlib.contextmanager
def at_work(database: str, stores: Path | None = None, size: int = 0) -> Iterator[Site]:
    """A site on ``sqlite`` or ``postgresql``, durable, in a folder of its own.

    Args:
        stores: where the kept store is of which it begins as a copy; without, it is empty.
        size: of that store.
    """
    with contextlib.ExitStack() as running:
        home = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="lienthong-bench-")))
        address = ""
        if stores:
            shutil.copytree(stores / f"{database}-{size}", home, dirs_exist_ok=True)
        if database == "postgresql":
            kept = stores / "cluster" if stores else None
            cluster = running.enter_context(postgres.cluster(durable=True, kept=kept))
            template = f"store_{size}" if stores else "template1"
            address = running.enter_context(fhir_door.database(cluster, template))
        door = running.enter_context(fhir_door.running(home, address, processes=_PROCESSES[database]))
        yield Site(home, door, address)


def keep(database: str, stores: Path, size: int) -> None:
    """Makes a store of about so many resources, unless it is there."""
    home = stores / f"{database}-{size}"
    if home.exists():
        return
    with contextlib.ExitStack() as running:
        address = ""
        if database == "postgresql":
            cluster = running.enter_context(postgres.cluster(durable=True, kept=stores / "cluster"))
            address = f"{cluster.rpartition('/')[0]}/store_{size}"
            with psycopg.connect(cluster, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS store_{size}".encode())
                connection.execute(f"CREATE DATABASE store_{size}".encode())
        making = stores / f"making-{database}-{size}"
        shutil.rmtree(making, ignore_errors=True)
        fhir_store.make(making, address, size // fhir_store.EACH)
        making.rename(home)


def grow(database: str, sizes: Sequence[int], stores: Path | None = None) -> dict[int, Figures]:
    """Figures at each size: of one store that grows, or of kept ones."""
    found: dict[int, Figures] = {}
    if stores:
        for size in sizes:
            keep(database, stores, size)
            with at_work(database, stores, size) as site:
                found[size] = measure(site, size, size + HTTP)
            _tell(database, size, found[size])
        return found
    with at_work(database) as site:
        for before, size in itertools.pairwise((0, *sizes)):
            found[size] = measure(site, before, size)
            _tell(database, size, found[size])
        folder = os.environ.get("LIENTHONG_SYNTHEA", "")
        if folder:
            calls = partial(given_bundles, site.token(), folder)
            done = load.drive(site.port, calls, IMPORTERS).demand(200)
            entries = sum(len(json.loads(path.read_bytes())["entry"]) for path in Path(folder).glob("*.json"))
            found[sizes[-1]]["import of given bundles"] = entries / done.seconds
    return found


def _tell(database: str, size: int, figures: Figures) -> None:
    load_average = os.getloadavg()[0]
    print(f"{database} {size} load {load_average:.0f} {json.dumps(figures)}", file=sys.stderr, flush=True)


def table(figures: dict[str, dict[int, Figures]]) -> str:
    """All figures as Markdown: a row for each, a column for each database and size."""
    columns = [(database, size) for database, sizes in figures.items() for size in sizes]
    rows = dict.fromkeys(name for database, size in columns for name in figures[database][size])
    lines = [
        "| | " + " | ".join(f"{database} {size:,}" for database, size in columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for name in rows:
        cells = [_cell(figures[database][size].get(name)) for database, size in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.fhir", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES[:2]))
    parser.add_argument(
        "--databases", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite", "postgresql"]
    )
    parser.add_argument("--stores", type=Path)
    options: Any = parser.parse_args(words)
    print(machine.description(), flush=True)
    print(table({name: grow(name, options.sizes, options.stores) for name in options.databases}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
