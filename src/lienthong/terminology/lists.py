"""Reading the files of ``terminology/data``."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.resources import files


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of one CSV file, by the names of its header."""
    with (files("lienthong.terminology") / "data" / name).open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def content(name: str) -> bytes:
    """The bytes of one file."""
    return (files("lienthong.terminology") / "data" / name).read_bytes()
