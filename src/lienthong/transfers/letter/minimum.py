"""The minimum set: what a receiving hospital must know of a patient when no line brings the dossier.

Names are those of ``Transfer.form``. What does not fit on paper is left out in a fixed order and named in ``left_out``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from msgspec import Meta, Struct, structs

from lienthong.foundation import clock, ids

if TYPE_CHECKING:
    from lienthong.transfers.models import Transfer

LONGEST = {
    "diagnosis": 500,
    "other_diagnoses": 1000,
    "medicines": 1500,
    "condition": 1000,
    "question": 600,
    "signs": 1000,
    "treatment": 1000,
    "results": 1000,
    "direction": 500,
    "key_results": 40,
    "home_medicines": 30,
    "allergies": 20,
    "infection": 10,
}
"""Most characters of a text, most entries of a list."""
LONGEST_SHORT = 100
"""Most characters of any other text: names, numbers, codes, fields of a list's entry."""
Rounds = tuple[tuple[str, int], ...]
BESIDES: Rounds = (
    ("direction", 200),
    ("results", 400),
    ("treatment", 400),
    ("signs", 400),
    ("direction", 0),
    ("results", 150),
    ("treatment", 150),
    ("signs", 150),
    ("results", 0),
    ("treatment", 0),
    ("signs", 0),
)
"""What travels only while it fits into the symbols of one row, and how it is shortened, in this order."""
NEEDED: Rounds = (
    ("key_results", 15),
    ("other_diagnoses", 300),
    ("medicines", 700),
    ("condition", 500),
    ("question", 300),
    ("home_medicines", 15),
    ("key_results", 8),
    ("transport_note", 0),
    ("escort_title", 0),
    ("return_contact", 30),
    ("other_diagnoses", 120),
    ("medicines", 350),
    ("condition", 250),
    ("question", 150),
    ("home_medicines", 8),
    ("diagnosis", 200),
    ("key_results", 4),
    ("other_diagnoses", 0),
    ("medicines", 150),
    ("condition", 120),
    ("question", 80),
    ("key_results", 0),
    ("diagnosis", 100),
    ("home_medicines", 4),
    ("allergies", 8),
    ("infection", 4),
    ("pregnancy", 0),
    ("return_contact", 0),
    ("companion_phone", 0),
    ("escort_name", 0),
    ("question", 0),
    ("medicines", 40),
    ("condition", 40),
    ("home_medicines", 0),
    ("allergies", 4),
    ("infection", 1),
    ("diagnosis", 40),
)
"""How the rest is shortened, in this order, until all of it fits into the symbols of the letter."""
WIDE = 24
"""To how many characters every text is cut when even that is not enough: only for what no hospital writes."""

Short = Annotated[str, Meta(max_length=LONGEST_SHORT)]
FacilityCode = Annotated[str, Meta(pattern="^[0-9A-Za-z-]{1,16}$")]
FhirId = Annotated[str, Meta(pattern="^[A-Za-z0-9.-]{1,64}$")]


class Person(Struct, array_like=True, forbid_unknown_fields=True):
    """Who the patient is: FHIR date and gender, CCCD, insurance card and its last day."""

    name: Short = ""
    birth: Short = ""
    gender: Short = ""
    citizen: Short = ""
    card: Short = ""
    card_until: Short = ""


class Vitals(Struct, array_like=True, forbid_unknown_fields=True):
    """Last vital signs, as written: beats and breaths a minute, mmHg, %, °C, points."""

    at: Short = ""
    pulse: Short = ""
    systolic: Short = ""
    diastolic: Short = ""
    breaths: Short = ""
    spo2: Short = ""
    temperature: Short = ""
    glasgow: Short = ""


class Allergy(Struct, array_like=True, forbid_unknown_fields=True):
    """One entry of ``allergies``."""

    substance: Short = ""
    reaction: Short = ""
    severity: Short = ""


class HomeMedicine(Struct, array_like=True, forbid_unknown_fields=True):
    """One entry of ``home_medicines``."""

    name: Short = ""
    dose: Short = ""
    frequency: Short = ""


class Result(Struct, array_like=True, forbid_unknown_fields=True):
    """One entry of ``key_results``; ``flag`` says that it is abnormal."""

    test: Short = ""
    value: Short = ""
    unit: Short = ""
    range: Short = ""
    at: Short = ""
    laboratory: Short = ""
    flag: Short = ""


Entry = TypeVar("Entry", Allergy, HomeMedicine, Result)


