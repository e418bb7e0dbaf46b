"""Where a page ends, so that the next one goes on there whatever was added or removed meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.core import signing

from lienthong.foundation import json
from lienthong.records.search import problems

_SALT = "records.search"


class Position(NamedTuple):
    """The place of a resource in the order.

    Attributes:
        keys: its sort keys.
        number: its number in the store.
        back: the page before is wanted.
    """

    keys: tuple[Any, ...]
    number: int
    back: bool = False


def write(position: Position, query: Sequence[Any]) -> str:
    """The position as an opaque text that goes with one search only."""
    value = [*position, json.digest(query)[:16]]
    return signing.dumps(value, salt=_SALT)


def read(text: str, query: Sequence[Any]) -> Position:
    """The reverse of :func:`write`.

    Raises:
        LienThongError: changed, or of another search.
    """
    try:
        keys, number, back, digest = signing.loads(text, salt=_SALT)
    except (signing.BadSignature, ValueError) as error:
        raise problems.bad_cursor() from error
    if digest != json.digest(query)[:16]:
        raise problems.bad_cursor()
    return Position(tuple(keys), number, back)
