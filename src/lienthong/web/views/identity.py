"""One person per record: pairs that wait for a clerk, two registrations side by side, a person, decisions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.access import accounts, audit, rights
from lienthong.access.doors import requires
from lienthong.facilities import directory
from lienthong.foundation.errors import LienThongError
from lienthong.identity import deciding, index
from lienthong.identity.deciding import Question
from lienthong.identity.index import Registration
from lienthong.identity.models import Event
from lienthong.identity.persons import Contradiction
from lienthong.web.record import pairs
from lienthong.web.words import hint, sentence

SHOWN = 25
RECENT = 30
WITH_SCORE, NOT_KNOWN = "with-score", "not-known"
"""Reasons that stand where the clerk gave none."""
KINDS = {
    "linked": gettext_lazy("Linked by the program"),
    "unlinked": gettext_lazy("Taken apart"),
    "decided-same": gettext_lazy("Said to be the same person"),
    "decided-different": gettext_lazy("Said to be two people"),
    "decided-unknown": gettext_lazy("Said not to know"),
    "undone": gettext_lazy("Taken back"),
    "rule-changed": gettext_lazy("Rules changed"),
    "withdrawn": gettext_lazy("Not in use any more"),
    "replaced": gettext_lazy("Replaced by another registration"),
}
WHY = {
    WITH_SCORE: gettext_lazy("Agrees with the score"),
    NOT_KNOWN: gettext_lazy("Cannot be told from what is known"),
    "citizen": gettext_lazy("The same citizen number, and name, birth and sex fit"),
    "passport": gettext_lazy("The same passport, and name, birth and sex fit"),
    "social": gettext_lazy("The same insurance number, and name, birth and sex fit"),
    "hospital": gettext_lazy("The same hospital number, and name, birth and sex fit"),
    "score": gettext_lazy("The score is high enough"),
    "fields changed": gettext_lazy("The data changed; nothing speaks for one person any more"),
    "deleted": gettext_lazy("The hospital deleted it"),
    "inactive": gettext_lazy("The hospital marked it as not to be used"),
    "replaced": gettext_lazy("The hospital uses the other one in its place"),
    "in use again": gettext_lazy("The hospital uses it again"),
}
GONE = {
    "deleted": gettext_lazy("Deleted by its hospital"),
    "inactive": gettext_lazy("Not used any more by its hospital"),
    "replaced": gettext_lazy("Replaced by its hospital"),
}


def _number(text: str) -> int:
    """A number of the address; 0 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _audit(request: HttpRequest, some: Iterable[Registration], action: str = "identity-read") -> None:
    """A row of the trail for each patient whose data a page shows."""
    actor = accounts.actor(request)
    wanted = [
        audit.Wanted(actor, action, one.fhir_id, request.path, "identity", {"facility": one.facility})
        for one in {one.number: one for one in some}.values()
    ]
    audit.append(wanted)


@require_GET
@requires(*rights.IDENTITY)
def waiting(request: HttpRequest) -> HttpResponse:
    """``/identity?facility=&page=``: pairs that wait, the most certain first; what was decided last."""
    facility = request.GET.get("facility", "").replace("\0", "")[:16]
    page = max(1, min(_number(request.GET.get("page", "1")), 10_000))
    count = deciding.count_pending(facility)
    found = deciding.pending(SHOWN, (page - 1) * SHOWN, facility)
    _audit(request, (one for asked in found for one in (asked.first, asked.second)), "identity-listed")
    content = {
        "pairs": [(asked, pairs.meaning(asked.verdict.score.bits), pairs.weighed(asked)) for asked in found],
        "count": count,
        "facility_wanted": facility,
        "facilities": _facilities(),
        "previous": page - 1,
        "following": page + 1 if page * SHOWN < count else 0,
        "may_rule": _may_rule(request),
        "query": urlencode({"facility": facility}) if facility else "",
    }
    return render(request, "web/identity/waiting.html", content)


def _facilities() -> list[str]:
    """Facilities by which the list can be narrowed: at the hub those with a node, none at a site."""
    return sorted(node.facility for node in directory.nodes("site")) if directory.is_hub() else []


def _may_rule(request: HttpRequest) -> bool:
    return bool(accounts.request_roles(request) & set(rights.IDENTITY_RULES))


@require_http_methods(["GET", "POST"])
@requires(*rights.IDENTITY)
def pair(request: HttpRequest, first: int, second: int) -> HttpResponse:
    """``/identity/pairs/<first>/<second>``: two registrations side by side; POST decides and goes to the next pair."""
    asked = _asked(first, second)
    facility = request.GET.get("facility", "").replace("\0", "")[:16]
    shown = pairs.weighed(asked)
    error, answer, why = "", "", ""
    if request.method == "POST":
        answer = request.POST.get("answer", "")
        why = " ".join(request.POST.get("why", "").replace("\0", "").split())[:500]
        error = _wrong(answer, why, asked)
        if not error:
            _decide(request, asked, answer, why)
            return _next(facility)
    _audit(request, (asked.first, asked.second))
    content = {
        "asked": asked,
        "shown": shown,
        "sides": [_side(asked.first), _side(asked.second)],
        "one_person": asked.first.person == asked.second.person,
        "history": _events(_between(asked)),
        "against_same": _against("same", asked),
        "facility_wanted": facility,
        "error": error,
        "answer": answer,
        "why": why,
    }
    return render(request, "web/identity/pair.html", content, status=400 if error else 200)


def _asked(first: int, second: int) -> Question:
    found = {one.number: one for one in index.by_number((first, second))} if first < second else {}
    if len(found) != 2:
        raise Http404
    return deciding.question((found[first], found[second]))


