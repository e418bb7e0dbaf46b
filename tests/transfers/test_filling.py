"""What the record fills into a draft: all that it knows, nothing that it does not say, whatever stands in it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong import records
from lienthong.access import audit
from lienthong.foundation import ids, json
from lienthong.foundation.errors import LienThongError
from lienthong.terminology import systems
from lienthong.transfers import desk, filling, form
from lienthong.transfers.models import Transfer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hospitals")]
DOCTOR = audit.Actor("bs", "Bác sĩ Thử", "doctor", "127.0.0.1")
NURSE = audit.Actor("dd", "Điều dưỡng Thử", "nurse", "127.0.0.1")
SUBJECT, VISIT = {"reference": "Patient/p1"}, {"reference": "Encounter/e1"}
ASKED = (
    "allergies",
    "home_medicines",
    "infection",
    "escort_name",
    "escort_title",
    "question",
    "urgency",
    "case",
)


def observation(name: str, code: str, moment: str, value: Any, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": systems.LOINC, "code": code}], "text": name},
        "subject": SUBJECT,
        "encounter": VISIT,
        "effectiveDateTime": moment,
        "valueQuantity": {"value": value, "unit": "u"},
        **more,
    }


def vital(name: str, code: str, moment: str, value: Any) -> dict[str, Any]:
    return observation(name, code, moment, value, category=[{"coding": [{"code": "vital-signs"}]}])


def visit() -> list[dict[str, Any]]:
    return [
        {
            "resourceType": "Patient",
            "id": "p1",
            "name": [{"text": "Trần Thị Ánh"}],
            "birthDate": "1960-02-03",
            "gender": "female",
            "identifier": [
                {"system": systems.CITIZEN_NUMBER, "value": "024160000001"},
                {"system": systems.INSURANCE_CARD, "value": "OLD", "period": {"end": "2024-12-31"}},
                {
                    "system": systems.INSURANCE_CARD,
                    "value": "HT2242400000001",
                    "period": {"end": "2026-12-31"},
                },
            ],
            "address": [{"text": "Thôn Ví Dụ"}],
        },
        {
            "resourceType": "Encounter",
            "id": "e1",
            "status": "in-progress",
            "class": {"code": "IMP"},
            "subject": SUBJECT,
            "diagnosis": [
                {"condition": {"reference": "Condition/c2"}, "rank": 1},
                {"condition": {"reference": "Condition/c1"}, "rank": 2},
            ],
        },
        *(
            {
                "resourceType": "Condition",
                "id": name,
                "subject": SUBJECT,
                "encounter": VISIT,
                "code": {"coding": [{"system": systems.ICD10, "code": code}], "text": text},
                **more,
            }
            for name, code, text, more in (
                ("c1", "I10", "Tăng huyết áp", {}),
                ("c2", "J18.9", "Viêm phổi", {}),
                ("c3", "B20", "Bệnh được bảo vệ", {"meta": {"security": [{"code": "R"}]}}),
            )
        ),
        {
            "resourceType": "ClinicalImpression",
            "id": "n1",
            "status": "completed",
            "subject": SUBJECT,
            "encounter": VISIT,
            "effectiveDateTime": "2025-01-12T08:00:00+07:00",
            "summary": "Sốt cao, khó thở",
        },
        {
            "resourceType": "MedicationAdministration",
            "id": "m1",
            "status": "completed",
            "subject": SUBJECT,
            "context": VISIT,
            "medicationCodeableConcept": {"text": "Ceftriaxon 1g"},
            "effectiveDateTime": "2025-01-12T09:00:00+07:00",
            "dosage": {"text": "1 lọ x 2 lần"},
        },
        vital("old", "8867-4", "2025-01-11T08:00:00+07:00", 70),
        vital("pulse", "8867-4", "2025-01-12T08:00:00+07:00", 96),
        vital("heat", "8310-5", "2025-01-12T08:00:00+07:00", 444),
        observation("Kali", "2823-3", "2025-01-12T10:00:00+07:00", 4.1),
        observation("Lactat", "2524-7", "2025-01-12T07:00:00+07:00", 3),
        observation(
            "Lactat-cao",
            "2524-7",
            "2025-01-12T08:00:00+07:00",
            5,
            referenceRange=[{"high": {"value": 2}}],
        ),
    ]


@pytest.fixture
def stored() -> None:
    records.transact(visit(), origin="his-xml/24011/LK1", actor=DOCTOR)


def test_the_visit_fills_what_it_says_and_nothing_else(stored: None) -> None:
    found = filling.fill(encounter="e1")
    value = {name: one.value for name, one in found.items()}
    assert value["person"]["card"] == "HT2242400000001"
    assert value["person"]["card_until"] == "2026-12-31"
    assert (value["diagnosis"], value["diagnosis_code"]) == ("Viêm phổi", "J18.9")
    assert value["other_diagnoses"] == "Tăng huyết áp (I10)"
    assert value["signs"] == "Sốt cao, khó thở"
    assert value["medicines"] == "Ceftriaxon 1g: 1 lọ x 2 lần, 12/01/2025 09:00"
    assert value["vitals"] == {"pulse": 96, "at": "2025-01-12T01:00:00.000Z"}
    assert [(row["test"], row["value"], row["flag"]) for row in value["key_results"]] == [
        ("Lactat-cao", "5", "high"),
        ("Kali", "4,1", ""),
    ]
    assert value["key_results"][0]["laboratory"] == "Bệnh viện Đa khoa tỉnh Bắc Giang"
    assert not set(ASKED) & set(value)
    assert "bảo vệ" not in json.dumps(value).decode()
    assert all(one.stored for one in found.values())


def test_a_person_without_a_visit_here_brings_the_person_alone() -> None:
    records.transact(visit()[:1], origin="transfer/1", actor=DOCTOR)
    assert set(filling.fill(patient="p1")) == {"person"}
    assert filling.fill(patient="nobody") == {}


def test_a_newer_export_is_offered_and_never_overwrites(stored: None) -> None:
    draft = desk.draft(encounter="e1", patient="p1", actor=DOCTOR)
    assert draft.form["signs"] == "Sốt cao, khó thở"
    assert filling.untouched(draft, "signs") is not None
    draft = desk.save_field(draft.loop, "signs", "Tôi khám lại", version=draft.version, actor=DOCTOR)
    assert filling.untouched(draft, "signs") is None
    assert filling.newer(draft, filling.of_transfer(draft)) == {}

    changed = visit()
    changed[5]["summary"] = "Đỡ sốt"
    records.transact(changed, origin="his-xml/24011/LK1", actor=DOCTOR)
    draft = Transfer.objects.get()
    offered = filling.newer(draft, filling.of_transfer(draft))
    assert offered["signs"].value == "Đỡ sốt"
    assert draft.form["signs"] == "Tôi khám lại"


def test_a_draft_begun_by_hand_is_joined_by_the_export_of_the_visit() -> None:
    person = {"name": "Trần Thị Ánh", "citizen": "024160000001"}
    draft = desk.draft(form={"person": person}, receiver="01929", actor=DOCTOR)
    records.transact(visit(), origin="his-xml/24011/LK1", actor=DOCTOR)
    Transfer.objects.filter(loop=draft.loop).update(ma_lk="LK1")
    draft.refresh_from_db()
    assert filling.visit_of(draft) == "e1"
    assert filling.newer(draft, filling.of_transfer(draft))["diagnosis"].value == "Viêm phổi"


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9999) | st.text(max_size=12) | st.just("2025-01-12"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=6), inner, max_size=2),
    max_leaves=4,
)


def _places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way] * bool(way) + [place for key, inner in pairs for place in _places(inner, (*way, key))]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_stored_record_makes_it_fail_or_invent(data: st.DataObject) -> None:
    """Breaks the visit in a few places, as strange exports do; whatever the store takes, filling reads."""
    broken = copy.deepcopy(visit())
    for _n in range(data.draw(st.integers(1, 4))):
        which = data.draw(st.sampled_from(broken))
        place = data.draw(st.sampled_from([p for p in _places(which) if p[0] not in ("resourceType", "id")]))
        target: Any = which
        try:
            for key in place[:-1]:
                target = target[key]
            target[place[-1]] = data.draw(ANY)
        except (KeyError, IndexError, TypeError):
            continue
    with transaction.atomic():
        origin = f"his-xml/24011/{ids.new_id()}"
        kept: list[dict[str, Any]] = []
        for resource in broken:
            try:
                records.transact([*kept, resource], origin=origin, actor=DOCTOR)
                kept.append(resource)
            except (records.InvalidResource, LienThongError, AttributeError, TypeError):  # not taken
                continue
        found = filling.fill(patient="p1", encounter="e1")
        for name, one in found.items():
            assert form.cleaned(name, one.value) == one.value
            assert name not in ASKED
        words = json.dumps(kept).decode()
        for name in ("diagnosis", "signs", "diagnosis_code"):
            if name in found:
                said = json.dumps(found[name].value).decode().strip('"')
                assert said.split("\\n")[0] in words
        transaction.set_rollback(True)


def test_waiting_times_are_of_own_transfers_and_say_when_there_are_none() -> None:
    from datetime import timedelta

    from lienthong.foundation import clock
    from lienthong.transfers import taking, waiting
    from lienthong.transfers.models import State

    assert waiting.times(["01929"])["01929"] == waiting.Waiting(None, 0, 0)
    now = clock.now()
    for minutes, days in ((10, 1), (30, 2), (600, 45), (None, 3)):
        draft = desk.draft(form={"urgency": "urgent"}, receiver="01929", actor=DOCTOR)
        sent = now - timedelta(days=days)
        steps = [
            taking.fixed(draft, State.SENT, sent, "24011"),
            taking.fixed(draft, State.RECEIVED, sent, "01929"),
        ]
        if minutes is not None:
            steps.append(
                taking.make(draft, State.ACCEPTED, actor=NURSE, data={}, at=sent + timedelta(minutes=minutes))
            )
        taking.add(draft, steps)
    assert waiting.times(["01929", "24004"]) == {
        "01929": waiting.Waiting(20, 2, 1),
        "24004": waiting.Waiting(None, 0, 0),
    }
