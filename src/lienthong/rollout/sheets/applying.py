"""Takes a workbook in: kept and shown first, then applied just as it was shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.conf import settings
from django.utils.translation import override

from lienthong.access.audit import Actor
from lienthong.foundation import clock, ids
from lienthong.foundation.blobs import BlobFolder, DamagedBlob, NoSuchBlob
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.rollout import changes, facts
from lienthong.rollout.sheets import handback
from lienthong.rollout.sheets import preview as looking
from lienthong.rollout.sheets.models import SheetUpload
from lienthong.rollout.sheets.preview import Change, Preview

MayEdit = Callable[[str], bool]
_NAMED = 5


def bring(data: bytes, name: str, by: Actor, may_edit: MayEdit) -> tuple[SheetUpload, Preview]:
    """Keeps a workbook and tells what it would change; changes nothing.

    Args:
        name: the file's name, for the history.
        may_edit: whether whoever brings it may type facts of a unit.

    Raises:
        LienThongError: it cannot be taken as a whole; nothing is kept.
    """
    found = looking.preview(data, may_edit)
    sha256 = BlobFolder(settings.NODE.blobs).put(data)
    upload = SheetUpload(id=ids.new_id(), at=clock.now(), by=by.id[:60], name=name[:120], sha256=sha256)
    upload.shown, upload.held = [_told(change) for change in found.changes], len(found.held)
    upload.save(force_insert=True)
    return upload, found


def again(upload: SheetUpload, may_edit: MayEdit) -> Preview:
    """What a workbook that was brought would change now.

    Raises:
        LienThongError: ``sheet-gone``.
    """
    return looking.preview(_content(upload), may_edit, _day(upload))


def apply(id: str, by: Actor, may_edit: MayEdit, *, page: str = "") -> str:
    """Applies what was shown, all in one batch; gives the batch's id.

    Raises:
        LienThongError: ``sheet-applied`` it was before; ``sheet-overtaken`` something changed since it was shown;
            ``sheet-nothing`` there is nothing to change; ``sheet-gone``.
    """
    upload = SheetUpload.objects.get(pk=id)
    about = {one["unit"] for one in upload.shown}
    unit = about.pop() if len(about) == 1 else ""
    with changes.batch(by, "import", unit=unit, why=upload.name, page=page) as batch:
        if not SheetUpload.objects.filter(pk=id, batch="").update(batch=batch.id):
            raise LienThongError(_APPLIED)
        found = again(upload, may_edit)
        _same(upload, found)
        if not found.changes:
            raise LienThongError(_NOTHING)
        for one in found.changes:
            facts.put(batch, one.unit, one.key, one.after, one.since, source=one.source)
    return batch.id


def rest(upload: SheetUpload, may_edit: MayEdit) -> bytes:
    """The rows with faults as a workbook: what was typed, the faulty cells marked, each with what is wrong.

    Raises:
        LienThongError: ``sheet-gone``.
    """
    with override("vi"):  # the sheet is in Vietnamese, and so are the names in what is said of its cells
        return handback.workbook(again(upload, may_edit), _day(upload))


def _day(upload: SheetUpload) -> date:
    """The day on which it was brought: what "today" means in it, also when it is applied after midnight."""
    return upload.at.astimezone(clock.VIETNAM).date()


def _content(upload: SheetUpload) -> bytes:
    try:
        return BlobFolder(settings.NODE.blobs).read(upload.sha256)
    except (NoSuchBlob, DamagedBlob) as error:
        raise LienThongError(_GONE) from error


def _told(change: Change) -> dict[str, str]:
    return {
        "cell": change.cell,
        "unit": change.unit,
        "key": change.key,
        "before": change.before,
        "after": change.after,
        "since": change.since.isoformat(),
    }


def _same(upload: SheetUpload, found: Preview) -> None:
    """Refuses when what would be done is not what was shown."""
    then = {one["cell"]: one for one in upload.shown}
    now = {change.cell: _told(change) for change in found.changes}
    differing = [cell for cell in {**then, **now} if then.get(cell) != now.get(cell)]
    if differing:
        cells = ", ".join(differing[:_NAMED]) + (
            f" (+{len(differing) - _NAMED})" if differing[_NAMED:] else ""
        )
        raise LienThongError(
            Problem(
                "sheet-overtaken",
                f"Số liệu đã thay đổi sau khi bạn xem trước, ở ô: {cells}. Chưa ghi gì.",
                f"Facts changed since you were shown the preview, in {cells}. Nothing was written.",
                "Xem lại bản xem trước mới rồi áp dụng.",
                "Look at the new preview, then apply it.",
            )
        )


def refresh(upload: SheetUpload, may_edit: MayEdit) -> Preview:
    """What it would change now, which from now on counts as shown.

    Raises:
        LienThongError: ``sheet-gone``.
    """
    found = again(upload, may_edit)
    SheetUpload.objects.filter(pk=upload.pk, batch="").update(
        shown=[_told(change) for change in found.changes], held=len(found.held)
    )
    return found


_APPLIED = Problem(
    "sheet-applied",
    "Tệp này đã được áp dụng rồi.",
    "This workbook was applied before.",
    "Xem Lịch sử thay đổi; có thể hoàn tác ở đó.",
    "See the history of changes; it can be undone there.",
)
_NOTHING = Problem(
    "sheet-nothing",
    "Tệp không làm thay đổi số liệu nào.",
    "The workbook changes nothing.",
    "Kiểm tra lại các ô đã sửa và ngày áp dụng.",
    "Check the cells that you changed and the day from which they hold.",
)
_GONE = Problem(
    "sheet-gone",
    "Không còn tệp đã tải lên.",
    "The uploaded workbook is not kept any more.",
    "Tải tệp lên lần nữa.",
    "SheetUpload it again.",
)
