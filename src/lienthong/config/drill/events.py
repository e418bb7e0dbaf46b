"""What befalls a province: the seed decides what, where, when and how long.

Faults of the line may overlap; each change of the line is computed from all that last.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from lienthong.config.drill.province import HUB, SITES
from lienthong.config.drill.proxy import Line, Way

_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Event:
    """One fault: it begins ``at`` seconds after the start and lasts ``seconds``; ``value`` (0 to 1) says how bad."""

    at: float
    seconds: float
    kind: str
    node: str
    value: float

    def __str__(self) -> str:
        return f"{self.at:5.1f} s  {self.kind} at {self.node}, {self.seconds:.1f} s, {self.value:.2f}"


def _slow(line: Line, value: float) -> Line:
    way = Way(rate=8_000 + 60_000 * value, delay=0.15)
    return replace(line, up=way, down=way)


def _delayed(line: Line, value: float) -> Line:
    way = Way(delay=0.1 + 0.4 * value)
    return replace(line, up=way, down=way)


LINE: dict[str, Callable[[Line, float], Line]] = {
    "slow": _slow,
    "delay": _delayed,
    "cut": lambda line, value: replace(line, state="silent"),
    "refuse": lambda line, value: replace(line, state="refused"),
    "reset": lambda line, value: replace(line, reset=0.2 + 0.8 * value),
    "half-open": lambda line, value: replace(line, state="swallowing"),
    "double": lambda line, value: replace(line, double=0.2 + 0.6 * value),
    "reorder": lambda line, value: replace(line, shuffle=0.2 + value),
    "damage": lambda line, value: replace(line, damage=0.3 + 0.5 * value),
}
"""Faults of a site's line: the line with the fault added, which is so bad (0 to 1)."""

KILLS = ("kill-node", "kill-worker", "kill-putting")
OTHERS = ("restart", "clock", "full-disk", "rotate", "upgrade", "forge", "power-cut")
KINDS = (*LINE, *KILLS, *OTHERS)
_RARE = {"full-disk": 0.25, "power-cut": 0.0, "upgrade": 0.3, "rotate": 0.5, "clock": 0.5, "forge": 0.4}
"""Share of the runs in which such an event may fall; it costs more than others. Power cuts are asked for by name."""
_ONCE = {"full-disk", "power-cut", "upgrade", "clock", "forge"}
_APART = {"power-cut": 1.8, "restart": 0.5, "forge": 4.0}
"""Seconds between two of them at least."""
_SITES_ALONE = {*LINE, "kill-putting", "rotate", "forge"}

SECONDS = 7.0
"""How long faults fall."""


def plan(seed: int, kinds: Iterable[str] = ()) -> list[Event]:
    """The events of a seed in their order; only of some kinds, when these are named."""
    chance = random.Random(seed)  # noqa: S311 - faults, no secrets
    named = list(kinds)
    usual = [kind for kind in KINDS if chance.random() < _RARE.get(kind, 1.0)]
    chosen = named or usual
    events: list[Event] = []
    for _ in range(chance.randint(7, 11)):
        kind = chance.choice(chosen)
        if kind in _ONCE and kind not in named and any(event.kind == kind for event in events):
            continue
        node = chance.choice([*SITES] if kind in _SITES_ALONE else [HUB, HUB, *SITES])
        node = _disk(events, kind, node)
        begin, lasting = chance.uniform(0.3, SECONDS), chance.uniform(0.2, 2.5)
        if any(event.kind == kind and abs(event.at - begin) < _APART.get(kind, 0.0) for event in events):
            continue
        events.append(Event(round(begin, 3), round(lasting, 3), kind, node, round(chance.random(), 3)))
    return sorted(events, key=lambda event: event.at)


_DISKS = {"full-disk": "power-cut", "power-cut": "full-disk"}


def _disk(events: list[Event], kind: str, node: str) -> str:
    """The node for an event that needs a disk of its own: one node for each kind, and not the same for both."""
    if kind not in _DISKS:
        return node
    own = next((event.node for event in events if event.kind == kind), node)
    other = next((event.node for event in events if event.kind == _DISKS[kind]), "")
    return own if own != other else next(name for name in (HUB, *SITES) if name != other)


def line_of(events: Iterable[Event]) -> Line:
    """What a line does while these events last."""
    line = Line()
    for event in sorted(events, key=lambda event: event.at):
        line = LINE[event.kind](line, event.value)
    return line


def clock_shift(value: float) -> float:
    """Seconds by which a clock goes wrong: from 20 days behind to 20 days ahead, small errors as often as large."""
    size = 10 ** (2 + 4.24 * abs(2 * value - 1))
    return size if value > 0.5 else -min(size, 20 * _DAY)
