"""XML1 and XML0 (and the person in XML13, XML14 …) to Patient, Coverage and the first measurements."""

from __future__ import annotations

import re
from typing import Any

from lienthong.foundation.ids import stable_id
from lienthong.foundation.text import fold
from lienthong.terminology import admin_unit, systems

from . import fhir, values
from .draft import Draft, Fields
from .fhir import Json

_GENDER = {"1": "male", "2": "female", "3": "unknown"}
_CARD = re.compile(r"[A-Z]{2}[0-9]\d{2}\d{10}", re.ASCII)
_DOCUMENT = re.compile(r"[A-Z0-9]{5,20}", re.ASCII)
_DEAD = ("5", "8")
_NEWBORN_DAYS = 28
_RELATION = {"FTH": "Cha", "MTH": "Mẹ", "GUARD": "Người giám hộ"}
_PHONE = re.compile(r"\+?[\d .()-]{6,20}", re.ASCII)


def people(draft: Draft) -> None:
    """Adds the patient, a Coverage for each card, weight, height and blood group."""
    patient(draft)
    coverages(draft)
    _measurements(draft)


def identity(number: str) -> Json | None:
    """Identifier of SO_CCCD: citizen number (12 digits), old card (9) or passport; None for other text.

    Other counts of digits are no number (11 have most likely lost a zero): never repaired, kept as text.
    """
    compact = "".join(number.split()).upper()
    if len(compact) == 12 and compact.isascii() and compact.isdigit():
        return fhir.identifier(systems.CITIZEN_NUMBER, compact, "NI")
    if len(compact) == 9 and compact.isascii() and compact.isdigit():
        return fhir.identifier(systems.OLD_IDENTITY_CARD, compact, "NI")
    if _DOCUMENT.fullmatch(compact) and not compact.isdigit() and not compact.isalpha():
        return fhir.identifier(systems.PASSPORT, compact, "PPN")
    return None


def human_name(text: str) -> list[Json] | None:
    """``HumanName`` in Vietnamese order and as the source spells it: the first word is the family name."""
    words = text.split()
    if not words:
        return None
    name: Json = {"use": "official", "text": " ".join(words), "family": words[0]}
    if words[1:]:
        name["given"] = words[1:]
    return [name]


def patient(draft: Draft) -> None:
    """Adds the Patient."""
    row = draft.first("XML1") or draft.first("XML0")
    born, born_at = values.birth(draft.person("NGAY_SINH"))
    phone = draft.person("DIEN_THOAI")
    body: Json = {
        "extension": fhir.listed(*_extensions(draft)),
        "identifier": _identifiers(draft),
        "name": human_name(draft.person("HO_TEN")),
        "telecom": [{"system": "phone", "value": phone}] if _PHONE.fullmatch(phone) else None,
        "gender": _GENDER.get(draft.person("GIOI_TINH")),
        "birthDate": born,
        "_birthDate": {"extension": [{"url": systems.BIRTH_TIME, "valueDateTime": born_at}]}
        if born_at
        else None,
        "deceasedBoolean": True if draft.first("XML1")["KET_QUA_DTRI"] in _DEAD else None,
        "address": fhir.listed(_address(draft)),
        "managingOrganization": draft.organization(draft.facility),
    }
    made = draft.add("Patient", draft.patient_id, body)
    made["meta"]["source"] = systems.patients_of(draft.facility)
    if row["NGAY_SINH"] and not born:
        draft.unread(made, row, "NGAY_SINH")
    if row["GIOI_TINH"] and row["GIOI_TINH"] not in _GENDER:
        draft.unread(made, row, "GIOI_TINH")
    if row["SO_CCCD"] and not identity(row["SO_CCCD"]):
        draft.unread(made, row, "SO_CCCD")
    if row["DIEN_THOAI"] and not _PHONE.fullmatch(row["DIEN_THOAI"]):
        draft.unread(made, row, "DIEN_THOAI")


