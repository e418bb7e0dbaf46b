"""The worked example of ``docs/reference/letter.md``, byte for byte."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lienthong.foundation.signing import SigningKey
from lienthong.transfers.letter import coding, signed, symbols

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "letter.md"
TEXT = DOCUMENT.read_text("utf-8")
VECTOR = dict(re.findall(r"^([a-z]+):\n\n```text\n(.*)\n```$", TEXT, re.MULTILINE))
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(VECTOR["seed"])))


def test_the_symbol_gives_the_letter_and_the_letter_its_content() -> None:
    letter = bytes.fromhex(VECTOR["letter"])
    assert symbols.gather([VECTOR["digits"]]).letter == letter
    assert symbols.split(letter) == [VECTOR["digits"]]
    minimum = coding.unpack(bytes.fromhex(VECTOR["frame"]))
    assert coding.content(minimum).hex() == VECTOR["content"]
    said = minimum.as_dict()
    assert said["form"]["person"]["name"] == "Trần Thị Ánh Nguyệt"
    assert said["form"]["allergies"] == {
        "state": "known",
        "list": [{"substance": "Penicillin", "reaction": "Phản vệ độ II"}],
    }
    assert minimum.signed_at == datetime(2026, 11, 23, 1, 15, tzinfo=UTC)
    assert minimum.left_out == {"signs": 120}


def test_the_key_of_the_example_signs_it_so() -> None:
    assert KEY.kid == VECTOR["kid"]
    assert signed.signed_frame(bytes.fromhex(VECTOR["frame"]), KEY).hex() == VECTOR["letter"]


def test_the_document_names_the_dictionary_that_is_shipped() -> None:
    assert hashlib.sha256(coding.dictionary().as_bytes()).hexdigest() in TEXT
    assert f"at most {symbols.CAPACITY:,} bytes" in TEXT
    assert f"at most {symbols.MOST_DATA} bytes" in TEXT
