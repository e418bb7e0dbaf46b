"""What compiled FHIRPath calls: steps, comparisons and functions over collections.

A collection is a list. An item is a JSON value; a primitive that has extensions, or whose type only its JSON member
tells, is a :class:`Primitive`. A truth is True, False or None (empty). Values of a strange shape count as absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from itertools import zip_longest
from typing import Any

from lienthong.records.fhirpath import dates, model

Items = list[Any]
Truth = bool | None
Keys = tuple[tuple[str, str, str], ...]

_NUMBERS = (int, Decimal, float)
_REFERENCE = re.compile(
    r"(?:.*/)?([A-Z][A-Za-z]{2,40})/([A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?(?:\|.*)?"
)
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_DECIMAL = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?")


class Primitive:
    """A primitive value with what stands beside it.

    Attributes:
        value: the JSON value; None where only extensions are given.
        element: the ``_name`` object with ``id`` and ``extension``, or None.
        type: the FHIR type, e.g. ``code``; empty where it is not known.
    """

    __slots__ = ("element", "type", "value")

    def __init__(self, value: Any, element: Any, type: str) -> None:
        self.value = value
        self.element = element
        self.type = type


def plain(item: Any) -> Any:
    """The JSON value of an item."""
    return item.value if item.__class__ is Primitive else item


def plains(items: Items) -> Items:
    """The JSON values of items; a primitive that has only extensions has none."""
    return [value for value in map(plain, items) if value is not None]


# Steps


def step(items: Items, key: str) -> Items:
    """The complex elements in a JSON member of each item."""
    found: Items = []
    for item in items:
        if item.__class__ is not dict:
            item = item.element if item.__class__ is Primitive else None
            if item.__class__ is not dict:
                continue
        value = item.get(key)
        if value.__class__ is list:
            found += [entry for entry in value if entry is not None]
        elif value is not None:
            found.append(value)
    return found


def primitives(items: Items, key: str, kind: str) -> Items:
    """The primitives in a JSON member of each item, with what their sibling ``_key`` holds."""
    found: Items = []
    for item in items:
        if item.__class__ is not dict:
            item = item.element if item.__class__ is Primitive else None
            if item.__class__ is not dict:
                continue
        value, beside = item.get(key), item.get(f"_{key}")
        if beside is not None:
            found += _joined(value, beside, kind)
        elif value.__class__ is list:
            found += [entry for entry in value if entry is not None]
        elif value is not None:
            found.append(value)
    return found


def choice(items: Items, keys: Keys) -> Items:
    """The elements in several JSON members of each item; primitives carry their type.

    Args:
        keys: member, its sibling (empty for complex types) and type.
    """
    found: Items = []
    for item in items:
        if item.__class__ is not dict:
            item = item.element if item.__class__ is Primitive else None
            if item.__class__ is not dict:
                continue
        for key, under, kind in keys:
            if under:
                if key in item or under in item:
                    found += _joined(item.get(key), item.get(under), kind)
            elif key in item:
                found += step([item], key)
    return found


def _joined(value: Any, beside: Any, kind: str) -> Items:
    values = value if value.__class__ is list else [value]
    elements = beside if beside.__class__ is list else [beside]
    return [
        Primitive(one, element if element.__class__ is dict else None, kind)
        for one, element in zip_longest(values, elements)
        if one is not None or element.__class__ is dict
    ]


def children(items: Items, kind: str) -> Items:
    """All elements right below the items, of which each has the given type (empty if not known)."""
    return [child for item in items for child, _ in _below(item, kind)]


def descendants(items: Items, kind: str) -> Items:
    """All elements below the items, level by level."""
    found: Items = []
    level = [(item, kind) for item in items]
    while level:
        level = [pair for item, name in level for pair in _below(item, name)]
        found += [child for child, _ in level]
    return found


def _below(item: Any, kind: str) -> list[tuple[Any, str]]:
    if item.__class__ is Primitive:
        item, kind = item.element, "Element"
    if item.__class__ is not dict:
        return []
    named = item.get("resourceType")
    if named.__class__ is str and named in model.resource_types():
        kind = named
    members = model.members(kind)
    found: list[tuple[Any, str]] = []
    for key, value in item.items():
        if key == "resourceType" or (key[:1] == "_" and key[1:] in item):
            continue
        name = key.removeprefix("_")
        below = members.get(name, "")
        if model.primitive(below) or key != name or (below == "" and value.__class__ is not dict):
            pairs = _joined(item.get(name), item.get(f"_{name}"), below)
            found += [(plain(p) if p.value.__class__ is dict else p, below) for p in pairs]
        else:
            found += [(entry, below) for entry in step([item], key)]
    return found


# Types


def of_type(
    items: Items, primitive: frozenset[str], complex: bool, resources: frozenset[str] | None
) -> Items:
    """The items that are a primitive of these types, a complex value, or a resource of these types."""
    found = []
    for item in items:
        if item.__class__ is Primitive:
            right = item.type in primitive
        elif item.__class__ is dict:
            named = item.get("resourceType")
            right = complex if resources is None else named.__class__ is str and named in resources
        else:
            right = False
        if right:
            found.append(item)
    return found


def resolve(items: Items, resource: Any) -> Items:
    """What references mean, without fetching: a contained resource, or type and id as the reference tells them."""
    found = []
    for item in items:
        target = resolved(plain(item), resource)
        if target is not None:
            found.append(target)
    return found


def resolved(item: Any, resource: Any) -> Any:
    """The same for one Reference or URI; None where even the type is unknown."""
    text = item.get("reference") if item.__class__ is dict else item
    if text.__class__ is str:
        if text[:1] == "#":
            return _contained(text[1:], resource)
        match = _REFERENCE.fullmatch(text)
        if match and match[1] in model.resource_types():
            return {"resourceType": match[1], "id": match[2]}
    kind = item.get("type") if item.__class__ is dict else None
    if kind.__class__ is str and kind.rpartition("/")[2] in model.resource_types():
        return {"resourceType": kind.rpartition("/")[2]}
    return None


def _contained(id: str, resource: Any) -> Any:
    if resource.__class__ is not dict or not id:
        return resource if resource.__class__ is dict else None
    return next((r for r in step([resource], "contained") if r.__class__ is dict and r.get("id") == id), None)


# Truths


def truth(items: Items) -> Truth:
    """A collection where a truth is needed: its one boolean, or True for any other single value."""
    values = plains(items)
    if len(values) != 1:
        return None
    return values[0] if values[0].__class__ is bool else True


def some(value: Truth) -> Items:
    """A truth as a collection."""
    return [] if value is None else [value]


def negate(value: Truth) -> Truth:
    """``not()``"""
    return None if value is None else not value


def both(left: Truth, right: Callable[[], Truth]) -> Truth:
    """``and``"""
    if left is False:
        return False
    other = right()
    return False if other is False else None if left is None or other is None else True


def either(left: Truth, right: Callable[[], Truth]) -> Truth:
    """``or``"""
    if left is True:
        return True
    other = right()
    return True if other is True else None if left is None or other is None else False


def differ(left: Truth, right: Truth) -> Truth:
    """``xor``"""
    return None if left is None or right is None else left != right


def implied(left: Truth, right: Callable[[], Truth]) -> Truth:
    """``implies``"""
    if left is False:
        return True
    other = right()
    return other if left is True else True if other is True else None


def is_one(items: Items, test: Callable[[Any], bool]) -> Truth:
    """``is``: the test of the one item; None for none or several."""
    return test(items[0]) if len(items) == 1 else None


# Comparisons


def equal(left: Items, right: Items, dated: bool = False) -> Truth:
    """``=``: the same values in the same order; dates of different precision may give None.

    A primitive that has only extensions is there, and is unlike any value.
    """
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    ours, theirs = map(plain, left), map(plain, right)
    if not dated:
        return all(map(same, ours, theirs))
    orders = [_date_order(one, other) for one, other in zip(ours, theirs, strict=True)]
    return False if any(orders) else None if None in orders else True


def is_text(items: Items, text: str) -> Truth:
    """``= 'text'``"""
    return len(items) == 1 and plain(items[0]) == text if items else None


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: numbers by value, never equal to booleans."""
    if one != other:
        return False
    if one.__class__ is str or other.__class__ is str or one.__class__ is bool or other.__class__ is bool:
        return one.__class__ is other.__class__
    if one.__class__ is dict and other.__class__ is dict:
        return all(same(value, other[key]) for key, value in one.items())
    if one.__class__ is list and other.__class__ is list:
        return all(map(same, one, other))
    return True


