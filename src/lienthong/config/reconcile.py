"""``lienthong reconcile``: what the nightly check found; ``--now`` lets it run at once and shows how it goes on."""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from lienthong.config import setup

_LOOK = 0.5
_MENDING = 60.0
"""Seconds to wait for answers of other sides to what was asked."""
_PHASES = {
    "checking": "kiểm tra gói tin / checking messages",
    "links": "kiểm tra chuỗi / checking chains",
    "comparing": "đối chiếu với các bệnh viện / comparing with the other hospitals",
}


def run(home: Path, *, now: bool, as_json: bool, patience: float) -> int:
    """Prints the state; with ``now`` first lets the work be done, here when no running node does it.

    Returns:
        0 when everything is sound, 1 when something is not mended yet, 3 when it did not end in time.
    """
    setup.use(home)
    setup.migrate()
    ended = _wait(patience, quiet=as_json) if now else True
    state = _state()
    if as_json:
        print(json.dumps(state | {"ended": ended}, ensure_ascii=False), flush=True)
    else:
        _print(state)
    return 3 if not ended else 1 if state["open"] else 0


def _wait(patience: float, *, quiet: bool) -> bool:
    """Starts the work and shows how it goes on until all of it ended."""
    from lienthong.exchange import reconciling
    from lienthong.foundation import clock

    stop, began, started = threading.Event(), time.monotonic(), clock.now()
    before = reconciling.progress().ended_at
    worker = threading.Thread(target=reconciling.Worker(stop).run, name="reconciling")
    reconciling.start()
    worker.start()
    said, settled = "", 0.0
    try:
        while time.monotonic() < began + patience:
            state = reconciling.progress()
            line = _line(state)
            if line != said and not quiet:
                print(line, file=sys.stderr, flush=True)
                said = line
            asking = any(pair.asked_at for pair in reconciling.pairs())
            if not state.phase and not state.wanted and state.ended_at != before and not asking:
                settled = settled or time.monotonic()
                asked = [one.asked_at for one in reconciling.still_open() if one.side == "here"]
                if time.monotonic() > settled + _MENDING or not any(at and at >= started for at in asked):
                    return True
            time.sleep(_LOOK)
        return False
    finally:
        stop.set()
        worker.join()


def _line(state: Any) -> str:
    if state.wanted and not state.phase:
        return "sắp bắt đầu / about to begin"
    if not state.phase:
        return "chờ các bệnh viện khác trả lời / waiting for the other hospitals to answer"
    share = f" {state.checked:,}/{state.total:,}" if state.phase == "checking" else ""
    return f"{_PHASES[state.phase]}{share}"


def _state() -> dict[str, Any]:
    from lienthong.exchange import reconciling
    from lienthong.foundation import clock

    progress = reconciling.progress()
    since = progress.since
    mended = [one for one in reconciling.latest(1000) if since and one.mended_at and one.mended_at >= since]
    return {
        "checked": progress.checked,
        "since": clock.iso(since) if since else None,
        "ended_at": clock.iso(progress.ended_at) if progress.ended_at else None,
        "next_at": clock.iso(progress.next_at) if progress.next_at else None,
        "open": [_item(one) for one in reconciling.still_open()],
        "mended": [_item(one) for one in mended],
        "pairs": [
            {
                "sender": pair.sender,
                "receiver": pair.receiver,
                "messages": pair.messages,
                "matching": pair.matching,
                "differing": pair.differing,
                "compared_at": clock.iso(pair.compared_at) if pair.compared_at else None,
            }
            for pair in reconciling.pairs()
        ],
    }


def _item(one: Any) -> dict[str, Any]:
    from lienthong.exchange import reconciling
    from lienthong.foundation import clock

    problem = reconciling.problem(one)
    return {
        "message": one.message,
        "manifest": one.manifest,
        "direction": one.direction,
        "sender": one.sender,
        "receiver": one.receiver,
        "what": one.what,
        "place": one.place,
        "finding": one.finding,
        "side": one.side,
        "found_at": clock.iso(one.found_at),
        "mended_at": clock.iso(one.mended_at) if one.mended_at else None,
        "how": one.how,
        "vi": f"{problem.vi} {problem.hint_vi}".strip(),
        "en": f"{problem.en} {problem.hint_en}".strip(),
    }


def _print(state: dict[str, Any]) -> None:
    print(f"Đã kiểm tra / checked: {state['checked']:,}; kết thúc / ended: {state['ended_at'] or '–'}")
    for pair in state["pairs"]:
        way = f"{pair['sender']} → {pair['receiver']}"
        print(f"{way}: {pair['messages']:,} gói tin / messages, {pair['differing']:,} sai lệch / differing")
    for title, name in (("Chưa khôi phục / open", "open"), ("Đã khôi phục / mended", "mended")):
        for item in state[name]:
            print(
                f"{title}: {item['message'] or item['manifest']} {item['what']}: {item['vi']} / {item['en']}"
            )
    if not state["open"]:
        print("Không còn sai lệch. / Nothing is open.")
