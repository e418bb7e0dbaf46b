"""What the record already knows of a patient, as fields of the form, each with where it came from and when.

Only what an export said is filled in: nothing is concluded, nothing that is specially protected is used. Allergies,
home medicines, infection alerts, the escort and what is asked of the receiver have no field in any export of a HIS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from lienthong import records
from lienthong.facilities import directory
from lienthong.foundation import clock, json
from lienthong.foundation.errors import LienThongError
from lienthong.foundation.text import fold
from lienthong.records import Stored
from lienthong.records import elements as fhir
from lienthong.terminology import systems
from lienthong.transfers import form as forms
from lienthong.transfers.models import Transfer

MOST_RESULTS = 12
_RESULTS_OF_A_PERSON = 200
_RECENT = timedelta(days=30)
_SLIP, _SUMMARY = "57133-1", "34133-9"
_SIGNS, _COURSE, _RESULTS, _DIRECTION = "29545-1", "8648-8", "30954-2", "18776-5"
_TREATMENT, _CONDITION = "Phương pháp", "Tình trạng người bệnh lúc chuyển"
_VITALS = {
    "8867-4": "pulse",
    "8480-6": "systolic",
    "8462-4": "diastolic",
    "9279-1": "breaths",
    "2708-6": "spo2",
    "59408-5": "spo2",
    "8310-5": "temperature",
    "9269-2": "glasgow",
}
_GIVEN = ("MedicationAdministration", "MedicationDispense", "MedicationRequest")
_NO_LABORATORY = {"vital-signs", "imaging", "exam", "procedure", "survey", "social-history"}
_BLOOD_GROUP, _WEIGHT, _HEIGHT = "882-1", "29463-7", "8302-2"
_MARKS = (("high", {"H", "HH", "HU"}), ("low", {"L", "LL", "LU"}), ("abnormal", {"A", "AA", "POS"}))


@dataclass(frozen=True, slots=True)
class Found:
    """What the record says of one field.

    Attributes:
        value: as :func:`lienthong.transfers.form.cleaned` gives it.
        stored: when what it was made of was stored here, ISO 8601 UTC.
        moment: of when it speaks (a note, a measurement), ISO 8601; may be empty.
        origin: the dossier, e.g. ``his-xml/24004/LK1``; empty for what outlives one (the person).
    """

    value: Any
    stored: str
    moment: str = ""
    origin: str = ""

    @property
    def mark(self) -> str:
        """Names the value, so that two can be told apart without keeping either."""
        return mark(self.value)


def mark(value: Any) -> str:
    """A short name of a field's value, whatever order a database gives its members in."""
    return json.digest(value)[:16]


def fill(*, patient: str = "", encounter: str = "") -> dict[str, Found]:
    """Fields of the form that the record can fill.

    Args:
        patient, encounter: FHIR ids at this node. Without a visit only the person and recent results are known.
    """
    visit = records.read("Encounter", encounter) if encounter else None
    if visit is not None and visit.restricted:
        visit = None
    own = [s for s in records.of_origin(visit.origin) if not s.restricted] if visit and visit.origin else []
    subject = fhir.target(fhir.at(visit.resource, "subject")) if visit else ""
    stored = records.read("Patient", subject.removeprefix("Patient/") or patient)
    found: dict[str, Found] = {}
    for name, made in (
        *(_person(stored, own) if stored else ()),
        *(_of_visit(visit, own) if visit else ()),
        *(_key_results(own) if visit else _key_results(_recent(patient))),
    ):
        kept = _cleaned(name, made)
        if kept is not None and name not in found:
            found[name] = kept
    return found


def of_transfer(transfer: Transfer) -> dict[str, Found]:
    """The same for a transfer of this hospital, whether it was begun from a visit or its dossier joined it."""
    return fill(patient=transfer.patient, encounter=visit_of(transfer))


def visit_of(transfer: Transfer) -> str:
    """FHIR id of the visit that a transfer of this hospital belongs to; empty while no export named one."""
    if transfer.encounter or not transfer.ma_lk:
        return transfer.encounter
    own = records.of_origin(f"his-xml/{transfer.sender}/{transfer.ma_lk}", ["Encounter"])
    return own[0].id if own else ""


