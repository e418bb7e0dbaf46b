"""What a workbook would change: cell by cell, before and after; what is wrong; what looks odd."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from statistics import median

from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import Problem
from lienthong.rollout import facts, units
from lienthong.rollout.facts import Fact
from lienthong.rollout.sheets import columns, names, reading, values
from lienthong.rollout.sheets.reading import Cell, Read, Row

Known = dict[tuple[str, str], Fact]
FELL, ROSE = Decimal("0.5"), 3
"""From which share on a fall, from which multiple on a rise of an amount looks odd."""
ENOUGH = 10
"""Amounts below are not compared."""
LINE_TIMES = 100
"""A line so many times as fast as usual was most likely typed in kbit/s."""
FURTHEST = timedelta(days=366)
_SHARES = {"it_staff": "staff", "signatures_issued": "signatures_needed"}


@dataclass(frozen=True, slots=True)
class Change:
    """A fact that would change. ``before`` and ``after`` as facts keep them, empty for nothing known."""

    sheet: str
    place: str
    unit: str
    key: str
    before: str
    after: str
    since: date
    source: str
    notes: tuple[Problem, ...] = ()

    @property
    def cell(self) -> str:
        """``Số liệu!F7``."""
        return f"{self.sheet}!{self.place}"


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be done with a workbook.

    Attributes:
        changes: of the rows without a fault, in the order of the sheet.
        faults: what is wrong, each with ``sheet`` and ``cell``.
        held: the rows with a fault; nothing of them is applied.
        sums: of the province: where the sum over the units would not be the declared total.
        ignored: headings that are no fact, with their places.
        same: how many cells say what is known already.
    """

    changes: tuple[Change, ...]
    faults: tuple[Problem, ...]
    held: tuple[Row, ...]
    sums: tuple[Problem, ...]
    ignored: tuple[tuple[str, str], ...]
    same: int


def preview(data: bytes, may_edit: Callable[[str], bool], today: date | None = None) -> Preview:
    """Reads a workbook against what is known now; changes nothing.

    Args:
        may_edit: whether whoever brings it may type facts of a unit.

    Raises:
        LienThongError: the workbook as a whole cannot be taken, see :func:`lienthong.rollout.sheets.reading.read`.
    """
    read = reading.read(data, names.known(), today or clock.today())
    return compared(read, may_edit, today or clock.today())


def compared(read: Read, may_edit: Callable[[str], bool], today: date) -> Preview:
    """The same for a workbook that was read."""
    days = {row.since for row in read.rows} | {today}
    known = {day: facts.values(day) for day in days}
    standing = {day: frozenset(units.codes(day)) | {facts.PROVINCE} for day in days}
    changes: list[Change] = []
    same = 0
    for row in read.rows:
        found, equal = _row(row, known[row.since])
        row.faults += _refused(row, found, may_edit, standing[row.since], today)
        same += equal
        if not row.faults:
            changes += found
    changes = [_noted(change, changes, known[change.since]) for change in changes]
    return Preview(
        tuple(changes),
        tuple(problem for row in read.rows for _, problem in row.faults),
        tuple(row for row in read.rows if row.faults),
        tuple(_sums(changes, known)),
        tuple(read.ignored),
        same,
    )


def _row(row: Row, known: Known) -> tuple[list[Change], int]:
    found, same = [], 0
    for key, cell in row.cells.items():
        if cell.text is None:
            continue
        fact = known.get((row.unit, key))
        before = fact.value if fact else ""
        if cell.text == before or untouched(cell):
            same += 1
            continue
        notes = (_overtaken(key, cell, fact),) if cell.base is not None and cell.base != before else ()
        found.append(
            Change(row.sheet, cell.place, row.unit, key, before, cell.text, row.since, row.source, notes)
        )
    return found, same


def untouched(cell: Cell) -> bool:
    """Whether it holds what the export had put there, whatever was typed elsewhere since."""
    typed = values.unsafe(values.text(cell.raw))
    return cell.base is not None and cell.base in (cell.text, typed)


