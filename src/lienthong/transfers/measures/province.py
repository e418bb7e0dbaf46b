"""Hub: the transfers of the province, and those whose turn nobody took in twice the time allowed."""

from __future__ import annotations

from datetime import datetime

from django.core.paginator import Page, Paginator
from django.db.models import Count, Min

from lienthong.exchange.watch import Found
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import Problem
from lienthong.transfers.measures.facts import Facts
from lienthong.transfers.measures.periods import Period
from lienthong.transfers.models import Loop, LoopReading

OVERDUE = "transfer-overdue"
PAGE_SIZE = 50
_COLUMNS = tuple(Facts.__dataclass_fields__)


def facts(period: Period, urgency: str = "") -> list[Facts]:
    """Those sent in a period; ``urgency``: only these."""
    found = Loop.objects.filter(sent_at__gte=period.begins, sent_at__lt=period.ends)
    if urgency:
        found = found.filter(urgency=urgency)
    return [Facts(*row) for row in found.values_list(*_COLUMNS)]


def skipped() -> int:
    """How many steps could not be read so far."""
    return LoopReading.objects.filter(name="hub").values_list("skipped", flat=True).first() or 0


def overdue(page: int = 1) -> Page[Loop]:
    """Loops overdue at the third level (:func:`lienthong.transfers.rules.level`), the oldest first."""
    found = Loop.objects.filter(hub_at__lte=clock.now()).order_by("hub_at", "loop")
    return Paginator(found, PAGE_SIZE).get_page(page)


def look() -> dict[str, Found]:
    """For the watch of the hub: one alert for each facility whose turn it is."""
    late = Loop.objects.filter(hub_at__lte=clock.now()).values("owner")
    counted = late.annotate(count=Count("loop"), oldest=Min("since")).order_by("owner")
    return {OVERDUE: {row["owner"]: _problem(row["owner"], row["count"], row["oldest"]) for row in counted}}


def _problem(facility: str, count: int, oldest: datetime) -> Problem:
    at = oldest.astimezone(clock.VIETNAM).strftime("%H:%M %d/%m/%Y")
    vi, en = (directory.name(facility, language=language) for language in ("vi", "en"))
    return Problem(
        OVERDUE,
        f"{vi}: {count} lượt chuyển đã chờ quá gấp đôi thời gian cho phép, lượt lâu nhất từ {at}.",
        f"{en}: {count} transfers have waited twice the time allowed, the longest since {at}.",
        "Mở danh sách để xem từng lượt chuyển đang chờ bước nào, do ai thực hiện.\n"
        "Gọi cho lãnh đạo đơn vị; bác sĩ phụ trách và lãnh đạo đơn vị đã được báo trước đó.\n"
        "Cảnh báo tự hết khi đơn vị thực hiện bước tiếp theo.",
        "Open the list to see which step each transfer waits for, and whose it is.\n"
        "Call the head of the unit; the owner and the head were told before.\n"
        "This closes by itself when the unit takes the next step.",
        where={"count": count},
    )
