"""Operations (``$name``) that other parts give to the door; one table in ``config`` holds them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records.api import problems
from lienthong.records.api.call import Call

Level = str
"""``system``, ``type`` or ``instance``."""


def asked(call: Call) -> list[tuple[str, str]]:
    """Names and values of the parameters in the query, then those of a Parameters resource in the body.

    Raises:
        HttpError: 400, 415, the body is none.
    """
    if call.method != "POST" or not call.content:
        return list(call.query)
    resource, _ = call.resource()
    listed = resource.get("parameter", [])
    if resource.get("resourceType") != "Parameters" or not isinstance(listed, list):
        raise HttpError(400, problems.not_understood("Parameters", "resourceType"))
    return [*call.query, *(_named(one) for one in listed if isinstance(one, dict))]


def _named(parameter: dict[str, Any]) -> tuple[str, str]:
    value = next((value for name, value in parameter.items() if name.startswith("value")), "")
    return str(parameter.get("name", "")), str(value)


@dataclass(frozen=True, slots=True)
class Operation:
    """A FHIR operation.

    Attributes:
        name: without ``$``.
        kind: the resource type it belongs to; empty for every type (and for the system level).
        levels: where it can be called.
        run: answers a call; the id is empty above the instance level.
        definition: canonical URL of its OperationDefinition.
        letter: what the caller must hold for the type, one of ``cruds``.
        affects: it changes something, so that only POST calls it.
        ends: DELETE calls it too.
        listed: it stands in the CapabilityStatement; others are steps of one that does.
    """

    name: str
    kind: str
    levels: frozenset[Level]
    run: Callable[[Call, str], Response]
    definition: str
    letter: str = "r"
    affects: bool = False
    ends: bool = False
    listed: bool = True