def _refused(
    row: Row, changes: list[Change], may_edit: Callable[[str], bool], standing: frozenset[str], today: date
) -> list[tuple[str, Problem]]:
    """What is wrong with a row because of what it would change."""
    if not row.unit or not changes:
        return []
    first = changes[0].place
    if not may_edit(row.unit):
        return [(first, _at(row, first, _not_yours(row.unit)))]
    if row.unit not in standing:
        return [(first, _at(row, first, _not_standing(row.unit, row.since)))]
    if row.since > today + FURTHEST:
        return [(first, _at(row, first, _too_far(row.since)))]
    return [
        (change.place, _at(row, change.place, _no_total(change.key)))
        for change in changes
        if row.unit == facts.PROVINCE and not facts.KEYS[change.key].summed
    ]


def _at(row: Row, place: str, problem: Problem) -> Problem:
    return replace(problem, where={**problem.where, "sheet": row.sheet, "cell": place})


# What looks odd


def _noted(change: Change, changes: list[Change], known: Known) -> Change:
    notes = [*change.notes, *_odd(change, changes, known)]
    later = [f for f in facts.history(change.unit, change.key) if f.valid_from > change.since]
    if later:
        notes.append(_later(change.key, later[0]))
    return replace(change, notes=tuple(notes))


def _odd(change: Change, changes: list[Change], known: Known) -> Iterable[Problem]:
    key = facts.KEYS[change.key]
    if key.kind not in ("number", "decimal") or not change.after:
        return
    after = Decimal(change.after)
    if key.kind == "number" and change.before and change.unit != facts.PROVINCE:
        before = Decimal(change.before)
        if before >= ENOUGH and after <= before * FELL:
            yield _fell(change)
        elif before >= ENOUGH and after >= before * ROSE:
            yield _rose(change)
    if change.key in ("line_down", "line_up"):
        usual = [
            Decimal(f.value) for (unit, k), f in known.items() if k == change.key and unit != change.unit
        ]
        if usual and median(usual) and after >= median(usual) * LINE_TIMES:
            yield _too_fast(change, median(usual))
    whole_key = _SHARES.get(change.key)
    if whole_key:
        whole = next((c.after for c in changes if (c.unit, c.key) == (change.unit, whole_key)), None)
        if whole is None:
            fact = known.get((change.unit, whole_key))
            whole = fact.value if fact else ""
        if whole and after > Decimal(whole):
            yield _more_than(change, whole_key, whole)


def _sums(changes: list[Change], known: dict[date, Known]) -> Iterable[Problem]:
    """For each total that is declared and touched: whether the units would add up to it."""
    for key, day in sorted({(c.key, c.since) for c in changes if facts.KEYS[c.key].summed}):
        told = {unit: fact.value for (unit, k), fact in known[day].items() if k == key}
        told |= {c.unit: c.after for c in changes if c.key == key and c.since == day}
        declared = told.pop(facts.PROVINCE, "")
        standing = units.codes(day)
        amounts = [Decimal(told[unit]) for unit in standing if told.get(unit)]
        if declared and len(amounts) == len(standing) and sum(amounts) != Decimal(declared):
            yield _not_the_sum(key, day, sum(amounts, Decimal(0)), Decimal(declared))


def number(value: Decimal | str) -> str:
    """``2.416``, ``12,5``: as Vietnamese texts write a number."""
    return f"{Decimal(value):,f}".translate(str.maketrans(",.", ".,"))


def _warning(code: str, vi: str, en: str, hint_vi: str, hint_en: str) -> Problem:
    return Problem(code, vi, en, hint_vi, hint_en, severity="warning")


def _fell(change: Change) -> Problem:
    return _warning(
        "sheet-fell",
        f"Giảm hơn một nửa: từ {number(change.before)} xuống {number(change.after)}.",
        f"Fell by half or more: from {change.before} to {change.after}.",
        "Kiểm tra có thiếu chữ số không.",
        "See whether a digit is missing.",
    )


def _rose(change: Change) -> Problem:
    return _warning(
        "sheet-rose",
        f"Tăng từ {ROSE} lần trở lên: từ {number(change.before)} lên {number(change.after)}.",
        f"Rose to {ROSE} times or more: from {change.before} to {change.after}.",
        "Kiểm tra có thừa chữ số không.",
        "See whether there is a digit too many.",
    )


