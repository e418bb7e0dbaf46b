"""The parameters that say what the answer looks like (R4, section "Managing Returned Resources")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from lienthong.foundation.errors import LienThongError
from lienthong.records.search import fields, including, problems, sorting
from lienthong.records.search.including import Include
from lienthong.records.search.sorting import Key

USUAL, MOST = 20, 500
_TOTALS = ("none", "estimate", "accurate")
_SUMMARIES = ("true", "text", "data", "count", "false")
_OF_THE_DOOR = frozenset({"_format", "_pretty"})
_IGNORABLE = frozenset({"search-unknown-parameter", "search-unsupported"})


class Shape(NamedTuple):
    """What of a resource is shown.

    Attributes:
        summary: ``true``, ``text`` or ``data``; empty for all of it.
        elements: names of elements, each perhaps after ``Type.``; empty for all.
    """

    summary: str = ""
    elements: tuple[str, ...] = ()


@dataclass
class Controls:
    """What the answer shall look like.

    Attributes:
        rest: the parameters that choose resources.
        applied, ignored: all that were understood, and the names of those that were not.
    """

    kinds: tuple[str, ...]
    count: int = USUAL
    cursor: str = ""
    total: Literal["", "none", "accurate"] = ""
    sort: list[Key] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    shape: Shape = field(default_factory=Shape)
    rest: list[tuple[str, str]] = field(default_factory=list)
    applied: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def pass_over(self, error: LienThongError, name: str, strict: bool) -> None:
        """Notes what is not understood.

        Raises:
            LienThongError: that one, if all must be understood or it must never be passed over.
        """
        if strict or error.problem.code not in _IGNORABLE:
            raise error
        self.ignored.append(name)


def read(kind: str, given: Iterable[tuple[str, str]], *, strict: bool) -> Controls:
    """Parts the parameters that shape the answer from those that choose resources.

    Raises:
        LienThongError: one is not understood.
    """
    pairs = [(name, value) for name, value in given if value.strip(" ,") and name not in _OF_THE_DOOR]
    found = Controls(_kinds(kind, pairs))
    for name, value in pairs:
        if name == "_type":
            found.applied.append((name, value))
            continue
        try:
            chosen = not _control(found, name, value)
        except LienThongError as error:
            found.pass_over(error, name, strict)
            continue
        if chosen:
            found.rest.append((name, value))
        else:
            found.applied.append((name, value))
    return found


def _kinds(kind: str, pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    types = fields.types()
    if kind:
        if kind not in types:
            raise problems.unknown_type("resourceType", kind)
        for name, _ in pairs:
            if name == "_type":
                raise problems.unknown_parameter(name, kind, fields.known((kind,)))
        return (kind,)
    named = [
        one.strip() for name, value in pairs if name == "_type" for one in value.split(",") if one.strip()
    ]
    for one in named:
        if one not in types:
            raise problems.unknown_type("_type", one)
    return tuple(sorted(set(named)))


def _control(found: Controls, name: str, value: str) -> bool:
    """Whether it was one that shapes the answer."""
    code = name.partition(":")[0]
    match code:
        case "_count":
            if not (value.isascii() and value.isdigit() and len(value) < 10):
                raise problems.bad_value(name, value, f"0–{MOST}")
            found.count = min(int(value), MOST)
        case "_cursor":
            found.cursor = value
        case "_total":
            if value not in _TOTALS:
                raise problems.bad_value(name, value, ", ".join(_TOTALS))
            found.total = "none" if value == "none" else "accurate"
        case "_totalMethod":  # Aidbox's name for it, which fhirpy sends
            found.total = "accurate"
        case "_sort":
            found.sort = sorting.keys(found.kinds, value)
        case "_include" | "_revinclude":
            found.includes.append(including.read(name, value))
        case "_summary" | "_elements":
            found.shape = shaped(found.shape, name, value)
            found.count = 0 if value == "count" and code == "_summary" else found.count
        case "_contained" | "_containedType":
            if value != "false":
                raise problems.unsupported(name)
        case _:
            return False
    return True


def shaped(shape: Shape, name: str, value: str) -> Shape:
    """The shape with one further parameter.

    Raises:
        LienThongError: its value cannot be read.
    """
    if name == "_elements":
        return shape._replace(elements=tuple(one.strip() for one in value.split(",") if one.strip()))
    if value not in _SUMMARIES:
        raise problems.bad_value(name, value, ", ".join(_SUMMARIES))
    return shape._replace(summary="" if value in ("false", "count") else value)
