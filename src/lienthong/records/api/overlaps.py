"""Entries of one transaction whose criteria fit what another entry of it makes.

R4 lets the outcome not depend on the order of the entries, and no two of them write the same resource: equal
conditional creates make one resource, and what would be one or two, or of one or another content, is refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lienthong.foundation.errors import LienThongError
from lienthong.foundation.wsgi import HttpError
from lienthong.records import search
from lienthong.records.api import problems
from lienthong.records.api.call import Resource, conditions_of

if TYPE_CHECKING:
    from lienthong.records.api.transaction import Asked

_MOST_COMPARED = 5000
"""Resources of one transaction that are compared with criteria; those that name an identifier are looked up."""


class Made:
    """What a transaction makes, to be found by criteria.

    Args:
        entries: those that carry a resource.
        base: address of the door.
    """

    def __init__(self, entries: Iterable[Asked], base: str) -> None:
        self._base, self._compared = base, 0
        self._of_kind: dict[str, list[Asked]] = defaultdict(list)
        self._numbered: dict[str, dict[str, list[Asked]]] = {}
        for one in entries:
            self._of_kind[one.kind].append(one)

    def fitting(self, kind: str, criteria: str) -> list[Asked]:
        """The entries whose resources fit; none where only the store can judge.

        Raises:
            HttpError: 422, too much would have to be compared.
        """
        given = conditions_of(kind, criteria)
        found = [one for one in self._of_kind.get(kind, ()) if one.resource.get("resourceType") == kind]
        for name, value in given:
            if name == "identifier" and "," not in value and "\\" not in value:
                found = self._with_number(kind, value.rpartition("|")[2])
        self._compared += len(found)
        if self._compared > _MOST_COMPARED:
            raise HttpError(422, problems.not_understood(f"{kind}?{criteria[:80]}", "Bundle.entry"))
        try:
            return [one for one in found if search.matches(one.resource, given, base=self._base)]
        except LienThongError as error:
            if error.problem.code == "search-not-in-memory":
                return []
            raise

    def _with_number(self, kind: str, value: str) -> list[Asked]:
        if kind not in self._numbered:
            found: dict[str, list[Asked]] = defaultdict(list)
            for one in self._of_kind.get(kind, []):
                for number in set(_numbers(one.resource)):
                    found[number].append(one)
            self._numbered[kind] = found
        return self._numbered[kind].get(value, [])


def _numbers(resource: Resource) -> Iterable[str]:
    given = resource.get("identifier")
    for one in given if isinstance(given, list) else [given]:
        if isinstance(one, dict) and isinstance(one.get("value"), str):
            yield one["value"]


def same(writes: Sequence[Asked], found: Mapping[int, str | None], base: str) -> dict[int, int]:
    """The places of conditional creates that mean what another entry makes, each with the place of that one.

    Args:
        found: what of the store the criteria of an entry fit, by its place.

    Raises:
        HttpError: 400, 412: what would be made depends on the order of the entries.
    """
    new = [one for one in writes if one.method in ("POST", "PUT") and found.get(one.place, "") is None]
    creates = [one for one in writes if one.method == "POST" and not found.get(one.place)]
    updates = [one for one in new if one.method == "PUT"]
    if not new or len(creates) + len(updates) < 2:
        return {}
    joined: dict[int, int] = {}
    firsts: dict[tuple[str, tuple[tuple[str, str], ...]], Asked] = {}
    for one in new:
        first = firsts.setdefault((one.kind, tuple(sorted(conditions_of(one.kind, one.criteria)))), one)
        if first is not one:
            if one.method == "PUT" or first.method == "PUT" or one.resource != first.resource:
                raise HttpError(400, problems.one_or_another(one.kind, one.criteria, one.path))
            joined[one.place] = first.place
    made = Made((one for one in (*creates, *updates) if one.place not in joined), base)
    for one in firsts.values():
        others = [other for other in made.fitting(one.kind, one.criteria) if other.place != one.place]
        others = [other for other in others if one.method == "PUT" or other.method == "POST"]
        if not others:
            continue
        if len(others) > 1:
            raise HttpError(412, replace(problems.several(one.kind, one.criteria), where={"path": one.path}))
        (other,) = others
        if one.method == "PUT":
            raise HttpError(400, problems.one_or_another(one.kind, one.criteria, one.path))
        if _end(joined, other.place) != one.place:
            joined[one.place] = other.place
        elif one.resource != other.resource:
            raise HttpError(400, problems.one_or_another(one.kind, one.criteria, one.path))
    return {place: _end(joined, place) for place in joined}


def _end(joined: Mapping[int, int], place: int) -> int:
    while place in joined:
        place = joined[place]
    return place
