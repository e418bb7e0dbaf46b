"""After a kill with much in the queue; a mailbox of a million; a part of a gigabyte; memory of a site."""

from __future__ import annotations

import contextlib
import http.client
import multiprocessing
import os
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import postgres
from bench import province, relay, sources
from bench.nodes import Figures, Shared
from bench.registry import measure
from lienthong.config import node

QUEUED, REAL = 100_000, 1000
"""Queued messages; so many of them can really be sent, the others, behind them, only make the queue long."""
WAITING = 1_000_000
LARGE = 1 << 30
_NODES = {"hub": "SYT-24", "sender": "24011", "receiver": "01929"}
_ACCEPTED = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'out' AND state <> 'queued'"
_STORED = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'in' AND state = 'stored'"
_ALIKE = (
    "direction, kind, sender, receiver, created, jws, manifest, bytes, lane, seq, prev, state, accepted_at,"
    " acceptance"
)


def _copies(table: str, columns: str, values: str, count: int) -> str:
    """SQL that repeats the last message so many times under other names: ``i`` counts from 1."""
    return (
        f"INSERT INTO {table} ({columns}) WITH RECURSIVE n(i) AS"  # noqa: S608
        f" (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
        f" SELECT {values} FROM n CROSS JOIN exchange_message m"
        " WHERE m.number = (SELECT MAX(number) FROM exchange_message)"
    )


_NAME = "'copy-' || (1000000000 + i)"


