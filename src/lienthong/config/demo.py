"""The demo province: a hub and three hospitals on this machine, one process each, with invented patients.

Exports are dropped into the hospitals' folders as a HIS would; then this process only watches, and restarts a node
that dies. Everything lives below one folder, so that a second start goes on where the first stopped.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import FrameType
from typing import Any

from lienthong.config import node, setup
from lienthong.foundation.clock import VIETNAM

TRANSFERS = 304
SEED = 2025
_LETTERS = "abcdefghkmnpqrstuvwxyz"

PLACES: tuple[tuple[str, str, str, str], ...] = (
    ("hub", "hub", "SYT-24", "Sở Y tế tỉnh Bắc Giang"),
    ("bac-giang", "site", "24011", "Bệnh viện Đa khoa tỉnh Bắc Giang"),
    ("son-dong", "site", "24004", "Trung tâm Y tế huyện Sơn Động"),
    ("bach-mai", "site", "01929", "Bệnh viện Bạch Mai"),
)
"""Folder, role, facility and name of the four nodes."""

PEOPLE: dict[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    "hub": (
        ("so-y-te", "Vi Thị Hương Giang", ("department",)),
        ("bao-ve-du-lieu", "Lục Văn Thắng", ("protection",)),
        ("truong-phong", "Nguyễn Thế Trung", ("division",)),
        ("giam-doc", "Hà Quang Tuấn", ("director",)),
        ("van-thu", "Chu Thị Thoa", ("clerk",)),
        ("lanh-dao-tinh", "Đồng Quốc Vinh", ("leader",)),
        ("cong-an", "Tống Ngọc Khánh", ("police",)),
        ("to-bac-giang", "Ngụy Văn Toàn", ("unit:24011",)),
        ("to-son-dong", "Vi Văn Sinh", ("unit:24004",)),
        ("nha-cung-cap", "Ngô Thế Phương", ("vendor:songthuong",)),
    ),
    "bac-giang": (
        ("bac-si", "Thân Thị Minh Nguyệt", ("doctor",)),
        ("cong-nghe", "Ngụy Văn Toàn", ("it",)),
        ("lanh-dao", "Giáp Thị Hồng Vân", ("head", "protection")),
    ),
    "son-dong": (
        ("bac-si", "Hoàng Văn Pảo", ("doctor",)),
        ("cong-nghe", "Vi Văn Sinh", ("it",)),
        ("lanh-dao", "Nịnh Thị Mai", ("head", "protection")),
    ),
    "bach-mai": (
        ("bac-si", "Đinh Công Hiển", ("doctor",)),
        ("dieu-duong", "Phùng Thị Lành", ("nurse",)),
        ("cong-nghe", "Tô Quang Vũ", ("it",)),
        ("lanh-dao", "Khuất Thị Thu Hiền", ("head", "protection")),
    ),
}


@dataclass(frozen=True, slots=True)
class Counts:
    """What the four databases hold now."""

    exports: int = 0
    dossiers: int = 0
    refused: int = 0
    sent: int = 0
    received: int = 0
    verified: int = 0
    waiting: int = 0


class Province:
    """The four nodes below one folder."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder.absolute()
        self.configs = {
            name: node.NodeConfig(
                home=self.folder / name,
                role="hub" if role == "hub" else "site",
                facility=facility,
                port=port + place,
                hub_url="" if role == "hub" else f"http://127.0.0.1:{port}",
                secure=False,
                demo=True,
            )
            for place, (name, role, facility, _) in enumerate(PLACES)
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def made(self) -> bool:
        """Whether the folders, keys, accounts and exports are all there."""
        return (self.folder / "province.json").exists()

    def make(self) -> None:
        """Makes the nodes (in parallel) and drops the exports."""
        keys = {name: setup.signing_key(config.home) for name, config in self.configs.items()}
        directory = [
            (
                c.facility,
                c.role,
                keys[n].jwk,
                keys[n].kid,
                setup.opening_key(c.home) if c.role == "site" else "",
            )
            for n, c in self.configs.items()
        ]
        password = self._password()
        spawn = multiprocessing.get_context("spawn")
        self._make_tables(spawn.Process(target=_make_tables, args=(self.configs["hub"],)))
        workers = [
            spawn.Process(target=_make_node, args=(config, directory, PEOPLE[name], password))
            for name, config in self.configs.items()
        ]
        for worker in workers:
            worker.start()
        expected = self._drop_exports()
        for worker in workers:
            worker.join()
            if worker.exitcode:
                raise SystemExit(f"a node could not be made (exit {worker.exitcode})")
        (self.folder / "province.json").write_text(json.dumps(expected), "utf-8")

    def _make_tables(self, maker: SpawnProcess) -> None:
        """Has the migrations, which take seconds, done once: all nodes have the same tables."""
        homes = [config.home for config in self.configs.values()]
        if any((home / node.DATABASE).exists() for home in homes):
            return
        maker.start()
        maker.join()
        if maker.exitcode:
            raise SystemExit(f"the tables could not be made (exit {maker.exitcode})")
        made = self.configs["hub"].home / node.DATABASE
        for home in homes:
            if home != made.parent:
                part = home / f".{node.DATABASE}.part"
                shutil.copy(made, part)
                part.replace(home / node.DATABASE)

    def _password(self) -> str:
        path = self.folder / "password"
        if not path.exists():
            words = ["".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3)]
            path.write_text("-".join(words) + f"-{secrets.randbelow(90) + 10}", "utf-8")
            path.chmod(0o600)
        return path.read_text("utf-8")

    def _drop_exports(self) -> dict[str, int]:
        """Writes the invented exports whole into the sites' folders; what is there already stays."""
        from lienthong.connectors.his_xml.make import demo_exports

        demo = demo_exports(SEED)
        homes = {config.facility: config for config in self.configs.values()}
        for facility in demo.expected:
            folder = homes[facility].exports
            folder.mkdir(parents=True, exist_ok=True)
            for export in demo.exports(facility):
                part = folder / f".{export.name}.part"
                part.write_bytes(export.data)
                moment = export.moment.replace(tzinfo=VIETNAM).timestamp()
                os.utime(part, (moment, moment))
                part.replace(folder / export.name)
        expected = demo.expected.values()
        return {
            "exports": sum(e.files for e in expected),
            "dossiers": sum(e.dossiers for e in expected),
            "refused": sum(e.refused for e in expected),
        }

    def expected(self) -> dict[str, int]:
        """What was dropped: files, dossiers and how many of them must be refused."""
        found: dict[str, int] = json.loads((self.folder / "province.json").read_text("utf-8"))
        return found

    def start(self, name: str) -> None:
        """Starts one node in a process group of its own, so that Ctrl-C reaches this process alone."""
        node.save(self.configs[name])
        home = self.configs[name].home
        with (home / "log.txt").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "lienthong.config.cli",
                    "serve",
                    "--home",
                    str(home),
                    "--with-parent",
                    str(os.getpid()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def restart_dead(self) -> list[str]:
        """Starts again whatever has ended; returns the names."""
        dead = [name for name, process in self.processes.items() if process.poll() is not None]
        for name in dead:
            self.start(name)
        return dead

    def taken_ports(self) -> list[int]:
        """Ports of the province that another program holds."""
        taken = []
        for config in self.configs.values():
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((config.host, config.port))
                except OSError:
                    taken.append(config.port)
        return taken

    def answers(self) -> bool:
        """Whether every node accepts connections."""
        for config in self.configs.values():
            with socket.socket() as probe:
                probe.settimeout(0.2)
                if probe.connect_ex((config.host, config.port)):
                    return False
        return True

    def stop(self) -> None:
        """Ends all nodes and waits for them."""
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 15
        for process in self.processes.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def counts(self) -> Counts:
        """Sums over the sites' databases, read only."""
        total: dict[str, int] = dict.fromkeys(Counts.__slots__, 0)
        for config in self.configs.values():
            if config.role == "site":
                for name, number in _counts(config).items():
                    total[name] += number
        return Counts(**total)


_QUERIES = {
    "exports": "SELECT COUNT(*) FROM his_xml_export WHERE state <> 'reading'",
    "dossiers": "SELECT COUNT(DISTINCT facility || '/' || ma_lk) FROM his_xml_dossierversion",
    "refused": "SELECT COUNT(DISTINCT export_id || '/' || position) FROM his_xml_finding WHERE severity = 'error'",
    "sent": "SELECT COUNT(*) FROM transfers_transfer WHERE sender = :here AND dossier_version > 0",
    "received": "SELECT COUNT(*) FROM transfers_transfer WHERE receiver = :here",
    "verified": "SELECT COUNT(*) FROM transfers_step s JOIN transfers_transfer t ON t.loop = s.transfer_id"
    " WHERE s.kind = 'received' AND t.sender = :here",
    "waiting": "SELECT COUNT(*) FROM exchange_message WHERE direction = 'out' AND state <> 'stored'",
}


def _counts(config: node.NodeConfig) -> dict[str, int]:
    path = config.home / node.DATABASE
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
        here = {"here": config.facility}
        return {name: database.execute(query, here).fetchone()[0] for name, query in _QUERIES.items()}


def _make_tables(config: node.NodeConfig) -> None:
    """Runs in a process of its own, as :func:`_make_node`."""
    node.save(config)
    setup.make_tables(config.home)


def _make_node(
    config: node.NodeConfig,
    directory_rows: list[tuple[str, str, dict[str, str], str, str]],
    people: tuple[tuple[str, str, tuple[str, ...]], ...],
    password: str,
) -> None:
    """Runs in a process of its own, since settings belong to one node."""
    setup.init(config)
    from lienthong.access import accounts, audit
    from lienthong.access.models import Account
    from lienthong.facilities import directory
    from lienthong.foundation import clock

    for facility, role, jwk, kid, age in directory_rows:
        directory.add_node(facility, role, jwk, kid, clock.now(), age)
    if config.role == "hub" and directory.newest_statement() is None:
        from lienthong.exchange.trust import joining, statement
        from lienthong.identity import seed as identities
        from lienthong.rollout import seed

        by = audit.system("demo")
        for number, (_, role, facility, _) in enumerate(PLACES, 11):
            if role == "site":
                joining.enter_review(
                    facility,
                    document=f"{number}/QĐ-SYT",
                    day=date(2025, 1, 6),
                    level=3,
                    approved_by=PLACES[0][3],
                    by=by,
                )
        statement.publish(by, "the demo province")
        seed.load_demo()
        identities.load_demo()
    shown = []
    for username, full_name, roles in people:
        if not Account.objects.filter(username=username).exists():
            accounts.create_account(
                username,
                full_name,
                password,
                [_given(role) for role in roles],
                by=audit.system("demo"),
                must_change=False,
            )
        shown.append(
            {
                "username": username,
                "password": password,
                "role": roles[0].partition(":")[0],
                "name": full_name,
            }
        )
    text = json.dumps(shown, ensure_ascii=False, indent=1)
    (config.home / "demo-accounts.json").write_text(text, "utf-8")


def _given(words: str) -> Any:
    """``doctor`` as a role, ``unit:24011`` as a role with its scope."""
    from lienthong.access.models import Role

    role, _, scope = words.partition(":")
    return (Role(role), scope) if scope else Role(role)


class _Stop(Exception):
    pass


def run(folder: Path, *, port: int, leave: bool, as_json: bool, ready_json: bool, patience: float) -> int:
    """Starts the province, waits for the last receipt, says what happened, and stays until Ctrl-C unless ``leave``.

    Returns 0 only if every transfer was sent, received and receipted, and just the damaged dossiers were refused.
    """

    def halt(_signal: int, _frame: FrameType | None) -> None:
        raise _Stop

    signal.signal(signal.SIGTERM, halt)
    signal.signal(signal.SIGINT, halt)
    quiet = as_json or ready_json
    say = _silent if quiet else print
    begun = time.monotonic()
    province = Province(folder, port)
    status = 1
    try:
        province.folder.mkdir(parents=True, exist_ok=True)
        if taken := province.taken_ports():
            ports = ", ".join(map(str, taken))
            print(
                f"Cổng {ports} đang được chương trình khác dùng; chọn cổng khác bằng --port.\n"
                f"Port {ports} is used by another program; choose others with --port.",
                file=sys.stderr,
            )
            return 2
        if not province.made:
            say("Dựng tỉnh mẫu: trục tỉnh, ba bệnh viện, hồ sơ tự tạo … / Making the demo province …")
            province.make()
        for name in province.configs:
            province.start(name)
        _wait_until_answering(province)
        if not leave:
            _show_addresses(province, say)
        counts, done = _wait_for_receipts(province, begun + patience, quiet)
        result = _result(counts, time.monotonic() - begun)
        status = 0 if done else 1
        if as_json:
            print(json.dumps(result), flush=True)
        else:
            say(_line(result, done))
        if ready_json:
            print(json.dumps({"result": result, **_ready(province)}, ensure_ascii=False), flush=True)
        while not leave:
            time.sleep(1)
            for name in province.restart_dead():
                say(f"{name}: khởi động lại / restarted")
    except _Stop:
        status = 0 if not leave else 130
        say("\nĐang dừng … / Stopping …")
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        province.stop()
    return status


def _silent(*_values: Any) -> None:
    """Says nothing."""


def _wait_until_answering(province: Province) -> None:
    deadline = time.monotonic() + 60
    while not province.answers():
        if time.monotonic() > deadline:
            raise SystemExit(f"the nodes do not answer; see log.txt below {province.folder}")
        province.restart_dead()
        time.sleep(0.1)


def _wait_for_receipts(province: Province, deadline: float, quiet: bool) -> tuple[Counts, bool]:
    expected = province.expected()
    while True:
        province.restart_dead()
        counts = province.counts()
        done = (
            counts.exports >= expected["exports"]
            and counts.sent == counts.received == counts.verified >= TRANSFERS
            and counts.waiting == 0
            and (counts.dossiers, counts.refused) == (expected["dossiers"], expected["refused"])
        )
        if not quiet and sys.stdout.isatty():
            print(
                f"\r  tệp / files {counts.exports}/{expected['exports']}   hồ sơ / dossiers {counts.dossiers}"
                f"   gửi / sent {counts.sent}   nhận / received {counts.received}"
                f"   biên nhận / receipts {counts.verified}/{TRANSFERS} ",
                end="\n" if done else "",
                flush=True,
            )
        if done or time.monotonic() > deadline:
            return counts, done
        time.sleep(0.3)


def _result(counts: Counts, seconds: float) -> dict[str, Any]:
    return {
        "dossiers": counts.dossiers,
        "transfers_sent": counts.sent,
        "transfers_received": counts.received,
        "receipts_verified": counts.verified,
        "refused": counts.refused,
        "seconds": round(seconds, 1),
    }


def _line(result: dict[str, Any], done: bool) -> str:
    mark = "✔" if done else "✘"
    return (
        f"{mark} {result['dossiers']} hồ sơ; lượt chuyển: gửi {result['transfers_sent']}, nhận"
        f" {result['transfers_received']}, biên nhận đã xác minh {result['receipts_verified']}; từ chối"
        f" {result['refused']}; {result['seconds']} giây\n"
        f"{mark} {result['dossiers']} dossiers; transfers: sent {result['transfers_sent']}, received"
        f" {result['transfers_received']}, receipts verified {result['receipts_verified']}; refused"
        f" {result['refused']}; {result['seconds']} s"
    )


def _ready(province: Province) -> dict[str, Any]:
    return {
        "addresses": {n: f"http://{c.host}:{c.port}/" for n, c in province.configs.items()},
        "accounts": {
            n: json.loads((c.home / "demo-accounts.json").read_text("utf-8"))
            for n, c in province.configs.items()
        },
    }


def _show_addresses(province: Province, say: Any) -> None:
    ready = _ready(province)
    say("")
    for name, _, _, title in PLACES:
        say(f"  {title}\n    {ready['addresses'][name]}")
        for account in ready["accounts"][name]:
            say(f"      {account['username']:<16}{account['role']:<12}{account['name']}")
    say(f"\n  Mật khẩu chung của tỉnh mẫu / password of all demo accounts: {province._password()}")
    say("  Ctrl-C để dừng / to stop\n")
