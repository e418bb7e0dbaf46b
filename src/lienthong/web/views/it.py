"""For IT: is everything flowing, the exports of the HIS, what was refused, the journey of a message."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from lienthong import exchange
from lienthong.access import rights
from lienthong.access.doors import requires
from lienthong.connectors.his_xml.models import DossierVersion, Export, Finding
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.transfers.models import State, Transfer
from lienthong.web.templatetags.lienthong import moment
from lienthong.web.words import hint, sentence

HUB_SILENT = timedelta(minutes=10)
WAITS_LONG = timedelta(minutes=30)
HIS_SILENT = timedelta(hours=24)
DISK_LOW = 5_000_000_000
REFUSED_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What stops or slows the flow, what to do, where to look; ``bad`` when data stand still."""

    what: str
    remedy: str
    page: str = ""
    bad: bool = False


def _stuck() -> str:
    return reverse("messages") + "?stuck=1"


def _midnight() -> datetime:
    return datetime.combine(clock.today(), datetime.min.time(), clock.VIETNAM)


def waiting_refused() -> QuerySet[Finding]:
    """Errors of the last 30 days whose dossier has not come again, well, since."""
    mended = DossierVersion.objects.filter(
        facility=directory.here(), ma_lk=OuterRef("ma_lk"), at__gt=OuterRef("export__taken_at")
    )
    recent = Finding.objects.filter(severity="error", export__taken_at__gt=clock.now() - REFUSED_FOR)
    return recent.filter(Q(ma_lk="") | ~Exists(mended))


def _refused_count() -> int:
    return waiting_refused().values("export", "position").distinct().count()


def _received_today() -> int:
    received = Q(steps__state=State.RECEIVED, steps__at__gte=_midnight())
    return Transfer.objects.filter(received, receiver=directory.here()).distinct().count()


@require_GET
@requires(*rights.FLOW)
def flow(request: HttpRequest) -> HttpResponse:
    """``/it``: yes or no in plain words, what to do, and the figures behind it."""
    hub, now = directory.is_hub(), clock.now()
    state = exchange.flow()
    disk = shutil.disk_usage(settings.NODE.home)
    newest = None if hub else Export.objects.order_by("-taken_at").first()
    refused = 0 if hub else _refused_count()
    troubles = _line_troubles(state, now, hub)
    if disk.free < DISK_LOW:
        what = _("The disk is nearly full: %(left).1f GB are left.") % {"left": disk.free / 1e9}
        troubles.append(
            Trouble(
                what, _("Make room on this computer now; when the disk is full nothing is taken."), bad=True
            )
        )
    if not hub:
        troubles += _his_troubles(newest, refused, now)
    today = Export.objects.filter(taken_at__gte=_midnight()).aggregate(
        stored=Sum("stored"), refused=Sum("refused"), files=Count("sha256")
    )
    page = {
        "state": state,
        "troubles": sorted(troubles, key=lambda trouble: not trouble.bad),
        "bad": any(trouble.bad for trouble in troubles),
        "newest": newest,
        "today": today,
        "refused": refused,
        "received": 0 if hub else _received_today(),
        "disk": disk,
        "line": None if hub else exchange.line_state(),
        "now": now,
    }
    return render(request, "web/it/flow.html", page)


def _line_troubles(state: exchange.Flow, now: datetime, hub: bool) -> list[Trouble]:
    found = []
    contact = state.last_contact_at
    if not hub and contact is None:
        remedy = _("Check the Internet line of this computer and the hub's address in lienthong.toml.")
        found.append(Trouble(_("There was no contact with the hub yet."), remedy, bad=True))
    elif not hub and contact is not None and now - contact > HUB_SILENT:
        what = _("No contact with the hub since %(at)s.") % {"at": moment(contact)}
        remedy = _(
            "Check the Internet line. Nothing is lost: what waits goes by itself when the line is back."
        )
        found.append(Trouble(what, remedy, bad=True))
    elif state.oldest_waiting_at is not None and now - state.oldest_waiting_at > WAITS_LONG:
        what = _("A message waits since %(at)s.") % {"at": moment(state.oldest_waiting_at)}
        remedy = _(
            "The line may be slow, or the other hospital is switched off. Look at the journey of the message."
        )
        found.append(Trouble(what, remedy, _stuck()))
    if state.last_error is not None:
        found.append(Trouble(sentence(state.last_error), hint(state.last_error), _stuck()))
    if state.set_aside:
        what = ngettext("%(n)d message was set aside.", "%(n)d messages were set aside.", state.set_aside)
        remedy = _("Look at the reason on the message's page and tell the hospital that sent it.")
        found.append(Trouble(what % {"n": state.set_aside}, remedy, _stuck()))
    return found


