"""What a schema cannot say: references, contained resources, invariants, narrative, extensions that may not be ignored.

Runs on resources whose structure is right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lienthong.foundation.errors import Problem
from lienthong.records import definitions
from lienthong.records.validation import faults, narrative
from lienthong.records.validation.plans import Child, Plan, plan

Resource = dict[str, Any]
Place = tuple[Any, ...]

_LITERAL = re.compile(
    r"(?:(?P<base>https?://[^\s?#]+)/)?(?P<type>[A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?"
)
_CONDITIONAL = re.compile(r"(?P<type>[A-Z][A-Za-z]+)\?\S+")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


class Walk:
    """One pass over a resource.

    Args:
        resource: valid in structure.
        path: where it stands, e.g. ``Bundle.entry[3].resource``.
        root: the resource that contains it, or itself.
        inner: the types of the resources that the root contains, by id.
        references: whether ``Type/id`` is known; None leaves that open.
        extension: called with each extension and its path; gives its problems.
    """

    def __init__(
        self,
        resource: Resource,
        path: str,
        *,
        root: Resource,
        inner: Mapping[str, str],
        references: Callable[[str], bool] | None = None,
        extension: Callable[[Resource, Callable[[], str], bool], list[Problem]],
    ) -> None:
        self.resource = resource
        self.path = path
        self.root = root
        self.references = references
        self.extension = extension
        self.inner = inner
        self.found: list[Problem] = []

    def run(self) -> list[Problem]:
        """The problems of the resource, without those of the resources inside it."""
        self._value(self.resource, plan(self.resource["resourceType"]), ())
        if "contained" in self.resource:
            self._contained()
        return self.found

    def _at(self, place: Place) -> str:
        steps: list[str | int] = []
        while place:
            place, *here = place
            steps[:0] = here
        return faults.dotted(self.path, steps)

    def _value(self, value: Resource, wanted: Plan, place: Place) -> None:
        for key, rule in wanted.rules:
            if rule(value, self.resource, self.root) == [False]:
                self.found.append(faults.invariant(self._at(place), key))
        children = wanted.children
        for name, item in value.items():
            child = children.get(name)
            if child is None:
                continue
            if item.__class__ is list:
                for number, one in enumerate(item):
                    if one is not None:
                        self._child(one, child, (place, name, number))
            else:
                self._child(item, child, (place, name))

    def _child(self, value: Any, child: Child, place: Place) -> None:
        for key, rule in child.rules:
            if rule(value, self.resource, self.root) == [False]:
                self.found.append(faults.invariant(self._at(place), key))
        kind = child.plan.kind
        if kind == "Resource":
            return
        if kind == "xhtml":
            if key := narrative.fault(value):
                self.found.append(faults.invariant(self._at(place), key))
            return
        if value.__class__ is not dict:
            return
        if kind == "Reference":
            self._reference(value, child.targets, place)
        elif kind == "Extension":
            modifier = place[1] == "modifierExtension"
            self.found += self.extension(value, lambda: self._at(place), modifier)
        self._value(value, child.plan, place)

    def _reference(self, value: Resource, targets: frozenset[str], place: Place) -> None:
        reference, stated = value.get("reference"), value.get("type", "")
        if reference is None:
            kind = stated
        elif reference.startswith("#"):
            kind = self.inner.get(reference[1:], "") if len(reference) > 1 else self.root["resourceType"]
            if not kind:
                self.found.append(faults.invariant(self._at(place), "ref-1"))
                return
        else:
            kind = self._pointed(reference, place)
        if kind and stated and kind != stated and "/" not in stated:
            self._refused(place, f"type {stated} ≠ {kind}", f"type {stated} ≠ {kind}")
        if kind and targets and kind not in targets and "/" not in kind:
            allowed = ", ".join(sorted(targets))
            self._refused(
                place,
                f"không được trỏ tới {kind}; chỉ được trỏ tới {allowed}",
                f"it may not point to {kind}, only to {allowed}",
            )

    def _pointed(self, reference: str, place: Place) -> str:
        """The type that a literal reference points to; empty where it does not tell."""
        match = _LITERAL.fullmatch(reference) or _CONDITIONAL.fullmatch(reference)
        if match and match["type"] in definitions.resource_types():
            local = match.re is _LITERAL and not match["base"]
            known = reference.partition("/_history/")[0]
            if local and self.references is not None and not self.references(known):
                self._refused(
                    place, f"{faults.shown(known)} không có ở đây", f"{faults.shown(known)} is not known here"
                )
            return match["type"]
        if not _ABSOLUTE.fullmatch(reference):
            self._refused(
                place,
                f"{faults.shown(reference)} không phải là một tham chiếu FHIR",
                f"{faults.shown(reference)} is no reference of FHIR",
            )
        return ""

    def _refused(self, place: Place, vi: str, en: str) -> None:
        where = self._at(place)
        self.found.append(
            faults.problem(
                faults.REFERENCE,
                f"{where}.reference",
                f"Tham chiếu tại {where}: {vi}.",
                f"Reference at {where}: {en}.",
            )
        )

    def _contained(self) -> None:
        """``dom-3``: what is contained is referred to, or refers to what contains it."""
        said = set(_fragments(self.resource))
        for number, one in enumerate(self.resource["contained"]):
            if f"#{one.get('id', '')}" not in said and "#" not in set(_fragments(one)):
                self.found.append(faults.invariant(f"{self.path}.contained[{number}]", "dom-3"))


def _fragments(value: Any) -> Iterator[str]:
    """All texts below a value that begin with ``#``."""
    if isinstance(value, str):
        if value.startswith("#"):
            yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _fragments(part)
