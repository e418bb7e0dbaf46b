"""Transfers at the sender and at the receiver: joining, steps, what is kept back, who may do what."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from django.conf import settings
from django.db import connection, transaction

from lienthong import exchange, records
from lienthong.access import audit
from lienthong.exchange.manifest import Entry, payload_of
from lienthong.foundation import clock, ids, json
from lienthong.foundation.blobs import BlobFolder
from lienthong.foundation.errors import LienThongError
from lienthong.transfers import bundle, desk
from lienthong.transfers.models import Call, State, Step, Transfer
from lienthong.transfers.notice import Notice

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hospitals")]
DOCTOR = audit.Actor("bs", "Bác sĩ Thử", "doctor", "127.0.0.1")
LEFT = datetime(2025, 1, 14, 3, 0, tzinfo=UTC)

NOTICE = Notice(
    sender="24011",
    receiver="01929",
    ma_lk="LK1",
    slip="24011-25-1",
    left_at=LEFT,
    patient="p1",
    patient_name="TRẦN THỊ ÁNH",
    birth="1960",
    gender="female",
    diagnosis="Viêm phổi",
    diagnosis_code="J18.9",
    reason="2",
    condition="Tỉnh, thở oxy",
)


def resources(value: str = "1", *, secret: bool = False) -> list[dict[str, Any]]:
    patient = {"resourceType": "Patient", "id": "p1", "name": [{"text": "TRẦN THỊ ÁNH"}]}
    condition: dict[str, Any] = {
        "resourceType": "Condition",
        "id": "c1",
        "subject": {"reference": "Patient/p1"},
        "code": {"text": "B20" if secret else "J18.9"},
    }
    if secret:
        condition["meta"] = {"security": [{"code": "R"}]}
    encounter = {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "class": {"code": "IMP"},
        "subject": {"reference": "Patient/p1"},
        "diagnosis": [{"condition": {"reference": "Condition/c1"}}],
    }
    observation = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": {"text": "WBC"},
        "subject": {"reference": "Patient/p1"},
        "valueString": value,
    }
    return [patient, condition, encounter, observation]


@pytest.fixture
def bac_giang() -> None:
    assert settings.NODE.facility == "24011"


@pytest.fixture
def bach_mai(settings: Any) -> None:
    settings.NODE = replace(settings.NODE, facility="01929")


def send(notice: Notice = NOTICE, content: list[dict[str, Any]] | None = None, **more: Any) -> Transfer:
    with transaction.atomic():
        return desk.send(notice, content or resources(), actor=audit.system("his-xml"), **more)


def messages() -> list[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT message, kind, loop FROM exchange_message WHERE direction = 'out' ORDER BY number"
        )
        return [tuple(row) for row in cursor.fetchall()]


def arrived(
    notice: Notice = NOTICE,
    content: list[dict[str, Any]] | None = None,
    loop: str = "l1",
    form: dict[str, Any] | None = None,
) -> str:
    """Hands the receiver's handler what :func:`send` would have put on the way."""
    packed, kept_back = bundle.pack(content or resources())
    blobs = BlobFolder(settings.NODE.blobs)
    dossier = bundle.with_notice(replace(notice, kept_back=kept_back).as_data(), form or {}, packed)
    parts = (Entry(blobs.put(dossier), len(dossier), "dossier", "application/json", 0),)
    incoming = exchange.Incoming(
        "m1", desk.TRANSFER, loop, notice.sender, clock.now(), desk.REFERRAL_DUTY, {}, parts
    )
    with transaction.atomic():
        return desk.take_dossier(incoming)


SAYS = {
    "outcome": {"diagnosis": "Đã điều trị ổn định"},
    "asked": {"text": "?"},
    "declined": {"code": "no-bed"},
}


def step_message(
    state: str, loop: str, sender: str = "01929", place: int = 3, **more: Any
) -> exchange.Incoming:
    step = {
        "id": ids.stable_id(loop, state, str(place)),
        "kind": state,
        "at": clock.iso(clock.now()),
        "place": place,
        "person": "BS Hiển",
        "role": "doctor",
        "facility": sender,
        "data": SAYS.get(state, {}),
    }
    content = json.dumps({"step": step | more})
    entry = Entry(BlobFolder(settings.NODE.blobs).put(content), len(content), "step", "application/json", 0)
    return exchange.Incoming("m2", desk.STEP, loop, sender, clock.now(), desk.REFERRAL_DUTY, {}, (entry,))


