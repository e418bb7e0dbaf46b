"""The profiles that a resource claims or is asked to follow, and the extensions whose definition is known here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lienthong.foundation.errors import Problem
from lienthong.records.validation import faults
from lienthong.records.validation.profile import Check, ready

Resource = dict[str, Any]

_CORE = "http://hl7.org/fhir/StructureDefinition/"


def claimed(resource: Resource, path: str) -> list[Problem]:
    """The profiles in ``meta.profile``: a known one has to hold, an unknown one is a warning."""
    found: list[Problem] = []
    for number, url in enumerate(resource.get("meta", {}).get("profile", ())):
        if url is not None and url != _CORE + resource["resourceType"]:
            place = f"{path}.meta.profile[{number}]"
            found += _follows(resource, url, path) or _unknown(url, place)
    return found


def asked(resource: Resource, path: str, urls: Sequence[str]) -> list[Problem]:
    """The profiles that the caller names; one that is not known here is an error."""
    found: list[Problem] = []
    for url in urls:
        if ready(url) is None and url != _CORE + resource["resourceType"]:
            found.append(faults.no_profile(url, path, severity="error"))
        else:
            found += _follows(resource, url, path)
    return found


def _unknown(url: str, place: str) -> list[Problem]:
    return [faults.no_profile(url, place, severity="warning")] if ready(url) is None else []


def _follows(resource: Resource, url: str, path: str) -> list[Problem]:
    known = ready(url)
    if known is None:
        return []
    if known.kind != resource["resourceType"]:
        return [faults.other_type(url, path, known.kind)]
    return Check(resource, url).run(resource, known, lambda: path)


def of_extension(value: Resource, at: Callable[[], str], modifier: bool) -> list[Problem]:
    """An extension by its definition, where one is known here; others may hold what they like.

    A ``modifierExtension`` changes the meaning of what it stands in; one that nobody here knows is refused
    (R4, Extensibility: it must not be ignored).
    """
    known = ready(value["url"]) if "/" in value["url"] else None
    if known is None or known.kind != "Extension":
        return [faults.no_modifier(value["url"], at())] if modifier else []
    return Check(value, value["url"]).run(value, known, at)
