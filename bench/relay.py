"""Messages a second through the hub, and through NATS JetStream beside it: both acknowledge what is on the disk.

What the senders post is made and signed before the clock runs, as at a hospital, whose machine signs. Each sender is a
facility with a key and one connection of its own; all are threads of one process beside the server.
"""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import multiprocessing
import multiprocessing.connection
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import nats
from nats.js import JetStreamContext
from nats.js.api import StorageType, StreamConfig

from bench import machine, province
from bench.registry import measure
from lienthong.config import node

SECONDS = 3.0
PAYLOAD = 1024
SENDERS = (1, 8, 32)
TOGETHER = 64
"""Messages in one call of a busy sender (the courier's most), and under way at once from one sender of JetStream."""
RECEIVERS = ("01929", "24004", "24006", "24007")
PROCESSES = os.cpu_count() or 1
"""Web processes of the hub."""
_RATE = 8000
"""Messages that are made for each second; more than the hub takes."""
_HUB = {"hub": "SYT-24"}


def sender(number: int) -> str:
    """The facility of a sender."""
    return f"S{number:03d}"


def know_senders(config: node.NodeConfig) -> None:
    """At the hub: the senders' keys, and receivers."""
    from lienthong.facilities import directory
    from lienthong.facilities.models import Facility
    from lienthong.foundation import clock
    from lienthong.foundation.signing import SigningKey

    names = [*(sender(number) for number in range(max(SENDERS))), *RECEIVERS]
    for name in names:
        key = SigningKey.load_or_make(config.home / "senders" / f"{name}.pem")
        Facility.objects.get_or_create(code=name, defaults={"kind": "hospital"})
        directory.add_node(name, "site", key.jwk, key.kid, clock.now())


def bodies(home: Path, number: int, calls: int, together: int) -> list[bytes]:
    """What a sender posts: so many calls with so many messages each."""
    from lienthong.exchange import batches, manifest
    from lienthong.foundation import clock, ids
    from lienthong.foundation.signing import SigningKey

    key = SigningKey.load_or_make(home / "senders" / f"{sender(number)}.pem")
    now = clock.iso(clock.now())
    made = []
    for place in range(calls):
        messages = []
        for _ in range(together):
            age = os.urandom(PAYLOAD)
            name = hashlib.sha256(age).hexdigest()
            part: dict[str, Any] = {"sha256": hashlib.sha256(name.encode()).hexdigest(), "size": 2 * PAYLOAD}
            part |= {"role": "test", "type": "text/plain", "priority": 0}
            part["sealed"] = {"sha256": name, "size": PAYLOAD}
            value = {
                "v": 2,
                "id": ids.new_id(),
                "kind": "transfer",
                "loop": ids.new_id(),
                "from": {"facility": sender(number), "kid": key.kid},
                "to": {"facility": RECEIVERS[(number + place) % len(RECEIVERS)]},
                "created": now,
                "basis": "referral-duty",
                "seq": 1,
                "prev": manifest.FIRST,
                "body": {},
                "parts": [part],
            }
            jws, _ = manifest.sign_manifest(key, value)
            messages.append(batches.Envelope(jws, [batches.Carried(name, age)]))
        made.append(msgspec.msgpack.encode({"messages": messages}))
    return made


def messages(body: bytes) -> list[msgspec.Raw]:
    """The messages of a call, as the door gives them to the hub."""
    from lienthong.exchange import batches

    return batches.batches.decode(body).messages


