"""Hub: the doors of resumable upload, as tus 1.0.0 describes them (https://tus.io/protocols/resumable-upload).

Core, and of the extensions creation, creation-with-upload, expiration, checksum and termination.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import UTC
from email.utils import format_datetime

from django.conf import settings

from lienthong.access.limits import Places
from lienthong.exchange import problems, uploads
from lienthong.exchange.tokens import Caller
from lienthong.exchange.uploads import Upload
from lienthong.foundation.wsgi import HttpError, Request, Response

VERSION = "1.0.0"
PATH = "/exchange/v1/uploads"
PIECE = "application/offset+octet-stream"
_EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
_ALGORITHMS = {"sha256": hashlib.sha256, "sha1": lambda: hashlib.sha1(usedforsecurity=False)}
"""``sha1`` because the protocol asks every server for it; what counts is the SHA-256 of the whole."""
_LONGEST_METADATA = 1000
_ID = re.compile("[0-9a-f]{32}")
_SHA256 = re.compile("[0-9a-f]{64}")
_NUMBER = re.compile("[0-9]{1,15}")
_READ = 1 << 18

streams = Places(total=settings.EXCHANGE_STREAMS, each=8)
"""For bodies that may come or go for hours."""


def door(request: Request, caller: Caller, name: str) -> Response:
    """Answers a call of ``uploads`` (``name`` empty) or of one upload."""
    try:
        response = _route(request, caller, name)
    except HttpError as error:
        error.headers = (*error.headers, ("Tus-Resumable", VERSION))
        raise
    response.headers.append(("Tus-Resumable", VERSION))
    return response


def _route(request: Request, caller: Caller, name: str) -> Response:
    method = request.header("x-http-method-override") or request.method
    if method == "OPTIONS":
        return Response(204, b"", _abilities())
    if request.header("tus-resumable") != VERSION:
        raise HttpError(
            412, problems.not_understood("Tus-Resumable is 1.0.0"), headers=(("Tus-Version", VERSION),)
        )
    if not name:
        return _begin(request, caller, _allowed(method, "POST"))
    if not _ID.fullmatch(name):
        raise HttpError(404, problems.no_such_upload())
    doors = {"HEAD": _tell, "PATCH": _add, "DELETE": _end}
    return doors[_allowed(method, *doors)](request, caller, name)


def _allowed(method: str, *names: str) -> str:
    if method not in names:
        raise HttpError(405, problems.no_door(), headers=(("Allow", ", ".join((*names, "OPTIONS"))),))
    return method


def _abilities() -> list[tuple[str, str]]:
    return [
        ("Tus-Version", VERSION),
        ("Tus-Extension", _EXTENSIONS),
        ("Tus-Max-Size", str(uploads.LARGEST)),
        ("Tus-Checksum-Algorithm", ",".join(_ALGORITHMS)),
    ]


def _begin(request: Request, caller: Caller, _method: str) -> Response:
    size = _number(request, "upload-length")
    metadata = request.header("upload-metadata")
    upload = uploads.create(caller, _sha256(metadata), size, metadata)
    headers = [("Location", f"{PATH}/{upload.id}"), ("Upload-Offset", str(size if upload.done else 0))]
    if not upload.done and (request.header("content-type") == PIECE or not size):
        headers[1] = ("Upload-Offset", str(_append(request, caller, upload, 0)))
    return Response(201, b"", [*headers, *_expires(uploads.find(caller, upload.id))])


def _tell(request: Request, caller: Caller, name: str) -> Response:
    offset = uploads.offset(caller, name)
    upload = uploads.find(caller, name)
    headers = [("Upload-Offset", str(offset)), ("Upload-Length", str(upload.size))]
    headers.append(("Upload-Metadata", upload.metadata))
    return Response(200, b"", [*headers, *_expires(upload)])


def _add(request: Request, caller: Caller, name: str) -> Response:
    if request.header("content-type") != PIECE:
        raise HttpError(415, problems.not_understood(f"Content-Type is {PIECE}"))
    upload = uploads.find(caller, name)
    offset = _append(request, caller, upload, _number(request, "upload-offset"))
    headers = [("Upload-Offset", str(offset)), *_expires(uploads.find(caller, name))]
    return Response(204, b"", headers)


def _end(request: Request, caller: Caller, name: str) -> Response:
    uploads.end(caller, name)
    return Response(204)


def _append(request: Request, caller: Caller, upload: Upload, start: int) -> int:
    if start > upload.size:
        raise HttpError(409, problems.other_offset())
    chunks = request.chunks(upload.size - start)
    with streams.hold(caller.facility):
        return uploads.append(caller, upload.id, start, _checked(request.header("upload-checksum"), chunks))


def _checked(header: str, chunks: Iterable[bytes]) -> Iterable[bytes]:
    """The bytes; with a checksum only after all of them came and have it.

    Raises:
        HttpError: 400 an unknown algorithm, 460 another checksum; both before the first byte is given.
    """
    if not header:
        return chunks
    name, _, text = header.partition(" ")
    algorithm = _ALGORITHMS.get(name)
    try:
        wanted = base64.b64decode(text, validate=True)
    except binascii.Error:
        algorithm = None
    if algorithm is None:
        raise HttpError(
            400, problems.not_understood(f"Upload-Checksum is one of {', '.join(_ALGORITHMS)} and base64")
        )
    return _spooled(algorithm(), wanted, chunks)


def _spooled(digest: hashlib._Hash, wanted: bytes, chunks: Iterable[bytes]) -> Iterator[bytes]:
    with uploads.scratch() as file:
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
        if digest.digest() != wanted:
            raise HttpError(460, problems.not_understood("the piece has another checksum"))
        file.seek(0)
        while chunk := file.read(_READ):
            yield chunk


def _sha256(metadata: str) -> str:
    """``sha256`` of an ``Upload-Metadata``: the hash of the whole content."""
    if len(metadata) <= _LONGEST_METADATA:
        for pair in metadata.split(","):
            key, _, value = pair.strip().partition(" ")
            if key == "sha256":
                try:
                    text = base64.b64decode(value, validate=True).decode("ascii")
                except ValueError:
                    break
                if _SHA256.fullmatch(text):
                    return text
    raise HttpError(
        400, problems.not_understood("Upload-Metadata has sha256, 64 hexadecimal digits in base64")
    )


def _number(request: Request, name: str) -> int:
    text = request.header(name)
    if not _NUMBER.fullmatch(text):
        raise HttpError(400, problems.not_understood(f"{name} is a number"))
    return int(text)


def _expires(upload: Upload) -> list[tuple[str, str]]:
    if upload.done:
        return []
    return [("Upload-Expires", format_datetime(upload.expires.astimezone(UTC), usegmt=True))]