def _too_fast(change: Change, usual: Decimal) -> Problem:
    return _warning(
        "sheet-line-too-fast",
        f"{number(change.after)} Mbps gấp hơn {LINE_TIMES} lần mức thường gặp ({number(usual)} Mbps).",
        f"{change.after} Mbps is more than {LINE_TIMES} times what is usual ({usual} Mbps).",
        "Có thể số đo theo kbit/s; đổi ra Mbps (chia cho 1000).",
        "It may be in kbit/s; give it in Mbps (divide by 1000).",
    )


def _more_than(change: Change, whole: str, value: str) -> Problem:
    return _warning(
        "sheet-more-than-whole",
        f"{number(change.after)} lớn hơn “{columns.heading(facts.KEYS[whole])}” ({number(value)}).",
        f"{change.after} is more than “{facts.KEYS[whole].label}” ({value}).",
        "Kiểm tra lại hai số này.",
        "Check both figures.",
    )


def _later(key: str, fact: Fact) -> Problem:
    return _warning(
        "sheet-later-known",
        f"Đã có số liệu từ ngày {fact.valid_from:%d/%m/%Y}; giá trị này chỉ dùng cho thời gian trước ngày đó.",
        f"There is a figure from {fact.valid_from:%d/%m/%Y} on; this one counts for the time before.",
        "Nếu muốn thay số hiện nay, ghi ngày áp dụng mới hơn.",
        "To replace what holds now, give a later day.",
    )


def _overtaken(key: str, cell: Cell, fact: Fact | None) -> Problem:
    who = f" ({fact.changed_by})" if fact else ""
    now = f"“{fact.value}”" if fact else "trống"
    now_en = f"“{fact.value}”" if fact else "empty"
    return _warning(
        "sheet-overtaken",
        f"Sau khi xuất tệp, ô này đã đổi từ “{cell.base}” thành {now}{who}.",
        f"Since the export this changed from “{cell.base}” to {now_en}{who}.",
        "Kiểm tra giá trị nào mới đúng.",
        "See which value is right.",
    )


def _not_the_sum(key: str, day: date, total: Decimal, declared: Decimal) -> Problem:
    label = columns.heading(facts.KEYS[key])
    difference = total - declared
    return _warning(
        "sheet-not-the-sum",
        f"{label}: cộng các đơn vị được {number(total)}, số đã công bố của toàn tỉnh là"
        f" {number(declared)} (chênh {'+' if difference > 0 else '−'}{number(abs(difference))}, ngày {day:%d/%m/%Y}).",
        f"{facts.KEYS[key].label}: the units add up to {total}, the declared total is {declared}"
        f" (difference {difference:+}, {day:%d/%m/%Y}).",
        "Rà soát số của các đơn vị hoặc sửa số đã công bố.",
        "Check the figures of the units, or the declared total.",
    )


# What is refused


def _not_yours(unit: str) -> Problem:
    return Problem(
        "sheet-not-yours",
        f"Bạn không được sửa số liệu của {directory.name(unit, language='vi')}.",
        f"You may not change facts of {directory.name(unit, language='en')}.",
        "Chỉ giữ dòng của đơn vị mình, hoặc nhờ Sở Y tế nhập.",
        "Keep the rows of your own unit, or ask the Department of Health.",
    )


def _not_standing(unit: str, day: date) -> Problem:
    return Problem(
        "sheet-unit-not-standing",
        f"{directory.name(unit, language='vi')} không còn hoạt động riêng vào ngày {day:%d/%m/%Y}.",
        f"{directory.name(unit, language='en')} no longer stands on {day:%d/%m/%Y}.",
        "Ghi ngày trước khi đơn vị sáp nhập, hoặc nhập cho đơn vị mới.",
        "Give a day before it was merged, or enter it for the new unit.",
    )


def _too_far(day: date) -> Problem:
    return Problem(
        "sheet-day-too-far",
        f"Ngày áp dụng {day:%d/%m/%Y} cách hôm nay hơn một năm.",
        f"The day {day:%d/%m/%Y} is more than a year ahead.",
        "Kiểm tra lại năm.",
        "Check the year.",
    )


def _no_total(key: str) -> Problem:
    return Problem(
        "sheet-no-total",
        f"“{columns.heading(facts.KEYS[key])}” không có số chung cho toàn tỉnh.",
        f"“{facts.KEYS[key].label}” has no figure for the whole province.",
        "Để trống ô này ở dòng toàn tỉnh.",
        "Leave the cell empty in the row of the province.",
    )
