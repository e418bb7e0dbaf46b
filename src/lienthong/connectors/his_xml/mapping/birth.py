"""XML9 to the child's Patient, the mother's RelatedPerson, measurements and the certificate of birth."""

from __future__ import annotations

from lienthong.foundation.text import fold
from lienthong.terminology import systems

from . import fhir, values
from .draft import Draft, Fields
from .fhir import Json
from .patient import human_name, identity

_GENDER = {"1": "male", "2": "female", "3": "unknown"}
_YES_NO = {"0": False, "1": True}
_TITLE = "Giấy chứng sinh"


def births(draft: Draft) -> None:
    """Adds each child born in this visit. Without XML9 the weights of XML1 stay with the mother."""
    rows = draft.rows("XML9")
    for row in rows:
        _birth(draft, row)
    weights = values.items(draft.first("XML1")["CAN_NANG_CON"])
    if rows or not weights:
        return
    draft.add(
        "Observation",
        draft.id("Observation", "XML1", "CAN_NANG_CON"),
        {
            "status": "final",
            "code": {"text": "Cân nặng con (g)"},
            "subject": draft.subject,
            "encounter": draft.encounter,
            "effectiveDateTime": values.date_time(draft.stay("NGAY_VAO")),
            "valueString": "; ".join(weights),
        },
    )


def _birth(draft: Draft, row: Fields) -> None:
    child_id = draft.id("Patient", "XML9", row.key)
    child = fhir.reference("Patient", child_id)
    born, born_at = values.birth(row["NGAY_SINH_CON"])
    count = row["SO_CON"]
    several = int(count) > 1 if count.isascii() and count.isdigit() else None
    weight = values.plain(row["CAN_NANG_CON"])
    made = draft.add(
        "Patient",
        child_id,
        {
            "identifier": fhir.listed(
                fhir.identifier(systems.INSURANCE_CARD, values.code(row["MA_THE_TAM"]), "SB", use="temp")
            ),
            "name": human_name(row["HO_TEN_CON"]),
            "gender": _GENDER.get(row["GIOI_TINH_CON"]),
            "birthDate": born,
            "_birthDate": {"extension": [{"url": systems.BIRTH_TIME, "valueDateTime": born_at}]}
            if born_at
            else None,
            "multipleBirthBoolean": several,
            "managingOrganization": draft.organization(draft.facility),
        },
    )
    if not born:
        draft.unread(made, row, "NGAY_SINH_CON")
    if row["GIOI_TINH_CON"] not in _GENDER:
        draft.unread(made, row, "GIOI_TINH_CON")
    if several is None:
        draft.unread(made, row, "SO_CON")
    _carer(draft, row, child)
    at = values.date_time(row["NGAY_SINH_CON"])

    def observe(field: str, code: Json, value: Json, category: str = "exam") -> None:
        draft.add(
            "Observation",
            draft.id("Observation", "XML9", row.key, field),
            {
                "status": "final",
                "category": [fhir.fixed(systems.OBSERVATION_CATEGORY, category)],
                "code": code,
                "subject": child,
                "encounter": draft.encounter,
                "effectiveDateTime": at,
                **value,
            },
        )

    if row["CAN_NANG_CON"]:
        measured: Json = (
            {"valueString": row["CAN_NANG_CON"]}
            if weight is None
            else {"valueQuantity": fhir.ucum(weight, "g", "g")}
        )
        observe(
            "CAN_NANG_CON", fhir.fixed(systems.LOINC, "8339-4", "Cân nặng khi sinh"), measured, "vital-signs"
        )
    for field, text in (
        ("SINHCON_PHAUTHUAT", "Sinh mổ"),
        ("SINHCON_DUOI32TUAN", "Sinh dưới 32 tuần tuổi thai"),
    ):
        if row[field]:
            flag = _YES_NO.get(row[field])
            observe(
                field, {"text": text}, {"valueString": row[field]} if flag is None else {"valueBoolean": flag}
            )
    if row["TINH_TRANG_CON"]:
        observe("TINH_TRANG_CON", {"text": "Tình trạng con"}, {"valueString": row["TINH_TRANG_CON"]})
    _certificate(draft, row, child)


