"""Compression with the shipped dictionaries."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from lienthong.connectors.his_xml import samples
from lienthong.exchange import dictionaries
from lienthong.foundation import json

ROOT = Path(__file__).resolve().parents[2]
PROTOCOL = ROOT / "docs" / "reference" / "exchange-protocol.md"
_ROW = re.compile(r"^\| (\d+) \| \[([\w.-]+)\]\([^)]+\) \| ([\d,]+) \| `([0-9a-f]{64})` \|$", re.MULTILINE)


def test_the_shipped_dictionaries_are_those_that_the_protocol_names() -> None:
    folder = ROOT / "src" / "lienthong" / "exchange" / "data"
    shipped = {number: (folder / name).read_bytes() for number, name in dictionaries.DICTIONARIES.items()}
    assert _ROW.findall(PROTOCOL.read_text("utf-8")) == [
        (str(number), dictionaries.DICTIONARIES[number], f"{len(data):,}", hashlib.sha256(data).hexdigest())
        for number, data in sorted(shipped.items())
    ]
    assert all(zstandard.ZstdCompressionDict(data).dict_id() == number for number, data in shipped.items())


@given(st.binary(max_size=5000))
def test_what_was_compressed_comes_back(content: bytes) -> None:
    assert dictionaries.decompress(dictionaries.compress(content), len(content)) == content


def test_a_transfer_needs_far_fewer_bytes_than_without_the_dictionary() -> None:
    for export in (one for one in samples.exports() if one.name.startswith("transfer")):
        content = json.dumps(json.loads(samples.bundle(export)))
        frame = dictionaries.compress(content)
        assert zstandard.get_frame_parameters(frame).dict_id == dictionaries.NEWEST
        assert 5 * len(frame) < 3 * len(zstandard.compress(content, dictionaries.LEVEL))
        assert dictionaries.decompress(frame, len(content)) == content


def test_large_content_takes_no_dictionary() -> None:
    content = bytes(dictionaries.LARGE)
    frame = dictionaries.compress(content)
    assert zstandard.get_frame_parameters(frame).dict_id == 0
    assert dictionaries.decompress(frame, len(content)) == content


@pytest.mark.parametrize("number", sorted(dictionaries.DICTIONARIES))
def test_every_number_stays_readable(number: int) -> None:
    content = b'{"resourceType":"Bundle"}' * 9
    made = zstandard.ZstdCompressor(dict_data=dictionaries.dictionary(number)).compress(content)
    assert dictionaries.decompress(made, len(content)) == content
    with dictionaries.decompressor(number).stream_reader(made) as stream:
        assert stream.read() == content


def _foreign() -> bytes:
    trained = zstandard.train_dictionary(
        4096, [b"%d of something else" % n for n in range(5000)], dict_id=40_000
    )
    return zstandard.ZstdCompressor(dict_data=trained).compress(b"17 of something else")


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"no frame",
        dictionaries.compress(b"abc" * 100),
        dictionaries.compress(b"abc") + b"more",
        dictionaries.compress(b"abc") * 2,
        dictionaries.compress(b"abc" * 9)[:-1],
        _foreign(),
    ],
    ids=["empty", "no frame", "too much", "more after it", "two", "cut", "unknown dictionary"],
)
def test_what_is_not_one_bounded_frame_of_ours_is_refused(frame: bytes) -> None:
    with pytest.raises(ValueError):
        dictionaries.decompress(frame, 50)


def test_a_frame_without_its_size_is_bounded_too() -> None:
    made = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(1000))
    assert dictionaries.decompress(made, 1000) == bytes(1000)
    with pytest.raises(ValueError):
        dictionaries.decompress(made, 999)
