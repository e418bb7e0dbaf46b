"""The letter that is its own fallback: printed with its symbols, taken away as a file, read where it arrives."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.access import accounts, audit, rights
from lienthong.access.doors import requires
from lienthong.facilities import directory
from lienthong.foundation import clock, ids
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.transfers import desk
from lienthong.transfers.letter import photos, problems, signed, symbols, usb
from lienthong.transfers.letter.minimum import Minimum
from lienthong.transfers.letter.signed import Letter, Proof
from lienthong.transfers.letter.symbols import Read
from lienthong.transfers.models import State, Transfer
from lienthong.web import loops, uploads
from lienthong.web import words as sentences
from lienthong.web.record import gather
from lienthong.web.record import letter as letters
from lienthong.web.record import slip as slips
from lienthong.web.record.symbols import drawings

CAMERA = "camera=(self), geolocation=(), microphone=()"
"""Permissions-Policy of the one page that may use a camera."""
MOST_FRAME = 2 << 20
"""Bytes of one picture of the live camera."""


class _Paper(NamedTuple):
    """What is printed: the slip's fields, and the letter with its symbols where this hospital may sign one."""

    page: dict[str, Any]
    letter: bytes
    minimum: Minimum | None


@require_GET
@requires(*rights.TRANSFERS)
def slip(request: HttpRequest, loop: str) -> HttpResponse:
    """``/transfers/<loop>/slip``: the transfer slip of Circular 01/2025/TT-BYT annex VI with its symbols, for A4."""
    transfer = loops.here(loop)
    audit.record(
        accounts.actor(request), "read", patient=transfer.patient, page=request.path, why="treatment"
    )
    paper = _paper(transfer)
    page = {**paper.page, "codes": drawings(symbols.split(paper.letter)) if paper.letter else []}
    if paper.minimum is not None:
        with translation.override("vi"):
            page["left_out"] = letters.left_out(paper.minimum.left_out)
        page["file"] = transfer.dossier_version > 0 and bool(directory.recipient(transfer.receiver))
    return render(request, "web/transfers/slip.html", page)


def _paper(transfer: Transfer) -> _Paper:
    dossier = gather.dossier(transfer)
    made = slips.slip(dossier.slip, dossier.request, transfer.form)
    signed_at = clock.iso(transfer.signed_at) if transfer.signed_at else ""
    dated = signed_at or made.dated or (clock.iso(transfer.left_at) if transfer.left_at else "")
    who = slips.who(dossier.person, transfer.form, dated)
    page = {
        "transfer": transfer,
        "slip": made,
        "who": who,
        "dated": dated,
        "signer": transfer.signed_by or made.signer,
        "visit": dossier.visit.visit if dossier.visit else None,
        "sender": directory.name(transfer.sender, language="vi"),
        "receiver": directory.name(transfer.receiver, language="vi") if transfer.receiver else "",
        "here_sends": transfer.sender == directory.here(),
    }
    if transfer.sender != directory.here() or not transfer.receiver or transfer.state == State.CANCELLED:
        return _Paper(page, b"", None)
    data, minimum = signed.make(transfer, letters.besides(made, who))
    return _Paper(page, data, minimum)


@require_POST
@requires(*rights.TRANSFERS)
def take_file(request: HttpRequest, loop: str) -> HttpResponse:
    """``/transfers/<loop>/letter-file``: the same as one sealed file for a USB stick."""
    transfer = loops.here(loop)
    paper = _paper(transfer)
    try:
        if not paper.letter:
            raise LienThongError(problems.nothing_sent())
        name, data = usb.make(transfer, paper.letter, actor=accounts.actor(request))
    except LienThongError as error:
        messages.error(request, sentences.sentence(error.problem) + " " + sentences.hint(error.problem))
        return redirect("transfer-slip", loop)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(data, content_type="application/octet-stream", headers=headers)


