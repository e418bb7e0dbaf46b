"""Find a person; the record, its visits, results and papers. Every look is audited before it is shown."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from lienthong import records
from lienthong.access import accounts, audit, rights
from lienthong.access.doors import requires
from lienthong.documents import desk as documents_desk
from lienthong.identity import following, index
from lienthong.records import Stored
from lienthong.transfers import desk
from lienthong.web.record import gather, province, returned
from lienthong.web.record import person as people
from lienthong.web.record.source import source

TREATMENT = "treatment"
FOUND = 30
LONGEST_SEARCH = 100


class ReasonForm(forms.Form):
    """Why somebody opens what is specially protected."""

    why = forms.CharField(
        label=_("Reason for opening"),
        min_length=10,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@require_GET
@requires(*rights.RECORDS)
def find(request: HttpRequest) -> HttpResponse:
    """``/patients?q=``: people by any number of theirs, or by name and birth year."""
    text = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
    found: list[dict[str, Any]] = []
    more = False
    if text:
        kept = records.find_patients(text, limit=FOUND + 1)
        audit.record(
            accounts.actor(request), "search", page=request.path, detail={"text": text, "found": len(kept)}
        )
        more = len(kept) > FOUND
        found = [
            {
                "person": people.person(same[0].resource),
                "last": max(filter(None, map(gather.last_visit, same)), default=""),
                "also": [people.person(other.resource) for other in same[1:]],
            }
            for same in _by_person(kept[:FOUND])
        ]
    page = {"text": text, "found": found, "more": more, "most": FOUND}
    return render(request, "web/patients/find.html", page)


def _by_person(kept: list[Stored]) -> list[list[Stored]]:
    """Patients in their order, those together that the identity index says are one person."""
    found: dict[tuple[str, object], list[Stored]] = {}
    for stored in kept:
        person = index.person_of(following.facility_of(stored.resource), stored.id)
        key = ("person", person) if person is not None else ("patient", stored.id)
        found.setdefault(key, []).append(stored)
    return list(found.values())


@require_GET
@requires(*rights.RECORDS)
def overview(request: HttpRequest, identifier: str) -> HttpResponse:
    """``/patients/<id>``: the record; ``?before=`` pages the visits."""
    stored = _patient(request, identifier)
    shown = gather.overview(stored, before=request.GET.get("before", ""))
    transfers = desk.of_patient(identifier)
    page = {
        "record": shown,
        "person": shown.person,
        "transfers": transfers,
        "came_back": returned.letters(transfers),
        "paged": "before" in request.GET,
        "wishes": [(wish, *province.wish_state(wish)) for wish in documents_desk.fetches(identifier)],
        "published": documents_desk.publications(identifier),
    }
    return render(request, "web/patients/record.html", page)


@require_GET
@requires(*rights.RECORDS)
def visit(request: HttpRequest, identifier: str, encounter: str) -> HttpResponse:
    """``/patients/<id>/visits/<encounter>``: everything of one visit."""
    stored = _patient(request, identifier)
    kept = _own(stored, "Encounter", encounter)
    page = {"shown": gather.visit(kept), "person": people.person(stored.resource), "own": _is_own(kept)}
    return render(request, "web/patients/visit.html", page)


@require_GET
@requires(*rights.RECORDS)
def results(request: HttpRequest, identifier: str) -> HttpResponse:
    """``/patients/<id>/results``: tables of results with more columns; ``?before=`` goes back in time."""
    stored = _patient(request, identifier)
    table, stamp, older = gather.all_results(stored, before=request.GET.get("before", ""))
    page = {"table": table, "source": stamp, "older": older, "person": people.person(stored.resource)}
    return render(request, "web/patients/results.html", page)


@require_GET
@requires(*rights.RECORDS)
def diagnoses(request: HttpRequest, identifier: str) -> HttpResponse:
    """``/patients/<id>/diagnoses``: each diagnosis once."""
    stored = _patient(request, identifier)
    found, stamp = gather.all_diagnoses(stored)
    page = {"diagnoses": found, "source": stamp, "person": people.person(stored.resource)}
    return render(request, "web/patients/diagnoses.html", page)


@require_GET
@requires(*rights.RECORDS)
def documents(request: HttpRequest, identifier: str) -> HttpResponse:
    """``/patients/<id>/documents``: all papers of the record."""
    stored = _patient(request, identifier)
    found, stamp = gather.all_documents(stored)
    page = {
        "documents": found,
        "source": stamp,
        "person": people.person(stored.resource),
        "came_back": returned.letters(desk.of_patient(identifier)),
    }
    return render(request, "web/patients/documents.html", page)


@require_GET
@requires(*rights.RECORDS)
def document(request: HttpRequest, identifier: str, kind: str, document: str) -> HttpResponse:
    """``/patients/<id>/documents/<type>/<document>``: one paper, made for A4."""
    if kind not in gather.PAPERS:
        raise Http404
    stored = _patient(request, identifier)
    kept = _own(stored, kind, document)
    page = {
        "document": gather.paper(kept),
        "source": source([kept]),
        "person": people.person(stored.resource),
    }
    return render(request, "web/patients/document.html", page)


@require_http_methods(["GET", "POST"])
@requires(*rights.RECORDS)
def protected(request: HttpRequest, identifier: str) -> HttpResponse:
    """``/patients/<id>/protected``: asks for a reason, audits it, then shows what is protected."""
    stored = records.read("Patient", identifier)
    if stored is None:
        raise Http404
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        why = form.cleaned_data["why"]
        audit.record(
            accounts.actor(request), "read-protected", patient=identifier, page=request.path, why=why
        )
        page = {
            "visits": gather.protected(stored),
            "why": why,
            "person": people.person(stored.resource),
        }
        return render(request, "web/patients/protected.html", page)
    audit.record(accounts.actor(request), "read", patient=identifier, page=request.path, why=TREATMENT)
    page = {
        "form": form,
        "count": records.restricted_count(identifier),
        "person": people.person(stored.resource),
    }
    return render(request, "web/patients/protected_reason.html", page)


def _patient(request: HttpRequest, identifier: str) -> Stored:
    """The Patient, with the look written into the trail.

    Raises:
        Http404: there is no such patient here.
    """
    stored = records.read("Patient", identifier)
    if stored is None:
        raise Http404
    audit.record(accounts.actor(request), "read", patient=identifier, page=request.path, why=TREATMENT)
    return stored


def _own(patient: Stored, kind: str, identifier: str) -> Stored:
    """A resource of this patient that is not specially protected.

    Raises:
        Http404: there is none.
    """
    kept = records.read(kind, identifier)
    if kept is None or kept.restricted or gather.patient_of(kept.resource) != f"Patient/{patient.id}":
        raise Http404
    return kept


def _is_own(encounter: Stored) -> bool:
    return encounter.origin.startswith("his-xml/")
