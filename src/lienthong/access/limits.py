"""How often a caller may knock at a door: a bucket of calls that refills steadily (token bucket), in this process."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Iterator

from lienthong.access import problems
from lienthong.foundation.wsgi import HttpError

_MOST_REMEMBERED = 10_000


class Bucket:
    """At most ``burst`` calls at once and ``rate`` a second for each name."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate, self._burst = rate, burst
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, name: str) -> None:
        """Counts a call.

        Raises:
            HttpError: 429 with ``Retry-After`` in seconds.
        """
        now = time.monotonic()
        with self._lock:
            left, at = self._left.get(name, (float(self._burst), now))
            left = min(float(self._burst), left + (now - at) * self._rate)
            if left < 1:
                wait = math.ceil((1 - left) / self._rate)
                raise HttpError(429, problems.too_often(), headers=(("Retry-After", str(wait)),))
            if len(self._left) > _MOST_REMEMBERED:
                self._left.clear()
            self._left[name] = (left - 1, now)


class Places:
    """Places for calls that last: ``total`` in this process, of which one name may hold ``each``."""

    def __init__(self, total: int, each: int) -> None:
        self._left, self._each = total, each
        self._held: dict[str, int] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Holds a place.

        Raises:
            HttpError: 503 with ``Retry-After``: none is free.
        """
        self.take(name)
        try:
            yield
        finally:
            self.leave(name)

    def take(self, name: str) -> None:
        """Takes a place, to be given back by :meth:`leave`; raises as :meth:`hold`."""
        with self._lock:
            if not self._left or self._held.get(name, 0) >= self._each:
                raise HttpError(503, problems.too_often(), headers=(("Retry-After", "5"),))
            self._left -= 1
            self._held[name] = self._held.get(name, 0) + 1

    def leave(self, name: str) -> None:
        """Gives a place back."""
        with self._lock:
            self._left += 1
            self._held[name] -= 1
            if not self._held[name]:
                del self._held[name]
