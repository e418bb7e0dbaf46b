"""Messages a second through the hub, and through NATS JetStream beside it: both acknowledge what is on the disk.

What the senders post is made and signed before the clock runs, as at a hospital, whose machine signs. Each sender is a
facility with a key and one connection of its own; all are threads of one process beside the server.
"""

from __future__ import annotations

import hashlib
import http.client
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from bench import province
from lienthong.config import node

SECONDS = 3.0
PAYLOAD = 1024
SENDERS = (1, 8, 32)
TOGETHER = 64
"""Messages in one call of a busy sender (the courier's most), and under way at once from one sender of JetStream."""
_RECEIVERS = ("01929", "24004", "24006", "24007")
_RATE = 8000
"""Messages that are made for each second; more than the hub takes."""
_HUB = {"hub": "SYT-24"}


def _sender(number: int) -> str:
    return f"S{number:03d}"


def _know_senders(config: node.NodeConfig) -> None:
    """At the hub: the senders' keys, and receivers."""
    from lienthong.facilities import directory
    from lienthong.facilities.models import Facility
    from lienthong.foundation import clock
    from lienthong.foundation.signing import SigningKey

    names = [*(_sender(number) for number in range(max(SENDERS))), *_RECEIVERS]
    for name in names:
        key = SigningKey.load_or_make(config.home / "senders" / f"{name}.pem")
        Facility.objects.get_or_create(code=name, defaults={"kind": "hospital"})
        directory.add_node(name, "site", key.jwk, key.kid, clock.now())


def _bodies(home: Path, number: int, calls: int, together: int) -> list[bytes]:
    """What a sender posts: so many calls with so many messages each."""
    from lienthong.exchange import batches, manifest
    from lienthong.foundation import clock, ids
    from lienthong.foundation.signing import SigningKey

    key = SigningKey.load_or_make(home / "senders" / f"{_sender(number)}.pem")
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
                "from": {"facility": _sender(number), "kid": key.kid},
                "to": {"facility": _RECEIVERS[(number + place) % len(_RECEIVERS)]},
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


def _token(home: Path, port: int, number: int) -> str:
    from lienthong.exchange import tokens
    from lienthong.foundation import ids
    from lienthong.foundation.signing import SigningKey

    key, now = SigningKey.load_or_make(home / "senders" / f"{_sender(number)}.pem"), int(time.time())
    claims = {"iss": key.kid, "sub": key.kid, "aud": tokens.hub_id(_HUB["hub"]), "jti": ids.new_id()}
    form = {
        "grant_type": "client_credentials",
        "scope": tokens.SCOPE,
        "client_assertion_type": tokens.ASSERTION_TYPE,
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
        bodies = [_bodies(home, number, calls, together) for number in range(senders)]
        tokens = [_token(home, port, number) for number in range(senders)]
        ready = threading.Barrier(senders + 1)
        posts = [pool.submit(_post, port, tokens[n], bodies[n], ready) for n in range(senders)]
        ready.wait()
        begun = time.perf_counter()
        done = [post.result() for post in posts]
    out.send(sum(accepted for accepted, _ in done) / (max(ended for _, ended in done) - begun))


def _hub(senders: int, together: int, database: str = "") -> float:
    """Messages accepted a second."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as folder:
        hub = province.configs(Path(folder), _HUB)["hub"]
        province.make({"hub": hub}, _know_senders)
        with province.serving(hub):
            results, out = spawn.Pipe(duplex=False)
            load = spawn.Process(target=_load, args=(hub.home, hub.port, senders, together, out))
            load.start()
            out.close()
            try:
                return float(results.recv())
            finally:
                load.join()