def _identifiers(draft: Draft) -> list[Json]:
    facility = draft.organization(draft.facility)
    found = [
        fhir.identifier(
            systems.patient_number(draft.facility), draft.patient_number, "PI", assigner=facility
        ),
        identity(draft.person("SO_CCCD")),
    ]
    social: list[str] = []
    for number, start, end, _ in _cards(draft):
        found.append(fhir.identifier(systems.INSURANCE_CARD, number, "SB", period=fhir.period(start, end)))
        if _CARD.fullmatch(number) and number[5:] not in social and not _of_a_parent(draft, number):
            social.append(number[5:])
    social += values.items(draft.person("MA_BHXH"))
    found += [fhir.identifier(systems.SOCIAL_INSURANCE, number, "SS") for number in social]
    return list({(one["system"], one["value"]): one for one in found if one}.values())


def _of_a_parent(draft: Draft, card: str) -> bool:
    """Whether a newborn was treated on a card that is no child's (TE): the number in it is another person's."""
    born, came = values.moment(draft.person("NGAY_SINH")[:8]), values.moment(draft.stay("NGAY_VAO")[:8])
    return bool(born and came and (came - born).days <= _NEWBORN_DAYS and not card.startswith("TE"))


def _extensions(draft: Draft) -> list[Json | None]:
    nation = draft.named("MA_QUOCTICH", draft.person("MA_QUOCTICH"))
    return [
        fhir.extension(
            "ethnic-group", "CodeableConcept", draft.named("MA_DANTOC", draft.person("MA_DANTOC"))
        ),
        fhir.extension(
            "occupation", "CodeableConcept", draft.named("MA_NGHE_NGHIEP", draft.person("MA_NGHE_NGHIEP"))
        ),
        {"url": systems.NATIONALITY, "extension": [{"url": "code", "valueCodeableConcept": nation}]}
        if nation
        else None,
    ]


def _address(draft: Draft) -> Json | None:
    """The words of the source, the names of the units in FHIR's elements, their codes in an extension."""
    names: dict[str, str] = {}
    units: list[Json] = []
    for part, field in (("state", "MATINH_CU_TRU"), ("district", "MAHUYEN_CU_TRU"), ("city", "MAXA_CU_TRU")):
        code = values.code(draft.person(field))
        if not code:
            continue
        unit = admin_unit(code, draft.on)
        if unit:
            names[part] = unit.name_vi
        coding = fhir.coding(
            fhir.list_system(field), code, unit.name_vi if unit else "", unit.edition if unit else ""
        )
        units += fhir.listed(fhir.some({"url": part, "valueCoding": coding}))
    text = draft.person("DIA_CHI")
    if not text and not units:
        return None
    codes = {"url": systems.extension("administrative-units"), "extension": units}
    return fhir.some({"extension": [codes] if units else None, "use": "home", "text": text, **names})


def _cards(draft: Draft) -> list[tuple[str, str, str, str]]:
    """Number, first and last day, place of registration of each card.

    The lists of XML1 run in parallel; a card that is named again was prolonged.
    """
    numbers = [values.code(n).upper() for n in values.places(draft.person("MA_THE_BHYT"))]
    starts, ends, homes = (values.places(draft.person(f)) for f in ("GT_THE_TU", "GT_THE_DEN", "MA_DKBD"))

    def at(texts: list[str], place: int) -> str:
        return texts[place] if place < len(texts) else ""

    found: dict[str, tuple[str, str, str, str]] = {}
    for place, number in enumerate(numbers):
        if not number:
            continue
        _, start, _, home = found.get(number, (number, at(starts, place), "", at(homes, place)))
        found[number] = (number, start, at(ends, place), home)
    return list(found.values())


