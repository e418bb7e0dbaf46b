"""A span of every day in Viet Nam's time, such as the night in which a slow line is free: ``21:00-05:00``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from lienthong.foundation.clock import VIETNAM

_TEXT = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Window:
    """From a minute of the day to another, over midnight when the second is earlier."""

    start: time
    end: time

    @classmethod
    def read(cls, text: str) -> Window:
        """From a text like ``21:00-05:00``.

        Raises:
            ValueError: it is none, or both times are the same.
        """
        match = _TEXT.fullmatch(text)
        if match is None or match[1] + match[2] == match[3] + match[4]:
            raise ValueError(f"{text!r} is no span of the day like 21:00-05:00")
        hours = [int(group) for group in match.groups()]
        return cls(time(hours[0], hours[1]), time(hours[2], hours[3]))

    def holds(self, moment: datetime) -> bool:
        """Whether a moment is in it; the end is not."""
        now = moment.astimezone(VIETNAM).time()
        if self.start < self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end

    def opens(self, moment: datetime) -> datetime:
        """The moment itself when it is in the window, else when the window opens next."""
        if self.holds(moment):
            return moment
        local = moment.astimezone(VIETNAM)
        today = datetime.combine(local.date(), self.start, VIETNAM)
        return today if today > local else today + timedelta(days=1)

    def seconds(self, start: datetime, work: float) -> float:
        """How long work of so many seconds takes from a moment, when only the window's time counts."""
        at, left = self.opens(start), work
        while True:
            local = at.astimezone(VIETNAM)
            end = datetime.combine(local.date(), self.end, VIETNAM)
            end = end if end > local else end + timedelta(days=1)
            span = (end - at).total_seconds()
            if left <= span:
                return (at - start).total_seconds() + left
            left -= span
            at = self.opens(end)