@pytest.mark.usefixtures("bac_giang")
class TestSender:
    def test_a_slip_starts_a_transfer_and_queues_its_message_in_one_transaction(self) -> None:
        transfer = send()
        assert transfer.state == State.SENT
        assert [(kind, loop) for _, kind, loop in messages()] == [(desk.TRANSFER, transfer.loop)]

    def test_when_the_transaction_fails_nothing_is_left(self) -> None:
        with transaction.atomic():
            desk.send(NOTICE, resources(), actor=DOCTOR)
            transaction.set_rollback(True)
        assert not Transfer.objects.exists()
        assert messages() == []

    def test_a_later_dossier_of_the_same_episode_joins(self) -> None:
        first = send()
        second = send(replace(NOTICE, diagnosis="Viêm phổi nặng"), resources("2"))
        assert second.loop == first.loop
        assert second.dossier_version == 2
        assert second.diagnosis == "Viêm phổi nặng"
        assert Transfer.objects.count() == 1
        assert len(messages()) == 2

    def test_the_slip_joins_a_transfer_begun_without_an_episode(self) -> None:
        first = send(replace(NOTICE, ma_lk=""))
        assert send().loop == first.loop

    def test_the_same_slip_number_of_another_patient_does_not_join(self) -> None:
        first = send()
        second = send(replace(NOTICE, ma_lk="LK2", patient="p1x"))
        assert second.loop != first.loop

    def test_the_same_slip_number_of_another_year_does_not_join(self) -> None:
        first = send()
        second = send(replace(NOTICE, ma_lk="LK9", left_at=LEFT.replace(year=2026)))
        assert second.loop != first.loop

    def test_another_receiver_is_another_transfer(self) -> None:
        first = send()
        assert send(replace(NOTICE, receiver="24022")).loop != first.loop

    def test_only_the_receipt_makes_it_received(self) -> None:
        transfer = send()
        message = messages()[0][0]
        refused = exchange.Receipt(message, "0" * 64, "refused", "", clock.now(), "01929", "k", None)
        desk.receipt_came(message, transfer.loop, refused)
        assert Transfer.objects.get().state == State.SENT
        stored = replace(refused, outcome="stored", stored="1" * 64)
        desk.receipt_came(message, transfer.loop, stored)
        assert Transfer.objects.get().state == State.RECEIVED
        assert Step.objects.get(kind="received").facility == "01929"

    def test_steps_of_the_receiver_are_kept_once_and_in_any_order(self) -> None:
        transfer = send()
        for state, place in (("outcome", 6), ("arrived", 5), ("outcome", 6), ("seen", 4)):
            desk.take_step(step_message(state, transfer.loop, place=place))
        transfer.refresh_from_db()
        assert transfer.state == State.OUTCOME
        assert Step.objects.get(kind="outcome").data["diagnosis"] == "Đã điều trị ổn định"
        assert set(Step.objects.filter(effect=False).values_list("kind", flat=True)) == {"seen"}
        message = messages()[0][0]
        stored = exchange.Receipt(message, "0" * 64, "stored", "1" * 64, clock.now(), "01929", "k", None)
        desk.receipt_came(message, transfer.loop, stored)
        assert not Step.objects.filter(effect=False).exists()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"id": "x"},
            {"place": 0},
            {"place": "many"},
            {"facility": "24004"},
            {"kind": "cancelled", "data": {"code": "died"}},
            {"data": {"diagnosis": ""}},
            {"data": {"diagnosis": "x", "surprise": 1}},
            {"data": {"diagnosis": "x", "appointment_at": "2025-13-01T00:00:00Z"}},
            {"at": "yesterday"},
        ],
    )
    def test_a_step_that_says_what_it_cannot_is_refused(self, wrong: dict[str, Any]) -> None:
        transfer = send()
        with pytest.raises(exchange.Refused):
            desk.take_step(step_message("outcome", transfer.loop, **wrong))
        assert set(Step.objects.values_list("kind", flat=True)) == {"sent"}

    def test_a_step_from_a_hospital_that_is_not_the_receiver_is_refused(self) -> None:
        transfer = send()
        with pytest.raises(exchange.Refused):
            desk.take_step(step_message("accepted", transfer.loop, sender="24004"))

    @pytest.mark.parametrize("state", ["received", "sent", "unheard-of"])
    def test_a_message_cannot_take_a_step_that_only_proof_gives(self, state: str) -> None:
        transfer = send()
        with pytest.raises(exchange.Refused):
            desk.take_step(step_message(state, transfer.loop))
        assert Transfer.objects.get().state == State.SENT

    def test_the_sender_cannot_accept_its_own_transfer(self) -> None:
        transfer = send()
        with pytest.raises(LienThongError):
            desk.take(transfer.loop, State.ACCEPTED, actor=DOCTOR)

    def test_what_is_specially_protected_stays_unless_the_slip_names_it(self) -> None:
        content, back = bundle.pack(resources(secret=True))
        kept = {bundle.ref(r): r for r in bundle.unpack(bundle.with_notice({}, {}, content))[2]}
        assert back == 1
        assert "Condition/c1" not in kept
        assert "diagnosis" not in kept["Encounter/e1"]
        content, back = bundle.pack(resources(secret=True), frozenset({"Condition/c1"}))
        assert back == 0
        assert len(bundle.unpack(bundle.with_notice({}, {}, content))[2]) == 4

    def test_nothing_of_the_patient_stands_in_the_manifest(self) -> None:
        send()
        with connection.cursor() as cursor:
            cursor.execute("SELECT jws FROM exchange_message")
            payload = payload_of(cursor.fetchone()[0])
        for secret in ("ÁNH", "J18", "Viêm", "LK1"):
            assert secret not in payload.decode()


