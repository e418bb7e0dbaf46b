"""The plain way, to compare with: one HTTPS upload of the whole, tried again from its beginning until it is there."""

from __future__ import annotations

import contextlib
import datetime
import http.client
import ipaddress
import os
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_AGAIN = 1.0
_TIMEOUT = 60.0
_CHUNK = 1 << 16


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub")])
    now = datetime.datetime.now(datetime.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "hub.crt", folder / "hub.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))
    return files


@contextlib.contextmanager
def server(certificate: Path, key: Path) -> Iterator[int]:
    """A server that keeps each upload durably before it says so; gives its port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            left = int(self.headers["Content-Length"])
            with tempfile.TemporaryFile() as file:
                while left:
                    data = self.rfile.read(min(left, _CHUNK))
                    if not data:
                        return
                    file.write(data)
                    left -= len(data)
                file.flush()
                os.fsync(file.fileno())
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Server(("127.0.0.1", 0), Handler) as made:
        made.socket = context.wrap_socket(made.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=made.serve_forever, daemon=True).start()
        try:
            yield int(made.server_address[1])
        finally:
            made.shutdown()


def upload(port: int, certificate: Path, body: bytes, until: float) -> float:
    """Uploads until it is acknowledged; when that was (``time.monotonic``), or infinity when ``until`` came first."""
    context = ssl.create_default_context(cafile=str(certificate))
    while time.monotonic() < until:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=_TIMEOUT, context=context)
        try:
            connection.request("POST", "/Bundle", body, {"Content-Type": "application/fhir+json"})
            if connection.getresponse().status == 201:
                return time.monotonic()
        except (OSError, http.client.HTTPException):
            time.sleep(_AGAIN)
        finally:
            connection.close()
    return float("inf")
