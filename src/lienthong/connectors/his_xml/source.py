"""The bytes of an export: is it XML in UTF-8, or that in base64 once more, or something else?"""

from __future__ import annotations

import binascii
import io
import os
import re
from typing import BinaryIO, cast

from lienthong.connectors.his_xml import faults
from lienthong.connectors.his_xml.faults import ExportRefused
from lienthong.connectors.his_xml.limits import Limits

BOM = b"\xef\xbb\xbf"
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]+")
_SPACE = b" \t\r\n"
_DECLARED = re.compile(rb"""<\?xml[^>]{0,100}?\bencoding\s*=\s*["']([\w.:\-]{1,40})["']""")
_MAGIC = (
    (b"PK\x03\x04", "tệp nén ZIP hoặc Excel", "a ZIP archive or Excel file"),
    (b"\x1f\x8b", "tệp nén GZIP", "a GZIP archive"),
    (b"Rar!", "tệp nén RAR", "a RAR archive"),
    (b"7z\xbc\xaf", "tệp nén 7z", "a 7z archive"),
    (b"\xd0\xcf\x11\xe0", "tệp Excel hoặc Word cũ", "an old Excel or Word file"),
    (b"%PDF", "tệp PDF", "a PDF file"),
)
_WIDE = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"<\x00", "UTF-16"),
    (b"\x00<", "UTF-16"),
)


def readable(name: str) -> str:
    """The name of a file as text that can be written anywhere: bytes that are not UTF-8 become U+FFFD."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def declared_encoding(head: bytes) -> str:
    """What the XML declaration says, lower case, or an empty string."""
    found = _DECLARED.search(head[:200])
    return found[1].decode("ascii").lower() if found else ""


def wide_encoding(head: bytes) -> str:
    """``UTF-16`` or ``UTF-32`` when the first bytes show it, or an empty string."""
    return next((name for mark, name in _WIDE if head.startswith(mark)), "")


def seen_encoding(content: bytes) -> str:
    """Words for the encoding of content that is not UTF-8."""
    wide = wide_encoding(content)
    if wide:
        return wide
    declared = declared_encoding(content)
    if declared and declared not in ("utf-8", "utf8", "utf-16"):
        return declared
    return "TCVN3 (ABC), VNI, windows-1258/1252"


def open_export(file: BinaryIO, limits: Limits) -> tuple[BinaryIO, int, bool]:
    """The stream to read, the size of the file, and whether it is base64 once more (as on the portal's wire).

    Raises:
        ExportRefused: empty, too large, in another encoding, or no XML.
    """
    size = os.fstat(file.fileno()).st_size
    if size > limits.file_bytes:
        raise ExportRefused(faults.file_too_large(size, limits.file_bytes))
    head = file.read(4096)
    file.seek(0)
    if _is_xml(head):
        return file, size, False
    if _BASE64.fullmatch(head):
        stream = io.BufferedReader(_Base64(file), 1 << 18)
        if _is_xml(stream.peek(64)[:4096]):
            return cast(BinaryIO, stream), size, True
    raise ExportRefused(faults.not_xml("văn bản hoặc dữ liệu khác", "other text or data"))


def _is_xml(head: bytes) -> bool:
    if not head.strip(_SPACE + BOM):
        raise ExportRefused(faults.empty_file())
    wide = wide_encoding(head)
    if wide:
        raise ExportRefused(faults.encoding(wide, {"line": 1}))
    for magic, vi, en in _MAGIC:
        if head.startswith(magic):
            raise ExportRefused(faults.not_xml(vi, en))
    return head.removeprefix(BOM).lstrip(_SPACE).startswith(b"<")


class _Base64(io.RawIOBase):
    """Decodes base64 with white space while it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while True:
            chunk = self._file.read(len(buffer))
            digits = self._rest + b"".join(chunk.split())
            whole = len(digits) if not chunk else len(digits) // 4 * 4
            self._rest = digits[whole:]
            try:
                decoded = binascii.a2b_base64(digits[:whole], strict_mode=True) if whole else b""
            except binascii.Error as error:
                raise ExportRefused(faults.not_xml("base64 hỏng", "broken base64")) from error
            if decoded or not chunk:
                buffer[: len(decoded)] = decoded
                return len(decoded)
