"""The real case of Bắc Giang, entered once: the units and figures of 18 February 2025."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from importlib import resources

from lienthong.access import audit
from lienthong.rollout import facts
from lienthong.rollout.changes import Batch, BatchRow, batch
from lienthong.rollout.levels import criteria
from lienthong.rollout.money import seed as money
from lienthong.rollout.plan import seed as plan
from lienthong.rollout.vendors import seed as vendors

DAY = date(2025, 2, 18)
SOURCE = "Hội nghị UBND tỉnh 18/02/2025 (bacgiang.gov.vn)"
_SYSTEMS = "Tổ công tác Đề án 06, 07/01/2025 (BNEWS)"
_DEMO = "Số liệu minh họa, tự tạo cho bản dùng thử"
_BY = audit.system("seed")


def load() -> None:
    """Enters what is not there yet: the figures of the case, its plan and prices, the sets of criteria."""
    criteria.load_known()
    if not BatchRow.objects.filter(what="seed").exists():
        with batch(_BY, "seed", why=SOURCE) as open_batch:
            _units(open_batch)
    with batch(_BY, "seed", why=SOURCE) as open_batch:
        plan.load(open_batch)
        money.load(open_batch)


def load_demo() -> None:
    """Adds invented figures of single units that add up to the province's published totals; for the demo alone."""
    if BatchRow.objects.filter(what="seed-demo").exists():
        return
    with batch(_BY, "seed-demo", why=_DEMO) as open_batch:
        for row in _rows("demo_units.csv"):
            code = row.pop("code")
            for key, value in row.items():
                facts.put(open_batch, code, key, value, DAY, source=_DEMO, confirmed=False)
            facts.put(
                open_batch, code, "line_measured_on", DAY.isoformat(), DAY, source=_DEMO, confirmed=False
            )
        vendors.load_demo(open_batch)


def _units(open_batch: Batch) -> None:
    for row in _rows("units.csv"):
        code = row.pop("code")
        for key, value in row.items():
            facts.put(open_batch, code, key, value, DAY, source=SOURCE)
        for key in ("lis", "ris_pacs"):
            facts.put(open_batch, code, key, "advanced", date(2025, 1, 7), source=_SYSTEMS)
    for row in _rows("province.csv"):
        day = date.fromisoformat(row["valid_from"])
        facts.put(open_batch, facts.PROVINCE, row["key"], row["value"], day, source=row["source"])


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = resources.files("lienthong.rollout").joinpath("data", name).read_text("utf-8")
    yield from csv.DictReader(text.splitlines())
