"""What the server runs: plain WSGI doors and Django's pages side by side in one process."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Iterable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.config.settings")

from lienthong.config import lifeline

_parent = multiprocessing.parent_process()
if _parent is not None and _parent.pid is not None:
    lifeline.end_with_parent(signal.SIGKILL, _parent.pid)

from django.core.wsgi import get_wsgi_application  # noqa: E402

_pages = get_wsgi_application()
gc.set_threshold(
    20_000, 50, 100
)  # large Bundles are many objects at once, which looking through again frees none of

from django.conf import settings  # noqa: E402

from lienthong.access.limits import Places  # noqa: E402
from lienthong.config import fhir  # noqa: E402
from lienthong.documents import doors as documents  # noqa: E402
from lienthong.exchange import doors  # noqa: E402
from lienthong.foundation.wsgi import (  # noqa: E402
    Environ,
    HttpError,
    StartResponse,
    problem_response,
    send,
)
from lienthong.rollout.feeds import doors as feeds  # noqa: E402


def _close_at_signal() -> None:
    """Tells the doors when the server asks this worker to end, so that no call that waits for mail holds it up.

    The server sets its own signal handlers; the wake-up descriptor is told beside them.
    """
    listening, told = socket.socketpair()
    told.setblocking(False)
    signal.set_wakeup_fd(told.detach(), warn_on_full_buffer=False)

    def listen() -> None:
        listening.recv(1)
        doors.close()

    threading.Thread(target=listen, name="close-at-signal", daemon=True).start()


if _parent is not None:
    _close_at_signal()


_served = threading.Lock()
_bodies = Places(total=settings.SERVER_BODIES, each=settings.SERVER_BODIES * 7 // 8)
"""For calls with a body outside the exchange, by address: a body may come as slowly as its sender likes, and no sender
may keep every thread waiting."""


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Exchange doors, the FHIR door, those of documents and feeds for their paths, Django for the rest."""
    if _served.acquire(blocking=False):  # the first call: now the server listens
        lifeline.notice_dead_callers()
    if doors.serves(environ.get("PATH_INFO", "")):
        return doors.application(environ, start_response)
    if environ.get("CONTENT_LENGTH", "0") in ("", "0") and "HTTP_TRANSFER_ENCODING" not in environ:
        return _others(environ, start_response)
    try:
        with _bodies.hold(environ.get("REMOTE_ADDR", "")):
            return _others(environ, start_response)
    except HttpError as error:
        return send(problem_response(error), start_response)


def _others(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    if fhir.serves(environ.get("PATH_INFO", "")):
        return fhir.application(environ, start_response)
    if documents.serves(environ.get("PATH_INFO", "")):
        return documents.application(environ, start_response)
    if feeds.serves(environ.get("PATH_INFO", "")):
        return feeds.application(environ, start_response)
    return _pages(environ, start_response)
