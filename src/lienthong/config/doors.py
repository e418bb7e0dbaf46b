"""What the server runs: plain WSGI doors and Django's pages side by side in one process."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
from collections.abc import Iterable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.config.settings")

_PR_SET_PDEATHSIG = 1


def _end_with_parent() -> None:
    """Lets the kernel end this worker when its parent dies, however it dies (Linux); nothing in other processes."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent.pid:
        os.kill(os.getpid(), signal.SIGKILL)


_end_with_parent()

from django.core.wsgi import get_wsgi_application  # noqa: E402

_pages = get_wsgi_application()

from lienthong.exchange import doors  # noqa: E402
from lienthong.foundation.wsgi import Environ, StartResponse  # noqa: E402


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Exchange doors for their paths, Django for the rest."""
    if doors.serves(environ.get("PATH_INFO", "")):
        return doors.application(environ, start_response)
    return _pages(environ, start_response)