def newer(transfer: Transfer, found: Mapping[str, Found]) -> dict[str, Found]:
    """Fields for which the record says something else than when they were filled in, and than what stands there."""
    return {
        name: one
        for name, one in found.items()
        if transfer.filled.get(name, {}).get("mark") != one.mark and transfer.form.get(name) != one.value
    }


def note(transfer: Transfer, name: str, one: Found) -> None:
    """Keeps of when and where a field was filled in; the caller saves the transfer."""
    transfer.filled[name] = {
        "mark": one.mark,
        "stored": one.stored,
        "moment": one.moment,
        "origin": one.origin,
    }


def untouched(transfer: Transfer, name: str) -> dict[str, str] | None:
    """Where a field came from, as long as nobody has changed it since."""
    kept = transfer.filled.get(name)
    return kept if kept and name in transfer.form and kept["mark"] == mark(transfer.form[name]) else None


def _cleaned(name: str, one: Found) -> Found | None:
    try:
        value = forms.cleaned(name, one.value)
    except LienThongError:
        return None
    return replace(one, value=value) if value not in ("", {}, []) else None


Made = tuple[str, Found]


def _from(value: Any, kept: Sequence[Stored], moment: str = "") -> Found:
    newest = max(kept, key=lambda s: s.updated, default=None)
    return Found(value, newest.updated if newest else "", moment, newest.origin if newest else "")


# The person


def _person(stored: Stored, own: Sequence[Stored]) -> Iterable[Made]:
    resource = stored.resource
    card = max(
        (
            i
            for i in fhir.items(resource, "identifier")
            if fhir.text(i, "system") == systems.INSURANCE_CARD and fhir.text(i, "value")
        ),
        key=lambda i: fhir.text(i, "period", "end"),
        default={},
    )
    citizen = next(
        (
            fhir.text(i, "value")
            for i in fhir.items(resource, "identifier")
            if fhir.text(i, "system") == systems.CITIZEN_NUMBER
        ),
        "",
    )
    nationality = fhir.extension(fhir.extension(resource, "patient-nationality"), "code")
    values = {
        "name": _name(resource),
        "birth": fhir.text(resource, "birthDate"),
        "gender": fhir.text(resource, "gender"),
        "citizen": citizen,
        "card": fhir.text(card, "value"),
        "card_until": fhir.text(card, "period", "end")[:10],
        "address": _address(resource),
        "phone": next(
            (
                fhir.text(t, "value")
                for t in fhir.items(resource, "telecom")
                if fhir.text(t, "system") == "phone"
            ),
            "",
        ),
        "ethnic_group": _said(fhir.extension(resource, "ethnic-group")),
        "nationality": _said(nationality),
        "occupation": _said(fhir.extension(resource, "occupation")),
        "first_facility": _first_facility(own, fhir.text(card, "value")),
    }
    fit = {name: value for name, value in values.items() if value and _cleaned_member(name, value)}
    yield "person", _from(fit, [stored])


def _cleaned_member(name: str, value: str) -> bool:
    try:
        return bool(forms.cleaned("person", {name: value}))
    except LienThongError:
        return False


def _name(resource: Any) -> str:
    name = next(iter(fhir.items(resource, "name")), {})
    given = name.get("given")
    parts = (
        [fhir.text(name, "family"), *(g for g in given if isinstance(g, str))]
        if isinstance(given, list)
        else []
    )
    return fhir.text(name, "text") or " ".join(filter(None, parts))


def _address(resource: Any) -> str:
    address = next(iter(fhir.items(resource, "address")), {})
    parts = (fhir.text(address, part) for part in ("line", "city", "district", "state"))
    return fhir.text(address, "text") or ", ".join(filter(None, parts))


def _said(extension: Any) -> str:
    """The words of a coded extension; a code alone tells nobody anything."""
    words = fhir.words(fhir.at(extension, "valueCodeableConcept"))
    return "" if words.isdigit() else words


def _first_facility(own: Sequence[Stored], card: str) -> str:
    """Name of the facility of first registration, from the coverage of the card."""
    for stored in _of(own, "Coverage"):
        if fhir.text(stored.resource, "subscriberId") != card:
            continue
        where = fhir.target(fhir.extension(stored.resource, "primary-registration"), "valueReference")
        facility = records.read_many([where]).get(where) if where else None
        if facility is None:
            continue
        for identifier in fhir.items(facility.resource, "identifier"):
            code = fhir.text(identifier, "value")
            if fhir.text(identifier, "system") == systems.FACILITY and code:
                known = directory.name(code, language="vi")
                return known if known != code else fhir.text(facility.resource, "name") or code
    return ""