def _his_troubles(newest: Export | None, refused: int, now: datetime) -> list[Trouble]:
    found = []
    folder = settings.NODE.exports
    if newest is None:
        what = _("The HIS has not exported anything yet.")
        remedy = _("Set the export folder of the HIS to %(folder)s.") % {"folder": folder}
        found.append(Trouble(what, remedy, bad=True))
    elif now - newest.taken_at > HIS_SILENT:
        what = _("The HIS has exported nothing since %(at)s.") % {"at": moment(newest.taken_at)}
        remedy = _("See whether the export job of the HIS runs and writes to %(folder)s.") % {
            "folder": folder
        }
        found.append(Trouble(what, remedy, bad=True))
    if refused:
        what = ngettext(
            "%(n)d dossier or file was refused and has not come again.",
            "%(n)d dossiers or files were refused and have not come again.",
            refused,
        )
        remedy = _("Mend them in the HIS as the list says and export them again.")
        found.append(Trouble(what % {"n": refused}, remedy, reverse("refused")))
    return found


@require_GET
@requires(*rights.FLOW)
def exports(request: HttpRequest) -> HttpResponse:
    """``/it/exports``: the files taken from the HIS, newest first."""
    files = Paginator(Export.objects.order_by("-taken_at"), 50).get_page(request.GET.get("page"))
    return render(request, "web/it/exports.html", {"files": files})


@require_GET
@requires(*rights.FLOW)
def export(request: HttpRequest, sha256: str) -> HttpResponse:
    """``/it/exports/<sha256>``: one file, its counts and everything found in it."""
    file = get_object_or_404(Export, pk=sha256)
    found = file.findings.order_by("severity", "position", "id")
    kinds = list(found.values("severity", "code").annotate(n=Count("id")).order_by("severity", "-n"))
    rows = Paginator(found, 100).get_page(request.GET.get("page"))
    return render(request, "web/it/export.html", {"file": file, "findings": rows, "kinds": kinds})


@require_GET
@requires(*rights.FLOW)
def refused(request: HttpRequest) -> HttpResponse:
    """``/it/refused``: what was set aside, why, where, what to do; ``code`` and ``all`` filter."""
    everything = request.GET.get("all") == "1"
    found = Finding.objects.filter(severity="error") if everything else waiting_refused()
    counts = list(found.values("code").annotate(n=Count("id"), example=Max("id")).order_by("-n", "code"))
    examples = Finding.objects.in_bulk([count["example"] for count in counts])
    kinds = [{**count, "problem": examples[count["example"]].problem} for count in counts]
    code = request.GET.get("code", "")
    chosen = found.filter(code=code) if code else found
    rows = Paginator(chosen.select_related("export").order_by("-id"), 50).get_page(request.GET.get("page"))
    page = {"findings": rows, "kinds": kinds, "code": code, "all": everything}
    return render(request, "web/it/refused.html", page)


@require_GET
@requires(*rights.FLOW)
def messages(request: HttpRequest) -> HttpResponse:
    """``/it/messages``: one box for a message id, a loop, a slip or dossier number, or the hash of a file."""
    text, stuck = request.GET.get("q", "").strip()[:100], request.GET.get("stuck") == "1"
    files: list[Export] = []
    if text:
        rows = exchange.find(text)
        numbered = Transfer.objects.filter(Q(slip=text) | Q(ma_lk=text)).values_list("loop", flat=True)[:20]
        for loop in numbered:
            rows += exchange.messages_of(loop)
        rows = list({row.id: row for row in rows}.values())
        if len(text) >= 8 and not directory.is_hub():
            named = Q(sha256__startswith=text.lower()) | Q(name=text)
            files = list(Export.objects.filter(named).order_by("-taken_at")[:20])
    else:
        rows = exchange.recent(50, stuck=stuck)
    return render(
        request, "web/it/messages.html", {"text": text, "rows": rows, "files": files, "stuck": stuck}
    )


@require_GET
@requires(*rights.FLOW)
def message(request: HttpRequest, id: str) -> HttpResponse:
    """``/it/messages/<id>``: what happened to a message at both hospitals, in order, with the receipt."""
    row = next((row for row in exchange.find(id) if row.id == id), None)
    if row is None:
        raise Http404
    page: dict[str, Any] = {
        "row": row,
        "steps": exchange.journey(id),
        "others": [other for other in exchange.messages_of(row.loop) if other.id != id],
        "loop": exchange.bytes_of(row.loop),
    }
    return render(request, "web/it/message.html", page)
