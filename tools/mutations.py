"""Breaks each guarantee once, on purpose, and shows that the drill finds it: ``mutations.py [NAME …] [--list]``.

Each mutation replaces one piece of the source in a copy of the tree. The drill must hold for its seeds without the
mutation (``--base`` runs that too) and fail with it. Prints a table as it stands in ``docs/reference/drill.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = ("--patience", "60")
PARTS = ROOT / "src" / "lienthong"


@dataclass(frozen=True, slots=True)
class Mutation:
    """One guarantee broken.

    Attributes:
        name: short, for the command line; guarantee: what no longer holds.
        drill: what is given to ``lienthong drill``.
        changes: file below ``src/lienthong``, the text replaced, which stands there exactly once, the new text.
    """

    name: str
    guarantee: str
    drill: str
    changes: tuple[tuple[str, str, str], ...]


MUTATIONS = (
    Mutation(
        "hub-answers-early",
        "the hub accepts before its commit",
        "--seeds 1-4 --only kill-node",
        (
            (
                "exchange/commits.py",
                '        if connection.vendor != "sqlite":\n',
                """        import time

        def later() -> None:
            time.sleep(1.5)
            with transaction.atomic():
                work()
            connection.close()

        if connection.vendor == "sqlite":
            with transaction.atomic():
                early = work()
                transaction.set_rollback(True)
            threading.Thread(target=later).start()
            return early
        if connection.vendor != "sqlite":
""",
            ),
        ),
    ),
    Mutation(
        "door-answers-early",
        "a front door acknowledges before its commit",
        "--seeds 1-3 --only kill-putting",
        (
            (
                "config/drill/putting.py",
                """        if fate == "bad":
""",
                """        lane = max((priority for priority, _ in made), default=0)
        early = Put(number, message, to, loop, lane, handlers.stored(body, [c for _, c in made]), fate)
        print(json.dumps(asdict(early)), flush=True)
        time.sleep(0.3)
        if fate == "bad":
""",
            ),
        ),
    ),
    Mutation(
        "database-not-flushed",
        "a commit is on disk when it ends (SQLite `synchronous=OFF`)",
        "--seeds 1-3 --only power-cut",
        (("config/node.py", "PRAGMA synchronous=FULL", "PRAGMA synchronous=OFF"),),
    ),
    Mutation(
        "log-not-flushed",
        "a commit is on disk when it ends (SQLite `synchronous=NORMAL`)",
        "--seeds 1-3 --only power-cut",
        (("config/node.py", "PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL"),),
    ),
    Mutation(
        "files-not-flushed",
        "large sealed content is on disk before its message is",
        "--seeds 1-6 --only power-cut",
        (
            (
                "exchange/sealed.py",
                "            pyrage.encrypt_io(stream, measured, [x25519.Recipient.from_str(recipient)])\n"
                "            file.flush()\n            os.fsync(file.fileno())\n",
                "            pyrage.encrypt_io(stream, measured, [x25519.Recipient.from_str(recipient)])\n",
            ),
            (
                "exchange/sealed.py",
                "    file.replace(final)\n    flush_folder(final.parent)\n",
                "    file.replace(final)\n",
            ),
        ),
    ),
    Mutation(
        "uploads-not-flushed",
        "an upload's offset and its end are given out only for what is on disk",
        "--seeds 1-6 --only power-cut",
        (
            ("exchange/uploads.py", "        os.fdatasync(file.fileno())\n", "        pass\n"),
            ("exchange/uploads.py", "        os.fsync(file.fileno())\n        length", "        length"),
        ),
    ),
    Mutation(
        "receipt-for-nothing",
        "a receipt is signed only for what was stored",
        "--seeds 1-1",
        (("exchange/inbox.py", "_handler(found.kind)(_incoming(found)), None)", '"f" * 64, None)'),),
    ),
    Mutation(
        "receipt-before-commit",
        "a receipt and what it is for are one commit",
        "--seeds 1-4 --only kill-node",
        (
            (
                "exchange/inbox.py",
                "                _finish(row, found, _handler(found.kind)(_incoming(found)), None)\n",
                """                store = _handler(found.kind)
                with transaction.atomic():
                    early = store(_incoming(found))
                    transaction.set_rollback(True)
                _finish(row, found, early, None)
                transaction.on_commit(lambda: (time.sleep(0.5), store(_incoming(found))))
