"""What the server runs: plain WSGI doors and Django's pages side by side in one process."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.config.settings")

from lienthong.config import lifeline

_parent = multiprocessing.parent_process()
if _parent is not None and _parent.pid is not None:
    lifeline.end_with_parent(signal.SIGKILL, _parent.pid)

from django.core.wsgi import get_wsgi_application  # noqa: E402

_pages = get_wsgi_application()

from lienthong.exchange import doors  # noqa: E402
from lienthong.foundation.wsgi import Environ, StartResponse  # noqa: E402


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Exchange doors for their paths, Django for the rest."""
    if doors.serves(environ.get("PATH_INFO", "")):
        return doors.application(environ, start_response)
    return _pages(environ, start_response)
