"""What is measured: each measurement is a function that runs once and returns one number."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Measurement:
    """One row of the table.

    Attributes:
        name: what is measured, as people say it.
        unit: of the number, e.g. ``/s`` or ``MB``.
        goal: the number wanted; None where the row is a limit to compare with.
        less: a smaller number is better.
        limits: what limits the figure.
        rounds: at most so often in a run; 0 for as often as asked.
        against: the name of another measurement to be told as a share of it.
        long: takes minutes; runs only when it is asked for by name.
        values: one number for each round.
    """

    name: str
    run: Callable[[], float]
    unit: str
    limits: str
    goal: float | None = None
    less: bool = False
    against: str = ""
    rounds: int = 0
    long: bool = False
    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def reached(self) -> bool | None:
        """Whether the median reaches the goal; None without a goal."""
        if self.goal is None:
            return None
        return self.median <= self.goal if self.less else self.median >= self.goal


ALL: dict[str, Measurement] = {}


def measure(
    name: str,
    unit: str,
    limits: str,
    *,
    goal: float | None = None,
    less: bool = False,
    against: str = "",
    rounds: int = 0,
    long: bool = False,
) -> Callable[[Callable[[], float]], Callable[[], float]]:
    """Enters a function as a measurement, in the order of the table (see :class:`Measurement`)."""

    def enter(run: Callable[[], float]) -> Callable[[], float]:
        if name in ALL:
            raise ValueError(f"{name} is measured twice")
        ALL[name] = Measurement(name, run, unit, limits, goal, less, against, rounds, long)
        return run

    return enter
