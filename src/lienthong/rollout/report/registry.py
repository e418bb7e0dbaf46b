"""Which figures a report has: name, words, unit of measure, source and how each is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from lienthong.rollout.report import figures as count
from lienthong.rollout.report.figures import Count, Definition
from lienthong.rollout.report.material import Material

HIS_LEVELS = ("7", "6", "5", "4", "3", "2", "1")
PUBLISHED = ("published", "paper-stopped")
GROUPS = {
    "I": ("hạ tầng", "infrastructure"),
    "II": ("phần mềm quản lý điều hành", "administration"),
    "III": ("HIS", "HIS"),
    "IV": ("RIS-PACS", "RIS-PACS"),
    "V": ("LIS", "LIS"),
    "VI": ("phi chức năng", "non-functional"),
    "VII": ("bảo mật và an toàn thông tin", "security"),
    "VIII": ("bệnh án điện tử", "EMR"),
}
"""Groups of Circular 54/2017, in Vietnamese and English."""

Of = Callable[[Material], Count]


def _from(
    how_vi: str,
    how_en: str,
    page: str,
    unit: str,
    part: str,
    name: str,
    vi: str,
    en: str,
    of: Of,
    **more: bool,
) -> Definition:
    return Definition(name, part, vi, en, unit, how_vi, how_en, page, of, **more)


_declared = partial(
    _from,
    "Do đơn vị khai, tại ngày chốt số liệu.",
    "Declared by the units, on the closing day.",
    "board-units",
)
_traffic = partial(
    _from, "Hệ thống tính từ gói tin, không nhập tay.", "Computed from messages, never typed.", "board-ladder"
)
_reviewed = partial(
    _from,
    "Theo kết luận rà soát của Công an tỉnh và quyết định phê duyệt cấp độ an toàn.",
    "From the conclusions of the police and the decisions that approve the security level.",
    "board-security",
)
_budget = partial(
    _from,
    "Cộng từ các hạng mục kinh phí đã nhập.",
    "Added up from the budget items entered.",
    "board-money",
    "đồng",
)
_plan = partial(
    _from,
    "Đếm từ bảng nhiệm vụ, tại ngày chốt số liệu.",
    "Counted from the tasks, on the closing day.",
    "board-plan",
    "nhiệm vụ",
)
_levelled = partial(
    _from,
    "Theo kết quả xác định mức của từng đơn vị (Thông tư 54/2017/TT-BYT).",
    "From the levels of the units (Circular 54/2017).",
    "board-levels",
    "đơn vị",
)
_units = partial(_declared, "đơn vị")
_machines = partial(_declared, "máy", "II.1")
_signatures = partial(_declared, "chữ ký", "II.3")
_messages = partial(_traffic, "hồ sơ", "II.4")
_reviews = partial(_reviewed, "đơn vị", "II.5")
_money = partial(_budget, "II.6")


def _infrastructure() -> Iterator[Definition]:
    yield _machines("servers", "Máy chủ", "Servers", count.total("servers"))
    yield _machines("computers", "Máy tính", "Computers", count.total("computers"))
    yield _machines("printers", "Máy in", "Printers", count.total("printers"))
    yield _machines("scanners", "Máy quét", "Scanners", count.total("scanners"), brief=False)
    yield _machines("tablets", "Máy tính bảng", "Tablets", count.total("tablets"), brief=False)
    own, rented = count.state("hosting", "own-room"), count.state("hosting", "rented")
    yield _units("II.1", "own-room", "Đơn vị có phòng máy chủ riêng", "Units with a server room", own)
    yield _units("II.1", "rented", "Đơn vị thuê máy chủ", "Units that rent a server", rented, brief=False)
    measured = count.given("line_down")
    yield _units(
        "II.1",
        "line-measured",
        "Đơn vị đã đo tốc độ đường truyền",
        "Units with a measured line",
        measured,
        brief=False,
    )
    second = count.state("backup_line", "yes")
    yield _units(
        "II.1",
        "backup-line",
        "Đơn vị có đường truyền dự phòng",
        "Units with a second line",
        second,
        brief=False,
    )


def _systems() -> Iterator[Definition]:
    yield _units(
        "II.2", "his", "Đơn vị có phần mềm HIS", "Units with a HIS", count.state("his_level", *HIS_LEVELS)
    )
    for at in HIS_LEVELS:
        vi, en = f"Đơn vị có HIS mức {at}", f"Units with HIS level {at}"
        yield _units("II.2", f"his-{at}", vi, en, count.state("his_level", at), brief=False)
    lis, ris = count.state("lis", "advanced"), count.state("ris_pacs", "advanced")
    yield _units(
        "II.2", "lis-advanced", "Đơn vị có LIS mức nâng cao", "Units with advanced LIS", lis, brief=False
    )
    yield _units(
        "II.2",
        "ris-advanced",
        "Đơn vị có RIS-PACS mức nâng cao",
        "Units with advanced RIS-PACS",
        ris,
        brief=False,
    )


def _records() -> Iterator[Definition]:
    yield _units(
        "II.3",
        "emr-used",
        "Đơn vị đã có phần mềm bệnh án điện tử",
        "Units with EMR software",
        count.state("emr", "basic", "advanced"),
    )
    for at, vi, en in (
        ("advanced", "Đơn vị có bệnh án điện tử mức nâng cao", "Units with an advanced EMR"),
        ("basic", "Đơn vị có bệnh án điện tử mức cơ bản", "Units with a basic EMR"),
        ("none", "Đơn vị chưa có phần mềm bệnh án điện tử", "Units without EMR software"),
    ):
        yield _units("II.3", f"emr-{at}", vi, en, count.state("emr", at), brief=at == "advanced")
    published, stopped = count.state("emr_state", *PUBLISHED), count.state("emr_state", "paper-stopped")
    yield _units(
        "II.3",
        "emr-published",
        "Đơn vị đã công bố bệnh án điện tử",
        "Units that published their EMR",
        published,
    )
    yield _units(
        "II.3", "emr-paperless", "Đơn vị đã bỏ bệnh án giấy", "Units that stopped paper", stopped, brief=False
    )
    issued, needed = count.total("signatures_issued"), count.total("signatures_needed")
    yield _signatures("signatures-issued", "Chữ ký số đã cấp", "Digital signatures issued", issued)
    yield _signatures(
        "signatures-needed", "Chữ ký số cần cấp", "Digital signatures needed", needed, brief=False
    )


def _exchange() -> Iterator[Definition]:
    yield _traffic(
        "đơn vị",
        "II.4",
        "connected",
        "Đơn vị đã kết nối, có biên nhận hồ sơ",
        "Units connected, with a transfer received",
        count.connected,
    )
    for key, vi, en, brief in (
        ("sent", "Hồ sơ chuyển viện đã gửi trong kỳ", "Transfers sent in the period", True),
        ("accepted", "Hồ sơ được tiếp nhận trong kỳ", "Transfers accepted in the period", True),
        ("rejected", "Hồ sơ bị từ chối trong kỳ", "Transfers rejected in the period", True),
        ("waiting", "Hồ sơ đang chờ phản hồi", "Transfers not answered yet", False),
    ):
        yield _messages(f"messages-{key}", vi, en, count.exchanged(key), brief=brief, period=True)
    cumulated = count.exchanged("cumulated")
    yield _messages(
        "messages-cumulated", "Hồ sơ đã gửi, lũy kế", "Transfers sent since the first day", cumulated
    )


def _conditions() -> Iterator[Definition]:
    passed = count.security("passed")
    yield _reviews(
        "security-passed",
        "Đơn vị đạt rà soát an toàn, an ninh",
        "Units that passed the security review",
        passed,
    )
    for name, vi, en in (
        ("under-way", "Đơn vị đang được rà soát an toàn, an ninh", "Units under security review"),
        ("failed", "Đơn vị chưa đạt rà soát an toàn, an ninh", "Units that did not pass the security review"),
        ("none", "Đơn vị chưa được rà soát an toàn, an ninh", "Units without a security review"),
    ):
        yield _reviews(f"security-{name}", vi, en, count.security(name), brief=False)
    yield _money("money-asked", "Kinh phí đề nghị", "Money asked for", count.money("asked"), brief=False)
    yield _money("money-granted", "Kinh phí được giao", "Money granted", count.money("granted"))
    yield _money("money-spent", "Kinh phí đã giải ngân", "Money spent", count.money("spent"))
    people = count.total("it_staff")
    yield _declared(
        "người", "II.7", "it-staff", "Cán bộ công nghệ thông tin", "IT staff", people, brief=False
    )


def _tasks() -> Iterator[Definition]:
    yield _plan("I", "tasks", "Nhiệm vụ đang theo dõi", "Tasks followed", count.tasks(), brief=False)
    for name, vi, en, states in (
        ("done", "Nhiệm vụ đã hoàn thành", "Tasks done", ("done", "done-late")),
        ("overdue", "Nhiệm vụ quá hạn", "Tasks overdue", ("overdue",)),
    ):
        yield _plan("I", f"tasks-{name}", vi, en, count.tasks(*states))


def _all_units() -> Definition:
    return _units("II", "units", "Đơn vị y tế công lập", "Public units", count.units, brief=False)


FORTNIGHT = (
    _all_units(),
    *_infrastructure(),
    *_systems(),
    *_records(),
    *_exchange(),
    *_conditions(),
    *_tasks(),
)
"""Figures of the fortnightly report."""


def _groups() -> Iterator[Definition]:
    for at in range(7, 0, -1):
        vi, en = f"Đơn vị đạt mức {at} (mức chung)", f"Units at overall level {at}"
        yield _levelled("II.2", f"overall-{at}", vi, en, count.overall(at))
    reached = ("basic", "advanced", *map(str, range(1, 8)))
    for group, (vi, en) in GROUPS.items():
        of = count.level(group, *reached)
        yield _levelled(
            "II.3", f"group-{group}", f"Đơn vị đạt từ mức thấp nhất, nhóm {vi}", f"Units that reach {en}", of
        )


LEVELS = (_all_units(), *_groups())
"""Figures of the December report of levels."""

HEALTH_BOOK = (_all_units(), *_exchange())
"""Figures of the half-yearly report on the electronic health book that the system can compute by itself."""