# The visit


def _of_visit(visit: Stored, own: Sequence[Stored]) -> Iterable[Made]:
    yield from _diagnoses(visit, own)
    slips = _papers(own, _SLIP)
    papers = [*slips, *_papers(own, _SUMMARY)]
    notes = sorted(_of(own, "ClinicalImpression"), key=lambda s: s.moment)
    for name, keys in (
        ("signs", (_SIGNS,)),
        ("course", (_COURSE,)),
        ("results", (_RESULTS,)),
        ("treatment", (_TREATMENT,)),
        ("condition", (_CONDITION,)),
        ("direction", (_DIRECTION,)),
    ):
        for paper in papers:
            if text := _section(paper.resource, keys):
                yield name, _from(text, [paper], fhir.text(paper.resource, "date"))
                break
    if notes:
        last = notes[-1]
        yield "signs", _from(_note(last.resource), [last], last.moment)
        told = [f"{_when(n.moment)}: {text}" for n in notes if (text := _note(n.resource))]
        yield "course", _from("\n".join(told), notes, last.moment)
    reports = [r for r in _of(own, "DiagnosticReport") if fhir.text(r.resource, "conclusion")]
    yield "results", _from("\n".join(_report(r) for r in reports), reports, _newest(reports))
    treatment = fhir.text(fhir.extension(visit.resource, "treatment"), "valueString")
    yield "treatment", _from(treatment, [visit])
    yield from _medicines(own)
    yield from _vitals(own)
    yield from _weight(own)
    for request in _of(own, "ServiceRequest"):
        yield from _request(request)


def _diagnoses(visit: Stored, own: Sequence[Stored]) -> Iterable[Made]:
    """The main disease by its rank at the end of the visit, else on admission; the others a line each."""
    ranks = {
        fhir.target(entry, "condition"): _rank(entry) for entry in fhir.items(visit.resource, "diagnosis")
    }
    ranked = sorted(
        (c for c in _of(own, "Condition") if fhir.words(c.resource.get("code"))),
        key=lambda c: ranks.get(c.ref, 99),
    )
    if not ranked:
        return
    first, *rest = ranked
    main = fhir.words(fhir.at(first.resource, "code"))
    said = fhir.text(first.resource, "note", "text")
    yield "diagnosis", _from(said if fold(main) in fold(said) else main, [first], first.moment)
    yield "diagnosis_code", _from(_icd(first.resource), [first], first.moment)
    known = {_icd(first.resource) or fold(main)}
    lines = []
    for condition in rest:
        words, code = fhir.words(fhir.at(condition.resource, "code")), _icd(condition.resource)
        if (code or fold(words)) not in known:
            known.add(code or fold(words))
            lines.append(f"{words} ({code})" if code else words)
    yield "other_diagnoses", _from("\n".join(lines), rest, _newest(rest))


def _rank(entry: Any) -> int:
    admission = fhir.code_of(fhir.at(entry, "use"), "") == "AD"
    rank = fhir.number(fhir.at(entry, "rank"))
    return (50 if admission else 0) + (int(rank) if rank is not None and 0 < rank < 40 else 40)


def _icd(condition: Any) -> str:
    return fhir.code_of(fhir.at(condition, "code"), systems.ICD10)


def _papers(own: Sequence[Stored], loinc: str) -> list[Stored]:
    found = [
        s
        for s in _of(own, "Composition")
        if fhir.code_of(fhir.at(s.resource, "type"), systems.LOINC) == loinc
    ]
    return sorted(found, key=lambda s: (s.moment, s.updated), reverse=True)


def _section(composition: Any, keys: tuple[str, ...]) -> str:
    """Text of the first section with that LOINC code, or whose title begins so."""
    for section in fhir.items(composition, "section"):
        code = fhir.code_of(fhir.at(section, "code"), systems.LOINC)
        title = fhir.text(section, "title")
        lines = fhir.paragraphs(fhir.at(section, "text"))
        if lines and (code in keys or title.startswith(keys)):
            return "\n".join(lines)
    return ""


def _note(impression: Any) -> str:
    more = (fhir.text(n, "text") for n in fhir.items(impression, "note"))
    return "\n".join(dict.fromkeys(filter(None, (fhir.text(impression, "summary"), *more))))


