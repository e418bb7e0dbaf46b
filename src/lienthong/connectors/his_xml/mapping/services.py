"""XML3 to ServiceRequest (tests and images), Procedure (operations, procedures, transport) and Device."""

from __future__ import annotations

from lienthong.terminology import systems

from . import fhir, restricted, values
from .draft import Draft, Fields
from .fhir import Json
from .visit import disease

_DIAGNOSTIC = {"1": "108252007", "2": "363679005", "3": "103693007"}
"""SNOMED CT: laboratory procedure, imaging, diagnostic procedure."""
_PROCEDURES = ("8", "9", "12", "18")
_SUPPLIES = ("10", "11")
_ELSEWHERE = ("13", "14", "15", "16", "19")


def services(draft: Draft) -> None:
    """Adds what was ordered and done. Examinations and beds are in the Encounter, meals are nowhere."""
    procedures: dict[str, Json] = {}
    for row in draft.rows("XML3"):
        group = values.code(row["MA_NHOM"])
        if group in _ELSEWHERE or group in _SUPPLIES:
            continue
        if group in _PROCEDURES:
            made = _procedure(draft, row)
            if values.moment(row["NGAY_KQ"]) and "end" not in made.get("performedPeriod", ()):
                draft.unread(made, row, "NGAY_KQ")
            procedures.setdefault(row["MA_DICH_VU"], made)
        elif row["MA_DICH_VU"] or row["TEN_DICH_VU"]:
            made = _request(draft, row, group)
        else:
            continue
        draft.unread_times(made, row, "NGAY_YL", "NGAY_TH_YL", "NGAY_KQ")
    _only_coded(draft)
    for row in draft.rows("XML3"):
        if values.code(row["MA_NHOM"]) in _SUPPLIES and row["MA_HIEU_SP"]:
            _device(draft, row, procedures.get(row["MA_DICH_VU"]) if row["MA_DICH_VU"] else None)


def _code(row: Fields) -> Json:
    codings = [fhir.coding(systems.codes("dvkt"), row["MA_DICH_VU"], row["TEN_DICH_VU"])]
    codings += [fhir.coding(systems.ICD9CM, code) for code in values.items(row["MA_PTTT_QT"])]
    return fhir.concept(row["TEN_DICH_VU"], *codings) or {"text": "Dịch vụ không ghi tên"}


def _reasons(draft: Draft, row: Fields) -> tuple[list[Json], list[Json], set[str]]:
    """References to conditions of the visit, codes that are none of them, and the protection these need."""
    loose: list[Json] = []
    kinds: set[str] = set()
    for code in dict.fromkeys(one.upper() for one in values.items(row["MA_BENH"])):
        if code not in draft.conditions:
            name, coding = disease(draft, code)
            loose += fhir.listed(fhir.concept(name, coding))
            kinds |= restricted.of_code(code)
    return draft.diagnosed(row["MA_BENH"]), loose, kinds


def _request(draft: Draft, row: Fields, group: str) -> Json:
    references, codes, kinds = _reasons(draft, row)
    category = _DIAGNOSTIC.get(group)
    made = draft.add(
        "ServiceRequest",
        draft.id("ServiceRequest", "XML3", row.key),
        {
            "extension": fhir.listed(fhir.extension("machine", "String", row["MA_MAY"])),
            "status": "completed",
            "intent": "order",
            "category": [fhir.fixed(systems.SNOMED, category)] if category else None,
            "code": _code(row),
            "quantityQuantity": _amount(row),
            "subject": draft.subject,
            "encounter": draft.encounter,
            "occurrenceDateTime": values.date_time(row["NGAY_TH_YL"]),
            "authoredOn": values.date_time(row["NGAY_YL"]),
            "requester": draft.practitioner(row["MA_BAC_SI"]),
            "performer": draft.practitioners(row["NGUOI_THUC_HIEN"]),
            "locationReference": fhir.listed(draft.location(row["MA_KHOA"])),
            "reasonCode": codes,
            "reasonReference": references,
        },
        row["TEN_DICH_VU"],
    )
    restricted.label(made, kinds)
    if row["MA_DICH_VU"]:
        draft.results.setdefault(row["MA_DICH_VU"], []).append({"row": row, "resource": made})
    return made


def _amount(row: Fields) -> Json | None:
    value = values.plain(row["SO_LUONG"])
    if value is None or value == 1:
        return None
    return fhir.some({"value": value, "unit": row["DON_VI_TINH"]})


def _procedure(draft: Draft, row: Fields) -> Json:
    references, codes, kinds = _reasons(draft, row)
    made = draft.add(
        "Procedure",
        draft.id("Procedure", "XML3", row.key),
        {
            "extension": fhir.listed(
                fhir.extension("anaesthesia", "CodeableConcept", draft.named("PP_VO_CAM", row["PP_VO_CAM"])),
                fhir.extension("ordered", "DateTime", values.date_time(row["NGAY_YL"])),
                fhir.extension("orderer", "Reference", draft.practitioner(row["MA_BAC_SI"])),
            ),
            "status": "completed",
            "code": _code(row),
            "subject": draft.subject,
            "encounter": draft.encounter,
            "performedPeriod": fhir.period(row["NGAY_TH_YL"] or row["NGAY_YL"], row["NGAY_KQ"]),
            "performer": [{"actor": one} for one in draft.practitioners(row["NGUOI_THUC_HIEN"])],
            "location": draft.location(row["MA_KHOA"]),
            "reasonCode": codes,
            "reasonReference": references,
            "bodySite": [
                {"coding": [coding]}
                for site in values.items(row["VI_TRI_TH_DVKT"])
                if (coding := fhir.coding(systems.codes("vi-tri-th-dvkt"), site))
            ],
        },
        row["TEN_DICH_VU"],
    )
    restricted.label(made, kinds)
    return made


def _only_coded(draft: Draft) -> None:
    """Procedures that XML1 names by their ICD-9-CM code and no row of XML3 has."""
    known = {code for row in draft.rows("XML3") for code in values.items(row["MA_PTTT_QT"])}
    for code in dict.fromkeys(values.items(draft.first("XML1")["MA_PTTT_QT"])):
        if code not in known:
            draft.add(
                "Procedure",
                draft.id("Procedure", "XML1", code),
                {
                    "status": "completed",
                    "code": fhir.concept("", fhir.coding(systems.ICD9CM, code)),
                    "subject": draft.subject,
                    "encounter": draft.encounter,
                },
            )


def _device(draft: Draft, row: Fields, procedure: Json | None) -> None:
    made = draft.add(
        "Device",
        draft.id("Device", "XML3", row.key),
        {
            "identifier": [{"type": {"text": "Mã hiệu hoặc số sê-ri"}, "value": row["MA_HIEU_SP"]}],
            "type": fhir.concept(row["TEN_VAT_TU"], fhir.coding(systems.codes("vtyt"), row["MA_VAT_TU"])),
            "patient": draft.subject,
        },
    )
    if procedure is not None:
        procedure.setdefault("focalDevice", []).append({"manipulated": fhir.reference("Device", made["id"])})
