"""This node's own keys: one that signs, and those that open what was sealed to it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from pyrage import x25519

from lienthong.foundation import files
from lienthong.foundation.signing import SigningKey

_OPENING = "opening.key"


def own() -> SigningKey:
    """The key that signs, from ``keys/signing.pem``; made at the first call."""
    path = settings.NODE.keys / "signing.pem"
    return _load(path, _mark(path))


def _mark(path: Path) -> tuple[int, int]:
    """Changes when the file came or was replaced, by whichever process."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_ino, found.st_mtime_ns


@lru_cache(maxsize=8)
def _load(path: Path, _changed: tuple[int, int]) -> SigningKey:
    return SigningKey.load_or_make(path)


def recipient(folder: Path | None = None) -> str:
    """The age recipient (``age1…``) to which others seal content for this node; its key is made at the first call.

    Args:
        folder: of another node's keys.
    """
    path = (folder or settings.NODE.keys) / _OPENING
    if not path.exists():
        files.write(path, f"{x25519.Identity.generate()}\n".encode(), new=True)
    return str(_identities(path.parent, _stamp(path.parent))[0].to_public())


def identities() -> list[x25519.Identity]:
    """The keys that open: ``keys/opening.key``, then those it replaced (``opening-N.key``), newest first."""
    folder = settings.NODE.keys
    recipient(folder)
    return _identities(folder, _stamp(folder))


def _stamp(folder: Path) -> tuple[int, int]:
    """Changes when a key file came or was replaced."""
    return folder.stat().st_mtime_ns, (folder / _OPENING).stat().st_ino


@lru_cache(maxsize=4)
def _identities(folder: Path, _changed: tuple[int, int]) -> list[x25519.Identity]:
    older = sorted(folder.glob("opening-*.key"), key=lambda path: -int(path.stem.rpartition("-")[2]))
    return [x25519.Identity.from_str(path.read_text("ascii").strip()) for path in (folder / _OPENING, *older)]
