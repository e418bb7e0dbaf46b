"""One node at work: pages and doors in a web process, courier and export folder in threads of this one."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

from lienthong.config import lifeline, setup

_STOP_SECONDS = 3
"""How long calls under way may take to end; everything acknowledged is durable, so the rest may be cut off."""


def run(home: Path, *, with_parent: bool = False) -> int:
    """Serves the node in ``home`` until SIGINT or SIGTERM; ``with_parent``: also until the starting process ends."""
    if with_parent:
        lifeline.end_with_parent(signal.SIGTERM, os.getppid())
    setup.use(home)
    setup.migrate()
    from django.conf import settings
    from granian import Granian
    from granian.constants import Interfaces

    stop = threading.Event()
    threads = [_reconciling(stop)] + ([] if settings.NODE.role == "hub" else _site_threads(stop))
    for thread in threads:
        thread.start()
    multiprocessing.set_start_method("spawn", force=True)
    server = Granian(
        "lienthong.config.doors:application",
        address=settings.NODE.host,
        port=settings.NODE.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=16,
        backlog=512,
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_SECONDS,
        log_enabled=False,
        ssl_cert=_file(settings.NODE.tls_certificate),
        ssl_key=_file(settings.NODE.tls_key),
    )

    try:
        server.serve()
    finally:
        stop.set()
        deadline = time.monotonic() + _STOP_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
    return 0


def _file(name: str) -> Path | None:
    return Path(name) if name else None


def _reconciling(stop: threading.Event) -> threading.Thread:
    from lienthong.exchange.reconciling import Worker

    return threading.Thread(target=Worker(stop).run, name="reconciling", daemon=True)


def _site_threads(stop: threading.Event) -> list[threading.Thread]:
    from django.conf import settings

    from lienthong.connectors.his_xml.folder import Folder
    from lienthong.exchange.courier import Courier

    courier = Courier(stop)
    work = {
        "exports": lambda: Folder(settings.NODE.exports).run(stop),
        "outbox": courier.run_outbox,
        "inbox": courier.run_inbox,
    }
    return [threading.Thread(target=target, name=name, daemon=True) for name, target in work.items()]
