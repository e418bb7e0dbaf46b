"""Notices: who is told what, what waits for whom, what closes by itself, and that nothing of the patient is in them."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lienthong import exchange
from lienthong.access import accounts, audit, rights
from lienthong.access.models import Role
from lienthong.exchange.manifest import Entry
from lienthong.foundation import clock, ids, json
from lienthong.foundation.blobs import BlobFolder
from lienthong.transfers import bundle, desk, notices, taking
from lienthong.transfers.models import (
    Call,
    CallRead,
    Hook,
    HookCall,
    Mail,
    MailAddress,
    State,
    Step,
    Transfer,
)
from lienthong.transfers.notice import Notice
from lienthong.transfers.notices import calls, mail, sending
from lienthong.transfers.notices.reasons import REASONS, SILENT, Group, sentence
from notice_world import AboutTransfer

pytestmark = pytest.mark.django_db
LOOP = "a" * 32


def _waits(account: Any) -> int:
    return calls.waiting(account, accounts.roles(account)).count


def test_the_table_is_whole() -> None:
    for name, reason in REASONS.items():
        assert set(reason.roles) <= set(rights.NOTICES), name
        assert reason.vi.count("{other}") == reason.en.count("{other}") == 1, name
        assert len(name) <= 24
    assert {name for group in Group for name, one in REASONS.items() if one.group == group} == set(REASONS)
    assert not SILENT & REASONS.keys()


def test_every_step_is_told_or_silent_on_purpose() -> None:
    missing = {f"step-{state}" for state in State} - REASONS.keys() - SILENT
    assert not missing


def test_an_unknown_reason_fails_loudly(person: Any) -> None:
    with pytest.raises(LookupError):
        notices.tell("step-danced", AboutTransfer())
    assert not Call.objects.exists()


def test_those_of_the_role_are_told_and_nobody_else(person: Any) -> None:
    doctor, nurse = person("bs.hoa", Role.DOCTOR), person("dd.lan", Role.NURSE)
    head, it = person("gd.mai", Role.HEAD), person("cntt.minh", Role.IT)
    notices.tell("new-transfer", AboutTransfer())
    notices.tell("overdue-head", AboutTransfer())
    notices.tell("step-interim", AboutTransfer(), roles=[Role.NURSE])
    assert [_waits(one) for one in (doctor, nurse, head, it)] == [1, 2, 1, 0]


def test_whoever_began_a_transfer_hears_of_it_whatever_his_role(person: Any) -> None:
    head = person("gd.mai", Role.HEAD)
    person("bs.hoa", Role.DOCTOR)
    ours = AboutTransfer(sender="24011", receiver="01929", started_by=head.full_name)
    notices.tell("step-accepted", ours)
    notices.tell("step-departed", ours, about="2")
    assert _waits(head) == 1
    theirs = AboutTransfer("b" * 32, started_by=head.full_name)
    notices.tell("step-note", theirs)
    assert _waits(head) == 1, "a name that the other hospital sent is nobody here"


def test_a_role_that_ended_is_told_nothing(person: Any) -> None:
    doctor = person("bs.hoa", Role.DOCTOR)
    notices.tell("new-transfer", AboutTransfer())
    doctor.grants.update(ended_at=clock.now())
    assert _waits(doctor) == 0


def test_the_same_is_told_once_also_after_it_was_settled(person: Any) -> None:
    doctor = person("bs.hoa", Role.DOCTOR)
    for _ in range(3):
        notices.tell("overdue-owner", AboutTransfer(), about="sent")
    assert _waits(doctor) == 1
    notices.settle(LOOP)
    notices.tell("overdue-owner", AboutTransfer(), about="sent")
    assert _waits(doctor) == 0
    notices.tell("overdue-owner", AboutTransfer(), about="asked")
    assert _waits(doctor) == 1


def test_a_step_closes_what_asked_for_it_for_everybody_and_leaves_the_rest(person: Any) -> None:
    doctor, nurse = person("bs.hoa", Role.DOCTOR), person("dd.lan", Role.NURSE)
    notices.tell("new-emergency", AboutTransfer())
    notices.tell("step-note", AboutTransfer(), about="1")
    notices.tell("new-transfer", AboutTransfer("b" * 32))
    assert (_waits(doctor), _waits(nurse)) == (3, 3)
    notices.settle(LOOP)
    assert (_waits(doctor), _waits(nurse)) == (2, 2)
    assert not Call.objects.filter(reason="new-emergency", closed_at=None).exists()


def test_each_step_that_comes_or_is_taken_tells_and_settles(hospitals: Any, person: Any) -> None:
    """Through the exchange's own handler: a look settles nothing, an answer does; no effect, no notice."""
    doctor, nurse = person("bs.hoa", Role.DOCTOR), person("dd.lan", Role.NURSE)
    now = clock.now()
    transfer = Transfer.objects.create(
        loop=LOOP,
        sender="01929",
        receiver="24011",
        patient="p1",
        started_by="01929",
        state=State.DRAFTED,
        urgency="emergency",
        begun_at=now,
        since=now,
        changed_at=now,
    )
    came = [
        taking.fixed(transfer, State.SENT, now, "01929"),
        taking.fixed(transfer, State.RECEIVED, now, "24011"),
    ]
    taking.add(transfer, came)
    notices.tell("new-emergency", transfer)
    by = audit.Actor("bs.hoa", doctor.full_name, "doctor")
    desk.take(LOOP, State.SEEN, actor=by)
    assert (_waits(doctor), _waits(nurse)) == (1, 1)
    desk.take(LOOP, State.ACCEPTED, actor=by)
    assert (_waits(doctor), _waits(nurse)) == (0, 0)
    for kind, told in ((State.DEPARTED, 1), (State.TOLD, 1), (State.NOTE, 2), (State.CLOSED, 2)):
        _comes(transfer, kind)
        assert _waits(doctor) == told, kind


