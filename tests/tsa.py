"""A real time-stamping authority for tests: ``openssl ts`` behind a small HTTP server, with a CA of its own."""

from __future__ import annotations

import http.server
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CONF = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_chain = {chain}
ess_cert_id_alg = {ess}
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[stamp]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[other]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = critical, serverAuth
"""
_KEYS = {
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ec": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
}


class Authority:
    """A CA and a time-stamping unit below ``folder``; ``ca`` is the CA's PEM file."""

    def __init__(self, folder: Path, key: str = "rsa", usage: str = "stamp", ess: str = "sha256") -> None:
        folder.mkdir(parents=True)
        self.folder, self.ca = folder, folder / "ca.pem"
        (folder / "conf").write_text(_CONF.format(folder=folder, chain="no", ess=ess))
        (folder / "serial").write_text("01\n")
        for name in ("ca", "tsa"):
            self._run("genpkey", *_KEYS[key], "-out", f"{name}.key")
        root, unit = "/C=VN/O=Invented/CN=Invented Root", "/C=VN/O=Invented/CN=Invented Time Stamps"
        self._run("req", "-new", "-key", "ca.key", "-subj", root, "-out", "ca.csr")
        self._run(
            *("x509", "-req", "-in", "ca.csr", "-signkey", "ca.key", "-days", "7300"),
            *("-extfile", "conf", "-extensions", "ca", "-out", "ca.pem"),
        )
        self._run("req", "-new", "-key", "tsa.key", "-subj", unit, "-out", "tsa.csr")
        self._run(
            *("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "3650"),
            *("-set_serial", "7", "-extfile", "conf", "-extensions", usage, "-out", "tsa.pem"),
        )

    def _run(self, *words: str, data: bytes | None = None) -> bytes:
        done = subprocess.run(["openssl", *words], cwd=self.folder, input=data, capture_output=True)
        if done.returncode:
            raise RuntimeError(f"openssl {' '.join(words)}: {done.stderr.decode()}")
        return done.stdout

    def answer(self, query: bytes) -> bytes:
        """The TimeStampResp for a TimeStampReq, both DER."""
        (self.folder / "query").write_bytes(query)
        self._run(
            *("ts", "-reply", "-config", "conf", "-section", "one", "-queryfile", "query"),
            *("-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "reply"),
        )
        return (self.folder / "reply").read_bytes()

    def query(self, content: bytes, *more: str) -> bytes:
        """A request of openssl's own for a stamp over the content."""
        (self.folder / "content").write_bytes(content)
        return self._run("ts", "-query", "-data", "content", "-sha256", "-cert", *more)

    def signed_anyhow(self, info: bytes) -> bytes:
        """A TimeStampResp around a TSTInfo, signed whatever the certificate is for (``openssl ts`` would refuse)."""
        (self.folder / "info").write_bytes(info)
        kind = "1.2.840.113549.1.9.16.1.4"
        token = self._run(
            *("cms", "-sign", "-cades", "-binary", "-nodetach", "-outform", "DER", "-econtent_type", kind),
            *("-md", "sha256", "-signer", "tsa.pem", "-inkey", "tsa.key", "-in", "info"),
        )
        answer = b"\x30\x03\x02\x01\x00" + token
        return b"\x30\x82" + len(answer).to_bytes(2, "big") + answer

    def says_right(self, answer: bytes, content: bytes) -> bool:
        """Whether openssl finds the stamp right."""
        (self.folder / "reply").write_bytes(answer)
        (self.folder / "content").write_bytes(content)
        words = ["openssl", "ts", "-verify", "-in", "reply", "-data", "content", "-CAfile", "ca.pem"]
        return subprocess.run(words, cwd=self.folder, capture_output=True).returncode == 0


class Server(http.server.ThreadingHTTPServer):
    """Answers every POST with ``reply(query)``: ``(status, body)``; counts the calls."""

    def __init__(self, authority: Authority) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.authority, self.calls = authority, 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}/tsa"

    def reply(self, query: bytes) -> tuple[int, bytes]:
        """A right answer; tests put another in its place."""
        return 200, self.authority.answer(query)


class _Door(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.server.calls += 1
        status, body = self.server.reply(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", self.server.url)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def served(authority: Authority) -> Iterator[Server]:
    """The authority behind an address on this machine."""
    server = Server(authority)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
