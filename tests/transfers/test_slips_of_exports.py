"""What a HIS exports, front to back: its appointments at the reception, its registration for the return."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from lienthong.connectors.his_xml.folder import Folder
from lienthong.facilities import directory
from lienthong.foundation import ids
from lienthong.foundation.errors import LienThongError
from lienthong.transfers.validity import appointments, back, identity, reception, uses
from slip_world import ACTOR, outcome, slip

pytestmark = pytest.mark.django_db
CITIZEN = "024058999901"


@pytest.fixture
def exported(tmp_path: Path, settings: Any) -> None:
    """Hospital 24001 after its HIS exported an out-patient who came with one appointment and got the next."""
    settings.NODE = replace(settings.NODE, home=tmp_path / "home", facility="24001")
    directory.load_known()
    folder = Folder(tmp_path / "exports", patience=0.0)
    sample = files("lienthong.connectors.his_xml").joinpath("samples/outpatient_4750.xml").read_bytes()
    (folder.root / "a.xml").write_bytes(sample)
    folder.look()
    assert folder.look() == 1


def person() -> reception.Person:
    (found,) = reception.look(identity.Shown(CITIZEN))
    return found


@pytest.mark.usefixtures("exported")
def test_an_exported_appointment_stands_in_the_register_and_is_used_once() -> None:
    (written,) = appointments.register(date(2025, 2, 11), date(2025, 2, 11))
    assert (written.name, written.number) == ("NGUYỄN VĂN MẪU", "24001-HK-0101")
    (shown,) = person().appointments
    assert shown.id == written.id
    assert shown.standing(date(2025, 2, 11)) == "today"
    uses.use_appointment(shown.id, token=ids.new_id(), how="card", actor=ACTOR)
    with pytest.raises(LienThongError, match="appointment-used"):
        uses.use_appointment(shown.id, token=ids.new_id(), how="card", actor=ACTOR)


@pytest.mark.usefixtures("exported")
def test_the_return_goes_to_the_registration_of_the_card() -> None:
    (patient,) = person().patients
    transfer = slip(sender="24004", receiver="24001", patient=patient, citizen=CITIZEN)
    outcome(transfer, diagnosis_code="I10")
    assert back.home(transfer) == ""  # registered at 24001 itself
    transfer.form = {"person": {"first_facility": "24004"}}
    assert back.home(transfer) == "24004"
