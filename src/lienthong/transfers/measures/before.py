"""What was told of transfers before this system counted them: dated, sourced, and never mixed into a figure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from lienthong.foundation import json


@dataclass(frozen=True, slots=True)
class Before:
    """So many transfers from one facility to another, first to last day; nothing else was measured.

    ``source`` told so on the day ``told``.
    """

    first: date
    last: date
    sender: str
    receiver: str
    transfers: int
    source: str
    told: date


@cache
def rows() -> tuple[Before, ...]:
    """In order of time."""
    text = (resources.files(__package__) / "data" / "before.json").read_bytes()
    found = [
        Before(
            date.fromisoformat(one["first"]),
            date.fromisoformat(one["last"]),
            one["sender"],
            one["receiver"],
            int(one["transfers"]),
            one["source"],
            date.fromisoformat(one["told"]),
        )
        for one in json.loads(text)
    ]
    return tuple(sorted(found, key=lambda one: one.first))
