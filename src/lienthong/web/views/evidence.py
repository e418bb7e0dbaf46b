"""Evidence packages: take one out, and check one that somebody brings."""

from __future__ import annotations

import tempfile
from importlib import resources
from pathlib import Path
from typing import Any, cast

from cryptography import x509
from django import forms
from django.conf import settings
from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from lienthong import exchange
from lienthong.access import accounts, audit, rights
from lienthong.access.doors import requires
from lienthong.exchange.evidence import verify
from lienthong.facilities import directory
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.transfers import evidence
from lienthong.transfers.models import Transfer
from lienthong.web.uploads import LARGEST
from lienthong.web.words import PURPOSES

_IN_MEMORY = 4 << 20


class TakeForm(forms.Form):
    """What is asked before a package is handed out."""

    purpose = forms.ChoiceField(label=_("What is it for?"))
    content = forms.BooleanField(label=_("With clinical content"), required=False)

    def __init__(self, *args: Any, content: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purpose"] = forms.ChoiceField(
            label=_("What is it for?"), choices=[("", _("Choose")), *PURPOSES.items()]
        )
        if not content:
            del self.fields["content"]


class CheckForm(forms.Form):
    """A package to check."""

    file = forms.FileField(label=_("Evidence package (zip)"), allow_empty_file=True)
    hub_key = forms.RegexField(
        r"^[0-9A-Za-z_-]{43}$",
        label=_("Name of the hub's key, when the package is from another province"),
        required=False,
    )
    hub_key.widget.attrs.update(autocomplete="off", spellcheck="false")


@require_http_methods(["GET", "POST"])
@requires(*rights.EVIDENCE)
def take(request: HttpRequest, reference: str) -> HttpResponse:
    """``/evidence/take/<message or transfer>``: asks for the purpose, then gives the package as a file."""
    loop = _loop(reference)
    may_read = bool(accounts.request_roles(request) & set(rights.EVIDENCE_CONTENT)) and not directory.is_hub()
    data = request.POST if request.method == "POST" else None
    form, problem = TakeForm(data, content=may_read), None
    if request.method == "POST" and form.is_valid():
        out = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the response closes it
        try:
            built = evidence.take(
                reference,
                out,  # type: ignore[arg-type]
                with_content=bool(form.cleaned_data.get("content")),
                actor=accounts.actor(request),
                why=form.cleaned_data["purpose"],
            )
        except LienThongError as error:
            out.close()
            problem = error.problem
        else:
            out.seek(0)
            name = f"evidence-{built.loop if built.kind == 'loop' else built.messages[0]}.zip"
            answer = FileResponse(out, as_attachment=True, filename=name, content_type="application/zip")
            return cast(HttpResponse, answer)
    page = {
        "reference": reference,
        "rows": exchange.messages_of(loop),
        "single": reference != loop,
        "form": form,
        "problem": problem,
        "may_read": may_read,
    }
    return render(request, "web/evidence/take.html", page, status=400 if problem or form.errors else 200)


def _loop(reference: str) -> str:
    rows = exchange.messages_of(reference)
    if rows:
        return reference
    found = [row.loop for row in exchange.find(reference) if row.id == reference]
    if not found:
        raise Http404
    return found[0]


@require_http_methods(["GET", "POST"])
@requires(*rights.EVIDENCE_CHECK)
def check(request: HttpRequest) -> HttpResponse:
    """``/evidence``: a package dropped here is checked and forgotten; the result is shown for reading and printing.

    ``q`` leads to the page that takes out the package of a message or transfer.
    """
    text = request.GET.get("q", "").replace("\0", "").strip()[:100]
    reference = _reference(text) if text else ""
    if reference:
        return redirect("evidence-take", reference)
    form = CheckForm(request.POST, request.FILES) if request.method == "POST" else CheckForm()
    page: dict[str, Any] = {"form": form, "hub_keys": _own_hubs(), "text": text, "not_found": bool(text)}
    if request.method == "POST" and getattr(request, "upload_stopped", False):
        page["problem"] = _too_large()
    elif request.method == "POST" and form.is_valid():
        page |= _checked(request, form)
    status = 400 if "problem" in page or (request.method == "POST" and "report" not in page) else 200
    return render(request, "web/evidence/check.html", page, status=status)


def _reference(text: str) -> str:
    """The one message or loop that a text names, or nothing."""
    loops = Transfer.objects.filter(Q(slip=text) | Q(ma_lk=text)).values_list("loop", flat=True)[:2]
    found = {text} if exchange.messages_of(text) else {row.id for row in exchange.find(text)} or set(loops)
    return found.pop() if len(found) == 1 else ""


def _checked(request: HttpRequest, form: CheckForm) -> dict[str, Any]:
    file, given = form.cleaned_data["file"], form.cleaned_data["hub_key"]
    language = int(get_language() == "en")
    report = verify.verify(file, [given] if given else _own_hubs(), _roots())
    detail = {"file": file.name[:100], "about": report.about, "verdict": report.verdict}
    audit.record(
        accounts.actor(request), "evidence-checked", page=request.path, why=report.verdict, detail=detail
    )
    return {
        "report": report,
        "name": file.name,
        "conclusion": report.conclusion(language),
        "groups": [(title, _lines(steps, language)) for title, steps in verify.grouped(report, language)],
        "proven": _lines(report.proven, language),
        "unproven": _lines(report.unproven, language),
    }


def _lines(steps: list[verify.Step], language: int) -> list[tuple[str, str, str]]:
    return [(step.mark, verify.MARKS[step.mark], step.en if language else step.vi) for step in steps]


def _own_hubs() -> list[str]:
    return [node.kid for node in directory.nodes("hub")]


def _roots() -> list[x509.Certificate]:
    node = settings.NODE
    if not node.timestamp_ca:
        return []
    try:
        return x509.load_pem_x509_certificates((node.home / Path(node.timestamp_ca)).read_bytes())
    except (OSError, ValueError):
        return []


@require_GET
@requires()
def verifier(request: HttpRequest) -> HttpResponse:
    """``/evidence/verify.py``: the program that checks packages anywhere."""
    text = resources.files("lienthong.exchange.evidence").joinpath("verify.py").read_bytes()
    headers = {"Content-Disposition": 'attachment; filename="verify.py"'}
    return HttpResponse(text, content_type="text/x-python; charset=utf-8", headers=headers)


def _too_large() -> Problem:
    return Problem(
        "evidence-upload-too-large",
        f"Tệp lớn hơn {LARGEST // 1_048_576} MB nên không kiểm tra được trên trang này.",
        f"The file is larger than {LARGEST // 1_048_576} MB, which is more than this page takes.",
        "Dùng lệnh: lienthong verify TỆP, hoặc python verify.py TỆP.",
        "Use the command: lienthong verify FILE, or python verify.py FILE.",
    )
