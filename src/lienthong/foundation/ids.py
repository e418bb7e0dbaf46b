"""Identifiers."""

from __future__ import annotations

import hashlib
import secrets
import time


def new_id() -> str:
    """A new unique id of 32 hexadecimal digits that sorts by time of making (layout of UUIDv7, RFC 9562)."""
    ms = time.time_ns() // 1_000_000
    value = (ms << 80) | secrets.randbits(80)
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return f"{value:032x}"


def stable_id(*parts: str) -> str:
    """The same parts always give the same id: 32 hexadecimal digits, fit for FHIR's ``id``."""
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()
