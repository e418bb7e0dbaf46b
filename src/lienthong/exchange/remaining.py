"""What pages ask of large content: bytes and time left at a site, uploads and bytes of a transfer at the hub."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from lienthong.exchange import sql
from lienthong.foundation import clock
from lienthong.foundation.daytime import Window

_SHOWN = 30
_MANIFEST = 1500
"""About the bytes of a message beside its sealed parts."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that the hub has not accepted yet.

    Attributes:
        bytes, left: what travels of it, and what of that is not at the hub.
        opens: when its lane may use the line; None: now.
        ready: when it should be at the hub; None while the rate of the line is not known.
    """

    message: str
    kind: str
    loop: str
    receiver: str
    lane: int
    bytes: int
    left: int
    opens: datetime | None
    ready: datetime | None

    @property
    def percent(self) -> int:
        """How much of it is at the hub."""
        return 100 * (self.bytes - self.left) // self.bytes


@dataclass(frozen=True, slots=True)
class Fetching:
    """Large content that comes from the hub: its bytes, those here, when it should be complete."""

    bytes: int
    left: int
    ready: datetime | None

    @property
    def percent(self) -> int:
        """How much of it is here."""
        return 100 * (self.bytes - self.left) // self.bytes


@dataclass(frozen=True, slots=True)
class LineState:
    """A site's line.

    Attributes:
        waiting: the first messages that wait, in the order in which they go; fetching: large content that comes.
        count, left: of all that wait, and their bytes; ready: when all of it should be at the hub.
        opens: when heavy lanes may use the line; None: now.
        up_rate, down_rate: bytes a second that large content moved lately; 0: not known.
    """

    waiting: tuple[Waiting, ...]
    fetching: tuple[Fetching, ...]
    count: int
    left: int
    ready: datetime | None
    opens: datetime | None
    up_rate: int
    down_rate: int


@dataclass(frozen=True, slots=True)
class Upload:
    """Hub: an unfinished upload of a facility; ``active_at`` is when it was gone on with."""

    facility: str
    bytes: int
    done: int
    active_at: datetime

    @property
    def percent(self) -> int:
        """How much of it is here."""
        return 100 * self.done // self.bytes if self.bytes else 0


@dataclass(frozen=True, slots=True)
class LoopBytes:
    """What the messages of a loop weigh on the line.

    Attributes:
        messages: how many; bytes: their sealed parts and manifests; heaviest: its lane.
    """

    loop: str
    sender: str
    receiver: str
    first_at: datetime
    messages: int
    bytes: int
    heaviest: int
    stored: int


def line_state() -> LineState:
    """The line of this site now."""
    now, node = clock.now(), settings.NODE
    window = Window.read(node.night_window) if node.night_window else None
    opens = None if window is None or window.holds(now) else window.opens(now)
    up_rate, down_rate = _rates()
    with connection.cursor() as cursor:
        cursor.execute(sql.WAITING_LANES)
        lanes = {lane: (count, int(left) + count * _MANIFEST) for lane, count, left in cursor.fetchall()}
        cursor.execute(sql.WAITING_FIRST, (_SHOWN,))
        rows = cursor.fetchall()
        cursor.execute(sql.FETCHING)
        fetching = cursor.fetchall()

    def ready(light: int, heavy: int) -> datetime | None:
        """When so many bytes, of which the heavy lanes wait for the window, should have gone."""
        if not up_rate:
            return None
        at = now + timedelta(seconds=light / up_rate)
        if heavy and window is not None:
            return at + timedelta(seconds=window.seconds(at, heavy / up_rate))
        return at + timedelta(seconds=heavy / up_rate)

    waiting, sums = [], [0, 0]
    for message, kind, loop, receiver, lane, parts, done in rows:
        size, done = int(parts) + _MANIFEST, int(done)  # sums are decimals on PostgreSQL
        late = window is not None and lane >= node.night_lane
        sums[late] += size - done
        waits = opens if late else None
        at = ready(sums[0], sums[1] if late else 0)
        waiting.append(Waiting(message, kind, loop, receiver, lane, size, size - done, waits, at))
    heavy = sum(left for lane, (_, left) in lanes.items() if window is not None and lane >= node.night_lane)
    left = sum(left for _, left in lanes.values())
    coming = [
        Fetching(size, size - done, now + timedelta(seconds=(size - done) / down_rate) if down_rate else None)
        for size, done in fetching
    ]
    count = sum(count for count, _ in lanes.values())
    all_ready = ready(left - heavy, heavy) if count else None
    return LineState(tuple(waiting), tuple(coming), count, left, all_ready, opens, up_rate, down_rate)


def _rates() -> tuple[int, int]:
    """What large content moved lately, or may move at most."""
    node = settings.NODE
    with connection.cursor() as cursor:
        cursor.execute(sql.RATES)
        up, down = cursor.fetchone() or (0, 0)
    return _capped(up, node.cap_up_kbit * 125), _capped(down, node.cap_down_kbit * 125)


def _capped(rate: int, cap: int) -> int:
    return min(rate, cap) if rate and cap else rate or cap


def under_way() -> list[Upload]:
    """Hub: uploads that are not finished, those gone on with last first."""
    from lienthong.exchange import uploads

    with connection.cursor() as cursor:
        cursor.execute(sql.UNFINISHED_UPLOADS, (clock.iso(clock.now()), _SHOWN))
        rows = cursor.fetchall()
    return [
        Upload(facility, size, min(size, uploads.length_now(name)), clock.from_iso(expires) - uploads.KEPT)
        for name, facility, size, expires in rows
    ]


def bytes_of(loop: str) -> LoopBytes | None:
    """What a loop weighs on the line; None when this node has no message of it."""
    found = _loops(sql.LOOP_BYTES, (loop,))
    return found[0] if found else None


def latest(facility: str, limit: int) -> list[LoopBytes]:
    """Hub: the latest loops that a facility began, the newest first."""
    return _loops(sql.LATEST_LOOPS, (facility, limit))


def _loops(statement: str, values: tuple[str | int, ...]) -> list[LoopBytes]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [
            LoopBytes(
                loop,
                sender,
                receiver,
                clock.from_iso(first),
                count,
                int(size + heads),
                heaviest or 0,
                int(stored),
            )
            for loop, sender, receiver, first, count, heads, heaviest, stored, size in cursor.fetchall()
        ]
