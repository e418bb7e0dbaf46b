"""Files that people send: evidence packages, letters, files of the board; only when signed in, only up to a size."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler

from lienthong.access import accounts

LARGEST = 536_870_912
LARGEST_LETTER = 67_108_864
LARGEST_BOARD = 20_000_000
LARGEST_WEIGHTS = 4_000_000
"""Bytes of all files of one call: of an evidence package, of a letter's pictures or its file, of a board's page, of
weights."""


def largest(path: str) -> int:
    """How many bytes of files a page takes in one call; none but these pages take files."""
    if path.startswith("/board/"):
        return LARGEST_BOARD
    return {
        "/evidence": LARGEST,
        "/letter": LARGEST_LETTER,
        "/letter/file": LARGEST_LETTER,
        "/identity/rules": LARGEST_WEIGHTS,
    }.get(path, 0)


class PackageUpload(TemporaryFileUploadHandler):
    """Keeps files in the server's temporary folder; ``request.upload_stopped`` is set when they were not taken."""

    _taken = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        request = self.request
        if request is None or not largest(request.path) or accounts.signed_in(request) is None:
            self._stop()
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self._taken += len(raw_data)
        if self.request is None or self._taken > largest(self.request.path):
            self._stop()
        return super().receive_data_chunk(raw_data, start)

    def _stop(self) -> None:
        self.request.upload_stopped = True  # type: ignore[union-attr]
        raise StopUpload(connection_reset=True)
