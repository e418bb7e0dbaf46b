"""A resource against R4: each rule accepts what is right and names what is wrong by code and path."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import fhir_definitions
import fhirkit
import pytest

from lienthong.connectors.his_xml import samples
from lienthong.foundation import json
from lienthong.records import definitions, validation
from lienthong.records.validation import plans, schema

Resource = dict[str, Any]
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">Sốt <b>39</b> độ</div>'
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"


def observation(**more: Any) -> Resource:
    return {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": {"text": "Mạch"},
        "subject": {"reference": "Patient/p1"},
        **more,
    }


def condition(**more: Any) -> Resource:
    return {"resourceType": "Condition", "subject": {"reference": "Patient/p1"}, **more}


def of_samples() -> list[Resource]:
    files = sorted(Path(samples.FOLDER).glob("*.bundle.json"))
    return [entry["resource"] for file in files for entry in json.loads(file.read_bytes())["entry"]]


def found(resource: Any, **how: Any) -> list[tuple[str, str]]:
    return [(one.code, one.where["path"]) for one in validation.problems(resource, **how)]


def test_whatever_the_connector_makes_is_valid_in_every_respect() -> None:
    resources = of_samples()
    assert len(resources) > 200
    for resource in resources:
        validation.check(resource)
        assert [p.en for p in validation.problems(resource, thorough=True) if p.severity == "error"] == []


STRUCTURE: list[tuple[Resource, str, str]] = [
    ({"resourceType": "Observatio"}, "fhir-structure", "Observatio.resourceType"),
    ({}, "fhir-structure", "Resource.resourceType"),
    (observation(colour="red"), "fhir-structure", "Observation.colour"),
    (
        observation(component=[{"code": {"text": "a"}, "unit": 1}]),
        "fhir-structure",
        "Observation.component[0].unit",
    ),
    (observation(valueQuantity={"value": "1"}), "fhir-structure", "Observation.valueQuantity.value"),
    (observation(valueInteger=Decimal("5.5")), "fhir-structure", "Observation.valueInteger"),
    (observation(category={"text": "x"}), "fhir-structure", "Observation.category"),
    (observation(identifier=None), "fhir-structure", "Observation.identifier"),
    ({"resourceType": "Observation", "code": {"text": "a"}}, "fhir-cardinality", "Observation.status"),
    (observation(code=None), "fhir-structure", "Observation.code"),
    (observation(subject=[{"reference": "Patient/1"}]), "fhir-cardinality", "Observation.subject"),
    (observation(note=[]), "fhir-cardinality", "Observation.note"),
    (observation(valueString="a", valueBoolean=True), "fhir-cardinality", "Observation.value[x]"),
    (observation(valueString="a", _valueInteger={"id": "b"}), "fhir-cardinality", "Observation.value[x]"),
    (
        observation(valueSampledData={"origin": {"value": 1}}),
        "fhir-cardinality",
        "Observation.valueSampledData.period",
    ),
    (observation(id="a b"), "fhir-value", "Observation.id"),
    (observation(effectiveDateTime="2025-02-29"), "fhir-value", "Observation.effectiveDateTime"),
    (observation(effectiveDateTime="2025-02-01T10:00:00"), "fhir-value", "Observation.effectiveDateTime"),
    (observation(valueString=""), "fhir-value", "Observation.valueString"),
    (observation(valueString="\x01"), "fhir-value", "Observation.valueString"),
    (observation(valueInteger=1 << 31), "fhir-value", "Observation.valueInteger"),
    (observation(meta={"profile": ["a b"]}), "fhir-value", "Observation.meta.profile[0]"),
    (observation(status="nearly"), "fhir-binding", "Observation.status"),
    (condition(clinicalStatus={"text": "đang bệnh"}), "fhir-binding", "Condition.clinicalStatus"),
    (
        condition(clinicalStatus={"coding": [{"system": "urn:x", "code": "active"}]}),
        "fhir-binding",
        "Condition.clinicalStatus",
    ),
    (observation(code={}), "fhir-invariant", "Observation.code"),
    (observation(code={"id": "a"}), "fhir-invariant", "Observation.code"),
    (observation(extension=[{"url": "urn:a"}]), "fhir-invariant", "Observation.extension[0]"),
    (
        observation(
            extension=[{"url": "urn:a", "valueCode": "b", "extension": [{"url": "c", "valueCode": "d"}]}]
        ),
        "fhir-invariant",
        "Observation.extension[0]",
    ),
    (
        observation(contained=[{"resourceType": "Patient", "gender": "x"}]),
        "fhir-binding",
        "Observation.contained[0].gender",
    ),
    (
        observation(contained=[{"resourceType": "Patient", "meta": {"versionId": "1"}}]),
        "fhir-invariant",
        "Observation.contained[0].meta.versionId",
    ),
    (
        observation(contained=[{"resourceType": "Patient", "contained": []}]),
        "fhir-invariant",
        "Observation.contained[0].contained",
    ),
    (
        {"resourceType": "Patient", "name": [{"given": ["A", None]}]},
        "fhir-structure",
        "Patient.name[0].given",
    ),
]


@pytest.mark.parametrize(("resource", "code", "path"), STRUCTURE)
def test_what_is_wrong_in_structure_is_named(resource: Resource, code: str, path: str) -> None:
    assert (code, path) in found(resource)
    with pytest.raises(validation.InvalidResource) as caught:
        validation.check(resource)
    assert caught.value.problem.hint_vi
    assert caught.value.problem.hint_en


@pytest.mark.parametrize(
    "resource",
    [
        observation(id="o-1.A", effectiveDateTime="2024-02-29", valueQuantity={"value": Decimal("1.20")}),
        observation(effectiveDateTime="2025-02", valueString="Ổn định\u00a0\ttốt\n"),
        observation(
            code={"id": "c", "text": "a"}, _valueString={"extension": [{"url": "u", "valueCode": "c"}]}
        ),
        {
            **observation(_status={"extension": [{"url": "urn:why", "valueCode": "unknown"}]}),
            "status": "final",
        },
        {
            "resourceType": "Observation",
            "code": {"text": "a"},
            "_status": {"extension": [{"url": "u", "valueCode": "c"}]},
        },
        {
            "resourceType": "Patient",
            "name": [
                {"given": [None, "B"], "_given": [{"extension": [{"url": "u", "valueCode": "c"}]}, None]}
            ],
        },
        condition(clinicalStatus={"coding": [{"system": CLINICAL, "code": "active"}], "text": "đang bệnh"}),
        condition(clinicalStatus={"extension": [{"url": "u", "valueCode": "unknown"}]}),
        condition(contained=[{"resourceType": "Patient", "id": "p"}], recorder={"reference": "#p"}),
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": observation()}]},
    ],
)
def test_what_r4_allows_passes(resource: Resource) -> None:
    validation.check(resource)
    assert found(resource) == []


def test_the_quick_schema_accepts_nothing_that_the_exact_one_refuses() -> None:
    for resource, *_ in STRUCTURE:
        kind = resource.get("resourceType", "")
        quick = schema.quick(kind)
        if quick is not None and "contained" not in resource:
            assert not quick.is_valid(resource)


REFERENCES: list[tuple[Resource, str, str]] = [
    (observation(subject={"reference": "Organization/1"}), "fhir-reference", "Observation.subject.reference"),
    (observation(subject={"reference": "Patient 1"}), "fhir-reference", "Observation.subject.reference"),
    (observation(subject={"reference": "Patiant/1"}), "fhir-reference", "Observation.subject.reference"),
    (
        observation(subject={"reference": "Patient/1", "type": "Group"}),
        "fhir-reference",
        "Observation.subject.reference",
    ),
    (observation(subject={"type": "Practitioner", "display": "A"}), "fhir-reference", "Observation.subject.reference"),
    (observation(subject={"reference": "#nobody"}), "fhir-invariant", "Observation.subject"),
    (
        observation(subject={"reference": "#d"}, contained=[{"resourceType": "Encounter", "id": "d"} | {
            "status": "finished", "class": {"code": "AMB"}}]),
        "fhir-reference",
        "Observation.subject.reference",
    ),
    (observation(contained=[{"resourceType": "Patient", "id": "p"}]), "fhir-invariant", "Observation.contained[0]"),
]  # fmt: skip


@pytest.mark.parametrize(("resource", "code", "path"), REFERENCES)
def test_references_point_to_what_r4_allows(resource: Resource, code: str, path: str) -> None:
    assert (code, path) in found(resource, thorough=True)
    assert found(resource) == []


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/1",
        "Patient/1/_history/2",
        "https://other.example/fhir/Patient/1",
        "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0",
        "urn:oid:1.2.3",
        "Patient?identifier=urn:x|1",
        "https://other.example/anything",
    ],
)
def test_forms_of_reference(reference: str) -> None:
    assert found(observation(subject={"reference": reference}), thorough=True) == []


def test_the_caller_says_which_references_are_known() -> None:
    resource = observation(
        subject={"reference": "Patient/1/_history/2"}, encounter={"reference": "Encounter/2"}
    )
    known = {"Patient/1"}
    assert found(resource, thorough=True, references=known.__contains__) == [
        ("fhir-reference", "Observation.encounter.reference")
    ]


@pytest.mark.parametrize(
    ("div", "key"),
    [
        (DIV, ""),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><img src="#a" alt=""/></div>', ""),
        ('<div xmlns="http://www.w3.org/1999/xhtml"> <br/> </div>', "txt-2"),
        ("<div>không có không gian tên</div>", "txt-1"),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><script>1</script></div>', "txt-1"),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><p onclick="x()">a</p></div>', "txt-1"),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><a href="JavaScript:x()">a</a></div>', "txt-1"),
        ('<div xmlns="http://www.w3.org/1999/xhtml">&nbsp;</div>', "txt-1"),
        ('<div xmlns="http://www.w3.org/1999/xhtml">a', "txt-1"),
    ],
)
def test_narrative_is_harmless_and_not_empty(div: str, key: str) -> None:
    resource = observation(text={"status": "generated", "div": div})
    told = validation.problems(resource, thorough=True)
    assert [p.where.get("invariant") for p in told] == ([key] if key else [])


@pytest.mark.parametrize(
    ("resource", "key", "path"),
    [
        (observation(dataAbsentReason={"text": "x"}, valueString="a"), "obs-6", "Observation"),
        (
            observation(
                code={"coding": [{"system": "s", "code": "1"}]},
                valueString="a",
                component=[{"code": {"coding": [{"system": "s", "code": "1"}]}}],
            ),
            "obs-7",
            "Observation",
        ),
        (observation(effectivePeriod={"start": "2025-02", "end": "2025-01"}), "per-1", "Observation.effectivePeriod"),
        (observation(referenceRange=[{"age": {"low": {"value": 1}}}]), "obs-3", "Observation.referenceRange[0]"),
        (observation(valueQuantity={"value": 1, "code": "g"}), "qty-3", "Observation.valueQuantity"),
        (condition(abatementString="khỏi"), "con-4", "Condition"),
        (
            {"resourceType": "Organization", "name": "A", "address": [{"use": "home", "text": "x"}]},
            "org-2",
            "Organization.address[0]",
        ),
        ({"resourceType": "Patient", "contact": [{"gender": "male"}]}, "pat-1", "Patient.contact[0]"),
        (
            {"resourceType": "Bundle", "type": "collection", "total": 1},
            "bdl-1",
            "Bundle",
        ),
        (
            {
                "resourceType": "Questionnaire",
                "status": "draft",
                "item": [{"linkId": "1", "type": "group", "item": [{"linkId": "1", "type": "string"}]}],
            },
            "que-2",
            "Questionnaire",
        ),
        (
            {
                "resourceType": "StructureDefinition", "url": "urn:a", "name": "A", "status": "draft",
                "kind": "resource", "abstract": False, "type": "Patient", "derivation": "constraint",
                "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
                "differential": {"element": [{"id": "Patient", "path": "Patient", "max": "-1"}]},
            },
            "eld-3",
            "StructureDefinition.differential.element[0].max",
        ),
    ],
)  # fmt: skip
def test_invariants(resource: Resource, key: str, path: str) -> None:
    told = validation.problems(resource, thorough=True)
    assert (key, path) in [(p.where.get("invariant"), p.where["path"]) for p in told]


def test_a_rule_that_cannot_be_decided_does_not_make_a_resource_invalid() -> None:
    undecided = observation(effectivePeriod={"start": "2025-02-03T10:00:00Z", "end": "2025-02-03"})
    assert found(undecided, thorough=True) == []


def test_the_definitions_are_those_of_the_package() -> None:
    stored = resources.files("lienthong.records").joinpath("data/r4.json").read_bytes()
    assert json.loads(stored) == fhir_definitions.definitions()


def test_no_invariant_of_r4_is_left_out() -> None:
    assert validation.not_run() == []
    assert set(definitions.invariants()) > plans.NATIVE


def test_an_unknown_extension_passes_and_an_unknown_modifier_does_not() -> None:
    extension = {"url": "https://vendor.example/colour", "valueString": "đỏ"}
    assert found(observation(extension=[extension]), thorough=True) == []
    assert found(observation(modifierExtension=[extension]), thorough=True) == [
        ("fhir-modifier-unknown", "Observation.modifierExtension[0]")
    ]


def test_the_resources_in_a_bundle_are_looked_at_too() -> None:
    entries = [{"resource": observation()}, {"resource": observation(status="nearly")}]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    assert found(bundle, thorough=True) == [("fhir-binding", "Bundle.entry[1].resource.status")]
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "a", "part": [{"name": "b", **entries[1]}]}],
    }
    assert found(parameters, thorough=True) == [
        ("fhir-binding", "Parameters.parameter[0].part[0].resource.status")
    ]


def test_another_implementation_agrees_where_it_has_an_opinion() -> None:
    for resource in of_samples()[::5]:
        assert fhirkit.validate(json.dumps(resource).decode()) == []
    for resource, code, _ in STRUCTURE:
        if code in ("fhir-structure", "fhir-cardinality") and resource.get("resourceType"):
            with suppress(fhirkit.ParseError):
                assert fhirkit.validate(json.dumps(resource).decode()) != []


def test_problems_are_at_most_fifty() -> None:
    resource = observation(component=[{"code": {"text": ""}} for _ in range(200)])
    assert len(validation.problems(deepcopy(resource))) == 50
