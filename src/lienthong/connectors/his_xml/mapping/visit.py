"""XML1, XML0 and the beds of XML3 to Encounter and its Conditions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lienthong.connectors.his_xml.dossier import Dossier
from lienthong.terminology import code_name, icd10, systems

from . import fhir, restricted, values
from .draft import Draft, Fields
from .fhir import Json

INPATIENT = ("03", "04", "06", "09")
_BEDS = ("14", "15", "16")
_CLASS = {
    "01": "AMB",
    "02": "AMB",
    "03": "IMP",
    "04": "SS",
    "05": "AMB",
    "06": "IMP",
    "07": "AMB",
    "08": "AMB",
    "09": "SS",
    "10": "AMB",
    "11": "FLD",
    "12": "HH",
    "13": "AMB",
    "14": "VR",
    "15": "AMB",
    "16": "AMB",
}
_EMERGENCY = "2"
_DISPOSITION = {"1": "home", "2": "other-hcf", "3": "aadvice", "4": "aadvice", "5": "other-hcf"}
_DIED = "5"


@dataclass(frozen=True, slots=True)
class Visit:
    """The visit of a dossier in short.

    Attributes:
        start, end: aware times, None when the source gives none that can be read.
        kind: MA_LOAI_KCB, may be empty.
    """

    encounter_id: str
    patient_id: str
    start: datetime | None
    end: datetime | None
    kind: str


def visit_of(dossier: Dossier) -> Visit:
    """The visit with the ids that :func:`to_fhir` gives."""
    draft = Draft(dossier)
    return Visit(
        draft.encounter_id,
        draft.patient_id,
        values.moment(draft.stay("NGAY_VAO")),
        values.moment(draft.stay("NGAY_RA")),
        kind_of_care(draft),
    )


def kind_of_care(draft: Draft) -> str:
    """MA_LOAI_KCB with its leading zero."""
    kind = values.code(draft.stay("MA_LOAI_KCB"))
    return kind.zfill(2) if kind.isascii() and kind.isdigit() else kind


def category_of(draft: Draft) -> str:
    """MA_DOITUONG_KCB; a spreadsheet writes ``2`` as ``2.0``."""
    came = values.code(draft.stay("MA_DOITUONG_KCB"))
    whole = came.removesuffix(".0")
    return whole if whole.isdigit() else came


def conditions(draft: Draft) -> None:
    """Adds the diagnoses: admission (provisional), main and other ICD-10 codes, traditional medicine."""
    arrival = draft.first("XML1") if draft.first("XML1")["CHAN_DOAN_VAO"] else draft.first("XML8")
    if arrival["CHAN_DOAN_VAO"]:
        what = [arrival["CHAN_DOAN_VAO"], []]
        _condition(draft, arrival, "AD", "AD", "", what, recorded=draft.stay("NGAY_VAO"), confirmed=False)
    row = _diagnosed_in(draft)
    mains = values.items(row["MA_BENH_CHINH"])
    others = values.items(row["MA_BENH_KT"])
    traditional = values.items(row["MA_BENH_YHCT"])
    rank = 0
    first: Json | None = None
    for place, code in enumerate(dict.fromkeys(code.upper() for code in [*mains, *others])):
        rank += 1
        role = "DD" if place < len(mains) else "CM"
        name, coding = disease(draft, code)
        codings = [coding]
        if place == 0 and mains and traditional:
            codings.append(fhir.coding(systems.codes("benh-yhct"), traditional.pop(0)))
        made = _condition(draft, row, role, code, code, [name or code, codings], draft.stay("NGAY_RA"), rank)
        draft.conditions[code] = made
        first = first or made
    for code in dict.fromkeys(traditional):
        rank += 1
        codings = [fhir.coding(systems.codes("benh-yhct"), code)]
        made = _condition(draft, row, "CM", f"YHCT {code}", "", [code, codings], draft.stay("NGAY_RA"), rank)
        first = first or made
    _final_text(draft, row, first)


def _diagnosed_in(draft: Draft) -> Fields:
    for table in ("XML1", "XML13", "XML14", "XML8", "XML7"):
        row = draft.first(table)
        if row["MA_BENH_CHINH"] or row["CHAN_DOAN_RV"]:
            return row
    return draft.first("XML1")


def _final_text(draft: Draft, row: Fields, first: Json | None) -> None:
    text = row["CHAN_DOAN_RV"]
    if not text:
        return
    if first is None:
        _condition(draft, row, "DD", "CHAN_DOAN_RV", "", [text, []], draft.stay("NGAY_RA"), 1)
        return
    protected = [one for one in draft.conditions.values() if restricted.is_restricted(one)]
    bearer = protected[0] if protected else first
    bearer["note"] = [{"text": text}]
    restricted.label(bearer, restricted.in_text(text))


def disease(draft: Draft, code: str) -> tuple[str, Json | None]:
    """Vietnamese name and Coding of an ICD-10 code, by the edition valid at discharge."""
    found = icd10(code, draft.on)
    if found is None:
        return "", fhir.coding(systems.ICD10, code)
    return found.name_vi, fhir.coding(systems.ICD10, code, found.name_vi, found.edition)


def _condition(
    draft: Draft,
    row: Fields,
    role: str,
    key: str,
    code: str,
    what: list[Any],
    recorded: str = "",
    rank: int = 0,
    confirmed: bool = True,
) -> Json:
    text, codings = what
    accident = row["MA_TAI_NAN"] if role == "DD" else ""
    resource_id = draft.id("Condition", role if role == "AD" else "RV", key)
    made = draft.add(
        "Condition",
        resource_id,
        {
            "extension": fhir.listed(
                fhir.extension(
                    "accident-type",
                    "CodeableConcept",
                    draft.named("MA_TAI_NAN", accident) if accident != "0" else None,
                )
            ),
            "verificationStatus": fhir.fixed(
                systems.CONDITION_VERIFICATION, "confirmed" if confirmed else "provisional"
            ),
            "category": [fhir.fixed(systems.CONDITION_CATEGORY, "encounter-diagnosis")],
            "code": fhir.concept(text, *codings),
            "subject": draft.subject,
            "encounter": draft.encounter,
            "recordedDate": values.date_time(recorded),
        },
        text,
    )
    restricted.label(made, restricted.of_code(code))
    diagnosis: Json = {
        "condition": fhir.reference("Condition", resource_id),
        "use": fhir.fixed(systems.DIAGNOSIS_ROLE, role),
    }
    if rank:
        diagnosis["rank"] = rank
    draft.diagnoses.append(diagnosis)
    return made


def encounter(draft: Draft) -> None:
    """Adds the Encounter; the conditions have to be there already."""
    row = draft.first("XML1") or draft.first("XML0")
    kind = kind_of_care(draft)
    came = category_of(draft)
    start, admitted, end = draft.stay("NGAY_VAO"), draft.stay("NGAY_VAO_NOI_TRU"), draft.stay("NGAY_RA")
    period = fhir.period(start, end)
    status = "finished" if end else "in-progress" if row else "unknown"
    act = _act(kind, came)
    body: Json = {
        "extension": fhir.listed(
            fhir.extension("outcome", "CodeableConcept", draft.named("KET_QUA_DTRI", row["KET_QUA_DTRI"])),
            fhir.extension("treatment-days", "UnsignedInt", _count(row["SO_NGAY_DTRI"])),
            fhir.extension("treatment", "String", row["PP_DIEU_TRI"]),
            fhir.extension("note", "String", row["GHI_CHU"]),
        ),
        "identifier": _numbers(draft),
        "status": status,
        "class": act,
        "classHistory": _class_history(start, admitted, end, kind, came),
        "type": fhir.listed(
            draft.named("MA_LOAI_KCB", kind),
            draft.named("MA_DOITUONG_KCB", came),
        ),
        "priority": fhir.fixed(systems.ACT_PRIORITY, "EM", "Cấp cứu") if came == _EMERGENCY else None,
        "subject": draft.subject,
        "participant": _participants(draft),
        "period": period,
        "reasonCode": _reasons(row),
        "diagnosis": draft.diagnoses,
        "hospitalization": _hospitalization(draft, row),
        "location": _locations(draft, row),
        "serviceProvider": draft.organization(draft.facility),
    }
    slip = _slip(row["GIAY_CHUYEN_TUYEN"], came)
    if slip:
        body["appointment" if slip["type"] == "Appointment" else "basedOn"] = [slip]
    told = " ".join(row[field] for field in ("LY_DO_VV", "LY_DO_VNT", "PP_DIEU_TRI", "GHI_CHU"))
    made = draft.add("Encounter", draft.encounter_id, body, told)
    draft.unread_times(made, row, "NGAY_VAO", "NGAY_VAO_NOI_TRU", "NGAY_RA")
    if values.moment(end) and period and "end" not in period:
        draft.unread(made, row, "NGAY_RA")
    if row["MA_DOITUONG_KCB"] != came:
        draft.unread(made, row, "MA_DOITUONG_KCB")
    if row["SO_NGAY_DTRI"] and _count(row["SO_NGAY_DTRI"]) is None:
        draft.unread(made, row, "SO_NGAY_DTRI")


def _reasons(row: Fields) -> list[Json]:
    came = fhir.concept(row["LY_DO_VV"])
    admitted = fhir.concept(row["LY_DO_VNT"], fhir.coding(systems.codes("ma-ly-do-vnt"), row["MA_LY_DO_VNT"]))
    return fhir.listed(came, None if admitted == came else admitted)


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else None


def _act(kind: str, came: str) -> Json:
    if kind == "01" and came == _EMERGENCY:
        return {"system": systems.ACT_CODE, "code": "EMER"}
    act = _CLASS.get(kind)
    if act is None:
        return {"system": systems.NULL_FLAVOR, "code": "UNK"}
    return {"system": systems.ACT_CODE, "code": act}


def _class_history(start: str, admitted: str, end: str, kind: str, came: str) -> list[Json] | None:
    """Two parts of one stay: until the admission, and from it."""
    low, high = values.moment(start), values.moment(admitted)
    if kind not in INPATIENT or not low or not high or high <= low:
        return None
    before = "EMER" if came == _EMERGENCY else "AMB"
    return [
        {"class": {"system": systems.ACT_CODE, "code": before}, "period": fhir.period(start, admitted)},
        {"class": _act(kind, came), "period": fhir.period(admitted, end)},
    ]


def _numbers(draft: Draft) -> list[Json]:
    return fhir.listed(
        fhir.identifier(systems.episode(draft.facility), draft.ma_lk, "VN"),
        fhir.identifier(systems.record_number(draft.facility), draft.first("XML1")["MA_HSBA"], "MR"),
        fhir.identifier(systems.ARCHIVE_NUMBER, draft.first("XML7")["SO_LUU_TRU"]),
    )


def _slip(number: str, came: str) -> Json | None:
    """The slip that the patient brought, by its number: an appointment for category 1.5, else a transfer."""
    if not number:
        return None
    if came == "1.5":
        return {"type": "Appointment", "identifier": {"system": systems.APPOINTMENT_SLIP, "value": number}}
    return {"type": "ServiceRequest", "identifier": {"system": systems.SLIP, "value": number}}


def _participants(draft: Draft) -> list[Json]:
    """Doctors of the examinations (XML3, group 13)."""
    found: dict[str, Json] = {}
    for row in draft.rows("XML3"):
        if row["MA_NHOM"] == "13":
            for doctor in draft.practitioners(row["NGUOI_THUC_HIEN"] or row["MA_BAC_SI"]):
                found.setdefault(
                    str(doctor),
                    {"type": [fhir.fixed(systems.PARTICIPATION, "PPRF")], "individual": doctor},
                )
    return list(found.values())


def _hospitalization(draft: Draft, row: Fields) -> Json | None:
    leaving, outcome = row["MA_LOAI_RV"], row["KET_QUA_DTRI"]
    disposition = "exp" if outcome == _DIED else _DISPOSITION.get(leaving, "")
    return fhir.some(
        {
            "origin": draft.organization(row["MA_NOI_DI"]),
            "destination": draft.organization(row["MA_NOI_DEN"]),
            "dischargeDisposition": fhir.concept(
                code_name("MA_LOAI_RV", leaving, draft.on, "vi") or "",
                fhir.coding(systems.DISCHARGE_DISPOSITION, disposition),
                fhir.coding(systems.codes("ma-loai-rv"), leaving),
            ),
        }
    )


def _locations(draft: Draft, row: Fields) -> list[Json]:
    """Beds of XML3 with their times; departments of MA_KHOA that no bed names."""
    found: list[Json] = []
    named: set[str] = set()
    for line in draft.rows("XML3"):
        if line["MA_NHOM"] not in _BEDS:
            continue
        beds = values.items(line["MA_GIUONG"]) or [""]
        named.add(values.code(line["MA_KHOA"]))
        for bed in beds:
            place = draft.location(line["MA_KHOA"], bed)
            if place:
                stay = fhir.period(line["NGAY_TH_YL"] or line["NGAY_YL"], line["NGAY_KQ"])
                found.append(fhir.some({"location": place, "period": stay}) or {})
    for department in dict.fromkeys(map(values.code, values.items(row["MA_KHOA"]))):
        if department not in named:
            place = draft.location(department)
            if place:
                found.append({"location": place})
    return found
