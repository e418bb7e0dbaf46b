"""Files that come with a form of the board, and files that it gives out."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from lienthong.access import accounts, audit
from lienthong.foundation.blobs import DamagedBlob, NoSuchBlob
from lienthong.rollout import files


def taken(request: HttpRequest) -> tuple[str, bytes]:
    """Name and bytes of the file in the field ``file``.

    Raises:
        LienThongError: ``file-refused``: there is none, or it is too large.
    """
    file = request.FILES.get("file")
    if file is None:
        raise files.too_large() if getattr(request, "upload_stopped", False) else files.missing()
    if file.size is None or file.size > files.LARGEST:
        raise files.too_large()
    return file.name or "", file.read()


def given(request: HttpRequest, row: files.Kept) -> HttpResponse:
    """The file, to keep; leaves a row ``board-file`` in the audit trail.

    Raises:
        Http404: its bytes are gone or damaged.
    """
    try:
        content = files.folder().read(row.sha256)
    except (NoSuchBlob, DamagedBlob) as error:
        raise Http404 from error
    detail = {"name": row.name, "sha256": row.sha256}
    audit.record(accounts.actor(request), "board-file", page=request.path, detail=detail)
    response = HttpResponse(content, content_type=files.KINDS[row.kind])
    response["Content-Disposition"] = content_disposition_header(True, row.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
