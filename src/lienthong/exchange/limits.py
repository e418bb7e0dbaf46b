"""How often a caller may knock at a door: a bucket of calls that refills steadily (token bucket), in this process."""

from __future__ import annotations

import math
import threading
import time

from lienthong.exchange import problems
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
