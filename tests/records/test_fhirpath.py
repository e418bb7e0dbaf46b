"""Our FHIRPath against ``fhirpathpy``, an independent implementation, over every search parameter of R4."""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import fhirpathpy
from django.conf import settings
from fhirpathpy.engine.nodes import ResourceNode
from fhirpathpy.engine.util import get_data
from fhirpathpy.models import models
from hypothesis import given
from hypothesis import strategies as st

import invented
import lienthong
from lienthong.foundation import json
from lienthong.records.fhirpath import compile, model

SAMPLES = Path(lienthong.__file__).parent / "connectors/his_xml/samples"
TYPES = sorted(model.resource_types())


@cache
def definitions() -> dict[str, list[tuple[str, str]]]:
    """Resource type to ``(code, expression)`` of its search parameters."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    bundle = json.loads((settings.FHIR_DEFINITIONS / "search-parameters.json").read_bytes())
    for entry in bundle["entry"]:
        for base in entry["resource"]["base"] if "expression" in entry["resource"] else ():
            found[base].append((entry["resource"]["code"], entry["resource"]["expression"]))
    return found


def expressions(kind: str) -> list[str]:
    return [expression for base in (kind, "Resource") for _, expression in definitions()[base]]


def _resolve(inputs: list[Any]) -> list[Any]:
    found = []
    for value in inputs:
        reference = value.get("reference") if isinstance(value, dict) else value
        if isinstance(reference, str) and "/" in reference:
            kind, id = reference.split("/")[-2:]
            found.append(ResourceNode.create_node({"resourceType": kind, "id": id}, kind))
    return found


@cache
def _oracle(expression: str, kind: str) -> Any:
    """The oracle wants one value before ``as``, and starts a path at the very type of the resource."""
    expression = re.sub(r"\((\S+) as (\w+)\)", r"\1.ofType(\2)", expression).replace(".as(", ".ofType(")
    expression = expression.replace("Resource.", f"{kind}.")
    options = {"userInvocationTable": {"resolve": {"fn": _resolve, "arity": {0: []}}}, "returnRawData": True}
    return fhirpathpy.compile(expression, models["r4"], options)


def oracle(expression: str, kind: str, value: dict[str, Any]) -> list[Any]:
    found = [get_data(entry) for entry in _oracle(expression, kind)(copy.deepcopy(value), {})]
    return [entry for entry in found if entry is not None]


def samples() -> list[dict[str, Any]]:
    bundles = [json.loads(path.read_bytes()) for path in sorted(SAMPLES.glob("*.bundle.json"))]
    return [entry["resource"] for bundle in bundles for entry in bundle["entry"]]


def test_every_search_parameter_yields_on_the_samples_what_the_oracle_yields():
    for resource in samples():
        kind = resource["resourceType"]
        for expression in expressions(kind):
            assert compile(expression, kind)(resource) == oracle(expression, kind, resource), expression


@given(st.sampled_from(TYPES), st.integers(0, 1 << 32))
def test_every_search_parameter_yields_on_an_invented_resource_what_the_oracle_yields(kind: str, seed: int):
    resource = invented.resource(kind, Random(seed))
    for expression in expressions(kind):
        assert compile(expression, kind)(resource) == oracle(expression, kind, resource), expression
