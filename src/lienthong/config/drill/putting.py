"""Puts messages at a site from a process of its own, and says of each, after its commit, that it is acknowledged.

``python -m lienthong.config.drill.putting HOME SEED FROM COUNT TO…`` appends one JSON line for each message to
standard output. The seed and a message's number decide everything about it.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lienthong.config import lifeline, setup

LOOPS = 5
_PAUSE = 0.25
_SIZES = ((0.70, 200, 8_000), (0.76, 65_400, 66_600), (0.92, 20_000, 200_000), (1.00, 300_000, 1_500_000))


@dataclass(frozen=True, slots=True)
class Put:
    """A message that was acknowledged.

    Attributes:
        number: its place among those of its site; message: id; to, loop, lane: as put.
        stored: what the receiver's hash must be.
        fate: ``stored``, ``refused`` (the receiver will not have it) or ``bad`` (its signature is broken).
    """

    number: int
    message: str
    to: str
    loop: str
    lane: int
    stored: str
    fate: str


def contents(chance: random.Random) -> list[tuple[int, bytes]]:
    """Priority and bytes of a message's parts: none to three, of all sizes, some that repeat others'."""
    found = []
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
        share = chance.random()
        low, high = next((low, high) for most, low, high in _SIZES if share <= most)
        size = chance.randint(low, high)
        if chance.random() < 0.1:
            found.append((chance.choice((0, 1)), b"the same again " * (size // 15)))
        elif chance.random() < 0.5:
            words = " ".join(str(chance.randrange(10**6)) for _ in range(size // 7))
            found.append((_priority(chance, size), words.encode()))
        else:
            found.append((_priority(chance, size), chance.randbytes(size)))
    return found


def _priority(chance: random.Random, size: int) -> int:
    return chance.choice((0, 1) if size < 10_000 else (1, 2) if size < 250_000 else (2, 3))


def put(chance: random.Random, number: int, to: str) -> Put:
    """Puts one message, in a transaction that has committed when this returns."""
    from django.db import connection, transaction

    from lienthong import exchange
    from lienthong.config.drill import handlers

    share = chance.random()
    fate = "bad" if share < 0.03 else "refused" if share < 0.08 else "stored"
    body: dict[str, Any] = {"number": number}
    body |= {"refuse": True} if fate == "refused" else {"stumble": True} if share > 0.95 else {}
    made = contents(chance)
    loop = f"drill-{to}-{chance.randrange(LOOPS)}"
    parts = [
        exchange.Part(f"part-{place}", "application/octet-stream", content, priority)
        for place, (priority, content) in enumerate(made)
    ]
    with transaction.atomic():
        message = exchange.put(to, handlers.KIND, loop, body=body, parts=parts, basis="drill")
        if fate == "bad":
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE exchange_message SET jws = SUBSTR(jws, 1, LENGTH(jws) - 8) || 'AAAAAAAA'"
                    " WHERE direction = 'out' AND message = %s",
                    (message,),
                )
    lane = max((priority for priority, _ in made), default=0)
    return Put(number, message, to, loop, lane, handlers.stored(body, [c for _, c in made]), fate)


def main(words: list[str]) -> None:
    """Puts the messages FROM to COUNT; one that cannot be put now is tried again after a pause."""
    lifeline.end_with_parent(signal.SIGKILL, os.getppid())
    home, seed, first, count, *receivers = words
    setup.use(Path(home))
    from django.db import connection

    number = int(first)
    while number < int(count):
        chance = random.Random(f"{seed} {home.rpartition('/')[2]} {number}")  # noqa: S311 - invented content
        try:
            done = put(chance, number, chance.choice(receivers))
        except Exception as error:
            print(f"{number}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            connection.close()
            time.sleep(_PAUSE)
            continue
        print(json.dumps(asdict(done)), flush=True)
        number += 1
        time.sleep(chance.uniform(0, _PAUSE))


if __name__ == "__main__":
    main(sys.argv[1:])
