"""A slow, plain search over resources in memory, to hold the real one against. It reads elements, never index rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from lienthong.foundation.text import fold
from lienthong.records import index

Resource = dict[str, Any]


class Oracle:
    """Answers for a population. ``seen`` says which resources may be found at all."""

    def __init__(
        self, population: Sequence[Resource], seen: Callable[[Resource], bool] = lambda r: True
    ) -> None:
        self.population = [resource for resource in population if seen(resource)]

    def search(self, kind: str, query: Sequence[tuple[str, str]]) -> set[str]:
        """Ids of those that fit."""
        return {r["id"] for r in self._of(kind) if all(self.fits(r, n, v) for n, v in query)}

    def _of(self, kind: str) -> list[Resource]:
        return [r for r in self.population if r["resourceType"] == kind]

    def fits(self, resource: Resource, name: str, value: str) -> bool:
        kind = resource["resourceType"]
        if name.startswith("_has:"):
            _, other, code, rest = name.split(":", 3)
            ref = f"{kind}/{resource['id']}"
            return any(ref in self._refs(o, code) and self.fits(o, rest, value) for o in self._of(other))
        head, _, rest = name.partition(".")
        code, _, modifier = head.partition(":")
        if rest:
            there = [
                r for r in self.population if f"{r['resourceType']}/{r['id']}" in self._refs(resource, code)
            ]
            return any(
                self.fits(r, rest, value)
                for r in there
                if modifier in ("", r["resourceType"])
                and (
                    rest.partition(":")[0].partition(".")[0] in index.parameters(r["resourceType"])
                    or rest[0] == "_"
                )
            )
        if code == "_id":
            return resource["id"] in value.split(",")
        parameter = index.parameters(kind)[code]
        found = index.values(resource, kind, code)
        if modifier == "missing":
            return bool(self._searchable(parameter.type, found)) == (value == "false")
        hit = any(self._one(resource, parameter, modifier, found, one) for one in value.split(","))
        return not hit if modifier in ("not", "not-in") else hit

    def _refs(self, resource: Resource, code: str) -> set[str]:
        parameter = index.parameters(resource["resourceType"])[code]
        found = index.values(resource, resource["resourceType"], code)
        refs = {one.get("reference", "").partition("/_history")[0] for one in found}
        return {ref for ref in refs if ref.partition("/")[0] in parameter.targets}

    @staticmethod
    def _searchable(kind: str, found: list[Any]) -> list[Any]:
        if kind == "token":
            return tokens(found)
        if kind == "reference":
            return [one for one in found if one.get("reference") or one.get("identifier", {}).get("value")]
        if kind == "quantity":
            return [one for one in found if "value" in one]
        return found

    def _one(
        self, resource: Resource, parameter: index.Parameter, modifier: str, found: list[Any], value: str
    ) -> bool:
        match parameter.type:
            case "token" if modifier == "text":
                return any(f" {fold(value)}" in f" {fold(text)}" for text in texts(found))
            case "token" if modifier == "of-type":
                system, code, number = value.split("|")
                wanted = {"system": system, "code": code}
                return any(
                    one.get("value") == number and wanted in one.get("type", {}).get("coding", [])
                    for one in found
                )
            case "token" if modifier in ("in", "not-in"):
                return any(code in _STATUSES and system in ("", _STATUS) for system, code in tokens(found))
            case "token":
                return any(_token_fits(system, code, value) for system, code in tokens(found))
            case "string":
                return any(_string_fits(text, modifier, value) for one in found for text in parts(one))
            case "date":
                return any(_date_fits(*interval(one), value) for one in found)
            case "quantity":
                return any(_quantity_fits(one, value) for one in found)
            case "reference" if modifier == "identifier":
                return any(
                    _token_fits(
                        one.get("identifier", {}).get("system", ""),
                        one.get("identifier", {}).get("value"),
                        value,
                    )
                    for one in found
                )
            case "reference":
                allowed = [modifier] if modifier else parameter.targets
                wanted = {value} if "/" in value else {f"{kind}/{value}" for kind in allowed}
                return any(one.get("reference", "").partition("/_history")[0] in wanted for one in found)
            case "composite":
                first, second = value.split("$")
                kind = resource["resourceType"]
                codes = [index.parameters(kind)[code] for code, _ in parameter.components]
                return any(
                    self._one(resource, codes[0], "", one, first)
                    and self._one(resource, codes[1], "", two, second)
                    for one, two in index.combinations(resource, kind, parameter.code)
                )
        raise AssertionError(parameter.type)


_STATUS = "http://hl7.org/fhir/observation-status"
_STATUSES = {
    "registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown",
}  # fmt: skip
_IMPLIED = {_STATUS: _STATUSES, "http://hl7.org/fhir/administrative-gender": {"male", "female"}}
"""Systems of elements of the type code, which do not name theirs."""


def tokens(found: list[Any]) -> list[tuple[str, str]]:
    """System and code of each value."""
    pairs: list[tuple[str, str]] = []
    for one in found:
        if isinstance(one, bool):
            pairs.append(("", str(one).lower()))
        elif isinstance(one, str):
            pairs.append(("", one))
        elif "coding" in one or "text" in one:
            pairs += [
                (coding.get("system", ""), coding["code"])
                for coding in one.get("coding", [])
                if "code" in coding
            ]
        elif "value" in one:
            pairs.append(
                ("" if one.get("system") in ("phone", "email") else one.get("system", ""), one["value"])
            )
        elif "code" in one:
            pairs.append((one.get("system", ""), one["code"]))
    return pairs


def texts(found: list[Any]) -> list[str]:
    """What is written beside codes."""
    words = []
    for one in found:
        concept = one.get("type", one) if isinstance(one, dict) else {}
        words += [concept[name] for name in ("text", "display") if name in concept]
        words += [coding["display"] for coding in concept.get("coding", []) if "display" in coding]
    return words


def parts(value: Any) -> list[str]:
    """The texts in a string or a HumanName."""
    if isinstance(value, str):
        return [value]
    return [text for name in ("text", "family", "given") for text in _listed(value.get(name, []))]


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def interval(value: Any) -> tuple[int, int]:
    """First and last millisecond of a date or Period."""
    if isinstance(value, str):
        covered = index.moments(value)
        assert covered
        return covered
    low = index.moments(value["start"]) if "start" in value else None
    high = index.moments(value["end"]) if "end" in value else None
    return (low[0] if low else -(2**62)), (high[1] if high else 2**62)


def _token_fits(system: str, code: str | None, wanted: str) -> bool:
    if "|" not in wanted:
        return code == wanted
    left, _, right = wanted.partition("|")
    implied = system == "" and code in _IMPLIED.get(left, ())
    return (system == left or (bool(right) and implied)) and (not right or code == right) and code is not None


def _string_fits(text: str, modifier: str, value: str) -> bool:
    if modifier == "exact":
        return text == value
    if modifier == "contains":
        return fold(value) in fold(text)
    wanted, whole = fold(value), fold(text)
    return whole.startswith(wanted) or any(word.startswith(wanted) for word in whole.split())


def _date_fits(low: int, high: int, value: str) -> bool:
    prefix, text = _prefixed(value)
    covered = index.moments(text)
    assert covered
    start, end = covered
    inside = start <= low and high <= end
    above, below = high > end, low < start
    return {
        "eq": inside, "ne": not inside, "gt": above, "lt": below, "ge": above or inside, "le": below or inside,
        "sa": low > end, "eb": high < start,
    }[prefix]  # fmt: skip


def _quantity_fits(value: Any, wanted: str) -> bool:
    number, *unit = wanted.split("|")
    if "value" not in value:
        return False
    if unit:
        system, code = unit
        if system and (value.get("system"), value.get("code")) != (system, code):
            return False
        if not system and code not in (value.get("code"), value.get("unit")):
            return False
    prefix, text = _prefixed(number)
    there, asked = Decimal(value["value"]), Decimal(text)
    half = Decimal(5).scaleb(int(asked.as_tuple().exponent) - 1)
    same = asked - half <= there < asked + half
    return {
        "eq": same, "ne": not same, "gt": there > asked, "lt": there < asked, "ge": there >= asked,
        "le": there <= asked, "sa": there > asked, "eb": there < asked,
    }[prefix]  # fmt: skip


def _prefixed(value: str) -> tuple[str, str]:
    match = re.fullmatch("(eq|ne|gt|lt|ge|le|sa|eb)?(.*)", value)
    assert match
    return match[1] or "eq", match[2]
