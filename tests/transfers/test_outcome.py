"""The outcome by default: stays of our own HIS find their transfer, arrive, and write the return letter."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import transaction

from lienthong import records
from lienthong.access import audit
from lienthong.connectors.his_xml import intake
from lienthong.connectors.his_xml.make import envelope
from lienthong.connectors.his_xml.make.dossiers import Incoming, Site, finish, make_episode, make_person
from lienthong.connectors.his_xml.make.episode import Episode
from lienthong.connectors.his_xml.make.people import People
from lienthong.connectors.his_xml.make.scenario import scenarios
from lienthong.foundation import clock, ids
from lienthong.foundation.clock import VIETNAM
from lienthong.foundation.errors import LienThongError
from lienthong.transfers import desk, outcome, taking
from lienthong.transfers.models import ReturnLetter, State, Step, Transfer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hospitals")]
DOCTOR = audit.Actor("bs", "Bác sĩ Nhận", "doctor", "127.0.0.1")
DAY = date(2025, 2, 1)
SENDER, HERE = "24004", "24011"
SLIP = "00011/2025/PCCSKBCB"


def stay(
    *, came_from: str = SENDER, slip: str = SLIP, seed: int = 1, kind: str = "03", edition: Any = "3176"
) -> Episode:
    """A stay at this hospital that ends on ``DAY``, brought by a slip."""
    rng = Random(f"stay {seed}")
    scenario = next(s for s in scenarios().values() if s.kind == kind and not s.newborn)
    person = make_person(People(f"outcome {seed}", SENDER), scenario, rng, DAY)
    return make_episode(
        Site(HERE, f"outcome {seed}"),
        person,
        scenario,
        DAY,
        rng,
        edition=edition,
        incoming=Incoming(came_from, slip) if came_from else None,
    )


def read(tmp_path: Path, episode: Episode, change: tuple[str, str] = ("", "")) -> None:
    """The HIS drops the dossier of a stay, with one text changed."""
    made = finish(episode)
    made.documents = [
        (name, text.replace(*change)) if change[0] else (name, text) for name, text in made.documents
    ]
    path = tmp_path / f"{ids.new_id()}.xml"
    path.write_bytes(envelope([made], DAY))
    export = intake.take(path)
    assert export.state == "done", list(export.findings.values("problem"))


def coming(episode: Episode, *, slip: str = SLIP, sender: str = SENDER, **more: Any) -> Transfer:
    """A transfer of the same person that came to us before the stay began."""
    left = episode.arrived.replace(tzinfo=VIETNAM) - timedelta(hours=2)
    loop = ids.new_id()
    person = {
        "resourceType": "Patient",
        "id": f"p{loop[:8]}",
        "name": [{"text": episode.person.name}],
    }
    values: dict[str, Any] = {
        "patient": person["id"],
        "patient_name": episode.person.name,
        "birth": episode.person.born.date().isoformat(),
        "citizen": episode.person.citizen_number,
        "slip_year": 2025,
        "left_at": left,
        "started_by": "Bác sĩ Gửi",
        "begun_at": left,
        "since": left,
        "changed_at": left,
    }
    with transaction.atomic():
        records.transact([person], origin=f"transfer/{loop}", actor=DOCTOR)
        transfer = Transfer.objects.create(
            loop=loop, sender=sender, receiver=HERE, slip=slip, state=State.DRAFTED, **values | more
        )
        taking.add(
            transfer,
            [
                taking.fixed(transfer, State.SENT, left, sender),
                taking.fixed(transfer, State.RECEIVED, left, HERE),
            ],
        )
    return transfer


def kinds(transfer: Transfer) -> list[tuple[str, str]]:
    return [(s.kind, s.person) for s in Step.objects.filter(transfer=transfer)][2:]


def test_a_discharge_with_our_slip_arrives_admits_and_writes_the_letter(tmp_path: Path) -> None:
    episode = stay()
    transfer = coming(episode)
    read(tmp_path, episode)
    transfer.refresh_from_db()
    assert kinds(transfer) == [("arrived", "HIS"), ("admitted", "HIS")]
    assert transfer.state == State.ADMITTED
    letter = ReturnLetter.objects.get()
    assert (letter.transfer_id, letter.stage, letter.matched) == (transfer.loop, "ready", "slip")
    assert letter.data["diagnosis"]
    assert letter.data["diagnosis_code"] == episode.diagnoses[0]
    assert letter.data["treatment"]
    assert letter.data["course"]
    assert letter.data["discharged_at"] == clock.iso(episode.left.replace(tzinfo=VIETNAM))
    if episode.scenario.follow_up:
        assert letter.data["appointment_at"]


def test_what_a_person_entered_is_not_entered_again(tmp_path: Path) -> None:
    episode = stay()
    transfer = coming(episode)
    desk.take(transfer.loop, State.ARRIVED, actor=DOCTOR)
    desk.take(transfer.loop, State.ADMITTED, actor=DOCTOR, data={"ward": "Khoa A"})
    read(tmp_path, episode)
    assert kinds(transfer) == [("arrived", DOCTOR.name), ("admitted", DOCTOR.name)]


def test_the_person_decides_where_no_slip_is_named(tmp_path: Path) -> None:
    episode = stay(slip="")
    transfer = coming(episode)
    other = coming(stay(seed=2), slip="9")
    read(tmp_path, episode)
    letter = ReturnLetter.objects.get()
    assert (letter.transfer_id, letter.stage, letter.matched) == (transfer.loop, "ready", "person")
    other.refresh_from_db()
    assert other.state == State.RECEIVED


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ("another slip", "unsure"),
        ("another sender", "unsure"),
        ("nobody sent", "unsure"),
        ("two open", "unsure"),
        ("another person", ""),
        ("before it left", ""),
    ],
)
def test_nothing_is_guessed(case: str, found: str, tmp_path: Path) -> None:
    episode = stay(
        came_from="" if case == "nobody sent" else SENDER, slip="77" if case == "another slip" else ""
    )
    more: dict[str, Any] = {}
    if case == "another person":
        more = {"citizen": "001099000001", "patient_name": "NGƯỜI KHÁC"}
    if case == "before it left":
        more = {"left_at": episode.left.replace(tzinfo=VIETNAM) + timedelta(days=1)}
    transfers = [coming(episode, sender="24022" if case == "another sender" else SENDER, **more)]
    if case == "two open":
        transfers.append(coming(episode, slip="00012/2025/PCCSKBCB"))
    read(tmp_path, episode)
    assert {letter.stage for letter in ReturnLetter.objects.all()} == ({found} if found else set())
    assert ReturnLetter.objects.count() == (len(transfers) if found else 0)
    for transfer in transfers:
        transfer.refresh_from_db()
        assert transfer.state == State.RECEIVED


def test_the_same_slip_of_another_person_is_not_ours(tmp_path: Path) -> None:
    episode = stay()
    coming(episode, citizen="001099000001")
    read(tmp_path, episode)
    assert not ReturnLetter.objects.exists()


def test_a_person_joins_a_stay_that_was_offered_and_the_others_are_set_aside(tmp_path: Path) -> None:
    episode = stay(slip="")
    first, second = coming(episode), coming(episode, slip="00012/2025/PCCSKBCB")
    read(tmp_path, episode)
    letter = ReturnLetter.objects.get(transfer=first)
    outcome.decide(letter.pk, belongs=True, version=letter.version, actor=DOCTOR)
    assert ReturnLetter.objects.get(transfer=first).stage == "ready"
    assert ReturnLetter.objects.get(transfer=second).stage == "dismissed"
    assert [kind for kind, _who in kinds(first)] == ["arrived", "admitted"]
    with pytest.raises(LienThongError) as raised:
        outcome.decide(letter.pk, belongs=False, version=letter.version, actor=DOCTOR)
    assert raised.value.problem.code == "transfer-changed"


def test_signing_sends_the_outcome_with_the_papers(tmp_path: Path) -> None:
    episode = stay()
    transfer = coming(episode)
    read(tmp_path, episode)
    letter = ReturnLetter.objects.get()
    data = {**letter.data, "advice": "Tái khám tại Sơn Động", "agreed": "yes"}
    after = outcome.sign(letter.pk, data, version=letter.version, actor=DOCTOR)
    assert after.state == State.OUTCOME
    step = Step.objects.get(transfer=transfer, kind=State.OUTCOME)
    assert step.data["advice"] == "Tái khám tại Sơn Động"
    assert step.data["signed_by"] == DOCTOR.name
    assert step.message
    letter.refresh_from_db()
    assert letter.stage == "signed"
    papers = outcome._papers(letter, with_protected=False)
    assert {r["resourceType"] for r in papers} >= {"Patient", "Encounter", "Composition"}
    with pytest.raises(LienThongError):
        outcome.sign(letter.pk, data, version=letter.version, actor=DOCTOR)


def test_a_correction_after_signing_is_offered_with_what_the_doctor_wrote(tmp_path: Path) -> None:
    episode = stay()
    transfer = coming(episode)
    read(tmp_path, episode)
    letter = ReturnLetter.objects.get()
    data = {**letter.data, "advice": "Ăn nhạt", "agreed": "yes"}
    outcome.sign(letter.pk, data, version=letter.version, actor=DOCTOR)
    read(tmp_path, episode, ("<PP_DIEUTRI>", "<PP_DIEUTRI>Sửa: "))
    letter.refresh_from_db()
    assert (letter.stage, letter.corrects) == ("ready", True)
    assert letter.data["treatment"].startswith("Sửa: ")
    assert letter.data["agreed"] == "yes"
    outcome.sign(letter.pk, letter.data, version=letter.version, actor=DOCTOR)
    assert Step.objects.filter(transfer=transfer, kind=State.OUTCOME).count() == 2


def test_the_same_dossier_again_raises_nothing_new(tmp_path: Path) -> None:
    episode = stay()
    coming(episode)
    read(tmp_path, episode)
    letter = ReturnLetter.objects.get()
    outcome.sign(letter.pk, letter.data, version=letter.version, actor=DOCTOR)
    read(tmp_path, episode, ("<LY_DO_VV>", "<LY_DO_VV>Thêm: "))
    letter.refresh_from_db()
    assert letter.stage == "signed"


def test_two_doctors_write_one_letter_and_the_second_is_told(tmp_path: Path) -> None:
    episode = stay()
    coming(episode)
    read(tmp_path, episode)
    letter = ReturnLetter.objects.get()
    outcome.save(letter.pk, {**letter.data, "advice": "A"}, version=letter.version, actor=DOCTOR)
    with pytest.raises(LienThongError) as raised:
        outcome.save(letter.pk, {**letter.data, "advice": "B"}, version=letter.version, actor=DOCTOR)
    assert raised.value.problem.code == "transfer-changed"
    letter.refresh_from_db()
    assert letter.data["advice"] == "A"


def test_a_transfer_that_comes_after_the_stay_finds_it(tmp_path: Path) -> None:
    episode = stay()
    aside = coming(stay(seed=3), slip="3")  # so that somebody is awaited at all
    read(tmp_path, episode)
    transfer = coming(episode)
    with transaction.atomic():
        outcome.transfer_came(transfer)
    assert ReturnLetter.objects.get().transfer_id == transfer.loop
    assert [kind for kind, _who in kinds(transfer)] == ["arrived", "admitted"]
    assert kinds(aside) == []


def test_a_death_is_an_outcome_without_medicines_or_appointment(tmp_path: Path) -> None:
    episode = stay()
    coming(episode)
    made = finish(episode)
    xml = next(text for name, text in made.documents if name == "XML1")
    code = xml.partition("<KET_QUA_DTRI>")[2][:1]
    read(tmp_path, episode, (f"<KET_QUA_DTRI>{code}", "<KET_QUA_DTRI>5"))
    data = ReturnLetter.objects.get().data
    assert data["result"] == "5"
    assert not {"medicines", "appointment_at", "advice"} & data.keys()


def test_specially_protected_papers_stay_here_unless_needed(tmp_path: Path) -> None:
    episode = stay()
    transfer = coming(episode)
    episode = replace(episode, diagnoses=("B20", *episode.diagnoses[1:]))
    read(tmp_path, episode)
    letter = ReturnLetter.objects.get()
    assert letter.kept_back
    assert "B20" not in str(letter.data)
    assert not any(r["resourceType"] == "Composition" for r in outcome._papers(letter, with_protected=False))
    assert any(r["resourceType"] == "Composition" for r in outcome._papers(letter, with_protected=True))
    written = outcome.by_hand(transfer.loop, actor=DOCTOR)
    outcome.sign(written.pk, {"diagnosis": "Ổn định"}, version=written.version, actor=DOCTOR)
    transfer.refresh_from_db()
    assert transfer.state == State.OUTCOME


def test_an_open_stay_waits_for_the_discharge(tmp_path: Path) -> None:
    episode = stay()
    transfer = coming(episode)
    made = finish(episode)
    xml = next(text for name, text in made.documents if name == "XML1")
    left = xml.partition("<NGAY_RA>")[2].partition("<")[0]
    resources = _stored_open(episode)
    with transaction.atomic():
        outcome.stay_stored(resources, origin=f"his-xml/{HERE}/{episode.ma_lk}")
    assert left
    assert ReturnLetter.objects.get().stage == "stays"
    read(tmp_path, episode)
    assert ReturnLetter.objects.get().stage == "ready"
    assert [kind for kind, _who in kinds(transfer)] == ["arrived", "admitted"]


def _stored_open(episode: Episode) -> list[dict[str, Any]]:
    """What a check-in tells: who, when, from where, by which slip."""
    start = episode.arrived.replace(tzinfo=VIETNAM)
    return [
        {
            "resourceType": "Patient",
            "id": "his1",
            "name": [{"text": episode.person.name}],
            "birthDate": episode.person.born.date().isoformat(),
        },
        {
            "resourceType": "Organization",
            "id": "o1",
            "identifier": [{"system": "http://fhir.ehealth.gov.vn/core/sid/provider-code", "value": SENDER}],
        },
        {
            "resourceType": "Encounter",
            "id": "e1",
            "status": "in-progress",
            "class": {"code": "IMP"},
            "subject": {"reference": "Patient/his1"},
            "period": {"start": start.isoformat()},
            "basedOn": [
                {
                    "identifier": {
                        "system": "https://lienthong.example/fhir/sid/transfer-slip",
                        "value": SLIP,
                    }
                }
            ],
            "hospitalization": {"origin": {"reference": "Organization/o1"}},
        },
    ]


def test_moments_without_a_zone_are_viet_nam_s() -> None:
    from lienthong.transfers.stay import _moment

    assert _moment("2025-02-01") == datetime(2025, 2, 1, tzinfo=VIETNAM)
    assert _moment("x") is None