def alike(left: Items, right: Items) -> bool:
    """``~``: the same in any order, whatever the case and spaces of texts and the last digits of decimals."""
    ours, theirs = plains(left), plains(right)
    if len(ours) != len(theirs):
        return False
    rest = list(theirs)
    for one in ours:
        place = next((i for i, other in enumerate(rest) if _alike(one, other)), None)
        if place is None:
            return False
        del rest[place]
    return True


def _alike(one: Any, other: Any) -> bool:
    if one.__class__ is str and other.__class__ is str:
        return " ".join(one.lower().split()) == " ".join(other.lower().split())
    if one.__class__ is dict and other.__class__ is dict:
        return one.keys() == other.keys() and all(alike(_list(v), _list(other[k])) for k, v in one.items())
    if one.__class__ in _NUMBERS and other.__class__ in _NUMBERS:
        first, second = Decimal(str(one)), Decimal(str(other))
        places = max(first.as_tuple().exponent, second.as_tuple().exponent)
        unit = Decimal((0, (1,), int(places)))
        try:
            return first.quantize(unit, ROUND_HALF_UP) == second.quantize(unit, ROUND_HALF_UP)
        except InvalidOperation:
            return first == second
    return same(one, other)


def _list(value: Any) -> Items:
    return value if value.__class__ is list else [value]


