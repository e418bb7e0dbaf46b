"""XML7 and XML8 to Composition; XML10, XML11 and XML12 to DocumentReference."""

from __future__ import annotations

from lienthong.terminology import code_name, systems

from . import fhir, restricted, values
from .draft import Draft, Fields
from .fhir import Json
from .patient import relative

DISCHARGE_SUMMARY = "18842-5"
EPISODE_SUMMARY = "34133-9"


def documents(draft: Draft) -> None:
    """Adds the papers of the visit, except the transfer slip."""
    for row in draft.rows("XML7"):
        _discharge_paper(draft, row)
    for row in draft.rows("XML8"):
        _summary(draft, row)
    for table, title, fields in _CERTIFICATES:
        for row in draft.rows(table):
            _certificate(draft, row, title, fields)


def composition(
    draft: Draft,
    row: Fields,
    loinc: str,
    title: str,
    sections: list[Json | None],
    number: Json | None = None,
    author: Json | None = None,
    dated: str = "",
) -> Json:
    """Adds a Composition: date of the paper or of discharge, author or else the facility, who signs."""
    facility = draft.organization(draft.facility)
    at = next(
        (
            date
            for text in (row["NGAY_CT"], dated, draft.stay("NGAY_RA"), draft.stay("NGAY_VAO"))
            if (date := values.date_time(text))
        ),
        None,
    )
    signer = draft.practitioner(row["MA_TTDV"])
    kept = fhir.listed(*sections)
    made = draft.add(
        "Composition",
        draft.id("Composition", row.table, row.key),
        {
            "identifier": number,
            "status": "final",
            "type": fhir.fixed(systems.LOINC, loinc, title),
            "subject": draft.subject,
            "encounter": draft.encounter,
            "date": at,
            "_date": None if at else fhir.NO_VALUE,
            "author": [author or facility or {"display": "Không rõ cơ sở"}],
            "title": title,
            "attester": fhir.listed(fhir.some({"mode": "legal" if signer else "", "party": signer})),
            "custodian": facility if facility and "reference" in facility else None,
            "event": fhir.listed(
                fhir.some({"period": fhir.period(draft.stay("NGAY_VAO"), draft.stay("NGAY_RA"))})
            ),
            "section": kept,
        },
    )
    _protect(draft, made, " ".join(text for field, text in row.items() if field != "DU_PHONG"))
    draft.unread_times(made, row, "NGAY_CT")
    return made


def _protect(draft: Draft, document: Json, text: str) -> None:
    """A paper repeats the diagnoses in its text, so it is as protected as the most protected of them."""
    kinds = restricted.in_text(text)
    for code in draft.conditions:
        kinds |= restricted.of_code(code)
    restricted.label(document, kinds)


def final_diagnosis(draft: Draft, text: str) -> Json | None:
    """Section of the final diagnosis with the conditions of the visit."""
    entries = [one["condition"] for one in draft.diagnoses if one["use"]["coding"][0]["code"] != "AD"]
    return fhir.section("Chẩn đoán ra viện", text, "11535-2", entries)


def _discharge_paper(draft: Draft, row: Fields) -> None:
    rest = " – ".join(shown(row[f]) for f in ("NGOAITRU_TUNGAY", "NGOAITRU_DENNGAY") if row[f])
    days = f"{row['SO_NGAY_NGHI']} ngày" if row["SO_NGAY_NGHI"] else ""
    ended = (
        ("Nguyên nhân", row["NGUYENNHAN_DINHCHI"]),
        ("Thời gian", shown(row["THOIGIAN_DINHCHI"])),
        ("Tuổi thai (tuần)", row["TUOI_THAI"]),
    )
    pregnancy = "\n".join(f"{name}: {text}" for name, text in ended if text)
    composition(
        draft,
        row,
        DISCHARGE_SUMMARY,
        "Giấy ra viện",
        [
            final_diagnosis(draft, row["CHAN_DOAN_RV"]),
            fhir.section("Phương pháp điều trị", row["PP_DIEUTRI"]),
            fhir.section("Lời dặn của bác sĩ", row["GHI_CHU"], "8653-8"),
            fhir.section("Nghỉ ngoại trú", "; ".join(part for part in (days, rest) if part)),
            fhir.section("Đình chỉ thai nghén", pregnancy if row["MA_DINH_CHI_THAI"] == "1" else ""),
        ],
        number=fhir.identifier(systems.ARCHIVE_NUMBER, row["SO_LUU_TRU"]),
        author=draft.practitioner(row["MA_BS"], row["TEN_BS"]),
    )
    relative(draft, "FTH", row["HO_TEN_CHA"], row["MA_CHA"])
    relative(draft, "MTH", row["HO_TEN_ME"], row["MA_ME"])


def shown(text: str) -> str:
    """A time as people write it; other text as it stands."""
    at = values.moment(text)
    if at is None:
        return text
    return at.strftime("%H:%M %d/%m/%Y" if len(text) > 8 else "%d/%m/%Y")


