"""Sums that must hold before a report is drafted, and things that a careful reader would ask about.

A broken sum blocks the draft: its sentence says which one, by how much and where to mend it. A doubt does not block; it
is shown to the officer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lienthong.rollout.report import guard
from lienthong.rollout.report.material import Material
from lienthong.rollout.report.words import number

_STATES = (
    ("his_level", "mức HIS", "HIS levels"),
    ("emr", "phần mềm bệnh án điện tử", "EMR software"),
    ("emr_state", "tình trạng bệnh án điện tử", "EMR states"),
    ("hosting", "nơi đặt máy chủ", "hosting"),
)
_ALLOWED = {
    "his_level": {str(level) for level in range(1, 8)},
    "emr": {"none", "basic", "advanced"},
    "emr_state": {"preparing", "trial", "council", "appraised", "decided", "published", "paper-stopped"},
    "hosting": {"own-room", "rented"},
}
_TOTALS = (
    ("servers", "máy chủ", "servers"),
    ("computers", "máy tính", "computers"),
    ("printers", "máy in", "printers"),
)
_PARTS = (
    ("signatures_issued", "signatures_needed", "chữ ký số đã cấp", "chữ ký số cần cấp", "signatures"),
    ("it_staff", "staff", "cán bộ công nghệ thông tin", "nhân lực", "staff"),
)


@dataclass(frozen=True, slots=True)
class Check:
    """One sum.

    Attributes:
        blocks: a broken one stops the draft; otherwise it is a doubt.
        vi, en: what was compared with what, with the numbers.
        unit: code of the unit to mend, empty for the province.
        page: name of the board's page where it is mended.
    """

    name: str
    holds: bool
    blocks: bool
    vi: str
    en: str
    page: str
    unit: str = ""


def check(material: Material, *, units: int | None = None, before: Mapping[str, int | None]) -> list[Check]:
    """Every check of a fortnight's material.

    Args:
        units: how many units the province has on that day by the dated data; None where nobody said.
        before: figures of the report before; only ``messages-cumulated`` is read.
    """
    return [
        *_units(material, units),
        *_states(material),
        *_totals(material),
        *_parts(material),
        *_exchange(material, before.get("messages-cumulated")),
        *_money(material),
        *_plan(material),
        *_published(material),
        *_private(material),
    ]


def broken(checks: Iterable[Check]) -> list[Check]:
    """Those that block."""
    return [one for one in checks if one.blocks and not one.holds]


def doubts(checks: Iterable[Check]) -> list[Check]:
    """Those that do not hold and do not block."""
    return [one for one in checks if not one.blocks and not one.holds]


def _units(material: Material, units: int | None) -> Iterator[Check]:
    codes = [unit.code for unit in material.units]
    twice = [code for code, times in Counter(codes).items() if times > 1]
    yield Check(
        "units-once",
        not twice and bool(codes),
        True,
        f"Danh sách có {number(len(codes))} đơn vị, mỗi đơn vị phải có đúng một dòng"
        + (f"; trùng: {', '.join(twice)}." if twice else "."),
        f"The list has {len(codes)} units, each must have one line"
        + (f"; twice: {', '.join(twice)}." if twice else "."),
        "board-units",
    )
    if units is not None:
        yield Check(
            "units-declared",
            len(codes) == units,
            True,
            f"Số đơn vị trong danh sách là {number(len(codes))}, theo kết luận của tỉnh là {number(units)}.",
            f"The list has {len(codes)} units, the province named {units}.",
            "board-units",
        )


def _states(material: Material) -> Iterator[Check]:
    whole = len(material.units)
    for key, vi, en in _STATES:
        found = Counter(unit.states.get(key, "") for unit in material.units)
        missing = found.pop("", 0)
        strange = sorted(set(found) - _ALLOWED[key])
        counted = sum(times for code, times in found.items() if code in _ALLOWED[key])
        parts = " + ".join(number(found[code]) for code in sorted(found, reverse=True)) or "0"
        yield Check(
            f"sum-{key}",
            counted + missing == whole,
            True,
            f"Phân bố {vi}: {parts} = {number(counted)}, chưa có số liệu {number(missing)}, trong tổng số"
            f" {number(whole)} đơn vị" + (f"; giá trị lạ: {', '.join(strange)}." if strange else "."),
            f"Distribution of {en}: {parts} = {counted}, not known {missing}, of {whole} units"
            + (f"; strange values: {', '.join(strange)}." if strange else "."),
            "board-units",
        )


def _totals(material: Material) -> Iterator[Check]:
    for key, vi, en in _TOTALS:
        declared = material.declared.get(key)
        if declared is None:
            continue
        known = [unit.counts[key] for unit in material.units if key in unit.counts]
        whole, added = len(known) == len(material.units), sum(known)
        yield Check(
            f"total-{key}",
            added == declared if whole else added <= declared,
            True,
            f"Số {vi} cộng theo {number(len(known))} đơn vị là {number(added)}, số chung toàn tỉnh đã khai là"
            f" {number(declared)}.",
            f"The {en} of {len(known)} units add up to {added}, the province declared {declared}.",
            "board-units",
        )


def _parts(material: Material) -> Iterator[Check]:
    for part, whole, part_vi, whole_vi, en in _PARTS:
        for unit in material.units:
            some, all_ = unit.counts.get(part), unit.counts.get(whole)
            if some is not None and all_ is not None and some > all_:
                yield Check(
                    f"part-{part}",
                    False,
                    True,
                    f"{unit.name}: {part_vi} ({number(some)}) lớn hơn {whole_vi} ({number(all_)}).",
                    f"{unit.name}: more {en} in the part ({some}) than in the whole ({all_}).",
                    "board-units",
                    unit.code,
                )


def _exchange(material: Material, before: int | None) -> Iterator[Check]:
    rows = material.exchange
    for row in rows:
        answered = row.accepted + row.rejected + row.waiting
        if (
            answered != row.sent
            or row.cumulated < row.sent
            or min(row.accepted, row.rejected, row.waiting) < 0
        ):
            yield Check(
                "sum-exchange",
                False,
                True,
                f"{row.name}: tiếp nhận {number(row.accepted)} + từ chối {number(row.rejected)} + đang chờ"
                f" {number(row.waiting)} = {number(answered)}, đã gửi {number(row.sent)}, lũy kế"
                f" {number(row.cumulated)}.",
                f"{row.name}: accepted {row.accepted} + rejected {row.rejected} + waiting {row.waiting} ="
                f" {answered}, sent {row.sent}, cumulated {row.cumulated}.",
                "board-ladder",
                row.code,
            )
    if not rows:
        return
    sent, cumulated = sum(row.sent for row in rows), sum(row.cumulated for row in rows)
    parts = [sum(getattr(row, name) for row in rows) for name in ("accepted", "rejected", "waiting")]
    yield Check(
        "sum-exchange-all",
        sum(parts) == sent,
        True,
        f"Toàn tỉnh: tiếp nhận + từ chối + đang chờ = {' + '.join(map(number, parts))} ="
        f" {number(sum(parts))},"
        f" đã gửi {number(sent)}.",
        f"The province: accepted + rejected + waiting = {' + '.join(map(str, parts))} = {sum(parts)},"
        f" sent {sent}.",
        "board-ladder",
    )
    if before is not None:
        yield Check(
            "cumulated",
            cumulated == before + sent,
            False,
            f"Lũy kế kỳ trước {number(before)} + gửi trong kỳ {number(sent)} = {number(before + sent)},"
            " lũy kế kỳ này"
            f" {number(cumulated)}; phần chênh là hồ sơ đến muộn của kỳ trước.",
            f"Cumulated before {before} + sent {sent} = {before + sent}, cumulated now {cumulated}; the"
            " rest came late.",
            "board-ladder",
        )


def _money(material: Material) -> Iterator[Check]:
    steps = (
        ("granted", "asked", "Kinh phí được giao", "kinh phí đề nghị"),
        ("spent", "granted", "Kinh phí đã giải ngân", "kinh phí được giao"),
    )
    for less, more, less_vi, more_vi in steps:
        low, high = getattr(material.totals, less), getattr(material.totals, more)
        if low is not None and high is not None:
            yield Check(
                f"money-{less}",
                low <= high,
                True,
                f"{less_vi} là {number(low)} đồng, {more_vi} là {number(high)} đồng.",
                f"Money {less}: {low}; money {more}: {high}.",
                "board-money",
            )


def _plan(material: Material) -> Iterator[Check]:
    numbers = Counter(task.number for task in material.tasks)
    twice = sorted(name for name, times in numbers.items() if times > 1)
    if material.tasks:
        yield Check(
            "tasks-once",
            not twice,
            True,
            f"Bảng nhiệm vụ có {number(len(material.tasks))} nhiệm vụ, mỗi số hiệu một lần"
            + (f"; trùng: {', '.join(twice)}." if twice else "."),
            f"{len(material.tasks)} tasks, each number once"
            + (f"; twice: {', '.join(twice)}." if twice else "."),
            "board-plan",
        )


def _published(material: Material) -> Iterator[Check]:
    for unit in material.units:
        late = unit.states.get("emr_state") in ("decided", "published", "paper-stopped")
        if late and unit.states.get("emr") == "none":
            yield Check(
                "published-without-software",
                False,
                False,
                f"{unit.name} khai đã quyết định hoặc công bố bệnh án điện tử nhưng chưa có phần mềm.",
                f"{unit.name} says that its EMR is decided or published, but has no EMR software.",
                "board-units",
                unit.code,
            )


def _private(material: Material) -> Iterator[Check]:
    for where, text, page, unit in _typed(material):
        if found := guard.identifying(text):
            yield Check(
                "personal-data",
                False,
                True,
                f"{where}: có {found.vi}. Báo cáo chỉ chứa số lượng, không chứa dữ liệu người bệnh.",
                f"{where}: holds {found.en}. Reports carry counts only, no patient data.",
                page,
                unit,
            )


def _typed(material: Material) -> Iterator[tuple[str, str, str, str]]:
    tasks: Sequence[object] = (*material.tasks, *material.next_tasks)
    for task in tasks:
        for name in ("title", "document", "lead", "partners", "result", "reason"):
            yield f"Nhiệm vụ {getattr(task, 'number', '')}", getattr(task, name), "board-plan", ""
    for one in material.difficulties:
        for text in (one.content, one.cause, one.proposal, one.answer):
            yield f"Khó khăn của {one.name or 'toàn tỉnh'}", text, "board-plan", one.code
    for done in material.direction:
        yield f"Văn bản, cuộc họp {done.number}", done.title, "board-plan", ""
    for row in material.money:
        yield f"Kinh phí của {row.name}", f"{row.item} {row.contractor}", "board-money", row.code