@pytest.mark.parametrize(("days", "told"), [(1, 1), (8, 0)])
def test_a_dossier_of_a_patient_who_left_long_ago_calls_nobody(
    hospitals: Any, person: Any, days: int, told: int
) -> None:
    """A unit that joins brings the exports of months; they are in the lists, but nobody waits for an answer."""
    doctor = person("bs.hoa", Role.DOCTOR)
    left = clock.now() - timedelta(days=days)
    names = ("patient_name", "birth", "gender", "diagnosis", "diagnosis_code", "reason", "condition")
    notice = Notice("01929", "24011", "LK1", "", left, "p1", **dict.fromkeys(names, "x"))
    patient = {"resourceType": "Patient", "id": "p1", "name": [{"text": "Giáp Thị Mẫu"}]}
    packed, _ = bundle.pack([patient])
    content = bundle.with_notice(notice.as_data(), {}, packed)
    entry = Entry(
        BlobFolder(settings.NODE.blobs).put(content), len(content), "dossier", "application/json", 0
    )
    with transaction.atomic():
        desk.take_dossier(
            exchange.Incoming(
                "m" * 32, desk.TRANSFER, LOOP, "01929", clock.now(), "referral-duty", {}, (entry,)
            )
        )
    assert Transfer.objects.count() == 1
    assert _waits(doctor) == told


def _comes(transfer: Transfer, kind: State) -> None:
    """A step of the other hospital, as its message brings it."""
    step = Step(
        id=ids.new_id(),
        transfer=transfer,
        kind=kind,
        at=clock.now(),
        place=9 + transfer.steps.count(),
        person="BS Xa",
        facility="01929",
        data={"text": "Đang đến."} if kind in (State.TOLD, State.NOTE) else {},
    )
    content = json.dumps({"step": taking.as_data(step)})
    entry = Entry(BlobFolder(settings.NODE.blobs).put(content), len(content), "step", "application/json", 0)
    with transaction.atomic():
        taking.take_step(
            exchange.Incoming(step.id, taking.STEP, LOOP, "01929", clock.now(), "referral-duty", {}, (entry,))
        )


