"""Operations (``$name``) that other parts give to the door; one table in ``config`` holds them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lienthong.foundation.wsgi import Response
from lienthong.records.api.call import Call

Level = str
"""``system``, ``type`` or ``instance``."""


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
