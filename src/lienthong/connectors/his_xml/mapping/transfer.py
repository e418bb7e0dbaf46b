"""XML13 to ServiceRequest and Composition, XML14 and NGAY_TAI_KHAM to Appointment; the transfer in short."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lienthong.connectors.his_xml.dossier import Dossier
from lienthong.terminology import code_name, facility_name, systems

from . import fhir, restricted, values
from .documents import composition, final_diagnosis, shown
from .draft import Draft, Fields
from .fhir import Json

REFERRAL_NOTE = "57133-1"
_PATIENT_REFERRAL = "3457005"


@dataclass(frozen=True, slots=True)
class TransferNotice:
    """A transfer as XML13 tells it.

    Attributes:
        slip: number of the outgoing slip (GIAY_CHUYEN_TUYEN), may be empty.
        destination: code of the receiving facility, may be empty.
        reason: MA_LYDO_CT: 1 or 2 on professional grounds, 3 the patient's request; may be empty.
        moment: when the patient left (NGAY_RA), aware; None when it cannot be read.
        diagnosis, icd: text and main ICD-10 code.
        restricted: whether diagnosis and icd are specially protected and must not stand in a list.
    """

    slip: str
    destination: str
    reason: str
    moment: datetime | None
    diagnosis: str
    icd: str
    patient_name: str
    restricted: bool
    service_request_id: str
    composition_id: str
    encounter_id: str
    patient_id: str


def transfer_of(dossier: Dossier) -> TransferNotice | None:
    """The transfer of a dossier with the ids that :func:`to_fhir` gives; None without XML13."""
    if not dossier.tables.get("XML13"):
        return None
    draft = Draft(dossier)
    row = draft.first("XML13")
    codes = [*values.items(row["MA_BENH_CHINH"]), *values.items(row["MA_BENH_KT"])]
    text = row["CHAN_DOAN_RV"] or draft.first("XML1")["CHAN_DOAN_RV"]
    return TransferNotice(
        slip=row["GIAY_CHUYEN_TUYEN"],
        destination=_destination(row),
        reason=row["MA_LYDO_CT"],
        moment=values.moment(_last(row["NGAY_RA"]) or draft.stay("NGAY_RA")),
        diagnosis=text,
        icd=codes[0].upper() if codes else "",
        patient_name=draft.person("HO_TEN"),
        restricted=bool(restricted.in_text(text)) or any(restricted.of_code(code) for code in codes),
        service_request_id=_request_id(draft, row),
        composition_id=draft.id("Composition", "XML13", row.key),
        encounter_id=draft.encounter_id,
        patient_id=draft.patient_id,
    )


def transfers(draft: Draft) -> None:
    """Adds the transfer slip and the appointments."""
    for row in draft.rows("XML13"):
        request = _request(draft, row)
        _slip(draft, row, request)
    _appointments(draft)


def _destination(row: Fields) -> str:
    return values.code(row["MA_CSKCB_DEN"] or row["MA_NOI_DEN"])


def _last(text: str) -> str:
    found = values.items(text)
    return found[-1] if found else ""


def _request_id(draft: Draft, row: Fields) -> str:
    return draft.id("ServiceRequest", "XML13", row.key)


def _request(draft: Draft, row: Fields) -> Json:
    left = values.date_time(_last(row["NGAY_RA"])) or values.date_time(draft.stay("NGAY_RA"))
    reasons = [one["condition"] for one in draft.diagnoses if one["use"]["coding"][0]["code"] != "AD"]
    made = draft.add(
        "ServiceRequest",
        _request_id(draft, row),
        {
            "extension": fhir.listed(fhir.extension("transport", "String", row["PHUONGTIEN_VC"])),
            "identifier": fhir.listed(
                fhir.identifier(
                    systems.SLIP, row["GIAY_CHUYEN_TUYEN"], assigner=draft.organization(draft.facility)
                ),
                fhir.identifier(systems.TRANSFER_REGISTER, row["SO_CHUYENTUYEN"]),
                fhir.identifier(systems.record_number(draft.facility), row["SO_HOSO"], "MR"),
            ),
            "status": "active",
            "intent": "order",
            "code": fhir.fixed(systems.SNOMED, _PATIENT_REFERRAL, "Chuyển cơ sở khám bệnh, chữa bệnh"),
            "subject": draft.subject,
            "encounter": draft.encounter,
            "occurrenceDateTime": left,
            "authoredOn": left,
            "requester": draft.practitioner(row["MA_BAC_SI"]) or draft.organization(draft.facility),
            "performer": fhir.listed(draft.organization(_destination(row))),
            "reasonCode": fhir.listed(draft.named("MA_LYDO_CT", row["MA_LYDO_CT"])),
            "reasonReference": reasons,
        },
    )
    if row["NGAY_RA"] and values.moment(_last(row["NGAY_RA"])) is None:
        draft.unread(made, row, "NGAY_RA")
    return made


def _slip(draft: Draft, row: Fields, request: Json) -> None:
    """The slip of annex VI. In 4750 PP_DIEU_TRI is the treatment; the state at transfer has no field."""
    reason = row["MA_LYDO_CT"]
    escort = ", ".join(part for part in (row["HOTEN_NGUOI_HT"], row["CHUCDANH_NGUOI_HT"]) if part)
    treatment = "\n".join(
        dict.fromkeys(
            text for f in ("PP_DIEUTRI", "PP_DIEU_TRI", "TEN_DICH_VU", "TEN_THUOC") if (text := row[f])
        )
    )
    journey = "\n".join(
        f"{name}: {text}"
        for name, text in (("Phương tiện", row["PHUONGTIEN_VC"]), ("Người hộ tống", escort))
        if text
    )
    composition(
        draft,
        row,
        REFERRAL_NOTE,
        "Phiếu chuyển cơ sở khám bệnh, chữa bệnh",
        [
            fhir.section(
                "Lý do chuyển",
                code_name("MA_LYDO_CT", reason, draft.on, "vi") or reason,
                entries=[fhir.reference("ServiceRequest", request["id"])],
            ),
            fhir.section("Đã khám bệnh, điều trị tại", _previous(row)),
            fhir.section("Dấu hiệu lâm sàng", row["DAU_HIEU_LS"], "29545-1"),
            fhir.section("Quá trình bệnh lý", row["QT_BENHLY"], "8648-8"),
            fhir.section("Tóm tắt kết quả cận lâm sàng", row["TOMTAT_KQ"], "30954-2"),
            final_diagnosis(draft, row["CHAN_DOAN_RV"]),
            fhir.section("Phương pháp, thủ thuật, kỹ thuật, thuốc đã sử dụng", treatment),
            fhir.section("Tình trạng người bệnh lúc chuyển", row["TINH_TRANG_CT"]),
            fhir.section("Hướng điều trị", row["HUONG_DIEU_TRI"], "18776-5"),
            fhir.section("Vận chuyển", journey),
        ],
        number=fhir.identifier(systems.SLIP, row["GIAY_CHUYEN_TUYEN"]),
        author=draft.practitioner(row["MA_BAC_SI"]),
        dated=_last(row["NGAY_RA"]),
    )


def _previous(row: Fields) -> str:
    """Earlier facilities with their times, a line each; the lists run in parallel."""
    starts, ends = values.places(row["NGAY_VAO"]), values.places(row["NGAY_RA"])
    lines: list[str] = []
    for place, facility in enumerate(values.places(row["MA_CSKCB_DI"] or row["MA_NOI_DI"])):
        if not facility:
            continue
        name = facility_name(facility)
        line = f"{facility} {name}" if name else facility
        if len(starts) > 1 and place < len(starts):
            line += f", từ {shown(starts[place])}"
            line += f" đến {shown(ends[place])}" if place < len(ends) else ""
        lines.append(line)
    return "\n".join(lines)


def _appointments(draft: Draft) -> None:
    """A day without an hour: proposed, with the day as the period asked for (FHIR Appointment app-3)."""
    covered: set[str] = set()
    for row in draft.rows("XML14"):
        day = values.date_time(row["NGAY_HEN_KL"])
        covered.add(values.date(row["NGAY_HEN_KL"]) or "")
        made = _appointment(draft, row, day, draft.id("Appointment", "XML14", row.key), row["SO_GIAYHEN_KL"])
        draft.unread_times(made, row, "NGAY_HEN_KL", "NGAY_CT")
    visit = draft.first("XML1")
    for text in dict.fromkeys(values.items(visit["NGAY_TAI_KHAM"])):
        day = values.date(text)
        if day is None:
            made = _appointment(draft, visit, None, draft.id("Appointment", "XML1", text), "")
            draft.unread(made, visit, "NGAY_TAI_KHAM")
        elif day not in covered:
            _appointment(draft, visit, day, draft.id("Appointment", "XML1", text), "")


def _appointment(draft: Draft, row: Fields, day: str | None, resource_id: str, number: str) -> Json:
    patient: Json = {"actor": draft.subject, "status": "accepted"}
    doctor = draft.practitioner(row["MA_BAC_SI"])
    others = [{"actor": doctor, "status": "needs-action"}] if doctor else []
    brought = draft.first("XML1")["GIAY_CHUYEN_TUYEN"]
    transferred = brought and draft.stay("MA_DOITUONG_KCB") == "1.3"
    slip = {"type": "ServiceRequest", "identifier": {"system": systems.SLIP, "value": brought}}
    return draft.add(
        "Appointment",
        resource_id,
        {
            "identifier": fhir.listed(
                fhir.identifier(systems.APPOINTMENT_SLIP, number, assigner=draft.organization(draft.facility))
            ),
            "status": "proposed",
            "appointmentType": {"text": "Khám lại"},
            "reasonReference": draft.diagnosed(row["MA_BENH_CHINH"]),
            "created": values.date_time(row["NGAY_CT"]),
            "basedOn": [slip] if transferred else None,
            "participant": [patient, *others],
            "requestedPeriod": [{"start": day, "end": day}] if day else None,
        },
    )