def compare(left: Items, right: Items, operator: str, dated: bool = False) -> Truth:
    """``<``, ``<=``, ``>``, ``>=`` of two single values; None where they cannot be compared."""
    ours, theirs = plains(left), plains(right)
    if len(ours) != 1 or len(theirs) != 1:
        return None
    order = _date_order(ours[0], theirs[0]) if dated else _order(ours[0], theirs[0])
    if order is None:
        return None
    if operator[0] == "<":
        return order < 0 or (order == 0 and operator == "<=")
    return order > 0 or (order == 0 and operator == ">=")


def _date_order(one: Any, other: Any) -> int | None:
    if one.__class__ is str and other.__class__ is str:
        return dates.order(one, other)
    return None


def _order(one: Any, other: Any) -> int | None:
    if one.__class__ is dict and other.__class__ is dict:
        if any(one.get(name) != other.get(name) for name in ("system", "code", "unit")):
            return None
        one, other = one.get("value"), other.get("value")
    texts = one.__class__ is str and other.__class__ is str
    if texts or (one.__class__ in _NUMBERS and other.__class__ in _NUMBERS):
        return int(one > other) - int(one < other)
    return None


def holds(items: Items, wanted: Items) -> Truth:
    """``contains``, and ``in`` the other way round."""
    values = plains(wanted)
    if len(values) != 1:
        return None
    return any(same(value, values[0]) for value in plains(items))


def holds_text(texts: frozenset[str], wanted: Items) -> Truth:
    """``in ('a' | 'b')``"""
    values = plains(wanted)
    return (
        values[0] in texts if len(values) == 1 and values[0].__class__ is str else False if values else None
    )


def within(items: Items, others: Items) -> bool:
    """``subsetOf``"""
    values = plains(others)
    return all(any(same(item, value) for value in values) for item in plains(items))


def distinct(items: Items) -> Items:
    """Each value once, in order."""
    found: Items = []
    texts: set[str] = set()
    rest: Items = []
    for item in items:
        value = plain(item)
        if value.__class__ is str:
            if value not in texts:
                texts.add(value)
                found.append(item)
        elif value is None or not any(same(value, other) for other in rest):
            rest.append(value)
            found.append(item)
    return found


def is_distinct(items: Items) -> bool:
    """``isDistinct``"""
    return len(distinct(items)) == len(items)


def single(items: Items) -> Items:
    """``single``: the items if there is only one."""
    return items if len(items) == 1 else []


def union(*collections: Items) -> Items:
    """``|``"""
    filled = [items for items in collections if items]
    if not filled:
        return []
    joined = filled[0] if len(filled) == 1 else [item for items in filled for item in items]
    return joined if len(joined) == 1 else distinct(joined)


def intersect(items: Items, others: Items) -> Items:
    """``intersect``"""
    values = plains(others)
    return distinct([i for i in items if any(same(plain(i), value) for value in values)])


def exclude(items: Items, others: Items) -> Items:
    """``exclude``"""
    values = plains(others)
    return [i for i in items if not any(same(plain(i), value) for value in values)]


# Functions


def has_value(items: Items) -> bool:
    """``hasValue``: one primitive that has a value."""
    return len(items) == 1 and plain(items[0]) is not None and plain(items[0]).__class__ not in (dict, list)


def repeat(items: Items, project: Callable[[Any], Items]) -> Items:
    """``repeat``: what a projection gives, again and again, until nothing new comes."""
    found: Items = []
    fresh = items
    while fresh:
        known = plains(found)
        fresh = [
            item
            for item in distinct([new for item in fresh for new in project(item)])
            if not any(same(plain(item), value) for value in known)
        ]
        found += fresh
    return found


