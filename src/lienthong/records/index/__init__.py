"""What a resource is found by: the search parameters of R4 and the index rows that they give."""

from __future__ import annotations

from typing import Any

from lienthong.records.fhirpath import compile, model
from lienthong.records.index.datatypes import Rows
from lienthong.records.index.definitions import Parameter, parameters, sources
from lienthong.records.index.extraction import APPOINTED, NUMBER, rows
from lienthong.records.index.intervals import moments, precise

__all__ = [
    "APPOINTED",
    "NUMBER",
    "Parameter",
    "Rows",
    "combinations",
    "moments",
    "parameters",
    "precise",
    "rows",
    "values",
]


def values(resource: Any, kind: str, code: str) -> list[Any]:
    """The elements that a search parameter of a resource type reads in a resource, as plain JSON.

    Raises:
        KeyError: the type has no such parameter.
    """
    return compile(parameters(kind)[code].expression, kind)(resource)


def combinations(resource: Any, kind: str, code: str) -> list[tuple[list[Any], ...]]:
    """The values of a composite parameter: for each element that it reads, those of each of its components.

    Raises:
        KeyError: the type has no such parameter.
    """
    parameter = parameters(kind)[code]
    return [
        tuple(compile(expression, name)(element, resource) for _, expression in parameter.components)
        for part, name in _bases(parameter)
        for element in compile(part, kind)(resource)
    ]


def _bases(parameter: Parameter) -> list[tuple[str, str]]:
    """Where the values of a composite stand, each with its type."""
    places = sources(parameter.kind)[parameter.code]
    return [(place.text, name) for place in places for name in place.code.types or () if model.known(name)]
