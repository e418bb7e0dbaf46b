"""One dossier with a study over a bad line, against the line's own limit and against a plain upload on the same line.

The sending hospital's line has 256 kbit/s each way and a round trip of 300 ms; 5 of 100 connections are reset within
their first 64 KB; for 60 s in every 5 minutes it is away, and every connection with it. Hub and receiver are near.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import math
import multiprocessing
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bench import plain, province, travelling
from bench.nodes import Figures, Shared
from bench.registry import measure
from lienthong.config import node
from lienthong.config.drill.proxy import Line, Proxy, State, Way
from lienthong.foundation import json

RATE, ROUND_TRIP = 32_000.0, 0.3
STUDY = 20_000_000
EVERY, AWAY, FIRST = 300.0, 60.0, 120.0
QUICK = 10
"""In the quick variant the study and the line's good and bad times are so many times shorter."""
_WAY = Way(rate=RATE, delay=ROUND_TRIP / 2)
_GOOD = Line(up=_WAY, down=_WAY, reset=0.05)
_NODES = {"hub": "SYT-24", "sender": "24011", "receiver": "01929"}
_READABLE = "SELECT COUNT(*) FROM transfers_transfer"
_WHOLE = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'in' AND state = 'stored'"


def limit(size: int, shorter: float) -> float:
    """Seconds that so many bytes need on the line, its absences counted."""
    left, now = size / RATE, 0.0
    good = FIRST / shorter
    while left > good:
        left -= good
        now += good + AWAY / shorter
        good = (EVERY - AWAY) / shorter
    return now + left


@contextlib.contextmanager
def _weather(line: Proxy, shorter: float, away: State = "refused") -> Iterator[None]:
    """The line's good and bad times, from now on."""
    ended = threading.Event()

    def change() -> None:
        wait = FIRST
        while not ended.wait(wait / shorter):
            line.line = replace(_GOOD, state=away)
            ended.wait(AWAY / shorter)
            line.line = _GOOD
            wait = EVERY - AWAY

    line.line = _GOOD
    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _send(config: node.NodeConfig, source: Path, study: Path, told: Any) -> None:
    """At the sender: reads an export, so that its transfer goes out; then sends the study after it."""
    from lienthong.config import setup

    setup.use(config.home)
    from django.db import connection, transaction

    from lienthong import exchange
    from lienthong.connectors.his_xml import intake
    from lienthong.exchange import content
    from lienthong.transfers import desk

    intake.take(source)
    told.send(time.monotonic())
    with connection.cursor() as cursor:
        cursor.execute("SELECT loop, receiver, number FROM exchange_message WHERE direction = 'out'")
        loop, receiver, number = cursor.fetchone()
        cursor.execute("SELECT role, type, sha256 FROM exchange_part WHERE number = %s", (number,))
        parts = [
            exchange.Part(role, type_, content.read(sha256)) for role, type_, sha256 in cursor.fetchall()
        ]
    with transaction.atomic():
        parts.append(exchange.Part("study", "application/zip", study, priority=3))
        exchange.put(receiver, desk.TRANSFER, loop, body={}, parts=parts, basis=desk.REFERRAL_DUTY)


def _until(config: node.NodeConfig, query: str, wanted: int, most: float) -> float:
    """When a query of the node gives as much, ``time.monotonic``; infinity when it does not in time."""
    path = config.home / "lienthong.sqlite3"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as database:
        while time.monotonic() < most:
            if database.execute(query).fetchone()[0] >= wanted:
                return time.monotonic()
            time.sleep(0.02)
    return math.inf


