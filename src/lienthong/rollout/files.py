"""Files that people add to what they typed: what is taken, by its content, and where it is kept."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from pathlib import PurePath

from django.conf import settings
from django.db import models
from django.utils.translation import pgettext_lazy

from lienthong.exchange import space
from lienthong.foundation.blobs import BlobFolder
from lienthong.foundation.errors import LienThongError, Problem

LARGEST = 10_000_000
"""Bytes of a file."""
MOST = 10
"""Files of one thing: a criterion, a task, a document, a meeting."""
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


class Kept(models.Model):
    """Columns of a row that names a file; its bytes are in the node's blob folder and stay when the row goes."""

    SILENT = frozenset({"kind", "size", "sha256"})
    name = models.CharField(pgettext_lazy("file", "File name"), max_length=120)
    kind = models.CharField(pgettext_lazy("file", "Kind of file"), max_length=8)
    size = models.PositiveIntegerField(pgettext_lazy("file", "Bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)

    class Meta:
        abstract = True


def folder() -> BlobFolder:
    """Where the bytes are."""
    return BlobFolder(settings.NODE.blobs)


def kind_of(content: bytes) -> str:
    """The kind of a file by what is in it, a key of :data:`KINDS`.

    Raises:
        LienThongError: ``file-refused``; also for files with macros.
    """
    if not content:
        raise refused("Tệp rỗng.", "The file is empty.")
    if len(content) > LARGEST:
        raise too_large()
    for start, kind in _STARTS:
        if content.startswith(start):
            return kind
    if content.startswith(b"PK\x03\x04"):
        return _office(content)
    raise refused("Loại tệp này không được nhận.", "This kind of file is not taken.")


def _office(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = set(packed.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise refused("Tệp bị hỏng, không mở được.", "The file is damaged.") from error
    if any(PurePath(name).name.casefold() == "vbaproject.bin" for name in names):
        raise refused("Tệp có macro nên không được nhận.", "The file has macros.")
    if "[Content_Types].xml" in names:
        if "xl/workbook.xml" in names:
            return "xlsx"
        if "word/document.xml" in names:
            return "docx"
    raise refused("Loại tệp này không được nhận.", "This kind of file is not taken.")


def name_of(told: str, kind: str) -> str:
    """A name for the file that no system takes for a path, with the ending of its content."""
    bare = told.replace("\\", "/").rpartition("/")[2]
    letters = "".join(c for c in unicodedata.normalize("NFC", bare) if c.isprintable() and c not in '<>:"|?*')
    stem, dot, ending = letters.strip(" .").rpartition(".")
    allowed = _ENDINGS.get(kind, (f".{kind}",))
    if not dot or f".{ending.casefold()}" not in allowed:
        stem, ending = letters.strip(" .") or "tep", allowed[0][1:]
    return f"{stem[: _NAME - len(ending) - 1]}.{ending}"


def keep(content: bytes) -> str:
    """Keeps the bytes; returns their SHA-256.

    Raises:
        LienThongError: ``exchange-hub-full``.
    """
    space.check(len(content))
    return folder().put(content)


def refused(vi: str, en: str) -> LienThongError:
    """A file that is not taken."""
    return LienThongError(
        Problem(
            "file-refused",
            vi,
            en,
            "Gửi tệp PDF, ảnh PNG hoặc JPEG, Excel (.xlsx) hoặc Word (.docx), mỗi tệp tối đa 10 MB.",
            "Send a PDF, a PNG or JPEG picture, Excel (.xlsx) or Word (.docx), at most 10 MB each.",
        )
    )


def too_large() -> LienThongError:
    """More bytes than a file may have."""
    return refused("Tệp lớn hơn 10 MB.", "The file is larger than 10 MB.")


def missing() -> LienThongError:
    """The form came without a file."""
    return refused("Chưa chọn tệp.", "No file was chosen.")


def too_many() -> LienThongError:
    """More files than one thing may have."""
    return refused(f"Mỗi mục nhận tối đa {MOST} tệp.", f"At most {MOST} files are taken in one place.")
