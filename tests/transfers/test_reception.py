"""Reception: who shows what, which slip counts, uses, appointments once under any race, returns."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import close_old_connections, connection
from hypothesis import given
from hypothesis import strategies as st

from lienthong import records
from lienthong.access import audit
from lienthong.foundation import clock, ids
from lienthong.foundation.errors import LienThongError
from lienthong.terminology import systems
from lienthong.transfers.models import SlipUse, State, Transfer
from lienthong.transfers.validity import annexes, appointments, back, identity, reception, uses
from slip_world import (
    ACTOR,
    BIRTH,
    CARD,
    CITIZEN,
    NAME,
    QR,
    appointment,
    encounter,
    outcome,
    patient,
    slip,
    step,
    store,
    with_appointment,
    with_slip,
)

TODAY = clock.today()


def day(offset: int) -> str:
    return (TODAY + timedelta(days=offset)).isoformat()


def look(text: str) -> list[reception.Person]:
    shown = identity.read(text)
    assert shown is not None
    return reception.look(shown)


def one(text: str = CITIZEN) -> reception.Person:
    (found,) = look(text)
    return found


def use(loop: str, **more: Any) -> SlipUse:
    return uses.use_slip(loop, **{"token": ids.new_id(), "how": "typed", "actor": ACTOR} | more)


def keep(id: str, **more: Any) -> SlipUse:
    return uses.use_appointment(id, **{"token": ids.new_id(), "how": "card", "actor": ACTOR} | more)


class TestWhatIsShown:
    def test_the_code_of_a_citizen_card(self) -> None:
        shown = identity.read(QR)
        assert shown == identity.Shown(CITIZEN, NAME, BIRTH, scanned=True)

    @pytest.mark.parametrize(
        ("text", "number"),
        [
            (" 024 160 000 001 ", CITIZEN),
            ("ht2 24 2400000001", CARD),
            ("2400000001", "2400000001"),
            (" 15/PCCSKBCB ", "15/PCCSKBCB"),
            (f"{CARD}|5472e1baa76e|x", CARD),
        ],
    )
    def test_numbers(self, text: str, number: str) -> None:
        shown = identity.read(text)
        assert shown is not None
        assert shown.number == number

    def test_nothing(self) -> None:
        assert identity.read("  ") is None
        assert identity.read("|a|b|c") is None

    @pytest.mark.parametrize(
        ("birth", "read"), [("02051960", "1960-05-02"), ("31021960", "1960"), ("x", ""), ("00001960", "1960")]
    )
    def test_births(self, birth: str, read: str) -> None:
        shown = identity.read(f"{CITIZEN}||{NAME}|{birth}|Nữ|x|y")
        assert shown is not None
        assert shown.birth == read

    @given(st.text(max_size=700))
    def test_any_input_is_read(self, text: str) -> None:
        shown = identity.read(text)
        assert shown is None or shown.number


@pytest.mark.django_db
@pytest.mark.usefixtures("hospitals")
class TestSlips:
    def test_found_by_every_number_of_the_person(self) -> None:
        store(patient())
        slip()
        for text in (CITIZEN, QR, CARD, CARD[5:], "11/PCCSKBCB"):
            person = one(text)
            assert person.name == NAME
            assert [s.transfer.loop for s in person.slips] == ["1" * 32]
            assert person.unlike == ()

    def test_a_slip_whose_dossier_has_not_come_is_found_by_the_citizen_number(self) -> None:
        slip(patient="")
        assert one().slips[0].standing == "valid"

    def test_two_records_of_one_person_are_one_person(self) -> None:
        store(patient(), patient("p2", name="TRẦN THỊ VÍ DỤ"))
        slip()
        assert set(one().patients) == {"p1", "p2"}

    def test_two_people_with_one_insurance_number_stay_two(self) -> None:
        store(patient(), patient("p2", name="Trần Văn Con", birthDate="2025-01-02"))
        assert len(look(CARD)) == 2

    def test_a_card_of_another_person_is_told(self) -> None:
        store(patient())
        assert one(QR.replace(NAME, "Trần Thị Khác").replace("1960", "1961")).unlike == ("name", "birth")

    def test_drafts_cancelled_ones_and_those_for_others_are_not_shown(self) -> None:
        slip("1" * 32, state=State.DRAFTED)
        slip("2" * 32, state=State.CANCELLED)
        slip("3" * 32, receiver="01929")
        assert look(CITIZEN) == []

    def test_ten_working_days_and_expiry(self) -> None:
        slip("1" * 32)
        slip("2" * 32, signed=clock.now() - timedelta(days=60))
        assert {s.transfer.loop[0]: s.standing for s in one().slips} == {"1": "valid", "2": "expired"}

    def test_a_yearly_slip_counts_for_a_year(self) -> None:
        slip(signed=clock.now() - timedelta(days=300), form={"one_year": True}, diagnosis_code="G20")
        found = one().slips[0]
        assert found.standing == "valid"
        assert found.days_left is not None
        assert 60 < found.days_left < 70

    def test_where_nobody_said_it_is_yearly_and_annex_iii_names_it_it_is_asked(self) -> None:
        slip(signed=clock.now() - timedelta(days=60), diagnosis_code="G20")
        assert one().slips[0].standing == "ask-year"

    def test_where_the_sender_said_it_is_not_it_is_expired(self) -> None:
        slip(signed=clock.now() - timedelta(days=60), diagnosis_code="G20", form={"one_year": False})
        assert one().slips[0].standing == "expired"

    def test_after_a_year_it_is_expired(self) -> None:
        slip(signed=clock.now() - timedelta(days=370), diagnosis_code="G20")
        assert one().slips[0].standing == "expired"

    def test_an_emergency_needs_none(self) -> None:
        transfer = slip(urgency="emergency")
        assert one().slips[0].standing == "emergency"
        with pytest.raises(LienThongError, match="slip-not-needed"):
            use(transfer.loop)

    def test_a_stay_known_by_steps_keeps_it_valid_until_it_ends(self) -> None:
        signed = clock.now() - timedelta(days=60)
        transfer = slip(signed=signed, state=State.ADMITTED)
        step(transfer, State.ADMITTED, signed + timedelta(days=2))
        assert one().slips[0].standing == "stay"
        outcome(transfer, clock.now() - timedelta(days=3))
        assert one().slips[0].standing == "expired"

    def test_a_step_without_effect_is_no_stay(self) -> None:
        signed = clock.now() - timedelta(days=60)
        transfer = slip(signed=signed)
        admitted = step(transfer, State.ADMITTED, signed + timedelta(days=2))
        admitted.effect = False
        admitted.save()
        assert one().slips[0].standing == "expired"

    def test_the_days_that_the_outcome_tells_count_before_its_own(self) -> None:
        signed = clock.now() - timedelta(days=60)
        transfer = slip(signed=signed)
        outcome(
            transfer,
            admitted_at=clock.iso(signed + timedelta(days=1)),
            discharged_at=clock.iso(clock.now()),
        )
        assert one().slips[0].standing == "stay"

    def test_a_stay_known_by_the_his_keeps_it_valid(self) -> None:
        slip(signed=clock.now() - timedelta(days=60))
        store(patient(), encounter("e1", f"{day(-58)}T08:00:00+07:00", **with_slip("11/PCCSKBCB")))
        found = one().slips[0]
        assert found.standing == "stay"
        assert found.times == 1

    def test_a_stay_that_the_his_keeps_under_another_id_counts_when_the_slip_is_used_too(self) -> None:
        transfer = slip(
            signed=clock.now() - timedelta(days=60), patient="p-of-the-sender", form={"one_year": False}
        )
        store(patient(), encounter("e1", f"{day(-58)}T08:00:00+07:00", **with_slip("11/PCCSKBCB")))
        store(patient("p-of-the-sender"), origin=f"transfer/{transfer.loop}")
        assert one().slips[0].standing == "stay"
        assert use(transfer.loop).loop == transfer.loop

    def test_a_visit_elsewhere_with_the_same_number_does_not_count(self) -> None:
        slip(signed=clock.now() - timedelta(days=60))
        visit = encounter("e1", f"{day(-58)}T08:00:00+07:00", **with_slip("11/PCCSKBCB"))
        store(patient(), visit, origin="transfer/" + "9" * 32)
        assert one().slips[0].standing == "expired"


@pytest.mark.django_db
@pytest.mark.usefixtures("hospitals")
class TestUses:
    def test_a_yearly_slip_is_used_at_each_visit_and_counted(self) -> None:
        transfer = slip(form={"one_year": True}, diagnosis_code="G20")
        made = use(transfer.loop)
        assert (made.category, made.facility, made.person, made.how) == ("1.3", "24011", ACTOR.name, "typed")
        use(transfer.loop)
        assert one().slips[0].times == 2
        assert one().slips[0].standing == "valid"

    def test_a_second_click_is_the_same_use(self) -> None:
        transfer, token = slip(form={"one_year": True}), ids.new_id()
        assert use(transfer.loop, token=token).id == use(transfer.loop, token=token).id
        assert SlipUse.objects.count() == 1

    def test_a_slip_of_ten_days_is_used_again_only_with_a_reason(self) -> None:
        transfer = slip()
        use(transfer.loop)
        assert one().slips[0].standing == "used"
        with pytest.raises(LienThongError, match="slip-used") as caught:
            use(transfer.loop)
        assert ACTOR.name in caught.value.problem.vi
        assert use(transfer.loop, why="Khám thêm chuyên khoa cùng đợt").why

    def test_where_nobody_said_whether_it_is_yearly_the_paper_may(self) -> None:
        transfer = slip(signed=clock.now() - timedelta(days=60))
        assert one().slips[0].paper_may_say
        with pytest.raises(LienThongError, match="slip-expired"):
            use(transfer.loop)
        assert use(transfer.loop, why="Phiếu giấy đánh dấu 1 năm").why

    def test_an_expired_slip_is_refused_with_what_to_do(self) -> None:
        transfer = slip(signed=clock.now() - timedelta(days=60), form={"one_year": False})
        with pytest.raises(LienThongError, match="slip-expired"):
            use(transfer.loop, why="Phiếu giấy")
        with pytest.raises(LienThongError, match="slip-expired") as caught:
            use(transfer.loop)
        assert "phiếu mới" in caught.value.problem.hint_vi

    def test_a_slip_for_another_hospital_is_unknown(self) -> None:
        with pytest.raises(LienThongError, match="slip-unknown"):
            use(slip(receiver="01929").loop)

    def test_a_form_without_its_token_is_refused(self) -> None:
        with pytest.raises(LienThongError, match="slip-page-stale"):
            use(slip().loop, token="")

    def test_it_stands_in_the_audit_trail(self) -> None:
        use(slip().loop)
        assert [e.action for e in audit.seen_by("p1")] == ["slip-used"]


@pytest.mark.django_db
@pytest.mark.usefixtures("hospitals")
class TestAppointments:
    def test_shown_with_how_they_stand(self) -> None:
        store(patient(), appointment("a1", day(-3)), appointment("a2", day(0)), appointment("a3", day(9)))
        assert [(a.id, a.standing(TODAY)) for a in one().appointments] == [
            ("a1", "late"),
            ("a2", "today"),
            ("a3", "early"),
        ]

    def test_those_of_another_facility_are_not_ours(self) -> None:
        store(patient(), appointment("a1", day(0)), origin="transfer/" + "9" * 32)
        assert one().appointments == ()
        with pytest.raises(LienThongError, match="appointment-unknown"):
            keep("a1")

    def test_used_once_with_who_and_when(self) -> None:
        store(patient(), appointment("a1", day(0)))
        made = keep("a1")
        assert made.category == "1.5"
        assert one().appointments[0].standing(TODAY) == "used"
        with pytest.raises(LienThongError, match="appointment-used") as caught:
            keep("a1")
        assert ACTOR.name in caught.value.problem.vi
        assert made.at.astimezone(clock.VIETNAM).strftime("%H:%M %d/%m/%Y") in caught.value.problem.vi

    def test_a_second_click_is_the_same_use(self) -> None:
        store(patient(), appointment("a1", day(0)))
        token = ids.new_id()
        assert keep("a1", token=token).id == keep("a1", token=token).id

    def test_a_visit_that_the_his_knows_uses_it_up(self) -> None:
        visit = encounter("e1", f"{day(0)}T08:00:00+07:00", **with_appointment("H-a1"))
        store(patient(), appointment("a1", day(0)), visit)
        assert one().appointments[0].standing(TODAY) == "used"
        with pytest.raises(LienThongError, match="appointment-used"):
            keep("a1")

    def test_a_visit_elsewhere_with_the_same_number_does_not(self) -> None:
        store(patient(), appointment("a1", day(0)))
        visit = encounter("e1", f"{day(0)}T08:00:00+07:00", **with_appointment("H-a1"))
        store(patient(), visit, origin="transfer/" + "9" * 32)
        assert one().appointments[0].standing(TODAY) == "today"
        assert keep("a1").appointment == "a1"

    def test_one_that_an_outcome_names(self) -> None:
        made = outcome(slip(), appointment_at=clock.iso(clock.now() + timedelta(days=30)))
        found = one().appointments[0]
        assert (found.id, found.loop, found.standing(TODAY)) == (made.id, "1" * 32, "early")
        assert keep(made.id).loop == "1" * 32
        with pytest.raises(LienThongError, match="appointment-used"):
            keep(made.id)

    def test_one_that_outcome_and_his_both_name_is_one(self) -> None:
        store(patient(), appointment("a1", day(30)))
        outcome(slip(), appointment_at=f"{day(30)}T02:00:00Z")
        assert [a.id for a in one().appointments] == ["a1"]

    def test_the_register_by_day(self) -> None:
        store(patient(), appointment("a1", day(3)), appointment("a2", day(4)), appointment("a3", day(40)))
        outcome(slip(), appointment_at=f"{day(5)}T18:00:00Z")  # the next day in Viet Nam
        keep("a2")
        found = appointments.register(TODAY + timedelta(days=4), TODAY + timedelta(days=6))
        assert [(a.name, a.day, bool(a.use)) for a in found] == [
            (NAME, TODAY + timedelta(days=4), True),
            (NAME, TODAY + timedelta(days=6), False),
        ]
        assert appointments.register(TODAY + timedelta(days=5), TODAY + timedelta(days=5)) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("hospitals")
def test_two_at_once_use_an_appointment_once() -> None:
    store(patient(), appointment("a1", day(0)))
    start, told = threading.Barrier(4), []

    def work() -> None:
        try:
            start.wait()
            try:
                told.append(keep("a1").id)
            except LienThongError as error:
                told.append(error.problem.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    close_old_connections()
    assert len(told) == 4
    assert told.count("appointment-used") == 3
    assert SlipUse.objects.filter(appointment="a1").count() == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("hospitals")
class TestBack:
    def coverage(self, home: str, end: str = "2030-12-31", id: str = "k1") -> None:
        organization = {
            "resourceType": "Organization",
            "id": f"o-{home}",
            "identifier": [{"system": systems.FACILITY, "value": home}],
            "name": home,
        }
        card = {
            "resourceType": "Coverage",
            "id": id,
            "status": "active",
            "extension": [
                {
                    "url": systems.extension("primary-registration"),
                    "valueReference": {"reference": f"Organization/o-{home}"},
                }
            ],
            "beneficiary": {"reference": "Patient/p1"},
            "period": {"start": "2025-01-01", "end": end},
            "payor": [{"display": "BHXH"}],
        }
        store(patient(), organization, card, origin="transfer/" + "9" * 32)

    def told(self, **more: Any) -> Transfer:
        transfer = slip(form={"person": {"name": NAME}, "allergies": {"state": "none-known", "list": []}})
        outcome(
            transfer,
            **{
                "diagnosis_code": "I10",
                "treatment": "Chỉnh thuốc hạ áp",
                "advice": "Ăn nhạt, tái khám hằng tháng",
                "condition": "Huyết áp 125/75",
                "medicines": [{"name": "Amlodipin 5 mg", "dose": "1 viên", "frequency": "sáng"}],
                "discharged_at": "2026-01-05T02:00:00Z",
            }
            | more,
        )
        return transfer

    def test_a_second_loop_linked_to_the_first_filled_in_from_the_outcome(self) -> None:
        self.coverage("24022")
        first = self.told()
        offered = back.offer(first)
        assert offered is not None
        assert (offered.match.number, offered.home, offered.begun) == (9, "24022", "")
        assert offered.registered
        made = back.back(first.loop, actor=ACTOR)
        assert (made.follows, made.follows_why, made.state) == (first.loop, "back", State.DRAFTED)
        assert (made.sender, made.receiver, made.patient) == ("24011", "24022", "p1")
        assert made.form["diagnosis"] == "Tăng huyết áp ổn định"
        assert made.form["diagnosis_code"] == "I10"
        assert made.form["direction"] == "Ăn nhạt, tái khám hằng tháng"
        assert made.form["home_medicines"]["list"][0]["name"] == "Amlodipin 5 mg"
        assert made.form["allergies"]["state"] == "none-known"

    def test_what_no_form_says_of_the_person_comes_from_the_record(self) -> None:
        self.coverage("24022")
        first = self.told()
        first.form = {}
        first.save()
        person = back.back(first.loop, actor=ACTOR).form["person"]
        assert (person["name"].upper(), person["card"]) == (NAME.upper(), CARD)

    def test_a_second_time_it_is_the_same(self) -> None:
        first = self.told()
        made = back.back(first.loop, actor=ACTOR)
        assert back.back(first.loop, actor=ACTOR).loop == made.loop
        offered = back.offer(first)
        assert offered is not None
        assert offered.begun == made.loop

    def test_the_card_that_lasts_longest_tells_the_home(self) -> None:
        self.coverage("24004", end="2024-12-31", id="k0")
        self.coverage("24022")
        assert back.home(slip()) == "24022"

    def test_what_the_form_says_goes_before_the_card(self) -> None:
        self.coverage("24022")
        assert back.home(slip(form={"person": {"first_facility": "24004"}})) == "24004"

    def test_without_a_card_it_is_the_sender_and_said_so(self) -> None:
        first = self.told()
        offered = back.offer(first)
        assert offered is not None
        assert (offered.home, offered.registered) == ("24004", False)

    def test_whoever_is_registered_here_stays(self) -> None:
        self.coverage("24011")
        assert back.home(slip()) == ""

    def test_other_diseases_are_refused(self) -> None:
        first = self.told(diagnosis_code="I21.9")
        assert back.offer(first) is None
        with pytest.raises(LienThongError, match="back-not-in-annex-iv"):
            back.back(first.loop, actor=ACTOR)
        assert annexes.may_go_back(["I21.9"]) is None

    def test_without_an_outcome_it_is_refused(self) -> None:
        first = slip(diagnosis_code="I10")
        assert back.offer(first) is None
        with pytest.raises(LienThongError, match="back-without-outcome"):
            back.back(first.loop, actor=ACTOR)

    def test_the_sender_has_no_such_offer(self) -> None:
        first = slip(sender="24011", receiver="24004", diagnosis_code="I10")
        outcome(first)
        assert back.offer(first) is None
        with pytest.raises(LienThongError, match="slip-unknown"):
            back.back(first.loop, actor=ACTOR)


@pytest.mark.django_db
@pytest.mark.usefixtures("hospitals")
def test_the_record_store_knows_the_world() -> None:
    """What the other tests rely on: the numbers are found as the connectors store them."""
    store(patient())
    assert records.patients_numbered(CARD[5:]) == ["p1"]
    assert date.fromisoformat(BIRTH).year == 1960
