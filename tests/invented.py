"""Invented R4 resources of any type: random, but each element of a type that R4 allows there."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

from lienthong.records.fhirpath import model

_TYPES = ("Patient", "Group", "Practitioner", "PractitionerRole", "Location", "RelatedPerson", "Device")
_WORDS = ("Nguyễn", "Thị", "Ánh", "đỏ", "Sơn Động", "a b", "TRẠM Y TẾ XÃ", "2025")
_CODES = ("phone", "email", "composed-of", "depends-on", "derived-from", "predecessor", "successor", "final")


def resource(kind: str, random: Random, *, fill: float = 0.6, depth: int = 4) -> dict[str, Any]:
    """A resource of a type; each element is there with the chance ``fill``."""
    found = {"resourceType": kind, **element(kind, random, fill, depth)}
    found["id"] = f"x{random.randrange(1000)}"
    return found


def element(kind: str, random: Random, fill: float, depth: int) -> dict[str, Any]:
    """A complex element of a type; a primitive has a value or an extension that tells why there is none."""
    found: dict[str, Any] = {}
    for name, part in model.elements(kind).items():
        key, below = random.choice(part.keys)
        if name == "contained" or below in ("Extension", "Narrative") or random.random() > fill:
            continue
        if not model.primitive(below) and depth == 0:
            continue
        many = random.choice((1, 1, 2)) if part.many else 1
        values = [value(below, random, fill * 0.9, depth - 1) for _ in range(many)]
        if model.primitive(below) and random.random() < 0.1:
            key, values = f"_{key}", [{"extension": [{"url": "urn:x", "valueCode": "why"}]} for _ in values]
        found[key] = values if part.many else values[0]
    return found


def value(kind: str, random: Random, fill: float, depth: int) -> Any:
    """A value of a type."""
    match kind:
        case "Resource":
            return resource(random.choice(("Patient", "Composition", "Observation")), random, depth=0)
        case "Reference":
            target = f"{random.choice(_TYPES)}/{random.randrange(5)}"
            return {"reference": random.choice((target, f"http://example.vn/fhir/{target}"))}
        case "boolean":
            return random.random() < 0.5
        case "integer" | "positiveInt" | "unsignedInt":
            return random.randrange(1, 200)
        case "decimal":
            return Decimal(random.choice(("1.5", "20", "0.25", "7.125", "5.40")))
        case "date":
            return random.choice(("2025", "2025-01", "2025-01-12"))
        case "dateTime":
            return random.choice(
                ("2025", "2025-01-12", "2025-01-12T07:30:00+07:00", "2024-12-31T23:59:59.5Z")
            )
        case "instant":
            return "2025-01-12T07:30:00.125+07:00"
        case "time":
            return "07:30:00"
        case "uri" | "url" | "canonical" | "oid" | "uuid":
            return random.choice(("urn:oid:1.2.3", "http://example.vn/fhir/Questionnaire/q|1.0", "Library/l"))
        case _ if model.primitive(kind):
            return random.choice(_CODES if kind == "code" else _WORDS)
    return element(kind, random, fill, depth)


def spoilt(value: Any, random: Random, junk: list[Any]) -> Any:
    """A copy in which some of the elements are something else."""
    if random.random() < 0.1:
        return random.choice(junk)
    if isinstance(value, dict):
        return {
            key: inner if key == "resourceType" else spoilt(inner, random, junk)
            for key, inner in value.items()
        }
    return [spoilt(inner, random, junk) for inner in value] if isinstance(value, list) else value
