"""Reading the store. Nothing here writes; whoever shows a record writes the audit event first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Resource = dict[str, Any]


@dataclass(frozen=True)
class Stored:
    """A version of a resource.

    Attributes:
        type, id: as in ``Type/id``.
        version: 1 for the first.
        updated: when it was committed, ISO 8601 UTC.
        moment: its clinical time, ISO 8601 UTC, or empty.
        origin: the set it belongs to, e.g. ``his-xml/24011/LK0001``; empty for shared ones (Patient …).
        restricted: labelled as specially protected.
        deleted: this version says that it is gone.
        body: its JSON as stored.
    """

    type: str
    id: str
    version: int
    updated: str
    moment: str
    origin: str
    restricted: bool
    deleted: bool
    body: bytes

    @cached_property
    def resource(self) -> Resource:
        """The resource as a dictionary, with ``meta.versionId`` and ``meta.lastUpdated``."""
        raise NotImplementedError


def read(type: str, id: str) -> Stored | None:
    """The current version, or None; also None when it was deleted."""
    raise NotImplementedError


def read_many(refs: Iterable[str]) -> dict[str, Stored]:
    """The current versions of several ``Type/id``, by that text; missing ones are left out."""
    raise NotImplementedError


def history(type: str, id: str) -> list[Stored]:
    """All versions, newest first."""
    raise NotImplementedError


def for_patient(
    patient: str,
    types: Sequence[str] | None = None,
    *,
    since: str = "",
    until: str = "",
    limit: int | None = None,
    with_restricted: bool = False,
) -> list[Stored]:
    """What belongs to a patient (FHIR id), newest moment first.

    Args:
        types: resource types; all when None.
        since, until: bounds of the clinical moment, ISO 8601 UTC.
        with_restricted: also what is specially protected.
    """
    raise NotImplementedError


def of_origin(origin: str, types: Sequence[str] | None = None) -> list[Stored]:
    """The current resources of one origin, e.g. of one dossier."""
    raise NotImplementedError


def find_patients(text: str, *, limit: int = 50) -> list[Stored]:
    """Patients by an identifier (any of their numbers, whole), or by words of the name in any order, without or with
    tone marks, and optionally a birth year or date: ``"tran thi anh 1960"``."""
    raise NotImplementedError


def count(type: str) -> int:
    """How many current resources of a type are kept."""
    raise NotImplementedError
