"""The examples that HL7 publishes with R4: valid but for those that really are not, and the same in XML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lienthong.foundation import json
from lienthong.records import validation, xml

EXAMPLES = Path(__file__).resolve().parents[2] / "node_modules" / "hl7.fhir.r4.examples"
DEFINING = (
    "CodeSystem",
    "ConceptMap",
    "OperationDefinition",
    "SearchParameter",
    "StructureDefinition",
    "ValueSet",
)
EVERY = 200
"""Of the types that define the standard itself, one in so many is looked at."""
LARGEST = 40_000
WRONG = {
    "ActivityDefinition-blood-tubes-supply": "Narrative without text",
    "ActivityDefinition-heart-valve-replacement": "Narrative without text",
    "Basic-referral": "modifierExtension that nobody knows",
    "DeviceMetric-example": "parent is a DeviceDefinition",
    "DeviceUseStatement-example": "reason is a Procedure",
    "EventDefinition-example": "Narrative without text",
    "MedicationRequest-medrx0301": "dispensed by a Practitioner",
    "Observation-clinical-gender": "performed by an Encounter",
    "Questionnaire-qs1": "items without linkId",
    "Questionnaire-zika-virus-exposure-assessment": "Narrative without text",
}
"""Published examples that break R4, and how."""


def _files() -> list[Path]:
    found = sorted(path for path in EXAMPLES.glob("*-*.json") if path.stat().st_size < LARGEST)
    kinds = [(path.name.partition("-")[0], path) for path in found]
    rare = [path for kind, path in kinds if kind not in DEFINING and kind[0].isupper()]
    return rare + [path for kind, path in kinds if kind in DEFINING][::EVERY]


def _without_narrative(value: Any) -> Any:
    """XML may spell the XHTML of a narrative anew."""
    if isinstance(value, dict):
        return {name: _without_narrative(part) for name, part in value.items() if name != "div"}
    return [_without_narrative(part) for part in value] if isinstance(value, list) else value


def test_published_examples() -> None:
    refused, looked = set(), 0
    for path in _files():
        resource = json.loads(path.read_bytes())
        looked += 1
        if any(one.severity == "error" for one in validation.problems(resource, thorough=True)):
            refused.add(path.stem)
            continue
        again = xml.read(xml.write(resource))
        assert json.digest(_without_narrative(again)) == json.digest(_without_narrative(resource)), path.stem
    assert looked > 500
    assert refused == set(WRONG)
