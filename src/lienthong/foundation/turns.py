"""Calls that come at the same moment are done together by one of their threads: one query, one commit for all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


class _Turn(Generic[Job, Result]):
    """One call; ``woken`` says that it is done, or that it is this thread's turn to do it for all."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.woken = threading.Event()
        self.leads = False
        self.result: Result | Exception | None = None


class Turns(Generic[Job, Result]):
    """Those who come while the work of others is under way wait together; the first of them does it for all then.

    Args:
        work: does several jobs; gives for each its result or the exception that it ends with. What it raises itself
            is raised for every job.
        most: jobs at one time.
    """

    def __init__(
        self, work: Callable[[Sequence[Job]], Sequence[Result | Exception]], *, most: int = 32
    ) -> None:
        self._work = work
        self._most = most
        self._lock = threading.Lock()
        self._waiting: list[_Turn[Job, Result]] = []
        self._busy = False

    def do(self, job: Job) -> Result:
        """Does a job, alone or with others, in this thread or another; returns when it is done."""
        turn: _Turn[Job, Result] = _Turn(job)
        with self._lock:
            self._waiting.append(turn)
            turn.leads, self._busy = not self._busy, True
        if not turn.leads:
            turn.woken.wait()
        if turn.leads:
            self._lead()
        if isinstance(turn.result, Exception):
            raise turn.result
        return turn.result  # type: ignore[return-value]

    def _lead(self) -> None:
        """Does what waits, this thread's own first; the next to wait leads then."""
        with self._lock:
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        try:
            for turn, result in zip(batch, self._work([turn.job for turn in batch]), strict=True):
                turn.result = result
        except Exception as error:
            for turn in batch:
                turn.result = error
        finally:
            with self._lock:
                self._busy = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].leads = True
                    self._waiting[0].woken.set()
            for turn in batch:
                turn.woken.set()