class Minimum(Struct, array_like=True, forbid_unknown_fields=True):
    """The minimum set; its fields in this order are the format (``docs/reference/letter.md``, section 1).

    Attributes:
        loop: 16 bytes, the transfer's id; ``sender``, ``receiver``: facility codes.
        patient: FHIR id of the Patient that the dossier will have; ``ma_lk``: the episode, where it is known.
        signed_at: when the slip was signed, UTC; ``signed_by``: who signed it.
        allergies_state, home_medicines_state, infection_state: one of four; empty when nobody was asked yet.
        infection: codes; ``infection_note`` in words.
        one_year: whether the slip is marked as valid for one year; None where it does not say.
        left_out: name and how many characters of a text, or entries of a list, were left out or shortened.
    """

    loop: Annotated[bytes, Meta(min_length=16, max_length=16)]
    sender: FacilityCode
    receiver: FacilityCode
    patient: FhirId
    ma_lk: Short
    slip: Short
    urgency: Short
    case: Short
    signed_at: Annotated[datetime, Meta(tz=True)]
    signed_by: Short
    person: Person
    diagnosis: Annotated[str, Meta(max_length=LONGEST["diagnosis"])]
    diagnosis_code: Short
    other_diagnoses: Annotated[str, Meta(max_length=LONGEST["other_diagnoses"])]
    reason: Short
    basis: Short
    medicines: Annotated[str, Meta(max_length=LONGEST["medicines"])]
    home_medicines_state: Short
    home_medicines: Annotated[list[HomeMedicine], Meta(max_length=LONGEST["home_medicines"])]
    allergies_state: Short
    allergies: Annotated[list[Allergy], Meta(max_length=LONGEST["allergies"])]
    infection_state: Short
    infection: Annotated[list[Short], Meta(max_length=LONGEST["infection"])]
    infection_note: Short
    vitals: Vitals
    key_results: Annotated[list[Result], Meta(max_length=LONGEST["key_results"])]
    condition: Annotated[str, Meta(max_length=LONGEST["condition"])]
    question: Annotated[str, Meta(max_length=LONGEST["question"])]
    transport: Short
    transport_note: Short
    escort_name: Short
    escort_title: Short
    companion_phone: Short
    return_contact: Short
    departs_at: Short
    onset_at: Short
    weight: Short
    birth_weight: Short
    gestation_weeks: Short
    pregnancy: Short
    one_year: bool | None
    signs: Annotated[str, Meta(max_length=LONGEST["signs"])]
    treatment: Annotated[str, Meta(max_length=LONGEST["treatment"])]
    results: Annotated[str, Meta(max_length=LONGEST["results"])]
    direction: Annotated[str, Meta(max_length=LONGEST["direction"])]
    left_out: Annotated[dict[Short, Annotated[int, Meta(ge=1)]], Meta(max_length=50)]

    def as_dict(self) -> dict[str, Any]:
        """As :func:`lienthong.transfers.desk.begin_from_letter` takes it, with ``left_out`` beside."""
        said: dict[str, Any] = {name: getattr(self, name) for name in self.__struct_fields__}
        head = {
            name: said.pop(name) for name in ("sender", "receiver", "patient", "ma_lk", "slip", "signed_by")
        }
        head |= {"loop": said.pop("loop").hex(), "signed_at": clock.iso(said.pop("signed_at"))}
        left_out = said.pop("left_out")
        for name in ("home_medicines", "allergies"):
            said[name] = {"state": said.pop(f"{name}_state"), "list": [_filled(e) for e in said[name]]}
        infection = {"state": said.pop("infection_state"), "list": said["infection"]}
        said["infection"] = {**infection, "note": said.pop("infection_note")}
        said["key_results"] = [_filled(entry) for entry in self.key_results]
        said |= {"person": _filled(self.person), "vitals": _filled(self.vitals), "slip": self.slip}
        form = {name: value for name, value in said.items() if value not in ("", None, [], {})}
        return {**head, "form": form, "left_out": left_out}


_TEXTS = (
    *("diagnosis", "other_diagnoses", "medicines", "condition", "question"),
    *("signs", "treatment", "results", "direction"),
)
_SHORTS = (
    *("diagnosis_code", "reason", "basis", "transport", "transport_note", "escort_name", "escort_title"),
    *("companion_phone", "return_contact", "departs_at", "onset_at", "weight", "birth_weight"),
    *("gestation_weeks", "pregnancy"),
)
_NEVER_CUT = ("sender", "receiver", "patient", "left_out")


def _filled(entry: Struct) -> dict[str, str]:
    return {name: value for name, value in structs.asdict(entry).items() if value}


