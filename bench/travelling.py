"""What travels in a transfer, made of invented dossiers as the connector and the desk make it: no database needed."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lienthong.connectors.his_xml import mapping
from lienthong.connectors.his_xml.dossier import Edition
from lienthong.connectors.his_xml.make import envelope, make_dossiers
from lienthong.connectors.his_xml.reader import read_export
from lienthong.foundation import clock, json
from lienthong.transfers import bundle
from lienthong.transfers.notice import Notice

START, END = date(2025, 1, 12), date(2025, 6, 16)


@dataclass(frozen=True, slots=True)
class Travelling:
    """One transfer.

    Attributes:
        source: the export with this dossier alone, as the HIS writes it.
        notice, bundle: what the message says, JSON; dossier: both, as the part that travels.
        diagnosis: ICD-10 of the main disease; dossiers of one invented scenario share it.
        left_at: when the patient left, ISO 8601.
    """

    source: bytes
    notice: bytes
    bundle: bytes
    dossier: bytes
    diagnosis: str
    left_at: str


def transfers(
    facility: str, seed: int, count: int, edition: Edition | None = None, destination: str = "01929"
) -> Iterator[Travelling]:
    """``count`` transfers of one facility; the same for the same arguments."""
    made = make_dossiers(
        count,
        seed,
        facility=facility,
        start=START,
        end=END,
        edition=edition,
        transfers=count,
        destination=destination,
    )
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as folder:
        for dossier in made:
            path = Path(folder) / f"{dossier.ma_lk}.xml"
            path.write_bytes(envelope([dossier], dossier.discharged.date()))
            yield _travelling(path)
            path.unlink()


def _travelling(path: Path) -> Travelling:
    source = path.read_bytes()
    export = next(iter(read_export(path)))
    digest = hashlib.sha256(source).hexdigest()
    slip = mapping.transfer_of(export)
    if slip is None or slip.moment is None:
        raise ValueError(f"{path.name} holds no transfer")
    resources = mapping.to_fhir(export, mapping.Source(digest, path.name, slip.moment))
    patient = next(r for r in resources if r["resourceType"] == "Patient")
    content, kept_back = bundle.pack(resources)
    notice = Notice(
        sender=export.facility,
        receiver=slip.destination,
        ma_lk=export.ma_lk,
        slip=slip.slip,
        left_at=slip.moment,
        patient=slip.patient_id,
        patient_name=slip.patient_name,
        birth=patient.get("birthDate", ""),
        gender=patient.get("gender", ""),
        diagnosis=slip.diagnosis,
        diagnosis_code=slip.icd,
        reason=slip.reason,
        condition=export.tables["XML13"][0].get("TINH_TRANG_CT"),
        kept_back=kept_back,
    )
    said = notice.as_data()
    dossier = bundle.with_notice(said, {}, content)
    return Travelling(source, json.dumps(said), content, dossier, slip.icd, clock.iso(slip.moment))
