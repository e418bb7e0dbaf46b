"""Short numbers for what index rows would otherwise hold as text: the same on every node and in every release."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b


@lru_cache(maxsize=65536)
def hash64(text: str) -> int:
    """A signed 64-bit number for a text (BLAKE2b)."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


@lru_cache(maxsize=8192)
def hash32(text: str) -> int:
    """A signed 32-bit number for one of few texts, e.g. the address of a code system; 0 for the empty text."""
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big", signed=True) if text else 0


def ref_key(ref: str) -> int:
    """The number that stands for ``Type/id``."""
    return hash64(ref)


def param(kind: str, code: str) -> int:
    """The number of a search parameter, e.g. ``param("Observation", "code")``."""
    return hash32(f"{kind}.{code}")
