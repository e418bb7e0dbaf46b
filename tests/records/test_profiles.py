"""Profiles as data: ours, those of a node's own folder, and what the engine makes of slices, patterns and bindings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from lienthong.connectors.his_xml import samples
from lienthong.foundation import json
from lienthong.records import definitions, profiles, validation
from lienthong.records.validation import plans, profile
from lienthong.terminology import systems

Resource = dict[str, Any]
OURS = "https://lienthong.example/fhir/StructureDefinition/"
CORE = "http://hl7.org/fhir/StructureDefinition/"
MINE = "https://node.example/fhir/StructureDefinition/mine"

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Install]:
    """Lays definitions into the node's folder of profiles."""

    def lay(*definitions: Resource | bytes) -> None:
        for number, one in enumerate(definitions):
            content = one if isinstance(one, bytes) else json.dumps(one)
            (tmp_path / f"{number}.json").write_bytes(content)
        profiles.forget()
        profile.ready.cache_clear()

    with override_settings(FHIR_PROFILES=tmp_path):
        lay()
        yield lay
    profiles.forget()
    profile.ready.cache_clear()


def mine(*elements: Resource, kind: str = "Patient", **more: Any) -> Resource:
    told = [
        {"path": ".".join(step.partition(":")[0] for step in one["id"].split(".")), **one} for one in elements
    ]
    return {
        "resourceType": "StructureDefinition",
        "url": MINE,
        "version": "2",
        "name": "Mine",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": kind,
        "baseDefinition": CORE + kind,
        "derivation": "constraint",
        "differential": {"element": [{"id": kind, "path": kind}, *told]},
        **more,
    }


def told(resource: Resource, url: str = MINE) -> list[str]:
    """Paths of the errors against one profile."""
    found = validation.problems(resource, profiles=[url])
    assert all(one.code == "fhir-profile" and one.where["profile"] for one in found)
    return [one.where["path"] for one in found if one.severity == "error"]


def of_samples(kind: str) -> list[Resource]:
    files = sorted(Path(samples.FOLDER).glob("*.bundle.json"))
    found = [entry["resource"] for file in files for entry in json.loads(file.read_bytes())["entry"]]
    return [one for one in found if one["resourceType"] == kind]


def ours() -> list[tuple[str, str]]:
    return [
        (kind, url) for kind, urls in validation.supported().items() for url in urls if url.startswith(OURS)
    ]


def test_our_definitions_are_valid_r4_dated_versioned_and_wholly_checked() -> None:
    held = [*ours(), *(("Extension", url) for url in profiles.of_type("Extension"))]
    assert len(held) > 30
    for _, url in held:
        definition = profiles.profile(url)
        assert definition is not None
        assert validation.problems(definition, thorough=True) == []
        assert (definition["version"], definition["date"][:2]) == ("1.0.0", "20")
        ready = profile.ready(url)
        assert ready is not None
        assert ready.left_out == []


def test_the_page_names_every_profile_and_all_that_is_not_checked() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/profiles.md").read_text("utf-8")
    for url in [*profiles.of_type("Extension"), *(url for _, url in ours())]:
        assert f"`{url.removeprefix(OURS)}`" in page
    for url in definitions.unlisted():
        assert f"`{url}`" in page
    for code in validation.ISSUE_TYPES:
        assert f"| `{code}` |" in page
    assert f"{len(definitions.invariants())} expressions are held, {len(plans.NATIVE)} of them" in page
    assert "Invariants of R4 that are not run: none." in page
    assert validation.not_run() == []


def test_what_the_connector_makes_follows_our_profiles() -> None:
    checked = 0
    for kind, url in ours():
        for resource in of_samples(kind):
            if (
                url.endswith("/transfer-request")
                and resource["code"].get("coding", [{}])[0].get("code") != "3457005"
            ):
                continue
            checked += 1
            assert [
                one.en for one in validation.problems(resource, profiles=[url]) if one.severity == "error"
            ] == []
    assert checked > 150


