"""One node at work: pages and doors in a web process; courier, export folder and watch in threads of this one."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from lienthong.config import lifeline, setup

_STOP_SECONDS = 3
"""How long calls under way may take to end; everything acknowledged is durable, so the rest may be cut off."""
_LOOK = 1.0


def run(home: Path, *, with_parent: int = 0) -> int:
    """Serves the node in ``home`` until SIGINT or SIGTERM; ``with_parent``: also until the process so numbered ends,
    which started this one."""
    if with_parent:
        lifeline.end_with_parent(signal.SIGTERM, with_parent)
    setup.use(home)
    setup.migrate()
    from django.conf import settings

    from lienthong.exchange.reconciling import Worker
    from lienthong.identity import following
    from lienthong.records.exporting import work as exporting

    if settings.NODE.role == "hub":
        setup.enter_seed()
    stop = threading.Event()
    threads = _hub_threads(stop) if settings.NODE.role == "hub" else _site_threads(stop)
    threads += _threads({"time-stamps": partial(_stamp, stop)})
    threads += _threads({"reconciling": Worker(stop).run})
    threads += _threads({"identities": partial(following.follow, stop), "bulk": partial(exporting.run, stop)})
    for thread in threads:
        thread.start()
    multiprocessing.set_start_method("spawn", force=True)
    try:
        _serve(with_parent)
    finally:
        stop.set()
        deadline = time.monotonic() + _STOP_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
    return 0


def _serve(parent: int) -> None:
    """Runs the web processes until a signal. Granian gives up when one of them dies twice in a few seconds; a node
    has more to do than pages, so it begins anew."""
    from django.conf import settings
    from granian import Granian
    from granian.constants import Interfaces

    asked = threading.Event()
    threading.Thread(target=_insist, args=(asked, parent), name="end", daemon=True).start()
    while not asked.is_set():
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, lambda *_: asked.set())
        server = Granian(
            "lienthong.config.doors:application",
            address=settings.NODE.host,
            port=settings.NODE.port,
            interface=Interfaces.WSGI,
            workers=settings.NODE.processes,
            blocking_threads=settings.SERVER_THREADS,
            backlog=512,
            respawn_failed_workers=True,
            workers_kill_timeout=_STOP_SECONDS,
            log_enabled=False,
            ssl_cert=_file(settings.NODE.tls_certificate),
            ssl_key=_file(settings.NODE.tls_key),
        )
        try:
            server.serve()
        except SystemExit:
            if server.interrupt_signal:
                raise
            time.sleep(1.0)
        if server.interrupt_signal:
            return


def _insist(asked: threading.Event, parent: int) -> None:
    """Sends a signal once more that came while no server listened for it, or whose sender's end nobody noticed."""
    while True:
        if asked.wait(_LOOK) or (parent and os.getppid() != parent):
            time.sleep(_LOOK)
            os.kill(os.getpid(), signal.SIGTERM)


def _file(name: str) -> Path | None:
    return Path(name) if name else None


def _hub_threads(stop: threading.Event) -> list[threading.Thread]:
    from lienthong.exchange import retention
    from lienthong.exchange.trust import keeper
    from lienthong.exchange.watch import Watch
    from lienthong.rollout.feeds import watch as feeds
    from lienthong.rollout.plan import reminders, reminding
    from lienthong.transfers.measures import province, reading
    from lienthong.transfers.notices import sending

    return _threads(
        {
            "keys": lambda: keeper.keep(stop),
            "measures": lambda: reading.run(stop),
            "reminding": lambda: reminding.run(stop),
            "watch": lambda: Watch([province.look, reminders.look, feeds.look, sending.trouble]).run(stop),
            "retention": lambda: retention.run(stop),
        }
    )


def _site_threads(stop: threading.Event) -> list[threading.Thread]:
    from django.conf import settings

    from lienthong.connectors.his_xml import concerns, outbox
    from lienthong.connectors.his_xml.folder import Folder
    from lienthong.documents import automatic
    from lienthong.documents import work as documents
    from lienthong.exchange.trust import keeper
    from lienthong.exchange.watch import Watch
    from lienthong.identity import feeding
    from lienthong.rollout.feeds import work as feeds
    from lienthong.transfers import notices, overdue
    from lienthong.transfers.fhir import keeping
    from lienthong.transfers.validity import expiry

    slips = settings.NODE.home / settings.NODE.his_outbox
    out = {"his-outbox": lambda: outbox.run(slips, stop)} if settings.NODE.his_outbox else {}
    return _threads(
        out
        | {
            "feeds": lambda: feeds.run(stop),
            "documents": lambda: documents.run(stop),
            "ended-stays": lambda: automatic.run(stop),
            "registrations": lambda: feeding.run(stop),
            "exports": lambda: Folder(settings.NODE.exports).run(stop),
            "joining": lambda: keeper.join(stop),
            "line": lambda: _work_the_line(stop),
            "notices": lambda: notices.run(stop),
            "slips": lambda: expiry.run(stop),
            "overdue": lambda: overdue.run(stop),
            "transfers": lambda: keeping.run(stop),
            "watch": lambda: Watch([concerns.look]).run(stop),
        }
    )


def _work_the_line(stop: threading.Event) -> None:
    """Waits until the site has joined a hub, then carries its mail; goes on with another hub when it joins that."""
    from django.conf import settings

    from lienthong.exchange.courier import Courier
    from lienthong.exchange.trust import entering, keeper

    while address := keeper.wait_for_hub(stop):
        settings.NODE = replace(settings.NODE, hub_url=address)
        ended = threading.Event()
        courier = Courier(ended)
        threads = _threads(
            {"outbox": courier.run_outbox, "inbox": courier.run_inbox, "keys": partial(keeper.keep, ended)}
        )
        for thread in threads:
            thread.start()
        while not stop.wait(_LOOK) and entering.address() == address:
            pass
        ended.set()
        for thread in threads:
            thread.join()


def _threads(work: dict[str, Callable[[], None]]) -> list[threading.Thread]:
    return [threading.Thread(target=target, name=name, daemon=True) for name, target in work.items()]


def _stamp(stop: threading.Event) -> None:
    """Keeps the audit trail under time-stamps; a service that does not work is an alert."""
    from lienthong.access import timestamps
    from lienthong.exchange import alerts
    from lienthong.foundation.errors import Problem

    def tell(problem: Problem | None) -> None:
        if problem:
            alerts.raise_alert(problem)
        else:
            for code in timestamps.TROUBLES:
                alerts.clear(code)

    timestamps.run(stop, tell)