def _between(asked: Question) -> list[Event]:
    """What was said of this very pair."""
    return deciding.of_pair((asked.first.number, asked.second.number))


def _side(one: Registration) -> dict[str, Any]:
    """What stands at the head of a column: facility, numbers with their time, and how many registrations it has."""
    held = index.numbers([one])
    return {
        "one": one,
        "numbers": held,
        "others": len(index.registrations(one.person)) - 1,
    }


def _against(answer: str, asked: Question) -> bool:
    """Whether an answer goes against the score, or against a rule that keeps the program from linking."""
    if answer == "same":
        return asked.verdict.score.bits < 0 or bool(asked.verdict.guard)
    return answer == "different" and (asked.verdict.score.bits >= 0 or bool(asked.verdict.rule))


def _wrong(answer: str, why: str, asked: Question) -> str:
    if answer not in ("same", "different", "unknown"):
        return _("Choose an answer.")
    if {asked.first.gone, asked.second.gone} & {"deleted", "inactive"}:
        return _("One of the two is not in use any more; the pair need not be compared.")
    if not why and _against(answer, asked):
        return _("Say why: this answer goes against the score. For example: identity card seen.")
    return ""


def _decide(request: HttpRequest, asked: Question, answer: Any, why: str) -> None:
    reason = why or (NOT_KNOWN if answer == "unknown" else WITH_SCORE)
    two = (asked.first.number, asked.second.number)
    made = deciding.decide(two, answer, reason, accounts.actor(request))
    words = {
        "same": _("Kept: the same person."),
        "different": _("Kept: two people."),
        "unknown": _("Kept: not known. The pair waits no more."),
    }
    messages.success(
        request,
        f"{words[answer]} "
        + _("Decision %(number)s; it can be taken back under “Decisions”.") % {"number": made},
    )


def _next(facility: str) -> HttpResponse:
    """The next pair that waits, or the list when none does."""
    query = f"?{urlencode({'facility': facility})}" if facility else ""
    for asked in deciding.pending(1, 0, facility):
        return redirect(reverse("identity-pair", args=[asked.first.number, asked.second.number]) + query)
    return redirect(reverse("identity") + query)


@require_GET
@requires(*rights.IDENTITY)
def decisions(request: HttpRequest) -> HttpResponse:
    """``/identity/decisions?mine=1``: what people decided last, by whom and why; own ones can be taken back."""
    actor = accounts.actor(request)
    mine = request.GET.get("mine") == "1"
    found = deciding.latest(RECENT, actor.id if mine else "")
    known = {one.number: one for one in index.by_number(n for each in found if each.pair for n in each.pair)}
    _audit(request, known.values(), "identity-listed")
    rows = [
        {
            "event": each.event,
            "words": KINDS[each.event.kind],
            "why": WHY.get(each.event.why, each.event.why),
            "pair": [known[number] for number in each.pair] if each.pair else [],
            "counts": each.counts,
            "may_undo": each.counts and (each.event.author == actor.id or _may_rule(request)),
        }
        for each in found
    ]
    page = {"rows": rows, "mine": mine, "may_rule": _may_rule(request)}
    return render(request, "web/identity/decisions.html", page)


@require_POST
@requires(*rights.IDENTITY)
def undo(request: HttpRequest, event: int) -> HttpResponse:
    """``/identity/decisions/<event>/undo``: takes an own decision back, as if it had never been."""
    actor = accounts.actor(request)
    target = Event.objects.filter(id=event).exclude(source="").first()
    if target is None or not (target.author == actor.id or _may_rule(request)):
        raise Http404
    why = " ".join(request.POST.get("why", "").replace("\0", "").split())[:500]
    try:
        deciding.undo(event, why, actor)
        messages.success(request, _("Taken back. Everything is as it was before that decision."))
    except LienThongError as error:
        messages.error(request, f"{sentence(error.problem)} {hint(error.problem)}")
    return redirect("identity-decisions")


@require_http_methods(["GET", "POST"])
@requires(*rights.IDENTITY)
def person(request: HttpRequest, number: int) -> HttpResponse:
    """``/identity/persons/<number>``: all registrations of one person and their history; POST takes one out."""
    found = index.registrations(number)
    if not found:
        raise Http404
    why, error = "", ""
    if request.method == "POST":
        why = " ".join(request.POST.get("why", "").replace("\0", "").split())[:500]
        out = _number(request.POST.get("registration", ""))
        if out not in {one.number for one in found}:
            raise Http404
        try:
            deciding.unlink(out, why, accounts.actor(request))
            messages.success(request, _("Taken apart. The registration stands for itself now."))
            return redirect("identity-person", out)
        except LienThongError as problem:
            error = f"{sentence(problem.problem)} {hint(problem.problem)}"
    _audit(request, found)
    content = {
        "number": number,
        "rows": [(one, index.numbers([one]), pairs.sex(one), GONE.get(one.gone, "")) for one in found],
        "history": _events(deciding.history(number)),
        "against": [_contradiction(one) for one in deciding.contradictions(number)],
        "error": error,
        "why": why,
    }
    return render(request, "web/identity/person.html", content, status=400 if error else 200)


def _contradiction(one: Contradiction) -> dict[str, Any]:
    return {"same": one.same, "different": one.different}


def _events(found: list[Event]) -> list[dict[str, Any]]:
    """Events as a page shows them, the newest first."""
    undone = {one.undoes for one in found if one.undoes}
    return [
        {
            "event": one,
            "words": KINDS[one.kind],
            "why": WHY.get(one.why, one.why),
            "undone": one.id in undone,
            "bits": pairs.meaning(one.bits) if one.bits is not None else "",
        }
        for one in reversed(found)
    ]