@require_http_methods(["GET", "POST"])
@requires(*rights.TRANSFERS)
def read(request: HttpRequest) -> HttpResponse:
    """``/letter``: a letter from photographs, a live camera or a hand-held scanner; nothing is kept before it opens.

    POST: ``have`` and ``typed`` (digits of symbols), ``photos`` (pictures).
    """
    if request.method == "GET":
        return _scan(request, Read(), [])
    found: list[Problem] = []
    if getattr(request, "upload_stopped", False):
        found.append(problems.upload_refused(uploads.LARGEST_LETTER >> 20))
    texts = symbols.texts_in(f"{request.POST.get('have', '')}\n{request.POST.get('typed', '')}")
    texts += _pictures(request.FILES.getlist("photos"), found)
    try:
        so_far = symbols.gather(texts)
        letter = signed.read(so_far.letter) if so_far.letter else None
    except LienThongError as error:
        return _scan(request, Read(), [*found, error.problem])
    if letter is not None:
        return _shown(request, letter, so_far)
    return _scan(request, so_far, [*found, *_remarks(so_far, found)])


def _pictures(files: Iterable[UploadedFile[Any]], found: list[Problem]) -> list[str]:
    """The texts in the pictures; what is wrong with a picture goes into ``found``."""
    texts: list[str] = []
    until = time.monotonic() + photos.MOST_SECONDS
    for number, file in enumerate(files):
        name = (file.name or "")[:100]
        if time.monotonic() > until:
            found.append(problems.took_long())
            break
        if number == photos.MOST_FILES:
            found.append(problems.too_many_files(photos.MOST_FILES))
            break
        try:
            if (file.size or 0) > photos.MOST_BYTES:
                raise LienThongError(problems.picture_too_large(name, photos.MOST_BYTES >> 20))
            read_here = photos.texts(file.read(), name)
        except LienThongError as error:
            found.append(error.problem)
            continue
        if not read_here:
            found.append(problems.nothing_read(name))
        texts += read_here
    return texts


def _remarks(so_far: Read, found: list[Problem]) -> list[Problem]:
    remarks = [problems.misread(0)] if so_far.misread else []
    if so_far.others and not so_far.count:
        remarks.append(problems.other_codes(so_far.others))
    if not (so_far.count or remarks or found):
        remarks.append(problems.nothing_read(""))
    return remarks


def _scan(request: HttpRequest, so_far: Read, found: list[Problem]) -> HttpResponse:
    page = {
        "problems": found,
        "so_far": so_far,
        "have": " ".join(so_far.texts.values()),
        "marks": [(index, index in so_far.texts) for index in range(1, so_far.count + 1)],
        "most_files": photos.MOST_FILES,
        "suffix": usb.SUFFIX,
    }
    response = render(request, "web/letter/scan.html", page, status=400 if found else 200)
    response.headers["Permissions-Policy"] = CAMERA
    return response


def _shown(
    request: HttpRequest, letter: Letter, so_far: Read, problem: Problem | None = None, brought_by: str = ""
) -> HttpResponse:
    minimum = letter.minimum
    known = _known(minimum)
    audit.record(
        accounts.actor(request),
        "letter-read",
        patient=known.patient if known else "",
        page=request.path,
        why="treatment",
        detail={"loop": minimum.loop.hex(), "from": minimum.sender, "proof": letter.proof.value},
    )
    if known is not None and letter.proof is Proof.PROVEN and problem is None:
        messages.success(request, _("The letter is genuine. This is its transfer."))
        return redirect("transfer", known.loop)
    page = {
        "letter": letter,
        "proven": letter.proof is Proof.PROVEN,
        "revoked": letter.proof is Proof.REVOKED,
        "minimum": minimum,
        "head": letters.head(minimum),
        "lines": letters.lines(minimum),
        "left_out": letters.left_out(minimum.left_out),
        "known": known,
        "may_open": known is None
        and letter.proof is not Proof.REVOKED
        and minimum.receiver == directory.here(),
        "have": " ".join(so_far.texts.values()),
        "problem": problem,
        "brought_by": brought_by,
    }
    return render(request, "web/letter/shown.html", page, status=400 if problem else 200)


