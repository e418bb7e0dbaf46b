"""A hub in this process: three sites with keys, calls of its doors without a network."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import zstandard
from msgspec import msgpack
from pyrage import x25519

from lienthong.access import assertions
from lienthong.exchange import doors, manifest, sealed, tokens
from lienthong.exchange.batches import MSGPACK
from lienthong.foundation import clock, ids, json
from lienthong.foundation.errors import LienThongError
from lienthong.foundation.signing import SigningKey

HUB = "SYT-24"
SENDER, RECEIVER, OTHER = "24011", "01929", "24004"


@dataclass
class Answer:
    """What a door answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def call(method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
    """Calls the WSGI application."""
    path, _, query = path.partition("?")
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}
    environ |= {"REMOTE_ADDR": "192.0.2.1", "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    environ["CONTENT_TYPE"] = (headers or {}).get("content-type", "")
    environ["CONTENT_LENGTH"] = (headers or {}).get("content-length", environ["CONTENT_LENGTH"])
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in (headers or {}).items()}
    got: list[Any] = []
    content = doors.application(environ, lambda status, sent: got.extend((int(status[:3]), dict(sent))))
    return Answer(got[0], got[1], b"".join(content))


STRANGER = str(x25519.Identity.generate().to_public())
RECIPIENTS: dict[str, str] = {}
"""Facility to the recipient of its content."""
AGES: dict[str, bytes] = {}
"""What was sealed, by its SHA-256."""


def seal(content: bytes, to: str) -> tuple[str, bytes]:
    """Content sealed to a facility (a frame of it): name and bytes of the age file."""
    age = sealed.seal(zstandard.compress(content), RECIPIENTS.get(to, STRANGER))
    name = manifest.digest(age)
    AGES[name] = age
    return name, age


def parts_of(jws: str) -> list[str]:
    """The names of the sealed parts of a message."""
    return list(manifest.read_manifest(manifest.payload_of(jws)).sealed)


def envelope(jws: str, *, bare: bool = False) -> dict[str, Any]:
    """A message with the sealed parts that it names; ``bare``: without them."""
    try:
        names = [] if bare else parts_of(jws)
    except LienThongError:
        names = []
    return {"manifest": jws, "parts": [{"sha256": name, "age": AGES[name]} for name in names]}


def altered(text: str, place: int, letter: str) -> str:
    """A text with one character changed at ``place`` to ``letter``, or to another if it is that."""
    place %= len(text)
    other = letter if text[place] != letter else "~"
    return text[:place] + other + text[place + 1 :]


@dataclass
class Site:
    """A site that calls the hub."""

    facility: str
    key: SigningKey
    token: str = ""
    seq: int = 0

    def assertion(self, **changes: Any) -> str:
        kid = self.key.kid
        claims = {
            "iss": kid,
            "sub": kid,
            "aud": tokens.hub_id(HUB),
            "jti": ids.new_id(),
            "exp": int(time.time()) + 200,
        }
        return self.key.jwt(claims | changes)

    def ask_token(self, assertion: str, **changes: str) -> Answer:
        form = {"grant_type": "client_credentials", "scope": tokens.SCOPE}
        form |= {"client_assertion_type": assertions.TYPE, "client_assertion": assertion}
        return call("POST", tokens.PATH, urlencode(form | changes).encode())

    def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        if not self.token:
            self.token = self.ask_token(self.assertion()).json["access_token"]
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return call(method, f"/exchange/v1/{path}", body, {"Authorization": f"Bearer {self.token}", **named})

    def put_part(self, name: str) -> None:
        """Uploads sealed content of :data:`AGES`."""
        assert self.upload(name, AGES[name]).status == 201

    def upload(self, name: str, content: bytes) -> Answer:
        """Uploads content under a hash, in one call."""
        metadata = f"sha256 {base64.b64encode(name.encode()).decode()}"
        given = {"tus_resumable": "1.0.0", "content_type": "application/offset+octet-stream"}
        given |= {"upload_length": str(len(content)), "upload_metadata": metadata}
        return self.call("POST", "uploads", content, **given)

    def manifest(self, to: str, contents: Iterable[bytes] = (), **changes: Any) -> dict[str, Any]:
        self.seq += 1
        return {
            "v": 2,
            "id": ids.new_id(),
            "kind": "test",
            "loop": ids.new_id(),
            "from": {"facility": self.facility, "kid": self.key.kid},
            "to": {"facility": to},
            "created": clock.iso(clock.now()),
            "basis": "referral-duty",
            "seq": self.seq,
            "prev": manifest.FIRST,
            "body": {},
            "parts": [self.part(to, content) for content in contents],
        } | changes

    def part(self, to: str, content: bytes, priority: int = 0) -> dict[str, Any]:
        name, age = seal(content, to)
        head = {
            "sha256": manifest.digest(content),
            "size": len(content),
            "role": "bundle",
            "type": "text/plain",
        }
        return {**head, "priority": priority, "sealed": {"sha256": name, "size": len(age)}}

    def sign(self, value: dict[str, Any]) -> str:
        return self.key.jws(json.canonical(value), manifest.MANIFEST)

    def post_all(self, *batch: Any) -> list[dict[str, Any]]:
        """Sends messages as :func:`envelope` makes them, in one call."""
        answer = self.call("POST", "messages", msgpack.encode({"messages": batch}), content_type=MSGPACK)
        assert answer.status == 200
        results: list[dict[str, Any]] = answer.json["results"]
        assert len(results) == len(batch)
        return results

    def post(self, jws: str, *, bare: bool = False) -> dict[str, Any]:
        (result,) = self.post_all(envelope(jws, bare=bare))
        return result

    def send(self, to: str, contents: Iterable[bytes] = (), **changes: Any) -> tuple[dict[str, Any], str]:
        value = self.manifest(to, contents, **changes)
        jws = self.sign(value)
        assert self.post(jws)["status"] == 201
        return value, jws

    def mail(self, after: int = 0) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = msgpack.decode(self.call("GET", f"mailbox?after={after}").body)["items"]
        return items

    def receipt(self, value: dict[str, Any], **changes: Any) -> str:
        body = {
            "v": 1,
            "message": value["id"],
            "manifest": manifest.digest(json.canonical(value)),
            "outcome": "stored",
            "stored": "ab" * 32,
            "at": clock.iso(clock.now()),
            "by": {"facility": self.facility, "kid": self.key.kid},
        } | changes
        return self.key.jws(json.canonical(body), manifest.RECEIPT)

    def post_receipts(self, *batch: str) -> list[dict[str, Any]]:
        answer = self.call("POST", "receipts", json.dumps({"receipts": list(batch)}))
        results: list[dict[str, Any]] = answer.json["results"]
        return results
