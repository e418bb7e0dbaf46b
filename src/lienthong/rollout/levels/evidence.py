"""Files that show that a criterion is met: what is taken, by its content, and where it is kept."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from pathlib import PurePath

from django.conf import settings

from lienthong.foundation.blobs import BlobFolder
from lienthong.rollout.levels import problems

LARGEST = 10_000_000
"""Bytes of a file."""
MOST = 10
"""Files of a criterion."""
KINDS = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_STARTS = ((b"%PDF-", "pdf"), (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"))
_ENDINGS = {"jpeg": (".jpg", ".jpeg")}
_NAME = 120


def folder() -> BlobFolder:
    """Where the bytes are."""
    return BlobFolder(settings.NODE.blobs)


def kind_of(content: bytes) -> str:
    """The kind of a file by what is in it, a key of :data:`KINDS`.

    Raises:
        LienThongError: ``evidence-refused``; also for files with macros.
    """
    if not content:
        raise problems.file_refused("Tệp rỗng.", "The file is empty.")
    if len(content) > LARGEST:
        raise problems.file_too_large()
    for start, kind in _STARTS:
        if content.startswith(start):
            return kind
    if content.startswith(b"PK\x03\x04"):
        return _office(content)
    raise problems.file_refused("Loại tệp này không được nhận.", "This kind of file is not taken.")


def _office(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = set(packed.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise problems.file_refused("Tệp bị hỏng, không mở được.", "The file is damaged.") from error
    if any(PurePath(name).name.casefold() == "vbaproject.bin" for name in names):
        raise problems.file_refused("Tệp có macro nên không được nhận.", "The file has macros.")
    if "[Content_Types].xml" in names:
        if "xl/workbook.xml" in names:
            return "xlsx"
        if "word/document.xml" in names:
            return "docx"
    raise problems.file_refused("Loại tệp này không được nhận.", "This kind of file is not taken.")


def name_of(told: str, kind: str) -> str:
    """A name for the file that no system takes for a path, with the ending of its content."""
    bare = told.replace("\\", "/").rpartition("/")[2]
    letters = "".join(c for c in unicodedata.normalize("NFC", bare) if c.isprintable() and c not in '<>:"|?*')
    stem, dot, ending = letters.strip(" .").rpartition(".")
    allowed = _ENDINGS.get(kind, (f".{kind}",))
    if not dot or f".{ending.casefold()}" not in allowed:
        stem, ending = letters.strip(" .") or "minh-chung", allowed[0][1:]
    return f"{stem[: _NAME - len(ending) - 1]}.{ending}"
