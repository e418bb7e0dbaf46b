"""A hub that counts and two sites that transfer, as real processes: ``python measures_nodes.py COMMAND HOME …``."""

from __future__ import annotations

import contextlib
import multiprocessing
import random
import signal
import subprocess
import threading
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from exchange_nodes import FACILITIES, Nodes, main
from lienthong.config import setup


@dataclass
class Measuring(Nodes):
    """The three nodes."""

    def begin_play(self, name: str, seed: int, seconds: float, least: int) -> subprocess.Popen[bytes]:
        """Has a hospital take any steps for so many seconds, on a slow machine until it has taken so many."""
        return self._run("play", name, str(seed), str(seconds), str(least), stdout=subprocess.PIPE)

    def played(self, process: subprocess.Popen[bytes]) -> int:
        """How many steps a hospital took, when it has ended."""
        output, _ = process.communicate()
        assert process.returncode == 0
        return int(output)


def _hub(home: Path) -> None:
    setup.use(home)
    multiprocessing.set_start_method("spawn")
    from django.conf import settings
    from granian import Granian
    from granian.constants import Interfaces

    from lienthong.transfers.measures import reading

    for _ in range(2):  # two readers, as two processes of a large hub have
        threading.Thread(target=reading.run, args=(threading.Event(),), daemon=True).start()
    Granian(
        "lienthong.config.doors:application",
        address="127.0.0.1",
        port=settings.NODE.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=16,
        respawn_failed_workers=True,
        log_enabled=False,
    ).serve()


def _site(home: Path) -> None:
    setup.use(home)
    from lienthong.exchange.courier import Courier

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    courier = Courier(stop)
    threads = [threading.Thread(target=loop) for loop in (courier.run_outbox, courier.run_inbox)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _send(count: int) -> list[str]:
    """Sends transfers of invented people; their loops."""
    from django.db import transaction

    from lienthong.access import audit
    from lienthong.foundation import clock
    from lienthong.transfers import desk
    from lienthong.transfers.notice import Notice

    loops = []
    for number in range(count):
        patient, slip = f"p{number}", f"24011-26-{number}"
        ends = FACILITIES["sender"], FACILITIES["receiver"]
        name = f"NGUYỄN THỊ MẪU {number}"
        rest = (patient, name, "1960", "female", "Viêm phổi", "J18.9", "2", "Tỉnh")
        notice = Notice(*ends, f"LK{number}", slip, clock.now(), *rest)
        person = {"resourceType": "Patient", "id": patient, "name": [{"text": name}]}
        with transaction.atomic():
            loops.append(desk.send(notice, [person], actor=audit.system("his-xml")).loop)
    return loops


def _take(steps: list[tuple[str, str, dict[str, Any]]]) -> None:
    """Takes steps: loop, kind and data of each."""
    from lienthong.access import audit
    from lienthong.transfers import desk
    from lienthong.transfers.models import State

    doctor = audit.Actor("bs", "Bác sĩ Thử", "doctor")
    for loop, kind, data in steps:
        desk.take(loop, State(kind), actor=doctor, data=data)


SAYS: dict[str, dict[str, Any]] = {
    **{kind: {"text": "Xin cho biết thêm"} for kind in ("asked", "told", "note", "interim")},
    **{kind: {"code": "other"} for kind in ("declined", "cancelled", "no-show")},
    "bed": {"ward": "Nội"},
    "appointment": {"at": "2027-01-05T01:00:00.000Z"},
    "outcome": {"diagnosis": "Viêm phổi"},
}


PATIENCE = 120.0


def _play(home: Path, seed: str, seconds: str, least: str) -> None:
    """Takes any steps that this hospital may take, of any transfer, as ``begin_play`` says; prints how many."""
    setup.use(home)
    from lienthong.access import audit
    from lienthong.foundation.errors import LienThongError
    from lienthong.transfers import desk
    from lienthong.transfers.models import State, Transfer

    chance = random.Random(f"{seed} {home.name}")
    doctor = audit.Actor("bs", "Bác sĩ Thử", "doctor")
    taken, end = 0, time.monotonic() + float(seconds)
    while (now := time.monotonic()) < end or (taken < int(least) and now < end + PATIENCE):
        for transfer in Transfer.objects.exclude(state=State.DRAFTED):
            if chance.random() < 0.3:
                kind = chance.choice(desk.allowed_steps(transfer))
                with contextlib.suppress(LienThongError):
                    said = SAYS.get(kind.value, {})
                    desk.take(transfer.loop, kind, actor=doctor, data=said, version=transfer.version)
                    taken += 1
        time.sleep(0.2)
    print(taken)


def _facts() -> list[dict[str, Any]]:
    """What this node knows of the transfers of the last weeks."""
    from django.conf import settings

    from lienthong.transfers.measures import own, periods, province

    part = province if settings.NODE.role == "hub" else own
    return [
        {
            key: value.isoformat() if isinstance(value, datetime) else value
            for key, value in asdict(one).items()
        }
        for one in part.facts(periods.latest(2))
    ]


if __name__ == "__main__":
    main({"hub": _hub, "site": _site, "play": _play}, {"send": _send, "take": _take, "facts": _facts})
