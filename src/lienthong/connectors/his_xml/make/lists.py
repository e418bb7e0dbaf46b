"""The lists the makers draw from: JSON beside this module and the code lists of ``terminology``."""

from __future__ import annotations

import csv
import io
from functools import cache
from importlib.resources import files
from itertools import accumulate
from random import Random
from typing import Any

from lienthong.foundation.json import loads


class Weighted:
    """Values with weights, written ``"Nguyễn*34 Trần*10"``; words are parted by spaces."""

    def __init__(self, text: str) -> None:
        pairs = [word.rsplit("*", 1) for word in text.split()]
        self.values = [value for value, _ in pairs]
        self._cumulative = list(accumulate(int(weight) for _, weight in pairs))

    def draw(self, rng: Random) -> str:
        return rng.choices(self.values, cum_weights=self._cumulative)[0]


@cache
def load(name: str) -> Any:
    """A JSON file of ``make/data``; numbers with a point are Decimal."""
    return loads(files(__package__).joinpath("data", name).read_bytes())


@cache
def scenario_files() -> tuple[str, ...]:
    folder = files(__package__).joinpath("data", "scenarios")
    return tuple(sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".json")))


@cache
def code_list(name: str) -> tuple[dict[str, str], ...]:
    """Rows of a CSV file of ``terminology/data``."""
    text = files("lienthong.terminology").joinpath("data", name).read_text(encoding="utf-8")
    return tuple(csv.DictReader(io.StringIO(text)))


@cache
def icd_names() -> dict[str, str]:
    """ICD-10 code to its Vietnamese name (Decision 4469/2020)."""
    return {row["code"]: row["name_vi"] for row in code_list("icd10_vn_4469.csv")}
