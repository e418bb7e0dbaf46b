"""One run: a province at work, what befalls it, and the count when all has drained."""

from __future__ import annotations

import heapq
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from lienthong.config.drill import count, events
from lienthong.config.drill.count import Result
from lienthong.config.drill.disks import Disks
from lienthong.config.drill.events import Event
from lienthong.config.drill.lies import Forger
from lienthong.config.drill.province import SITES, Node, Province

MESSAGES = 25
"""Put by each site in a run."""
PATIENCE = 150.0
"""Seconds after the last fault until which everything must have ended its way."""
_LONGEST_START = 180.0
_LOOK = 0.1


@dataclass
class Run:
    """A province, its clock and what is to happen when."""

    seed: int
    province: Province
    disks: Disks
    patience: float = PATIENCE
    lasting: dict[str, list[Event]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    _begun: float = 0.0
    _turn: int = 0
    _agenda: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)

    def go(self, planned: Iterable[Event]) -> Result:
        """Starts everything, lets the events fall, mends everything, waits for the end, counts."""
        self.province.start()
        for site in self.province.sites:
            self.put(site)
        self._wait_for_work()
        self._begun = time.monotonic()
        for event in planned:
            self.at(event.at, lambda event=event: self.begin(event))  # type: ignore[misc]
        while self._agenda:
            self._work()
            self._keep_putting()
            time.sleep(_LOOK)
        self.disks.mend()
        self.province.end_faults()
        drained = self._drained()
        for node in self.province.nodes.values():
            node.stop()
        result = count.count(self.province.sites)
        if not drained:
            result.faults.append(
                f"not everything had ended its way {self.patience:.0f} s after the last fault"
            )
        return result

    def _wait_for_work(self) -> None:
        """Until every site has put something: faults that fall before would show nothing."""
        deadline = time.monotonic() + _LONGEST_START
        while not all(count.acknowledged(site.acknowledged) for site in self.province.sites):
            if time.monotonic() > deadline:
                raise TimeoutError("the sites did not begin to put")
            time.sleep(_LOOK)

    def say(self, text: str) -> None:
        """Notes what happened and when."""
        self.said.append(f"{time.monotonic() - self._begun:6.2f} {text}")

    def at(self, seconds: float, work: Callable[[], None]) -> None:
        """Enters something to do, so many seconds after the start."""
        self._turn += 1
        heapq.heappush(self._agenda, (seconds, self._turn, work))

    def after(self, seconds: float, work: Callable[[], None]) -> None:
        """Enters something to do, so many seconds from now."""
        self.at(time.monotonic() - self._begun + seconds, work)

    def _work(self) -> None:
        while self._agenda and self._agenda[0][0] <= time.monotonic() - self._begun:
            heapq.heappop(self._agenda)[2]()

    def put(self, node: Node) -> None:
        """Starts a site's putting process."""
        others = [facility for name, facility in SITES.items() if name != node.name]
        node.put(self.seed, MESSAGES, others)

    def _keep_putting(self) -> None:
        """Starts a putting process again that was killed."""
        for site in self.province.sites:
            if site.putting is not None and site.putting.poll() not in (None, 0) and site.running:
                self.put(site)

    def begin(self, event: Event) -> None:
        """Lets one event begin, and enters its end."""
        self.say(str(event))
        node = self.province.nodes[event.node]
        if event.kind in events.LINE:
            self._line(event, event.seconds)
        elif event.kind in _KINDS:
            _KINDS[event.kind](self, node, event)

    def cut(self, node: Node, event: Event) -> None:
        """Cuts a site's line until three seconds after an event."""
        self._line(replace(event, kind="cut", node=node.name), event.seconds + 3)

    def _line(self, event: Event, seconds: float) -> None:
        line, here = self.province.lines[event.node], self.lasting.setdefault(event.node, [])

        def end() -> None:
            here.remove(event)
            line.line = events.line_of(here)
            if event.kind == "half-open":
                line.reset()  # as a router that has forgotten the connection answers to a sign of life

        here.append(event)
        line.line = events.line_of(here)
        self.after(seconds, end)

    def _drained(self) -> bool:
        """Waits until everything put has ended its way; False when it has not."""
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline:
            self._keep_putting()
            if all(site.putting and site.putting.poll() == 0 for site in self.province.sites):
                waiting = [count.open_messages(site.home) for site in self.province.sites]
                if not any(waiting):
                    self.say("drained")
                    return True
            time.sleep(_LOOK)
        self.say("not drained")
        return False


def _kill_node(run: Run, node: Node, event: Event) -> None:
    node.kill()
    run.after(event.seconds / 2, node.start)


def _kill_worker(run: Run, node: Node, event: Event) -> None:
    node.kill_worker(int(event.value * 100))


def _kill_putting(run: Run, node: Node, event: Event) -> None:
    node.kill_putting()


def _restart(run: Run, node: Node, event: Event) -> None:
    node.stop()
    run.after(event.seconds / 2, node.start)


def _clock(run: Run, node: Node, event: Event) -> None:
    node.shift_clock(events.clock_shift(event.value))
    run.after(event.seconds, lambda: node.shift_clock(0))


def _full_disk(run: Run, node: Node, event: Event) -> None:
    run.say(run.disks.fill(node))
    run.after(event.seconds, run.disks.mend)


def _power_cut(run: Run, node: Node, event: Event) -> None:
    run.say(run.disks.cut(node, f"{run.seed} {event.at}"))
    run.after(event.seconds / 2, node.start)


def _forge(run: Run, node: Node, event: Event) -> None:
    """The line of the receiver is cut, so that its own receipts come after the lies."""
    chance = random.Random(f"{run.seed} {event.at}")  # noqa: S311 - faults, no secrets
    forger = Forger(run.province, node, chance)
    run.cut(node, event)
    run.after(1.5, lambda: run.say(f"{forger.lie()} forged receipts from {node.name}"))
    run.after(event.seconds + 2.5, forger.unsay)


def _rotate(run: Run, node: Node, event: Event) -> None:
    node.command("rotate-keys")


def _upgrade(run: Run, node: Node, event: Event) -> None:
    """The node was stopped with full queues at an older form of its tables; it starts with the present program."""
    node.kill_putting()
    node.stop()
    run.say(f"{node.name}: tables as of {node.step_back()}")
    node.start()


_KINDS: dict[str, Callable[[Run, Node, Event], None]] = {
    "kill-node": _kill_node,
    "kill-worker": _kill_worker,
    "kill-putting": _kill_putting,
    "restart": _restart,
    "clock": _clock,
    "full-disk": _full_disk,
    "power-cut": _power_cut,
    "forge": _forge,
    "rotate": _rotate,
    "upgrade": _upgrade,
}