def _report(stored: Stored) -> str:
    name = fhir.words(fhir.at(stored.resource, "code"))
    conclusion = " ".join(fhir.lines(fhir.text(stored.resource, "conclusion")))
    return ", ".join(filter(None, (name, _when(stored.moment)))) + f": {conclusion}"


def _request(stored: Stored) -> Iterable[Made]:
    """Numbers, reason and means of transport of the slip that the HIS has made already (XML13)."""
    resource = stored.resource
    if fhir.code_of(fhir.at(resource, "code"), systems.SNOMED) != "3457005":
        return
    numbers = {fhir.text(i, "system"): fhir.text(i, "value") for i in fhir.items(resource, "identifier")}
    yield "slip", _from(numbers.get(systems.SLIP, ""), [stored])
    yield "register", _from(numbers.get(systems.TRANSFER_REGISTER, ""), [stored])
    reason = fhir.code_of(fhir.at(resource, "reasonCode"), "/ma-lydo-ct")
    yield "reason", _from(reason, [stored])
    yield "transport_note", _from(fhir.text(fhir.extension(resource, "transport"), "valueString"), [stored])


# Drugs and measurements


def _medicines(own: Sequence[Stored]) -> Iterable[Made]:
    """Each drug of the visit once, with its last dose and when it was last given; orders only where nothing says that
    they were carried out."""
    drugs: dict[str, tuple[str, str]] = {}
    used = []
    for kind in _GIVEN:
        known = set(drugs)
        for stored in sorted(_of(own, kind), key=lambda s: s.moment):
            resource = stored.resource
            name = fhir.words(fhir.at(resource, "medicationCodeableConcept"))
            key = fold(name)
            if not name or key in known:
                continue
            dosage = next(
                iter(fhir.items(resource, "dosageInstruction") or fhir.items(resource, "dosage")), {}
            )
            dose = fhir.text(dosage, "text") or fhir.text(resource, "note", "text")
            how = fhir.text(dosage, "patientInstruction")
            last = _when(stored.moment)
            words = "; ".join(dict.fromkeys(filter(None, (dose, how))))
            drugs[key] = (name, ", ".join(filter(None, (words, last))))
            used.append(stored)
    lines = [f"{name}: {words}" if words else name for name, words in drugs.values()]
    yield "medicines", _from("\n".join(lines), used, _newest(used))


def _vitals(own: Sequence[Stored]) -> Iterable[Made]:
    """The vital signs of the newest moment that has any; signs of different times are never mixed."""
    by_moment: dict[str, list[Stored]] = {}
    for stored in _of(own, "Observation"):
        if stored.moment and any(True for _ in _signs(stored.resource)):
            by_moment.setdefault(stored.moment, []).append(stored)
    if not by_moment:
        return
    newest = max(by_moment)
    signs: dict[str, Any] = {"at": newest}
    for stored in by_moment[newest]:
        signs |= _signs(stored.resource)
    yield "vitals", _from(signs, by_moment[newest], newest)


def _signs(observation: Any) -> Iterable[tuple[str, Decimal]]:
    for part in (observation, *fhir.items(observation, "component")):
        value = fhir.number(fhir.at(part, "valueQuantity", "value"))
        names = {_VITALS[c] for _s, c, _d in fhir.codings(fhir.at(part, "code")) if c in _VITALS}
        for name in names if value is not None else ():
            least, most = forms.VITALS[name]
            if value is not None and least <= value <= most:
                yield name, value


def _weight(own: Sequence[Stored]) -> Iterable[Made]:
    weighed = [
        s
        for s in _of(own, "Observation")
        if fhir.code_of(fhir.at(s.resource, "code"), systems.LOINC) == _WEIGHT
    ]
    for stored in sorted(weighed, key=lambda s: s.moment, reverse=True)[:1]:
        value = fhir.number(fhir.at(stored.resource, "valueQuantity", "value"))
        yield "weight", _from("" if value is None else str(value), [stored], stored.moment)


