"""One family of errors. Every door (FHIR, page, operations row, report file) renders the same object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where, and what to do.

    Attributes:
        code: stable, lower-case words joined by ``-``, e.g. ``his-xml-no-patient``.
        vi, en: one sentence for a person.
        hint_vi, hint_en: what to do; may be empty.
        severity: ``error`` sets the item aside, ``warning`` lets it pass.
        where: place in the input, e.g. ``{"table": "XML1", "row": 1, "field": "SO_CCCD", "line": 12}``.
        retry: whether trying again unchanged can help.
    """

    code: str
    vi: str
    en: str
    hint_vi: str = ""
    hint_en: str = ""
    severity: Severity = "error"
    where: dict[str, Any] = field(default_factory=dict)
    retry: bool = False

    def as_dict(self) -> dict[str, Any]:
        """For JSON: ``code severity message message_en hint hint_en`` and the places."""
        return {
            "code": self.code,
            "severity": self.severity,
            **self.where,
            "message": self.vi,
            "message_en": self.en,
            "hint": self.hint_vi,
            "hint_en": self.hint_en,
        }

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Problem:
        """The reverse of :meth:`as_dict`; unknown members are places."""
        known = {name: value.get(name, "") for name in ("code", "message", "message_en", "hint", "hint_en")}
        where = {k: v for k, v in value.items() if k not in known and k not in ("severity", "retry")}
        severity: Severity = "warning" if value.get("severity") == "warning" else "error"
        vi, en = str(known["message"]), str(known["message_en"])
        hints = str(known["hint"]), str(known["hint_en"])
        return cls(str(known["code"]), vi, en, *hints, severity, where, bool(value.get("retry", False)))


class LienThongError(Exception):
    """The base of all errors of this program; carries a :class:`Problem`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.code}: {problem.en}")
        self.problem = problem
