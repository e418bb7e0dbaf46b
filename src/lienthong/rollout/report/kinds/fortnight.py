"""The fortnightly report to the chair: outline of the parts I to V, each sentence made from the frozen data."""

from __future__ import annotations

from lienthong.rollout.report import registry
from lienthong.rollout.report.kinds import annexes, assessment, results, tables
from lienthong.rollout.report.kinds.kind import Kind, Part, Said
from lienthong.rollout.report.material import Direction, TaskRow
from lienthong.rollout.report.words import TASK_STATE, day, day_text, number, sentence, small, two

_DIRECTION = (
    ("document", "ban hành {} văn bản chỉ đạo, hướng dẫn:"),
    ("meeting", "tổ chức {} hội nghị, cuộc họp:"),
    ("inspection", "tổ chức {} lượt kiểm tra, làm việc với đơn vị:"),
)


def subject(said: Said) -> str:
    """The subject line."""
    material = said.content.material
    return (
        f"Kết quả triển khai bệnh án điện tử, kết nối liên thông dữ liệu với {said.issuer.partner}\n"
        f"(kỳ báo cáo từ ngày {day(material.first)} đến ngày {day(material.last)})"
    )


def opening(said: Said) -> list[str]:
    """What ordered the report, its period and closing; which report it replaces."""
    material = said.content.material
    lines = []
    if said.replaces:
        lines.append(f"Báo cáo này thay thế {said.replaces}. Số liệu điều chỉnh so với báo cáo trước:")
        lines += [f"- {one};" for one in said.corrections[:-1]] + [
            f"- {one}." for one in said.corrections[-1:]
        ]
        if not said.corrections:
            lines[-1] = f"Báo cáo này thay thế {said.replaces}; các chỉ tiêu số liệu không thay đổi."
    return [
        *lines,
        f"Thực hiện {said.issuer.basis}, Sở Y tế báo cáo kết quả thực hiện từ ngày {day(material.first)}"
        " đến ngày"
        f" {day(material.last)} (số liệu chốt đến hết ngày {day(material.last)}) như sau:",
    ]


def direction(said: Said) -> list[str]:
    """Part I: documents, meetings, inspections of the period, and how the tasks stand."""
    found = said.content.material.direction
    lines: list[str] = []
    for kind, words in _DIRECTION:
        rows = [row for row in found if row.kind == kind]
        if rows:
            told = words.format(two(len(rows)))
            lines.append(sentence(told) if lines else f"Trong kỳ đã {told}")
            lines += [f"- {_done(row)}{'.' if row is rows[-1] else ';'}" for row in rows]
    if not lines:
        lines.append("Chưa có số liệu về văn bản chỉ đạo, cuộc họp, kiểm tra trong kỳ.")
    return [*lines, *_tasks(said)]


def _done(row: Direction) -> str:
    if row.kind == "document":
        number_ = f" số {row.number}" if row.number else ""
        issuer = f" của {row.issuer}" if row.issuer else ""
        return f"{row.title} (văn bản{number_} ngày {day_text(row.day)}{issuer})"
    where = f"; chủ trì: {row.issuer}" if row.issuer else ""
    return f"Ngày {day_text(row.day)}: {row.title}{where}"


def _tasks(said: Said) -> list[str]:
    tasks = said.content.material.tasks
    if not tasks:
        return ["Chưa có số liệu về nhiệm vụ đang theo dõi."]
    counted = [
        f"{small(label)} {two(times)}"
        for state, label in TASK_STATE.items()
        if (times := sum(1 for task in tasks if task.state == state))
    ]
    lines = [
        f"Đến ngày {day(said.content.last)}, Sở Y tế theo dõi {two(len(tasks))} nhiệm vụ được giao (chi"
        " tiết tại Phụ"
        f" lục II): {'; '.join(counted)}."
    ]
    late = [task for task in tasks if task.state == "overdue"]
    if late:
        lines.append("Các nhiệm vụ quá hạn:")
        lines += [f"- {_late(task)}{'.' if task is late[-1] else ';'}" for task in late]
    return lines


def _late(task: TaskRow) -> str:
    reason = f"; nguyên nhân: {task.reason.rstrip('.')}" if task.reason else ""
    return f"{task.title.rstrip('.')} (chủ trì: {task.lead}; hạn: {day_text(task.due)}{reason})"