def _known(minimum: Minimum) -> Transfer | None:
    """The transfer of the letter, if it is here already, with the same sender."""
    transfer = desk.get(minimum.loop.hex())
    return transfer if transfer is not None and transfer.sender == minimum.sender else None


@require_POST
@requires(*rights.TRANSFERS)
def open_transfer(request: HttpRequest) -> HttpResponse:
    """``/letter/open``: opens the loop of the letter in ``have``; ``brought_by`` where it is not proven."""
    try:
        so_far = symbols.gather(symbols.texts_in(request.POST.get("have", "")))
        if not so_far.letter:
            return redirect("letter")
        letter = signed.read(so_far.letter)
    except LienThongError as error:
        return _scan(request, Read(), [error.problem])
    brought_by = request.POST.get("brought_by", "").replace("\0", "").strip()[:120]
    try:
        if letter.proof is Proof.REVOKED:
            raise LienThongError(problems.key_revoked(letter.kid))
        if letter.proof is Proof.UNKNOWN and not brought_by:
            raise LienThongError(problems.not_confirmed())
        transfer = desk.begin_from_letter(_to_begin(letter), actor=accounts.actor(request))
    except LienThongError as error:
        return _shown(request, letter, so_far, error.problem, brought_by)
    audit.record(
        accounts.actor(request),
        "letter-opened",
        patient=transfer.patient,
        page=f"transfer/{transfer.loop}",
        why="treatment",
        detail={"proof": letter.proof.value, "key": letter.kid, "brought_by": brought_by},
    )
    messages.success(request, _("The transfer is open here. When its message comes, it joins by itself."))
    return redirect("transfer", transfer.loop)


def _to_begin(letter: Letter) -> dict[str, Any]:
    """What the desk takes; an unproven letter never names a person who is in the store already."""
    said = letter.minimum.as_dict()
    if letter.proof is not Proof.PROVEN:
        said["patient"] = ids.stable_id("letter", said["sender"], said["patient"])
    return said


@require_POST
@requires(*rights.TRANSFERS)
def frame(request: HttpRequest) -> HttpResponse:
    """``/letter/frame``: one picture of the live camera (``image/jpeg``) as JSON ``{"symbols": [{text, letter, index,
    count}]}``; nothing of it is kept."""
    data = request.read(MOST_FRAME + 1)
    try:
        texts = photos.texts(data) if len(data) <= MOST_FRAME else []
        found = [(text, symbol) for text in texts if (symbol := symbols.parse(text))]
    except LienThongError as error:
        return JsonResponse({"symbols": [], "problem": error.problem.as_dict()}, status=400)
    seen = [{"text": text, "letter": s.letter.hex(), "index": s.index, "count": s.count} for text, s in found]
    return JsonResponse({"symbols": seen})


@require_POST
@requires(*rights.TRANSFERS)
def read_file(request: HttpRequest) -> HttpResponse:
    """``/letter/file``: a file from a USB stick is opened, proven and taken as its message would be."""
    file = request.FILES.get("file")
    if file is None or getattr(request, "upload_stopped", False):
        stopped = getattr(request, "upload_stopped", False)
        problem = (
            problems.upload_refused(uploads.LARGEST_LETTER >> 20) if stopped else problems.no_file_of_ours()
        )
        return _scan(request, Read(), [problem])
    try:
        transfer = usb.take(usb.opened(file.read()), actor=accounts.actor(request))
    except LienThongError as error:
        return _scan(request, Read(), [error.problem])
    messages.success(request, _("The file is genuine. Its whole dossier is here now."))
    return redirect("transfer", transfer.loop)