""",
            ),
        ),
    ),
    Mutation(
        "taken-twice",
        "what came twice counts once, at the hub and at the receiver",
        "--seeds 1-3 --only double",
        (
            (
                "exchange/hub.py",
                "                answers[id(one)] = 200, _same(caller, one, *before[one.manifest.id])\n",
                "                answers[id(one)] = 200, _same(caller, one, *before[one.manifest.id])\n"
                "                ways = {one.manifest.id: one.manifest.to.facility}\n"
                '                _post("message", ways, _numbers(ways), now)\n',
            ),
            (
                "exchange/sql.py",
                "SET receipt_state = 'due' WHERE direction = 'in' AND message = %s AND manifest = %s",
                "SET state = 'collected' WHERE direction = 'in' AND message = %s AND manifest = %s",
            ),
        ),
    ),
    Mutation(
        "position-before-keeping",
        "the mailbox moves on only with what was kept",
        "--seeds 1-4 --only kill-node",
        (
            (
                "exchange/inbox.py",
                "    with transaction.atomic():\n        content.keep(contents)\n",
                "    with transaction.atomic(), connection.cursor() as cursor:\n"
                "        cursor.execute(sql.ADVANCE, (items[-1].number, clock.iso(clock.now())))\n"
                "    time.sleep(0.4)\n"
                "    with transaction.atomic():\n        content.keep(contents)\n",
            ),
        ),
    ),
    Mutation(
        "order-ignored",
        "messages of a loop are taken in their order",
        "--seeds 1-3",
        (("exchange/sql.py", "WHERE e.loop = m.loop", "WHERE e.loop = m.loop AND 1 = 0"),),
    ),
    Mutation(
        "lane-ignored",
        "an urgent message is not overtaken by a later one that is less urgent",
        "--seeds 1-6",
        (("exchange/sql.py", "AND e.lane <= m.lane AND", "AND e.lane >= m.lane AND"),),
    ),
    Mutation(
        "download-not-checked",
        "the receiver takes what is named by its hash",
        "--seeds 1-4 --only damage",
        (("exchange/bulk.py", "            if sealed.measure(path) != part:\n", "            if False:\n"),),
    ),
    Mutation(
        "upload-not-checked",
        "the hub takes what is named by its hash",
        "--seeds 1-4 --only damage",
        (
            (
                "exchange/uploads.py",
                "        if sealed.measure(path) != Sealed(upload.sha256, upload.size):\n",
                "        if False:\n",
            ),
        ),
    ),
    Mutation(
        "receipt-not-verified",
        "only a receipt that the receiver signed turns a message green",
        "--seeds 1-5 --only forge",
        (
            (
                "exchange/receipts.py",
                "            manifest.verified(jws, key.jwk, manifest.RECEIPT)\n",
                "",
            ),
        ),
    ),
    Mutation(
        "receipt-of-anybody",
        "only a receipt that the receiver signed turns a message green",
        "--seeds 1-5 --only forge",
        (
            (
                "exchange/receipts.py",
                "if (receipt.facility, receipt.kid, key.facility) != (receiver, key.kid, receiver):",
                "if receipt.facility != receiver:",
            ),
        ),
    ),
    Mutation(
        "sent-before-accepted",
        "a message leaves the queue only when the hub has signed that it has it",
        "--seeds 1-3 --only kill-node --only reset",
        (
            (
                "exchange/courier.py",
                "        answers = self._hub.post_messages(outbox.envelopes(batch))\n",
                "        with transaction.atomic(), connection.cursor() as cursor:\n"
                "            for one in batch:\n"
                "                cursor.execute(\"UPDATE exchange_message SET state = 'accepted' WHERE number = %s\","
                " (one.row.number,))\n"
                "        answers = self._hub.post_messages(outbox.envelopes(batch))\n",
            ),
        ),
    ),
    Mutation(
        "claim-never-ends",
        "the claims of a dead process end by themselves",
        "--seeds 1-4 --only kill-node",
        (("exchange/work.py", "LEASE = timedelta(seconds=8)", "LEASE = timedelta(days=3650)"),),
    ),
    Mutation(
        "pause-until-any-day",
        "a clock that was wrong and is right again holds nothing up",
        "--seeds 1-8 --only clock",
        (
            (
                "exchange/work.py",
                "    return clock.iso(now), clock.iso(now + _PLAUSIBLE)\n",
                "    return clock.iso(now), clock.iso(now + timedelta(days=3650))\n",
            ),
            (
                "exchange/work.py",
                "    free = clock.iso(now), clock.iso(now + 2 * LEASE)\n",
                "    free = clock.iso(now), clock.iso(now + timedelta(days=3650))\n",
            ),
        ),
    ),
    Mutation(
        "wrong-number",
        "a sender's messages are numbered without a gap",
        "--seeds 1-1",
        (
            (
                "exchange/sql.py",
                "SET seq = exchange_chain.seq + 1 RETURNING",
                "SET seq = exchange_chain.seq + 2 RETURNING",
            ),
        ),
    ),
    Mutation(
        "wrong-link",
        "each message names the one before it",
        "--seeds 1-1",
        (("exchange/outbox.py", "        cursor.execute(sql.LINK, (digest, to))\n", ""),),
    ),
    Mutation(
        "full-disk-swallowed",
        "what could not be written is not acknowledged",
        "--seeds 1-6 --only full-disk",
        (
            (
                "config/sqlite/base.py",
                "        done = super()._commit()  # type: ignore[misc]\n",
                "        done = None\n"
                "        try:\n            done = super()._commit()  # type: ignore[misc]\n"
                "        except Exception:\n            super()._rollback()  # type: ignore[misc]\n",
            ),
        ),
    ),
    Mutation(
        "refused-without-reason",
        "a refused message is listed with its reason",
        "--seeds 1-3",
        (
            (
                "exchange/receipts.py",
                'why = work.as_text(Problem.from_dict(receipt.problem)) if receipt.problem else ""',
                'why = ""',
            ),
        ),
    ),
)


def main() -> int:
    """Runs the mutations that are named, or all; 0 when the drill found every one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    parser.add_argument("--base", action="store_true", help="run the same drills without a mutation, too")
    options = parser.parse_args()
    chosen = [one for one in MUTATIONS if not options.names or one.name in options.names]
    if options.list:
        print("\n".join(one.name for one in chosen))
        return 0
    print("| mutation | guarantee broken | drill | found |\n|---|---|---|---|", flush=True)
    missed = 0
    for one in chosen:
        status, said = drill(one)
        found = status == 1
        missed += not found
        print(
            f"| `{one.name}` | {one.guarantee} | `{one.drill}` | {said if found else 'NO: ' + said} |",
            flush=True,
        )
    if options.base:
        for words in sorted({one.drill for one in chosen}):
            status, said = run(PARTS.parent, words)
            missed += status != 0
            print(f"without a mutation, `{words}`: {said}", flush=True)
    return 1 if missed else 0


