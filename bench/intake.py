"""From a file to committed records at one site on one core; memory for a large file; bytes kept."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import postgres
from bench import machine, sources
from bench.nodes import Figures, Shared, in_node
from bench.registry import measure

DOSSIERS = 150
LARGE = 1_720
SINGLES = 60
_PARSE = "XML parse alone (outer, base64, inner)"


def _take(home: Path, warm: Path, path: Path) -> Figures:
    """One batch file; the process has loaded code lists and validators with another file before."""
    from lienthong.connectors.his_xml import intake, mapping
    from lienthong.connectors.his_xml.checks import check
    from lienthong.connectors.his_xml.reader import read_export

    intake.take(warm)
    before = _rows()
    cpu, wall = time.process_time(), time.perf_counter()
    export = intake.take(path)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    if export.stored != DOSSIERS:
        raise RuntimeError(f"{export.stored} of {DOSSIERS} dossiers were stored")
    source = mapping.Source("0" * 64, path.name)
    spent = {"read": 0.0, "check": 0.0, "map": 0.0}
    dossiers = read_export(path)
    made, last = 0, time.process_time()
    for dossier in dossiers:
        last = _add(spent, "read", last)
        check(dossier)
        last = _add(spent, "check", last)
        made += len(mapping.to_fhir(dossier, source))
        last = _add(spent, "map", last)
    shares = {name: 100 * seconds / cpu for name, seconds in spent.items()}
    return {
        "wall": DOSSIERS / wall,
        "cpu": DOSSIERS / cpu,
        "resources": made / cpu,
        "kilobytes": export.size / DOSSIERS / 1000,
        "made": made / DOSSIERS,
        "new": (_rows() - before) / DOSSIERS,
        **shares,
        "store": 100 - sum(shares.values()),
    }


def _add(spent: dict[str, float], name: str, last: float) -> float:
    now = time.process_time()
    spent[name] += now - last
    return now


def _rows() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM records_resource")
        return int(cursor.fetchone()[0])


def _taken(kilobytes: int = sources.KILOBYTES, database: str = "") -> Figures:
    work = partial(_take, warm=sources.batch(10, 77), path=sources.batch(DOSSIERS, 1, kilobytes))
    return in_node(work, database=database)


def _postgresql() -> Figures:
    with postgres.cluster() as address:
        return _taken(database=address)


_sqlite = Shared(_taken)
_smaller = Shared(lambda: _taken(sources.SMALLER))
_other = Shared(_postgresql)


@measure(
    "Intake: file to committed record, by the clock",
    " dossiers/s",
    "Python on one core, and whoever else uses the machine",
    goal=100,
    against=_PARSE,
)
def intake_wall() -> float:
    return _sqlite.run("wall")


@measure(
    "Intake, by processor time",
    " dossiers/s",
    "Python: mapping, and comparing and storing each resource",
    goal=100,
    against=_PARSE,
)
def intake_cpu() -> float:
    return _sqlite.read("cpu")


@measure("Intake: resources, by processor time", "/s", "as above", goal=6000)
def intake_resources() -> float:
    return _sqlite.read("resources")


@measure("Intake: a dossier's bytes in the batch file", " KB", "chosen near 58 KB from what is made")
def intake_kilobytes() -> float:
    return _sqlite.read("kilobytes")


@measure("Intake: resources made of a dossier", "", "how much is invented; every row of the tables counts")
def intake_made() -> float:
    return _sqlite.read("made")


@measure("Intake: resources new to the store", "", "staff, departments and hospitals are shared by dossiers")
def intake_new() -> float:
    return _sqlite.read("new")


@measure("Intake of smaller dossiers, by processor time", " dossiers/s", "as above", goal=100, against=_PARSE)
def smaller_cpu() -> float:
    return _smaller.run("cpu")


@measure("Intake of smaller dossiers, by the clock", " dossiers/s", "as above", goal=100, against=_PARSE)
def smaller_wall() -> float:
    return _smaller.read("wall")


@measure("… resources made of one", "", "chosen near 60")
def smaller_made() -> float:
    return _smaller.read("made")


@measure("… bytes of one in the batch file", " KB", "–")
def smaller_kilobytes() -> float:
    return _smaller.read("kilobytes")


if postgres.programs():

    @measure(
        "Intake on PostgreSQL (its flush to disk off), by the clock",
        " dossiers/s",
        "a round trip for each statement; the server has the other core",
        rounds=3,
    )
    def postgresql_wall() -> float:
        return _other.run("wall")

    @measure("… processor time of our process alone", " dossiers/s", "without the server's", rounds=3)
    def postgresql_cpu() -> float:
        return _other.read("cpu")


@measure("Share of intake: read", " %", "libxml2 and Python objects for each field")
def share_read() -> float:
    return _sqlite.read("read")


@measure("Share of intake: check", " %", "one test for each field")
def share_check() -> float:
    return _sqlite.read("check")


@measure("Share of intake: map to FHIR", " %", "Python dictionaries")
def share_map() -> float:
    return _sqlite.read("map")


@measure("Share of intake: validate, index, store, commit", " %", "SQLite's indexes, schema check, JSON")
def share_store() -> float:
    return _sqlite.read("store")


def _keep_large(home: Path, warm: Path, path: Path) -> Figures:
    from lienthong.connectors.his_xml import intake

    intake.take(warm)
    idle = machine.most_memory()
    export = intake.take(path)
    if export.stored != LARGE:
        raise RuntimeError(f"{export.stored} of {LARGE} dossiers were stored")
    return {
        "peak": machine.most_memory(),
        "above": machine.most_memory() - idle,
        "megabytes": export.size / 1e6,
    }


_large = Shared(
    lambda: in_node(partial(_keep_large, warm=sources.batch(10, 77), path=sources.batch(LARGE, 5)))
)


@measure(
    "Memory at most, taking a 100 MB file", " MB", "code lists and validators", goal=200, less=True, rounds=2
)
def memory_peak() -> float:
    return _large.run("peak")


@measure("… above the same process after a small file", " MB", "SQLite's page cache, one group", rounds=2)
def memory_above() -> float:
    return _large.read("above")


@measure("… size of that file", " MB", "–", rounds=2)
def memory_file() -> float:
    return _large.read("megabytes")


def _keep(home: Path, files: list[Path], count: int) -> Figures:
    """Database and blobs after a checkpoint, without what an empty node has."""
    from django.db import connection

    from lienthong.connectors.his_xml import intake

    def kept() -> tuple[int, int]:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        blobs = sum(path.stat().st_size for path in (home / "blobs").rglob("*") if path.is_file())
        return (home / "lienthong.sqlite3").stat().st_size, blobs

    empty = kept()
    sizes = [intake.take(path).size for path in files]
    database, blobs = (now - before for now, before in zip(kept(), empty, strict=True))
    return {
        "database": database / count / 1000,
        "blobs": blobs / count / 1000,
        "share": 100 * (database + blobs) / sum(sizes),
    }


_batch_kept = Shared(
    lambda: in_node(partial(_keep, files=[sources.batch(DOSSIERS, 1)], count=DOSSIERS), pinned=False)
)
_singles_kept = Shared(
    lambda: in_node(
        partial(_keep, files=sorted(sources.singles(SINGLES, 3).iterdir()), count=SINGLES), pinned=False
    )
)


@measure("Kept of a dossier that came in a batch: database", " KB", "indexes; JSON is compressed", rounds=1)
def batch_database() -> float:
    return _batch_kept.run("database")


@measure("Kept of a dossier that came in a batch: source", " KB", "zstd of base64", rounds=1)
def batch_blobs() -> float:
    return _batch_kept.read("blobs")


@measure("Kept against the source's bytes, batch", " %", "both above", rounds=1)
def batch_share() -> float:
    return _batch_kept.read("share")


@measure("Kept of a dossier that came alone: database", " KB", "as above", rounds=1)
def single_database() -> float:
    return _singles_kept.run("database")


@measure("Kept of a dossier that came alone: source", " KB", "as above", rounds=1)
def single_blobs() -> float:
    return _singles_kept.read("blobs")


@measure("Kept against the source's bytes, alone", " %", "both above", rounds=1)
def single_share() -> float:
    return _singles_kept.read("share")
