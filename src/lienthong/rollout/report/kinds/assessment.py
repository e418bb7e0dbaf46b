"""Part III of the fortnightly report: what went well, what falls short, difficulties by unit."""

from __future__ import annotations

from lienthong.rollout.report import words
from lienthong.rollout.report.kinds.kind import Said
from lienthong.rollout.report.kinds.results import than_before
from lienthong.rollout.report.material import DifficultyRow
from lienthong.rollout.report.words import day_text, number, small, two


def good(said: Said) -> list[str]:
    """III.1: what is complete, what grew, what was done in time."""
    content = said.content
    whole = content.value("units") or 0
    complete = [
        label
        for name, label in (
            ("his", "phần mềm HIS"),
            ("lis-advanced", "LIS mức nâng cao"),
            ("ris-advanced", "RIS-PACS mức nâng cao"),
            ("emr-used", "phần mềm bệnh án điện tử"),
        )
        if whole and content.value(name) == whole
    ]
    lines = [f"- {number(whole)}/{number(whole)} đơn vị đã có {', '.join(complete)}."] if complete else []
    for name in ("emr-used", "emr-published", "connected", "security-passed", "signatures-issued"):
        figure = content.figure(name)
        if figure.difference and figure.difference > 0:
            lines.append(f"- Số {small(figure.vi)} {than_before(said, figure)}.")
    done = content.value("tasks-done")
    if done:
        lines.append(f"- Đã hoàn thành {two(done)}/{number(len(content.material.tasks))} nhiệm vụ được giao.")
    sent, accepted = content.value("messages-sent"), content.value("messages-accepted")
    if sent and accepted == sent:
        lines.append(f"- Toàn bộ {number(sent)} hồ sơ chuyển viện gửi trong kỳ đã được tiếp nhận.")
    cumulated = content.value("messages-cumulated")
    if cumulated:
        lines.append(
            f"- Việc liên thông hồ sơ chuyển viện với {said.issuer.partner} được duy trì, lũy kế"
            f" {number(cumulated)}"
            f" hồ sơ từ ngày {day_text(said.issuer.exchange_since)}."
        )
    return lines or ["Trong kỳ chưa ghi nhận kết quả nổi bật từ số liệu."]


def short(said: Said) -> list[str]:
    """III.2: what is not reached, what is late, what is not known."""
    content = said.content
    material = content.material
    lines = []
    none = content.named("emr", "none")
    if none:
        lines.append(f"- {two(len(none))} đơn vị chưa có phần mềm bệnh án điện tử{_which(none, 'I')}.")
    low = content.named("his_level", "1", "2", "3")
    if low:
        lines.append(f"- {two(len(low))} đơn vị có HIS từ mức 3 trở xuống{_which(low, 'I')}.")
    apart = [row.name for row in material.exchange if not row.received]
    if apart:
        lines.append(
            f"- {two(len(apart))} đơn vị chưa có hồ sơ liên thông được tiếp nhận{_which(apart, 'III')}."
        )
    rejected = content.value("messages-rejected")
    if rejected:
        lines.append(f"- {two(rejected)} hồ sơ chuyển viện trong kỳ bị từ chối, phải sửa và gửi lại.")
    late = content.value("tasks-overdue")
    if late:
        lines.append(f"- {two(late)} nhiệm vụ quá hạn.")
    absent = {name for figure in content.figures for name in figure.missing}
    blank = sum(1 for figure in content.figures if figure.value is None)
    if absent or blank:
        who = f" của {two(len(absent))} đơn vị" if absent else ""
        lines.append(
            f"- Số liệu{who} chưa đầy đủ; các nội dung thiếu được ghi “{words.MISSING}” tại Bảng 1 và"
            " các phụ lục, nêu tên đơn vị tại"
            " Phụ lục VI."
        )
    return lines or ["Trong kỳ chưa ghi nhận tồn tại, hạn chế từ số liệu."]


def _which(names: list[str], annex: str) -> str:
    return f", gồm {words.units(names)}" if len(names) <= words.MOST_NAMES else f" (Phụ lục {annex})"


def difficulties(said: Said, annex: str = "V") -> list[str]:
    """III.3: those of the province, then by unit; ``annex`` has them all."""
    rows = said.content.material.difficulties
    if not rows:
        return ["Trong kỳ, các đơn vị chưa báo cáo khó khăn, vướng mắc."]
    common = [row for row in rows if not row.code]
    own = [row for row in rows if row.code]
    lines = []
    if common:
        lines.append("Khó khăn, vướng mắc chung:")
        lines += [f"- {_difficulty(row)}{'.' if row is common[-1] else ';'}" for row in common]
    if own:
        lines.append(f"Khó khăn, vướng mắc của từng đơn vị (chi tiết tại Phụ lục {annex}):")
        lines += [f"- {row.name}: {small(_difficulty(row))}{'.' if row is own[-1] else ';'}" for row in own]
    return lines


def _difficulty(row: DifficultyRow) -> str:
    cause = f" (nguyên nhân: {small(row.cause.rstrip('.'))})" if row.cause else ""
    return row.content.rstrip(".") + cause
