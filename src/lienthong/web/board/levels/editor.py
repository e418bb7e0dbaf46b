"""The criteria themselves: versions, the draft that the officer corrects, files taken in and out, publishing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.access import accounts, rights
from lienthong.access.models import Role
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.rollout.levels import book, criteria, problems, sheet, words
from lienthong.rollout.levels.book import UNCONFIRMED, Book, Criterion
from lienthong.rollout.levels.criteria import CONFIRMED, LENGTHS, Difference
from lienthong.rollout.levels.models import CriteriaVersion, CriterionRow
from lienthong.web.board.doors import opens
from lienthong.web.board.levels import asked
from lienthong.web.board.levels.overview import XLSX, attachment
from lienthong.web.words import hint, sentence

FIELDS = {
    "group": pgettext_lazy("criteria", "Group"),
    "level": pgettext_lazy("criteria", "Level"),
    "legal_no": pgettext_lazy("levels", "Number in the document"),
    "vi": pgettext_lazy("levels", "Wording, Vietnamese"),
    "en": pgettext_lazy("levels", "Wording, English"),
    "confidence": pgettext_lazy("levels", "Confidence"),
    "official": pgettext_lazy("levels", "Official source"),
    "note_vi": pgettext_lazy("levels", "Note, Vietnamese"),
    "note_en": pgettext_lazy("levels", "Note, English"),
    "asked": pgettext_lazy("levels", "Units answer it"),
    "groups": pgettext_lazy("levels", "Groups"),
    "rule": pgettext_lazy("levels", "Level rule"),
}
"""Fields that versions are compared by, in words."""
CONFIDENCE = (
    ("A", pgettext_lazy("levels", "A: read in the original")),
    ("B", gettext_lazy("B: partly read, partly inferred")),
    ("C", gettext_lazy("C: put together, to be confirmed")),
)


class CriterionForm(forms.Form):
    """What an officer may correct of a criterion."""

    level = forms.ChoiceField(label=FIELDS["level"])
    legal_no = forms.CharField(label=FIELDS["legal_no"], max_length=LENGTHS["legal_no"], required=False)
    vi = forms.CharField(
        label=FIELDS["vi"], max_length=LENGTHS["vi"], widget=forms.Textarea(attrs={"rows": 3, "lang": "vi"})
    )
    en = forms.CharField(
        label=FIELDS["en"],
        max_length=LENGTHS["en"],
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "lang": "en"}),
    )
    confidence = forms.ChoiceField(label=FIELDS["confidence"], choices=CONFIDENCE)
    official = forms.CharField(label=FIELDS["official"], max_length=LENGTHS["official"], required=False)
    note_vi = forms.CharField(label=FIELDS["note_vi"], max_length=LENGTHS["note_vi"], required=False)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: QueryDict | None, *, one: Criterion, law: Book, seen: str) -> None:
        self.one = one
        names = ("level", "legal_no", "vi", "en", "confidence", "official", "note_vi")
        super().__init__(data, initial={"seen": seen, **{name: getattr(one, name) for name in names}})
        rungs = law.group(one.group).rungs[1:]
        self.fields["level"].choices = [(rung, words.rung(rung)) for rung in rungs]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Confirming names what the criterion was compared with."""
        found: dict[str, Any] = super().clean() or {}
        confirmed_now = found.get("confidence") == CONFIRMED and self.one.confidence != CONFIRMED
        if confirmed_now and not found.get("official"):
            self.add_error("official", _("Name the official text that you compared it with."))
        return found

    def wanted(self) -> Criterion:
        """The criterion as typed."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "seen"}
        return replace(self.one, **values)


class TakeForm(forms.Form):
    """A file of the official text."""

    file = forms.FileField(label=pgettext_lazy("levels", "Excel or CSV file"))
    source = forms.CharField(label=pgettext_lazy("levels", "Where the text is from"), max_length=300)


class PublishForm(forms.Form):
    """From when on the draft is in use, and what it follows."""

    valid_from = forms.DateField(
        label=pgettext_lazy("levels", "In use from"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    source = forms.CharField(label=pgettext_lazy("levels", "Official source"), max_length=300)


def _known(set: str) -> str:
    if set not in book.SETS:
        raise Http404
    return set


def _version(set: str, text: str) -> CriteriaVersion:
    """The version asked for by number, ``draft`` too; else the one in use today."""
    found = None
    if text.isascii() and text.isdigit() and len(text) < 5:
        found = CriteriaVersion.objects.filter(set=set, number=int(text)).first()
        if found is None:
            raise Http404
    return found or criteria.in_use(set)


def _may_edit(request: HttpRequest) -> bool:
    return Role.DEPARTMENT in accounts.request_roles(request)


@require_GET
@opens(*rights.BOARD)
def listing(request: HttpRequest) -> HttpResponse:
    """``/board/levels/criteria``: the sets with their versions."""
    sets = []
    for set in book.SETS:
        in_use = criteria.in_use(set)
        law = criteria.book_of(in_use)
        asked_of = [one for one in law.criteria if one.asked]
        sets.append(
            {
                "set": set,
                "law": law,
                "title": words.title(law),
                "in_use": in_use,
                "draft": criteria.draft(set),
                "count": len(asked_of),
                "open": sum(1 for one in asked_of if not one.confirmed),
                "ended": law.in_force_to if law.in_force_to and law.in_force_to <= clock.today() else None,
            }
        )
    return render(request, "web/board/levels/criteria.html", {"sets": sets})


@require_GET
@opens(*rights.BOARD)
def one_set(request: HttpRequest, set: str) -> HttpResponse:
    """``/board/levels/criteria/<set>``: a version (``version``; else the one in use) and the others."""
    return _set_page(request, _known(set), _version(set, request.GET.get("version", "")))


def _set_page(request: HttpRequest, set: str, version: CriteriaVersion, **more: Any) -> HttpResponse:
    law, draft = criteria.book_of(version), criteria.draft(set)
    today = clock.today()
    page = {
        "set": set,
        "law": law,
        "title": words.title(law),
        "version": version,
        "in_use": criteria.in_use(set),
        "draft": draft,
        "draft_differs": len(_differences(draft)) if draft else 0,
        "versions": criteria.versions(set),
        "may_edit": _may_edit(request),
        "groups": [
            (
                group,
                words.text(group),
                law.confirmed(group.id),
                "" if group.in_force(today) else words.ended(group),
                [
                    (one, words.text(one), words.rung(one.level), words.note(one))
                    for one in law.criteria
                    if one.group == group.id
                ],
            )
            for group in law.groups
        ],
        "sources": [
            (key, text["en" if words.english() else "vi"]) for key, text in law.head["sources"].items()
        ],
        "take_form": TakeForm(),
        "publish_form": PublishForm(initial={"valid_from": today, "source": draft.source if draft else ""}),
        **more,
    }
    return render(request, "web/board/levels/set.html", page)


def _differences(draft: CriteriaVersion) -> list[Difference]:
    newest = criteria.versions(draft.set)[0]
    return criteria.differences(criteria.book_of(newest), criteria.book_of(draft))


@require_GET
@opens(*rights.BOARD)
def taken(request: HttpRequest, set: str) -> HttpResponse:
    """``/board/levels/criteria/<set>/sheet``: a version as ``format=xlsx`` or ``csv``."""
    version = _version(_known(set), request.GET.get("version", ""))
    law, name = criteria.book_of(version), f"{set}-v{version.number}"
    if request.GET.get("format") == "csv":
        return attachment(sheet.comma(law), "text/csv; charset=utf-8", f"{name}.csv")
    return attachment(sheet.excel(law), XLSX, f"{name}.xlsx")


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_EDIT)
def edit(request: HttpRequest, set: str, key: str) -> HttpResponse:
    """``/board/levels/criteria/<set>/edit/<key>``: corrects a criterion in the draft, which begins with it."""
    draft = criteria.draft(_known(set))
    version = draft or criteria.versions(set)[0]
    law = criteria.book_of(version)
    one, row = law.criterion(key), CriterionRow.objects.filter(version=version, key=key).first()
    if one is None or row is None:
        raise Http404
    seen = row.seen() if draft else ""
    form = CriterionForm(request.POST or None, one=one, law=law, seen=seen)
    if request.method == "POST" and form.is_valid():
        try:
            criteria.correct(
                accounts.actor(request),
                set,
                form.wanted(),
                seen=form.cleaned_data["seen"] or None,
                page=request.path,
            )
        except LienThongError as error:
            form.add_error(None, f"{sentence(error.problem)} {hint(error.problem)}".strip())
        else:
            number = getattr(criteria.draft(set), "number", version.number)
            return redirect(f"{reverse('board-levels-set', args=[set])}?version={number}#{key}")
    page = {"set": set, "law": law, "title": words.title(law), "one": one, "form": form, "draft": draft}
    return render(request, "web/board/levels/edit.html", page)


@require_POST
@opens(*rights.BOARD_EDIT)
def take(request: HttpRequest, set: str) -> HttpResponse:
    """``/board/levels/criteria/<set>/take``: a file becomes the draft; what it changes is shown before publishing."""
    form = TakeForm(request.POST, request.FILES)
    version = criteria.draft(_known(set)) or criteria.versions(set)[0]
    if not form.is_valid():
        return _set_page(request, set, version, take_form=form)
    content = form.cleaned_data["file"].read(sheet.LARGEST + 1)
    try:
        found = sheet.take(content, criteria.book_of(version))
        if found.book is not None:
            criteria.replaced(
                accounts.actor(request), set, found.book, form.cleaned_data["source"], page=request.path
            )
            return redirect("board-levels-compare", set)
    except LienThongError as error:
        form.add_error("file", f"{sentence(error.problem)} {hint(error.problem)}".strip())
        return _set_page(request, set, version, take_form=form)
    return _set_page(request, set, version, take_form=form, wrong=found.wrong)


@require_GET
@opens(*rights.BOARD)
def compare(request: HttpRequest, set: str) -> HttpResponse:
    """``/board/levels/criteria/<set>/compare``: two versions (``a``, ``b``); else the newest one and the draft."""
    draft, newest = criteria.draft(_known(set)), criteria.versions(set)
    after = _version(set, request.GET["b"]) if "b" in request.GET else draft or newest[0]
    if "a" in request.GET:
        before = _version(set, request.GET["a"])
    else:
        before = next((one for one in newest if one.number < after.number), newest[-1])
    laws = criteria.book_of(before), criteria.book_of(after)
    found = criteria.differences(*laws)
    page = {
        "set": set,
        "title": words.title(laws[1]),
        "before": before,
        "after": after,
        "rows": [_row(one, laws) for one in found],
        "again": sum(1 for one in found if "vi" in one.fields) + sum(1 for one in found if one.kind == "new"),
        "versions": [*([draft] if draft else []), *newest],
        "draft": draft if draft and after.pk == draft.pk else None,
        "may_edit": _may_edit(request),
        "publish_form": PublishForm(
            initial={"valid_from": clock.today(), "source": draft.source if draft else ""}
        ),
    }
    return render(request, "web/board/levels/compare.html", page)


def _row(one: Difference, laws: tuple[Book, Book]) -> dict[str, Any]:
    """A line of the comparison: number, what kind, and each field before and after."""
    if not one.id:
        lines = [line for field in one.fields for line in _head_lines(field, laws)]
    elif one.kind == "changed":
        lines = [(FIELDS[name], _said(name, one.before), _said(name, one.after)) for name in one.fields]
    else:
        there = one.after or one.before
        parts = (words.text(there), words.rung(there.level), _said("confidence", there)) if there else ()
        text = " · ".join(parts)
        lines = [("", "", text) if one.kind == "new" else ("", text, "")]
    return {"id": one.id, "kind": one.kind, "lines": lines}


def _said(name: str, one: Criterion | None) -> str:
    value = getattr(one, name)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if name == "confidence":
        return value if value != UNCONFIRMED else f"{value} ({words.unconfirmed()})"
    return words.rung(value) if name == "level" else str(value)


def _head_lines(field: str, laws: tuple[Book, Book]) -> list[tuple[Any, str, str]]:
    if field == "groups":
        old, new = (", ".join(f"{group.id}. {words.text(group)}" for group in law.groups) for law in laws)
        return [(FIELDS["groups"], old, new)]
    before, after = ({step.level: step for step in law.steps} for law in laws)
    lines = []
    for level in sorted({*before, *after}):
        texts = [
            ", ".join(f"{group}: {words.short(rung)}" for group, rung in side[level].requires.items())
            + f" ({'/'.join(sorted(set(side[level].confidence.values())))})"
            if level in side
            else ""
            for side in (before, after)
        ]
        if texts[0] != texts[1]:
            lines.append((_("Rule of level %(n)s") % {"n": level}, texts[0], texts[1]))
    return lines


@require_POST
@opens(*rights.BOARD_EDIT)
def publish(request: HttpRequest, set: str) -> HttpResponse:
    """``/board/levels/criteria/<set>/publish``: puts the draft into use from a day on."""
    form = PublishForm(request.POST)
    if criteria.draft(_known(set)) is None:
        asked.done(request, lambda: _refuse(problems.no_draft()))
        return redirect("board-levels-set", set)
    if form.is_valid():
        by, wanted = accounts.actor(request), form.cleaned_data
        if asked.done(
            request,
            lambda: criteria.publish(by, set, wanted["valid_from"], wanted["source"], page=request.path),
            _("The new version is published."),
        ):
            return redirect("board-levels-set", set)
    else:
        asked.done(request, lambda: _refuse(problems.publish_needs()))
    return redirect("board-levels-compare", set)


def _refuse(error: Exception) -> None:
    raise error


@require_POST
@opens(*rights.BOARD_EDIT)
def discard(request: HttpRequest, set: str) -> HttpResponse:
    """``/board/levels/criteria/<set>/discard``: throws the draft away."""
    by = accounts.actor(request)
    asked.done(
        request,
        lambda: criteria.discard(by, _known(set), page=request.path),
        pgettext("levels", "The draft was thrown away."),
    )
    return redirect("board-levels-set", set)
