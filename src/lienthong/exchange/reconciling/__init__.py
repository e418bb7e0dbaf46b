"""Reconciling: every night all that is kept of messages is checked, compared with the other side and mended from it."""

from __future__ import annotations

from lienthong.exchange.reconciling.asking import request
from lienthong.exchange.reconciling.discrepancies import Discrepancy, latest, of_pair, still_open
from lienthong.exchange.reconciling.night import Progress, Worker, progress, start
from lienthong.exchange.reconciling.reading import SHOWN, Pair, messages_of_pair, pairs
from lienthong.exchange.reconciling.words import problem

__all__ = [
    "SHOWN",
    "Discrepancy",
    "Pair",
    "Progress",
    "Worker",
    "latest",
    "messages_of_pair",
    "of_pair",
    "pairs",
    "problem",
    "progress",
    "request",
    "start",
    "still_open",
]