def _key_results(kept: Sequence[Stored]) -> Iterable[Made]:
    """The newest value of each laboratory test, what is out of its range first, then the newest."""
    newest: dict[tuple[str, str], Stored] = {}
    for stored in sorted(_of(kept, "Observation"), key=lambda s: s.moment):
        if _is_laboratory(stored.resource) and _value(stored.resource)[0]:
            newest[_test(stored.resource)] = stored
    ranked = sorted(newest.values(), key=lambda s: s.moment, reverse=True)
    ranked.sort(key=lambda s: not _flag(s.resource))
    shown = ranked[:MOST_RESULTS]
    rows = [
        {
            "test": fhir.words(fhir.at(s.resource, "code")),
            "value": _value(s.resource)[0],
            "unit": _value(s.resource)[1],
            "range": _range(s.resource),
            "at": s.moment,
            "laboratory": _laboratory(s),
            "flag": _flag(s.resource),
        }
        for s in shown
    ]
    yield "key_results", _from(rows, shown, _newest(shown))


def _is_laboratory(observation: Any) -> bool:
    kinds = {c for entry in fhir.items(observation, "category") for _s, c, _d in fhir.codings(entry)}
    code = fhir.code_of(fhir.at(observation, "code"), systems.LOINC)
    named = bool(fhir.words(fhir.at(observation, "code")))
    return named and not kinds & _NO_LABORATORY and code not in (_BLOOD_GROUP, _WEIGHT, _HEIGHT)


def _test(observation: Any) -> tuple[str, str]:
    code = next((c for _s, c, _d in fhir.codings(fhir.at(observation, "code")) if c), "")
    return code or fold(fhir.words(fhir.at(observation, "code"))), _value(observation)[1]


def _value(observation: Any) -> tuple[str, str]:
    """Value and unit as a Vietnamese paper writes them; empty for prose, which belongs to the results in words."""
    measured = fhir.at(observation, "valueQuantity")
    number = fhir.number(fhir.at(measured, "value"))
    if number is not None:
        shown = " ".join(filter(None, (fhir.text(measured, "comparator"), _figure(number))))
        return shown, fhir.text(measured, "unit") or fhir.text(measured, "code")
    text = fhir.text(observation, "valueString") or fhir.words(fhir.at(observation, "valueCodeableConcept"))
    return (text, "") if len(text) <= 60 and "\n" not in text else ("", "")


def _figure(number: Decimal) -> str:
    return f"{number:f}".replace(".", ",")


def _range(observation: Any) -> str:
    reference = next(iter(fhir.items(observation, "referenceRange")), {})
    low, high = (fhir.number(fhir.at(reference, end, "value")) for end in ("low", "high"))
    if low is not None and high is not None:
        return f"{_figure(low)} – {_figure(high)}"
    if low is not None:
        return f"≥ {_figure(low)}"
    return f"≤ {_figure(high)}" if high is not None else fhir.text(reference, "text")


def _flag(observation: Any) -> str:
    """``high``, ``low`` or ``abnormal``, only where the source says so or gives the range."""
    codes = {c for entry in fhir.items(observation, "interpretation") for _s, c, _d in fhir.codings(entry)}
    for word, known in _MARKS:
        if codes & known:
            return word
    reference = next(iter(fhir.items(observation, "referenceRange")), {})
    number = fhir.number(fhir.at(observation, "valueQuantity", "value"))
    low, high = (fhir.number(fhir.at(reference, end, "value")) for end in ("low", "high"))
    if number is None or fhir.text(observation, "valueQuantity", "comparator"):
        return ""
    return "high" if high is not None and number > high else "low" if low is not None and number < low else ""


def _laboratory(stored: Stored) -> str:
    """The hospital whose dossier holds the result."""
    way, _, rest = stored.origin.partition("/")
    return directory.name(rest.partition("/")[0], language="vi") if way == "his-xml" else ""


def _recent(patient: str) -> list[Stored]:
    since = clock.iso(clock.now() - _RECENT)
    found = (
        records.for_patient(patient, ["Observation"], since=since, limit=_RESULTS_OF_A_PERSON)
        if patient
        else []
    )
    return [s for s in found if s.origin.startswith("his-xml/")]


def _of(kept: Iterable[Stored], kind: str) -> list[Stored]:
    return [s for s in kept if s.type == kind]


def _newest(kept: Iterable[Stored]) -> str:
    return max((s.moment for s in kept), default="")


def _when(moment: str) -> str:
    """``12/01/2025 08:10`` in Viet Nam's time; empty for what is no whole time."""
    try:
        found: datetime = clock.from_iso(moment)
        return f"{found.astimezone(clock.VIETNAM):%d/%m/%Y %H:%M}" if found.tzinfo else ""
    except (ValueError, OverflowError):
        return ""
