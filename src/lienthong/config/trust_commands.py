"""``lienthong join``, ``cut-off`` and ``rotate-keys``: the same as the pages do, for people at a terminal."""

from __future__ import annotations

import getpass
import sys
import time
from datetime import datetime

from lienthong.access import audit
from lienthong.exchange.client import Hub, NoLine
from lienthong.exchange.trust import cutting, entering, rotating
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError, Problem

_ASK_AGAIN = 2.0
_WORDS = {
    "asking": "Trục chưa trả lời; sẽ hỏi lại. / The hub has not answered yet; it is asked again.",
    "waiting": "Chờ Sở Y tế duyệt. 16 chữ số để đối chiếu / Waits for approval. 16 digits to compare: {digits}",
    "refused": "Sở Y tế đã từ chối. / The Department of Health refused.",
    "approved": "Đã kết nối; nút đang chạy sẽ tự dùng ngay. / Joined; a running node takes it up by itself.",
}


def _by() -> audit.Actor:
    """Whoever is at the terminal, as the audit trail names people."""
    return audit.Actor("system:command-line", getpass.getuser())


def _tell(problem: Problem) -> None:
    print(f"{problem.vi} {problem.hint_vi}\n{problem.en} {problem.hint_en}", file=sys.stderr)


def join(code: str, *, wait: bool) -> int:
    """Joins with a code; prints each state. 0 joined (or asked, without ``wait``), 1 not."""
    if directory.is_hub():
        print(
            "Lệnh này dùng tại đơn vị, không dùng tại trục. / This is for a site, not for the hub.",
            file=sys.stderr,
        )
        return 2
    said = ""
    found: entering.Joining | None
    try:
        found = entering.begin(code, _by())
    except LienThongError as error:
        _tell(error.problem)
        if not error.problem.retry:
            return 1
        found = entering.under_way()
    while found is not None:
        line = _WORDS[found.state].format(digits=found.fingerprint)
        if line != said:
            print(line, flush=True)
            said = line
        if found.state in ("approved", "refused"):
            return 0 if found.state == "approved" else 1
        if not wait:
            return 0
        time.sleep(_ASK_AGAIN)
        found = _ask_again(found)
    return 0 if directory.nodes("hub") else 1


def _ask_again(found: entering.Joining) -> entering.Joining | None:
    """The state now; None when the running node has finished the joining, or somebody gave it up there."""
    if entering.under_way() is None:
        return None
    try:
        return entering.ask()
    except LienThongError as error:
        if not error.problem.retry and entering.under_way() is not None:
            _tell(error.problem)
            return None
        return found


def cut_off(facility: str, reason: str, since: datetime | None) -> int:
    """Cuts a site off, at the hub; prints how many messages to it are not handed over."""
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=clock.VIETNAM)
    try:
        count = cutting.cut_off(facility, reason, _by(), since=since)
    except LienThongError as error:
        _tell(error.problem)
        return 1
    print(
        f"Đã ngắt kết nối {facility}; {count} gói tin không được giao. / Cut off; {count} messages not handed over."
    )
    return 0


def rotate_keys() -> int:
    """Renews the keys of this node, hub or site; prints the new key's name."""
    try:
        kid = (
            rotating.rotate_hub(_by())
            if directory.is_hub()
            else rotating.rotate(Hub(entering.address()), _by())
        )
    except NoLine as error:
        _tell(error.problem)
        print(
            "Khóa mới đã tạo; nút đang chạy sẽ tự đăng ký khi có đường truyền."
            " / The new keys are made; the running node enters them when the line is back.",
            file=sys.stderr,
        )
        return 1
    except LienThongError as error:
        _tell(error.problem)
        return 1
    print(f"kid {kid}")
    return 0
