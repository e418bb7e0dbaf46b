"""Files that people send: only evidence packages, only from people signed in, only up to a size."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler

from lienthong.access import accounts

LARGEST = 536_870_912


class PackageUpload(TemporaryFileUploadHandler):
    """Keeps one file in the server's temporary folder; ``request.upload_stopped`` is set when it was not taken."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        request = self.request
        if request is None or request.path != "/evidence" or accounts.signed_in(request) is None:
            self._stop()
        self._taken = 0
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self._taken += len(raw_data)
        if self._taken > LARGEST:
            self._stop()
        return super().receive_data_chunk(raw_data, start)

    def _stop(self) -> None:
        self.request.upload_stopped = True  # type: ignore[union-attr]
        raise StopUpload(connection_reset=True)
