"""Part II of the fortnightly report: results, with the change since the last period and the way to the target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from lienthong.rollout.report import words
from lienthong.rollout.report.figures import Figure
from lienthong.rollout.report.kinds.kind import Said
from lienthong.rollout.report.registry import HIS_LEVELS
from lienthong.rollout.report.words import day_text, number, share, two


def listed(said: Said, names: Sequence[str]) -> str:
    """Units by name; all of them together are called so, many stand by name in annex VI."""
    if len(names) == len(said.content.material.units):
        return f"cả {number(len(names))} đơn vị"
    if len(names) > words.MOST_NAMES:
        return f"{number(len(names))} đơn vị (nêu tên tại Phụ lục VI)"
    return words.units(names)


def missing(said: Said, what: str, names: Sequence[str]) -> list[str]:
    """The sentence that names who gave no data, if anybody did."""
    return [f"Chưa có số liệu về {what} của {listed(said, names)}."] if names else []


def than_before(said: Said, figure: Figure) -> str:
    """``, tăng 2 máy so với kỳ trước`` or nothing where there is nothing to compare with."""
    told = words.change(figure.difference, figure.unit)
    if not told:
        return ""
    unit = "" if figure.unit == "đồng" or not figure.difference else f" {figure.unit}"
    return f"{told}{unit} so với {since(said)}"


def doubt(figure: Figure) -> str:
    """Says so where something in a figure was confirmed by nobody."""
    return " (chưa xác nhận)" if figure.doubtful else ""


def since(said: Said) -> str:
    """What the report is compared with."""
    before = said.content.before
    return "kỳ trước" if before.number else f"thời điểm {day_text(before.last)}"


def target(said: Said, figure: Figure, rest: str) -> list[str]:
    """How far a target is: what is left, and that its day has passed."""
    goal = figure.target
    if goal is None or figure.value is None or not goal.by:
        return []
    left = goal.value - figure.value
    by = f"mục tiêu {number(goal.value)} {figure.unit} đến ngày {day_text(goal.by)}"
    if left <= 0:
        return [f"Đã đạt {by}."]
    late = said.content.last.isoformat() > goal.by
    return [
        f"So với {by}, còn {two(left)} {figure.unit} {rest}" + (", đã quá thời hạn đặt ra." if late else ".")
    ]


def _machines(said: Said) -> str:
    told = []
    for name, unit in (("servers", "máy chủ"), ("computers", "máy tính"), ("printers", "máy in")):
        figure = said.content.figure(name)
        if figure.value is None:
            told.append(f"chưa có số liệu về {unit}")
            continue
        change = than_before(said, figure) if figure.difference else ""
        told.append(f"{two(figure.value)} {unit}" + (f" ({change})" if change else ""))
    return f"{said.area.scope} có {told[0]}, {told[1]} và {told[2]} phục vụ công tác chuyên môn."


def infrastructure(said: Said) -> list[str]:
    """II.1"""
    content = said.content
    lines = [_machines(said)]
    for name, words_ in (("servers", "máy chủ"), ("computers", "máy tính"), ("printers", "máy in")):
        figure = content.figure(name)
        if figure.value is not None and figure.missing:
            lines.append(
                f"Số {words_} nêu trên theo số liệu chung toàn tỉnh; chưa có số liệu riêng của"
                f" {listed(said, figure.missing)}."
                if name in content.material.declared
                else f"Số {words_} nêu trên chưa gồm {listed(said, figure.missing)} do chưa có số liệu."
            )
    own, rented = content.figure("own-room"), content.figure("rented")
    if own.value is not None and rented.value is not None:
        names = content.named("hosting", "own-room")
        lines.append(
            f"Có {two(own.value)} đơn vị đặt máy chủ tại phòng máy chủ riêng"
            + (f" ({words.units(names)})" if 0 < len(names) <= words.MOST_NAMES else "")
            + f"; {two(rented.value)} đơn vị thuê máy chủ của nhà cung cấp"
            + _moved(own, said)
            + "."
        )
    lines += missing(said, "nơi đặt máy chủ", own.missing)
    return [*_merged(lines), *_lines(said)]


def _merged(lines: list[str]) -> list[str]:
    """One sentence instead of three when machines of all kinds are missing for the same units."""
    starts = ("Số máy chủ nêu trên", "Số máy tính nêu trên", "Số máy in nêu trên")
    same = [line for line in lines if line.startswith(starts)]
    if len(same) < 3 or len({line.split("nêu trên", 1)[1] for line in same}) > 1:
        return lines
    one = "Số lượng thiết bị nêu trên" + same[0].split("nêu trên", 1)[1]
    place = lines.index(same[0])
    return [*lines[:place], one, *lines[place + 3 :]]


def _moved(figure: Figure, said: Said) -> str:
    return "" if not figure.difference else f"; số đơn vị có phòng máy chủ riêng {than_before(said, figure)}"


def _lines(said: Said) -> list[str]:
    units = said.content.material.units
    speeds = sorted(
        (Decimal(unit.states["line_down"]), unit.name) for unit in units if "line_down" in unit.states
    )
    if not speeds:
        return [f"Chưa có số liệu đo tốc độ đường truyền của {listed(said, [unit.name for unit in units])}."]
    slowest, fastest = speeds[0], speeds[-1]
    second = said.content.figure("backup-line")
    told = (
        f"Đường truyền: {two(len(speeds))}/{number(len(units))} đơn vị đã đo tốc độ, tải xuống"
        f" {_span(slowest[0], fastest[0])}; chậm nhất là {slowest[1]}"
    )
    told += doubt(said.content.figure("line-measured"))
    if second.value is not None:
        told += f"; {two(second.value)} đơn vị có đường truyền dự phòng"
    absent = [unit.name for unit in units if "line_down" not in unit.states]
    rest = missing(said, "tốc độ đường truyền", absent)
    return [" ".join([f"{told}.", *rest])]


def _span(low: Decimal, high: Decimal) -> str:
    return f"{number(low)} Mbps" if low == high else f"từ {number(low)} Mbps đến {number(high)} Mbps"


def systems(said: Said) -> list[str]:
    """II.2"""
    content = said.content
    his, whole = content.figure("his"), content.value("units") or 0
    if his.value is None:
        lines = [f"Chưa có số liệu về mức HIS của {listed(said, his.missing)}."]
    else:
        lines = [
            f"{_all(his.value, whole)} đơn vị đã có phần mềm HIS. Phân bố theo mức của nhóm tiêu chí HIS"
            " (Thông tư"
            " 54/2017/TT-BYT):"
        ]
        levels = [(at, content.named("his_level", at)) for at in HIS_LEVELS]
        shown = [(at, names) for at, names in levels if names]
        lines += [
            f"- Mức {at}: {two(len(names))} đơn vị ({words.units(names)}){'.' if at == shown[-1][0] else ';'}"
            for at, names in shown
        ]
        lines += missing(said, "mức HIS", his.missing)
    lis, ris = content.figure("lis-advanced"), content.figure("ris-advanced")
    if lis.value is not None and ris.value is not None:
        lines.append(
            f"Hệ thống LIS: {_of(lis.value, whole)} đơn vị đạt mức nâng cao; hệ thống RIS-PACS:"
            f" {_of(ris.value, whole)} đơn vị đạt mức nâng cao."
        )
    lines += missing(said, "LIS", lis.missing) + missing(said, "RIS-PACS", ris.missing)
    return [*lines, _changed(said, ("HIS:", "LIS:", "RIS-PACS:"), "mức HIS, LIS, RIS-PACS")]


def _changed(said: Said, starts: tuple[str, ...], what: str) -> str:
    told = []
    for code, changes in said.content.changes.items():
        own = [change for change in changes if change.startswith(starts)]
        if own:
            told.append(f"{said.content.material.name(code)} ({'; '.join(own)})")
    if told:
        return f"Thay đổi so với {since(said)}: {'; '.join(told)}."
    return f"So với {since(said)}, không có đơn vị thay đổi {what}."


def _of(value: int, whole: int) -> str:
    return f"{two(value)}/{number(whole)}" if value < whole else f"{number(whole)}/{number(whole)}"


def _all(value: int, whole: int) -> str:
    return f"Cả {number(whole)}" if value == whole else f"{two(value)}/{number(whole)}"


def records(said: Said) -> list[str]:
    """II.3"""
    content = said.content
    used, whole = content.figure("emr-used"), content.value("units") or 0
    if used.value is None:
        lines = [f"Chưa có số liệu về phần mềm bệnh án điện tử của {listed(said, used.missing)}."]
    else:
        parts = [
            f"{two(len(names))} đơn vị ở mức {label} ({words.units(names)})"
            for code, label in (("advanced", "nâng cao"), ("basic", "cơ bản"))
            if (names := content.named("emr", code))
        ]
        change = than_before(said, used)
        lines = [
            f"{_of(used.value, whole)} đơn vị ({share(used.value, whole)}) đã có phần mềm bệnh án điện tử"
            + (f", gồm {', '.join(parts)}" if parts else "")
            + f"; {two(content.value('emr-none') or 0)} đơn vị chưa có phần mềm"
            + (f". Số đơn vị có phần mềm {change}." if change else ".")
        ]
        lines += missing(said, "phần mềm bệnh án điện tử", used.missing)
        lines += target(said, used, "chưa có phần mềm bệnh án điện tử")
    return [*lines, *_progress(said), *_signatures(said)]


def _progress(said: Said) -> list[str]:
    units = said.content.material.units
    found = Counter(unit.states["emr_state"] for unit in units if "emr_state" in unit.states)
    absent = [unit.name for unit in units if "emr_state" not in unit.states]
    lines = []
    if found:
        told = [
            f"{two(found[code])} đơn vị {words.small(label)}"
            for code, label in words.EMR_STATE.items()
            if found[code]
        ]
        lines.append(f"Theo bước triển khai: {', '.join(told)}.")
    rest = missing(said, "bước triển khai (thẩm định, quyết định, công bố, bỏ bệnh án giấy)", absent)
    return [" ".join([*lines, *rest])] if lines or rest else []


def _signatures(said: Said) -> list[str]:
    issued, needed = said.content.figure("signatures-issued"), said.content.figure("signatures-needed")
    if issued.value is None:
        return missing(said, "chữ ký số đã cấp", issued.missing)
    told = f"Chữ ký số: đã cấp {number(issued.value)}"
    if needed.value:
        told += f"/{number(needed.value)} chữ ký cần cấp ({share(issued.value, needed.value)})"
    else:
        told += " chữ ký"
    told += doubt(issued)
    change = than_before(said, issued)
    rest = missing(said, "chữ ký số đã cấp", issued.missing)
    return [" ".join([f"{told}{f', {change}' if change else ''}.", *rest])]


def exchange(said: Said, annex: str = "III") -> list[str]:
    """II.4; ``annex`` has the rows of the units."""
    content = said.content
    connected, whole = content.figure("connected"), content.value("units") or 0
    rows = content.material.exchange
    if connected.value is None:
        return ["Chưa có số liệu về kết nối, liên thông trong kỳ."]
    names = [row.name for row in rows if row.received]
    change = than_before(said, connected)
    lines = [
        f"{_of(connected.value, whole)} đơn vị đã kết nối, có hồ sơ được tiếp nhận và có biên nhận điện tử"
        + (f" ({words.units(names)})" if names and len(names) < whole else "")
        + (f", {change}" if change else "")
        + ". Kết quả do hệ thống tính từ biên nhận, không nhập tay."
        if connected.value
        else f"Đến ngày {words.day(content.last)}, hệ thống chưa ghi nhận biên nhận điện tử nào cho hồ"
        f" sơ của {number(whole)}"
        " đơn vị."
    ]
    lines += target(said, connected, "chưa kết nối")
    sent, accepted, rejected, waiting = (
        content.value(f"messages-{name}") or 0 for name in ("sent", "accepted", "rejected", "waiting")
    )
    if sent:
        lines.append(
            f"Trong kỳ đã gửi {two(sent)} hồ sơ chuyển viện: được tiếp nhận {two(accepted)}"
            f" ({share(accepted, sent)}), bị từ chối {two(rejected)}, đang chờ phản hồi {two(waiting)}."
        )
    else:
        lines.append("Trong kỳ, hệ thống không ghi nhận hồ sơ chuyển viện nào được gửi.")
    cumulated = content.value("messages-cumulated")
    if cumulated is not None:
        lines[-1] += (
            f" Lũy kế do hệ thống ghi nhận từ ngày {day_text(said.issuer.exchange_since)}:"
            f" {number(cumulated)} hồ sơ (chi tiết tại"
            f" Phụ lục {annex})."
        )
    lines += [
        f"Theo số liệu công bố ngày {day_text(told.told)} ({told.source}), từ ngày {day_text(told.first)} đến ngày"
        f" {day_text(told.last)}, {told.name} đã chuyển {number(told.transfers)} hồ sơ; số này không cộng vào lũy kế"
        " do hệ thống ghi nhận."
        for told in content.material.told
    ]
    errors = [f"{row.name}: {row.top_error.rstrip('.')}" for row in rows if row.top_error]
    if errors:
        lines.append(f"Lỗi gặp nhiều nhất: {'; '.join(errors)}.")
    return lines


def security(said: Said) -> list[str]:
    """II.5"""
    content = said.content
    passed, whole = content.figure("security-passed"), content.value("units") or 0
    counted = [
        f"{two(value)} đơn vị {label}"
        for name, label in (
            ("security-under-way", "đang được rà soát"),
            ("security-failed", "chưa đạt, phải khắc phục"),
            ("security-none", "chưa có kết quả rà soát"),
        )
        if (value := content.value(name))
    ]
    change = than_before(said, passed)
    lines = [
        f"{_of(passed.value or 0, whole)} đơn vị đã đạt rà soát an toàn, an ninh và được phê duyệt cấp"
        " độ an toàn hệ thống"
        + (f", {change}" if change and passed.value else "")
        + (f"; {', '.join(counted)}." if counted else ".")
        if passed.value
        else f"Đến ngày {words.day(content.last)}, chưa có đơn vị nào được kết luận đạt rà soát an toàn,"
        " an ninh" + (f": {', '.join(counted)}." if counted else ".")
    ]
    conditions = [unit.name for unit in content.material.units if unit.conditions]
    if conditions:
        lines.append(f"Đạt có điều kiện, phải khắc phục: {words.units(conditions)}.")
    return [*lines, *target(said, passed, "chưa đạt rà soát")]


def money(said: Said) -> list[str]:
    """II.6"""
    content = said.content
    figures = [
        (content.figure(f"money-{name}"), label)
        for name, label in (("asked", "đề nghị"), ("granted", "được giao"), ("spent", "đã giải ngân"))
    ]
    known = [
        f"{label} {words.money(one.value)}"
        + (f" ({words.change(one.difference, one.unit)})" if one.difference else "")
        for one, label in figures
        if one.value is not None
    ]
    absent = [label for one, label in figures if one.value is None]
    unknown = f"chưa có số liệu về kinh phí {', '.join(absent)}" if absent else ""
    moved = f" so với {since(said)}" if any(one.difference for one, _ in figures) else ""
    told = [f"kinh phí {', '.join(known)}{moved}"] if known else []
    lines = [words.sentence("; ".join([*told, *filter(None, [unknown])])) + "."]
    stages = content.material.totals.stages
    if stages:
        counted = ", ".join(f"{two(times)} gói {words.small(stage)}" for stage, times in stages)
        lines.append(f"Đấu thầu, mua sắm: {counted} (chi tiết tại Phụ lục IV).")
    else:
        lines.append("Chưa có số liệu về gói thầu.")
    return lines


def staff(said: Said) -> list[str]:
    """II.7"""
    content = said.content
    people = content.figure("it-staff")
    trained = [row for row in content.material.direction if row.kind == "training"]
    lines = []
    if people.value is not None:
        change = than_before(said, people)
        lines.append(
            f"{said.area.scope} có {two(people.value)} cán bộ công nghệ thông tin tại các đơn"
            f" vị{doubt(people)}" + (f", {change}." if change else ".")
        )
        alone = [unit.name for unit in content.material.units if unit.counts.get("it_staff") == 1]
        if alone:
            lines.append(f"Chỉ có 01 cán bộ công nghệ thông tin: {words.units(alone)}.")
    lines += missing(said, "cán bộ công nghệ thông tin", people.missing)
    if trained:
        lines.append(f"Trong kỳ đã tổ chức {two(len(trained))} lớp đào tạo, tập huấn:")
        lines += [
            f"- Ngày {day_text(row.day)}: {row.title.rstrip('.')}{'.' if row is trained[-1] else ';'}"
            for row in trained
        ]
    else:
        lines.append("Chưa có số liệu về đào tạo, tập huấn trong kỳ.")
    return lines
