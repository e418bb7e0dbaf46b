"""A PostgreSQL cluster that lasts as long as it is needed, from the machine's own binaries."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HOW_TO_INSTALL = "PostgreSQL's programs were not found. On Debian: apt-get install postgresql-15"
_SMALL = ("shared_buffers=64MB", "max_connections=100")
_FORGETFUL = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")


def programs() -> Path | None:
    """The folder of ``initdb`` and ``postgres``: from PATH, or the newest of Debian's; None without any."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name))
    return next((f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()), None)


@contextlib.contextmanager
def cluster(*, durable: bool = False, kept: Path | None = None) -> Iterator[str]:
    """Starts a cluster on a random loopback port, gives its ``postgresql://`` address, ends it in every case.

    Args:
        durable: whether a commit is on disk when it ends, as in use; without, it is faster.
        kept: a folder where it is made, or was made before, and stays.

    Raises:
        RuntimeError: no programs, or the server did not start; with its log.
    """
    folder = programs()
    if folder is None:
        raise RuntimeError(HOW_TO_INSTALL)
    home = kept or Path(tempfile.mkdtemp(prefix="lienthong-pg-"))
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "data" / "PG_VERSION").exists():
            _initialise(folder, home)
        password = (home / "password").read_text("utf-8")
        more = _SMALL if durable else (*_SMALL, *_FORGETFUL)
        with _server(folder, _unprivileged(home), home, more) as port:
            yield f"postgresql://lienthong:{password}@127.0.0.1:{port}/postgres"
    finally:
        if kept is None:
            shutil.rmtree(home, ignore_errors=True)


def _initialise(folder: Path, home: Path) -> None:
    """Makes the cluster's files.

    Raises:
        RuntimeError: it did not go; with what was said.
    """
    (home / "password").write_text(secrets.token_urlsafe(16), "utf-8")
    prefix = _unprivileged(home)
    made = subprocess.run(
        [
            *prefix,
            *(str(folder / "initdb"), "-D", str(home / "data"), "-U", "lienthong"),
            *(
                "--pwfile",
                str(home / "password"),
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
            ),
            "--no-sync",
        ],
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")


def _unprivileged(home: Path) -> list[str]:
    """The words before a command that make it run without root's rights and end with this process."""
    setpriv = shutil.which("setpriv")
    words = [setpriv, "--pdeathsig", "INT"] if setpriv else []
    if os.geteuid() == 0:
        if not setpriv:
            raise RuntimeError(
                "PostgreSQL refuses to run as root, and setpriv (Debian: util-linux) is not here"
            )
        names = {entry.pw_name: entry for entry in pwd.getpwall()}
        user = names.get("postgres") or names["nobody"]
        for path in (home, *home.iterdir()):
            os.chown(path, user.pw_uid, user.pw_gid)
        words += [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return words


@contextlib.contextmanager
def _server(folder: Path, prefix: list[str], home: Path, more: tuple[str, ...]) -> Iterator[int]:
    for _ in range(5):  # somebody else may take the port between looking and starting
        port = _free_port()
        settings = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={home}", *more]
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                [*prefix, str(folder / "postgres"), "-D", str(home / "data"), *(f"--{s}" for s in settings)],
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            if _answers(process, home):
                yield port
                return
        finally:
            _stop(process)
    raise RuntimeError("PostgreSQL did not start:\n" + (home / "log").read_text("utf-8", "replace"))


def _answers(process: subprocess.Popen[bytes], home: Path) -> bool:
    """Waits until the server writes ``ready`` as its state; False when it ended."""
    pid_file = home / "data" / "postmaster.pid"
    for _ in range(600):
        if process.poll() is not None:
            return False
        with contextlib.suppress(OSError, IndexError):
            if pid_file.read_text("utf-8").splitlines()[7].strip() == "ready":
                return True
        time.sleep(0.05)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