def extension(items: Items, url: str) -> Items:
    """``extension('url')``"""
    return [e for e in step(items, "extension") if e.__class__ is dict and e.get("url") == url]


def text(items: Items, function: Callable[[str], Any]) -> Items:
    """A function of one text."""
    values = plains(items)
    if len(values) != 1 or values[0].__class__ is not str:
        return []
    answer = function(values[0])
    return [] if answer is None else [answer]


def text_truth(items: Items, others: Items, function: Callable[[str, str], bool]) -> Truth:
    """A test of one text with another, e.g. ``startsWith``."""
    ours, theirs = plains(items), plains(others)
    if len(ours) != 1 or len(theirs) != 1 or ours[0].__class__ is not str or theirs[0].__class__ is not str:
        return None
    return function(ours[0], theirs[0])


def matches(value: str, pattern: str) -> bool:
    """``matches``: whether the pattern is found in the text."""
    found = _pattern(pattern)
    return found is not None and found.search(value) is not None


def replace_matches(value: str, pattern: str, other: str) -> str:
    """``replaceMatches``; the other text stands as it is."""
    found = _pattern(pattern)
    return value if found is None else found.sub(lambda _: other, value)


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:
        return None


def single_text(items: Items) -> str:
    """A text, or the empty one."""
    values = plains(items)
    return values[0] if len(values) == 1 and values[0].__class__ is str else ""


def single_integer(items: Items) -> int:
    """An integer, or 0."""
    values = plains(items)
    return values[0] if len(values) == 1 and values[0].__class__ is int else 0


def substring(value: str, start: int, length: int | None = None) -> str | None:
    """``substring``"""
    if not 0 <= start < len(value):
        return None
    return value[start:] if length is None else value[start : start + max(length, 0)]


def to_text(value: Any) -> str | None:
    """``toString`` of one value."""
    if value.__class__ is bool:
        return "true" if value else "false"
    return value if value.__class__ is str else str(value) if value.__class__ in _NUMBERS else None


def to_integer(value: Any) -> int | None:
    """``toInteger`` of one value."""
    if value.__class__ in (int, bool):
        return int(value)
    return int(value) if value.__class__ is str and _INTEGER.fullmatch(value) else None


def to_decimal(value: Any) -> Decimal | None:
    """``toDecimal`` of one value."""
    if value.__class__ in (*_NUMBERS, bool):
        return Decimal(str(int(value) if value.__class__ is bool else value))
    return Decimal(value) if value.__class__ is str and _DECIMAL.fullmatch(value) else None


def to_boolean(value: Any) -> bool | None:
    """``toBoolean`` of one value."""
    words = {"true": True, "t": True, "yes": True, "y": True, "1": True, "1.0": True}
    words |= {"false": False, "f": False, "no": False, "n": False, "0": False, "0.0": False}
    return words.get(str(to_text(value)).lower())


def convert(items: Items, function: Callable[[Any], Any]) -> Items:
    """A function of one value."""
    values = plains(items)
    answer = function(values[0]) if len(values) == 1 else None
    return [] if answer is None else [answer]


def reckon(left: Items, right: Items, operator: str) -> Items:
    """``+ - * / div mod`` of two numbers, ``+`` of two texts."""
    ours, theirs = plains(left), plains(right)
    if len(ours) != 1 or len(theirs) != 1:
        return []
    one, other = ours[0], theirs[0]
    if operator == "+" and one.__class__ is str and other.__class__ is str:
        return [one + other]
    if one.__class__ not in _NUMBERS or other.__class__ not in _NUMBERS:
        return []
    whole = one.__class__ is int and other.__class__ is int
    first, second = Decimal(str(one)), Decimal(str(other))
    try:
        answer = _OPERATIONS[operator](first, second)
    except ArithmeticError:
        return []
    return [int(answer) if (whole and operator != "/") or operator == "div" else answer]


_OPERATIONS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "div": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
}


def joined(left: Items, right: Items) -> Items:
    """``&``: two texts, an absent one counts as empty."""
    return [single_text(left) + single_text(right)]


def count_true(items: Items, wanted: bool) -> Iterable[bool]:
    """For ``allTrue``, ``anyTrue``, ``allFalse`` and ``anyFalse``: whether each boolean is the wanted one."""
    return (value is wanted for value in plains(items))