def next_tasks(said: Said) -> list[str]:
    """Part IV: what is to be done in the next period, with owner and day; the deadlines that come."""
    material = said.content.material
    lines = []
    if material.next_tasks:
        lines.append("Trong kỳ tới, tập trung thực hiện các nhiệm vụ sau:")
        rows = material.next_tasks
        lines += [f"- {_next(row)}{'.' if row is rows[-1] else ';'}" for row in rows]
    else:
        lines.append("Chưa có số liệu về nhiệm vụ của kỳ tới.")
    if material.deadlines:
        lines.append("Các mốc thời gian cần bảo đảm:")
        lines += [
            f"- Ngày {day_text(row.day)}:"
            f" {row.title.rstrip('.')}{'.' if row is material.deadlines[-1] else ';'}"
            for row in material.deadlines
        ]
    return lines


def _next(task: TaskRow) -> str:
    partners = f"; phối hợp: {task.partners}" if task.partners else ""
    due = f"; hạn: {day_text(task.due)}" if task.due else "; chưa xác định thời hạn"
    due += ", đã quá hạn" if task.state == "overdue" else ""
    return f"{task.title.rstrip('.')} (chủ trì: {task.lead}{partners}{due})"


def proposals(said: Said) -> list[str]:
    """Part V: what the difficulties ask for, by the body that can grant it."""
    asked: dict[str, list[str]] = {}
    for row in said.content.material.difficulties:
        if row.proposal and not row.answer:
            to = row.to_whom or "Chủ tịch Ủy ban nhân dân tỉnh"
            text = row.proposal.rstrip(".")
            if text not in asked.setdefault(to, []):
                asked[to].append(text)
    if not asked:
        return ["Trong kỳ, Sở Y tế không có đề xuất, kiến nghị mới."]
    lines = []
    for place, (to, texts) in enumerate(asked.items(), 1):
        lines.append(f"{place}. Đối với {to}")
        lines += [f"- {sentence(text)}{'.' if text is texts[-1] else ';'}" for text in texts]
    return lines


def closing(said: Said) -> list[str]:
    """The last sentence."""
    material = said.content.material
    return [
        "Trên đây là kết quả triển khai bệnh án điện tử, kết nối liên thông dữ liệu với"
        f" {said.issuer.partner} từ ngày {day(material.first)} đến ngày {day(material.last)}, Sở Y tế"
        " trân trọng"
        " báo cáo Chủ tịch Ủy ban nhân dân tỉnh./."
    ]


def intro(said: Said) -> list[str]:
    """The sentence before the summary table."""
    units = said.content.value("units") or 0
    lines = [
        f"{said.area.scope} có {number(units)} đơn vị y tế công lập triển khai bệnh án điện tử. Kết quả"
        " các chỉ tiêu chủ yếu"
        " tại Bảng 1, toàn bộ chỉ tiêu tại Phụ lục VI, tình hình từng đơn vị tại Phụ lục I."
    ]
    if said.unconfirmed:
        lines.append(
            f"Số liệu của {results.listed(said, said.unconfirmed)} chưa được đơn vị xác nhận khi lập báo cáo."
        )
    return lines


KIND = Kind(
    "fortnight",
    "Báo cáo định kỳ hai tuần",
    "Fortnightly report",
    subject,
    registry.FORTNIGHT,
    (
        Part("opening", 0, "", opening),
        Part("I", 1, "I. CÔNG TÁC CHỈ ĐẠO, ĐIỀU HÀNH", direction),
        Part("II", 1, "II. KẾT QUẢ THỰC HIỆN", intro, tables.summary),
        Part("II.1", 2, "1. Hạ tầng công nghệ thông tin", results.infrastructure),
        Part("II.2", 2, "2. Phần mềm HIS, LIS, RIS-PACS", results.systems),
        Part("II.3", 2, "3. Bệnh án điện tử", results.records),
        Part("II.4", 2, "4. Kết nối, liên thông với Bệnh viện Bạch Mai", results.exchange),
        Part("II.5", 2, "5. An toàn, an ninh hệ thống", results.security),
        Part("II.6", 2, "6. Kinh phí, đấu thầu", results.money),
        Part("II.7", 2, "7. Đào tạo, nhân lực", results.staff),
        Part("III", 1, "III. ĐÁNH GIÁ CHUNG"),
        Part("III.1", 2, "1. Ưu điểm", assessment.good),
        Part("III.2", 2, "2. Tồn tại, hạn chế", assessment.short),
        Part("III.3", 2, "3. Khó khăn, vướng mắc và nguyên nhân", assessment.difficulties),
        Part("IV", 1, "IV. NHIỆM VỤ TRỌNG TÂM KỲ TỚI", next_tasks),
        Part("V", 1, "V. ĐỀ XUẤT, KIẾN NGHỊ", proposals),
        Part("closing", 0, "", closing),
    ),
    annexes.fortnight,
)