def _ours(folder: Path, shorter: float, one: travelling.Travelling, study: Path, seed: int) -> Figures:
    files = plain.certificate(folder)
    os.environ["SSL_CERT_FILE"] = str(files[0])
    made = province.configs(folder, _NODES)
    made["hub"] = replace(made["hub"], tls_certificate=str(files[0]), tls_key=str(files[1]))
    line = Proxy(("127.0.0.1", made["hub"].port), seed=seed, window=8192)
    made["sender"] = replace(made["sender"], hub_url=f"https://127.0.0.1:{line.port}")
    made["receiver"] = replace(made["receiver"], hub_url=f"https://127.0.0.1:{made['hub'].port}")
    province.make(made)
    source = folder / "one.xml"
    source.write_bytes(one.source)
    with contextlib.ExitStack() as running:
        running.enter_context(line)
        for name in ("hub", "receiver", "sender"):
            running.enter_context(province.serving(made[name]))
        line.line = _GOOD
        time.sleep(5)  # a site that has run for a while: it has its token and asks for mail
        told, tell = multiprocessing.get_context("spawn").Pipe(duplex=False)
        sending = multiprocessing.get_context("spawn").Process(
            target=_send, args=(made["sender"], source, study, tell)
        )
        sending.start()
        begun = told.recv()
        before = line.counts.up
        with _weather(line, shorter):
            most = begun + 3 * limit(STUDY, 1) / shorter + 30
            readable = _until(made["receiver"], _READABLE, 1, most)
            whole = _until(made["receiver"], _WHOLE, 2, most)
        sending.join()
        return {"readable": readable - begun, "whole": whole - begun, "sent": line.counts.up - before}


def _plainly(
    folder: Path, shorter: float, body: bytes, seed: int, *, most: float, away: State = "refused"
) -> float:
    files = plain.certificate(folder)
    with plain.server(*files) as port, Proxy(("127.0.0.1", port), seed=seed, window=8192) as line:
        begun = time.monotonic()
        with _weather(line, shorter, away):
            return plain.upload(line.port, files[0], body, begun + most) - begun


def _run(shorter: float) -> Callable[[], Figures]:
    def work() -> Figures:
        with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as name:
            folder = Path(name)
            one = sorted(travelling.transfers("24011", 9001, 21), key=lambda t: len(t.bundle))[10]
            study = folder / "study.zip"
            study.write_bytes(os.urandom(int(STUDY / shorter)))
            figures = _ours(folder, shorter, one, study, seed=7)
            bundle = json.loads(one.bundle)
            alone = gzip.compress(one.bundle)
            binary = {"resourceType": "Binary", "id": "study", "contentType": "application/zip"}
            binary["data"] = base64.b64encode(study.read_bytes()).decode()
            bundle["entry"].append({"resource": binary})
            whole = gzip.compress(json.dumps(bundle), 6)
            figures["limit"] = limit(len(one.bundle) // 20 + study.stat().st_size, shorter)
            figures["plain readable"] = _plainly(folder, shorter, alone, 7, most=60)
            figures["plain whole"] = _plainly(folder, shorter, whole, 7, most=2 * figures["limit"])
            held = 2 * figures["limit"]
            figures["plain held"] = _plainly(folder, shorter, whole, 7, most=held, away="silent")
            figures["ratio"] = figures["whole"] / figures["limit"]
            figures["sent"] /= study.stat().st_size
            return figures

    return work


_quick, _full = Shared(_run(QUICK)), Shared(_run(1))
_GIVEN_UP = "given up after twice the limit (inf): each absence of the line ends its only connection"


def _enter(way: Shared, what: str, *, long: bool) -> None:
    def enter(name: str, key: str, limits: str, *, unit: str = " s", goal: float | None = None) -> None:
        run = way.run if key == "readable" else way.read
        measure(f"{what}: {name}", unit, limits, goal=goal, less=True, rounds=1, long=long)(partial(run, key))

    near = "connections, the token's round trip, up to 0.5 s until another process's message is seen"
    enter("dossier readable at the receiver", "readable", near, goal=3 + 2 * ROUND_TRIP)
    enter("… by one plain HTTPS upload of the same Bundle, gzip", "plain readable", "two round trips more")
    enter("dossier and study there", "whole", "the line")
    enter("… the line's limit: bytes over bandwidth, absences counted", "limit", "–")
    enter("… against that limit", "ratio", "what is sent again, waiting after an absence", unit="", goal=1.1)
    enter("… bytes sent up, against the least", "sent", "what is sent again, TLS", unit="")
    enter(f"… by one plain HTTPS upload, tried again; {_GIVEN_UP}", "plain whole", "the line")
    held = "… the same, were its connections to outlive the absences"
    enter(held, "plain held", "the line")


_enter(_quick, f"Bad line, study of {STUDY // QUICK / 1e6:g} MB, times a tenth", long=False)
_enter(_full, f"Bad line, study of {STUDY / 1e6:g} MB", long=True)
