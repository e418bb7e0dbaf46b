"""New keys of this node on disk: made beside the old ones, put into their place when the directory names them."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from lienthong.exchange import keys
from lienthong.foundation import files
from lienthong.foundation.signing import SigningKey

_SIGNING, _OPENING = "signing.pem", "opening.key"


def _home() -> Path:
    return Path(settings.NODE.keys)


def next_signing() -> SigningKey:
    """The next key that signs; made durably at the first call."""
    return SigningKey.load_or_make(_home() / "next" / _SIGNING)


def next_recipient() -> str:
    """The recipient of the next key that opens; made durably at the first call."""
    return keys.recipient(_home() / "next")


def waiting_key() -> SigningKey | None:
    """The next key that signs, if one was made and is not in use yet."""
    return next_signing() if (_home() / "next" / _SIGNING).exists() else None


def forget_next() -> None:
    """Drops next keys that the directory will not name."""
    folder = _home() / "next"
    for name in (_SIGNING, _OPENING):
        (folder / name).unlink(missing_ok=True)
    if folder.exists():
        files.flush_folder(folder)


def use_next() -> None:
    """Puts the next keys into the place of those in use; the old opening key stays as ``opening-N.key``.

    At every moment both files are there, and doing it again after a crash goes on where it stopped: first the key
    that opens, then the key that signs.
    """
    folder, home = _home() / "next", _home()
    if (folder / _OPENING).exists():
        _keep_old(home)
        (folder / _OPENING).replace(home / _OPENING)
        files.flush_folder(home)
    if (folder / _SIGNING).exists():
        (folder / _SIGNING).replace(home / _SIGNING)
        files.flush_folder(home)
        files.flush_folder(folder)


def _keep_old(home: Path) -> None:
    if not (home / _OPENING).exists():
        return
    kept = {int(path.stem.rpartition("-")[2]): path for path in home.glob("opening-*.key")}
    if any(path.samefile(home / _OPENING) for path in kept.values()):
        return
    (home / f"opening-{max(kept, default=0) + 1}.key").hardlink_to(home / _OPENING)
    files.flush_folder(home)