def of(transfer: Transfer, besides: Mapping[str, Any] | None = None) -> Minimum:
    """The minimum set of a transfer as it stands here, before it is fitted to paper.

    Args:
        besides: fields of the form that the record or the HIS's slip gives where the form says nothing.
    """
    return _Reading(transfer, besides or {}).whole()


def fitted(minimum: Minimum, one_row: Callable[[Minimum], bool], fits: Callable[[Minimum], bool]) -> Minimum:
    """The same, with as much left out, in the order of :data:`BESIDES` and :data:`NEEDED`, as is needed.

    Args:
        one_row: whether it fits into one row of symbols; fits: whether it fits at all.
    """
    minimum = _until(one_row, minimum, BESIDES)
    minimum = _until(fits, minimum, NEEDED)
    return minimum if fits(minimum) else _narrow(minimum)


def _until(fits: Callable[[Minimum], bool], minimum: Minimum, rounds: Rounds) -> Minimum:
    for name, most in rounds:
        if fits(minimum):
            break
        minimum = _shorter(minimum, name, most)
    return minimum


def _shorter(minimum: Minimum, name: str, most: int) -> Minimum:
    value = getattr(minimum, name)
    if len(value) <= most:
        return minimum
    kept, gone = _cut(value, most) if isinstance(value, str) else (_foremost(value, most), len(value) - most)
    return structs.replace(minimum, **{name: kept}, left_out=_with(minimum.left_out, name, gone))


def _narrow(minimum: Minimum) -> Minimum:
    """Every text and every field of an entry at most :data:`WIDE` characters long."""
    left_out = minimum.left_out
    changed: dict[str, Any] = {}
    for name in minimum.__struct_fields__:
        value = getattr(minimum, name)
        short, gone = (value, 0) if name in _NEVER_CUT else _narrowed(value)
        if gone:
            changed[name], left_out = short, _with(left_out, name, gone)
    return structs.replace(minimum, **changed, left_out=left_out)


def _narrowed(value: Any) -> tuple[Any, int]:
    """The value with shorter texts, and how many were shortened (of a text alone: how many characters)."""
    if isinstance(value, str):
        return _cut(value, WIDE)
    if isinstance(value, list):
        pairs = [_narrowed(entry) for entry in value]
        return [short for short, _ in pairs], sum(1 for _, gone in pairs if gone)
    if isinstance(value, Struct):
        cuts = {name: _cut(text, WIDE) for name, text in structs.asdict(value).items()}
        return type(value)(**{name: cut[0] for name, cut in cuts.items()}), sum(
            1 for c in cuts.values() if c[1]
        )
    return value, 0


def _with(left_out: Mapping[str, int], name: str, more: int) -> dict[str, int]:
    return {**left_out, name: left_out.get(name, 0) + more}


def _foremost(entries: Sequence[Any], most: int) -> list[Any]:
    """So many entries in their order: abnormal results before others, else the first."""
    ranked = sorted(range(len(entries)), key=lambda i: not getattr(entries[i], "flag", ""))
    kept = set(ranked[:most])
    return [entry for i, entry in enumerate(entries) if i in kept]


def _cut(text: str, most: int) -> tuple[str, int]:
    """The text with at most so many characters, and how many went; a shortened one ends with ``…``."""
    if len(text) <= most:
        return text, 0
    kept = text[: most - 1].rstrip() if most else ""
    return (f"{kept}…" if most else ""), len(text) - len(kept)


