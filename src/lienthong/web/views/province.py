"""The province today: who is connected, what travels. Amounts only, no clinical content."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from lienthong import exchange
from lienthong.access import rights
from lienthong.access.doors import requires
from lienthong.facilities import directory
from lienthong.facilities.models import Facility
from lienthong.foundation import clock
from lienthong.transfers import desk
from lienthong.web import days
from lienthong.web.charts import bars_by_day

CONNECTED = timedelta(minutes=5)
SILENT = timedelta(hours=24)
DAYS = 60
KEPT_DAYS = 400
LATEST = 20


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit's line: connection in words and shape, and its traffic."""

    code: str
    name: str
    confirmed: bool
    shape: str
    words: str
    joined: bool
    last_seen: datetime | None
    sent_today: int
    received_today: int
    sent: int
    received: int
    receipts: int
    last_day: date | None


def _connection(joined: datetime | None, seen: datetime | None, now: datetime) -> tuple[str, str]:
    if joined is None:
        return "wait", _("Not joined yet")
    if seen is None:
        return "warn", _("Joined, never seen")
    if now - seen <= CONNECTED:
        return "ok", _("Connected")
    return ("warn", _("No contact now")) if now - seen <= SILENT else ("bad", _("Silent"))


def _units(traffic: Sequence[exchange.DayCount]) -> list[Unit]:
    now, today = clock.now(), clock.today()
    sent: dict[str, list[exchange.DayCount]] = defaultdict(list)
    received: dict[str, list[exchange.DayCount]] = defaultdict(list)
    for count in traffic:
        sent[count.sender].append(count)
        received[count.receiver].append(count)
    found = []
    facilities = (
        Facility.objects.exclude(code=directory.here())
        .annotate(seen=Max("nodes__last_seen"), joined=Min("nodes__valid_from"))
        .order_by("place", "code")
    )
    for facility in facilities:
        out, into = sent[facility.code], received[facility.code]
        shape, words = _connection(facility.joined, facility.seen, now)
        found.append(
            Unit(
                code=facility.code,
                name=directory.name(facility.code),
                confirmed=facility.code_confirmed,
                shape=shape,
                words=words,
                joined=facility.joined is not None,
                last_seen=facility.seen,
                sent_today=sum(c.sent for c in out if c.accepted == today),
                received_today=sum(c.receipted for c in into if c.accepted == today),
                sent=sum(c.sent for c in out),
                received=sum(c.receipted for c in into),
                receipts=sum(c.receipted for c in out),
                last_day=max((c.accepted for c in [*out, *into]), default=None),
            )
        )
    return sorted(found, key=lambda unit: not unit.joined)


def _until(request: HttpRequest) -> date:
    return days.read(request.GET.get("until", "")) or date.max


def _chart(traffic: Sequence[exchange.DayCount], until: date) -> tuple[SafeString, date | None]:
    """Transfers by the day the patients left, up to the last such day until a day.

    Gives the chart, and the last day with transfers before it, None when there is none.
    """
    amounts: dict[date, int] = defaultdict(int)
    for count in traffic:
        if count.about <= until:
            amounts[count.about] += count.sent
    last = max(amounts, default=clock.today())
    oldest = last - timedelta(days=DAYS - 1)
    shown = (last - min((day for day in amounts if day >= oldest), default=last)).days + 1
    days = [(day, amounts[day]) for day in (last - timedelta(days=back) for back in reversed(range(shown)))]
    earlier = max((day for day in amounts if day < days[0][0]), default=None)
    return bars_by_day(days, _("Transfers by the day the patient left"), _("Transfers")), earlier


@require_GET
@requires(*rights.PROVINCE)
def province(request: HttpRequest) -> HttpResponse:
    """``/province``: totals, transfers by day (``?until=`` goes back), one line for each unit."""
    traffic = exchange.traffic(desk.TRANSFER, KEPT_DAYS)
    units = _units(traffic)
    chart, earlier = _chart(traffic, _until(request))
    page = {
        "units": units,
        "connected": sum(unit.shape == "ok" for unit in units),
        "joined": sum(unit.joined for unit in units),
        "sent": sum(count.sent for count in traffic),
        "receipted": sum(count.receipted for count in traffic),
        "open": sum(count.sent - count.receipted for count in traffic),
        "sent_today": sum(unit.sent_today for unit in units),
        "first": min((count.about for count in traffic), default=None),
        "last": max((count.about for count in traffic), default=None),
        "chart": chart,
        "earlier": earlier,
        "uploads": exchange.under_way(),
        "now": clock.now(),
    }
    return render(request, "web/province/province.html", page)


@require_GET
@requires(*rights.PROVINCE)
def unit(request: HttpRequest, code: str) -> HttpResponse:
    """``/province/<code>``: one unit's traffic by day and by other side."""
    if not Facility.objects.filter(code=code).exists() or code == directory.here():
        raise Http404
    traffic = exchange.traffic(desk.TRANSFER, KEPT_DAYS)
    mine = [count for count in traffic if code in (count.sender, count.receiver)]
    chart, earlier = _chart(mine, _until(request))
    others: dict[str, dict[str, int]] = defaultdict(lambda: {"out": 0, "in": 0, "receipts": 0})
    for count in mine:
        amounts = others[count.receiver if count.sender == code else count.sender]
        amounts["out" if count.sender == code else "in"] += count.sent
        amounts["receipts"] += count.receipted
    page = {
        "unit": next(unit for unit in _units(traffic) if unit.code == code),
        "others": [(directory.name(other), amounts) for other, amounts in sorted(others.items())],
        "chart": chart,
        "earlier": earlier,
        "loops": exchange.latest(code, LATEST),
    }
    return render(request, "web/province/unit.html", page)