@pytest.mark.usefixtures("bach_mai")
class TestReceiver:
    def test_the_dossier_is_stored_and_its_hash_given(self) -> None:
        digest = arrived()
        assert len(digest) == 64
        stored = records.read("Observation", "o1")
        assert stored is not None
        assert stored.origin == "transfer/l1"
        transfer = Transfer.objects.get()
        assert transfer.state == State.RECEIVED
        assert {s.kind for s in transfer.steps.all()} == {"sent", "received"}

    def test_a_corrected_dossier_joins_and_replaces(self) -> None:
        arrived()
        arrived(content=resources("2")[:1] + resources("2")[3:])
        assert Transfer.objects.get().dossier_version == 2
        stored = records.read("Observation", "o1")
        assert stored is not None
        assert stored.resource["valueString"] == "2"
        assert records.read("Condition", "c1") is None

    @pytest.mark.parametrize(
        "notice",
        [
            replace(NOTICE, receiver="24004"),
            replace(NOTICE, patient="somebody-else"),
            replace(NOTICE, diagnosis="x" * 5000),
        ],
    )
    def test_a_wrong_notice_is_refused_and_nothing_stored(self, notice: Notice) -> None:
        with pytest.raises(exchange.Refused):
            arrived(notice)
        assert not Transfer.objects.exists()
        assert records.count("Observation") == 0

    def test_an_invalid_resource_is_refused_with_its_path(self) -> None:
        bad = resources()
        bad[3]["status"] = "nearly"
        with pytest.raises(exchange.Refused) as caught:
            arrived(content=bad)
        assert caught.value.problem.where["path"] == "Observation.status"

    def test_another_hospital_cannot_write_into_a_loop(self) -> None:
        arrived()
        with pytest.raises(exchange.Refused):
            arrived(replace(NOTICE, sender="24004"))

    def test_the_steps_of_the_receiver_go_back_to_the_sender(self) -> None:
        arrived()
        for state in (State.SEEN, State.ACCEPTED, State.ARRIVED):
            desk.take("l1", state, actor=DOCTOR)
        transfer = desk.take("l1", State.OUTCOME, actor=DOCTOR, data={"diagnosis": "Ra viện, ổn định"})
        assert (transfer.state, transfer.owner) == (State.OUTCOME, "24011")
        assert [kind for _, kind, _ in messages()] == [desk.STEP] * 4
        assert State.CLOSED not in desk.allowed_steps(transfer)
        assert {s.person for s in transfer.steps.filter(facility="01929")} >= {"Bác sĩ Thử"}

    def test_a_step_that_does_not_follow_is_refused_and_so_is_an_empty_outcome(self) -> None:
        arrived()
        desk.take("l1", State.ACCEPTED, actor=DOCTOR)
        for state, data in ((State.ACCEPTED, {}), (State.OUTCOME, {"diagnosis": "x"}), (State.CANCELLED, {})):
            with pytest.raises(LienThongError, match="transfer-step-not-possible"):
                desk.take("l1", state, actor=DOCTOR, data=data)
        desk.take("l1", State.ARRIVED, actor=DOCTOR)
        with pytest.raises(LienThongError, match="transfer-step-data"):
            desk.take("l1", State.OUTCOME, actor=DOCTOR, data={"diagnosis": "  "})
        assert len(messages()) == 2

    def test_of_two_people_at_one_transfer_the_second_is_told(self) -> None:
        arrived()
        seen = desk.take("l1", State.SEEN, actor=DOCTOR)
        desk.take("l1", State.ACCEPTED, actor=DOCTOR, version=seen.version)
        with pytest.raises(LienThongError, match="transfer-changed") as caught:
            desk.take("l1", State.DECLINED, actor=DOCTOR, data={"code": "no-bed"}, version=seen.version)
        assert caught.value.problem.where["who"] == "Bác sĩ Thử"
        assert Transfer.objects.get().state == State.ACCEPTED

    @pytest.mark.parametrize(
        "content",
        [
            *(b"", b"{", b"[]", b"{}", b'{"bundle":1}', b'{"bundle":{"entry":[1]}}'),
            b'{"bundle":{"resourceType":"Bundle","entry":[]}}',
        ],
    )
    def test_an_unreadable_bundle_is_named(self, content: bytes) -> None:
        with pytest.raises(LienThongError):
            bundle.unpack(content)


