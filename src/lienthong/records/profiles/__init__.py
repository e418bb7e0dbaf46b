"""Profiles, extensions and value sets as data: those of this folder, and those that a node's own folder adds.

Each file holds one StructureDefinition (with a differential) or ValueSet of FHIR R4 as JSON. The node's folder is
``settings.FHIR_PROFILES``; it is read once, when the process starts to check. A file there may replace one of ours by
the same ``url``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from django.conf import settings

from lienthong.foundation import json
from lienthong.records import definitions
from lienthong.terminology import known_codes, systems

log = logging.getLogger(__name__)

Resource = dict[str, Any]
Codes = dict[str, frozenset[str] | None]
"""Code system to its codes in a value set; None stands for all codes of the system."""

_LARGEST, _MOST = 4 << 20, 500
_KINDS = ("StructureDefinition", "ValueSet", "CodeSystem")
_PACKAGE = ("valuesets.json", "v3-codesystems.json", "v2-tables.json")


@cache
def _all() -> dict[tuple[str, str], Resource]:
    found: dict[tuple[str, str], Resource] = {}
    for content, name in _contents():
        try:
            one = json.loads(content)
        except json.DecodeError:
            log.warning("%s is not JSON and was left out", name)
            continue
        for part in _parts(one):
            if part.get("resourceType") in _KINDS and isinstance(part.get("url"), str):
                found[part["resourceType"], part["url"]] = part
            else:
                log.warning("%s holds no StructureDefinition, ValueSet or CodeSystem with a url", name)
    return found


def _parts(one: Any) -> list[Resource]:
    """A file may hold a Bundle, as HL7 publishes definitions."""
    if isinstance(one, dict) and one.get("resourceType") == "Bundle":
        inner = [entry.get("resource") for entry in one.get("entry", ()) if isinstance(entry, dict)]
        return [part for part in inner if isinstance(part, dict)]
    return [one] if isinstance(one, dict) else [{}]


def _contents() -> Iterator[tuple[bytes, str]]:
    for ours in sorted(resources.files(__name__).iterdir(), key=lambda file: file.name):
        if ours.name.endswith(".json"):
            yield ours.read_bytes(), ours.name
    folder = Path(settings.FHIR_PROFILES)
    for file in sorted(folder.glob("*.json"))[:_MOST] if folder.is_dir() else ():
        if file.stat().st_size > _LARGEST:
            log.warning("%s is larger than %d bytes and was left out", file.name, _LARGEST)
        else:
            yield file.read_bytes(), file.name


def forget() -> None:
    """Reads all files again at the next question."""
    _all.cache_clear()
    codes.cache_clear()


def profile(url: str) -> Resource | None:
    """The StructureDefinition of an address, which may name a version behind ``|``."""
    return _versioned("StructureDefinition", url)


def _versioned(kind: str, url: str) -> Resource | None:
    name, _, version = url.partition("|")
    found = _all().get((kind, name))
    return None if found is None or (version and found.get("version") != version) else found


def of_type(kind: str) -> list[str]:
    """Addresses of all profiles on a resource type, for a CapabilityStatement; ``Extension`` gives the extensions."""
    return sorted(
        url
        for (held, url), one in _all().items()
        if held == "StructureDefinition" and one.get("type") == kind and one.get("derivation") == "constraint"
    )


@cache
def codes(url: str) -> Codes | None:
    """What a value set holds; None when it is unknown or cannot be listed (a filter, a further value set that is)."""
    if listed := definitions.codes(url.partition("|")[0]):
        return {system: frozenset(found) for system, found in listed.items()}
    value_set = _versioned("ValueSet", url) or _package().get(("ValueSet", url.partition("|")[0]))
    if value_set is None or value_set.get("compose", {}).get("exclude"):
        return None
    held: Codes = {}
    for part in value_set.get("compose", {}).get("include", ()):
        if "filter" in part:
            return None
        if "system" in part:
            _join(held, part["system"], _of_system(part))
        for other in part.get("valueSet", ()):
            inner = codes(other)
            if inner is None:
                return None
            for system, found in inner.items():
                _join(held, system, found)
    return held or None


def _join(held: Codes, system: str, found: frozenset[str] | None) -> None:
    before = held.get(system, frozenset())
    held[system] = None if before is None or found is None else before | found


def _of_system(part: Resource) -> frozenset[str] | None:
    """The codes of one part of a value set; None when all codes of its system are meant and nobody can list them."""
    if "concept" in part:
        return frozenset(concept["code"] for concept in part["concept"])
    system: str = part["system"]
    if system.startswith(systems.CODES):
        name = system.removeprefix(systems.CODES).upper().replace("-", "_")
        return known_codes(name, date.min) | known_codes(name, date.max) or None
    known = _all().get(("CodeSystem", system)) or _package().get(("CodeSystem", system))
    return frozenset(_concepts(known["concept"])) if known and known.get("concept") else None


def _concepts(found: list[Resource]) -> Iterator[str]:
    for concept in found:
        yield concept["code"]
        yield from _concepts(concept.get("concept", []))


@cache
def _package() -> dict[tuple[str, str], Resource]:
    """R4's own value sets and code systems; read when a profile is bound to one of them."""
    found: dict[tuple[str, str], Resource] = {}
    for name in _PACKAGE:
        for entry in json.loads((settings.FHIR_DEFINITIONS / name).read_bytes())["entry"]:
            one = entry["resource"]
            found[one["resourceType"], one.get("url", "")] = one
    return found
