"""What a page of levels was asked for, and how it answers what cannot be done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.rollout import scope, units
from lienthong.rollout.levels.models import Assessment
from lienthong.rollout.units import Unit
from lienthong.web import days
from lienthong.web.words import hint, sentence


def day(text: str, default: date | None = None) -> date | None:
    """A day as a date field sends it; the default where it is none of this time."""
    return days.read(text.strip(), date(2000, 1, 1), date(2099, 12, 31)) or default


def on(request: HttpRequest) -> date:
    """The day the page shows: ``on``, else today."""
    return day(request.GET.get("on", "")) or clock.today()


def unit(request: HttpRequest, code: str) -> Unit:
    """A unit that whoever asks may see.

    Raises:
        Http404, PermissionDenied
    """
    scope.must_see(request, code)
    for moment in (on(request), clock.today()):
        for one in units.listing(moment):
            if one.code == code:
                return one
    raise Http404


def assessment(request: HttpRequest, id: int) -> Assessment:
    """An assessment that whoever asks may see.

    Raises:
        Http404, PermissionDenied
    """
    found = get_object_or_404(Assessment.objects.select_related("version"), pk=id)
    scope.must_see(request, found.facility)
    return found


def done(request: HttpRequest, step: Callable[[], Any], said: str = "") -> bool:
    """Takes a step and says how it went; what is wrong becomes a message of the next page."""
    try:
        step()
    except LienThongError as error:
        messages.error(request, f"{sentence(error.problem)} {hint(error.problem)}".strip())
        return False
    if said:
        messages.success(request, said)
    return True