PATIENT = {
    "resourceType": "Patient",
    "identifier": [
        {
            "type": {"coding": [{"system": systems.IDENTIFIER_TYPE, "code": "NI"}]},
            "system": systems.CITIZEN_NUMBER,
            "value": "024060001234",
        }
    ],
    "name": [{"text": "TRẦN THỊ ÁNH"}],
}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({}, ""),
        (
            {"identifier": [{"system": systems.CITIZEN_NUMBER, "value": "24060001234"}]},
            "Patient.identifier[0].value",
        ),
        ({"identifier": [{"system": systems.CITIZEN_NUMBER}]}, "Patient.identifier[0].value"),
        (
            {"identifier": [PATIENT["identifier"][0] | {"type": {"text": "CCCD"}}]},
            "Patient.identifier[0].type",
        ),
        ({"identifier": [{"system": "urn:other", "value": "1"}]}, ""),
        (
            {"extension": [{"url": OURS + "ethnic-group", "valueString": "Kinh"}]},
            "Patient.extension[0].valueString",
        ),
        (
            {"extension": [{"url": OURS + "ethnic-group", "valueCodeableConcept": {"text": "Kinh"}}] * 2},
            "Patient.extension:ethnicGroup",
        ),
        ({"extension": [{"url": "urn:theirs", "valueString": "x"}]}, ""),
    ],
)
def test_our_patient(change: Resource, path: str) -> None:
    assert path in (told({**PATIENT, **change}, OURS + "patient") or [""])


def test_a_claimed_profile_has_to_hold_and_an_unknown_one_is_a_warning() -> None:
    bad = {**PATIENT, "identifier": [{"system": systems.CITIZEN_NUMBER, "value": "1"}]}
    assert validation.problems(bad, thorough=True) == []
    claims = {**bad, "meta": {"profile": [OURS + "patient|1.0.0"]}}
    assert [one.code for one in validation.problems(claims, thorough=True)] == ["fhir-profile"]
    with pytest.raises(validation.InvalidResource):
        validation.check(claims, thorough=True)
    for url in (OURS + "patient|9", "https://unknown.example/profile"):
        unknown = validation.problems({**bad, "meta": {"profile": [url]}}, thorough=True)
        assert [(one.code, one.severity, one.where["path"]) for one in unknown] == [
            ("fhir-profile-unknown", "warning", "Patient.meta.profile[0]")
        ]
    validation.check({**bad, "meta": {"profile": ["https://unknown.example/profile"]}}, thorough=True)
    asked = validation.problems(PATIENT, profiles=["https://unknown.example/profile"])
    assert [(one.code, one.severity) for one in asked] == [("fhir-profile-unknown", "error")]
    other = validation.problems(PATIENT, profiles=[OURS + "encounter"])
    assert [one.code for one in other] == ["fhir-profile"]


def test_an_extension_of_ours_is_checked_wherever_it_stands() -> None:
    wrong = {
        "resourceType": "Basic",
        "code": {"text": "a"},
        "extension": [{"url": OURS + "edition", "valueString": "130"}],
    }
    found = validation.problems(wrong, thorough=True)
    assert [(one.code, one.where["path"]) for one in found] == [
        ("fhir-profile", "Basic.extension[0].valueString")
    ]


def test_a_code_that_the_list_does_not_hold_is_a_warning() -> None:
    group = {"system": systems.codes("ma-dantoc"), "code": "98"}
    extension = {"url": OURS + "ethnic-group", "valueCodeableConcept": {"coding": [group]}}
    found = validation.problems({**PATIENT, "extension": [extension]}, profiles=[OURS + "patient"])
    assert [one.severity for one in found] == ["warning"]


OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "category": [
        {"coding": [{"system": systems.OBSERVATION_CATEGORY, "code": "laboratory"}]},
        {"text": "Huyết học"},
    ],
    "code": {"coding": [{"system": systems.LOINC, "code": "718-7"}], "text": "Hemoglobin"},
    "subject": {"reference": "Patient/1"},
    "valueQuantity": {"value": 132, "unit": "g/L", "system": systems.UCUM, "code": "g/L"},
}