def drill(mutation: Mutation) -> tuple[int, str]:
    """The drill's exit status with a mutation, and its counts in words.

    Raises:
        ValueError: the text to replace is not there exactly once.
    """
    with tempfile.TemporaryDirectory(prefix="lienthong-mutation-") as folder:
        source = Path(folder) / "src"
        shutil.copytree(PARTS.parent, source, ignore=shutil.ignore_patterns("__pycache__"))
        for name, old, new in mutation.changes:
            path = source / "lienthong" / name
            text = path.read_text("utf-8")
            if text.count(old) != 1:
                raise ValueError(f"{mutation.name}: the text is {text.count(old)} times in {name}")
            path.write_text(text.replace(old, new), "utf-8")
        return run(source, mutation.drill)


def run(source: Path, words: str) -> tuple[int, str]:
    """Runs the drill of a source tree; its folders are removed whatever came of it."""
    with tempfile.TemporaryDirectory(prefix="lienthong-mutation-") as folder:
        environment = {**os.environ, "PYTHONPATH": str(source), "TMPDIR": folder}
        command = [
            sys.executable,
            "-m",
            "lienthong.config.cli",
            "drill",
            "--json",
            "--stop",
            *PATIENCE,
            *words.split(),
        ]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    lines: Sequence[str] = done.stdout.splitlines()
    if not lines:
        return 2, done.stderr[-300:]
    counts = json.loads(lines[-1])
    shown = {name: counts[name] for name in ("runs", "acknowledged", "lost", "doubled", "out_of_order")}
    if done.returncode == 1 and not counts["acknowledged"]:
        return 3, f"the drill itself broke down: {done.stderr[-300:]}"
    return done.returncode, ", ".join(f"{name} {value}" for name, value in shown.items())


if __name__ == "__main__":
    sys.exit(main())
