"""From an element to index rows, by search parameter type and datatype (FHIR R4, search, 3.1.1.4.5 to 3.1.1.4.15).

A writer takes the rows, the parameter's number and an element; an element of a strange shape gives no row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from lienthong.foundation.text import fold
from lienthong.records.index.intervals import LARGEST, OPEN, moments, precise
from lienthong.records.keys import hash32, hash64

_LONGEST = 120
_MOST_SAMPLES = 100_000
_CURRENCY = "urn:iso:std:iso:4217"


class Rows(NamedTuple):
    """Index rows of a resource, without its number.

    Attributes:
        tokens: parameter, value, system.
        links: target, parameter.
        strings: parameter, value.
        dates: parameter, first and last millisecond.
        numbers: parameter, least and greatest value, unit.
    """

    tokens: set[tuple[int, int, int]]
    links: set[tuple[int, int]]
    strings: set[tuple[int, str]]
    dates: set[tuple[int, int, int]]
    numbers: set[tuple[int, float, float, int]]


Writer = Callable[[Rows, int, Any], None]


def _text(element: Any, name: str) -> str:
    value = element.get(name) if element.__class__ is dict else None
    return value if value.__class__ is str else ""


def _entries(element: Any, name: str) -> list[Any]:
    value = element.get(name) if element.__class__ is dict else None
    return value if value.__class__ is list else []


# token, uri


def code(rows: Rows, param: int, element: Any) -> None:
    """code, id, string, uri, canonical: the text as it stands, without a system."""
    if element.__class__ is str:
        rows.tokens.add((param, hash64(element), 0))


def boolean(rows: Rows, param: int, element: Any) -> None:
    """``true`` or ``false``."""
    if element.__class__ is bool:
        rows.tokens.add((param, hash64("true" if element else "false"), 0))


def coding(rows: Rows, param: int, element: Any) -> None:
    """Coding: code and system."""
    if element.__class__ is dict:
        value, system = element.get("code"), element.get("system")
        if value.__class__ is str:
            rows.tokens.add((param, hash64(value), hash32(system) if system.__class__ is str else 0))


def concept(rows: Rows, param: int, element: Any) -> None:
    """CodeableConcept: each of its codings."""
    for entry in _entries(element, "coding"):
        coding(rows, param, entry)


def identifier(rows: Rows, param: int, element: Any) -> None:
    """Identifier: value and system."""
    if element.__class__ is dict:
        value, system = element.get("value"), element.get("system")
        if value.__class__ is str:
            rows.tokens.add((param, hash64(value), hash32(system) if system.__class__ is str else 0))


def contact(rows: Rows, param: int, element: Any) -> None:
    """ContactPoint: value; R4 gives it no system."""
    if value := _text(element, "value"):
        rows.tokens.add((param, hash64(value), 0))


def number_alone(rows: Rows, param: int, element: Any) -> None:
    """Identifier: its value in upper case without spaces, whatever the system."""
    if value := "".join(_text(element, "value").upper().split()):
        rows.tokens.add((param, hash64(value), 0))


def versioned(rows: Rows, param: int, element: Any) -> None:
    """canonical: the address with its version and without."""
    if element.__class__ is str:
        for value in {element, element.partition("|")[0]}:
            rows.tokens.add((param, hash64(value), 0))


# reference


def reference(rows: Rows, param: int, element: Any) -> None:
    """Reference: ``Type/id`` or absolute address, both without version, and its identifier."""
    if element.__class__ is not dict:
        return
    target = element.get("reference")
    if target.__class__ is str and target and target[0] != "#":
        rows.links.add((hash64(target.partition("/_history/")[0]), param))
    logical = element.get("identifier")
    if logical.__class__ is dict and (value := _text(logical, "value")):
        rows.links.add((hash64(f"{_text(logical, 'system')}|{value}"), param))


def canonical(rows: Rows, param: int, element: Any) -> None:
    """canonical, uri: the address with its version and without."""
    if element.__class__ is str and element and element[0] != "#":
        for target in {element, element.partition("|")[0]}:
            rows.links.add((hash64(target), param))


def inline(rows: Rows, param: int, element: Any) -> None:
    """A resource that stands where a reference is asked for: its own ``Type/id``."""
    kind, id = _text(element, "resourceType"), _text(element, "id")
    if kind and id:
        rows.links.add((hash64(f"{kind}/{id}"), param))


# string


def _folded(text: str) -> str:
    """What a row holds of a text; PostgreSQL stores no U+0000."""
    return fold(text.replace("\0", " "))[:_LONGEST].rstrip()


def string(rows: Rows, param: int, element: Any) -> None:
    """string, markdown: the folded text, and each further word of what is kept of it."""
    if element.__class__ is str and (whole := _folded(element)):
        rows.strings.add((param, whole))
        for word in whole.split()[1:]:
            rows.strings.add((param, word))


def _parts(rows: Rows, param: int, element: Any, names: tuple[str, ...]) -> None:
    for name in names:
        value = element.get(name) if element.__class__ is dict else None
        for part in value if value.__class__ is list else (value,):
            if part.__class__ is str and (whole := _folded(part)):
                rows.strings.add((param, whole))
                for word in whole.split():
                    rows.strings.add((param, word))


def name(rows: Rows, param: int, element: Any) -> None:
    """HumanName: each part, the whole and each word."""
    _parts(rows, param, element, ("text", "family", "given", "prefix", "suffix"))


def address(rows: Rows, param: int, element: Any) -> None:
    """Address: each part, the whole and each word."""
    _parts(rows, param, element, ("text", "line", "city", "district", "state", "postalCode", "country"))


# date


def day(rows: Rows, param: int, element: Any) -> None:
    """date, dateTime, instant: the time that it covers."""
    if element.__class__ is str and (covered := moments(element)):
        rows.dates.add((param, *covered))


def period(rows: Rows, param: int, element: Any) -> None:
    """Period: from the first moment of its start to the last of its end."""
    if covered := _period(element):
        rows.dates.add((param, *covered))


def _period(element: Any) -> tuple[int, int] | None:
    ends = [_text(element, "start"), _text(element, "end")]
    covered = [moments(end) for end in ends if end]
    if not covered or None in covered:
        return None
    low = min(found[0] for found in covered if found)
    high = max(found[1] for found in covered if found)
    return (low if ends[0] else -OPEN), (high if ends[1] else OPEN)


def timing(rows: Rows, param: int, element: Any) -> None:
    """Timing: from its first to its last event, and the period in which it repeats."""
    found = [moments(event) for event in _entries(element, "event") if event.__class__ is str]
    if element.__class__ is dict and element.get("repeat").__class__ is dict:
        found.append(_period(element["repeat"].get("boundsPeriod")))
    covered = [interval for interval in found if interval]
    if covered:
        rows.dates.add((param, min(low for low, _ in covered), max(high for _, high in covered)))


# number, quantity


def decimal(rows: Rows, param: int, element: Any) -> None:
    """decimal: the interval of its precision."""
    if interval := precise(element):
        rows.numbers.add((param, *interval, 0))


def integer(rows: Rows, param: int, element: Any) -> None:
    """integer: the value itself."""
    if element.__class__ is int and precise(element):
        rows.numbers.add((param, float(element), float(element), 0))


def unit(element: Any) -> int:
    """The number of a quantity's unit, 0 if it has no code."""
    found = _text(element, "code")
    return hash32(f"{_text(element, 'system')}|{found}") if found else 0