def test_what_the_other_hospital_does_closes_what_asked_before(person: Any) -> None:
    doctor = person("bs.hoa", Role.DOCTOR)
    notices.tell("new-emergency", AboutTransfer())
    notices.tell("overdue-owner", AboutTransfer(), about="received")
    notices.tell("step-note", AboutTransfer(), about="1")
    assert _waits(doctor) == 3, "a word beside the steps answers nothing"
    notices.tell("step-departed", AboutTransfer(), about="2")
    assert set(Call.objects.filter(closed_at=None).values_list("reason", flat=True)) == {
        "step-note",
        "step-departed",
    }
    notices.tell("step-cancelled", AboutTransfer(), about="3")
    notices.tell("step-departed", AboutTransfer(), about="2")
    assert set(Call.objects.filter(closed_at=None).values_list("reason", flat=True)) == {
        "step-note",
        "step-cancelled",
    }


def test_reading_is_each_person_s_own(person: Any) -> None:
    doctor, nurse = person("bs.hoa", Role.DOCTOR), person("dd.lan", Role.NURSE)
    notices.tell("new-transfer", AboutTransfer())
    notices.tell("new-transfer", AboutTransfer("b" * 32))
    for _ in range(2):
        notices.read(doctor, {Role.DOCTOR}, LOOP)
    assert (_waits(doctor), _waits(nurse)) == (1, 2)
    notices.read(doctor, {Role.DOCTOR})
    assert (_waits(doctor), _waits(nurse)) == (0, 2)
    assert CallRead.objects.count() == 2


def test_nobody_reads_what_he_is_not_told(person: Any) -> None:
    head = person("gd.mai", Role.HEAD)
    notices.tell("new-transfer", AboutTransfer())
    notices.read(head, {Role.HEAD}, LOOP)
    assert not CallRead.objects.exists()


@pytest.mark.parametrize(
    ("reason", "urgency", "sounds"),
    [
        ("new-emergency", "emergency", True),
        ("new-transfer", "urgent", False),
        ("step-declined", "emergency", True),
        ("step-declined", "urgent", False),
        ("step-outcome", "emergency", False),
        ("overdue-owner", "emergency", True),
        ("overdue-owner", "nonsense", False),
    ],
)
def test_what_sounds(person: Any, reason: str, urgency: str, sounds: bool) -> None:
    doctor = person("bs.hoa", Role.DOCTOR)
    notices.tell(reason, AboutTransfer(urgency=urgency))
    found = calls.waiting(doctor, {Role.DOCTOR})
    assert (bool(found.sounding), found.urgent) == (sounds, int(sounds))


def test_the_sound_ends_by_reading_by_a_step_and_with_time(person: Any) -> None:
    doctor, nurse = person("bs.hoa", Role.DOCTOR), person("dd.lan", Role.NURSE)
    notices.tell("new-emergency", AboutTransfer())
    notices.read(doctor, {Role.DOCTOR}, LOOP)
    assert not calls.waiting(doctor, {Role.DOCTOR}).sounding
    assert calls.waiting(nurse, {Role.NURSE}).sounding
    Call.objects.update(at=clock.now() - calls.SOUNDS_FOR)
    assert not calls.waiting(nurse, {Role.NURSE}).sounding
    assert calls.waiting(nurse, {Role.NURSE}).urgent == 1, "it is still urgent"


def test_it_is_undone_with_the_transaction_that_told_it(person: Any) -> None:
    doctor = person("bs.hoa", Role.DOCTOR)
    Hook.objects.create(id="h", name="h", url="https://example.org/", groups=",new,", made_at=clock.now())
    with transaction.atomic():
        notices.tell("new-transfer", AboutTransfer())
        assert HookCall.objects.count() == 1
        transaction.set_rollback(True)
    assert _waits(doctor) == HookCall.objects.count() == 0