@pytest.mark.usefixtures("bac_giang")
class TestDrafts:
    def test_a_draft_for_a_person_without_a_record_is_saved_field_by_field_and_sent(self) -> None:
        begun = desk.draft(actor=DOCTOR)
        assert (begun.state, begun.owner) == (State.DRAFTED, "24011")
        fields: list[tuple[str, Any]] = [
            ("urgency", "emergency"),
            ("receiver", "01929"),
            ("person", {"name": "LÊ VĂN BÌNH", "birth": "1955", "gender": "male", "citizen": "024055000123"}),
            ("diagnosis", "Nhồi máu cơ tim cấp"),
            ("condition", "Đau ngực, huyết áp 100/60"),
        ]
        for name, value in fields:
            begun = desk.save_field(begun.loop, name, value, version=begun.version, actor=DOCTOR)
        assert not begun.complete
        sent = desk.send_draft(begun.loop, version=begun.version, actor=DOCTOR)
        assert (sent.state, sent.patient_name, sent.citizen) == (State.SENT, "LÊ VĂN BÌNH", "024055000123")
        assert [(kind, loop) for _, kind, loop in messages()] == [(desk.TRANSFER, sent.loop)]
        assert records.read("Patient", sent.patient) is not None

    def test_a_planned_transfer_waits_until_it_is_complete(self) -> None:
        begun = desk.draft(actor=DOCTOR, receiver="01929", form={"urgency": "planned"})
        with pytest.raises(LienThongError, match="transfer-incomplete"):
            desk.send_draft(begun.loop, version=begun.version, actor=DOCTOR)
        assert messages() == []

    def test_of_two_people_at_one_field_the_second_is_told_and_nothing_is_overwritten(self) -> None:
        other = replace(DOCTOR, id="dd", name="Điều dưỡng Thử")
        begun = desk.draft(actor=DOCTOR)
        desk.save_field(begun.loop, "signs", "Sốt", version=begun.version, actor=DOCTOR)
        desk.save_field(begun.loop, "course", "Ba ngày", version=begun.version, actor=other)
        with pytest.raises(LienThongError, match="transfer-changed"):
            desk.save_field(begun.loop, "signs", "Ho", version=begun.version, actor=other)
        assert Transfer.objects.get().form == {"signs": "Sốt", "course": "Ba ngày"}

    def test_the_export_joins_a_transfer_that_was_begun_by_hand_for_the_same_citizen(self) -> None:
        form = {"urgency": "emergency", "diagnosis": "Viêm phổi", "condition": "Khó thở"}
        form |= {"person": {"name": "TRẦN THỊ ÁNH", "citizen": "024160000001"}}  # type: ignore[dict-item]
        begun = desk.draft(actor=DOCTOR, receiver="01929", form=form)
        desk.send_draft(begun.loop, version=begun.version, actor=DOCTOR)
        joined = send(replace(NOTICE, citizen="024160000001"))
        assert (joined.loop, joined.ma_lk, joined.dossier_version) == (begun.loop, "LK1", 2)
        assert joined.condition == "Khó thở"
        assert send(replace(NOTICE, ma_lk="LK7", patient="p9", slip="s9")).loop != begun.loop

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("colour", "red"),
            ("urgency", "soon"),
            ("vitals", {"pulse": 999}),
            ("vitals", []),
            ("allergies", {"state": "maybe"}),
            ("person", {"birth": "13/13/2020"}),
            ("key_results", "many"),
            ("departs_at", "tomorrow"),
            ("receiver", "99999"),
            ("receiver", "24011"),
        ],
    )
    def test_a_value_that_a_field_does_not_take_is_named(self, name: str, value: Any) -> None:
        begun = desk.draft(actor=DOCTOR)
        with pytest.raises(LienThongError, match=r"transfer-(field|receiver)"):
            desk.save_field(begun.loop, name, value, version=begun.version, actor=DOCTOR)


