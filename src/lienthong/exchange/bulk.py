"""Site: large sealed content to the hub (tus 1.0) and from it (ranges). A try goes on where the last one ended."""

from __future__ import annotations

import base64
import fcntl
import os
from collections.abc import Generator, Mapping
from contextlib import closing
from typing import BinaryIO
from urllib.parse import urlsplit

import urllib3

from lienthong.exchange import problems, running, sealed, sockets, tus
from lienthong.exchange.client import Hub, HubRefused, NoLine, read
from lienthong.exchange.line import Line
from lienthong.exchange.manifest import Sealed
from lienthong.exchange.running import Progress
from lienthong.foundation.errors import LienThongError

_TUS = {"Tus-Resumable": tus.VERSION}
_FLUSH = 8 << 20
_AT_ONCE = 1 << 18
_GONE = (404, 410)
_ASK_AGAIN = (*_GONE, 409, 423)


class Bulk:
    """Large content over the line to one hub; may be used by several threads, each with another part."""

    def __init__(self, hub: Hub, line: Line) -> None:
        self._hub, self._line = hub, line

    def upload(self, sha256: str, lane: int) -> int:
        """Brings sealed content to the hub, which has it durably when this returns; returns the bytes that went.

        A cut line is dialled again at once as long as every try brings some of it further.

        Raises:
            NoSuchBlob: it is not here; NoLine: the line or the hub cannot now; HubRefused; Held: it may not move now.
        """
        stream, size = sealed.open_stream(sha256)
        progress, went = Progress(self._line, "up", sha256, size), 0
        with stream:
            address, offset = self._offset(running.address(sha256))
            if not address:
                address, offset = self._begin(sha256, stream, size, lane, progress)
                went = offset if size <= _AT_ONCE else 0
            progress.begin(offset, address)
            while offset < size:
                try:
                    now = self._piece(address, stream, offset, size, lane, progress)
                except NoLine:
                    _, now = self._offset(address)
                    if now <= offset:
                        raise
                went += now - offset
                offset = now
        running.end("up", sha256)
        return went

    def _begin(
        self, sha256: str, stream: BinaryIO, size: int, lane: int, progress: Progress
    ) -> tuple[str, int]:
        """Begins an upload; content that is not long goes along, which saves a round trip."""
        name = base64.b64encode(sha256.encode()).decode()
        headers = {**_TUS, "Upload-Length": str(size), "Upload-Metadata": f"sha256 {name}"}
        if size <= _AT_ONCE:
            answer = self._stream("POST", tus.PATH, headers, stream, 0, size, lane, progress)
        else:
            answer = self._hub.call("POST", tus.PATH, headers=headers).headers
        return urlsplit(answer.get("Location", "")).path, _number(answer, "Upload-Offset")

    def _offset(self, address: str) -> tuple[str, int]:
        """The address again, and how far the hub has it; both empty when it knows of none."""
        if not address:
            return "", 0
        try:
            answer = self._hub.call("HEAD", address, headers=_TUS)
            return address, _number(answer.headers, "Upload-Offset")
        except HubRefused as refusal:
            if refusal.status in _GONE:
                return "", 0
            raise

    def _piece(
        self, address: str, stream: BinaryIO, offset: int, size: int, lane: int, progress: Progress
    ) -> int:
        """Sends all that is left in one call; returns the hub's offset after it."""
        headers = {**_TUS, "Upload-Offset": str(offset)}
        answer = self._stream("PATCH", address, headers, stream, offset, size, lane, progress)
        return _number(answer, "Upload-Offset")

    def _stream(
        self,
        method: str,
        address: str,
        headers: dict[str, str],
        stream: BinaryIO,
        offset: int,
        size: int,
        lane: int,
        progress: Progress,
    ) -> Mapping[str, str]:
        stream.seek(offset)
        headers |= {"Content-Type": tus.PIECE, "Content-Length": str(size - offset)}
        try:
            with closing(self._paced(stream, offset, size, lane, progress)) as body:
                answer = self._hub.open(method, address, body, headers, bulk=True)
        except HubRefused as refusal:
            if refusal.status in _ASK_AGAIN:
                raise NoLine(refusal.problem) from refusal
            raise
        answer.drain_conn()
        return answer.headers

    def _paced(
        self, stream: BinaryIO, offset: int, size: int, lane: int, progress: Progress
    ) -> Generator[bytes, None, None]:
        with self._line.stream("up", lane) as pace:
            while offset < size:
                piece = stream.read(min(pace.piece, size - offset))
                if not piece:
                    raise LienThongError(problems.part_lost(""))
                pace.sock = sockets.current()
                pace.turn(len(piece))
                yield piece
                offset += len(piece)
                progress.at(offset)

    def download(self, part: Sealed, lane: int) -> None:
        """Fetches sealed content into the store of sealed content, durably.

        Raises:
            LienThongError: ``exchange-wrong-part``: all of it came and has another hash; else as :meth:`upload`.
        """
        path = sealed.partial(part.sha256)
        progress = Progress(self._line, "down", part.sha256, part.size)
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if sealed.has([part.sha256]):  # another thread or process has just fetched it
                path.unlink(missing_ok=True)
                return
            have = file.seek(0, os.SEEK_END)
            progress.begin(min(have, part.size))
            while have < part.size:
                try:
                    self._range(file, part, lane, progress)
                except NoLine:
                    if file.tell() <= have:
                        raise
                have = file.tell()
            os.fsync(file.fileno())
            if sealed.measure(path) != part:
                path.unlink()
                raise LienThongError(problems.wrong_part(part.sha256))
            sealed.settle(path, part.sha256)
        running.end("down", part.sha256)

    def _range(self, file: BinaryIO, part: Sealed, lane: int, progress: Progress) -> None:
        """Fetches what is missing, as far as the line holds."""
        have = file.tell()
        headers = {"Range": f"bytes={have}-", "If-Range": f'"{part.sha256}"'} if have else {}
        try:
            answer = self._hub.open("GET", f"/exchange/v1/parts/{part.sha256}", None, headers, bulk=True)
        except HubRefused as refusal:
            if refusal.status == 416:
                raise _wrong(file, part) from refusal
            raise
        try:
            if have and answer.status != 206:
                have = file.seek(0)
                file.truncate()
            if have + _number(answer.headers, "Content-Length") != part.size:
                raise _wrong(file, part)
            self._take(answer, file, have, lane, progress)
            answer.release_conn()
        except BaseException:
            answer.close()
            raise
        finally:
            file.flush()

    def _take(
        self, answer: urllib3.BaseHTTPResponse, file: BinaryIO, have: int, lane: int, progress: Progress
    ) -> None:
        flushed = have
        with self._line.stream("down", lane) as pace:
            pace.sock = sockets.current()
            while True:
                pace.turn(pace.piece)
                piece = read(answer, pace.piece)
                if not piece:
                    return
                have += file.write(piece)
                progress.at(have)
                if have - flushed >= _FLUSH:
                    file.flush()
                    os.fdatasync(file.fileno())
                    flushed = have


def _wrong(file: BinaryIO, part: Sealed) -> LienThongError:
    """The hub has other content than was announced; what came of it is worth nothing."""
    file.seek(0)
    file.truncate()
    return LienThongError(problems.wrong_part(part.sha256))


def _number(headers: Mapping[str, str], name: str) -> int:
    text = headers.get(name, "")
    if not text.isdigit():
        raise NoLine(problems.hub_fault(200))
    return int(text)