@pytest.mark.parametrize(
    ("elements", "path"),
    [
        ([{"id": "Observation.subject", "min": 1}], ""),
        ([{"id": "Observation.method", "min": 1}], "Observation.method"),
        ([{"id": "Observation.category", "max": "1"}], "Observation.category"),
        ([{"id": "Observation.value[x]", "type": [{"code": "Quantity"}]}], ""),
        ([{"id": "Observation.value[x]", "type": [{"code": "string"}]}], "Observation.valueQuantity"),
        ([{"id": "Observation.value[x]", "max": "0"}], "Observation.value"),
        ([{"id": "Observation.valueQuantity.code", "fixedCode": "g/L"}], ""),
        ([{"id": "Observation.valueQuantity.code", "fixedCode": "g/dL"}], "Observation.valueQuantity.code"),
        ([{"id": "Observation.valueQuantity.value", "maxValueDecimal": 100}], "Observation.valueQuantity.value"),
        ([{"id": "Observation.valueQuantity.value", "minValueDecimal": 100}], ""),
        ([{"id": "Observation.code.text", "maxLength": 5}], "Observation.code.text"),
        ([{"id": "Observation.code", "patternCodeableConcept": {"coding": [{"code": "718-7"}]}}], ""),
        ([{"id": "Observation.code", "patternCodeableConcept": {"coding": [{"code": "1"}]}}], "Observation.code"),
        (
            [{"id": "Observation.subject", "type": [{"code": "Reference", "targetProfile": [CORE + "Patient"]}]}],
            "",
        ),
        (
            [{"id": "Observation.subject", "type": [{"code": "Reference", "targetProfile": [CORE + "Group"]}]}],
            "Observation.subject",
        ),
        (
            [{"id": "Observation.subject", "type": [{"code": "Reference", "targetProfile": [OURS + "patient"]}]}],
            "",
        ),
        (
            [
                {
                    "id": "Observation.category",
                    "binding": {"strength": "required", "valueSet": "http://hl7.org/fhir/ValueSet/observation-category"},
                }
            ],
            "Observation.category[1]",
        ),
        (
            [
                {
                    "id": "Observation.code",
                    "constraint": [
                        {"key": "m-1", "severity": "error", "human": "không có text", "expression": "text.empty()"}
                    ],
                }
            ],
            "Observation.code",
        ),
        ([{"id": "Observation.method", "mustSupport": True}], ""),
    ],
)  # fmt: skip
def test_what_an_element_may_be(install: Install, elements: list[Resource], path: str) -> None:
    install(mine(*elements, kind="Observation"))
    assert told(OBSERVATION) == ([path] if path else [])


def slices(discriminator: Resource, *elements: Resource, rules: str = "open") -> Resource:
    slicing = {"discriminator": [discriminator], "rules": rules}
    return mine({"id": "Observation.category", "slicing": slicing}, *elements, kind="Observation")


LAB = {"coding": [{"system": systems.OBSERVATION_CATEGORY, "code": "laboratory"}]}


@pytest.mark.parametrize(
    ("definition", "paths"),
    [
        (
            slices(
                {"type": "pattern", "path": "$this"},
                {"id": "Observation.category:lab", "min": 1, "max": "1", "patternCodeableConcept": LAB},
                {"id": "Observation.category:lab.text", "min": 1},
            ),
            ["Observation.category[0].text"],
        ),
        (
            slices(
                {"type": "value", "path": "coding.code"},
                {"id": "Observation.category:vital", "min": 1},
                {"id": "Observation.category:vital.coding.code", "fixedCode": "vital-signs"},
            ),
            ["Observation.category:vital"],
        ),
        (
            slices(
                {"type": "exists", "path": "text"},
                {"id": "Observation.category:named", "max": "1"},
                {"id": "Observation.category:named.text", "min": 1},
                {"id": "Observation.category:named.coding", "min": 1},
            ),
            ["Observation.category[1].coding"],
        ),
        (
            slices(
                {"type": "value", "path": "coding.system"},
                {"id": "Observation.category:hl7"},
                {"id": "Observation.category:hl7.coding.system", "fixedUri": systems.OBSERVATION_CATEGORY},
                rules="closed",
            ),
            ["Observation.category[1]"],
        ),
        (
            mine(
                {"id": "Observation.value[x]", "slicing": {"discriminator": [{"type": "type", "path": "$this"}]}},
                {"id": "Observation.value[x]:valueQuantity", "type": [{"code": "Quantity"}]},
                {"id": "Observation.value[x]:valueQuantity.comparator", "min": 1},
                kind="Observation",
            ),
            ["Observation.valueQuantity.comparator"],
        ),
    ],
)  # fmt: skip
def test_slices(install: Install, definition: Resource, paths: list[str]) -> None:
    install(definition)
    assert told(OBSERVATION) == paths


