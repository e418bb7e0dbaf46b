"""Where a block of the record comes from, and of when it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


class Kept(Protocol):
    """What is needed of a stored resource; see :class:`lienthong.records.Stored`."""

    @property
    def origin(self) -> str: ...
    @property
    def updated(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Source:
    """The stamp under a block.

    Attributes:
        way: ``his-xml``, ``transfer`` … (how it came); empty when unknown.
        facility: code of the facility whose dossier it is; empty for a transfer.
        dossier: MA_LK, or the loop of the transfer.
        received: when it was stored here, ISO 8601 UTC.
        others: how many further dossiers the block draws on.
    """

    way: str
    facility: str
    dossier: str
    received: str
    others: int


def source(kept: Iterable[Kept]) -> Source | None:
    """The stamp of a block made of these resources: the dossier received last, and how many others."""
    newest: dict[str, str] = {}
    for stored in kept:
        if stored.origin:
            newest[stored.origin] = max(stored.updated, newest.get(stored.origin, ""))
    if not newest:
        return None
    origin = max(newest, key=lambda key: newest[key])
    way, _, rest = origin.partition("/")
    facility, _, dossier = rest.partition("/") if way == "his-xml" else ("", "", rest)
    return Source(way, facility, dossier, newest[origin], len(newest) - 1)
