"""XML5 to ClinicalImpression, and the vital signs in its text to Observation."""

from __future__ import annotations

import re

from lienthong.terminology import systems

from . import fhir, values
from .draft import Draft, Fields
from .fhir import Json

_SIGNS = re.compile(r"CSST\s*[<\[({]([^<>\[\](){}]*)", re.IGNORECASE)
_SIGN = re.compile(
    r"(?<![^\W\d_])(HA|NT|SP|HL|M|T)\s*[:=]?\s*(\d{1,3}(?:[.,]\d{1,2})?)(?![.,]?\d)(?:\s*/\s*(\d{1,3})(?!\d))?",
    re.IGNORECASE,
)
_VITALS = {
    "M": (("8867-4",), "Mạch", "lần/phút", "/min"),
    "T": (("8310-5",), "Nhiệt độ", "°C", "Cel"),
    "NT": (("9279-1",), "Nhịp thở", "lần/phút", "/min"),
    "SP": (("2708-6", "59408-5"), "SpO2", "%", "%"),
}
_PRESSURE = "HA"
_CARE_LEVEL = "HL"


def course(draft: Draft) -> None:
    """Adds a ClinicalImpression for each note of the clinical course, with its vital signs."""
    for row in draft.rows("XML5"):
        parts = [
            (title, row[field])
            for title, field in (
                ("Diễn biến", "DIEN_BIEN_LS"),
                ("Giai đoạn bệnh", "GIAI_DOAN_BENH"),
                ("Hội chẩn", "HOI_CHAN"),
                ("Phẫu thuật", "PHAU_THUAT"),
            )
            if row[field]
        ]
        if not parts:
            continue
        signs = _vital_signs(draft, row)
        made = draft.add(
            "ClinicalImpression",
            draft.id("ClinicalImpression", "XML5", row.key),
            {
                "status": "completed",
                "code": {"text": "Diễn biến lâm sàng"},
                "subject": draft.subject,
                "encounter": draft.encounter,
                "effectiveDateTime": values.date_time(row["THOI_DIEM_DBLS"]),
                "date": values.date_time(row["THOI_DIEM_DBLS"]),
                "assessor": draft.practitioner(row["NGUOI_THUC_HIEN"]),
                "summary": row["DIEN_BIEN_LS"],
                "finding": [{"itemReference": fhir.reference("Observation", one["id"])} for one in signs],
                "note": [{"text": f"{title}: {text}"} for title, text in parts if title != "Diễn biến"],
            },
            " ".join(text for _, text in parts),
        )
        draft.unread_times(made, row, "THOI_DIEM_DBLS")


def _vital_signs(draft: Draft, row: Fields) -> list[Json]:
    found: dict[str, Json] = {}
    for block in _SIGNS.findall(row["DIEN_BIEN_LS"]):
        for match in _SIGN.finditer(block):
            name = match[1].upper()
            value = _sign(name, match[2], match[3])
            if value and name not in found:
                found[name] = draft.add(
                    "Observation",
                    draft.id("Observation", "XML5", row.key, name),
                    {
                        "status": "final",
                        "category": [fhir.fixed(systems.OBSERVATION_CATEGORY, "vital-signs")],
                        **value,
                        "subject": draft.subject,
                        "encounter": draft.encounter,
                        "effectiveDateTime": values.date_time(row["THOI_DIEM_DBLS"]),
                        "performer": draft.practitioners(row["NGUOI_THUC_HIEN"]),
                    },
                )
    return list(found.values())


def _sign(name: str, first: str, second: str | None) -> Json | None:
    if name == _CARE_LEVEL:
        return {"code": {"text": "Chế độ chăm sóc (hộ lý cấp)"}, "valueString": first}
    value = values.plain(first)
    if value is None:
        return None
    if name == _PRESSURE:
        lower = values.plain(second or "")
        if lower is None:
            return None
        return {
            "code": fhir.fixed(systems.LOINC, "85354-9", "Huyết áp"),
            "component": [
                {
                    "code": fhir.fixed(systems.LOINC, code, text),
                    "valueQuantity": fhir.ucum(part, "mmHg", "mm[Hg]"),
                }
                for code, text, part in (("8480-6", "Tâm thu", value), ("8462-4", "Tâm trương", lower))
            ],
        }
    codes, text, unit, ucum = _VITALS[name]
    return {
        "code": {"coding": [{"system": systems.LOINC, "code": code} for code in codes], "text": text},
        "valueQuantity": fhir.ucum(value, unit, ucum),
    }
