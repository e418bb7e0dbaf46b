"""Where in a resource an expression leads, so that what stands there can be changed.

Of FHIRPath what singles elements out: steps, indexes, ``where``, ``first``, ``last``, ``single``, ``skip``, ``take``,
``tail``, ``extension``, ``ofType``, ``as`` and ``|``; conditions are any FHIRPath.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lienthong.records.fhirpath import generate, model, syntax
from lienthong.records.fhirpath.syntax import (
    Binary,
    Call,
    Index,
    Literal,
    Member,
    Node,
    NotCompiled,
    This,
    TypeTest,
)

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """An element of a resource.

    Attributes:
        holder, key: the object that has it, and the JSON member that it stands in.
        index: which of the list there; None where that is no list.
        type: of the element, e.g. ``HumanName`` or ``Patient.contact``.
        owner, name: the type of what has it, and its name there (``value`` for ``valueQuantity``).
    """

    holder: Object
    key: str
    index: int | None
    type: str
    owner: str = ""
    name: str = ""

    @property
    def value(self) -> Any:
        """The JSON value; None for a primitive with nothing but extensions."""
        return self._at(self.key)

    @property
    def object(self) -> Any:
        """What the element's own members stand in: of a primitive the sibling ``_key``; None where there is none."""
        return self._at(f"_{self.key}") if model.primitive(self.type) else self.value

    def _at(self, key: str) -> Any:
        found = self.holder.get(key)
        if self.index is None:
            return found
        return found[self.index] if isinstance(found, list) and self.index < len(found) else None


def places(expression: str, resource: Object) -> list[Place]:
    """The elements that an expression leads to.

    Raises:
        NotCompiled: it is no FHIRPath, names what R4 does not have, or does more than single elements out.
    """
    return _places(syntax.parse(expression), [_root(resource)], resource)


def collection(expression: str, resource: Object) -> tuple[list[Place], str]:
    """The elements that have the list which an expression ends with, and the name of that list.

    Raises:
        NotCompiled: as :func:`places`; it does not end with a name.
    """
    node = syntax.parse(expression)
    if not isinstance(node, Member):
        raise NotCompiled("the path must end with the name of a list")
    root = [_root(resource)]
    return (root if node.target is None else _places(node.target, root, resource)), node.name


def _root(resource: Object) -> Place:
    return Place({"": resource}, "", None, str(resource.get("resourceType", "")))


def _places(node: Node, start: list[Place], resource: Object) -> list[Place]:
    def of(target: Node | None) -> list[Place]:
        return start if target is None else _places(target, start, resource)

    match node:
        case This():
            return start
        case Member(None, name) if any(name in model.lineage(place.type) for place in start):
            return start
        case Member(target, name):
            return [child for place in of(target) for child in _children(place, name)]
        case Index(target, Literal(int() as position)):
            return of(target)[position : position + 1]
        case TypeTest("as", operand, type):
            return [place for place in of(operand) if model.is_a(place.type, type)]
        case Binary("|", left, right):
            found = _places(left, start, resource)
            return found + [one for one in _places(right, start, resource) if one not in found]
        case Call(target, "where", (condition,)):
            return [place for place in of(target) if _fits(place, condition, resource)]
        case Call(target, "extension", (Literal(str() as url),)):
            found = [child for place in of(target) for child in _children(place, "extension")]
            return [place for place in found if place.value.get("url") == url]
        case Call(target, name, arguments) if name in _PARTS and all(_whole(one) for one in arguments):
            numbers = [one.value for one in arguments if isinstance(one, Literal)]
            return _PARTS[name](of(target), *numbers)
    raise NotCompiled("the path does more than single elements out")


_PARTS: dict[str, Callable[..., list[Place]]] = {
    "first": lambda found: found[:1],
    "last": lambda found: found[-1:],
    "tail": lambda found: found[1:],
    "single": lambda found: found if len(found) == 1 else [],
    "skip": lambda found, n: found[max(n, 0) :],
    "take": lambda found, n: found[: max(n, 0)],
}


def _whole(node: Node) -> bool:
    return isinstance(node, Literal) and isinstance(node.value, int) and not isinstance(node.value, bool)


def _children(place: Place, name: str) -> list[Place]:
    held = place.object
    kind = place.type
    if kind in ("Resource", "DomainResource") and isinstance(held, dict):
        kind = str(held.get("resourceType", kind))
    element = model.elements(kind).get(name)
    if element is None:
        raise NotCompiled(f"{kind} has no element {name!r}")
    found = []
    for key, type in element.keys if isinstance(held, dict) else ():
        given = [held[one] for one in (key, f"_{key}") if one in held]
        if element.many:
            length = max((len(one) for one in given if isinstance(one, list)), default=0)
            found += [Place(held, key, index, type, kind, name) for index in range(length)]
        elif given:
            found.append(Place(held, key, None, type, kind, name))
    return [place for place in found if place.value is not None or place.object is not None]


def _fits(place: Place, condition: Node, resource: Object) -> bool:
    run = generate.function(generate.source(condition, place.type))
    try:
        return run(place.value, resource, resource) == [True]
    except RecursionError:
        return False
