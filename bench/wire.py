"""Bytes of a transfer on the sender's line, TLS and HTTP heads, acceptances and receipts included, both ways."""

from __future__ import annotations

import contextlib
import functools
import gzip
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import zstandard

from bench import plain, province, travelling
from bench.nodes import Figures, Shared
from bench.registry import measure
from lienthong.config import node
from lienthong.config.drill.proxy import Proxy
from lienthong.connectors.his_xml.make import envelope, make_dossiers

DOSSIERS = 1000
_DAY = date(2025, 6, 16)
_NODES = {"hub": "SYT-24", "sender": "24011", "receiver": "01929"}
_VERIFIED = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'out' AND receipt_state = 'verified'"


def _queue(config: node.NodeConfig, queued: Path) -> None:
    from lienthong.connectors.his_xml import intake

    if config.facility == _NODES["sender"]:
        intake.take(queued)


def _put(config: node.NodeConfig, source: Path) -> None:
    from lienthong.config import setup

    setup.use(config.home)
    from lienthong.connectors.his_xml import intake

    intake.take(source)


def _travel() -> Figures:
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as name, contextlib.ExitStack() as running:
        folder = Path(name)
        queued = folder / "queued.xml"
        made = list(make_dossiers(DOSSIERS, 9001, start=travelling.START, end=_DAY, transfers=DOSSIERS))
        queued.write_bytes(envelope(made, _DAY))
        files = plain.certificate(folder)
        os.environ["SSL_CERT_FILE"] = str(files[0])
        nodes = province.configs(folder, _NODES)
        hub = nodes["hub"] = replace(nodes["hub"], tls_certificate=str(files[0]), tls_key=str(files[1]))
        line = running.enter_context(Proxy(("127.0.0.1", hub.port)))
        nodes["sender"] = replace(nodes["sender"], hub_url=f"https://127.0.0.1:{line.port}")
        nodes["receiver"] = replace(nodes["receiver"], hub_url=f"https://127.0.0.1:{hub.port}")
        province.make(nodes, partial(_queue, queued=queued))
        for which in ("hub", "receiver", "sender"):
            running.enter_context(province.serving(nodes[which]))
        province.until(nodes["sender"], _VERIFIED, DOSSIERS)
        up, down = line.counts.up, line.counts.down
        others = sorted(travelling.transfers("24011", 9005, 31), key=lambda one: len(one.bundle))[14:17]
        alone = []
        for number, other in enumerate(others):
            path = folder / f"{number}.xml"
            path.write_bytes(other.source)
            time.sleep(1)
            before = line.counts.up + line.counts.down
            putting = spawn.Process(target=_put, args=(nodes["sender"], path))
            putting.start()
            putting.join()
            province.until(nodes["sender"], _VERIFIED, DOSSIERS + number + 1)
            time.sleep(1)
            alone.append(line.counts.up + line.counts.down - before)
        return {"up": up / DOSSIERS, "down": down / DOSSIERS, "alone": statistics.median(alone)}


def _mean(size: Callable[[travelling.Travelling], int]) -> Callable[[], float]:
    def measured() -> float:
        return statistics.mean(map(size, _made())) / 1000

    return measured


@functools.cache
def _made() -> list[travelling.Travelling]:
    return list(travelling.transfers("24011", 9001, 200))


_way = Shared(_travel)
_KEPT = "what is left after compression: ids, hashes, signatures, sealing"


@measure("Bytes of a transfer: source XML", " KB", "as exported, base64 in an envelope", rounds=1)
def bytes_source() -> float:
    return _mean(lambda one: len(one.source))()


@measure("… its dossier as JSON", " KB", "–", rounds=1)
def bytes_json() -> float:
    return _mean(lambda one: len(one.dossier))()


@measure("… as JSON, gzip", " KB", "–", rounds=1)
def bytes_gzip() -> float:
    return _mean(lambda one: len(gzip.compress(one.dossier)))()


@measure("… as JSON, zstd level 9 alone", " KB", "–", rounds=1)
def bytes_zstd() -> float:
    return _mean(
        lambda one: len(zstandard.compress(one.bundle, 9)) + len(zstandard.compress(one.notice, 9))
    )()


@measure(
    "Bytes on the sender's line for a transfer, of 1,000 in a queue: up",
    " KB",
    _KEPT,
    against="… as JSON, gzip",
    rounds=1,
)
def wire_up() -> float:
    return _way.run("up") / 1000


@measure("… down: acceptances and receipts", " KB", "three signatures", rounds=1)
def wire_down() -> float:
    return _way.read("down") / 1000


@measure("… both ways", " KB", _KEPT, goal=6.0, less=True, against="… as JSON, gzip", rounds=1)
def wire_both() -> float:
    return (_way.read("up") + _way.read("down")) / 1000


@measure(
    "… of a transfer of median size alone, its own calls and one or two polls",
    " KB",
    "heads of four calls and their answers",
    goal=6.0,
    less=True,
    rounds=1,
)
def wire_alone() -> float:
    return _way.read("alone") / 1000
