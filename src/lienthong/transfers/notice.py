"""What a transfer says about itself in its message: the same at both hospitals."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError, Problem


@dataclass(frozen=True, slots=True)
class Notice:
    """The head of a transfer.

    Attributes:
        sender, receiver: facility codes (MA_CSKCB).
        ma_lk: the episode at the sender; empty when not known yet.
        slip: GIAY_CHUYEN_TUYEN; empty when not known yet.
        left_at: when the patient left, aware.
        patient: FHIR id of the Patient in the bundle.
        birth: FHIR date (a year alone is one); gender: FHIR code.
        diagnosis, diagnosis_code: words and ICD-10 of the main disease.
        reason: MA_LYDO_CT; condition: state of the patient at transfer.
        citizen: citizen number; empty when not known.
        kept_back: how many specially protected entries stayed at the sender.
    """

    sender: str
    receiver: str
    ma_lk: str
    slip: str
    left_at: datetime
    patient: str
    patient_name: str
    birth: str
    gender: str
    diagnosis: str
    diagnosis_code: str
    reason: str
    condition: str
    citizen: str = ""
    kept_back: int = 0

    def as_data(self) -> dict[str, Any]:
        """For the part ``dossier``, as JSON values."""
        return {**asdict(self), "left_at": clock.iso(self.left_at)}

    @classmethod
    def from_data(cls, body: Any) -> Notice:
        """Reads what :meth:`as_data` gave.

        Raises:
            LienThongError: a value is missing or has another type.
        """
        texts = {f.name for f in fields(cls)} - {"left_at", "kept_back"}
        try:
            values = {name: body.get(name, "") if name == "citizen" else body[name] for name in texts}
            if not all(isinstance(value, str) and len(value) <= 4000 for value in values.values()):
                raise ValueError("text expected")
            return cls(**values, left_at=clock.from_iso(body["left_at"]), kept_back=int(body["kept_back"]))
        except (KeyError, ValueError, TypeError) as error:
            raise LienThongError(
                Problem(
                    code="transfer-notice-unreadable",
                    vi="Phần đầu của gói tin chuyển người bệnh thiếu hoặc sai dữ liệu.",
                    en=f"The notice of the transfer is incomplete or wrong ({type(error).__name__}).",
                    hint_vi="Nơi gửi cần cập nhật phần mềm rồi gửi lại.",
                    hint_en="The sender updates the software and sends it again.",
                )
            ) from error
