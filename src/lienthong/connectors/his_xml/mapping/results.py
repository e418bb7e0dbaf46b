"""XML4 to DiagnosticReport and Observation. The source has no reference range, so none is made."""

from __future__ import annotations

from lienthong.terminology import systems

from . import fhir, restricted, values
from .draft import Draft, Fields
from .fhir import Json

_SERVICE = {"1": "LAB", "2": "RAD", "3": "OTH"}
_CATEGORY = {"1": "laboratory", "2": "imaging", "3": "procedure"}


def results(draft: Draft) -> None:
    """Adds a report for each service and time of result, an observation for each value or description."""
    groups: dict[tuple[str, str], list[Fields]] = {}
    for row in draft.rows("XML4"):
        groups.setdefault((row["MA_DICH_VU"], row["NGAY_KQ"]), []).append(row)
    for (service, at), rows in groups.items():
        order = _order(draft, service, at)
        _report(draft, rows, order["row"] if order else None, order["resource"] if order else None)


def _order(draft: Draft, service: str, at: str) -> Json | None:
    """The row of XML3 with the same code whose time of result agrees, else the last one ordered before it."""
    orders = draft.results.get(service, ())
    for order in orders:
        if order["row"]["NGAY_KQ"] == at:
            return order
    earlier = [order for order in orders if order["row"]["NGAY_YL"] <= at]
    return earlier[-1] if earlier else orders[0] if orders else None


def _report(draft: Draft, rows: list[Fields], ordered: Fields | None, request: Json | None) -> None:
    first = rows[0]
    service, at = first["MA_DICH_VU"], first["NGAY_KQ"]
    name = ordered["TEN_DICH_VU"] if ordered else ""
    group = values.code(ordered["MA_NHOM"]) if ordered else ""
    taken = values.date_time(ordered["NGAY_TH_YL"]) if ordered else None
    text = " ".join(
        [name, *(part for row in rows for part in (row["TEN_CHI_SO"], row["MO_TA"], row["KET_LUAN"]))]
    )
    kinds = restricted.in_text(text)
    code = fhir.concept(name, fhir.coding(systems.codes("dvkt"), service, name)) or {"text": "Cận lâm sàng"}
    shared: Json = {
        "category": [fhir.fixed(systems.OBSERVATION_CATEGORY, _CATEGORY[group])]
        if group in _CATEGORY
        else None,
        "effectiveDateTime": taken or values.date_time(at),
        "issued": values.instant(at),
    }
    made = [one for row in rows for one in _observations(draft, row, code, shared)]
    conclusions = dict.fromkeys(row["KET_LUAN"] for row in rows if row["KET_LUAN"])
    readers = draft.practitioners(";".join(dict.fromkeys(row["MA_BS_DOC_KQ"] for row in rows)))
    report = draft.add(
        "DiagnosticReport",
        draft.id("DiagnosticReport", "XML4", service, at),
        {
            "basedOn": [fhir.reference("ServiceRequest", request["id"])] if request else None,
            "status": "final",
            "category": [fhir.fixed(systems.DIAGNOSTIC_SERVICE, _SERVICE[group])]
            if group in _SERVICE
            else None,
            "code": code,
            "subject": draft.subject,
            "encounter": draft.encounter,
            "effectiveDateTime": shared["effectiveDateTime"],
            "issued": shared["issued"],
            "resultsInterpreter": readers,
            "result": [fhir.reference("Observation", one["id"]) for one in made],
            "conclusion": "\n".join(conclusions),
        },
    )
    draft.unread_times(report, first, "NGAY_KQ")
    for resource in [report, *made]:
        restricted.label(resource, kinds)


def _observations(draft: Draft, row: Fields, service: Json, shared: Json) -> list[Json]:
    indicator = fhir.concept(
        row["TEN_CHI_SO"] or row["MA_CHI_SO"],
        fhir.coding(systems.codes("cls-chi-so"), row["MA_CHI_SO"], row["TEN_CHI_SO"]),
    )
    performers = draft.practitioners(row["MA_BS_DOC_KQ"])
    found: list[Json] = []
    alone = "" if row["GIA_TRI"] or row["MO_TA"] else row["KET_LUAN"]
    for part, text in (("GIA_TRI", row["GIA_TRI"]), ("MO_TA", row["MO_TA"]), ("KET_LUAN", alone)):
        if not text:
            continue
        read = values.number(text) if part == "GIA_TRI" else None
        body: Json = {
            "status": "final",
            "category": shared["category"],
            "code": indicator or service,
            "subject": draft.subject,
            "encounter": draft.encounter,
            "effectiveDateTime": shared["effectiveDateTime"],
            "issued": shared["issued"],
            "performer": performers,
        }
        if read:
            body["valueQuantity"] = fhir.quantity(read[0], row["DON_VI_DO"], read[1])
        else:
            unit = row["DON_VI_DO"] if part == "GIA_TRI" else ""
            body["valueString"] = f"{text} {unit}" if unit and unit not in text else text
        found.append(draft.add("Observation", draft.id("Observation", "XML4", row.key, part), body))
    return found
