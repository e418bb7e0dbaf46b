"""The store: versions, search rows, merging, deletion, packs, audit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from lienthong import records
from lienthong.access import audit
from lienthong.records import bulk, index, keys

pytestmark = pytest.mark.django_db
ACTOR = audit.system("test")


def patient(
    id: str = "p1", name: str = "TRẦN THỊ ÁNH", born: str = "1960-03-02", *numbers: str
) -> dict[str, Any]:
    identifiers = [{"system": "urn:n", "value": number} for number in numbers or ("024160999999",)]
    return {
        "resourceType": "Patient",
        "id": id,
        "identifier": identifiers,
        "name": [{"text": name}],
        "birthDate": born,
    }


def observation(
    id: str, value: str, at: str = "2025-01-12T07:15:00+07:00", *, secret: bool = False
) -> dict[str, Any]:
    resource: dict[str, Any] = {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": [{"system": "urn:c", "code": "WBC"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": at,
        "valueQuantity": {"value": Decimal(value), "unit": "G/L"},
    }
    if secret:
        resource["meta"] = {"security": [{"code": "R"}]}
    return resource


def store(
    *resources: dict[str, Any], origin: str = "o", moment: str = "2025", **more: Any
) -> records.Outcome:
    with transaction.atomic():
        return records.transact(resources, origin=origin, actor=ACTOR, moment=moment, **more)


def index_rows() -> set[tuple[Any, ...]]:
    """Kind of row, then its columns."""
    found: set[tuple[Any, ...]] = set()
    with connection.cursor() as cursor:
        for kind, table in bulk.TABLES.items():
            cursor.execute(f"SELECT {', '.join(bulk.COLUMNS[table])} FROM records_{table}")
            found |= {(kind, *row) for row in cursor.fetchall()}
    return found


@pytest.mark.django_db(transaction=True)
def test_writes_only_inside_the_callers_transaction() -> None:
    with pytest.raises(RuntimeError):
        records.transact([patient()], origin="o", actor=ACTOR)


def test_what_is_stored_comes_back_with_decimals_and_version() -> None:
    outcome = store(patient(), observation("a", "15.20"))
    assert (outcome.created, outcome.updated, outcome.unchanged) == (2, 0, 0)
    stored = records.read("Observation", "a")
    assert stored is not None
    assert str(stored.resource["valueQuantity"]["value"]) == "15.20"
    assert stored.resource["meta"]["versionId"] == "1"
    assert stored.moment == "2025-01-12T00:15:00Z"


def test_the_same_content_again_makes_no_version_and_the_same_hash() -> None:
    first = store(patient(), observation("a", "15.2"))
    second = store(patient(), observation("a", "15.2"))
    assert (second.created, second.updated, second.unchanged, second.hash) == (0, 0, 2, first.hash)
    assert len(records.history("Observation", "a")) == 1


def test_a_change_keeps_the_old_version() -> None:
    store(patient(), observation("a", "15.2"))
    store(patient(), observation("a", "9.8"))
    newest, oldest = records.history("Observation", "a")
    assert (newest.version, oldest.version) == (2, 1)
    assert str(oldest.resource["valueQuantity"]["value"]) == "15.2"


def test_a_whole_origin_loses_what_the_new_set_no_longer_holds() -> None:
    store(patient(), observation("a", "1"), observation("b", "2"))
    outcome = store(patient(), observation("a", "1"))
    assert outcome.deleted == 1
    assert records.read("Observation", "b") is None
    assert records.read("Patient", "p1") is not None
    assert [s.deleted for s in records.history("Observation", "b")] == [True, False]
    assert store(patient(), observation("a", "1"), observation("b", "2")).updated == 1
    assert records.read("Observation", "b") is not None


def test_a_partial_set_deletes_nothing() -> None:
    store(patient(), observation("a", "1"), observation("b", "2"))
    store(patient(), observation("a", "3"), complete=False)
    assert records.read("Observation", "b") is not None


def test_an_older_dossier_adds_identifiers_but_not_facts() -> None:
    store(patient("p1", "TRẦN THỊ ÁNH", "1960-03-02", "2"), origin="new", moment="2025-02")
    store(patient("p1", "TRẦN THỊ ANH", "1961", "1"), origin="old", moment="2025-01")
    stored = records.read("Patient", "p1")
    assert stored is not None
    assert stored.resource["birthDate"] == "1960-03-02"
    assert {i["value"] for i in stored.resource["identifier"]} == {"1", "2"}


@pytest.mark.parametrize(
    "text",
    ["024160999999", "tran thi anh", "Ánh Trần", "tran 1960", "Ánh 02/03/1960", "anh tr", "1960-03 anh"],
)
def test_a_person_is_found_by(text: str) -> None:
    store(patient(), patient("p2", "NGUYỄN VĂN BÌNH", "1950", "001050000001"))
    assert [s.id for s in records.find_patients(text)] == ["p1"]


@pytest.mark.parametrize("text", ["", "  ", "1960", "02416099999", "tran binh", "%", "_"])
def test_a_person_is_not_found_by(text: str) -> None:
    store(patient())
    assert records.find_patients(text) == []


def test_index_rows_follow_every_change() -> None:
    store(patient("p1", "TRẦN THỊ ÁNH", "1960", "1"), observation("a", "1"))
    store(patient("p1", "LÊ THỊ ÁNH", "1960", "1"), origin="o2")
    assert records.find_patients("tran") == []
    assert [s.id for s in records.find_patients("le anh")] == ["p1"]
    store(origin="o")
    patients = {keys.param("Patient", code) for code in index.parameters("Patient")}
    assert all(
        {row[1], row[2]} & patients or row[1] == keys.param("Patient", "number") for row in index_rows()
    )


def test_restricted_content_is_given_only_when_asked_for() -> None:
    store(patient(), observation("a", "1"), observation("b", "2", secret=True))
    assert {s.ref for s in records.for_patient("p1", ["Observation"])} == {"Observation/a"}
    assert len(records.for_patient("p1", ["Observation"], with_restricted=True)) == 2
    assert records.restricted_count("p1") == 1


def test_all_of_a_code_newest_first() -> None:
    store(patient(), observation("a", "1", "2025-01-01"), observation("b", "2", "2025-02-01"))
    store(observation("s", "3", "2025-03-01", secret=True), origin="secret")
    assert [s.id for s in records.with_code("p1", "Observation", "urn:c", "WBC")] == ["b", "a"]
    assert [s.id for s in records.with_code("p1", "Observation", "urn:c", "WBC", limit=1)] == ["b"]
    assert records.with_code("p1", "Observation", "urn:c", "HGB") == []


def test_a_patients_record_is_bounded_by_time_and_number() -> None:
    days = [observation(f"d{n}", "1", f"2025-01-{n:02d}") for n in range(1, 11)]
    store(patient(), *days)
    newest = records.for_patient("p1", ["Observation"], limit=2)
    assert [s.id for s in newest] == ["d10", "d9"]
    since = records.for_patient("p1", ["Observation"], since="2025-01-08T00:00:00Z")
    assert {s.id for s in since} == {"d9", "d10"}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"status": "nearly"}, "Observation.status"),
        ({"status": None}, "Observation.status"),
        ({"colour": "red"}, "Observation.colour"),
        ({"effectiveDateTime": "12/01/2025"}, "Observation.effectiveDateTime"),
        ({"contained": [{"resourceType": "Patient", "gender": "x"}]}, "Observation.contained[0].gender"),
        ({"resourceType": "Observatio"}, "Observatio.resourceType"),
        ({"id": "a/b"}, "Observation.id"),
    ],
)
def test_invalid_resources_are_refused_whole(change: dict[str, Any], path: str) -> None:
    bad = {name: value for name, value in {**observation("b", "1"), **change}.items() if value is not None}
    with pytest.raises(records.InvalidResource) as caught:
        store(patient(), bad)
    assert caught.value.problem.where["path"] == path
    assert records.read("Patient", "p1") is None


def test_every_write_is_in_the_audit_trail() -> None:
    store(patient(), observation("a", "1"))
    event = audit.seen_by("p1")[0]
    assert (event.action, event.page, event.detail["created"]) == ("store", "o", 2)
    assert audit.broken_at() is None


class Histories(TestCase):
    """Whatever is written in whatever order: versions count up, search rows equal those of what now stands."""

    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["o1", "o2"]),
                st.booleans(),
                st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3), max_size=4),
            ),
            max_size=6,
        )
    )
    def test_any_sequence_of_writes(self, writes: list[tuple[str, bool, dict[str, int]]]) -> None:
        expected: dict[str, tuple[str, int]] = {}
        versions: dict[str, int] = {}
        for origin, complete, content in writes:
            store(
                patient(),
                *(observation(k, str(v)) for k, v in content.items()),
                origin=origin,
                complete=complete,
            )
            for key, value in content.items():
                if expected.get(key, ("", None))[1] != value:
                    versions[key] = versions.get(key, 0) + 1
                    expected[key] = (origin, value)
            if complete:
                for key in [k for k, (o, _) in expected.items() if o == origin and k not in content]:
                    del expected[key]
                    versions[key] += 1
        for key, (_, value) in expected.items():
            stored = records.read("Observation", key)
            assert stored is not None
            assert stored.resource["valueQuantity"]["value"] == value
            assert stored.version == versions[key]
        assert records.count("Observation") == len(expected)
        with connection.cursor() as cursor:
            cursor.execute("SELECT ref, id FROM records_resource WHERE deleted = 0")
            numbers = dict(cursor.fetchall())
        wanted = {
            (kind, *row, number)
            for ref, number in numbers.items()
            for kind, rows in index.rows(records.read_many([ref])[ref].resource)._asdict().items()
            for row in rows
        }
        assert index_rows() == wanted


def appointment(id: str, day: str, *, secret: bool = False) -> dict[str, Any]:
    made: dict[str, Any] = {
        "resourceType": "Appointment",
        "id": id,
        "status": "proposed",
        "participant": [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}],
        "requestedPeriod": [{"start": day, "end": day}],
    }
    if secret:
        made["meta"] = {"security": [{"code": "R"}]}
    return made


def test_appointments_are_found_by_their_day_in_viet_nam() -> None:
    late = appointment("a2", "2025-02-03T18:30:00Z")  # 4 February, 01:30 in Viet Nam
    store(patient(), appointment("a1", "2025-02-03"), late, appointment("a3", "2025-02-03", secret=True))
    assert [a.id for a in records.appointments("2025-02-03", "2025-02-03")] == ["a1"]
    assert [a.id for a in records.appointments("2025-02-01", "2025-02-28")] == ["a1", "a2"]
    store(patient(), late)  # the set as a whole: the others are gone
    assert [a.id for a in records.appointments("2025-02-01", "2025-02-28")] == ["a2"]
    store(patient(), appointment("a2", "2025-03-03"))
    assert [a.id for a in records.appointments("2025-02-01", "2025-02-28")] == []
