"""What a review asks on a day, and how far one is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from lienthong.foundation import json
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.rollout.changes import Batch
from lienthong.rollout.security.models import Answer, Conclusion, Finding, SecurityCheck

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

GROUPS: dict[str, StrOrPromise] = {
    "level": _("Security level and regulation"),
    "access": _("Accounts and access"),
    "trace": _("Logs"),
    "protection": _("Protection of systems and data"),
    "backup": _("Backup and recovery"),
    "partners": _("Vendors, agreements, incidents"),
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that is asked; ``confidence`` A, B or C (``data/ORIGIN.md``)."""

    id: str
    group: str
    vi: str
    en: str
    basis: str
    confidence: str
    valid_from: date
    valid_to: date | None

    def __str__(self) -> str:
        return self.en if get_language() == "en" else self.vi

    @property
    def confirmed(self) -> bool:
        return self.confidence == "A"


@cache
def _every() -> tuple[Requirement, ...]:
    text = resources.files("lienthong.rollout.security").joinpath("data/requirements.json").read_bytes()
    return tuple(
        Requirement(
            **{
                **row,
                "valid_from": date.fromisoformat(row["valid_from"]),
                "valid_to": date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            }
        )
        for row in json.loads(text)
    )


def requirements(on: date) -> list[Requirement]:
    """What was asked on a day, in the order of :data:`GROUPS`."""
    valid = [one for one in _every() if one.valid_from <= on and (one.valid_to is None or on <= one.valid_to)]
    return sorted(valid, key=lambda one: list(GROUPS).index(one.group))


def latest(unit: str, on: date | None = None) -> SecurityCheck | None:
    """The newest check of a unit, begun on a day or before it."""
    found = SecurityCheck.objects.filter(facility=unit)
    return (found.filter(begun_on__lte=on) if on else found).last()


def begin(batch: Batch, unit: str, on: date) -> SecurityCheck:
    """Begins a check with the requirements of that day.

    Raises:
        LienThongError: ``security-check-open`` when one is under way.
    """
    open_check = SecurityCheck.objects.filter(facility=unit, conclusion="").exists()
    if open_check:
        raise LienThongError(
            Problem(
                "security-check-open",
                "Đơn vị đang có một phiếu kiểm tra chưa kết luận.",
                "A check of this unit is under way.",
                "Ghi tiếp vào phiếu đó, hoặc kết luận rồi lập phiếu mới.",
                "Go on with it, or conclude it first.",
            )
        )
    check = SecurityCheck(facility=unit, begun_on=on, edition=on)
    batch.save(check)
    return check


def answer(batch: Batch, check: SecurityCheck, item: str, found: str, note: str) -> bool:
    """Writes what was found for one requirement.

    Raises:
        LienThongError: ``security-check-closed``; ``security-note-missing`` when it is not met and nobody says why.
    """
    _must_be_open(check)
    if found in (Answer.PARTLY, Answer.NOT_MET, Answer.NOT_HERE) and not note:
        raise LienThongError(
            Problem(
                "security-note-missing",
                f"Mục {item}: cần ghi rõ điều chưa đạt hoặc lý do không áp dụng.",
                f"{item}: say what is missing, or why it does not apply.",
                where={"field": item},
            )
        )
    row = Finding.objects.filter(check_made=check, item=item).first() or Finding(check_made=check, item=item)
    row.answer, row.note = found, note
    return batch.save(row)


def conclude(batch: Batch, check: SecurityCheck, conclusion: str, on: date, document: str, note: str) -> None:
    """Ends a check.

    Raises:
        LienThongError: ``security-check-closed``; ``security-check-unanswered``, with what is missing;
            ``security-check-contradicts`` when it is "passed" though something is not met.
    """
    _must_be_open(check)
    found = {row.item: row.answer for row in check.findings.all()}
    missing = [one.id for one in requirements(check.edition) if one.id not in found]
    if missing:
        raise LienThongError(
            Problem(
                "security-check-unanswered",
                f"Còn {len(missing)} mục chưa ghi: {', '.join(missing)}.",
                f"{len(missing)} requirements have no answer yet: {', '.join(missing)}.",
                "Ghi đủ các mục rồi kết luận.",
                "Answer them, then conclude.",
            )
        )
    lacking = [item for item, one in found.items() if one in (Answer.NOT_MET, Answer.PARTLY)]
    if conclusion == Conclusion.PASSED and lacking:
        raise LienThongError(
            Problem(
                "security-check-contradicts",
                f"Không thể kết luận “Đạt” khi còn mục chưa đạt: {', '.join(sorted(lacking))}.",
                f"It cannot be “passed” while something is not met: {', '.join(sorted(lacking))}.",
                "Chọn “Đạt có điều kiện” hoặc “Không đạt”.",
                "Choose “passed with conditions” or “not passed”.",
            )
        )
    check.conclusion, check.concluded_on, check.document, check.note = conclusion, on, document, note
    batch.save(check)


def refuse_failed(unit: str) -> None:
    """Lets nobody connect a unit whose newest concluded check was not passed.

    Raises:
        LienThongError: ``security-check-failed``.
    """
    found = SecurityCheck.objects.filter(facility=unit).exclude(conclusion="").last()
    if found is None or found.conclusion != Conclusion.FAILED:
        return
    raise LienThongError(
        Problem(
            "security-check-failed",
            f"Công an đã kết luận đơn vị chưa đạt yêu cầu an ninh (biên bản {found.document}).",
            f"The police found that the unit does not meet the requirements (minutes {found.document}).",
            "Khắc phục các mục chưa đạt rồi đề nghị kiểm tra lại.",
            "Mend what is not met, then ask for a new check.",
        )
    )


def progress(check: SecurityCheck) -> Counter[str]:
    """How many requirements have which answer; ``""`` counts those without."""
    found = {row.item: row.answer for row in check.findings.all()}
    return Counter(found.get(one.id, "") for one in requirements(check.edition))


def _must_be_open(check: SecurityCheck) -> None:
    if check.conclusion:
        raise LienThongError(
            Problem(
                "security-check-closed",
                "Phiếu kiểm tra đã kết luận, không sửa được nữa.",
                "This check is concluded and cannot be changed.",
                "Lập phiếu kiểm tra mới.",
                "Begin a new check.",
            )
        )
