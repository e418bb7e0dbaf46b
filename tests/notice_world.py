"""An invented unit with people to tell, transfers to tell of, and real servers to tell them through."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from lienthong.foundation import clock

USER, MAIL_PASSWORD = "thong-bao@benhvien.example", "Mật khẩu: a/b@c?"
"""Account of the mail server; the password has every character that an address must encode."""


@dataclass
class AboutTransfer:
    """What a notice may know of a transfer."""

    loop: str = "a" * 32
    sender: str = "24004"
    receiver: str = "24011"
    started_by: str = ""
    urgency: str = "planned"


def certificate(folder: Path, name: str = "127.0.0.1") -> Path:
    """A self-signed certificate for an address, with its key, as one PEM file."""
    file = folder / "server.pem"
    kind = "IP" if name[0].isdigit() else "DNS"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                f"/CN={name}",
            ),
            *(
                "-addext",
                f"subjectAltName={kind}:{name}",
                "-keyout",
                str(file),
                "-out",
                str(folder / "part.pem"),
            ),
        ],
        check=True,
        capture_output=True,
    )
    file.write_bytes(file.read_bytes() + (folder / "part.pem").read_bytes())
    return file


@dataclass
class MailServer:
    """A real mail server; ``faults`` are answers (``MAIL RCPT DATA``) given instead of taking a mail, then used up.

    ``drops``: how many mails it takes and then hangs up on, before it says so.
    """

    taken: list[EmailMessage] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)
    faults: dict[str, list[str]] = field(default_factory=dict)
    drops: int = 0
    connections: int = 0
    encrypted: list[bool] = field(default_factory=list)

    def _fault(self, verb: str) -> str:
        waiting = self.faults.get(verb, [])
        return waiting.pop(0) if waiting else ""

    async def handle_MAIL(self, _s: Any, _session: Any, envelope: Any, address: str, options: Any) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self._fault("MAIL") or "250 OK"

    async def handle_RCPT(self, _s: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        fault = self._fault("RCPT")
        if not fault:
            envelope.rcpt_tos.append(address)
        return fault or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        fault = self._fault("DATA")
        if fault:
            return fault
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        self.to.append(list(envelope.rcpt_tos))
        self.encrypted.append(session.ssl is not None)
        if self.drops:
            self.drops -= 1
            server.transport.abort()
        return "250 OK"

    async def handle_EHLO(
        self, _s: Any, session: Any, _e: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return responses


def _knows(_server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (
        USER.encode(),
        MAIL_PASSWORD.encode(),
    )
    return AuthResult(success=right, handled=right, auth_data=None if right else b"no")


@contextmanager
def mail_server(pem: Path | None, *, signs_in: bool = False) -> Iterator[tuple[MailServer, int]]:
    """Runs a mail server on loopback, with STARTTLS when there is a certificate; gives it and its port."""
    context = None
    if pem is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pem)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = MailServer()
    controller = Controller(
        server,
        hostname="127.0.0.1",
        port=port,
        tls_context=context,
        require_starttls=context is not None,
        authenticator=_knows if signs_in else None,
        auth_required=signs_in,
    )
    controller.start()
    try:
        yield server, port
    finally:
        controller.stop()


@dataclass
class Call:
    """One HTTP request that a hook made."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Messenger:
    """A real HTTP server that stands for a messenger; ``answers`` are used up, then it says 204."""

    calls: list[Call] = field(default_factory=list)
    answers: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)


@contextmanager
def messenger(pem: Path | None = None) -> Iterator[tuple[Messenger, int]]:
    """Runs it on loopback; gives it and its port."""
    told = Messenger()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            told.calls.append(Call(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            if told.answers:
                told.answers.pop(0)(self)
            else:
                status(204)(self)

        def do_GET(self) -> None:
            told.calls.append(Call(f"GET {self.path}", {}, b""))
            status(204)(self)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if pem is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pem)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield told, server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def status(code: int, body: bytes = b"", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """An answer of a messenger."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def later(monkeypatch: Any, **by: float) -> None:
    """Moves this node's clock ahead: ``later(monkeypatch, minutes=2)``."""
    ahead = timedelta(**by)
    before = clock.now
    monkeypatch.setattr(clock, "now", lambda: before() + ahead)
