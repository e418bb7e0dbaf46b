"""The weights of a version: what each level of each field says, in bits (Fellegi and Sunter, 1969)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from math import isfinite, log2
from typing import Any, Final, NamedTuple

from lienthong.foundation import json
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.identity.comparing import FIELDS, LEVELS, MISSING, Levels, levels
from lienthong.identity.fields import Fields

DEFAULT: Final = "2026.11"
_ROLES = ("family", "middle", "given")
_LARGEST = 4_000_000
_MOST_ADJUSTED = 8.0


class BadWeights(LienThongError):
    """A weights file cannot be used; nothing changes."""


class Part(NamedTuple):
    """What one field says: its level and bits (positive speaks for one person). ``usual``: bits of the level alone,
    before what is rare or frequent about this name."""

    field: str
    level: str
    bits: float
    usual: float


class Score(NamedTuple):
    """``bits``: log2 of the odds that two registrations are one person; ``rarity``: what is in it for the words of the
    name that they share; ``kept``: what the caps took away."""

    bits: float
    levels: Levels
    rarity: float
    kept: float

    @property
    def probability(self) -> float:
        """Between 0 and 1."""
        return float(1.0 / (1.0 + 2.0 ** -max(-1000.0, min(1000.0, self.bits))))


@dataclass(frozen=True)
class Weights:
    """A version of the weights.

    Attributes:
        version, date, source: its name, day, and how it was learned.
        prior: probability that two registrations taken at random are one person.
        link, ask: bits from which a pair is linked by itself, and from which a clerk is asked.
        m, u: probability of a level among pairs of one person, and of two: field to level to probability. Over the
            levels of a field each adds up to 1; ``missing`` has none.
        caps: fields that say the same thing twice (one household) and the bits that they may add together.
        words: how often a word is a family, middle or given name, by role; ``""`` is any word not listed.
    """

    version: str
    date: str
    source: str
    prior: float
    link: float
    ask: float
    m: Mapping[str, Mapping[str, float]]
    u: Mapping[str, Mapping[str, float]]
    caps: tuple[tuple[frozenset[str], float], ...]
    words: Mapping[str, Mapping[str, float]]

    @cached_property
    def bits(self) -> dict[str, dict[str, float]]:
        """Field to level to log2(m / u)."""
        return {
            field: {level: log2(self.m[field][level] / self.u[field][level]) for level in named}
            | {MISSING: 0.0}
            for field, named in LEVELS.items()
        }

    @cached_property
    def prior_bits(self) -> float:
        """log2 of the odds before anything is compared."""
        return float(log2(self.prior / (1.0 - self.prior)))

    def score(self, a: Fields, b: Fields, found: Levels | None = None) -> Score:
        """How likely two registrations are one person; the same both ways round."""
        found = found or levels(a, b)
        name = found[_NAME]
        rarity = self.rarity(a.words, b.words, name) if name in _REPEATED else 0.0
        total = self.prior_bits + rarity
        for table, level in zip(self._tables, found, strict=True):
            total += table[level]
        kept = 0.0
        for places, most in self._places:
            kept += max(0.0, sum(self._tables[n][found[n]] for n in places) - most)
        return Score(total - kept, found, rarity, kept)

    def parts(self, score: Score) -> tuple[Part, ...]:
        """What each field adds; with the prior odds, and less ``kept``, they add up to the score."""
        found = []
        for field, level in zip(FIELDS, score.levels, strict=True):
            usual = self.bits[field][level]
            found.append(Part(field, level, usual + (score.rarity if field == "name" else 0.0), usual))
        return tuple(found)

    @cached_property
    def _tables(self) -> tuple[dict[str, float], ...]:
        return tuple(self.bits[field] for field in FIELDS)

    @cached_property
    def _places(self) -> tuple[tuple[tuple[int, ...], float], ...]:
        return tuple((tuple(FIELDS.index(field) for field in group), most) for group, most in self.caps)

    def rarity(self, a: str, b: str, level: str) -> float:
        """Bits that the words which two names share add to those of the level: Nguyễn takes away, a rare name adds."""
        one, other = sorted((a.split(), b.split()))
        total = 0.0
        for role, mine, yours in zip(
            _ROLES, _roles(one), _roles(one if level == "order" else other), strict=True
        ):
            table = self.words.get(role)
            if not table:
                continue
            for word in mine:
                if word in yours and not word.endswith("."):
                    total += self._collision[role] - log2(table.get(word, table[""]))
        return max(-_MOST_ADJUSTED, min(_MOST_ADJUSTED, total))

    @cached_property
    def _collision(self) -> dict[str, float]:
        """log2 of the probability that two people share the word, by role."""
        return {role: log2(sum(f * f for f in table.values())) for role, table in self.words.items() if table}


_NAME = FIELDS.index("name")
_REPEATED = frozenset({"same", "unmarked", "marks", "order", "short", "middle", "family"})


def _roles(words: list[str]) -> tuple[list[str], list[str], list[str]]:
    return words[:1], words[1:-1], words[-1:] if len(words) > 1 else []


def read(data: bytes) -> Weights:
    """A weights file (its format stands in the README).

    Raises:
        BadWeights: it cannot be used; ``where`` names the member.
    """
    try:
        value = json.loads(data) if len(data) <= _LARGEST else None
    except json.DecodeError:
        value = None
    if not isinstance(value, dict):
        raise _bad("")
    m: dict[str, dict[str, float]] = {field: {} for field in FIELDS}
    u: dict[str, dict[str, float]] = {field: {} for field in FIELDS}
    for field, named in LEVELS.items():
        for level in named:
            pair = _member(value, "fields", field, level)
            m[field][level], u[field][level] = (_share(pair, which, field, level) for which in "mu")
        for which, of in (("m", m), ("u", u)):
            if abs(sum(of[field].values()) - 1.0) > 0.01 and len(named) > 1:
                raise _bad(f"fields.{field}", f"{which} adds up to {sum(of[field].values()):.4f}")
    words = {role: _table(value, role) for role in _ROLES}
    caps = tuple((frozenset(map(str, one["fields"])), float(one["bits"])) for one in value.get("caps", ()))
    if any(not group <= set(FIELDS) for group, _ in caps):
        raise _bad("caps")
    link, ask = (_number(value, "thresholds", name) for name in ("link", "ask"))
    if link < ask:
        raise _bad("thresholds")
    return Weights(
        version=_text(value, "version"),
        date=_text(value, "date"),
        source=_text(value, "source"),
        prior=_share(value, "prior"),
        link=link,
        ask=ask,
        m=m,
        u=u,
        caps=caps,
        words=words,
    )


@cache
def packaged(version: str = DEFAULT) -> Weights:
    """A version that comes with the program: ``data/weights-<version>.json``."""
    return read(packaged_file(version))


def packaged_file(version: str = DEFAULT) -> bytes:
    """The file of that version."""
    return (files("lienthong.identity") / "data" / f"weights-{version}.json").read_bytes()


def _member(value: Any, *path: str) -> Any:
    for name in path:
        if not isinstance(value, dict) or name not in value:
            raise _bad(".".join(path))
        value = value[name]
    return value


def _number(value: Any, *path: str) -> float:
    found = _member(value, *path)
    try:
        number = float(found)
    except (TypeError, ValueError) as error:
        raise _bad(".".join(path)) from error
    if not isfinite(number):
        raise _bad(".".join(path))
    return number


def _share(value: Any, name: str, *within: str) -> float:
    found = _number(value, name)
    if not 0.0 < found <= 1.0 or (name == "prior" and found == 1.0):
        raise _bad(".".join((*within, name)))
    return found


def _table(value: Any, role: str) -> dict[str, float]:
    table = _member(value, "words", role)
    if not isinstance(table, dict):
        raise _bad(f"words.{role}")
    if table and "" not in table:
        raise _bad(f"words.{role}")
    return {word: _share(table, word, "words", role) for word in table}


def _text(value: Any, name: str) -> str:
    found = _member(value, name)
    if not isinstance(found, str) or not found.strip() or len(found) > 500:
        raise _bad(name)
    return found


def _bad(member: str, why: str = "") -> BadWeights:
    return BadWeights(
        Problem(
            "identity-weights",
            "Tệp trọng số không dùng được.",
            "The weights file cannot be used.",
            f"Xem lại phần “{member}” của tệp." if member else "Tệp phải là JSON theo định dạng đã công bố.",
            f"Look at “{member}” in the file." if member else "It must be JSON of the published format.",
            where={"member": member, **({"reason": why} if why else {})},
        )
    )
