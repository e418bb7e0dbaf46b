"""Every resource is checked before it is stored: against FHIR R4 and against the profiles that it claims.

``check`` is for what this program made itself: structure, types, cardinality, required codes. ``problems`` with
``thorough`` is for what others send: references, contained resources, invariants, narrative and profiles too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lienthong.foundation.errors import LienThongError, Problem
from lienthong.records import definitions
from lienthong.records import profiles as profiles_known
from lienthong.records.validation import claims, faults, schema
from lienthong.records.validation.plans import not_run
from lienthong.records.validation.walking import Walk

__all__ = ["ISSUE_TYPES", "InvalidResource", "check", "is_type", "not_run", "problems", "supported", "types"]

ISSUE_TYPES = faults.ISSUE_TYPES
Known = Callable[[str], bool]
Resource = dict[str, Any]
_MOST = 50


class InvalidResource(LienThongError):
    """A resource that is not valid. ``problems`` names each fault by its path."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems[0])
        self.problems = problems


def is_type(kind: str) -> bool:
    """Whether R4 has a resource type of this name."""
    return kind in definitions.resource_types()


def types() -> list[str]:
    """All resource types of R4, by name."""
    return sorted(definitions.resource_types())


def supported() -> dict[str, list[str]]:
    """Resource type to the addresses of the profiles known here (``CapabilityStatement.rest.resource``)."""
    return {kind: urls for kind in types() if (urls := profiles_known.of_type(kind))}


def check(resource: Resource, *, thorough: bool = False) -> None:
    """Structure, types, cardinality and required codes of a resource and of what it contains; with ``thorough`` all
    that :func:`problems` looks at.

    Raises:
        InvalidResource: there is an error.
    """
    if not thorough and "contained" not in resource:
        kind = str(resource.get("resourceType"))
        quick = schema.quick(kind)
        if quick is not None and (quick.is_valid(resource) or schema.exact(kind).is_valid(resource)):
            return
    found = [one for one in problems(resource, thorough=thorough) if one.severity == "error"]
    if found:
        raise InvalidResource(found)


def problems(
    resource: Any,
    *,
    profiles: Sequence[str] = (),
    references: Known | None = None,
    thorough: bool = False,
) -> list[Problem]:
    """What is wrong with a resource; what has severity ``error`` makes it invalid. Raises nothing, whatever comes.

    Args:
        resource: parsed JSON.
        profiles: addresses of profiles that it has to follow, beside those that it claims.
        references: says of ``Type/id`` whether it is known; without it references may point anywhere.
        thorough: references, contained resources, invariants, narrative, extensions, the profiles in
            ``meta.profile`` and the resources in a Bundle or Parameters too.
    """
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    path = kind if isinstance(kind, str) and kind else "Resource"
    try:
        found = _structure(resource, path)
        if not found and (thorough or profiles):
            found = _meaning(resource, path, profiles, references, thorough)
    except RecursionError:
        found = [faults.too_deep(path)]
    return list({(one.code, one.where["path"], one.en): one for one in found}.values())[:_MOST]


def _structure(resource: Any, path: str) -> list[Problem]:
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(kind, str) or kind not in definitions.resource_types():
        return [faults.no_type(path, kind)]
    if not (schema.quick(kind).is_valid(resource) or schema.exact(kind).is_valid(resource)):
        nulls = _nulls(resource)
        errors: dict[tuple[str, str], Problem] = {}
        for error in (schema.with_nulls if nulls else schema.exact)(kind).iter_errors(resource):
            for one in faults.of_schema(path, error):
                errors.setdefault((one.code, one.where["path"]), one)
            if len(errors) >= _MOST:
                break
        if errors or not nulls:
            return list(errors.values())
        if alone := [faults.unpaired(at) for at in _unpaired(resource, path)]:
            return alone
    found: list[Problem] = []
    for number, inner in enumerate(resource.get("contained", ())):
        found += _structure(inner, f"{path}.contained[{number}]")
    return found


def _nulls(value: Any) -> bool:
    """Whether a list somewhere below holds null."""
    if isinstance(value, list):
        return None in value or any(map(_nulls, value))
    return isinstance(value, dict) and any(map(_nulls, value.values()))


def _unpaired(value: Any, path: str) -> Iterator[str]:
    """Where a list of primitives and the list of their extensions hold nothing at the same place."""
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from _unpaired(one, f"{path}[{number}]")
    if not isinstance(value, dict):
        return
    for name, part in value.items():
        if isinstance(part, list) and None in part:
            other = value.get(name[1:] if name.startswith("_") else f"_{name}")
            other = other if isinstance(other, list) else []
            if any(one is None and (at >= len(other) or other[at] is None) for at, one in enumerate(part)):
                yield f"{path}.{name.lstrip('_')}"
        yield from _unpaired(part, f"{path}.{name.lstrip('_')}")


def _meaning(
    resource: Resource, path: str, profiles: Sequence[str], references: Known | None, thorough: bool
) -> list[Problem]:
    """What is wrong with a resource whose structure is right."""
    found = claims.asked(resource, path, profiles)
    if not thorough:
        return found

    inside = {one["id"]: one["resourceType"] for one in resource.get("contained", ()) if "id" in one}

    def walked(one: Resource, place: str) -> list[Problem]:
        walk = Walk(
            one, place, root=resource, inner=inside, references=references, extension=claims.of_extension
        )
        return walk.run() + claims.claimed(one, place)

    found += walked(resource, path)
    for number, inner in enumerate(resource.get("contained", ())):
        found += walked(inner, f"{path}.contained[{number}]")
    for place, inner in _inside(resource, path):
        found += _structure(inner, place) or _meaning(inner, place, (), references, True)
    return found


def _inside(resource: Resource, path: str) -> Iterator[tuple[str, Resource]]:
    """The resources that a Bundle or Parameters carries."""
    carrying = {"Bundle": ("entry",), "Parameters": ("parameter", "part")}.get(resource["resourceType"], ())
    waiting = [(path, resource)] if carrying else []
    while waiting:
        place, one = waiting.pop()
        if "resource" in one:
            yield f"{place}.resource", one["resource"]
        if "outcome" in one.get("response", {}):
            yield f"{place}.response.outcome", one["response"]["outcome"]
        for name in carrying:
            waiting += [(f"{place}.{name}[{n}]", part) for n, part in enumerate(one.get(name, ()))]