class _Reading:
    """Reads a transfer and its form, in which anything may be missing or of another type, and counts what is cut."""

    def __init__(self, transfer: Transfer, besides: Mapping[str, Any]) -> None:
        said = {name: value for name, value in transfer.form.items() if value not in ("", None, [], {})}
        self._transfer = transfer
        self._form = {**_columns(transfer), **besides, **said}
        own = {"birth": transfer.birth, "gender": transfer.gender, "citizen": transfer.citizen}
        own["name"] = transfer.patient_name
        told = _mapping(besides.get("person")), _mapping(said.get("person"))
        self._form["person"] = {k: v for known in (own, *told) for k, v in known.items() if v}
        self._left_out: dict[str, int] = {}

    def whole(self) -> Minimum:
        transfer, form = self._transfer, self._form
        home, allergies = _mapping(form.get("home_medicines")), _mapping(form.get("allergies"))
        infection = _mapping(form.get("infection"))
        one_year = form.get("one_year")
        texts = {name: self._cut(name, _plain_text(form.get(name)), LONGEST[name]) for name in _TEXTS}
        shorts = {name: self._short(name, form.get(name)) for name in _SHORTS}
        return Minimum(
            loop=bytes.fromhex(transfer.loop),
            sender=transfer.sender,
            receiver=transfer.receiver,
            patient=_patient(transfer, _mapping(form["person"])),
            ma_lk=self._short("ma_lk", transfer.ma_lk),
            slip=self._short("slip", form.get("slip")),
            urgency=self._short("urgency", form.get("urgency")),
            case=self._short("case", form.get("case")),
            signed_at=_second(transfer.signed_at or transfer.changed_at),
            signed_by=self._short("signed_by", transfer.signed_by or transfer.started_by),
            person=self._entry("person", Person, _plain(_mapping(form["person"]))),
            home_medicines_state=self._short("home_medicines", home.get("state")),
            home_medicines=self._entries("home_medicines", HomeMedicine, home.get("list")),
            allergies_state=self._short("allergies", allergies.get("state")),
            allergies=self._entries("allergies", Allergy, allergies.get("list")),
            infection_state=self._short("infection", infection.get("state")),
            infection=self._codes("infection", infection.get("list")),
            infection_note=self._short("infection", infection.get("note")),
            vitals=self._entry("vitals", Vitals, _plain(_mapping(form.get("vitals")))),
            key_results=self._entries("key_results", Result, form.get("key_results")),
            one_year=one_year if isinstance(one_year, bool) else None,
            **texts,
            **shorts,
            left_out=self._left_out,
        )

    def _short(self, name: str, value: Any) -> str:
        return self._cut(name, _plain_text(value), LONGEST_SHORT)

    def _cut(self, name: str, text: str, most: int) -> str:
        kept, gone = _cut(text, most)
        self._gone(name, gone)
        return kept

    def _gone(self, name: str, number: int) -> None:
        if number:
            self._left_out = _with(self._left_out, name, number)

    def _entry(self, name: str, kind: type[Any], values: Mapping[str, str]) -> Any:
        cuts = {field: _cut(values.get(field, ""), LONGEST_SHORT) for field in kind.__struct_fields__}
        self._gone(name, sum(1 for _, gone in cuts.values() if gone))
        return kind(**{field: kept for field, (kept, _) in cuts.items()})

    def _entries(self, name: str, kind: type[Entry], values: Any) -> list[Entry]:
        entries = [kind(**{f: v[f] for f in kind.__struct_fields__ if f in v}) for v in _rows(values)]
        entries = [entry for entry in entries if entry != kind()]
        kept = _foremost(entries, LONGEST[name])
        self._gone(name, len(entries) - len(kept))
        return [self._entry(name, kind, structs.asdict(entry)) for entry in kept]

    def _codes(self, name: str, values: Any) -> list[str]:
        codes = [_plain_text(value) for value in values] if isinstance(values, list) else []
        codes = [code for code in codes if code]
        self._gone(name, max(0, len(codes) - LONGEST[name]))
        return [self._cut(name, code, LONGEST_SHORT) for code in codes[: LONGEST[name]]]


def _columns(transfer: Transfer) -> dict[str, Any]:
    """What the transfer's own columns say of the form."""
    names = ("slip", "urgency", "case", "diagnosis", "diagnosis_code", "reason", "condition")
    found = {name: getattr(transfer, name) for name in names}
    return {**found, "departs_at": clock.iso(transfer.left_at) if transfer.left_at else ""}


def _patient(transfer: Transfer, person: Mapping[str, Any]) -> str:
    """The id that the dossier will give the Patient, also before it is sent (as ``desk.send_draft`` does)."""
    known = str(person.get("citizen") or transfer.loop)
    return transfer.patient or ids.stable_id("by-hand", transfer.sender, known)


def _rows(values: Any) -> Iterator[dict[str, str]]:
    for value in values if isinstance(values, list) else ():
        yield _plain(_mapping(value))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _plain(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: _plain_text(value) for name, value in values.items()}


def _plain_text(value: Any) -> str:
    """Text in Unicode's composed form without control characters; numbers as written, lists joined by ``; ``."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, Mapping):
        return " ".join(filter(None, map(_plain_text, value.values())))
    if isinstance(value, list | tuple):
        return "; ".join(filter(None, map(_plain_text, value)))
    lines = unicodedata.normalize("NFC", str(value)).replace("\r\n", "\n").split("\n")
    return "\n".join("".join(filter(_printable, line)).strip() for line in lines).strip()


def _printable(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs", "Cn")


def _second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
