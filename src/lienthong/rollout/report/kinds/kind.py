"""What a kind of report is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lienthong.rollout.papers.paper import Annex, Table
from lienthong.rollout.report import issuers
from lienthong.rollout.report.content import Content
from lienthong.rollout.report.figures import Definition
from lienthong.rollout.report.issuers import Issuer


@dataclass(frozen=True, slots=True)
class Said:
    """What a text is made from: the frozen data, who issues the report, and which report it replaces (in words)."""

    content: Content
    issuer: Issuer
    unconfirmed: tuple[str, ...] = ()
    replaces: str = ""
    corrections: tuple[str, ...] = ()

    @property
    def area(self) -> Issuer:
        """The province on the closing day, which may have another name when the report is signed."""
        return issuers.of(self.content.last)


Write = Callable[[Said], Sequence[str]]
"""Lines of a part: one beginning with ``- `` is a bullet, with ``1. `` a heading, any other a paragraph."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the text.

    Attributes:
        key: ``II.3``; texts of officers are kept by it.
        level: of its heading; 0: it has none.
        heading: with its number, as it is printed.
        lines: writes it; None: the part is its heading alone.
        tables: follow the lines and are not edited.
    """

    key: str
    level: int
    heading: str
    lines: Write | None = None
    tables: Callable[[Said], Sequence[Table]] | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of report.

    Attributes:
        vi, en: its name on pages.
        subject: below BÁO CÁO.
        closing: the last sentence.
        months: length of its usual period; 0: two weeks.
    """

    code: str
    vi: str
    en: str
    subject: Callable[[Said], str]
    definitions: tuple[Definition, ...]
    parts: tuple[Part, ...]
    annexes: Callable[[Said], Sequence[Annex]]
    months: int = 0

    def part(self, key: str) -> Part:
        """A part by its key.

        Raises:
            KeyError: there is none.
        """
        for one in self.parts:
            if one.key == key:
                return one
        raise KeyError(key)
