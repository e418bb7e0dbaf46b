"""The audit trail: read it, check its chain, and see who opened a patient's record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from lienthong import records
from lienthong.access import accounts, audit, rights, timestamps
from lienthong.access.doors import requires
from lienthong.foundation import clock
from lienthong.web.record.person import person
from lienthong.web.words import ACTIONS

_PART = 100


class TrailForm(forms.Form):
    """Filters of the trail."""

    person = forms.CharField(label=gettext_lazy("User name"), max_length=60, required=False)
    action = forms.ChoiceField(label=gettext_lazy("What"), required=False)
    since = forms.DateField(label=gettext_lazy("From day"), required=False)
    until = forms.DateField(label=gettext_lazy("To day"), required=False)
    emergency = forms.BooleanField(label=gettext_lazy("Only emergency access"), required=False)
    since.widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    until.widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("Everything")), *((code, str(words)) for code, words in ACTIONS.items())]
        self.fields["action"] = forms.ChoiceField(label=_("What"), choices=choices, required=False)

    def filters(self) -> dict[str, Any]:
        """For :func:`lienthong.access.audit.trail`; what is not valid filters nothing."""
        fields = self.cleaned_data if self.is_valid() else {}
        found: dict[str, Any] = {name: fields.get(name) or "" for name in ("person", "action")}
        found["emergency"] = bool(fields.get("emergency"))
        since, until = fields.get("since"), fields.get("until")
        if since:
            found["since"] = clock.iso(datetime.combine(since, datetime.min.time(), clock.VIETNAM))
        if until:
            after = datetime.combine(until, datetime.min.time(), clock.VIETNAM) + timedelta(days=1)
            found["until"] = clock.iso(after)
        return found


def _before(request: HttpRequest) -> int | None:
    text = request.GET.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


@require_GET
@requires(*rights.TRAIL)
def trail(request: HttpRequest) -> HttpResponse:
    """``/audit``: the trail of this node, newest first, with filters."""
    form = TrailForm(request.GET)
    events = audit.trail(**form.filters(), before=_before(request), limit=_PART + 1)
    shown = events[:_PART]
    page = {
        "form": form,
        "events": shown,
        "more": len(events) > _PART,
        "patients": _names(shown),
        "stamped": timestamps.newest_stamped(),
        "waiting": timestamps.waiting() if settings.NODE.timestamp_url else 0,
        "service": settings.NODE.timestamp_url,
    }
    return render(request, "web/trail/trail.html", page)


def _names(events: Sequence[audit.Event]) -> dict[str, str]:
    """The names of the patients that events are about, by id."""
    kept = records.read_many(sorted({f"Patient/{event.patient}" for event in events if event.patient}))
    return {stored.id: person(stored.resource).name for stored in kept.values()}


@require_POST
@requires(*rights.TRAIL)
def check(request: HttpRequest) -> HttpResponse:
    """``/audit/check``: reads what is new since the last checked stamp (``full``: all); does it hold?"""
    found = timestamps.check(full="full" in request.POST)
    if found.broken is not None:
        why = f"broken at {found.broken}"
        text = _("The chain is broken at event %(n)d: it or its neighbours were changed outside the program.")
        messages.error(request, text % {"n": found.broken})
    elif found.bad_batch is not None:
        why = f"batch {found.bad_batch} does not fit"
        text = _(
            "Batch %(n)d does not fit the events or its time-stamp: one of them was changed outside the program."
        )
        messages.error(request, text % {"n": found.bad_batch})
    else:
        why = "holds"
        messages.success(request, _("The chain holds: no event was changed, removed or added out of turn."))
    audit.record(
        accounts.actor(request),
        "audit-checked",
        page=request.path,
        why=why,
        detail={"since": found.since, "events": found.events},
    )
    return redirect("trail")


@require_GET
@requires(*rights.SEEN_BY)
def seen_by(request: HttpRequest, id: str) -> HttpResponse:
    """``/patients/<id>/seen-by``: who touched a patient's record here; looking at this is noted too."""
    patient = records.read("Patient", id)
    if patient is None:
        raise Http404
    audit.record(accounts.actor(request), "seen-by", patient=id, page=request.path)
    events = audit.seen_by(id, limit=_PART + 1, before=_before(request))
    names = patient.resource.get("name") or [{}]
    page = {
        "patient": id,
        "name": names[0].get("text", ""),
        "events": events[:_PART],
        "more": len(events) > _PART,
    }
    return render(request, "web/trail/seen_by.html", page)
