"""XML6 (HIV) and XML15 (tuberculosis), all of it restricted: Condition, MedicationStatement, Observation."""

from __future__ import annotations

from lienthong.terminology import code_name, systems

from . import fhir, restricted, values
from .draft import Draft, Fields
from .fhir import Json

_HIV = fhir.fixed(systems.SNOMED, "86406008", "Nhiễm HIV")
_TUBERCULOSIS = fhir.fixed(systems.SNOMED, "56717001", "Bệnh lao")
_LATENT: Json = {"text": "Lao tiềm ẩn"}
_NO_TREATMENT, _OF_LATENT = "0", "1"
_INFECTED = "1"

_HIV_FIELDS = {
    "NOI_LAY_MAU_XN": "Nơi lấy mẫu xét nghiệm HIV",
    "NOI_XN_KD": "Nơi xét nghiệm khẳng định HIV",
    "NOI_BDDT_ARV": "Nơi bắt đầu điều trị ARV",
    "BDDT_ARV": "Ngày bắt đầu điều trị ARV",
    "MA_BAC_PHAC_DO_BD": "Bậc phác đồ ban đầu",
    "MA_LYDO_DTRI": "Lý do đăng ký điều trị",
    "LOAI_DTRI_LAO": "Loại điều trị lao",
    "SANG_LOC_LAO": "Sàng lọc lao",
    "PHACDO_DTRI_LAO": "Phác đồ điều trị lao",
    "NGAYBD_DTRI_LAO": "Ngày bắt đầu điều trị lao",
    "NGAYKT_DTRI_LAO": "Ngày kết thúc điều trị lao",
    "KQ_DTRI_LAO": "Kết quả điều trị lao",
    "MA_LYDO_XNTL_VR": "Lý do xét nghiệm tải lượng vi rút",
    "NGAY_XN_TLVR": "Ngày lấy mẫu tải lượng vi rút",
    "NGAY_KQ_XN_TLVR": "Ngày có kết quả tải lượng vi rút",
    "MA_LOAI_BN": "Loại đối tượng",
    "GIAI_DOAN_LAM_SANG": "Giai đoạn lâm sàng",
    "NHOM_DOI_TUONG": "Nhóm đối tượng",
    "MA_TINH_TRANG_DK": "Tình trạng khi đăng ký",
    "LAN_XN_PCR": "Lần xét nghiệm PCR",
    "NGAY_XN_PCR": "Ngày lấy mẫu PCR",
    "NGAY_KQ_XN_PCR": "Ngày có kết quả PCR",
    "NGAY_NHAN_TT_MANG_THAI": "Ngày nhận thông tin mang thai",
    "NGAY_BAT_DAU_DT_CTX": "Ngày bắt đầu điều trị CTX",
    "MA_XU_TRI": "Xử trí",
    "NGAY_BAT_DAU_XU_TRI": "Ngày bắt đầu xử trí",
    "NGAY_KET_THUC_XU_TRI": "Ngày kết thúc xử trí",
    "MA_BAC_PHAC_DO": "Bậc phác đồ hiện tại",
    "SO_NGAY_CAP_THUOC_ARV": "Số ngày cấp thuốc ARV",
    "NGAY_CHUYEN_PHAC_DO": "Ngày chuyển phác đồ",
    "LY_DO_CHUYEN_PHAC_DO": "Lý do chuyển phác đồ",
}
_TB_FIELDS = {
    "PHANLOAI_LAO_VITRI": "Phân loại theo vị trí",
    "PHANLOAI_LAO_TS": "Phân loại theo tiền sử điều trị",
    "PHANLOAI_LAO_HIV": "Phân loại theo tình trạng HIV",
    "PHANLOAI_LAO_VK": "Phân loại theo bằng chứng vi khuẩn",
    "PHANLOAI_LAO_KT": "Phân loại theo tính kháng thuốc",
    "LOAI_DTRI_LAO": "Loại điều trị lao",
    "NGAYBD_DTRI_LAO": "Ngày bắt đầu điều trị lao",
    "NGAYKT_DTRI_LAO": "Ngày kết thúc điều trị lao",
    "KET_QUA_DTRI_LAO": "Kết quả điều trị lao",
    "NGAYKD_HIV": "Ngày khẳng định HIV",
    "BDDT_ARV": "Ngày bắt đầu điều trị ARV",
    "NGAY_BAT_DAU_DT_CTX": "Ngày bắt đầu điều trị CTX",
}
_LISTS = {"MA_BAC_PHAC_DO": "BAC_PHAC_DO", "MA_BAC_PHAC_DO_BD": "BAC_PHAC_DO"}
_RENUMBERED = ("PHACDO_DTRI_LAO", "NHOM_DOI_TUONG")
_VIRAL_LOAD = "KQ_XNTL_VR"
_NOT_DETECTED = "1"
_WORDS = ("MA_PHAC_DO_DIEU_TRI", "MA_PHAC_DO_DIEU_TRI_BD")
_DAYS = ("NGAY", "BDDT")
_PLAIN = (*_DAYS, "SO_", "NOI_", "LAN_")


