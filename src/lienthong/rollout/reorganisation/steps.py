"""What happens to a unit on a day. Each step is dated facts, so that reports of earlier days stay as they were."""

from __future__ import annotations

import re
from datetime import date

from lienthong.facilities import directory
from lienthong.facilities.models import Facility
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.rollout import facts, units
from lienthong.rollout.changes import Batch
from lienthong.rollout.reorganisation.names import BEFORE, NAME, NAME_EN

_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,15}")


def rename(
    batch: Batch, code: str, name: str, name_en: str, day: date, *, source: str = "", confirmed: bool = True
) -> None:
    """A unit, or the Department itself, is called otherwise from a day on.

    Args:
        name_en: empty: the Vietnamese name stands in English texts too.

    Raises:
        LienThongError: ``unit-day``, ``unit-name-taken``, ``fact-not-valid``.
    """
    _possible(code, day)
    name = " ".join(name.split())
    for unit in units.listing(day):
        if unit.code != code and unit.name.casefold() == name.casefold():
            raise LienThongError(_taken(unit.code, name))
    facts.put(batch, code, NAME, name, day, source=source, confirmed=confirmed)
    facts.put(batch, code, NAME_EN, name_en or name, day, source=source, confirmed=confirmed)


def found(
    batch: Batch, code: str, name: str, name_en: str, kind: str, day: date, *, source: str = ""
) -> None:
    """A unit begins on a day: newly founded, or come with a province that joined.

    Args:
        code: MA_CSKCB, or a short name of our own: capital letters, digits and hyphens, 2 to 16.
        kind: a code of :data:`lienthong.rollout.facts.KINDS`.

    Raises:
        LienThongError: ``unit-code``, ``unit-day``, ``unit-name-taken``, ``fact-not-valid``.
    """
    if not _CODE.fullmatch(code) or Facility.objects.filter(pk=code).exists():
        raise LienThongError(_CODE_TAKEN)
    facts.put(batch, code, "kind", kind, day, source=source)
    rename(batch, code, name, name_en, day, source=source)


def merge(batch: Batch, code: str, into: str, day: date, *, source: str = "") -> None:
    """A unit becomes part of another on a day; from then on it is on no list, its earlier facts stay.

    Raises:
        LienThongError: ``unit-day``, ``unit-merged-into-none``.
    """
    _possible(code, day)
    if into == code or into not in units.codes(day):
        raise LienThongError(_INTO_NONE)
    facts.put(batch, code, "merged_into", into, day, source=source)


def end(batch: Batch, code: str, day: date, *, source: str = "") -> None:
    """A unit ends on a day without a successor.

    Raises:
        LienThongError: ``unit-day``.
    """
    _possible(code, day)
    facts.put(batch, code, "ended", "yes", day, source=source)


def merged_here(code: str, on: date | None = None) -> list[str]:
    """The units that have become part of a unit by a day."""
    known = facts.values(on, ["merged_into"])
    return sorted(unit for (unit, _), fact in known.items() if fact.value == code)


def _possible(code: str, day: date) -> None:
    if day <= BEFORE:
        raise LienThongError(_DAY)
    if code != facts.PROVINCE and Facility.objects.filter(pk=code).exists() and code not in units.codes(day):
        raise LienThongError(_not_standing(code, day))


def _not_standing(code: str, day: date) -> Problem:
    return Problem(
        "unit-day",
        f"{directory.name(code, language='vi')} không hoạt động vào ngày {day:%d/%m/%Y}.",
        f"{directory.name(code, language='en')} does not stand on {day:%d/%m/%Y}.",
        "Chọn ngày khác, hoặc hoàn tác việc sáp nhập, chấm dứt trước đó.",
        "Choose another day, or undo what ended or merged it.",
    )


def _taken(code: str, name: str) -> Problem:
    return Problem(
        "unit-name-taken",
        f"Tên “{name[:80]}” đang là tên của đơn vị {code}.",
        f"“{name[:80]}” is the name of the unit {code}.",
        "Kiểm tra lại tên, hoặc đổi tên đơn vị kia trước.",
        "Check the name, or rename the other unit first.",
    )


_DAY = Problem(
    "unit-day",
    "Ngày phải sau ngày 01/01/2000.",
    "The day must be after 1 January 2000.",
    "Ghi ngày văn bản có hiệu lực.",
    "Give the day on which the document takes effect.",
)
_INTO_NONE = Problem(
    "unit-merged-into-none",
    "Đơn vị nhận sáp nhập phải là một đơn vị khác đang hoạt động vào ngày đó.",
    "The unit that it merges into must be another one that stands on that day.",
    "Chọn đơn vị khác; nếu là đơn vị mới, thêm đơn vị mới trước.",
    "Choose another unit; if it is a new one, add it first.",
)
_CODE_TAKEN = Problem(
    "unit-code",
    "Mã đơn vị đã có hoặc không hợp lệ.",
    "The code is in use or cannot be one.",
    "Dùng mã cơ sở khám bệnh, chữa bệnh (5 chữ số); nếu chưa có, dùng chữ in hoa, số và dấu gạch nối.",
    "Use the facility's code of five digits; if there is none yet, capital letters, digits and hyphens.",
)