@pytest.mark.usefixtures("bach_mai")
class TestLetter:
    MINIMUM: ClassVar[dict[str, Any]] = {
        "loop": "l1",
        "sender": "24011",
        "receiver": "01929",
        "patient": "p1",
        "signed_at": "2025-01-14T03:00:00Z",
        "signed_by": "Bác sĩ Gửi",
        "form": {"urgency": "emergency", "diagnosis": "Viêm phổi", "person": {"name": "TRẦN THỊ ÁNH"}},
    }

    @pytest.mark.parametrize("first", ["letter", "message"])
    def test_letter_and_message_are_one_loop_in_either_order(self, first: str) -> None:
        if first == "message":
            arrived(form={"condition": "Tỉnh"})
        opened = desk.begin_from_letter(self.MINIMUM, actor=DOCTOR)
        assert opened.state == State.RECEIVED
        desk.take("l1", State.ACCEPTED, actor=DOCTOR)
        if first == "letter":
            assert opened.diagnosis == "Viêm phổi"
            arrived(form={"condition": "Tỉnh"})
        transfer = Transfer.objects.get()
        assert (transfer.state, transfer.ma_lk) == (State.ACCEPTED, "LK1")
        assert transfer.form["condition"] == "Tỉnh"
        assert sorted(transfer.steps.values_list("kind", flat=True)) == ["accepted", "received", "sent"]
        assert records.read("Observation", "o1") is not None

    def test_steps_taken_at_once_that_both_count_are_no_alarm(self) -> None:
        arrived()
        desk.take("l1", State.DECLINED, actor=DOCTOR, data={"code": "no-bed"})
        desk.take_step(step_message("departed", "l1", sender="24011", data={}))
        assert Transfer.objects.get().state == State.DEPARTED
        assert not Call.objects.filter(reason="changed-meanwhile").exists()

    def test_a_step_that_loses_its_effect_is_told(self) -> None:
        arrived()
        desk.take("l1", State.ACCEPTED, actor=DOCTOR)
        desk.take("l1", State.NO_SHOW, actor=DOCTOR, data={"code": "unknown"})
        desk.take_step(step_message("cancelled", "l1", sender="24011", data={"code": "died"}, place=3))
        assert Transfer.objects.get().state == State.CANCELLED
        idle = Step.objects.get(kind="no-show")
        assert idle.effect is False
        assert Call.objects.get(reason="changed-meanwhile").about == idle.id

    @pytest.mark.parametrize("state", ["set-aside", "stored"])
    def test_a_step_whose_dossier_waits_itself_waits_too(self, state: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO exchange_message (direction, message, kind, loop, sender, receiver, created, jws,"
                " manifest, bytes, state) VALUES ('in', 'm1', 'transfer', 'l1', '24011', '01929',"
                " '2025-01-14T03:00:00Z', '', '', 0, %s)",
                (state,),
            )
        found = exchange.Refused if state == "stored" else LienThongError
        with pytest.raises(found, match="transfer-foreign" if state == "stored" else "transfer-awaited"):
            desk.take_step(step_message("cancelled", "l1", sender="24011", data={"code": "mistaken"}))

    def test_a_letter_for_another_hospital_opens_nothing(self) -> None:
        with pytest.raises(LienThongError, match="transfer-foreign"):
            desk.begin_from_letter({**self.MINIMUM, "receiver": "24004"}, actor=DOCTOR)
        assert not Transfer.objects.exists()
