"""The transfer as a file for the HIS: XML1 and XML13 of Decision 3176 (``connectors/his_xml/writer.py``)."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from lienthong.access import accounts, audit, rights
from lienthong.access.doors import requires
from lienthong.connectors.his_xml import writer
from lienthong.transfers import desk


@require_GET
@requires(*rights.TRANSFERS)
def xml13(request: HttpRequest, loop: str) -> HttpResponse:
    """``/transfers/<loop>/xml13``: the file, for saving."""
    transfer = desk.get(loop)
    if transfer is None or not writer.here_may_have(transfer):
        raise Http404
    made = writer.slip_file(transfer)
    audit.record(
        accounts.actor(request),
        "slip-file",
        patient=transfer.patient,
        page=request.path,
        why="treatment",
        detail={"missing": list(made.missing)},
    )
    headers = {
        "Content-Disposition": f'attachment; filename="{made.name}"',
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(made.data, content_type="application/xml", headers=headers)
