"""How R4 writes what is searched for: ``code:modifier``, chains, ``_has``, alternatives, escapes, prefixes
(section "Search")."""

from __future__ import annotations

import re
from typing import NamedTuple

from lienthong.records.search import problems

MOST_ALTERNATIVES = 500
_LONGEST_NAME = 300
_LONGEST_VALUE = 40_000
_PREFIX = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)", re.DOTALL)


class Name(NamedTuple):
    """The left side of a parameter.

    Attributes:
        whole: as it was written.
        code: the parameter; ``_has`` for a reverse chain.
        modifier: what follows the first colon, or empty.
        rest: what follows the first point of a chain; for ``_has`` the parameter of the other resource.
    """

    whole: str
    code: str
    modifier: str = ""
    rest: str = ""


def name(whole: str) -> Name:
    """Takes a parameter's name apart.

    Raises:
        LienThongError: too long.
    """
    if len(whole) > _LONGEST_NAME or "\0" in whole:
        raise problems.bad_value(whole, whole, f"1–{_LONGEST_NAME} characters")
    if whole.startswith("_has:"):
        parts = whole.split(":", 3)
        if len(parts) < 4 or not all(parts):
            raise problems.bad_value(whole, whole, "_has:Observation:patient:code")
        return Name(whole, "_has", f"{parts[1]}:{parts[2]}", parts[3])
    head, point, rest = whole.partition(".")
    code, _, modifier = head.partition(":")
    if point and not rest:
        raise problems.bad_value(whole, whole, "subject:Patient.name")
    return Name(whole, code, modifier, rest)


def alternatives(name: str, value: str) -> list[str]:
    """The values between commas, still with the other escapes; empty ones are dropped.

    Raises:
        LienThongError: too many, too long, or with NUL.
    """
    if len(value) > _LONGEST_VALUE or "\0" in value:
        raise problems.bad_value(name, value[:40], f"1–{_LONGEST_VALUE} characters")
    found = [one for one in split(value, ",") if one]
    if len(found) > MOST_ALTERNATIVES:
        raise problems.too_complex(name, MOST_ALTERNATIVES)
    return found


def split(value: str, mark: str) -> list[str]:
    """Splits at a mark that no backslash precedes; the escapes stay."""
    parts, start, at = [], 0, 0
    while at < len(value):
        if value[at] == "\\":
            at += 1
        elif value[at] == mark:
            parts.append(value[start:at])
            start = at + 1
        at += 1
    return [*parts, value[start:]]


def plain(value: str) -> str:
    r"""Without escapes: ``\,`` is a comma."""
    return re.sub(r"\\([,|$\\])", r"\1", value)


def prefixed(value: str) -> tuple[str, str]:
    """Prefix (``eq`` if none) and the rest."""
    match = _PREFIX.fullmatch(value)
    assert match is not None
    return match[1] or "eq", match[2]


def token(value: str) -> tuple[str | None, str]:
    """System (None: any, empty: none) and code."""
    parts = split(value, "|")
    if len(parts) == 1:
        return None, plain(value)
    return plain(parts[0]), plain("|".join(parts[1:]))
