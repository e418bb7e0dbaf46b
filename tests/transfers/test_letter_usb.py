"""The file on a USB stick: only the receiving hospital opens it, and it joins what comes by line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.db import connection

from letters import DOCTOR, FORM, NURSE, RECEIVER, SENDER, arrive, go_to_receiver, message, sent
from lienthong import exchange, records
from lienthong.access import audit
from lienthong.exchange import dictionaries, sealed
from lienthong.facilities import directory
from lienthong.facilities.models import Node
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.transfers import desk
from lienthong.transfers.letter import signed, usb
from lienthong.transfers.models import State, Transfer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hospitals")]


@pytest.fixture
def carried(node_home: Path) -> tuple[Transfer, bytes, exchange.Incoming]:
    """A transfer that was sent, its file, its message; the node is now the receiver with the receiver's keys."""
    transfer = sent()
    letter, _ = signed.make(transfer)
    name, data = usb.make(transfer, letter, actor=DOCTOR)
    assert name == f"{transfer.loop}.lienthong"
    incoming = message(transfer)
    go_to_receiver()
    settings.NODE = replace(settings.NODE, home=node_home / RECEIVER)
    return transfer, data, incoming


def refused(data: bytes) -> str:
    with pytest.raises(LienThongError) as problem:
        usb.opened(data)
    return problem.value.problem.code


def sealed_again(data: bytes, **changes: Any) -> bytes:
    """The file with other content, sealed to us by somebody who has no key of the sender."""
    inner = dictionaries.decompress(sealed.open_small(data), usb.MOST_BYTES)
    file = msgspec.structs.replace(msgspec.msgpack.decode(inner, type=usb._File), **changes)
    return sealed.seal(dictionaries.compress(msgspec.msgpack.encode(file)), directory.recipient(RECEIVER))


def test_the_whole_dossier_arrives_and_the_message_joins(carried: Any) -> None:
    sent_one, data, incoming = carried
    transfer = usb.take(usb.opened(data), actor=NURSE)
    assert (transfer.loop, transfer.state, transfer.form) == (sent_one.loop, State.RECEIVED, sent_one.form)
    arrive(incoming)
    usb.take(usb.opened(data), actor=NURSE)
    assert [step.kind for step in Transfer.objects.get().steps.all()] == [State.SENT, State.RECEIVED]
    assert len(records.find_patients(FORM["person"]["citizen"])) == 1


def test_what_came_by_line_already_is_left_as_it_is(carried: Any) -> None:
    sent_one, data, incoming = carried
    arrive(incoming)
    with connection.cursor() as cursor:
        values = (sent_one.loop, incoming.id)
        cursor.execute("UPDATE exchange_message SET state = 'stored', loop = %s WHERE message = %s", values)
    assert usb.take(usb.opened(data), actor=NURSE).dossier_version == 1


def test_taking_and_reading_leave_a_trace_with_role_and_purpose(carried: Any) -> None:
    _, data, _ = carried
    usb.take(usb.opened(data), actor=NURSE)
    (taken,) = audit.trail(action="letter-file-taken")
    (read,) = audit.trail(action="letter-file-read")
    assert (taken.person, taken.role, taken.why) == (DOCTOR.id, "doctor", "emergency")
    assert (read.person, read.role, read.why) == (NURSE.id, "nurse", "emergency")
    assert read.patient


def test_nothing_of_a_patient_is_in_name_or_bytes(carried: Any) -> None:
    _, data, _ = carried
    assert data.startswith(b"age-encryption.org/v1")
    for word in ("Nguyệt", FORM["person"]["citizen"], "Penicillin"):
        assert word.encode() not in data


def test_another_hospital_cannot_open_it(carried: Any, node_home: Path) -> None:
    settings.NODE = replace(settings.NODE, facility="24022", home=node_home / "24022")
    assert refused(carried[1]) == "letter-file-not-for-us"


@pytest.mark.parametrize("place", [0, 30, 200, 500, -1])
def test_no_change_of_a_byte_opens(carried: Any, place: int) -> None:
    altered = bytearray(carried[1])
    altered[place] ^= 1
    assert refused(bytes(altered)) in ("letter-file-unknown", "letter-file-not-for-us")


def test_another_dossier_in_the_place_of_the_signed_one(carried: Any) -> None:
    assert refused(sealed_again(carried[1], dossier=b"{}")) == "letter-file-altered"


def test_a_manifest_that_somebody_else_signed(carried: Any) -> None:
    jws = msgspec.msgpack.decode(
        dictionaries.decompress(sealed.open_small(carried[1]), usb.MOST_BYTES), type=usb._File
    ).manifest
    broken = jws[:-2] + ("AA" if not jws.endswith("AA") else "BB")
    assert refused(sealed_again(carried[1], manifest=broken)) == "exchange-bad-signature"


@pytest.mark.parametrize("how", ["unknown", "revoked"])
def test_a_signer_who_is_not_believed_brings_no_record(carried: Any, how: str) -> None:
    keys = Node.objects.filter(facility=SENDER)
    keys.delete() if how == "unknown" else keys.update(revoked_at=clock.now())
    assert refused(carried[1]) == "letter-file-not-proven"


@pytest.mark.parametrize(
    "data", [b"", b"nothing", b"age-encryption.org/v1", b"age-encryption.org/v1\n" + bytes(90)]
)
def test_other_files_say_so(data: bytes) -> None:
    assert refused(data) in ("letter-file-unknown", "letter-file-not-for-us")


def test_a_draft_has_no_file_yet() -> None:
    draft = desk.draft(actor=DOCTOR, form=FORM, receiver=RECEIVER)
    letter, _ = signed.make(draft)
    with pytest.raises(LienThongError) as problem:
        usb.make(draft, letter, actor=DOCTOR)
    assert problem.value.problem.code == "letter-nothing-sent"


def test_a_hospital_without_a_node_gets_paper() -> None:
    transfer = sent()
    Node.objects.filter(facility=RECEIVER).update(revoked_at=clock.now())
    with pytest.raises(LienThongError) as problem:
        usb.make(transfer, b"", actor=DOCTOR)
    assert problem.value.problem.code == "letter-receiver-has-no-key"
