"""Index rows made anew are those that writing makes, also when the work is cut off in the middle."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

import fhir_calls
from lienthong.records import bulk, index, reindexing

pytestmark = pytest.mark.django_db(transaction=True)


def rows() -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    with connection.cursor() as cursor:
        for table in bulk.TABLES.values():
            cursor.execute(f"SELECT {', '.join(bulk.COLUMNS[table])} FROM records_{table}")
            found[table] = sorted(cursor.fetchall())
    return found


@pytest.fixture
def fresh(db: None) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of a store in which resources were made, changed and deleted."""
    his = fhir_calls.register("system/*.cruds")
    for n in range(12):
        who = {"resourceType": "Patient", "id": f"p{n}", "name": [{"family": "Vi", "given": ["Thụ"]}]}
        his.call("PUT", f"/Patient/p{n}", who | {"birthDate": "1958-03-02"})
        seen = {
            "resourceType": "Observation",
            "id": f"o{n}",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
            "subject": {"reference": f"Patient/p{n}"},
            "effectiveDateTime": "2026-01-02",
            "valueQuantity": {"value": 15.2, "unit": "g/dL"},
        }
        his.call("PUT", f"/Observation/o{n}", seen)
    his.call("PUT", "/Patient/p1", {"resourceType": "Patient", "id": "p1", "birthDate": "1990"})
    his.call("DELETE", "/Observation/o2")
    reindexing.bring_up()
    found = rows()
    assert all(found.values())
    return found


def outdated() -> None:
    """As a release leaves the store whose rows follow other rules."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE records_counter SET last = %s WHERE name = 'index'", (reindexing.RULES - 1,))
        cursor.execute("UPDATE records_token SET value = value + 1")
        cursor.execute("DELETE FROM records_link")


def test_rows_are_those_of_a_fresh_index(fresh: dict[str, Any]) -> None:
    assert reindexing.bring_up() == 0
    outdated()
    assert reindexing.bring_up() == 23
    assert rows() == fresh


def test_what_was_cut_off_goes_on(fresh: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    outdated()
    monkeypatch.setattr(reindexing, "_AT_ONCE", 5)
    made, calls = index.rows, 0

    def cut(resource: dict[str, Any]) -> index.Rows:
        nonlocal calls
        calls += 1
        if calls == 13:
            raise KeyboardInterrupt
        return made(resource)

    with monkeypatch.context() as cutting:
        cutting.setattr(index, "rows", cut)
        with pytest.raises(KeyboardInterrupt):
            reindexing.bring_up()
    assert rows() != fresh
    assert reindexing.bring_up() == 13
    assert rows() == fresh
