"""The JSON schema of each resource type, made from R4's definitions and run by ``jsonschema-rs``.

It holds what a schema can say without looking twice: names, types, formats, cardinality, at most one of a choice,
required value sets, and the invariants ``ele-1``, ``ext-1``, ``dom-2``, ``dom-4`` and ``dom-5``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs

from lienthong.records import definitions
from lienthong.records.definitions import Element

Schema = dict[str, Any]

_YEAR = r"([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
_MONTH = r"(0[1-9]|1[0-2])"
_DAY_OF_MONTH = (
    r"((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
)
_LEAP_DAY = r"([0-9][0-9](0[48]|[2468][048]|[13579][26])|([02468][48]|[2468]0|[13579][26])00)-02-29"
_DAY = rf"({_YEAR}-{_DAY_OF_MONTH}|{_LEAP_DAY})"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
_ZONE = r"(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_LONGEST = 1 << 20

_STRING: Schema = {"type": "string", "pattern": r"^[^\x00-\x08\x0B\x0C\x0E-\x1F]+$", "maxLength": _LONGEST}
_URI: Schema = {"type": "string", "pattern": r"^\S+$"}
PRIMITIVES: dict[str, Schema] = {
    "base64Binary": {"type": "string", "pattern": r"^(\s*([0-9a-zA-Z\+/=]){4}\s*)+$"},
    "boolean": {"type": "boolean"},
    "canonical": _URI,
    "code": {"type": "string", "pattern": r"^[^ \t\r\n]+([ \t\r\n][^ \t\r\n]+)*$"},
    "date": {"type": "string", "pattern": rf"^({_YEAR}(-{_MONTH})?|{_DAY})$"},
    "dateTime": {"type": "string", "pattern": rf"^({_YEAR}(-{_MONTH})?|{_DAY}(T{_TIME}{_ZONE})?)$"},
    "decimal": {"type": "number"},
    "id": {"type": "string", "pattern": r"^[A-Za-z0-9\-\.]{1,64}$"},
    "instant": {"type": "string", "pattern": rf"^{_DAY}T{_TIME}{_ZONE}$"},
    "integer": {"type": "integer", "minimum": -(1 << 31), "maximum": (1 << 31) - 1},
    "markdown": _STRING,
    "oid": {"type": "string", "pattern": r"^urn:oid:[0-2](\.(0|[1-9][0-9]*))+$"},
    "positiveInt": {"type": "integer", "minimum": 1, "maximum": (1 << 31) - 1},
    "string": _STRING,
    "time": {"type": "string", "pattern": rf"^{_TIME}$"},
    "unsignedInt": {"type": "integer", "minimum": 0, "maximum": (1 << 31) - 1},
    "uri": _URI,
    "url": _URI,
    "uuid": {
        "type": "string",
        "pattern": r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    },
    "xhtml": {"type": "string", "pattern": r"^<div[\s>]"},
}
"""R4, data types: the form of each primitive."""

_INNER: Schema = {
    "type": "object",
    "required": ["resourceType"],
    "properties": {
        "contained": False,
        "meta": {"properties": {"versionId": False, "lastUpdated": False, "security": False}},
    },
}


@cache
def quick(kind: str) -> Any:
    """A validator that accepts nothing that the exact one refuses, but refuses what is rare: ids inside elements, a
    required value or choice with an extension alone. None for no resource type of R4.
    """
    return _made(kind, False, False)


@cache
def exact(kind: str) -> Any:
    """The validator of what R4 allows, but for null in lists of primitives."""
    return _made(kind, True, False)


@cache
def with_nulls(kind: str) -> Any:
    """The exact one; lists of primitives and of their extensions may hold null too.

    Whether a null has its counterpart is not looked at.
    """
    return _made(kind, True, True)


def _made(kind: str, exact: bool, nulls: bool) -> Any:
    if kind not in definitions.resource_types():
        return None
    made: dict[str, Schema] = {}
    waiting = [kind]
    while waiting:
        name = waiting.pop()
        if name not in made:
            made[name] = _definition(name, exact, nulls)
            waiting += _named(made[name])
    return jsonschema_rs.Draft7Validator({"$ref": f"#/definitions/{kind}", "definitions": made})


def _named(schema: Any) -> Iterator[str]:
    for key, part in schema.items() if isinstance(schema, dict) else enumerate(schema):
        if key == "$ref":
            yield part.removeprefix("#/definitions/")
        elif isinstance(part, dict | list):
            yield from _named(part)


def _definition(kind: str, exact: bool, nulls: bool) -> Schema:
    if kind == "Resource":
        return {"type": "object", "required": ["resourceType"]}
    properties: dict[str, Schema] = {}
    required: list[str] = []
    either: list[list[str]] = []
    alone: dict[str, Schema] = {}
    resource = kind in definitions.resource_types()
    if resource:
        properties["resourceType"] = {"const": kind}
        required.append("resourceType")
    for element in definitions.elements(kind):
        names = definitions.choice(kind, element.name)
        choice = len(names) > 1
        shown: list[str] = []
        for name in names:
            type_ = definitions.properties(kind)[name].type
            if name == "id" and not resource and not exact:
                continue
            properties[name] = _element(element, type_, nulls)
            shown.append(name)
            if type_ in definitions.primitives() and (kind, name) != ("Extension", "url"):
                if exact or not choice:
                    properties[f"_{name}"] = _extended(element, nulls)
                if exact:
                    shown.append(f"_{name}")
        if element.low and len(shown) == 1:
            required += shown
        elif element.low:
            either.append(shown)
        if choice and kind != "Extension":
            alone.update(_alone(shown))
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    made["minProperties"] = 1
    if kind == "Extension":
        made["minProperties"] = 2
        if exact:
            alone = _extension(properties)
        else:
            made["maxProperties"] = 2
    elif exact and not resource:
        alone["id"] = {"minProperties": 2}
    if required:
        made["required"] = required
    if either:
        made["allOf"] = [{"anyOf": [{"required": [name]} for name in shown]} for shown in either]
    if alone:
        made["dependencies"] = alone
    return made


def _alone(shown: list[str]) -> dict[str, Schema]:
    """At most one of a choice."""
    return {
        name: {"properties": {o: False for o in shown if o.lstrip("_") != name.lstrip("_")}} for name in shown
    }


def _extension(properties: dict[str, Schema]) -> dict[str, Schema]:
    """``ext-1``: extensions or one value, not both, not none."""
    found: dict[str, Schema] = {
        "id": {"minProperties": 3},
        "extension": {"propertyNames": {"enum": ["id", "url", "extension"]}},
    }
    for name in properties:
        value = name.lstrip("_")
        if value.startswith("value"):
            found[name] = {"propertyNames": {"enum": ["id", "url", value, f"_{value}"]}}
    return found


def _element(element: Element, type_: str, nulls: bool) -> Schema:
    schema = _value(element, type_)
    if not element.many:
        return schema
    if nulls and type_ in definitions.primitives():
        schema = {**schema, "type": [schema["type"], "null"]}
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    made: Schema = {"type": "array", "minItems": 1, "items": schema}
    if element.high > 1:
        made["maxItems"] = element.high
    return made


def _extended(element: Element, nulls: bool) -> Schema:
    """What stands beside a primitive under its name with ``_``."""
    schema: Schema = {"$ref": "#/definitions/Element"}
    if not element.many:
        return schema
    items = {"anyOf": [schema, {"type": "null"}]} if nulls else schema
    return {"type": "array", "minItems": 1, "items": items}


def _value(element: Element, type_: str) -> Schema:
    listed = definitions.codes(element.binding) if element.binding else {}
    if type_ in definitions.primitives():
        if listed and type_ == "code":
            return {"type": "string", "enum": sorted({code for found in listed.values() for code in found})}
        return PRIMITIVES[type_]
    if element.name == "contained":
        return _INNER
    schema: Schema = {"$ref": f"#/definitions/{type_}"}
    if listed and type_ == "CodeableConcept":
        return {"allOf": [schema, _bound(listed)]}
    return schema


def _bound(listed: dict[str, list[str]]) -> Schema:
    """One coding of the concept is of the value set; a concept that only says why it is empty passes."""
    codings = [
        {
            "type": "object",
            "required": ["system", "code"],
            "properties": {"system": {"const": system}, "code": {"enum": found}},
        }
        for system, found in listed.items()
    ]
    return {
        "anyOf": [
            {"required": ["coding"], "properties": {"coding": {"contains": {"anyOf": codings}}}},
            {"required": ["extension"], "properties": {"coding": False, "text": False}},
        ]
    }
