from __future__ import annotations

import threading

import pytest

from identity_people import CLERK, MACHINE, person
from lienthong import records
from lienthong.access import audit
from lienthong.access.models import AuditEvent
from lienthong.identity import blocks, deciding, events, fields, following, index, models, registering, sql
from lienthong.terminology import systems

pytestmark = pytest.mark.django_db

HOSPITAL, OTHER = "24011", "01929"
HUAN = {"citizen": "024060001234", "phone": "0912000111", "commune": "07210", "home": "Thôn Mậu"}


def register(facility: str = HOSPITAL, **more: object) -> registering.Outcome:
    return registering.register(person(**more), facility, MACHINE)  # type: ignore[arg-type]


def rows() -> dict[str, int]:
    tables = (m for m in vars(models).values() if isinstance(m, type) and issubclass(m, models.models.Model))
    return {m.__name__: m.objects.count() for m in tables}


def test_the_same_citizen_number_and_name_is_one_person_and_registering_again_changes_nothing() -> None:
    first = register(**HUAN)
    second = register(OTHER, id="b", name="THAN VAN HUAN", born="1960-04-13", citizen="024060001234")
    assert (second.person, len(second.events)) == (first.number, 1)
    event = models.Event.objects.get(id=second.events[0])
    assert (event.kind, event.why, event.source, event.author) == ("linked", "citizen", "", MACHINE.id)
    assert event.before == [[first.number], [second.number]]
    assert event.after == [[first.number, second.number]]
    assert ["citizen", "same"] in [part[:2] for part in event.detail["fields"]]
    before = rows()
    again = register(**HUAN)
    assert (again.person, again.changed, rows()) == (first.number, False, before)
    assert {one.fhir_id for one in index.registrations(first.number)} == {"a", "b"}


def test_without_numbers_the_score_decides_and_between_the_thresholds_a_clerk() -> None:
    one = register(**HUAN | {"citizen": "", "name": "NGUYỄN VĂN HÙNG"})
    sure = register(OTHER, id="b", name="NGUYEN VAN HUNG", phone="0912000111", commune="07210", home="mậu")
    assert sure.person == one.number
    unsure = register(OTHER, id="c", name="Nguyễn Văn Hùng", commune="07213")
    assert (unsure.person, unsure.asked) == (unsure.number, 2)
    question, _ = deciding.pending()
    assert question.verdict.outcome == "ask"
    lines = {line.field: line for line in question.lines}
    assert (lines["birth"].first, lines["birth"].level) == ("14/03/1960", "day")
    assert "Cùng ngày sinh." in lines["birth"].vi
    assert "Born on the same day." in lines["birth"].en
    assert [abs(line.bits) for line in question.lines] == sorted(
        (abs(line.bits) for line in question.lines), reverse=True
    )


@pytest.mark.parametrize(
    ("more", "guard"),
    [
        ({"name": "CON BÀ THÂN THỊ LAN", "citizen": "024060001234"}, "newborn"),
        ({"name": "VÔ DANH", "citizen": "024060001234", "phone": "0912000111"}, "unknown"),
        ({"citizen": "024060777001"}, "numbers"),
        ({"name": "THÂN VĂN HUÂN", "phone": "0912000111", "commune": "07210", "home": "Mậu"}, "twins"),
        ({"name": "THÂN VĂN BÌNH", "citizen": "024060001234"}, "name"),
        ({"sex": "female", "phone": "0912000111", "commune": "07210", "home": "Mậu"}, "sex"),
    ],
)
def test_what_is_never_linked_without_a_persons_word(more: dict[str, str], guard: str) -> None:
    one = register(**HUAN, social="2400123456")
    other = register(OTHER, id="b", **{"social": "2400123456"} | more if guard == "numbers" else more)
    assert other.person != one.person
    (question,) = deciding.pending()
    assert question.verdict.guard == guard


def test_twins_of_one_mother_are_two_people() -> None:
    for n, order in enumerate("12"):
        register(id=f"t{n}", name=f"CON BÀ TRẦN THỊ HOÀ {order}", born="2026-11-01", phone="0912000111")
    assert len({one.person for one in models.Registration.objects.all()}) == 2


def test_a_number_that_was_corrected_still_finds_its_holder() -> None:
    one = register(**HUAN)
    register(**HUAN | {"citizen": "024060005678"})
    held = index.persons_numbered(systems.CITIZEN_NUMBER, "0240 6000 1234")
    assert [(h.person, h.fhir_id, bool(h.until)) for h in held] == [(one.number, "a", True)]
    (now,) = index.persons_numbered(systems.CITIZEN_NUMBER, "024060005678")
    assert not now.until
    later = register(OTHER, id="b", citizen="024060001234")
    assert later.person == one.number
    assert models.Past.objects.filter(registration=one.number).count() == 1