def quantity(rows: Rows, param: int, element: Any) -> None:
    """Quantity, Age, Duration …: the interval of its precision; all that is less or more with a comparator."""
    interval = precise(element.get("value")) if element.__class__ is dict else None
    if interval:
        low, high = interval
        comparator = _text(element, "comparator")[:1]
        low = -LARGEST if comparator == "<" else low
        high = LARGEST if comparator == ">" else high
        rows.numbers.add((param, low, high, unit(element)))


def money(rows: Rows, param: int, element: Any) -> None:
    """Money: the unit is its currency (ISO 4217)."""
    interval = precise(element.get("value")) if element.__class__ is dict else None
    if interval:
        currency = _text(element, "currency")
        rows.numbers.add((param, *interval, hash32(f"{_CURRENCY}|{currency}") if currency else 0))


def range(rows: Rows, param: int, element: Any) -> None:
    """Range: from low to high."""
    ends = [element.get(end) if element.__class__ is dict else None for end in ("low", "high")]
    low, high = (precise(end.get("value")) if end.__class__ is dict else None for end in ends)
    if low or high:
        least, most = (low[0] if low else -LARGEST), (high[1] if high else LARGEST)
        units = {unit(end) for end in ends if end.__class__ is dict} or {0}
        for kind in units:
            rows.numbers.add((param, min(least, most), max(least, most), kind))


def samples(rows: Rows, param: int, element: Any) -> None:
    """SampledData: from its least to its greatest value, in the unit of its origin."""
    data = _text(element, "data")
    origin = element.get("origin") if data else None
    base = precise(origin.get("value")) if origin.__class__ is dict else None
    if base is None or len(data) > _MOST_SAMPLES:
        return
    factor = precise(element.get("factor", 1))
    middle, scale = sum(base) / 2, sum(factor) / 2 if factor else 1.0
    found = [middle + value * scale for value in _numbers(data)]
    if found and -LARGEST <= min(found) <= max(found) <= LARGEST:
        rows.numbers.add((param, min(found), max(found), unit(origin)))


def _numbers(data: str) -> Iterator[float]:
    for word in data.split():
        if word not in ("E", "U", "L"):
            try:
                yield float(word)
            except ValueError:
                continue


WRITERS: dict[tuple[str, str], Writer] = {
    **{("token", kind): code for kind in ("code", "id", "string", "uri")},
    ("token", "boolean"): boolean,
    ("token", "Coding"): coding,
    ("token", "CodeableConcept"): concept,
    ("token", "Identifier"): identifier,
    ("token", "ContactPoint"): contact,
    ("uri", "uri"): code,
    ("uri", "url"): code,
    ("uri", "canonical"): versioned,
    ("reference", "Reference"): reference,
    ("reference", "canonical"): canonical,
    ("reference", "uri"): canonical,
    ("reference", "Resource"): inline,
    ("string", "string"): string,
    ("string", "markdown"): string,
    ("string", "HumanName"): name,
    ("string", "Address"): address,
    **{("date", kind): day for kind in ("date", "dateTime", "instant")},
    ("date", "Period"): period,
    ("date", "Timing"): timing,
    ("number", "decimal"): decimal,
    ("number", "integer"): integer,
    ("number", "Range"): range,
    ("quantity", "Range"): range,
    ("quantity", "Money"): money,
    ("quantity", "SampledData"): samples,
    **{("quantity", kind): quantity for kind in ("Quantity", "Age", "Duration", "Count", "Distance")},
}
"""Search parameter type and datatype to what writes its rows; other pairs cannot be searched."""
