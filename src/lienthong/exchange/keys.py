"""This node's signing key."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from lienthong.foundation.signing import SigningKey


def own() -> SigningKey:
    """This node's key, from ``keys/signing.pem``; made at the first call."""
    return _load(settings.NODE.keys / "signing.pem")


@lru_cache(maxsize=8)
def _load(path: Path) -> SigningKey:
    return SigningKey.load_or_make(path)
