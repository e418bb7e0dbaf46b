"""A dossier on its way to FHIR: its cleaned rows, the ids all refer to, the resources made so far."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from lienthong.connectors.his_xml.dossier import Dossier
from lienthong.foundation.ids import stable_id
from lienthong.terminology import code_name, facility_name, systems

from . import fhir, restricted, values
from .fhir import Json

_FACILITY = re.compile(r"\d{2}[0-9A-Z]{3}", re.ASCII)
_SUFFIX = re.compile(r"\.(?:TX|HD|CG|C)\.[0-9A-Z]{5}$", re.ASCII)
_TRAINEE = re.compile(r"\.(\d{12})$", re.ASCII)
_PERSON = ("XML1", "XML0", "XML13", "XML14", "XML12", "XML15", "XML6")
_STAY = ("XML1", "XML0", "XML13", "XML8", "XML7", "XML14")
_UNDATED = date(2025, 1, 1)
_WIDTHS = {"MA_DANTOC": 2, "MA_QUOCTICH": 3, "MA_LOAI_KCB": 2}  # numbers in edition 130: no leading zeros


class Fields(dict[str, str]):
    """A row: cleaned text by field, an absent field is empty text.

    Attributes:
        table: the table it stands in.
        key: tells it from the other rows of the table, each time alike: STT, and a count when STT repeats.
    """

    table: str
    key: str

    def __missing__(self, field: str) -> str:
        return ""


class Draft:
    """What is known while a dossier becomes resources.

    Attributes:
        facility, ma_lk: the logical key of all that is made.
        patient_id, encounter_id: ids that most resources refer to.
        on: the day whose code lists count: of discharge, else of arrival.
        resources: the result, in the order of making.
    """

    def __init__(self, dossier: Dossier) -> None:
        self.dossier = dossier
        self._rows: dict[str, list[Fields]] = {}
        self.facility = values.code(values.clean(dossier.facility))
        self.ma_lk = values.clean(dossier.ma_lk)
        number = self.person("MA_BN") or self.first("XML7")["MA_YTE"]
        if number:
            self.patient_id = stable_id("Patient", self.facility, number)
        elif self.ma_lk:
            self.patient_id = stable_id("Patient", self.facility, "episode", self.ma_lk)
        else:
            who = (self.person("SO_CCCD"), self.person("HO_TEN"), self.person("NGAY_SINH"))
            self.patient_id = stable_id("Patient", self.facility, "person", *who)
        self.patient_number = number
        self._episode = stable_id("episode", self.facility, self.ma_lk)[:20]
        self.encounter_id = self.id("Encounter")
        self.subject = fhir.reference("Patient", self.patient_id)
        self.encounter = fhir.reference("Encounter", self.encounter_id)
        self.source = systems.dossier(self.facility, self.ma_lk)
        ended = values.moment(self.stay("NGAY_RA")) or values.moment(self.stay("NGAY_VAO"))
        self.on = ended.date() if ended else _UNDATED
        self.resources: list[Json] = []
        self.conditions: dict[str, Json] = {}
        self.diagnoses: list[Json] = []
        self.results: dict[str, list[Json]] = {}
        self._shared: set[str] = set()

    def named(self, list_name: str, code: str, system: str = "") -> Json | None:
        """A code of an insurance list with its name on the day of the visit; an unknown code has none."""
        if not code:
            return None
        if code.isascii() and code.isdigit():
            code = code.zfill(_WIDTHS.get(list_name, 0))
        name = code_name(list_name, code, self.on, "vi") or ""
        return fhir.concept(name, fhir.coding(system or fhir.list_system(list_name), code))

    def rows(self, table: str) -> list[Fields]:
        """The rows of a table, cleaned, each with its key."""
        if table not in self._rows:
            made: list[Fields] = []
            seen: dict[str, int] = {}
            for row in self.dossier.tables.get(table, ()):
                fields = Fields()
                for name, text in row.values.items():
                    cleaned = text.strip() if text.isprintable() else values.clean(text)
                    if cleaned:
                        fields[name] = cleaned
                number = fields["STT"]
                count = seen[number] = seen.get(number, 0) + 1
                fields.table = table
                fields.key = number if number and count == 1 else f"{number}#{count}"
                made.append(fields)
            self._rows[table] = made
        return self._rows[table]

    def first(self, table: str) -> Fields:
        """The first row of a table, or an empty one."""
        rows = self.rows(table)
        if rows:
            return rows[0]
        none = Fields()
        none.table, none.key = table, ""
        return none

    def person(self, field: str) -> str:
        """A field of the person, from the first table that has it."""
        return next((text for table in _PERSON if (text := self.first(table)[field])), "")

    def stay(self, field: str) -> str:
        """A field of the visit, from the first table that has it; of a list of stays (XML13) the last.

        A time that can be read goes before one that cannot.
        """
        found = ""
        for table in _STAY:
            text = self.first(table)[field]
            if table == "XML13" and ";" in text:
                text = values.items(text)[-1] if values.items(text) else ""
            if text and (not field.startswith("NGAY_") or values.moment(text)):
                return text
            found = found or text
        return found

    def id(self, kind: str, *parts: str) -> str:
        """An id inside this dossier.

        All share their first 20 digits, so that a dossier with its references compresses well; the other 12 (48 bits)
        tell apart what is of one kind.
        """
        return self._episode + stable_id(kind, *parts)[:12]

    def add(self, kind: str, resource_id: str, body: Json, text: str = "") -> Json:
        """Adds a resource of the dossier; empty elements are dropped.

        Args:
            text: free text of the source inside it, looked through for what the law protects specially.
        """
        resource: Json = {"resourceType": kind, "id": resource_id, "meta": {"source": self.source}}
        for name, part in body.items():
            if part or part.__class__ is bool:
                resource[name] = part
        if text:
            restricted.label(resource, restricted.in_text(text))
        self.resources.append(resource)
        return resource

    def unread(self, resource: Json, row: Fields, *fields: str) -> None:
        """Keeps what could not be read: the text beside the resource, under the name of its field."""
        for field in fields:
            text = row[field]
            if text:
                resource.setdefault("extension", []).append(
                    {
                        "url": systems.extension("source-text"),
                        "extension": [
                            {"url": "field", "valueString": f"{row.table}.{field}"},
                            {"url": "text", "valueString": text},
                        ],
                    }
                )

    def unread_times(self, resource: Json, row: Fields, *fields: str) -> None:
        """As :meth:`unread`, for those fields that hold no time."""
        for field in fields:
            if row[field] and values.moment(row[field]) is None:
                self.unread(resource, row, field)

    def organization(self, number: str) -> Json | None:
        """Reference to a facility by its code; only its text when it is no code; None without."""
        number = values.code(number)
        if not number:
            return None
        if not _FACILITY.fullmatch(number):
            return {"display": number}
        resource_id = stable_id("Organization", number)
        if resource_id not in self._shared:
            name = facility_name(number)
            body: Json = {
                "resourceType": "Organization",
                "id": resource_id,
                "identifier": [{"system": systems.FACILITY, "value": number}],
                "name": name or number,
            }
            self._shared.add(resource_id)
            self.resources.append(body)
        return fhir.reference("Organization", resource_id)

    def practitioner(self, number: str, name: str = "") -> Json | None:
        """Reference to a practitioner by the number of the licence (identifiers.md section 8).

        Text without a digit is a name and stays text. The name never enters the Practitioner, so that the
        resource is the same in every dossier.
        """
        if ";" in number:
            number = next(iter(values.items(number)), "")
        spelled, resource_id = _licence(number)
        if not spelled:
            return {"display": name or number} if name or number else None
        if resource_id not in self._shared:
            system, kind = _practitioner_system(spelled)
            body: Json = {
                "resourceType": "Practitioner",
                "id": resource_id,
                "identifier": [fhir.identifier(system, spelled, kind)],
            }
            self._shared.add(resource_id)
            self.resources.append(body)
        return fhir.reference("Practitioner", resource_id, name)

    def practitioners(self, numbers: str) -> list[Json]:
        """References to each of a list of practitioners, each once."""
        found = fhir.listed(*(self.practitioner(number) for number in values.items(numbers)))
        return found if len(found) < 2 else list({str(one): one for one in found}.values())

    def location(self, department: str, bed: str = "") -> Json | None:
        """Reference to a department of this facility, or to a bed in it; None without a department."""
        department, bed = values.code(department), values.code(bed)
        if not department and not bed:
            return None
        resource_id = stable_id("Location", self.facility, department, bed)
        if resource_id not in self._shared:
            inside = self.location(department) if bed and department else None
            body: Json = {
                "resourceType": "Location",
                "id": resource_id,
                "identifier": [
                    {"system": systems.codes("ma-giuong" if bed else "ma-khoa"), "value": bed or department}
                ],
                "name": f"Giường {bed}" if bed else f"Khoa {department}",
                "physicalType": fhir.fixed(systems.LOCATION_TYPE, "bd" if bed else "wa"),
            }
            owner = self.organization(self.facility)
            if owner:
                body["managingOrganization"] = owner
            if inside:
                body["partOf"] = inside
            self._shared.add(resource_id)
            self.resources.append(body)
        return fhir.reference("Location", resource_id)

    def diagnosed(self, codes: str) -> list[Json]:
        """References to the conditions of this dossier with these ICD-10 codes."""
        found: list[Json] = []
        for one in values.items(codes):
            condition = self.conditions.get(one.upper())
            if condition:
                found.append(fhir.reference("Condition", condition["id"]))
        return found


@lru_cache(maxsize=8192)
def _licence(text: str) -> tuple[str, str]:
    """The number as it is compared, and the id of its Practitioner; empty when the text has no digit."""
    spelled = "".join(text.split()).upper()
    if not any("0" <= c <= "9" for c in spelled):
        return "", ""
    spelled = _SUFFIX.sub("", spelled)
    trainee = _TRAINEE.search(spelled)
    if trainee:
        spelled = trainee[1]
    return spelled, stable_id("Practitioner", spelled)


def _practitioner_system(number: str) -> tuple[str, str]:
    if number.isdigit() and len(number) == 10:
        return systems.SOCIAL_INSURANCE, "SS"
    if number.isdigit() and len(number) == 12:
        return systems.CITIZEN_NUMBER, "NI"
    return systems.PRACTITIONER_LICENCE, "MD"
