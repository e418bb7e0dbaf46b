"""Generates, for each resource type, the Python that writes its index rows.

There is one function for each JSON member that a search parameter reads; what a resource does not have costs nothing.
What tests rather than reads (``deceased``, which is false for whoever has no such element) stands at ``resourceType``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import cache
from typing import Any

from lienthong.records import keys, values
from lienthong.records.fhirpath import model, runtime
from lienthong.records.fhirpath.generate import Generator
from lienthong.records.fhirpath.syntax import Call, Index, Member, Node, TypeTest
from lienthong.records.index import datatypes
from lienthong.records.index.datatypes import WRITERS, Rows
from lienthong.records.index.definitions import own_sources, parameters

Handler = Callable[[dict[str, Any], Rows], None]

NUMBER = keys.param("Patient", "number")
"""The identifiers of a Patient in upper case without spaces, whatever their system (token)."""

APPOINTED = keys.param("Appointment", "appointed")
"""The day of an Appointment in Viet Nam, ``yyyy-MM-dd`` (string)."""


def rows(resource: dict[str, Any]) -> Rows:
    """The index rows of a resource; none for what is no resource, and none for elements of a strange shape."""
    found = Rows(set(), set(), set(), set(), set())
    kind = resource.get("resourceType") if resource.__class__ is dict else None
    if kind.__class__ is str and kind in model.resource_types():
        handlers = _handlers(kind)
        for member in resource:
            handler = handlers.get(member)
            if handler is not None:
                handler(resource, found)
    return found


@cache
def _handlers(kind: str) -> dict[str, Handler]:
    lines = _lines(kind)
    text = [f"def at_{member}(this, rows):\n    resource = this\n{body}" for member, body in lines.items()]
    names: dict[str, Any] = {
        **vars(runtime),
        **{f"write_{w.__name__}": w for w in _WRITTEN},
        "appointed": _appointed,
    }
    exec(compile("\n".join(text), f"<index of {kind}>", "exec"), names)  # noqa: S102
    return {member: names[f"at_{member}"] for member in lines}


_WRITTEN = {*WRITERS.values(), datatypes.number_alone}


def _lines(kind: str) -> dict[str, str]:
    """For each JSON member, the body of the function that reads it."""
    found: dict[str, list[str]] = defaultdict(list)
    for code, places in own_sources(kind).items():
        param = keys.param(kind, code)
        for place in places:
            types = ["boolean"] if place.code.truth else sorted(place.code.types or ())
            for name in types:
                writer = WRITERS.get((parameters(kind)[code].type, name))
                if writer is None:
                    continue
                node = place.node if len(types) == 1 else TypeTest("as", place.node, name)
                made = Generator(kind).start_code(node).items
                made = f"plains({made})" if model.primitive(name) else made
                line = f"    for item in {made}:\n        write_{writer.__name__}(rows, {param}, item)\n"
                for member in ["resourceType"] if place.code.truth else _members(node, kind):
                    found[member].append(line)
    if kind == "Patient":
        line = (
            f"    for item in step([this], 'identifier'):\n        write_number_alone(rows, {NUMBER}, item)\n"
        )
        found["identifier"].append(line)
    if kind == "Appointment":
        for member in ("start", "requestedPeriod"):
            found[member].append("    appointed(this, rows)\n")
    return {member: "".join(lines) for member, lines in found.items()}


def _members(node: Node, kind: str) -> list[str]:
    """The JSON members of the resource without which an expression yields nothing."""
    only = ""
    while not (isinstance(node, Member) and (node.target is None or _begins(node.target, kind))):
        if isinstance(node, TypeTest):
            only, node = node.type, node.operand
        elif isinstance(node, Member | Call | Index) and node.target is not None:
            only, node = "", node.target
        else:
            raise ValueError(f"an expression of {kind} begins with no element")
    pairs = model.elements(kind)[node.name].keys
    return [key for key, name in pairs if not only or model.is_a(name, only)] or [key for key, _ in pairs]


def _begins(node: Node, kind: str) -> bool:
    return isinstance(node, Member) and node.target is None and node.name in model.lineage(kind)


def _appointed(resource: dict[str, Any], rows: Rows) -> None:
    wanted = [period for period in runtime.step([resource], "requestedPeriod") if period.__class__ is dict]
    try:
        day = values.appointed_day({"start": resource.get("start"), "requestedPeriod": wanted})
    except OverflowError:
        return
    if day:
        rows.strings.add((APPOINTED, day))