def coverages(draft: Draft) -> None:
    """Adds one Coverage for each insurance card."""
    row = draft.first("XML1")
    for number, start, end, home in _cards(draft):
        well_formed = _CARD.fullmatch(number)
        classes: list[Json] = []
        if well_formed:
            for kind, value, name in (
                ("group", number[:2], "Nhóm đối tượng"),
                ("plan", number[2], "Mức hưởng"),
            ):
                classes.append(
                    {"type": fhir.fixed(systems.COVERAGE_CLASS, kind), "value": value, "name": name}
                )
        made = draft.add(
            "Coverage",
            stable_id("Coverage", draft.patient_id, number),
            {
                "extension": fhir.listed(
                    fhir.extension("primary-registration", "Reference", draft.organization(home)),
                    fhir.extension("residence-zone", "Code", values.code(row["MA_KHUVUC"])),
                    fhir.extension("five-continuous-years", "Date", values.date(row["NAM_NAM_LIEN_TUC"])),
                    fhir.extension("co-payment-exempt", "DateTime", values.date_time(row["NGAY_MIEN_CCT"])),
                ),
                "identifier": fhir.listed(fhir.identifier(systems.INSURANCE_CARD, number, "SB")),
                "status": "active",
                "type": {"text": "Bảo hiểm y tế"},
                "subscriberId": number,
                "beneficiary": draft.subject,
                "period": fhir.period(start, end),
                "payor": [{"display": "Bảo hiểm xã hội Việt Nam"}],
                "class": classes,
            },
        )
        made["meta"]["source"] = systems.patients_of(draft.facility)
        draft.unread_times(made, row, "NAM_NAM_LIEN_TUC", "NGAY_MIEN_CCT")
        kept = made.get("period", {})
        for field, day, part in (("GT_THE_TU", start, "start"), ("GT_THE_DEN", end, "end")):
            if day and part not in kept:
                draft.unread(made, draft.first("XML1") or draft.first("XML0"), field)


def _measurements(draft: Draft) -> None:
    row = draft.first("XML1")
    at = values.date_time(row["NGAY_VAO"])
    weight, height = values.plain(row["CAN_NANG"]), values.plain(row["DU_PHONG"])
    if weight != 0:  # programs write 0 when nobody was weighed
        _measured(draft, row, "CAN_NANG", "29463-7", "Cân nặng", ("kg", "kg"), at)
    if draft.dossier.edition == "3176" and height and height > 0:
        _measured(draft, row, "DU_PHONG", "8302-2", "Chiều cao", ("cm", "cm"), at)
    group = row["NHOM_MAU"]
    if group:
        draft.add(
            "Observation",
            draft.id("Observation", "XML1", "NHOM_MAU"),
            {
                "status": "final",
                "category": [fhir.fixed(systems.OBSERVATION_CATEGORY, "laboratory")],
                "code": fhir.fixed(systems.LOINC, "882-1", "Nhóm máu"),
                "subject": draft.subject,
                "encounter": draft.encounter,
                "effectiveDateTime": at,
                "valueCodeableConcept": {"text": group},
            },
        )


def _measured(
    draft: Draft, row: Fields, field: str, loinc: str, text: str, unit: tuple[str, str], at: str | None
) -> None:
    if not row[field]:
        return
    value = values.plain(row[field])
    if value is not None and value < 0:
        value = None
    body: dict[str, Any] = {
        "status": "final",
        "category": [fhir.fixed(systems.OBSERVATION_CATEGORY, "vital-signs")],
        "code": fhir.fixed(systems.LOINC, loinc, text),
        "subject": draft.subject,
        "encounter": draft.encounter,
        "effectiveDateTime": at,
    }
    if value is None:
        body["valueString"] = row[field]
    else:
        body["valueQuantity"] = fhir.ucum(value, *unit)
    draft.add("Observation", draft.id("Observation", "XML1", field), body)


def relative(draft: Draft, relation: str, name: str, number: str = "") -> None:
    """Adds a parent or guardian named in a document (XML7, XML8, XML11), each once.

    Args:
        relation: FTH, MTH or GUARD of v3-RoleCode.
        number: social insurance number of that person.
    """
    if not name and not number:
        return
    resource_id = stable_id("RelatedPerson", draft.patient_id, relation, fold(name) or number)
    if any(one["id"] == resource_id for one in draft.resources):
        return
    made = draft.add(
        "RelatedPerson",
        resource_id,
        {
            "identifier": fhir.listed(fhir.identifier(systems.SOCIAL_INSURANCE, values.code(number), "SS")),
            "patient": draft.subject,
            "relationship": [fhir.fixed(systems.ROLE, relation, _RELATION[relation])],
            "name": human_name(name),
        },
    )
    made["meta"]["source"] = systems.patients_of(draft.facility)