def token(home: Path, port: int, facility: str) -> str:
    """An access token of the hub for one of the facilities that :func:`know_senders` entered."""
    from lienthong.access import assertions
    from lienthong.exchange import tokens
    from lienthong.foundation import ids
    from lienthong.foundation.signing import SigningKey

    key, now = SigningKey.load_or_make(home / "senders" / f"{facility}.pem"), int(time.time())
    claims = {"iss": key.kid, "sub": key.kid, "aud": tokens.hub_id(_HUB["hub"]), "jti": ids.new_id()}
    form = {
        "grant_type": "client_credentials",
        "scope": tokens.SCOPE,
        "client_assertion_type": assertions.TYPE,
        "client_assertion": key.jwt({**claims, "iat": now, "exp": now + 200}),
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", tokens.PATH, urlencode(form), kind)
    return str(msgspec.json.decode(connection.getresponse().read())["access_token"])


def _post(port: int, token: str, bodies: Sequence[bytes], ready: threading.Barrier) -> tuple[int, float]:
    """Posts one call after the other until the time is up; how many messages were accepted, when the last was."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.connect()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/msgpack"}
    accepted, ended = 0, 0.0
    ready.wait()
    until = time.perf_counter() + SECONDS
    for body in bodies:
        connection.request("POST", "/exchange/v1/messages", body, headers)
        answer = connection.getresponse()
        content = answer.read()
        while answer.status == 429:
            time.sleep(0.2)
            connection.request("POST", "/exchange/v1/messages", body, headers)
            answer = connection.getresponse()
            content = answer.read()
        ended = time.perf_counter()
        accepted += content.count(b'"status":201')
        if answer.status != 200:
            raise RuntimeError(content.decode())
        if ended > until:
            return accepted, ended
    raise RuntimeError("too few messages were made")


def _load(
    home: Path, port: int, senders: int, together: int, out: multiprocessing.connection.Connection
) -> None:
    from lienthong.config import setup

    setup.use(home)
    calls = 2 + int(_RATE * SECONDS / senders / together)
    with ThreadPoolExecutor(senders) as pool:
        made = [bodies(home, number, calls, together) for number in range(senders)]
        tokens = [token(home, port, sender(number)) for number in range(senders)]
        ready = threading.Barrier(senders + 1)
        posts = [pool.submit(_post, port, tokens[n], made[n], ready) for n in range(senders)]
        ready.wait()
        begun = time.perf_counter()
        done = [post.result() for post in posts]
    out.send(sum(accepted for accepted, _ in done) / (max(ended for _, ended in done) - begun))


def _hub(senders: int, together: int) -> float:
    """Messages accepted a second."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as folder:
        hub = replace(province.configs(Path(folder), _HUB)["hub"], processes=PROCESSES)
        province.make({"hub": hub}, know_senders)
        with province.serving(hub):
            results, out = spawn.Pipe(duplex=False)
            load = spawn.Process(target=_load, args=(hub.home, hub.port, senders, together, out))
            load.start()
            out.close()
            try:
                return float(results.recv())
            finally:
                load.join()


async def _publish(
    stream: JetStreamContext, subject: str, payload: bytes, together: int, until: float
) -> int:
    """Publishes until the time is up, so many under way at once; how many were acknowledged."""
    count = 0

    async def one() -> None:
        nonlocal count
        while time.perf_counter() < until:
            await stream.publish(subject, payload)
            count += 1

    await asyncio.gather(*(one() for _ in range(together)))
    return count


async def _publish_all(address: str, senders: int, together: int) -> float:
    connections = [await nats.connect(address) for _ in range(senders)]
    streams = [connection.jetstream() for connection in connections]
    await streams[0].add_stream(StreamConfig(name="mail", subjects=["mail.*"], storage=StorageType.FILE))
    begun = time.perf_counter()
    payload = os.urandom(PAYLOAD)
    counts = await asyncio.gather(
        *(_publish(s, f"mail.{n}", payload, together, begun + SECONDS) for n, s in enumerate(streams))
    )
    passed = time.perf_counter() - begun
    for connection in connections:
        await connection.close()
    return sum(counts) / passed


def _jetstream(senders: int, together: int) -> float:
    """The same of NATS JetStream, which flushes each message to the disk before it acknowledges it."""
    program = shutil.which("nats-server", path=str(Path(sys.executable).parent))
    if program is None:
        raise RuntimeError("nats-server is not installed")
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as name:
        folder, port = Path(name), province.free_port()
        settings = folder / "nats.conf"
        store = f'jetstream {{ store_dir: "{folder / "store"}", sync_interval: always }}'
        settings.write_text(f'listen: "127.0.0.1:{port}"\n{store}\n', "utf-8")
        server = subprocess.Popen([program, "-c", str(settings)], stderr=subprocess.DEVNULL)
        try:
            province.until_listening(port)
            return asyncio.run(_publish_all(f"nats://127.0.0.1:{port}", senders, together))
        finally:
            server.terminate()
            server.wait()


def _enter(senders: int, together: int) -> None:
    one = "one sender" if senders == 1 else f"{senders} senders"
    many = f"{together} at a time" if together > 1 else "one at a time"
    theirs = f"NATS JetStream, sync_interval always: {one}, {many}"
    measure(theirs, "/s", "a flush for each message")(partial(_jetstream, senders, together))
    measure(
        f"Durable messages of 1 KB through the hub: {one}, {many}",
        "/s",
        "checking and making a signature each, Python; a flush for each commit",
        against=theirs,
    )(partial(_hub, senders, together))


@measure("Flush of 1 KB to the same disk alone", "/s", "the disk")
def flush() -> float:
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as folder:
        return machine.flushes(Path(folder), PAYLOAD)


for _count in SENDERS:
    _enter(_count, 1)
    _enter(_count, TOGETHER)
