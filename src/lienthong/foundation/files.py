"""Files that survive a power cut."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

_CHUNK = 1 << 20


def write(path: Path, data: bytes, *, new: bool = False, mode: int = 0o600) -> None:
    """Writes a file whole, durably: after a power cut there is the old one or this one.

    Args:
        new: whoever comes first wins; a file that is there stays.
        mode: who may read it; the owner alone, if nothing else is said.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        if new:
            _link(part, path)
        else:
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    flush_folder(path.parent)


def chunks(path: Path) -> Iterator[bytes]:
    """A file's content in pieces of 1 MiB."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _link(part: Path, path: Path) -> None:
    try:
        path.hardlink_to(part)
    except FileExistsError:
        return


def flush_folder(folder: Path) -> None:
    """Makes the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
