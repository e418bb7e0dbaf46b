"""Ending when the starting process ends, however it ends (Linux)."""

from __future__ import annotations

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1


def end_with_parent(by: signal.Signals, parent: int) -> None:
    """Asks the kernel to send this process the signal ``by`` when the process ``parent`` ends."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:
        os.kill(os.getpid(), by)