def _queue(config: node.NodeConfig) -> None:
    """At the sender: real messages, then copies in loops of their own."""
    if config.facility != _NODES["sender"]:
        return
    from django.db import connection, transaction

    from lienthong import exchange

    for start in range(0, REAL, 500):
        with transaction.atomic():
            for number in range(start, start + 500):
                part = exchange.Part("step", "application/json", b'{"number":%d}' % number)
                loop = f"loop-{number}"
                exchange.put(_NODES["receiver"], "transfer-step", loop, body={}, parts=[part], basis="test")
    copied = _copies(
        "exchange_message", f"message, loop, {_ALIKE}", f"{_NAME}, {_NAME}, {_ALIKE}", QUEUED - REAL
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(copied)


def _answers(port: int, path: str = "/") -> float:
    """When a page is answered, ``time.monotonic``."""
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", path)
            if connection.getresponse().status < 500:
                return time.monotonic()
        except OSError:
            time.sleep(0.02)
        finally:
            connection.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to a node's processes."""
    for pid in (process.pid, *province.family(process.pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def _recover() -> Figures:
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as folder, contextlib.ExitStack() as running:
        nodes = province.configs(Path(folder), _NODES)
        province.make(nodes, _queue)
        sender = nodes["sender"]
        running.enter_context(province.serving(nodes["hub"]))
        with province.serving(sender) as process:
            province.until(sender, _ACCEPTED, 64)
            _kill(process)
        before = province.value(sender, _ACCEPTED)
        begun, pages = time.monotonic(), list[float]()
        page = threading.Thread(target=lambda: pages.append(_answers(sender.port)))
        page.start()
        with province.serving(sender):
            province.until(sender, _ACCEPTED, before + 1)
            moved = time.monotonic()
            page.join()
    return {"moved": moved - begun, "page": pages[0] - begun}


_recovered = Shared(_recover)


@measure(
    f"After kill -9 with {QUEUED:,} queued: until the next is accepted",
    " s",
    "starting Python, reading the log of the database, a token, a call",
    goal=10,
    less=True,
    rounds=3,
    long=True,
)
def recovery_moved() -> float:
    return _recovered.run("moved")


@measure(
    "After kill -9: until the page answers", " s", "starting Python", goal=10, less=True, rounds=3, long=True
)
def recovery_page() -> float:
    return _recovered.read("page")


def _fill(config: node.NodeConfig) -> None:
    """At the hub: one message through its door, then copies of it in the mailbox of the same receiver."""
    relay.know_senders(config)
    from django.db import connection, transaction

    from lienthong.exchange import hub, tokens
    from lienthong.foundation.signing import SigningKey

    key = SigningKey.load_or_make(config.home / "senders" / f"{relay.sender(0)}.pem")
    (body,) = relay.bodies(config.home, 0, 1, 1)
    caller = tokens.Caller(relay.sender(0), key.kid, "127.0.0.1")
    hub.accept(caller, relay.messages(body))
    receiver = relay.RECEIVERS[0]
    with transaction.atomic(), connection.cursor() as cursor:
        values = f"{_NAME}, {_NAME}, i + 1, {_ALIKE}"
        cursor.execute(_copies("exchange_message", f"message, loop, position, {_ALIKE}", values, WAITING))
        columns = "facility, number, kind, message, at"
        values = f"'{receiver}', i + 1, 'message', {_NAME}, accepted_at"
        cursor.execute(_copies("exchange_mailboxitem", columns, values, WAITING))
        cursor.execute(
            "UPDATE exchange_mailbox SET last = last + %s WHERE facility = %s", (WAITING, receiver)
        )


def _mailbox(database: str = "") -> float:
    """Milliseconds of a call for 50 items, the median of calls at many places."""
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as folder:
        hub = province.configs(Path(folder), {"hub": _NODES["hub"]})["hub"]
        if database:
            os.environ["LIENTHONG_DATABASE"] = database
        try:
            province.make({"hub": hub}, _fill)
            with province.serving(hub):
                return _asked(hub)
        finally:
            os.environ.pop("LIENTHONG_DATABASE", None)


def _asked(hub: node.NodeConfig) -> float:
    results, out = multiprocessing.get_context("spawn").Pipe(duplex=False)
    asking = multiprocessing.get_context("spawn").Process(target=_ask, args=(hub, out))
    asking.start()
    out.close()
    taken = float(results.recv())
    asking.join()
    return taken


def _ask(hub: node.NodeConfig, out: multiprocessing.connection.Connection) -> None:
    from lienthong.config import setup

    setup.use(hub.home)
    headers = {"Authorization": f"Bearer {relay.token(hub.home, hub.port, relay.RECEIVERS[0])}"}
    headers["Accept-Encoding"] = "zstd"
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=60)
    taken = []
    for place in range(41):
        begun = time.perf_counter()
        connection.request(
            "GET", f"/exchange/v1/mailbox?after={place * WAITING // 41}&limit=50", headers=headers
        )
        answer = connection.getresponse()
        answer.read()
        taken.append(1000 * (time.perf_counter() - begun))
        if answer.status != 200:
            raise RuntimeError(f"the mailbox answered {answer.status}")
    out.send(statistics.median(taken[1:]))


@measure(
    f"Mailbox of {WAITING:,} waiting messages: 50 of them",
    " ms",
    "noting that they were handed over is one flush",
    goal=50,
    less=True,
    rounds=1,
    long=True,
)
def mailbox_sqlite() -> float:
    return _mailbox()


if postgres.programs():

    @measure(
        f"Mailbox of {WAITING:,} waiting messages on PostgreSQL (its flush to disk off): 50 of them",
        " ms",
        "as above, and a round trip for each statement",
        goal=50,
        less=True,
        rounds=1,
        long=True,
    )
    def mailbox_postgresql() -> float:
        with postgres.cluster() as address:
            return _mailbox(address)


@contextlib.contextmanager
def _watched(processes: dict[str, int]) -> Iterator[dict[str, float]]:
    """The most MB that each node's processes held together meanwhile, looked at four times a second."""
    most = dict.fromkeys(processes, 0.0)
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.25):
            for name, pid in processes.items():
                most[name] = max(most[name], province.memory({pid, *province.family(pid)}))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        ended.set()
        thread.join()


def _put_large(config: node.NodeConfig, path: Path) -> None:
    from lienthong.config import setup

    setup.use(config.home)
    from django.db import transaction

    from lienthong import exchange

    receiver = _NODES["receiver"]
    parts = exchange.prepare(receiver, [exchange.Part("study", "application/zip", path, priority=3)])
    with transaction.atomic():
        exchange.put(receiver, "transfer", "loop", body={}, parts=parts, basis="test")


def _large() -> Figures:
    """A part of a gigabyte; the receiver refuses the message for want of a dossier once it has all of it."""
    refused = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'in' AND state = 'refused'"
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as name, contextlib.ExitStack() as running:
        study = Path(name) / "study.zip"
        with study.open("wb") as file:
            for _ in range(LARGE >> 20):
                file.write(os.urandom(1 << 20))
        nodes = province.configs(Path(name), _NODES)
        province.make(nodes)
        serving = {n: running.enter_context(province.serving(c)).pid for n, c in nodes.items()}
        time.sleep(5)
        rest = {n: province.memory({pid, *province.family(pid)}) for n, pid in serving.items()}
        spawn = multiprocessing.get_context("spawn")
        putting = spawn.Process(target=_put_large, args=(nodes["sender"], study))
        putting.start()
        with _watched({**serving, "putting": putting.pid or 0}) as most:
            province.until(nodes["receiver"], refused, 1, patience=900)
        putting.join()
    return {n: most[n] - rest[n] for n in nodes} | {"putting": most["putting"]}


_heavy = Shared(_large)


@measure("Part of 1 GB: the sender holds more than at rest at most", " MB", "pieces", rounds=1, long=True)
def large_sender() -> float:
    return _heavy.run("sender")


@measure("Part of 1 GB: the hub", " MB", "pieces", rounds=1, long=True)
def large_hub() -> float:
    return _heavy.read("hub")


@measure("Part of 1 GB: the receiver", " MB", "pieces", rounds=1, long=True)
def large_receiver() -> float:
    return _heavy.read("receiver")


@measure("Part of 1 GB: the process that puts it, in all", " MB", "Python and Django", rounds=1, long=True)
def large_putting() -> float:
    return _heavy.read("putting")


_TAKEN = 100


def _site() -> Figures:
    """A site that reads an export, sends its transfers, and rests."""
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as name, contextlib.ExitStack() as running:
        nodes = province.configs(Path(name), _NODES)
        province.make(nodes)
        serving = {n: running.enter_context(province.serving(c)).pid for n, c in nodes.items()}
        _answers(nodes["sender"].port)
        time.sleep(5)
        sender = {serving["sender"], *province.family(serving["sender"])}
        fresh = province.memory(sender)
        with _watched(serving) as most:
            part = nodes["sender"].exports / ".new.part"
            part.write_bytes(sources.export(12, _TAKEN).read_bytes())
            part.replace(nodes["sender"].exports / "new.xml")
            province.until(nodes["receiver"], _STORED, _TAKEN)
        time.sleep(5)
        after = {n: province.memory({pid, *province.family(pid)}) for n, pid in serving.items()}
    return {
        "fresh": fresh,
        "rest": after["sender"],
        "work": most["sender"],
        "receiver": most["receiver"],
        "hub": most["hub"],
    }


_memory = Shared(_site)


@measure(
    "Memory of a site at rest, started and its page opened (PSS of all its processes)",
    " MB",
    "Python, Django and their libraries, twice: web process and courier",
    goal=150,
    less=True,
    rounds=1,
)
def memory_fresh() -> float:
    return _memory.run("fresh")


@measure(
    f"… at rest after {_TAKEN} transfers were read and sent", " MB", "and code lists, validators", rounds=1
)
def memory_rest() -> float:
    return _memory.read("rest")


@measure("… at work, reading and sending them", " MB", "SQLite's page cache, one group of dossiers", rounds=1)
def memory_work() -> float:
    return _memory.read("work")


@measure("… of the receiving site at work", " MB", "as above", rounds=1)
def memory_receiver() -> float:
    return _memory.read("receiver")


@measure("… of the hub at work", " MB", "–", rounds=1)
def memory_hub() -> float:
    return _memory.read("hub")
