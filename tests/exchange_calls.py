"""A hub in this process: three sites with keys, calls of its doors without a network."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import zstandard
from msgspec import msgpack

from lienthong.exchange import doors, manifest, tokens
from lienthong.exchange.batches import MSGPACK
from lienthong.foundation import clock, ids, json
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
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in (headers or {}).items()}
    got: list[Any] = []
    content = doors.application(environ, lambda status, sent: got.extend((int(status[:3]), dict(sent))))
    return Answer(got[0], got[1], b"".join(content))


def envelope(jws: str, contents: Iterable[bytes] = ()) -> dict[str, Any]:
    """A message with content that travels along."""
    parts = [{"sha256": manifest.digest(c), "zstd": zstandard.compress(c)} for c in contents]
    return {"manifest": jws, "parts": parts}


@dataclass
class Site:
    """A site that calls the hub."""

    facility: str
    key: SigningKey
    token: str = ""

    def assertion(self, **changes: Any) -> str:
        kid = self.key.kid
        claims = {
            "iss": kid,
            "sub": kid,
            "aud": tokens.hub_id(HUB),
            "jti": ids.new_id(),
            "exp": time.time() + 200,
        }
        return self.key.jwt(claims | changes)

    def ask_token(self, assertion: str, **changes: str) -> Answer:
        form = {"grant_type": "client_credentials", "scope": tokens.SCOPE}
        form |= {"client_assertion_type": tokens.ASSERTION_TYPE, "client_assertion": assertion}
        return call("POST", tokens.PATH, urlencode(form | changes).encode())

    def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        if not self.token:
            self.token = self.ask_token(self.assertion()).json["access_token"]
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return call(method, f"/exchange/v1/{path}", body, {"Authorization": f"Bearer {self.token}", **named})

    def put_part(self, content: bytes) -> str:
        sha256 = manifest.digest(content)
        assert self.call(
            "PUT", f"parts/{sha256}", zstandard.compress(content), content_encoding="zstd"
        ).status in (
            200,
            201,
        )
        return sha256

    def manifest(self, to: str, contents: Iterable[bytes] = (), **changes: Any) -> dict[str, Any]:
        parts = [
            {"sha256": manifest.digest(c), "size": len(c), "role": "bundle", "type": "text/plain"}
            for c in contents
        ]
        return {
            "v": 1,
            "id": ids.new_id(),
            "kind": "test",
            "loop": ids.new_id(),
            "from": {"facility": self.facility, "kid": self.key.kid},
            "to": {"facility": to},
            "created": clock.iso(clock.now()),
            "basis": "referral-duty",
            "body": {},
            "parts": parts,
        } | changes

    def sign(self, value: dict[str, Any]) -> str:
        return self.key.jws(json.canonical(value), manifest.MANIFEST)

    def post_all(self, *batch: Any) -> list[dict[str, Any]]:
        """Sends messages as :func:`envelope` makes them, in one call."""
        answer = self.call("POST", "messages", msgpack.encode({"messages": batch}), content_type=MSGPACK)
        assert answer.status == 200
        results: list[dict[str, Any]] = answer.json["results"]
        assert len(results) == len(batch)
        return results

    def post(self, jws: str, contents: Iterable[bytes] = ()) -> dict[str, Any]:
        (result,) = self.post_all(envelope(jws, contents))
        return result

    def send(self, to: str, contents: Iterable[bytes] = (), **changes: Any) -> tuple[dict[str, Any], str]:
        contents = list(contents)
        value = self.manifest(to, contents, **changes)
        jws = self.sign(value)
        assert self.post(jws, contents)["status"] == 201
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
