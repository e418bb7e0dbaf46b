"""Elements of FHIR R4 dictionaries for a page: what :mod:`lienthong.records.elements` reads, in the reader's digits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import formats

from lienthong.records.elements import (
    Resource,
    at,
    code_of,
    codings,
    extension,
    items,
    lines,
    named,
    number,
    paragraphs,
    target,
    text,
    unread,
    words,
)

__all__ = [
    "Resource",
    "amount",
    "at",
    "code_of",
    "codings",
    "extension",
    "figure",
    "items",
    "lines",
    "named",
    "number",
    "paragraphs",
    "target",
    "text",
    "unread",
    "words",
]


def figure(value: Any) -> str:
    """A number with the digits it was written with and the reader's decimal mark."""
    exact = number(value)
    if exact is None:
        return ""
    return f"{exact:f}".replace(".", str(formats.get_format("DECIMAL_SEPARATOR")))


def amount(value: Any) -> str:
    """A Quantity of a drug: ``28 Viên``; 28.000 loses its zeros, so that nobody reads thousands."""
    exact = number(at(value, "value"))
    if exact is None:
        return ""
    whole, mark, fraction = f"{exact:f}".partition(".")
    fraction = fraction.rstrip("0")
    short = Decimal(f"{whole}.{fraction}" if mark and fraction else whole)
    parts = (text(value, "comparator"), figure(short), text(value, "unit") or text(value, "code"))
    return " ".join(part for part in parts if part)
