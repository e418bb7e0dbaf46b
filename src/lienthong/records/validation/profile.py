"""A profile (StructureDefinition of FHIR R4) as something that checks: what its differential says, element by element.

The structure of R4 itself is checked elsewhere, so only what a profile adds is looked at: cardinality, types and
targets, fixed values, patterns, lengths, bounds, bindings, slices, extensions by their own definition, invariants.
``mustSupport`` asks nothing of a resource. What a profile says and nothing here can check stands in ``left_out``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from lienthong.foundation.errors import Problem, Severity
from lienthong.records import definitions, fhirpath, profiles
from lienthong.records.fhirpath import Compiled, NotCompiled
from lienthong.records.validation import faults, matching

log = logging.getLogger(__name__)

Resource = dict[str, Any]
Where = Callable[[], str]

_CORE = "http://hl7.org/fhir/StructureDefinition/"
_SIMPLE = {"SimpleQuantity": "Quantity", "MoneyQuantity": "Quantity"}
_DISCRIMINATORS = ("value", "pattern", "exists", "type")


@dataclass(frozen=True, slots=True)
class Rule:
    """An invariant of a profile."""

    key: str
    human: str
    severity: Severity
    run: Compiled


@dataclass(slots=True)
class Node:
    """What a profile says of one element.

    Attributes:
        low, high: cardinality; None where the profile says nothing, ``high`` 0 with ``closed`` off is unbounded.
        types: allowed types; none for any.
        targets: types and profiles that a reference may point to.
        profiles: of which the value has to follow one.
    """

    name: str
    kind: str
    low: int = 0
    high: int | None = None
    types: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    profiles: tuple[str, ...] = ()
    fixed: Any = None
    pattern: Any = None
    least: Any = None
    most: Any = None
    longest: int | None = None
    binding: tuple[str, str] = ("", "")
    must_support: bool = False
    rules: list[Rule] = field(default_factory=list)
    children: dict[str, Node] = field(default_factory=dict)
    slices: dict[str, Node] = field(default_factory=dict)
    discriminators: tuple[tuple[str, str], ...] = ()
    open: bool = True


@dataclass(slots=True)
class Profile:
    """A profile ready to check.

    Attributes:
        kind: the type that it is about.
        bases: profiles that it is made from.
        left_out: what it says and nothing here checks.
    """

    url: str
    version: str
    kind: str
    root: Node
    bases: tuple[str, ...]
    left_out: list[str]


@cache
def ready(url: str) -> Profile | None:
    """The profile of an address; None when it is not known here."""
    found = profiles.profile(url)
    if found is None:
        return None
    made = _Reader(found).profile()
    for what in made.left_out:
        log.warning("%s: not checked: %s", url, what)
    return made


class _Reader:
    """From a StructureDefinition to a :class:`Profile`."""

    def __init__(self, definition: Resource) -> None:
        self.definition = definition
        self.kind = str(definition.get("type", ""))
        self.left_out: list[str] = []

    def profile(self) -> Profile:
        base = str(self.definition.get("baseDefinition", ""))
        known = profiles.profile(base) is not None
        root = Node(self.kind, self.kind)
        whole: Resource = self.definition.get("snapshot", {})
        found: Resource = (
            self.definition.get("differential", whole) if known or base.startswith(_CORE) else whole
        )
        for element in found.get("element", ()):
            node = self._node(root, str(element.get("id") or _id(element)))
            if node is None:
                self.left_out.append(f"{element.get('id')}: no element of {self.kind} in R4")
            else:
                self._say(node, element)
        return Profile(
            url=self.definition["url"],
            version=str(self.definition.get("version", "")),
            kind=self.kind,
            root=root,
            bases=(base,) if known else (),
            left_out=self.left_out,
        )

    def _node(self, root: Node, id: str) -> Node | None:
        """The node of an element id such as ``Patient.identifier:citizen.system``; made where it is not there."""
        node = root
        for step in id.split(".")[1:]:
            name, _, slice_name = step.partition(":")
            if name not in node.children:
                kind = _kind(node.kind, name)
                if not kind:
                    return None
                node.children[name] = Node(name, kind)
            node = node.children[name]
            if slice_name:
                node = node.slices.setdefault(slice_name, Node(name, node.kind))
        return node

    def _say(self, node: Node, element: Resource) -> None:
        where = str(element.get("id") or element.get("path"))
        if "min" in element:
            node.low = int(element["min"])
        if element.get("max", "*") != "*":
            node.high = int(element["max"])
        self._types(node, element)
        for key, value in element.items():
            if key.startswith("fixed"):
                node.fixed = value
            elif key.startswith("pattern"):
                node.pattern = value
            elif key.startswith("minValue"):
                node.least = value
            elif key.startswith("maxValue"):
                node.most = value
        node.longest = element.get("maxLength", node.longest)
        node.must_support = bool(element.get("mustSupport", node.must_support))
        binding = element.get("binding", {})
        if binding.get("strength") in ("required", "extensible") and binding.get("valueSet"):
            node.binding = (binding["strength"], binding["valueSet"])
            if profiles.codes(binding["valueSet"]) is None:
                self.left_out.append(
                    f"{where}: binding to {binding['valueSet']}, which cannot be listed here"
                )
        self._slicing(node, element.get("slicing"), where)
        self._rules(node, element, where)

    def _types(self, node: Node, element: Resource) -> None:
        types = element.get("type", ())
        if not types:
            return
        codes = [_SIMPLE.get(str(one["code"]), str(one["code"])) for one in types]
        if not any(code.startswith("http://hl7.org/fhirpath/") or code in _HOLDERS for code in codes):
            node.types = frozenset(codes)
            if node.name.endswith("[x]") and len(codes) == 1:
                node.kind = codes[0]
        node.profiles = tuple(url for one in types for url in one.get("profile", ()))
        targets = {url for one in types for url in one.get("targetProfile", ())}
        node.targets = frozenset(url.removeprefix(_CORE) for url in targets)
        if "Resource" in node.targets:
            node.targets = frozenset()

    def _slicing(self, node: Node, slicing: Resource | None, where: str) -> None:
        if slicing is None:
            return
        found = [(str(one["type"]), str(one["path"])) for one in slicing.get("discriminator", ())]
        node.discriminators = tuple(found)
        node.open = slicing.get("rules") != "closed"
        if slicing.get("ordered"):
            self.left_out.append(f"{where}: order of the slices")
        for type_, path in found:
            if type_ not in _DISCRIMINATORS or ("resolve()" in path and type_ != "type"):
                self.left_out.append(f"{where}: slices by {type_} of {path}")

    def _rules(self, node: Node, element: Resource, where: str) -> None:
        for one in element.get("constraint", ()):
            key = str(one.get("key"))
            if key in definitions.invariants():
                continue
            try:
                run = fhirpath.compile(str(one.get("expression")), node.kind)
            except NotCompiled:
                self.left_out.append(f"{where}: invariant {key}")
                continue
            severity: Severity = "warning" if one.get("severity") == "warning" else "error"
            node.rules.append(Rule(key, str(one.get("human", "")), severity, run))


_HOLDERS = ("BackboneElement", "Element")


def _id(element: Resource) -> str:
    name = element.get("sliceName")
    return f"{element['path']}:{name}" if name else str(element.get("path", ""))


def _kind(kind: str, name: str) -> str:
    """The type of an element of a type, by its name in a definition or in JSON; empty for none."""
    known = definitions.properties(kind).get(name)
    if known is not None:
        return known.type
    for element in definitions.elements(kind):
        if element.name == name:
            return element.types[0] if len(element.types) == 1 else "Element"
    return ""


class Check:
    """One resource (or extension) against one profile and those that it is made from."""

    def __init__(self, resource: Resource, url: str) -> None:
        self.resource = resource
        self.url = url
        self.found: list[Problem] = []

    def run(self, value: Resource, profile: Profile, at: Where) -> list[Problem]:
        """The problems of a value."""
        for base in profile.bases:
            known = ready(base)
            if known is not None:
                self.run(value, known, at)
        self._value(value, profile.kind, profile.root, at)
        return self.found

    def _add(self, at: str, vi: str, en: str, severity: Severity = "error") -> None:
        self.found.append(
            faults.problem(
                faults.PROFILE,
                at,
                f"{at}: {vi} (profile {self.url}).",
                f"{at}: {en} (profile {self.url}).",
                severity=severity,
                profile=self.url,
            )
        )

    def _value(self, value: Any, kind: str, node: Node, at: Where) -> None:
        """One value against what the profile says of it."""
        self._own(value, kind, node, at)
        if value.__class__ is dict:
            for child in node.children.values():
                self._element(value, kind, child, at)

    def _element(self, parent: Resource, kind: str, node: Node, at: Where) -> None:
        values = matching.values(parent, kind, node.name)
        name = node.name.removesuffix("[x]")
        many = any(one.number is not None for one in values)

        def place(one: matching.Value) -> Where:
            return lambda: f"{at()}.{one.name}" + (f"[{one.number}]" if one.number is not None else "")

        self._count(len(values), node, lambda: f"{at()}.{name}")
        groups: dict[str, int] = dict.fromkeys(node.slices, 0)
        for one in values:
            self._value(one.value, one.kind, node, place(one))
            if not node.slices:
                continue
            found = next((s for s, inner in node.slices.items() if self._belongs(one, node, inner)), None)
            if found is None:
                if not node.open:
                    self._add(
                        place(one)(),
                        "giá trị không thuộc lát cắt nào được phép",
                        "the value is in none of the allowed slices",
                    )
                continue
            groups[found] += 1
            self._value(one.value, one.kind, node.slices[found], place(one))
        for slice_name, count in groups.items():
            shown = f"{name}:{slice_name}" if many or not values else name
            self._count(count, node.slices[slice_name], partial("{}.{}".format, at(), shown))

    def _count(self, count: int, node: Node, at: Where) -> None:
        if count < node.low:
            self._add(
                at(), f"cần ít nhất {node.low}, có {count}", f"at least {node.low} needed, {count} found"
            )
        if node.high is not None and count > node.high:
            self._add(
                at(), f"chỉ cho phép {node.high}, có {count}", f"at most {node.high} allowed, {count} found"
            )

    def _belongs(self, one: matching.Value, node: Node, inner: Node) -> bool:
        discriminators = node.discriminators
        if not discriminators:
            discriminators = (("value", "url"),) if one.kind == "Extension" else (("type", "$this"),)
        return all(_matches(one, inner, type_, path) for type_, path in discriminators)

    def _own(self, value: Any, kind: str, node: Node, at: Where) -> None:
        if node.types and kind not in node.types and not _is_holder(kind):
            allowed = ", ".join(sorted(node.types))
            self._add(at(), f"kiểu {kind}, chỉ cho phép {allowed}", f"type {kind}, allowed: {allowed}")
            return
        if node.targets and kind == "Reference":
            self._target(value, node, at)
        if node.fixed is not None and not matching.equal(value, node.fixed):
            expected = faults.shown(node.fixed)
            self._add(at(), f"phải đúng bằng {expected}", f"has to be exactly {expected}")
        if node.pattern is not None and not matching.covers(value, node.pattern):
            expected = faults.shown(node.pattern)
            self._add(at(), f"phải có {expected}", f"has to hold {expected}")
        if node.longest is not None and isinstance(value, str) and len(value) > node.longest:
            self._add(at(), f"dài hơn {node.longest} ký tự", f"longer than {node.longest} characters")
        if matching.below(value, node.least) or matching.below(node.most, value):
            self._add(at(), "ngoài khoảng giá trị cho phép", "outside the allowed range")
        if node.binding[1]:
            self._bound(value, node, at)
        for rule in node.rules:
            if rule.run(value, self.resource) == [False]:
                self._add(
                    at(),
                    f"vi phạm {rule.key}: {rule.human}",
                    f"breaks {rule.key}: {rule.human}",
                    rule.severity,
                )
        self._followed(value, node, at)

    def _followed(self, value: Any, node: Node, at: Where) -> None:
        """The value follows one of the profiles of its type, where one is known here."""
        known = [one for one in (ready(url) for url in node.profiles) if one is not None]
        if not known or value.__class__ is not dict or len(known) < len(node.profiles):
            return
        tries = [Check(self.resource, one.url).run(value, one, at) for one in known]
        self.found += sorted(tries, key=_weight)[0]

    def _target(self, value: Any, node: Node, at: Where) -> None:
        reference = value.get("reference", "") if isinstance(value, dict) else ""
        kind = matching.pointed(reference, self.resource) or (value or {}).get("type", "")
        allowed = {
            known.kind if (known := ready(url)) is not None else url.rpartition("/")[2]
            for url in node.targets
        }
        unknown = any("/" in url and ready(url) is None for url in node.targets)
        if kind and kind not in allowed and not unknown:
            shown = ", ".join(sorted(allowed))
            self._add(at(), f"trỏ tới {kind}, chỉ cho phép {shown}", f"points to {kind}, allowed: {shown}")

    def _bound(self, value: Any, node: Node, at: Where) -> None:
        strength, url = node.binding
        held = profiles.codes(url)
        if held is None or matching.in_value_set(value, held):
            return
        if strength == "required":
            self._add(at(), f"không có mã nào thuộc bộ giá trị {url}", f"no code of the value set {url}")
        elif matching.of_systems(value, held):
            self._add(
                at(), f"mã không có trong bộ giá trị {url}", f"a code that {url} does not hold", "warning"
            )


def _weight(found: list[Problem]) -> tuple[int, int]:
    return sum(problem.severity == "error" for problem in found), len(found)


def _is_holder(kind: str) -> bool:
    return "." in kind or kind in _HOLDERS


def _matches(one: matching.Value, inner: Node, type_: str, path: str) -> bool:
    """Whether a value belongs to a slice by one discriminator."""
    if type_ == "type":
        if path == "$this":
            return one.kind in (inner.types or {inner.kind})
        return matching.pointed_below(one.value, path) in {url.rpartition("/")[2] for url in inner.targets}
    steps = [] if path == "$this" else path.split(".")
    node = inner
    for depth in range(len(steps) + 1):
        if depth:
            node = node.children.get(steps[depth - 1]) or Node(steps[depth - 1], "")
        here = matching.below_path(one.value, steps[:depth])
        if node.fixed is not None:
            return any(matching.equal(value, node.fixed) for value in here)
        if node.pattern is not None:
            return any(matching.covers(value, node.pattern) for value in here)
    if type_ == "exists":
        return any(True for _ in here) == (node.high != 0)
    if steps == ["url"] and inner.profiles:
        return inner.profiles[0].partition("|")[0] in here
    held = profiles.codes(node.binding[1]) if node.binding[1] else None
    return held is not None and any(matching.in_value_set(value, held) for value in here)
