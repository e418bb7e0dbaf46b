"""The page of measures at a hub that knows a hundred thousand transfers: processor time, signed in."""

from __future__ import annotations

import random
import statistics
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bench.nodes import Figures, Shared, in_node
from bench.pages import Browser
from bench.registry import measure

LOOPS = 100_000
WEEKS = 52
CALLS = 5
_PASSWORD = "mot-mat-khau-de-do-2025"  # noqa: S105 - an account that lives for one measurement
_HOSPITALS = ("24011", "24004", "24022", "24023", "01929")


def _fill() -> None:
    from lienthong.foundation import clock
    from lienthong.transfers.models import Loop

    chance, now = random.Random(5), clock.now()  # noqa: S311 - invented times
    rows = []
    for number in range(LOOPS):
        sent = now - timedelta(minutes=chance.uniform(0, (WEEKS - 1) * 7 * 1440))
        sender, receiver = chance.sample(_HOSPITALS, 2)
        ways = [sent + timedelta(minutes=chance.expovariate(1 / mean)) for mean in (30, 90, 240, 8000)]
        rows.append(
            Loop(
                loop=f"{number:032x}",
                sender=sender,
                receiver=receiver,
                urgency=chance.choice(("emergency", "urgent", "planned")),
                state="closed",
                since=ways[3],
                owner=sender,
                role="doctor",
                sent_at=sent,
                answered_at=ways[0],
                departed_at=ways[1],
                arrived_at=ways[2],
                outcome_at=ways[3],
                complete=True,
                late=False,
            )
        )
    Loop.objects.bulk_create(rows, batch_size=2000)


def _look(_home: Path) -> Figures:
    from django.conf import settings

    from lienthong.access import accounts, audit
    from lienthong.access.models import Role

    settings.NODE = replace(settings.NODE, role="hub", facility="SYT-24")
    _fill()
    by, roles = audit.system("bench"), [Role.DEPARTMENT]
    accounts.create_account("so-y-te", "Cán bộ Đo", _PASSWORD, roles, by=by, must_change=False)
    browser = Browser()
    browser.sign_in("so-y-te", _PASSWORD)
    return {str(weeks): _time(browser, f"/measures?weeks={weeks}") for weeks in (12, WEEKS)}


def _time(browser: Browser, path: str) -> float:
    wall = []
    for _ in range(CALLS + 1):
        begun = time.process_time()
        status, _page = browser.call(path)
        wall.append(1000 * (time.process_time() - begun))
        if not status.startswith("200"):
            raise RuntimeError(f"{path}: {status}")
    return statistics.median(wall[1:])


_page = Shared(lambda: in_node(_look, pinned=False))


@measure(
    f"Measures of 12 weeks out of {LOOPS:,} transfers: processor time, median",
    " ms",
    "reading the rows, and sorting the times of each group",
    rounds=1,
)
def twelve_weeks() -> float:
    return _page.run("12")


@measure(f"… of {WEEKS} weeks", " ms", "the same, all of them", rounds=1)
def year() -> float:
    return _page.read(str(WEEKS))
