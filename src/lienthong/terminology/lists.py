"""Reading the files of ``terminology/data``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from importlib.resources import files


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of one CSV file, by the names of its header."""
    yield from csv.DictReader(io.StringIO(content(name).decode(), newline=""))


def content(name: str) -> bytes:
    """The bytes of one file."""
    return (files("lienthong.terminology") / "data" / name).read_bytes()
