"""XML2 to MedicationAdministration (in-patients), or MedicationRequest and MedicationDispense."""

from __future__ import annotations

from lienthong.terminology import systems

from . import fhir, restricted, values
from .draft import Draft, Fields
from .fhir import Json
from .visit import INPATIENT, kind_of_care

_BLOOD = ("7", "17")


def drugs(draft: Draft) -> None:
    """Adds what was ordered, given or dispensed, row by row.

    A row of a stay (kinds 03, 04, 06, 09) with a time of giving is an administration, without one an order.
    In other visits each row is an order and what was handed over. Blood is given on the spot in every visit.
    """
    inpatient = kind_of_care(draft) in INPATIENT
    for row in draft.rows("XML2"):
        blood = values.code(row["MA_NHOM"]) in _BLOOD
        if (inpatient or blood) and values.date_time(row["NGAY_TH_YL"]):
            made = [_administration(draft, row)]
        elif inpatient:
            made = [_request(draft, row)]
        else:
            made = [_request(draft, row), _dispense(draft, row)]
        kinds = restricted.of_drug(f"{row['TEN_THUOC']} {row['CACH_DUNG']}", row["NGUON_CTRA"])
        for resource in made:
            restricted.label(resource, kinds)
        draft.unread_times(made[0], row, "NGAY_YL", "NGAY_TH_YL")


def _drug(row: Fields) -> Json:
    name = row["TEN_THUOC"]
    parts = [
        name,
        *(row[f] for f in ("HAM_LUONG", "DANG_BAO_CHE") if row[f].casefold() not in name.casefold()),
    ]
    return fhir.concept(
        ", ".join(part for part in parts if part),
        fhir.coding(systems.codes("thuoc"), row["MA_THUOC"], name),
        fhir.coding(systems.codes("so-dang-ky"), row["SO_DANG_KY"]),
    ) or {"text": "Thuốc không ghi tên"}


def _route(row: Fields) -> Json | None:
    return fhir.concept("", fhir.coding(systems.codes("duong-dung"), row["DUONG_DUNG"]))


def _amount(row: Fields) -> Json | None:
    value = values.plain(row["SO_LUONG"])
    if value is None:
        return None
    return fhir.some({"value": value, "unit": row["DON_VI_TINH"]})


def _services(row: Fields) -> Json | None:
    """The service in which the drug was used, by its code."""
    concept = fhir.concept(
        "", *(fhir.coding(systems.codes("dvkt"), c) for c in values.items(row["MA_DICH_VU"]))
    )
    return fhir.extension("used-in-service", "CodeableConcept", concept)


def _administration(draft: Draft, row: Fields) -> Json:
    group = values.code(row["MA_NHOM"])
    amount = _amount(row)
    text = "; ".join(part for part in (row["LIEU_DUNG"], row["CACH_DUNG"]) if part)
    made = draft.add(
        "MedicationAdministration",
        draft.id("MedicationAdministration", "XML2", row.key),
        {
            "extension": fhir.listed(
                fhir.extension("ordered", "DateTime", values.date_time(row["NGAY_YL"])),
                fhir.extension("orderer", "Reference", draft.practitioner(row["MA_BAC_SI"])),
                fhir.extension("department", "Reference", draft.location(row["MA_KHOA"])),
                _services(row),
            ),
            "status": "completed",
            "category": draft.named("MA_NHOM", group) if group in _BLOOD else None,
            "medicationCodeableConcept": _drug(row),
            "subject": draft.subject,
            "context": draft.encounter,
            "effectiveDateTime": values.date_time(row["NGAY_TH_YL"]),
            "note": fhir.annotation(text) if amount is None else None,
            "dosage": fhir.some({"text": text, "route": _route(row), "dose": amount}) if amount else None,
        },
    )
    if amount is None:
        draft.unread(made, row, "SO_LUONG")
    return made


def _instruction(row: Fields) -> list[Json]:
    return fhir.listed(
        fhir.some({"text": row["LIEU_DUNG"], "patientInstruction": row["CACH_DUNG"], "route": _route(row)})
    )


def _request(draft: Draft, row: Fields) -> Json:
    return draft.add(
        "MedicationRequest",
        draft.id("MedicationRequest", "XML2", row.key),
        {
            "extension": fhir.listed(
                fhir.extension("department", "Reference", draft.location(row["MA_KHOA"])), _services(row)
            ),
            "status": "completed",
            "intent": "order",
            "medicationCodeableConcept": _drug(row),
            "subject": draft.subject,
            "encounter": draft.encounter,
            "authoredOn": values.date_time(row["NGAY_YL"]),
            "requester": draft.practitioner(row["MA_BAC_SI"]),
            "dosageInstruction": _instruction(row),
            "dispenseRequest": fhir.some({"quantity": _amount(row)}),
        },
    )


def _dispense(draft: Draft, row: Fields) -> Json:
    made = draft.add(
        "MedicationDispense",
        draft.id("MedicationDispense", "XML2", row.key),
        {
            "status": "completed",
            "medicationCodeableConcept": _drug(row),
            "subject": draft.subject,
            "context": draft.encounter,
            "authorizingPrescription": [
                fhir.reference("MedicationRequest", draft.id("MedicationRequest", "XML2", row.key))
            ],
            "quantity": _amount(row),
            "whenHandedOver": values.date_time(row["NGAY_TH_YL"]),
            "dosageInstruction": _instruction(row),
        },
    )
    if _amount(row) is None:
        draft.unread(made, row, "SO_LUONG")
    return made