def _summary(draft: Draft, row: Fields) -> None:
    outcome = row["KET_QUA_DTRI"]
    child = (
        ("Ngày sinh con", shown(row["NGAY_SINHCON"])),
        ("Ngày con chết", shown(row["NGAY_CONCHET"])),
        ("Số con chết", row["SO_CONCHET"]),
    )
    composition(
        draft,
        row,
        EPISODE_SUMMARY,
        "Tóm tắt hồ sơ bệnh án",
        [
            fhir.section("Chẩn đoán vào viện", row["CHAN_DOAN_VAO"], "46241-6"),
            fhir.section("Quá trình bệnh lý và diễn biến lâm sàng", row["QT_BENHLY"], "8648-8"),
            fhir.section("Tóm tắt kết quả cận lâm sàng", row["TOMTAT_KQ"], "30954-2"),
            fhir.section("Phương pháp điều trị", row["PP_DIEUTRI"]),
            final_diagnosis(draft, row["CHAN_DOAN_RV"]),
            fhir.section("Kết quả điều trị", code_name("KET_QUA_DTRI", outcome, draft.on, "vi") or outcome),
            fhir.section("Ghi chú", row["GHI_CHU"]),
            fhir.section("Con chết sau sinh", "\n".join(f"{n}: {t}" for n, t in child if t)),
        ],
    )
    relative(draft, "FTH", row["HO_TEN_CHA"])
    relative(draft, "MTH", row["HO_TEN_ME"])
    relative(draft, "GUARD", row["NGUOI_GIAM_HO"])


_LEAVE = {
    "CHAN_DOAN_RV": "Chẩn đoán",
    "PP_DIEUTRI": "Phương pháp điều trị",
    "NGUYENNHAN_DINHCHI": "Nguyên nhân đình chỉ thai nghén",
    "TUOI_THAI": "Tuổi thai (tuần)",
    "SO_NGAY": "Số ngày nghỉ",
    "SO_NGAY_NGHI": "Số ngày nghỉ",
    "TU_NGAY": "Từ ngày",
    "DEN_NGAY": "Đến ngày",
}
_ASSESSMENT = {
    "NGAY_HOP": "Ngày họp hội đồng",
    "SO_BIEN_BAN": "Số biên bản",
    "KHAM_GIAM_DINH": "Loại khám giám định (mã)",
    "KET_QUA_KHAM": "Kết quả khám",
    "TYLE_TTCT_CU": "Tỷ lệ tổn thương cơ thể trước đây (%)",
    "TYLE_TTCT_MOI": "Tỷ lệ tổn thương cơ thể lần này (%)",
    "TONG_TYLE_TTCT": "Tổng tỷ lệ tổn thương cơ thể (%)",
    "DANG_KHUYETTAT": "Dạng khuyết tật (mã)",
    "MUC_DO_KHUYETTAT": "Mức độ khuyết tật (mã)",
    "DE_NGHI": "Đề nghị",
    "DUOC_XACDINH": "Xác định",
}
_DAYS = ("TU_NGAY", "DEN_NGAY", "NGAY_HOP")
_CERTIFICATES = (
    ("XML10", "Giấy chứng nhận nghỉ dưỡng thai", _LEAVE),
    ("XML11", "Giấy chứng nhận nghỉ việc hưởng bảo hiểm xã hội", _LEAVE),
    ("XML12", "Biên bản giám định y khoa", _ASSESSMENT),
)


def _certificate(draft: Draft, row: Fields, title: str, fields: dict[str, str]) -> None:
    """The words of the paper, without the employer."""
    lines = [
        title,
        *(
            f"{name}: {shown(row[field]) if field in _DAYS else row[field]}"
            for field, name in fields.items()
            if row[field]
        ),
    ]
    issued = next(
        (d for f in ("NGAY_CT", "NGAY_CHUNG_TU", "NGAY_HOP") if (d := values.date_time(row[f]))), None
    )
    numbers = (row["SO_SERI"], row["SO_CT"], row["SO_KCB"], row["SO_BIEN_BAN"])
    facility = draft.organization(draft.facility)
    made = draft.add(
        "DocumentReference",
        draft.id("DocumentReference", row.table, row.key),
        {
            "identifier": fhir.listed(
                *(fhir.identifier(systems.CERTIFICATE, number) for number in dict.fromkeys(numbers))
            ),
            "status": "current",
            "docStatus": "final",
            "type": {"text": title},
            "subject": draft.subject,
            "author": fhir.listed(draft.practitioner(row["MA_BS"], row["TEN_BS"])),
            "authenticator": draft.practitioner(row["MA_TTDV"]),
            "custodian": facility if facility and "reference" in facility else None,
            "content": [{"attachment": fhir.text_attachment(lines, title, issued)}],
            "context": fhir.some(
                {
                    "encounter": [draft.encounter] if row.table != "XML12" else None,
                    "period": fhir.period(row["TU_NGAY"], row["DEN_NGAY"]),
                }
            ),
        },
    )
    _protect(draft, made, "\n".join(lines))
    draft.unread_times(made, row, "TU_NGAY", "DEN_NGAY", "NGAY_CT", "NGAY_CHUNG_TU", "NGAY_HOP")
    relative(draft, "FTH", row["HO_TEN_CHA"])
    relative(draft, "MTH", row["HO_TEN_ME"])
