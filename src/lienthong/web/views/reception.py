"""Reception: slips and appointments of whoever stands there, the appointment register, working days, returns."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from lienthong.access import accounts, audit, rights
from lienthong.access.doors import requires
from lienthong.facilities import directory
from lienthong.foundation import clock, ids
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.transfers.models import Side
from lienthong.transfers.validity import annexes, appointments, back, identity, uses, working_days
from lienthong.transfers.validity import reception as desk_of_reception
from lienthong.web import loops
from lienthong.web.record import moments
from lienthong.web.record import person as people

WHY = "reception"
SPAN = timedelta(days=6)
LONGEST_SPAN = timedelta(days=62)


@require_http_methods(["GET", "POST"])
@requires(*rights.RECEPTION)
def reception(request: HttpRequest) -> HttpResponse:
    """``/reception``: by ``number`` (POST, so that it stands in no address) what a person can show here."""
    return _show(request)


@require_http_methods(["GET", "POST"])
@requires(*rights.RECEPTION)
def use(request: HttpRequest) -> HttpResponse:
    """``/reception/use``: one button, "use for this visit"; the page comes again with what is left."""
    if request.method == "GET":  # the language was switched, or the address was kept
        return redirect("reception")
    what, token = request.POST.get("id", "")[:64], request.POST.get("token", "")
    how = next((h for h in identity.HOW if h == request.POST.get("how")), None)
    if how is None:
        raise Http404
    actor = accounts.actor(request)
    try:
        if request.POST.get("kind") == "appointment":
            made = uses.use_appointment(what, token=token, how=how, actor=actor)
        else:
            why = request.POST.get("why", "").replace("\0", "")
            made = uses.use_slip(what, token=token, how=how, actor=actor, why=why)
    except LienThongError as error:
        return _show(request, problem=error.problem)
    told = _("Noted for this visit. Visit category for the HIS: %(category)s.") % {"category": made.category}
    messages.success(request, told)
    return _show(request)


def _show(request: HttpRequest, problem: Problem | None = None) -> HttpResponse:
    shown = identity.read(request.POST.get("number", ""))
    found: list[desk_of_reception.Person] = []
    if shown is not None:
        actor = accounts.actor(request)
        found = desk_of_reception.look(shown)
        audit.record(
            actor, "search", page=request.path, why=WHY, detail={"text": shown.number, "found": len(found)}
        )
        for person in found:
            audit.record(actor, "read", patient=_patient(person), page=request.path, why=WHY)
    page = {
        "number": request.POST.get("number", "")[: identity.LONGEST] if shown else "",
        "shown": shown,
        "scanned_birth": moments.show(shown.birth) if shown else "",
        "people": [_about(person) for person in found],
        "problem": problem,
        "token": ids.new_id(),
        "today": clock.today(),
    }
    return render(request, "web/reception/reception.html", page, status=409 if problem else 200)


def _patient(person: desk_of_reception.Person) -> str:
    known = (*person.patients, *(s.transfer.patient for s in person.slips))
    return next(iter(known), "")


def _about(person: desk_of_reception.Person) -> dict[str, Any]:
    today, calendar = clock.today(), working_days.calendar()
    papers: list[tuple[Any, str]] = [(s, s.standing) for s in person.slips]
    papers += [(a, a.standing(today)) for a in person.appointments]
    papers.sort(key=lambda paper: _ORDER.index(paper[1]))
    over = [paper for paper in papers if _is_over(*paper)]
    return {
        "person": person,
        "born": moments.show(person.birth),
        "age": people.age_words(person.birth),
        "sex": people.sex(person.gender),
        "ready": [paper for paper in papers if paper not in over],
        "over": over,
        "calendar_until": calendar.until,
    }


_ORDER = (
    "today",
    "valid",
    "stay",
    "emergency",
    "late",
    "early",
    "no-day",
    "ask",
    "ask-year",
    "used",
    "expired",
)


def _is_over(paper: Any, standing: str) -> bool:
    """Whether it stands below, folded up: expired slips and used appointments; a used slip may serve again."""
    return standing == "expired" or (standing == "used" and isinstance(paper, appointments.Appointment))


@require_GET
@requires(*rights.RECEPTION)
def register(request: HttpRequest) -> HttpResponse:
    """``/reception/appointments?from=&to=``: the appointment register (Circular 01/2025/TT-BYT article 11)."""
    today = clock.today()
    first = _day(request.GET.get("from", "")) or today
    last = min(max(_day(request.GET.get("to", "")) or first + SPAN, first), first + LONGEST_SPAN)
    found = appointments.register(first, last)
    audit.record(
        accounts.actor(request),
        "list",
        page=request.path,
        why=WHY,
        detail={"from": first.isoformat(), "to": last.isoformat(), "found": len(found)},
    )
    page = {
        "first": first,
        "last": last,
        "rows": [(a, a.standing(today)) for a in found],
        "more": len(found) >= appointments.MOST,
        "most": appointments.MOST,
    }
    return render(request, "web/reception/appointments.html", page)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2100 else None


@require_GET
@requires(*rights.WORKING_DAYS)
def calendar(request: HttpRequest) -> HttpResponse:
    """``/reception/working-days``: the days that slips count by, with source; how to correct them."""
    known = working_days.calendar()
    own, faults = working_days.own_days()
    years: dict[int, list[working_days.Day]] = {}
    for day in sorted(known.days):
        years.setdefault(day.year, []).append(known.days[day])
    this_year = clock.today().year
    past = [year for year in years if year < this_year]
    page = {
        "years": sorted(years.items(), key=lambda year: (year[0] < this_year, year[0])),
        "year_before": min(past, default=0),
        "until": known.until,
        "file": working_days.own_file().name,
        "columns": ",".join(working_days.COLUMNS),
        "own": len(own),
        "faults": faults,
        "ends_soon": known.until - clock.today() < timedelta(days=60),
    }
    return render(request, "web/reception/working_days.html", page)


@require_http_methods(["GET", "POST"])
@requires(*rights.TRANSFERS)
def send_back(request: HttpRequest, loop: str) -> HttpResponse:
    """``/transfers/<loop>/back``: offers the return of a stable chronic disease to the first level, and begins it."""
    transfer = loops.here(loop, Side.RECEIVER)
    actor = accounts.actor(request)
    audit.record(actor, "read", patient=transfer.patient, page=request.path, why="treatment")
    problem = None
    if request.method == "POST":
        try:
            begun = back.back(loop, actor=actor)
        except LienThongError as error:
            problem = error.problem
        else:
            messages.success(request, _("The return is begun as a draft, filled in from the outcome."))
            return redirect("transfer-form", begun.loop)
    offer = back.offer(transfer)
    page = {
        "transfer": transfer,
        "offer": offer,
        "home": directory.name(offer.home) if offer and offer.home else "",
        "source": annexes.CONFIDENCE,
        "problem": problem,
    }
    return render(request, "web/reception/back.html", page, status=409 if problem else 200)
