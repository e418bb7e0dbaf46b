"""What is frozen of a period: the material, the figures made of it, the checks, and what changed at each unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from lienthong.foundation import json
from lienthong.rollout.report.figures import Figure
from lienthong.rollout.report.material import Material, UnitRow
from lienthong.rollout.report.sums import Check
from lienthong.rollout.report.words import EMR_STATE, HOSTING, LEVEL

FORM = 1
_CHANGES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("infrastructure_level", "Hạ tầng", {}),
    ("his_level", "HIS", {}),
    ("lis", "LIS", LEVEL),
    ("ris_pacs", "RIS-PACS", LEVEL),
    ("emr", "Phần mềm BAĐT", LEVEL),
    ("emr_state", "Tình trạng BAĐT", EMR_STATE),
    ("hosting", "Máy chủ", HOSTING),
)


@dataclass(frozen=True, slots=True)
class Before:
    """What a report is compared with: a numbered report, or (``number`` empty) the state on the day ``last``."""

    report: str
    number: str
    day: str
    last: str


@dataclass(frozen=True, slots=True)
class Content:
    """The frozen data. ``changes``: unit code to what is otherwise than before, in words."""

    form: int
    kind: str
    material: Material
    before: Before
    figures: tuple[Figure, ...]
    checks: tuple[Check, ...]
    changes: dict[str, tuple[str, ...]]

    @property
    def last(self) -> date:
        return self.material.last

    def figure(self, name: str) -> Figure:
        """A figure by name.

        Raises:
            KeyError: this kind of report has no such figure.
        """
        for one in self.figures:
            if one.name == name:
                return one
        raise KeyError(name)

    def value(self, name: str) -> int | None:
        """The value of a figure."""
        return self.figure(name).value

    def named(self, key: str, *wanted: str) -> list[str]:
        """Names of the units of which a declared state is one of the wanted codes."""
        return [unit.name for unit in self.material.units if unit.states.get(key) in wanted]

    def body(self) -> str:
        """Canonical JSON (RFC 8785)."""
        return json.canonical(msgspec.to_builtins(self)).decode()


def read(body: str) -> Content:
    """The reverse of :meth:`Content.body`.

    Raises:
        msgspec.ValidationError: it has not the shape of a snapshot.
    """
    return msgspec.convert(json.loads(body), Content)


def changes(now: Material, before: Mapping[str, UnitRow]) -> dict[str, tuple[str, ...]]:
    """What is otherwise at each unit; a value that was not known before is told as new."""
    found: dict[str, tuple[str, ...]] = {}
    for unit in now.units:
        earlier = before.get(unit.code)
        if earlier is None:
            continue
        told = [
            f"{label}: {_word(words, earlier.states.get(key))} → {_word(words, unit.states.get(key))}"
            for key, label, words in _CHANGES
            if unit.states.get(key) != earlier.states.get(key)
        ]
        if told:
            found[unit.code] = tuple(told)
    return found


def _word(words: Mapping[str, str], code: str | None) -> str:
    return "chưa có số liệu" if code is None else words.get(code, code)


def as_data(content: Content) -> dict[str, Any]:
    """The content as plain data, e.g. for a file."""
    plain: dict[str, Any] = msgspec.to_builtins(content)
    return plain
