"""The FHIR door in the table: one site on PostgreSQL with ten thousand resources."""

from __future__ import annotations

from bench import fhir
from bench.nodes import Shared
from bench.registry import measure

_SIZE = fhir.SIZES[0]
_site = Shared(lambda: fhir.grow("postgresql", (_SIZE,))[_SIZE])


@measure(
    "FHIR: resources imported through HTTP, transactions in Synthea's shape, PostgreSQL",
    "/s",
    "Python: validation, references, index rows; the load and PostgreSQL share the cores",
    goal=4000,
    rounds=1,
)
def imported() -> float:
    return _site.run("import")


@measure("… processor time for one", " ms", "node and database together", rounds=1)
def imported_spent() -> float:
    return _site.read("import, ms of processor")


@measure("FHIR: creates, 32 clients", "/s", "the flush, and Python", goal=1700, rounds=1)
def created() -> float:
    return _site.read("create, 32 clients")


@measure(
    "FHIR: reads, 32 clients", "/s", "each read's audit row is durable before the answer", goal=6000, rounds=1
)
def read() -> float:
    return _site.read("read, 32 clients")


@measure(
    f"FHIR: search mix over {_SIZE:,} resources, 1 client: 95 of 100 are faster than",
    " ms",
    "Python and the audit row's flush; the goal is for a million",
    goal=15,
    less=True,
    rounds=1,
)
def searched() -> float:
    return _site.read("search, 1 clients, p95 ms")


@measure("FHIR: $everything of one patient, median", " ms", "500 resources a page", rounds=1)
def everything() -> float:
    return _site.read("$everything: p50 ms")
