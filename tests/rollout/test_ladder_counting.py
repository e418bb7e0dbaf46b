"""A hospital counts what its systems bring: from export files to hours."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from lienthong import records
from lienthong.access import audit
from lienthong.connectors.his_xml import intake
from lienthong.connectors.his_xml.make import envelope, make_dossiers
from lienthong.facilities import directory
from lienthong.foundation import clock, json
from lienthong.rollout.feeds import counting, message, tally
from lienthong.rollout.feeds.models import FeedCounting, FeedHour

pytestmark = pytest.mark.django_db
DAY = date(2025, 2, 3)
ACTOR = audit.system("test")


@pytest.fixture(autouse=True)
def site(node_home: Path, settings: Any) -> None:
    settings.NODE = replace(settings.NODE, facility="24011")
    directory.load_known()


def take(folder: Path, name: str, dossiers: list[Any]) -> None:
    path = folder / name
    path.write_bytes(envelope(dossiers, DAY))
    assert intake.take(path).refused == 0


def made(count: int, seed: int = 1) -> list[Any]:
    return list(make_dossiers(count, seed, start=DAY, end=DAY, transfers=0))


def sums(feed: str) -> tuple[int, int]:
    rows = FeedHour.objects.filter(feed=feed)
    return sum(row.fresh for row in rows), sum(row.again for row in rows)


def fields(feed: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in FeedHour.objects.filter(feed=feed):
        for name, (filled, of) in row.fields.items():
            held = found.setdefault(name, [0, 0])
            found[name] = [held[0] + filled, held[1] + of]
    return found


def visit(number: int, *, end: bool = True, **more: Any) -> list[dict[str, Any]]:
    """A patient and a visit with a laboratory result and an imaging report."""
    at = f"2025-02-{3 + number % 5:02d}T08:30:00+07:00"
    category = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}
    service = {"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD"}
    shared = {
        "subject": {"reference": f"Patient/p{number}"},
        "encounter": {"reference": f"Encounter/e{number}"},
    }
    return [
        {"resourceType": "Patient", "id": f"p{number}", "birthDate": "1960"},
        {
            "resourceType": "Encounter",
            "id": f"e{number}",
            "status": "finished" if end else "in-progress",
            "class": {"code": "AMB"},
            "subject": shared["subject"],
            "period": {"start": at, **({"end": at} if end else {})},
        },
        {
            "resourceType": "Observation",
            "id": f"o{number}",
            "status": "final",
            "category": [{"coding": [category]}],
            "code": {"text": "Bạch cầu }{ máu", "coding": [{"system": "urn:c", "code": "WBC"}]},
            "effectiveDateTime": at,
            "valueQuantity": {"value": 5 + number},
            **shared,
        }
        | more,
        {
            "resourceType": "DiagnosticReport",
            "id": f"r{number}",
            "status": "final",
            "category": [{"coding": [service]}],
            "code": {"text": "X-quang ngực"},
            "issued": at,
            **shared,
        },
    ]


def store(origin: str, resources: list[dict[str, Any]]) -> None:
    with transaction.atomic():
        records.transact(resources, origin=origin, actor=ACTOR)


def test_what_a_his_exports_is_counted_by_feed_and_by_day(tmp_path: Path) -> None:
    take(tmp_path, "a.xml", made(30))
    assert counting.count() > 0
    assert sums("HIS") == (30, 0)
    laboratory = _stored("Observation", "laboratory")
    assert sums("LIS") == (laboratory, 0)
    assert laboratory > 30
    days: Counter[str] = Counter()
    for row in FeedHour.objects.filter(feed="HIS"):
        days.update(row.days)
    assert sum(days.values()) == 30
    assert set(days) <= {(DAY + timedelta(days=n)).isoformat() for n in range(-40, 40)}
    filled, of = fields("HIS")["citizen"]
    assert 0 < filled <= of
    assert 30 <= of <= 35  # and mothers
    assert fields("HIS")["discharge"] == [30, 30]
    assert fields("LIS")["range"] == [0, laboratory]


def _stored(type: str, code: str) -> int:
    found = 0
    after = 0
    while arrivals := records.arrivals(after, 50):
        after = arrivals[-1].number
        found += sum(
            one["resourceType"] == type and f'"{code}"' in json.dumps(one).decode()
            for arrival in arrivals
            for one in arrival.resources
        )
    return found


def test_the_same_file_again_brings_nothing_and_a_changed_dossier_comes_again() -> None:
    store("his-xml/24011/LK1", visit(1))
    counting.count()
    store("his-xml/24011/LK1", visit(1))
    counting.count()
    assert (sums("HIS"), sums("LIS"), sums("PACS")) == ((1, 0), (1, 0), (1, 0))
    store("his-xml/24011/LK1", visit(1, valueQuantity={"value": 9}))
    counting.count()
    assert (sums("HIS"), sums("LIS"), sums("PACS")) == ((1, 1), (1, 1), (1, 0))


def test_counted_late_first_and_later_versions_are_still_told_apart() -> None:
    store("his-xml/24011/LK1", visit(1, end=False))
    store("his-xml/24011/LK1", visit(1))
    store("his-xml/24011/LK2", visit(2))
    counting.count()
    assert sums("HIS") == (2, 1)
    assert fields("HIS")["discharge"] == [2, 3]


def test_what_another_hospital_sent_and_what_was_typed_is_no_feed() -> None:
    store("transfer/0123", visit(1))
    store("transfer-form/0124", visit(2))
    store("his-xml/24004/LK1", visit(3))
    counting.count()
    assert not FeedHour.objects.exists()
    assert FeedCounting.objects.get().position == 3


def test_fields_are_judged_where_they_can_be() -> None:
    store("his-xml/24011/LK1", visit(1))
    store("his-xml/24011/LK2", visit(2))
    counting.count()
    assert fields("LIS") == {
        "value": [2, 2],
        "unit": [0, 2],
        "range": [0, 2],
        "code": [2, 2],
        "performer": [0, 2],
        "time": [0, 2],
    }
    assert fields("PACS")["time"] == [2, 2]
    assert fields("PACS")["images"] == [0, 2]
    assert fields("HIS")["birth"] == [0, 2]


def test_steps_of_any_size_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        store(f"his-xml/24011/LK{number}", visit(number))
        time.sleep(0.002)  # what was stored in one millisecond is counted in one step
    counting.count(3)
    assert sums("HIS") == (3, 0)
    assert FeedCounting.objects.get().counted_to is None
    monkeypatch.setattr(counting, "STEP", 2)
    counting.count()
    assert sums("HIS") == (7, 0)
    assert FeedCounting.objects.get().counted_to is not None


def test_a_step_that_another_process_has_counted_is_not_counted_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store("his-xml/24011/LK1", visit(1))
    arrivals = records.arrivals

    def meanwhile(after: int, most: int) -> list[records.Arrival]:
        found = arrivals(after, most)
        monkeypatch.setattr(records, "arrivals", arrivals)
        counting.count()
        return found

    monkeypatch.setattr(records, "arrivals", meanwhile)
    counting.count()
    assert sums("HIS") == (1, 0)


def test_a_step_that_fails_leaves_nothing_half_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    store("his-xml/24011/LK1", visit(1))
    with monkeypatch.context() as broken:
        broken.setattr(FeedCounting, "save", _power_cut)
        with pytest.raises(RuntimeError):
            counting.count()
    assert not FeedHour.objects.exists()
    counting.count()
    assert sums("HIS") == (1, 0)


def _power_cut(*_: Any, **__: Any) -> None:
    raise RuntimeError("power cut")


def test_what_is_told_holds_nothing_of_a_patient() -> None:
    store("his-xml/24011/LK77", visit(7))
    counting.looked()
    counting.count()
    body = message.write(list(FeedHour.objects.all()), clock.now(), demo=False).decode()
    for word in ("LK77", "p7", "e7", "Bạch", "X-quang", "1960", "WBC"):
        assert word not in body
    assert len(message.read(body.encode()).hours) == 4


def test_the_day_of_the_data_is_that_of_viet_nam() -> None:
    night = visit(1)
    night[1]["period"] = {"start": "2025-02-03T20:00:00Z"}
    items, _ = tally.read(night)
    assert items[0].day == "2025-02-04"
    night[1]["period"] = {"start": "2025-02"}
    assert tally.read(night)[0][0].day == ""