def test_a_link_goes_when_nothing_speaks_for_it_any_more() -> None:
    one = register(**HUAN)
    other = register(OTHER, id="b", citizen="024060001234")
    assert other.person == one.number
    changed = register(
        OTHER, id="b", name="GIÁP THỊ BÍCH", born="1985-07-21", sex="female", citizen="024185004321"
    )
    assert changed.person == changed.number
    assert models.Event.objects.get(id=changed.events[0]).kind == events.UNLINKED


def test_a_score_never_overrules_a_person() -> None:
    one = register(**HUAN)
    other = register(OTHER, id="b", citizen="024060001234")
    deciding.decide((one.number, other.number), "different", "hai người, đã gặp cả hai", CLERK)
    register(OTHER, id="b", **HUAN)
    third = register(OTHER, id="c", **HUAN)
    people = {r.fhir_id: r.person for r in models.Registration.objects.all()}
    assert people["a"] != people["b"]
    assert third.person in (people["a"], people["b"])
    assert deciding.contradictions(third.person)
    assert AuditEvent.objects.filter(action=events.DIFFERENT, person=CLERK.id).count() == 2


def test_a_question_is_closed_by_a_word_and_opened_when_it_is_taken_back() -> None:
    one, other = register(**HUAN), register(OTHER, id="b", citizen="024060777001", social="")
    assert len(deciding.pending()) == 1
    made = deciding.decide((one.number, other.number), "unknown", "chưa gặp được", CLERK)
    assert deciding.pending() == []
    deciding.undo(made, "gặp được rồi", CLERK)
    assert len(deciding.pending()) == 1


def test_a_dry_run_creates_nothing() -> None:
    register(**HUAN)
    before = rows()
    (found,) = index.match(person("x", **HUAN))
    assert (found.grade, found.registration.fhir_id, found.verdict.rule) == ("certain", "a", "citizen")
    assert index.match(person("x", name="Giáp Thị Bích", born="1999-09-09", sex="female")) == []
    assert rows() == before


def test_only_certain_matches_are_of_one_person() -> None:
    first, second = register(**HUAN), register(OTHER, id="b", citizen="024060001234")
    wanted = person("x", citizen="024060001234")
    assert {m.registration.fhir_id for m in index.match(wanted, only_certain=True)} == {"a", "b"}
    deciding.decide((first.number, second.number), "different", "hai người", CLERK)
    assert index.match(wanted, only_certain=True) == []
    assert len(index.match(wanted, 1)) == 1


def test_of_a_narrow_block_some_are_read_and_a_wide_one_that_holds_too_many_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blocks, "MOST", 3)
    people = [
        (person(f"p{n}", "Thân Văn An", born, commune="07210"), HOSPITAL)
        for n, born in enumerate(("1960-03-14", "1971-05-16", "1982-07-18", "1993-09-20"))
    ]
    assert registering.load(people, portion=3) == 4
    wanted = fields.of(person("x", "Thân Văn An", "", commune="07210"))
    assert index.candidates(wanted) == []  # their name and district say too little
    assert [m.registration.fhir_id for m in index.match(person("x", "Thân Văn An", "1960-03-14"))] == ["p0"]
    often = [
        (person(f"q{n}", "Vi Thị Dần", "1970-05-06", citizen="024170001234"), HOSPITAL) for n in range(5)
    ]
    registering.load(often)
    assert len(index.candidates(fields.of(often[0][0]))) == 3
    assert models.Key.objects.count() == sum(len(set(_keys(p))) for p, _ in people + often)


def _keys(patient: dict[str, object]) -> list[int]:
    return [key for _, key in blocks.blocks(fields.of(patient))]


def test_patients_that_the_store_takes_are_followed_and_only_once() -> None:
    from django.db import transaction

    def store(*resources: dict[str, object]) -> None:
        with transaction.atomic():
            records.transact(
                list(resources), origin=f"test/{len(resources)}", actor=audit.system("test"), complete=False
            )

    abroad = person("b", meta={"source": systems.patients_of(OTHER)}, citizen="024060001234")
    store(person(**HUAN))
    store(abroad)
    following.catch_up(threading.Event())
    assert index.person_of(HOSPITAL, "a") == index.person_of(OTHER, "b") is not None
    before = rows()
    assert following.step() == 0
    models.Progress.objects.filter(name="arrival").update(position=0)  # as after a restored copy
    following.catch_up(threading.Event())
    assert rows() == before
    assert sql.all_rows(sql.SYSTEM, ("none",)) == []
