"""Files of the plan: what proves a task, the text of a document, the minutes of a meeting."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from lienthong.access import rights
from lienthong.foundation.errors import LienThongError
from lienthong.rollout import scope
from lienthong.rollout.plan import readers, writing
from lienthong.rollout.plan.models import Document, Meeting, PlanFile, Task
from lienthong.rollout.scope import Person
from lienthong.web.board import attached
from lienthong.web.board.doors import opens
from lienthong.web.board.plan import asked as asking
from lienthong.web.board.plan.writing import told, write


@require_POST
@opens(*rights.BOARD_UNIT)
def of_task(request: HttpRequest, number: str) -> HttpResponse:
    """``/board/plan/tasks/<number>/files``: a file that proves what was done (``file``)."""
    person, task = asking.task_to_work_on(request, number)
    return _attach(request, person, task, redirect("board-plan-task", number))


@require_POST
@opens(*rights.BOARD_EDIT)
def of_document(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/plan/documents/<code>/files``: the document itself (``file``)."""
    person = asking.must_direct(request)
    row = get_object_or_404(Document, code=code)
    return _attach(request, person, row, redirect("board-plan-document", code))


@require_POST
@opens(*rights.BOARD_EDIT)
def of_meeting(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/plan/meetings/<code>/files``: its minutes (``file``)."""
    person = asking.must_direct(request)
    row = get_object_or_404(Meeting, code=code)
    return _attach(request, person, row, redirect("board-plan-meeting", code))


def _attach(
    request: HttpRequest, person: Person, of: Task | Document | Meeting, back: HttpResponse
) -> HttpResponse:
    try:
        name, content = attached.taken(request)
    except LienThongError as error:
        messages.error(request, told(error))
        return back
    if write(
        request,
        person,
        "plan-file",
        of.unit_code(),
        lambda open_batch: writing.attach(open_batch, of, name, content),
    ):
        messages.success(request, _("The file is kept."))
    return back


@require_GET
@opens(*rights.BOARD)
def one(request: HttpRequest, id: int) -> HttpResponse:
    """``/board/plan/files/<id>``: the file, to keep."""
    found = _found(id)
    if not readers.reads_file(scope.person(request), found):
        asking.refuse(request)
    return attached.given(request, found)


@require_POST
@opens(*rights.BOARD_UNIT)
def remove(request: HttpRequest, id: int) -> HttpResponse:
    """``/board/plan/files/<id>/remove``: takes it off; its bytes stay, for the history names them."""
    found, person = _found(id), scope.person(request)
    if not readers.writes_file(person, found):
        asking.refuse(request)
    page, key = _page(found)
    if write(request, person, "plan-file", found.unit_code(), lambda open_batch: open_batch.remove(found)):
        messages.success(request, pgettext("file", "The file was taken off."))
    return redirect(page, key)


def _found(id: int) -> PlanFile:
    return get_object_or_404(PlanFile.objects.select_related("task", "document", "meeting"), pk=id)


def _page(file: PlanFile) -> tuple[str, str]:
    if file.task is not None:
        return "board-plan-task", file.task.number
    if file.document is not None:
        return "board-plan-document", file.document.code
    assert file.meeting is not None
    return "board-plan-meeting", file.meeting.code
