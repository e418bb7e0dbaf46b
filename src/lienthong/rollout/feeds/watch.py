"""Hub: one alert for each feed that fell silent or drifts, for the page of what needs attention."""

from __future__ import annotations

import threading
import time

from lienthong.exchange.watch import Found
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import Problem
from lienthong.rollout import units
from lienthong.rollout.feeds import states, words
from lienthong.rollout.feeds.states import State

SILENT, DRIFTS = "feed-silent", "feed-drifts"
EVERY = 600.0

_lock = threading.Lock()
_looked = float("-inf")
_found: dict[str, Found] = {SILENT: {}, DRIFTS: {}}


def look() -> dict[str, Found]:
    """For the watch of the hub, which asks every few seconds: what the last look found, at most ten minutes ago."""
    global _looked, _found
    with _lock:
        if time.monotonic() >= _looked + EVERY:
            _found = find()
            _looked = time.monotonic()
        return _found


def find() -> dict[str, Found]:
    """Every feed of the province that is silent or drifts now; what the alert is about is unit and feed."""
    found: dict[str, Found] = {SILENT: {}, DRIFTS: {}}
    for code, judged in states.of_units(units.codes(), clock.now()).items():
        for state in judged:
            if state.state in ("silent", "drift"):
                kind = SILENT if state.state == "silent" else DRIFTS
                found[kind][f"{code} {state.feed}"] = problem(kind, code, state)
    return found


def problem(kind: str, code: str, state: State) -> Problem:
    """What is wrong with a feed, and what the officer does."""
    return Problem(
        kind,
        f"{directory.name(code, language='vi')}: {words.in_language(state, 'vi')}.",
        f"{directory.name(code, language='en')}: {words.in_language(state, 'en')}.",
        "Gọi cán bộ công nghệ thông tin của đơn vị: hệ thống còn kết xuất dữ liệu không, có đổi phiên bản không?\n"
        "Mở thang bằng chứng của đơn vị để xem giờ nào bắt đầu thiếu và trường nào không còn được ghi.\n"
        "Cảnh báo tự hết khi dữ liệu trở lại như thường ngày.",
        "Call the IT person of the unit: does the system still export, was its version changed?\n"
        "Open the unit's evidence ladder to see from which hour on it is missing and which field is no longer filled.\n"
        "This closes by itself when the data are as usual again.",
        severity="warning",
        where={"unit": code, "feed": state.feed},
    )