def test_what_asks_for_nothing_closes_after_a_week_and_all_goes_in_the_end(person: Any) -> None:
    notices.tell("step-note", AboutTransfer())
    notices.tell("new-transfer", AboutTransfer())
    Call.objects.update(at=clock.now() - calls.CLOSES_AFTER - timedelta(minutes=1))
    calls.tidy()
    assert list(Call.objects.filter(closed_at=None).values_list("reason", flat=True)) == ["new-transfer"]
    old = clock.now() - calls.KEPT_FOR - timedelta(minutes=1)
    Call.objects.filter(reason="step-note").update(at=old, closed_at=old)
    calls.tidy()
    assert list(Call.objects.values_list("reason", flat=True)) == ["new-transfer"]


def test_asking_costs_one_query_over_open_notices_alone(person: Any) -> None:
    doctor = person("bs.hoa", Role.DOCTOR)
    for number in range(60):
        notices.tell("new-transfer", AboutTransfer(f"{number:032d}"))
        if number < 50:
            notices.settle(f"{number:032d}")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert calls.waiting(doctor, {Role.DOCTOR}).count == 10
    assert len(queries) == 1
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + queries[0]["sql"])
            plan = " ".join(row[3] for row in cursor.fetchall())
        assert "USING INDEX call_open" in plan
        assert "SCAN transfers_callread" not in plan


@pytest.fixture
def wants_all(person: Any) -> None:
    """A doctor with mail and a hook, both for every reason."""
    groups = "," + ",".join(Group.values) + ","
    now = clock.now()
    MailAddress.objects.create(
        account=person("bs.hoa", Role.DOCTOR),
        address="hoa@benhvien.example",
        asked_at=now,
        verified_at=now,
        groups=groups,
    )
    Hook.objects.create(id="h", name="h", url="https://example.org/", groups=groups, made_at=now)


NAMES = st.text(st.characters(categories=("L", "N", "P", "Zs")), min_size=5, max_size=60).map(
    lambda text: f"\u00b6{text}\u00b6"  # a sign that no notice has, so that what is found was the patient's
)


@hypothesis_settings(
    max_examples=40,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    patient=st.fixed_dictionaries(
        dict.fromkeys(
            ("patient_name", "birth", "citizen", "card", "diagnosis", "diagnosis_code", "condition"), NAMES
        )
    ),
    reason=st.sampled_from(sorted(REASONS)),
    urgency=st.sampled_from(["emergency", "urgent", "planned"]) | NAMES,
    about=NAMES,
)
def test_nothing_of_the_patient_is_ever_told(
    wants_all: None, patient: dict[str, str], reason: str, urgency: str, about: str
) -> None:
    """Whatever a transfer holds: the notice as kept and shown, the mail and the hook's body."""
    transfer = AboutTransfer(sender="24011", receiver="01929", urgency=urgency, started_by="Bs.Hoa")
    for name, value in patient.items():
        setattr(transfer, name, value)
    transfer.form = {"person": patient}  # type: ignore[attr-defined]
    with transaction.atomic(), _mail_set_up():
        notices.tell(reason, transfer, roles=[Role.DOCTOR], about=about)
        mail.bundle()
        (message,) = [sending.message(one) for one in Mail.objects.all()]
        (hook_call,) = HookCall.objects.all()
        call = Call.objects.get()
        kept = {field.attname: getattr(call, field.attname) for field in Call._meta.fields}
        transaction.set_rollback(True)
    del kept["about"]
    read = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert isinstance(read, EmailMessage)
    said = [str(read), read.get_content(), read["Subject"], hook_call.body, str(kept)]
    said += [sentence(call.reason, call.other, "vi"), sentence(call.reason, call.other, "en")]
    assert not [text for text in said if "\u00b6" in text]


class _mail_set_up:
    """This node with a mail server."""

    def __enter__(self) -> None:
        from dataclasses import replace

        self.before = settings.NODE
        settings.NODE = replace(
            self.before, smtp_url="smtp://127.0.0.1:9", mail_from="Liên Thông <lt@benhvien.example>"
        )

    def __exit__(self, *_: Any) -> None:
        settings.NODE = self.before
