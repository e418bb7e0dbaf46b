"""Registrations that are not in use any more: deleted, inactive, replaced; and that come back."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import transaction

from identity_people import CLERK, MACHINE, person
from lienthong import records
from lienthong.access import audit
from lienthong.identity import deciding, events, feed, following, index, models, problems, registering
from lienthong.terminology import systems

pytestmark = pytest.mark.django_db

HOSPITAL, OTHER = "24011", "01929"
NUMBER = "024060001234"
ALIKE = {"phone": "0912000111", "commune": "07210", "home": "Thôn Mậu"}


def register(facility: str = HOSPITAL, **more: Any) -> registering.Outcome:
    return registering.register(person(**more), facility, MACHINE)


def persons() -> dict[str, int]:
    return dict(models.Registration.objects.values_list("fhir_id", "person"))


def found(**more: Any) -> list[str]:
    return [match.registration.fhir_id for match in index.match(person("x", **more))]


def keys() -> set[tuple[int, int]]:
    return set(models.Key.objects.values_list("block", "registration"))


def test_a_registration_that_leaves_is_found_no_more_and_comes_back_as_it_was() -> None:
    hung = {"name": "NGUYỄN VĂN HÙNG"}
    one = register(citizen=NUMBER, **hung)
    between = register(OTHER, id="b", citizen=NUMBER, **hung, **ALIKE)
    last = register("24015", id="c", **hung, **ALIKE)
    twin = register(OTHER, id="d", name="NGUYỄN VĂN HỪNG", **ALIKE)
    assert one.person == between.person == last.person == one.number
    assert twin.asked
    before, held, waiting = persons(), keys(), len(deciding.pending())
    left = registering.remove("b", OTHER, MACHINE)
    assert left
    assert left.changed
    assert persons()["b"] == between.number
    assert len({persons()[id] for id in "abc"}) == 3  # they were one person by it alone
    assert found(citizen=NUMBER, **hung)[0] == "a"
    assert "b" not in found(citizen=NUMBER, **hung, **ALIKE)
    assert [h.fhir_id for h in index.persons_numbered(systems.CITIZEN_NUMBER, NUMBER)] == ["a"]
    assert not any("b" in (q.first.fhir_id, q.second.fhir_id) for q in deciding.pending())
    (event,) = models.Event.objects.filter(kind=events.WITHDRAWN)
    assert (event.why, event.source) == ("deleted", "")
    with pytest.raises(problems.CannotDecide, match="identity-cannot-undo"):
        deciding.undo(event.id, "nhầm", CLERK)
    with pytest.raises(problems.CannotDecide, match="identity-not-in-use"):
        deciding.decide((one.number, between.number), "same", "đã đối chiếu", CLERK)
    assert registering.remove("b", OTHER, MACHINE).changed is False  # type: ignore[union-attr]
    back = register(OTHER, id="b", citizen=NUMBER, **hung, **ALIKE)
    assert back.changed
    assert back.number == between.number
    assert (persons(), keys(), len(deciding.pending())) == (before, held, waiting)
    assert models.Past.objects.count() == 0
    assert register(OTHER, id="b", citizen=NUMBER, **hung, **ALIKE).changed is False


def test_a_registration_that_is_marked_inactive_is_out_and_one_that_came_so_never_was_in() -> None:
    register(citizen=NUMBER)
    unused = {"active": False}
    assert registering.register(person(citizen=NUMBER) | unused, HOSPITAL, MACHINE).changed
    assert found(citizen=NUMBER) == []
    never = registering.register(person("b", citizen=NUMBER) | unused, OTHER, MACHINE)
    assert (never.number, never.changed) == (0, False)
    assert registering.load([(person("c", citizen=NUMBER) | unused, OTHER)]) == 0
    assert index.of(OTHER, "b") is None
    register(OTHER, id="b", citizen=NUMBER, active=True)
    assert found(citizen=NUMBER) == ["b"]


@pytest.mark.parametrize("by", ["reference", "identifier"])
def test_what_another_registration_replaced_belongs_to_its_person_and_is_used_no_more(by: str) -> None:
    kept = register(hospital=(HOSPITAL, "BN1"), citizen=NUMBER)
    double: dict[str, Any] = {
        "id": "b",
        "name": "GIÁP VĂN KHÁC",
        "born": "1999-01-02",
        "hospital": (HOSPITAL, "BN2"),
    }
    before = register(**double)
    assert before.person != kept.person
    other = (
        {"reference": "Patient/a"}
        if by == "reference"
        else {"identifier": {"system": systems.patient_number(HOSPITAL), "value": "BN1"}}
    )
    link = [{"other": other, "type": "replaced-by"}]
    assert register(**double, link=link).person == kept.person
    event = models.Event.objects.get(kind=events.REPLACED)
    assert (event.source, event.why) == (HOSPITAL, "replaced")
    assert event.id not in {one.event.id for one in deciding.latest()}
    assert found(name="GIÁP VĂN KHÁC", born="1999-01-02", **ALIKE) == []
    (held,) = index.persons_numbered(systems.patient_number(HOSPITAL), "BN2")
    assert held.person == kept.person
    assert register(**double, link=link).changed is False
    assert register(**double).person == before.number  # the hospital took it back
    assert persons()["b"] == before.number


def test_only_its_own_hospital_says_what_replaces_a_registration() -> None:
    kept = register(citizen=NUMBER)
    link = [
        {"other": {"identifier": {"system": systems.CITIZEN_NUMBER, "value": NUMBER}}, "type": "replaced-by"}
    ]
    away = register(OTHER, id="b", name="GIÁP VĂN KHÁC", born="1999-01-02")
    gone = register(OTHER, id="b", name="GIÁP VĂN KHÁC", born="1999-01-02", link=link)
    assert gone.person == away.number != kept.person
    assert index.of(OTHER, "b").gone == "inactive"  # type: ignore[union-attr]


def test_a_patient_deleted_at_its_own_node_leaves_when_the_store_is_followed() -> None:
    def store(*resources: dict[str, object]) -> None:
        with transaction.atomic():
            records.transact(
                list(resources),
                origin=f"test/{resources[0]['id']}",
                actor=audit.system("test"),
                complete=False,
            )
        following.catch_up(threading.Event())

    store(person(citizen=NUMBER))
    registering.register(person("a", "VI VĂN TRÙNG", "1971-02-03"), OTHER, MACHINE)  # its id by chance
    with transaction.atomic():
        write = records.Writer()
        write.find(["Patient/a"])
        write.put(records.Entry("Patient/a", None))
        write.flush()
    following.catch_up(threading.Event())
    assert index.of(HOSPITAL, "a").gone == "deleted"  # type: ignore[union-attr]
    assert index.of(OTHER, "a").gone == ""  # type: ignore[union-attr]
    assert found(citizen=NUMBER) == []
    store(person(citizen=NUMBER, phone="0912000111"))
    assert found(citizen=NUMBER) == ["a"]


def test_the_hub_is_told_of_what_replaces_a_patient_by_its_number() -> None:
    kept = person("a", hospital=(HOSPITAL, "BN1"))
    double = person("b", link=[{"other": {"reference": "Patient/a"}, "type": "replaced-by"}])
    told = feed.minimal(feed.with_numbers(double, {"Patient/a": kept}, HOSPITAL), HOSPITAL)
    assert told["active"] is False
    number = {"system": systems.patient_number(HOSPITAL), "value": "BN1"}
    assert told["link"] == [{"other": {"identifier": number}, "type": "replaced-by"}]