def programmes(draft: Draft) -> None:
    """Adds what the HIV and tuberculosis tables say."""
    for row in draft.rows("XML6"):
        _hiv(draft, row)
    for row in draft.rows("XML15"):
        _tuberculosis(draft, row)


def _hiv(draft: Draft, row: Fields) -> None:
    made: list[Json] = []
    if row["NGAYKD_HIV"] or row["MA_LOAI_BN"] == _INFECTED:
        made.append(_condition(draft, row, _HIV, row["NGAYKD_HIV"]))
    made += _regimen(draft, row, "MA_PHAC_DO_DIEU_TRI_BD", "Phác đồ ARV ban đầu", row["BDDT_ARV"])
    made += _regimen(
        draft,
        row,
        "MA_PHAC_DO_DIEU_TRI",
        "Phác đồ ARV hiện tại",
        row["NGAY_BAT_DAU_XU_TRI"],
        row["NGAY_KET_THUC_XU_TRI"],
        running=True,
    )
    made += _test(
        draft,
        row,
        ("KQ_XNTL_VR", "NGAY_XN_TLVR", "NGAY_KQ_XN_TLVR"),
        fhir.fixed(systems.LOINC, "20447-9", "Tải lượng vi rút HIV"),
    )
    made += _test(
        draft,
        row,
        ("MA_KQ_XN_PCR", "NGAY_XN_PCR", "NGAY_KQ_XN_PCR"),
        {"text": f"PCR HIV lần {row['LAN_XN_PCR']}" if row["LAN_XN_PCR"] else "PCR HIV"},
    )
    made += _panel(draft, row, "Chăm sóc và điều trị HIV/AIDS", _HIV_FIELDS)
    kinds = {"HIV", "TB"} if row["NGAYBD_DTRI_LAO"] or row["PHACDO_DTRI_LAO"] else {"HIV"}
    for resource in made:
        restricted.label(resource, kinds)


def _tuberculosis(draft: Draft, row: Fields) -> None:
    made: list[Json] = []
    if row["LOAI_DTRI_LAO"] != _NO_TREATMENT:
        made.append(
            _condition(draft, row, _LATENT if row["LOAI_DTRI_LAO"] == _OF_LATENT else _TUBERCULOSIS, "")
        )
    made += _regimen(
        draft,
        row,
        "PHACDO_DTRI_LAO",
        "Phác đồ điều trị lao",
        row["NGAYBD_DTRI_LAO"],
        row["NGAYKT_DTRI_LAO"],
        running=True,
    )
    made += _panel(draft, row, "Điều trị bệnh lao", _TB_FIELDS)
    told = row["NGAYKD_HIV"] or row["BDDT_ARV"] or row["PHANLOAI_LAO_HIV"] == "1"
    for resource in made:
        restricted.label(resource, {"TB", "HIV"} if told else {"TB"})


