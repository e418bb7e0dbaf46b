"""The summary as a FHIR document: Composition, sections, entries (HL7 International Patient Summary 2.0, FHIR R4).

A required section without data says so with an entry of the code system *Absent and Unknown Data*: that nothing is
known, never that there is nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from lienthong import records
from lienthong.documents.summary import narrative
from lienthong.documents.summary.gather import Gathered, See, gather, is_open
from lienthong.documents.summary.narrative import Row
from lienthong.facilities import directory
from lienthong.foundation import ids, json
from lienthong.records import Stored
from lienthong.terminology import systems

IPS = "http://hl7.org/fhir/uv/ips/"
IPS_BUNDLE = f"{IPS}StructureDefinition/Bundle-uv-ips"
IPS_COMPOSITION = f"{IPS}StructureDefinition/Composition-uv-ips"
ABSENT = f"{IPS}CodeSystem/absent-unknown-uv-ips"
SUMMARY_CODE = "60591-5"
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_ALLERGY_CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
_FOLLOWED = frozenset(
    {"Organization", "Practitioner", "PractitionerRole", "Medication", "Specimen", "Observation"}
)
_DEPTH = 3

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Section:
    """A section: LOINC code and name, its title, heads of its table, how a resource becomes a row, what is said
    without data (required sections alone)."""

    name: str
    code: str
    display: str
    title: str
    heads: Row
    row: Callable[[Resource], Row]
    nothing: str = ""


_SECTIONS = (
    _Section(
        "allergies",
        "48765-2",
        "Allergies and adverse reactions Document",
        "Dị ứng và không dung nạp",
        ("Tác nhân", "Phản ứng", "Mức độ"),
        narrative.allergy,
        "Nguồn dữ liệu không có thông tin về dị ứng. Cần hỏi người bệnh.",
    ),
    _Section(
        "problems",
        "11450-4",
        "Problem list - Reported",
        "Vấn đề sức khỏe",
        ("Chẩn đoán", "ICD-10", "Từ ngày"),
        narrative.condition,
        "Nguồn dữ liệu không có thông tin về bệnh đang mắc.",
    ),
    _Section(
        "drugs",
        "10160-0",
        "History of Medication use Narrative",
        "Thuốc",
        ("Thuốc", "Liều dùng", "Ngày"),
        narrative.drug,
        "Nguồn dữ liệu không có thông tin về thuốc đang dùng.",
    ),
    _Section(
        "immunizations",
        "11369-6",
        "History of Immunization note",
        "Tiêm chủng",
        ("Vắc xin", "Ngày", "Số lô"),
        narrative.immunization,
    ),
    _Section(
        "procedures",
        "47519-4",
        "History of Procedures Document",
        "Phẫu thuật, thủ thuật",
        ("Phẫu thuật, thủ thuật", "Ngày"),
        narrative.procedure,
    ),
    _Section(
        "results",
        "30954-2",
        "Relevant diagnostic tests/laboratory data note",
        "Kết quả cận lâm sàng",
        ("Xét nghiệm, thăm dò", "Kết quả", "Ngày"),
        narrative.result,
    ),
    _Section(
        "vital_signs",
        "8716-3",
        "Vital signs note",
        "Dấu hiệu sinh tồn",
        ("Dấu hiệu", "Giá trị", "Ngày"),
        narrative.result,
    ),
    _Section(
        "past",
        "11348-0",
        "History of Past illness note",
        "Tiền sử bệnh",
        ("Chẩn đoán", "ICD-10", "Từ ngày"),
        narrative.condition,
    ),
    _Section(
        "pregnancy",
        "10162-6",
        "History of pregnancies Narrative",
        "Thai sản",
        ("Thông tin", "Giá trị", "Ngày"),
        narrative.result,
    ),
    _Section(
        "plan",
        "18776-5",
        "Plan of care note",
        "Kế hoạch chăm sóc",
        ("Nội dung", "Ngày"),
        narrative.plan,
    ),
)


def compose(patient: Stored, *, see: See = is_open) -> Resource:
    """The patient's summary as a document Bundle. The same store gives the same bytes.

    Args:
        patient: the Patient; see: what may be shown, without it all that is not specially protected.
    """
    found = gather(patient, see=see)
    maker = author()
    entries: dict[str, Resource] = {}
    sections = [
        section
        for one in _SECTIONS
        if (section := _section(one, getattr(found, one.name), found.patient, entries))
    ]
    subject = ref(found.patient)
    composition = _composition(found, subject, ref(maker), sections)
    content: dict[str, Resource] = {subject: found.patient, ref(maker): maker, **entries}
    return bundled(composition, content, updated=found.updated, profile=IPS_BUNDLE, see=see)


def bundled(
    composition: Resource,
    content: dict[str, Resource],
    *,
    updated: str,
    profile: str = "",
    see: See = is_open,
) -> Resource:
    """A document Bundle (FHIR R4 Documents) of a Composition and what it refers to, by ``Type/id``; what that refers to
    in turn is put beside. The same content gives the same bytes.

    Args:
        updated: when its newest part was stored, ISO 8601 UTC; profile: what the Bundle follows.
    """
    content = dict(content)
    _follow(content, see)
    resources = [composition, *content.values()]
    urls = {ref(one): _url(ref(one)) for one in resources}
    entry = [{"fullUrl": urls[ref(one)], "resource": _linked(one, urls)} for one in resources]
    digest = ids.stable_id("document-bundle", json.digest([updated, *entry]))
    return {
        "resourceType": "Bundle",
        "id": digest,
        **({"meta": {"profile": [profile]}} if profile else {}),
        "identifier": {"system": systems.URI, "value": f"urn:uuid:{uuid.UUID(digest, version=5)}"},
        "type": "document",
        "timestamp": updated,
        "entry": entry,
    }


def _composition(found: Gathered, subject: str, author: str, sections: list[Resource]) -> Resource:
    coding = {"system": systems.LOINC, "code": SUMMARY_CODE, "display": "Patient summary Document"}
    return {
        "resourceType": "Composition",
        "id": ids.stable_id("ips-composition", directory.here(), subject),
        "meta": {"profile": [IPS_COMPOSITION]},
        "language": "vi",
        "status": "final",
        "type": {"coding": [coding], "text": "Tóm tắt hồ sơ người bệnh"},
        "subject": {"reference": subject},
        "date": found.updated,
        "author": [{"reference": author}],
        "title": "Tóm tắt hồ sơ người bệnh (IPS)",
        "confidentiality": "N",
        "custodian": {"reference": author},
        "section": sections,
    }


def _section(
    kind: _Section, found: list[Resource], patient: Resource, entries: dict[str, Resource]
) -> Resource | None:
    """A section with its entries put beside; None for an optional one without data."""
    text = narrative.table(kind.heads, [kind.row(one) for one in found])
    if not found:
        if not kind.nothing:
            return None
        found, text = [_nothing_known(kind.name, patient)], narrative.sentence(kind.nothing)
    entries.update({ref(one): one for one in found})
    coding = {"system": systems.LOINC, "code": kind.code, "display": kind.display}
    return {
        "title": kind.title,
        "code": {"coding": [coding]},
        "text": narrative.div(text),
        "entry": [{"reference": ref(one)} for one in found],
    }


def _nothing_known(name: str, patient: Resource) -> Resource:
    """The entry that says that nothing is known (IPS, Absent and Unknown Data)."""
    subject = {"reference": ref(patient)}
    id = ids.stable_id("ips-nothing", name, str(patient["id"]))
    if name == "allergies":
        concept = _absent("no-allergy-info", "Không có thông tin về dị ứng")
        return {
            "resourceType": "AllergyIntolerance",
            "id": id,
            "clinicalStatus": {"coding": [{"system": _ALLERGY_CLINICAL, "code": "active"}]},
            "code": concept,
            "patient": subject,
        }
    if name == "problems":
        return {
            "resourceType": "Condition",
            "id": id,
            "clinicalStatus": {"coding": [{"system": _CLINICAL, "code": "active"}]},
            "code": _absent("no-problem-info", "Không có thông tin về bệnh"),
            "subject": subject,
        }
    absent = {"url": systems.DATA_ABSENT, "valueCode": "unknown"}
    return {
        "resourceType": "MedicationStatement",
        "id": id,
        "status": "unknown",
        "medicationCodeableConcept": _absent("no-medication-info", "Không có thông tin về thuốc"),
        "subject": subject,
        "_effectiveDateTime": {"extension": [absent]},
    }


def _absent(code: str, text: str) -> Resource:
    return {"coding": [{"system": ABSENT, "code": code}], "text": text}


def author() -> Resource:
    """The unit whose records these are."""
    here = directory.here()
    return {
        "resourceType": "Organization",
        "id": ids.stable_id("ips-author", here),
        "identifier": [{"system": systems.FACILITY, "value": here}],
        "name": directory.name(here, language="vi"),
    }


def _follow(content: dict[str, Resource], see: See) -> None:
    """Puts beside what the entries refer to: people, hospitals, drugs, single results of a report."""
    fresh = list(content.values())
    for _ in range(_DEPTH):
        wanted = {
            ref
            for one in fresh
            for ref in references(one)
            if ref not in content and ref.partition("/")[0] in _FOLLOWED
        }
        read = records.read_many(sorted(wanted))
        fresh = [bare(stored) for ref in sorted(read) if (stored := read[ref]) and see(stored)]
        content.update({ref(one): one for one in fresh})


def bare(stored: Stored) -> Resource:
    resource: Resource = json.loads(stored.body)
    return resource


def references(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "reference" and isinstance(inner, str):
                yield inner.partition("/_history/")[0]
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def _linked(value: Any, urls: dict[str, str]) -> Any:
    """A resource whose references lead to entries of the document; others become logical ones, by the identifier
    that the thing has at this unit."""
    if isinstance(value, list):
        return [_linked(inner, urls) for inner in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("reference")
    if not isinstance(reference, str) or reference.startswith("#"):
        return {name: _linked(inner, urls) for name, inner in value.items()}
    rest = {name: _linked(inner, urls) for name, inner in value.items() if name != "reference"}
    target = reference.partition("/_history/")[0]
    if target in urls:
        return {"reference": urls[target], **rest}
    return {
        "identifier": {"system": f"{systems.SID}resource", "value": f"{directory.here()}/{target}"},
        **rest,
    }


def ref(resource: Resource) -> str:
    """``Type/id``."""
    return f"{resource['resourceType']}/{resource['id']}"


def _url(ref: str) -> str:
    return f"urn:uuid:{uuid.UUID(ids.stable_id('entry', directory.here(), ref), version=5)}"