def test_a_profile_on_a_profile_asks_for_both(install: Install) -> None:
    further = mine({"id": "Patient.birthDate", "min": 1}, baseDefinition=OURS + "patient")
    install(further)
    bad = {**PATIENT, "identifier": [{"system": systems.CITIZEN_NUMBER, "value": "1"}]}
    assert "Patient.birthDate" in told(bad)
    assert "Patient.identifier[0].value" in told(bad)


def test_the_folder_of_a_node_adds_profiles_value_sets_and_replaces_ours(install: Install) -> None:
    codes = {
        "resourceType": "ValueSet",
        "url": "urn:colours",
        "status": "active",
        "compose": {"include": [{"system": "urn:c", "concept": [{"code": "red"}]}]},
    }
    binding = {"strength": "required", "valueSet": "urn:colours"}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": codes}]}
    replaced = mine({"id": "Patient.telecom", "min": 1}, url=OURS + "patient")
    bound = mine({"id": "Patient.maritalStatus", "binding": binding})
    install(bundle, bound, replaced, b"{broken", {"resourceType": "Basic"})
    assert told({**PATIENT, "maritalStatus": {"coding": [{"system": "urn:c", "code": "blue"}]}}) == [
        "Patient.maritalStatus"
    ]
    assert told({**PATIENT, "maritalStatus": {"coding": [{"system": "urn:c", "code": "red"}]}}) == []
    assert told(PATIENT, OURS + "patient") == ["Patient.telecom"]
    assert MINE in validation.supported()["Patient"]


def test_a_modifier_whose_definition_the_node_has_is_understood(install: Install) -> None:
    url = "https://node.example/fhir/StructureDefinition/not-done"
    value = {"id": "Extension.value[x]", "min": 1, "type": [{"code": "boolean"}]}
    install(mine(value, kind="Extension", url=url))
    held = {**PATIENT, "modifierExtension": [{"url": url, "valueBoolean": True}]}
    assert validation.problems(held, thorough=True) == []
    held["modifierExtension"] = [{"url": url, "valueString": "đúng"}]
    assert [one.code for one in validation.problems(held, thorough=True)] == ["fhir-profile"]


def test_what_a_profile_says_and_nobody_checks_is_told(install: Install) -> None:
    install(
        mine(
            {"id": "Patient.tail", "min": 1},
            {
                "id": "Patient.name",
                "slicing": {"discriminator": [{"type": "profile", "path": "$this"}], "ordered": True},
            },
            {"id": "Patient.gender", "binding": {"strength": "required", "valueSet": "urn:nowhere"}},
            {
                "id": "Patient.birthDate",
                "constraint": [{"key": "x-1", "severity": "error", "human": "h", "expression": "nonsense("}],
            },
        )
    )
    ready = profile.ready(MINE)
    assert ready is not None
    assert len(ready.left_out) == 5
    assert told(PATIENT) == []


def test_profiles_made_by_others_can_be_loaded(install: Install, settings: Any) -> None:
    """US Core, which the package of R4's definitions carries."""
    file = settings.FHIR_DEFINITIONS / "testing" / "uscore-v5.0.1-structuredefinitions.json"
    install({"resourceType": "Bundle", "entry": [{"resource": one} for one in json.loads(file.read_bytes())]})
    url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"
    fit = {**PATIENT, "gender": "female", "name": [{"family": "TRẦN"}]}
    assert told(fit, url) == []
    assert told({**fit, "name": [{"use": "official"}]}, url) == ["Patient"]
    assert told({**fit, "identifier": [{"value": "1"}]}, url) == ["Patient.identifier[0].system"]