def _carer(draft: Draft, row: Fields, child: Json) -> None:
    """The mother or carer; the mother for certain when she is the patient of this visit."""
    name = row["HO_TEN_NND"]
    number = identity(row["SO_CCCD_NND"])
    same = bool(name) and fold(name) == fold(draft.person("HO_TEN"))
    if name or number:
        born, _ = values.birth(row["NGAYSINH_NND"])
        ethnic = row["MA_DANTOC_NND"]
        made = draft.add(
            "RelatedPerson",
            draft.id("RelatedPerson", "XML9", row.key, "NND"),
            {
                "extension": fhir.listed(
                    fhir.extension(
                        "ethnic-group",
                        "CodeableConcept",
                        draft.named("MA_DANTOC", ethnic),
                    )
                ),
                "identifier": fhir.listed(
                    number,
                    fhir.identifier(
                        systems.patient_number(draft.facility), draft.patient_number if same else "", "PI"
                    ),
                    fhir.identifier(systems.INSURANCE_CARD, values.code(row["MA_THE_NND"]), "SB"),
                    fhir.identifier(systems.SOCIAL_INSURANCE, values.code(row["MA_BHXH_NND"]), "SS"),
                ),
                "patient": child,
                "relationship": [
                    fhir.fixed(systems.ROLE, "MTH", "Mẹ") if same else {"text": "Mẹ hoặc người nuôi dưỡng"}
                ],
                "name": human_name(name),
                "birthDate": born,
                "address": [{"use": "home", "text": row["NOI_CU_TRU_NND"]}]
                if row["NOI_CU_TRU_NND"]
                else None,
            },
        )
        if not number:
            draft.unread(made, row, "SO_CCCD_NND")
        if not born:
            draft.unread(made, row, "NGAYSINH_NND")
    if row["HO_TEN_CHA"]:
        draft.add(
            "RelatedPerson",
            draft.id("RelatedPerson", "XML9", row.key, "CHA"),
            {
                "patient": child,
                "relationship": [fhir.fixed(systems.ROLE, "FTH", "Cha")],
                "name": human_name(row["HO_TEN_CHA"]),
            },
        )


def _certificate(draft: Draft, row: Fields, child: Json) -> None:
    facts = (
        ("Họ và tên dự kiến của con", row["HO_TEN_CON"]),
        ("Nơi sinh", row["NOI_SINH_CON"]),
        ("Số con trong lần sinh này", row["SO_CON"]),
        ("Sinh con lần thứ", row["LAN_SINH"]),
        ("Số con hiện sống", row["SO_CON_SONG"]),
        ("Ghi chú", row["GHI_CHU"]),
    )
    lines = [_TITLE, *(f"{name}: {text}" for name, text in facts if text)]
    number = "/".join(part for part in (row["SO"], row["QUYEN_SO"]) if part)
    facility = draft.organization(draft.facility)
    made = draft.add(
        "DocumentReference",
        draft.id("DocumentReference", "XML9", row.key),
        {
            "identifier": fhir.listed(fhir.identifier(systems.CERTIFICATE, number)),
            "status": "current",
            "docStatus": "final",
            "type": {"text": _TITLE},
            "subject": child,
            "author": draft.practitioners(f"{row['NGUOI_DO_DE']};{row['NGUOI_GHI_PHIEU']}"),
            "authenticator": draft.practitioner(row["MA_TTDV"]),
            "custodian": facility if facility and "reference" in facility else None,
            "content": [
                {"attachment": fhir.text_attachment(lines, _TITLE, values.date_time(row["NGAY_CT"]))}
            ],
            "context": {"encounter": [draft.encounter]},
        },
    )
    draft.unread_times(made, row, "NGAY_CT")
