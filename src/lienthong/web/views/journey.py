"""One box for every number, and the journey of what it finds; sending again what was set aside or refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from lienthong import exchange, records
from lienthong.access import accounts, audit, rights
from lienthong.access.doors import requires
from lienthong.connectors.his_xml import lookup
from lienthong.connectors.his_xml.models import Export
from lienthong.exchange import again as resend
from lienthong.exchange.travel import Travel, travel
from lienthong.facilities import directory
from lienthong.foundation.errors import LienThongError
from lienthong.transfers import desk
from lienthong.transfers.models import Transfer
from lienthong.web.journey import Leg, leg, stops
from lienthong.web.words import hint, sentence

LONGEST_SEARCH = 100
MOST_LOOPS = 20


@dataclass(frozen=True, slots=True)
class Loop:
    """What was found: a transfer (None at the hub, which knows none) and the messages of its loop."""

    loop: str
    transfer: Transfer | None
    messages: list[tuple[exchange.MessageRow, Leg]]


@require_GET
@requires(*rights.JOURNEY)
def search(request: HttpRequest) -> HttpResponse:
    """``/search?q=``: any number of a patient, slip number, MA_LK, name of an export, message, transfer, hash."""
    text = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
    files: list[Export] = []
    found: dict[str, Transfer | None] = {}
    rows: list[exchange.MessageRow] = []
    if text:
        rows = exchange.find(text)
        if not directory.is_hub():
            files = lookup.exports(text)
            found = {transfer.loop: transfer for transfer in _transfers(request, text, files)}
        found |= {row.loop: found.get(row.loop) for row in rows}
    if len(rows) == 1 and len(found) == 1 and not files:
        return redirect("message", rows[0].id)
    held = accounts.request_roles(request)
    page = {
        "text": text,
        "loops": [_loop(loop, transfer) for loop, transfer in list(found.items())[:MOST_LOOPS]],
        "more": len(found) > MOST_LOOPS,
        "files": files if held & set(rights.FLOW) else [],
        "opens": bool(held & set(rights.TRANSFERS)),
    }
    return render(request, "web/it/search.html", page)


def _transfers(request: HttpRequest, text: str, files: list[Export]) -> list[Transfer]:
    """By the numbers of the transfer, of the file it came in, or of the patient, which is written into the trail."""
    found = desk.numbered(text)
    for file in files:
        if text.lower() in (file.name.lower(), file.sha256) or file.sha256.startswith(text.lower()):
            found += desk.of_episodes(directory.here(), lookup.episodes(file))
    patients = records.patients_numbered(text)
    for patient in patients:
        found += desk.of_patient(patient)
    actor, detail = accounts.actor(request), {"text": text, "found": len(patients)}
    for patient in patients or [""]:
        audit.record(actor, "search", patient=patient, page=request.path, detail=detail)
    return found


def _loop(loop: str, transfer: Transfer | None) -> Loop:
    rows = exchange.messages_of(loop)
    return Loop(loop, transfer, [(row, leg(way)) for row in rows if (way := travel(row.id))])


@require_GET
@requires(*rights.JOURNEY)
def message(request: HttpRequest, id: str) -> HttpResponse:
    """``/messages/<id>``: what happened to a message at sender, hub and receiver, with its receipt."""
    way = _way(id)
    transfer = None if directory.is_hub() else desk.get(way.row.loop)
    mends = bool(accounts.request_roles(request) & set(rights.FLOW))
    page: dict[str, Any] = {
        "row": way.row,
        "way": way,
        "stops": stops(way, list(transfer.steps.all()) if transfer else []),
        "others": [other for other in exchange.messages_of(way.row.loop) if other.id != id],
        "loop": exchange.bytes_of(way.row.loop),
        "proves": bool(accounts.request_roles(request) & set(rights.EVIDENCE)),
        "again": mends and resend.possible(way.row),
    }
    return render(request, "web/it/message.html", page)


@require_POST
@requires(*rights.FLOW)
def again(request: HttpRequest, id: str) -> HttpResponse:
    """``/messages/<id>/again``: sends a message that was set aside or refused again, or tries one that came again."""
    row = _way(id).row
    try:
        new = resend.again(id, actor=accounts.actor(request))
    except LienThongError as error:
        return _refuse(request, error, id)
    words = _("It is tried again.") if row.direction == "in" else _("It is sent again as this message.")
    messages.success(request, words)
    return redirect("message", new)


@require_POST
@requires(*rights.FLOW)
def give_up(request: HttpRequest, id: str) -> HttpResponse:
    """``/messages/<id>/give-up``: closes a message that was set aside or refused, with the reason."""
    _way(id)
    try:
        resend.give_up(id, why=request.POST.get("why", ""), actor=accounts.actor(request))
    except LienThongError as error:
        return _refuse(request, error, id)
    messages.success(request, _("The message is closed; the reason is in the audit trail."))
    return redirect("message", id)


def _way(id: str) -> Travel:
    way = travel(id)
    if way is None:
        raise Http404
    return way


def _refuse(request: HttpRequest, error: LienThongError, id: str) -> HttpResponse:
    messages.error(request, f"{sentence(error.problem)} {hint(error.problem)}")
    return redirect("message", id)
