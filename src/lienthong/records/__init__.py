"""Clinical records: FHIR R4 store, search, summary. ``transact`` is the only writer of clinical data."""

from __future__ import annotations

from lienthong.records.reading import (
    Arrival,
    Stored,
    appointments,
    arrivals,
    count,
    fetch,
    find_patients,
    for_patient,
    history,
    of_origin,
    origins,
    patients_numbered,
    read,
    read_many,
    removed,
    restricted_count,
    with_code,
)
from lienthong.records.validation import InvalidResource
from lienthong.records.writing import Done, Entry, Outcome, Writer, transact

__all__ = [
    "Arrival",
    "Done",
    "Entry",
    "InvalidResource",
    "Outcome",
    "Stored",
    "Writer",
    "appointments",
    "arrivals",
    "count",
    "fetch",
    "find_patients",
    "for_patient",
    "history",
    "of_origin",
    "origins",
    "patients_numbered",
    "read",
    "read_many",
    "removed",
    "restricted_count",
    "transact",
    "with_code",
]
