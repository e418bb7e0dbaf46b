"""``fhirpathpy``, an implementation of FHIRPath that is not ours, asked about R4's search parameters."""

from __future__ import annotations

import copy
import re
from functools import cache
from typing import Any

import fhirpathpy
from django.conf import settings
from fhirpathpy.engine.nodes import ResourceNode
from fhirpathpy.engine.util import get_data
from fhirpathpy.models import models

from lienthong.foundation import json
from lienthong.records.fhirpath import model
from lienthong.records.index.definitions import LATER

Resource = dict[str, Any]


@cache
def definitions() -> dict[str, dict[str, str]]:
    """Resource type to the expressions of its search parameters by code, those of all types included."""
    found: dict[str, dict[str, str]] = {}
    bundle = json.loads((settings.FHIR_DEFINITIONS / "search-parameters.json").read_bytes())
    for entry in bundle["entry"]:
        one = entry["resource"]
        for base in one["base"] if "expression" in one else ():
            if (base, one["code"]) not in LATER:
                found.setdefault(base, {})[one["code"]] = one["expression"]
    common = found.pop("Resource")
    return {kind: {**common, **found.get(kind, {})} for kind in model.resource_types()}


def evaluate(expression: str, kind: str, value: Resource) -> list[Any]:
    """The values that a search parameter's expression yields on a resource."""
    found = [get_data(entry) for entry in _compiled(expression, kind)(copy.deepcopy(value), {})]
    return [entry for entry in found if entry is not None]


@cache
def _compiled(expression: str, kind: str) -> Any:
    """It wants one value before ``as``, and starts a path at the very type of the resource."""
    expression = re.sub(r"\((\S+) as (\w+)\)", r"\1.ofType(\2)", expression).replace(".as(", ".ofType(")
    expression = expression.replace("Resource.", f"{kind}.")
    options = {"userInvocationTable": {"resolve": {"fn": _resolve, "arity": {0: []}}}, "returnRawData": True}
    return fhirpathpy.compile(expression, models["r4"], options)


def _resolve(inputs: list[Any]) -> list[Any]:
    found = []
    for value in inputs:
        reference = value.get("reference") if isinstance(value, dict) else value
        if isinstance(reference, str) and "/" in reference:
            kind, id = reference.split("/")[-2:]
            found.append(ResourceNode.create_node({"resourceType": kind, "id": id}, kind))
    return found