def _condition(draft: Draft, row: Fields, what: Json, since: str) -> Json:
    made = draft.add(
        "Condition",
        draft.id("Condition", row.table, row.key),
        {
            "verificationStatus": fhir.fixed(systems.CONDITION_VERIFICATION, "confirmed"),
            "category": [fhir.fixed(systems.CONDITION_CATEGORY, "encounter-diagnosis")],
            "code": what,
            "subject": draft.subject,
            "encounter": draft.encounter,
            "recordedDate": values.date_time(since),
        },
    )
    if since and values.moment(since) is None:
        draft.unread(made, row, "NGAYKD_HIV")
    return made


def _regimen(
    draft: Draft, row: Fields, field: str, title: str, start: str, end: str = "", running: bool = False
) -> list[Json]:
    """A regimen as a MedicationStatement.

    Args:
        running: whether it goes on as long as the source gives no end.
    """
    if not row[field]:
        return []
    regimen = {} if field in _WORDS else _coded(draft, field, row[field])
    status = "completed" if values.moment(end) else "active" if running and not end else "unknown"
    return [
        draft.add(
            "MedicationStatement",
            draft.id("MedicationStatement", row.table, row.key, field),
            {
                "status": status,
                "category": {"text": title},
                "medicationCodeableConcept": {
                    **regimen,
                    "text": f"{title}: {regimen.get('text', row[field])}",
                },
                "subject": draft.subject,
                "context": draft.encounter,
                "effectivePeriod": fhir.period(start, end),
            },
        )
    ]


def _test(draft: Draft, row: Fields, fields: tuple[str, str, str], code: Json) -> list[Json]:
    result, taken, issued = fields
    if not row[result]:
        return []
    value = _coded(draft, result, row[result])
    if result == _VIRAL_LOAD and "text" in value and row[result] != _NOT_DETECTED:
        value["text"] += " bản sao/ml"
    return [
        draft.add(
            "Observation",
            draft.id("Observation", row.table, row.key, result),
            {
                "status": "final",
                "category": [fhir.fixed(systems.OBSERVATION_CATEGORY, "laboratory")],
                "code": code,
                "subject": draft.subject,
                "encounter": draft.encounter,
                "effectiveDateTime": values.date_time(row[taken]) or values.date_time(row[issued]),
                "valueCodeableConcept": value,
            },
        )
    ]


def _panel(draft: Draft, row: Fields, title: str, fields: dict[str, str]) -> list[Json]:
    """One Observation with a component for each remaining field: a day as a time, a code as a code."""
    components: list[Json] = []
    for field, text in fields.items():
        if not row[field]:
            continue
        component: Json = {"code": fhir.concept(text, fhir.coding(systems.codes(row.table.lower()), field))}
        day = values.date_time(row[field]) if field.startswith(_DAYS) else None
        if day:
            component["valueDateTime"] = day
        elif field.startswith(_PLAIN):
            component["valueString"] = row[field]
        else:
            component["valueCodeableConcept"] = _coded(draft, field, row[field])
        components.append(component)
    if not components:
        return []
    return [
        draft.add(
            "Observation",
            draft.id("Observation", row.table, row.key, "panel"),
            {
                "status": "final",
                "category": [fhir.fixed(systems.OBSERVATION_CATEGORY, "therapy")],
                "code": {"text": title},
                "subject": draft.subject,
                "encounter": draft.encounter,
                "effectiveDateTime": values.date_time(draft.stay("NGAY_VAO")),
                "component": components,
            },
        )
    ]


def _coded(draft: Draft, field: str, text: str) -> Json:
    """One or several codes of the list of a field, with their names; 3176 numbers two lists anew."""
    name = _LISTS.get(field, field)
    if name in _RENUMBERED and draft.dossier.edition == "3176":
        name += "_3176"
    codes = values.items(text)
    names = [code_name(name, code, draft.on, "vi") for code in codes]
    codings = (fhir.coding(fhir.list_system(name), code) for code in codes)
    return fhir.concept("; ".join(filter(None, names)), *codings) or {"text": text}
