"""FHIRPath Patch (R4, section "FHIRPath Patch"): the operations of a Parameters resource on one resource."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from lienthong.foundation.wsgi import HttpError
from lienthong.records.api import problems
from lienthong.records.api.json_patch import MOST_OPERATIONS
from lienthong.records.fhirpath import NotCompiled, model
from lienthong.records.fhirpath.places import Place, collection, places

Object = dict[str, Any]
Pair = tuple[Any, Any]
"""A JSON value and what stands beside it in the sibling ``_key``."""

_PART = "Parameters.parameter"
_TEXTS = frozenset(
    {"string", "code", "id", "markdown", "uri", "url", "canonical", "oid", "uuid", "base64Binary", "xhtml"}
)
_WHOLE = frozenset({"integer", "positiveInt", "unsignedInt"})


def patched(resource: Object, parameters: Object) -> Object:
    """A copy with the operations done in their order; what they leave empty goes.

    Raises:
        HttpError: 422: no such operation, element or place, a wrong value.
    """
    given = parameters.get("parameter", [])
    if parameters.get("resourceType") != "Parameters" or not isinstance(given, list):
        raise _wrong("resourceType: Parameters", "Parameters")
    if len(given) > MOST_OPERATIONS:
        raise _wrong(f"0–{MOST_OPERATIONS} operation", "Parameters.parameter")
    value: Object = copy.deepcopy(resource)
    for place, one in enumerate(given):
        try:
            parts = _named(one)
            operation = _OPERATIONS[parts["type"]["valueCode"]]
            operation(value, str(parts["path"]["valueString"]), parts)
        except (NotCompiled, KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise _wrong(str(error)[:200], f"Parameters.parameter[{place}]") from error
    pruned: Object = _pruned(value)
    return pruned


def _named(parameter: Object) -> dict[str, Object]:
    if parameter["name"] != "operation":
        raise ValueError("name: operation")
    return {part["name"]: part for part in parameter["part"]}


def _add(resource: Object, path: str, parts: dict[str, Object]) -> None:
    (owner,) = _one(path, places(path, resource))
    name = str(parts["name"]["valueString"])
    key, pair = _member(owner.type, name, parts["value"])
    held = _object(owner)
    if _element(owner.type, name).many:
        _write(held, key, [*_pairs(held, key), pair])
    elif any(one in held for key, _ in _element(owner.type, name).keys for one in (key, f"_{key}")):
        raise ValueError(f"{name} is there already")
    else:
        _write_one(held, key, pair)


def _insert(resource: Object, path: str, parts: dict[str, Object]) -> None:
    owner, name = _list(resource, path)
    key, pair = _member(owner.type, name, parts["value"])
    held = _object(owner)
    found = _pairs(held, key)
    at = _number(parts, "index", len(found))
    _write(held, key, [*found[:at], pair, *found[at:]])


def _delete(resource: Object, path: str, parts: dict[str, Object]) -> None:
    found = places(path, resource)
    if not found:
        return
    (place,) = _one(path, found)
    _inside(place, path)
    if place.index is None:
        _write_one(place.holder, place.key, (None, None))
    else:
        pairs = _pairs(place.holder, place.key)
        del pairs[place.index]
        _write(place.holder, place.key, pairs)


def _replace(resource: Object, path: str, parts: dict[str, Object]) -> None:
    (place,) = _one(path, places(path, resource))
    _inside(place, path)
    value = parts["value"]
    if place.index is not None:
        pairs = _pairs(place.holder, place.key)
        pairs[place.index] = _value(place.type, value)
        _write(place.holder, place.key, pairs)
        return
    key, pair = _member(place.owner, place.name, value)
    members = [(key if name == place.key else name, one) for name, one in place.holder.items()]
    place.holder.clear()
    place.holder.update(members)
    place.holder.pop(f"_{place.key}", None)
    _write_one(place.holder, key, pair)


def _move(resource: Object, path: str, parts: dict[str, Object]) -> None:
    owner, name = _list(resource, path)
    ((key, _),) = _element(owner.type, name).keys
    held = _object(owner)
    found = _pairs(held, key)
    source = _number(parts, "source", len(found) - 1)
    target = _number(parts, "destination", len(found) - 1)
    found.insert(target, found.pop(source))
    _write(held, key, found)


_OPERATIONS: dict[str, Callable[[Object, str, dict[str, Object]], None]] = {
    "add": _add,
    "insert": _insert,
    "delete": _delete,
    "replace": _replace,
    "move": _move,
}


def _one(path: str, found: list[Place]) -> list[Place]:
    if len(found) != 1:
        raise ValueError(f"{path}: {len(found)} elements")
    return found


def _inside(place: Place, path: str) -> None:
    if not place.key:
        raise ValueError(f"{path} is the resource itself")


def _list(resource: Object, path: str) -> tuple[Place, str]:
    owners, name = collection(path, resource)
    (owner,) = _one(path, owners)
    if not _element(owner.type, name).many:
        raise ValueError(f"{path} is no list")
    return owner, name


def _element(kind: str, name: str) -> model.Element:
    found = model.elements(kind).get(name)
    if found is None:
        raise ValueError(f"{kind} has no element {name!r}")
    return found


def _object(place: Place) -> Object:
    """What the members of an element stand in, made where a primitive has none yet."""
    if place.object is None:
        pairs = _pairs(place.holder, place.key)
        pairs[place.index or 0] = pairs[place.index or 0][0], {}
        if place.index is None:
            _write_one(place.holder, place.key, pairs[0])
        else:
            _write(place.holder, place.key, pairs)
    found: Object = place.object
    return found


def _number(parts: dict[str, Object], name: str, most: int) -> int:
    found = parts[name]["valueInteger"]
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= most:
        raise IndexError(f"{name}: 0–{most}")
    return found


# Values


def _member(owner: str, name: str, part: Object) -> tuple[str, Pair]:
    """The JSON member for a value, which of a choice its type tells, and the value."""
    keys = _element(owner, name).keys
    given = model.members(_PART).get(_carrier(part), "")
    for key, kind in keys:
        if len(keys) == 1 or kind == given:
            return key, _value(kind, part)
    raise ValueError(f"{name}: {', '.join(kind for _, kind in keys)}")


def _value(kind: str, part: Object) -> Pair:
    """What a part carries for an element of a type."""
    if "part" in part:
        return _built(kind, part["part"]), None
    if "resource" in part and model.resource(kind):
        return part["resource"], None
    key = _carrier(part)
    given = model.members(_PART).get(key, "")
    same = given == kind or {given, kind} <= _TEXTS or {given, kind} <= _WHOLE
    if not given or not same:
        raise ValueError(f"{kind}, {given or 'no value'}")
    return part.get(key), part.get(f"_{key}")


def _carrier(part: Object) -> str:
    """The member that holds the value of a part; empty where it has parts, a resource or nothing."""
    return next((name for name in (n.removeprefix("_") for n in part) if name.startswith("value")), "")


def _built(kind: str, parts: list[Object]) -> Object:
    made: Object = {}
    for part in parts:
        key, pair = _member(kind, part["name"], part)
        if _element(kind, part["name"]).many:
            _write(made, key, [*_pairs(made, key), pair])
        else:
            _write_one(made, key, pair)
    return made


# Members


def _pairs(held: Object, key: str) -> list[Pair]:
    values, beside = (list(_listed(held.get(name))) for name in (key, f"_{key}"))
    length = max(len(values), len(beside))
    values += [None] * (length - len(values))
    beside += [None] * (length - len(beside))
    return list(zip(values, beside, strict=True))


def _listed(value: Any) -> Iterator[Any]:
    if value is not None:
        yield from value if isinstance(value, list) else [value]


def _write(held: Object, key: str, pairs: list[Pair]) -> None:
    for name, values in ((key, [one for one, _ in pairs]), (f"_{key}", [one for _, one in pairs])):
        _put(held, name, values if any(one is not None for one in values) else None)


def _write_one(held: Object, key: str, pair: Pair) -> None:
    _put(held, key, pair[0])
    _put(held, f"_{key}", pair[1])


def _put(held: Object, name: str, value: Any) -> None:
    if value is None:
        held.pop(name, None)
    else:
        held[name] = value


def _pruned(value: Any) -> Any:
    """Without objects and lists that have nothing in them, which R4 does not allow."""
    if isinstance(value, dict):
        found = {name: _pruned(one) for name, one in value.items()}
        return {name: one for name, one in found.items() if one not in ({}, [])}
    if isinstance(value, list):
        return [one for one in map(_pruned, value) if one not in ({}, [])]
    return value


def _wrong(what: str, path: str) -> HttpError:
    return HttpError(422, problems.not_understood(f"FHIRPath Patch: {what}", path))
