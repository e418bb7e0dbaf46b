"""The Excel sheet: take it out, bring it back, look at what it would change, apply it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.access import audit, rights
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.rollout import facts, scope, units
from lienthong.rollout.changes import BatchRow
from lienthong.rollout.sheets import applying, archive, export
from lienthong.rollout.sheets.models import SheetUpload
from lienthong.rollout.sheets.preview import Change
from lienthong.web.board.doors import opens
from lienthong.web.board.units import words

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EARLIER = 10


class SheetForm(forms.Form):
    """A workbook to bring."""

    file = forms.FileField(label=gettext_lazy("Excel workbook (.xlsx, up to 5 MB)"), allow_empty_file=True)
    file.widget.attrs["accept"] = f".xlsx,{_XLSX}"


@dataclass(frozen=True, slots=True)
class Line:
    """A change in words."""

    change: Change
    label: str
    before: str
    after: str


@require_GET
@opens(*rights.BOARD)
def export_sheet(request: HttpRequest) -> HttpResponse:
    """``/board/units/export``: the facts of a day (``on``) as a workbook; of one unit with ``unit``."""
    person, on = scope.person(request), words.on_day(request)
    wanted = request.GET.get("unit", "")
    if wanted:
        words.known_unit(wanted)
        scope.must_see(request, wanted)
    codes = [unit for unit in units.codes(on) if person.sees(unit) and wanted in ("", unit)]
    data = export.workbook(codes, on, province=person.all_units and wanted in ("", facts.PROVINCE))
    audit.record(
        person.actor, "board-sheet", page=request.path, detail={"on": on.isoformat(), "unit": wanted}
    )
    return _file(data, f"so-lieu-don-vi{f'-{wanted}' if wanted else ''}-{on.isoformat()}.xlsx")


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_UNIT)
def bring(request: HttpRequest) -> HttpResponse:
    """``/board/units/import``: takes a workbook and leads to what it would change."""
    person = scope.person(request)
    problem: Problem | None = None
    form = SheetForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        if getattr(request, "upload_stopped", False):
            size = f"{archive.LARGEST // 1_000_000} MB"
            problem = archive.too_large(size, size)
        elif form.is_valid():
            file = form.cleaned_data["file"]
            try:
                upload, _found = applying.bring(file.read(), file.name, person.actor, person.edits)
            except LienThongError as error:
                problem = error.problem
            else:
                return redirect("board-units-preview", upload.id)
    page = {
        "form": form,
        "problem": problem,
        "earlier": SheetUpload.objects.filter(by=person.actor.id)[:EARLIER],
    }
    wrong = request.method == "POST"
    return render(request, "web/board/units/import.html", page, status=400 if wrong else 200)


def _own(request: HttpRequest, id: str) -> tuple[SheetUpload, scope.Person]:
    person = scope.person(request)
    upload = get_object_or_404(SheetUpload, pk=id)
    if upload.by != person.actor.id:
        audit.record(person.actor, "refused", page=request.path, why="unit")
        raise PermissionDenied
    return upload, person


@require_GET
@opens(*rights.BOARD_UNIT)
def look(request: HttpRequest, id: str) -> HttpResponse:
    """``/board/units/import/<id>``: what the workbook would change, what is wrong in it; or that it was applied."""
    upload, person = _own(request, id)
    page: dict[str, Any] = {"upload": upload}
    if upload.batch:
        page["batch"] = BatchRow.objects.filter(pk=upload.batch).first()
        return render(request, "web/board/units/applied.html", page)
    try:
        found = applying.refresh(upload, person.edits)
    except LienThongError as error:
        messages.error(request, words.said(error))
        return redirect("board-units-import")
    lines = [_line(change) for change in found.changes]
    page |= {
        "found": found,
        "lines": lines,
        "units": len({line.change.unit for line in lines}),
        "odd": sum(bool(line.change.notes) for line in lines),
        "province": facts.PROVINCE,
    }
    return render(request, "web/board/units/preview.html", page)


def _line(change: Change) -> Line:
    key = facts.KEYS[change.key]
    before, after = (words.shown(key, value) for value in (change.before, change.after))
    return Line(change, str(key.label), before, after)


@require_POST
@opens(*rights.BOARD_UNIT)
def apply(request: HttpRequest, id: str) -> HttpResponse:
    """``/board/units/import/<id>/apply``: writes what was shown, in one batch."""
    upload, person = _own(request, id)
    try:
        applying.apply(upload.id, person.actor, person.edits, page=request.path)
    except LienThongError as error:
        messages.error(request, words.said(error))
    else:
        messages.success(request, _("Written. You can take it back below or in the history."))
    return redirect("board-units-preview", id)


@require_GET
@opens(*rights.BOARD_UNIT)
def rest(request: HttpRequest, id: str) -> HttpResponse:
    """``/board/units/import/<id>/rest``: the rows with faults as a workbook to mend."""
    upload, person = _own(request, id)
    try:
        data = applying.rest(upload, person.edits)
    except LienThongError as error:
        raise Http404 from error
    return _file(data, f"dong-can-sua-{upload.at:%Y-%m-%d}.xlsx")


def _file(data: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(data, content_type=_XLSX)
    answer["Content-Disposition"] = f'attachment; filename="{get_valid_filename(name)}"'
    return answer
