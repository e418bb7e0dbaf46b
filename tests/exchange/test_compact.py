"""Signed things in the form for the line come back letter by letter; compact calls say the same as plain ones."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from exchange_calls import RECEIVER, SENDER, envelope
from lienthong.exchange import batches, compact, dictionaries, manifest
from lienthong.exchange.batches import MSGPACK
from lienthong.foundation import json
from lienthong.foundation.signing import SigningKey

KEY = SigningKey(Ed25519PrivateKey.generate())


@given(st.binary(max_size=500), st.sampled_from([manifest.MANIFEST, manifest.RECEIPT, "lt-other+jws"]))
def test_a_jws_comes_back_letter_by_letter(payload: bytes, typ: str) -> None:
    jws = KEY.jws(payload, typ)
    found = compact.short(jws)
    assert isinstance(found, compact.Signed)
    assert (found.kid, found.typ, found.payload) == (KEY.kid, typ, payload)
    assert compact.whole(found) == jws


@given(st.text(max_size=60) | st.from_regex(r"[\w-]{0,40}\.[\w-]{0,40}\.[\w-]{0,90}", fullmatch=True))
def test_what_is_no_jws_of_ours_stays_as_it_is(text: str) -> None:
    assert compact.whole(compact.short(text)) == text


@pytest.mark.parametrize(
    "head",
    [
        {"alg": "EdDSA", "kid": KEY.kid, "typ": manifest.MANIFEST, "x": 1},
        {"alg": "EdDSA", "typ": manifest.MANIFEST},
        {"alg": "EdDSA", "kid": "short", "typ": manifest.MANIFEST},
        {"alg": "none", "kid": KEY.kid, "typ": manifest.MANIFEST},
    ],
)
def test_another_header_travels_whole(head: dict[str, Any]) -> None:
    from jwt.utils import base64url_encode

    _, _, rest = KEY.jws(b"{}", manifest.MANIFEST).partition(".")
    jws = f"{base64url_encode(json.canonical(head)).decode()}.{rest}"
    assert compact.short(jws) == jws


def _compact_call(site: Any, body: bytes, encoding: str = "zstd") -> Any:
    headers = {"content_encoding": encoding, "accept_encoding": "zstd"}
    return site.call("POST", "messages", body, content_type=MSGPACK, **headers)


def test_a_compact_call_is_taken_and_answered_as_a_plain_one(sites: dict[str, Any]) -> None:
    site = sites[SENDER]
    jws = site.sign(site.manifest(RECEIVER, [b"content"]))
    plain = envelope(jws)
    body = compact.pack({"messages": [batches.Envelope(compact.short(jws), plain["parts"])]})
    answer = _compact_call(site, body)
    assert (answer.status, answer.headers["Content-Encoding"]) == (200, "zstd")
    (result,) = batches.read_results(compact.unpack(answer.body, 1 << 20))
    assert result.status == 201
    (again,) = site.post_all(plain)
    assert again == {"status": 200, "acceptance": compact.whole(result.acceptance)}
    answer = sites[RECEIVER].call("GET", "mailbox?after=0", accept_encoding="zstd")
    ((item,), _) = batches.read_mail(compact.unpack(answer.body, 1 << 20))
    (same,) = sites[RECEIVER].mail()
    assert (item.jws, item.acceptance) == (jws, again["acceptance"]) == (same["jws"], same["acceptance"])
    assert [part.age for part in item.parts] == [part["age"] for part in same["parts"]]
    assert len(answer.body) < len(msgpack.encode({"items": [same]}))


def test_a_refusal_is_told_in_a_compact_answer_too(sites: dict[str, Any]) -> None:
    site = sites[SENDER]
    jws = site.sign(site.manifest("99999"))
    answer = _compact_call(site, compact.pack({"messages": [{"manifest": jws}]}))
    (result,) = batches.read_results(compact.unpack(answer.body, 1 << 20))
    assert (result.status, result.acceptance) == (404, "")
    assert result.problem is not None
    assert result.problem["code"] == "exchange-unknown-receiver"


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"no frame", "zstd", 400),
        (compact.pack({"messages": []})[:-1], "zstd", 400),
        (dictionaries.compress(bytes(batches.CALL + 1)), "zstd", 400),
        (compact.pack({"messages": []}), "gzip", 415),
    ],
    ids=["no frame", "cut", "swells", "other encoding"],
)
def test_a_body_that_is_no_bounded_frame_is_refused(
    sites: dict[str, Any], body: bytes, encoding: str, status: int
) -> None:
    assert _compact_call(sites[SENDER], body, encoding).status == status
