"""For IT: is everything flowing, the exports of the HIS, what was refused, the latest messages."""

from __future__ import annotations

import shutil
from datetime import datetime

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Count, Max, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from lienthong import exchange
from lienthong.access import rights
from lienthong.access.doors import requires
from lienthong.connectors.his_xml import concerns
from lienthong.connectors.his_xml.models import Export, Finding
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.transfers.models import State, Transfer
from lienthong.web import attention


def _midnight() -> datetime:
    return datetime.combine(clock.today(), datetime.min.time(), clock.VIETNAM)


def _received_today() -> int:
    received = Q(steps__kind=State.RECEIVED, steps__at__gte=_midnight())
    return Transfer.objects.filter(received, receiver=directory.here()).distinct().count()


@require_GET
@requires(*rights.FLOW)
def flow(request: HttpRequest) -> HttpResponse:
    """``/it``: yes or no in plain words, what to do, and the figures behind it."""
    hub, now = directory.is_hub(), clock.now()
    state = exchange.flow()
    disk = shutil.disk_usage(settings.NODE.home)
    newest = None if hub else Export.objects.order_by("-taken_at").first()
    refused = 0 if hub else concerns.refused_count()
    open_now = attention.groups()
    today = Export.objects.filter(taken_at__gte=_midnight()).aggregate(
        stored=Sum("stored"), refused=Sum("refused"), files=Count("sha256")
    )
    page = {
        "state": state,
        "groups": open_now,
        "bad": any(group.bad for group in open_now),
        "newest": newest,
        "today": today,
        "refused": refused,
        "received": 0 if hub else _received_today(),
        "disk": disk,
        "line": None if hub else exchange.line_state(),
        "now": now,
    }
    return render(request, "web/it/flow.html", page)


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
    found = Finding.objects.filter(severity="error") if everything else concerns.waiting_refused()
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
    """``/it/messages``: the latest; ``stuck`` shows those that wait, were refused or set aside."""
    stuck = request.GET.get("stuck") == "1"
    rows = exchange.recent(50, stuck=stuck)
    return render(request, "web/it/messages.html", {"rows": rows, "stuck": stuck})
