"""Trains ``exchange/data/zstd-1.dict`` on what the exchange carries, made of invented dossiers; says its SHA-256.

The same zstd gives the same file: ``python tools/train_dictionary.py`` compares, ``write`` writes it. The shipped file
is never trained anew under its number (see ``exchange/dictionaries.py``); a better one gets the next number.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import zstandard

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from bench.travelling import Travelling, transfers  # noqa: E402

from lienthong.connectors.his_xml.dossier import Edition  # noqa: E402
from lienthong.exchange import dictionaries  # noqa: E402
from lienthong.foundation import clock, ids, json  # noqa: E402

SIZE = 112_640
NUMBER = dictionaries.FIRST_NUMBER + 1
FACILITIES = (
    *("24011", "24004", "24002", "24007", "24013", "24021"),
    *("24280", "24017", "22001", "25010", "27005", "19004"),
)
"""Facilities whose invented dossiers are learnt; each has staff and patients of its own."""
HELD_OUT = ("24005", "24019")
"""Facilities to measure with; no dossier of theirs is learnt."""
EDITIONS: tuple[Edition | None, ...] = (None, "3176", "4750")
EACH = 12
_STATES = ("seen", "accepted", "arrived", "answered")
_ANSWERS = (
    "Đã tiếp nhận người bệnh tại khoa Cấp cứu, tình trạng ổn định.",
    "Chẩn đoán xác định phù hợp tuyến dưới. Đã can thiệp, người bệnh tỉnh, tự thở, huyết động ổn định. "
    "Đề nghị tái khám sau 1 tháng tại bệnh viện tuyến tỉnh.",
    "Người bệnh đã phẫu thuật, hậu phẫu ổn định. Chuyển về tuyến dưới theo dõi tiếp.",
)


def learnt() -> list[Travelling]:
    """The transfers that the dictionary is trained on."""
    return [
        one
        for number, facility in enumerate(FACILITIES)
        for edition in EDITIONS
        for one in transfers(facility, 100 + number, EACH, edition)
    ]


def held_out() -> list[Travelling]:
    """Transfers of other facilities and seeds."""
    return [one for facility in HELD_OUT for one in transfers(facility, 9001, 40)]


def samples(made: Sequence[Travelling]) -> list[bytes | bytearray | memoryview[int]]:
    """The contents of parts, and the payloads that are signed about them; the small ones many times."""
    chance = Random("zstd-1")  # noqa: S311
    return [content for one in made for content in _contents(one, chance)]


def _contents(one: Travelling, chance: Random) -> Iterator[bytes]:
    yield one.dossier
    step = {"state": chance.choice(_STATES), "at": one.left_at, "person": "bacsi", "note": ""}
    if step["state"] == "answered":
        step["note"] = chance.choice(_ANSWERS)
    yield json.dumps(step)
    for role in ("dossier", "step"):
        yield from _signed(one, role, chance)


def _signed(one: Travelling, role: str, chance: Random) -> Iterator[bytes]:
    """Manifest, acceptance and receipt of a message (docs/reference/exchange-protocol.md)."""

    def hexadecimal(digits: int) -> str:
        return f"{chance.getrandbits(4 * digits):0{digits}x}"

    def party(facility: str) -> dict[str, str]:
        return {"facility": facility, "kid": ids.stable_id("kid", facility) + "QmFzZTY0dXJ"}

    notice = json.loads(one.notice)
    here, there = notice["sender"], notice["receiver"]
    message, digest = hexadecimal(32), hexadecimal(64)
    part = {
        "sha256": hexadecimal(64),
        "size": chance.randrange(200, 120_000),
        "role": role,
        "type": "application/json",
        "priority": 0,
        "sealed": {"sha256": hexadecimal(64), "size": chance.randrange(300, 6_000)},
    }
    manifest = {
        "v": 2,
        "id": message,
        "kind": "transfer" if role == "dossier" else "transfer-step",
        "loop": hexadecimal(32),
        "from": party(here),
        "to": {"facility": there},
        "created": one.left_at,
        "basis": "referral-duty",
        "body": {"day": one.left_at[:10]} if role == "dossier" else {},
        "seq": chance.randrange(1, 3000),
        "prev": hexadecimal(64),
        "parts": [part],
    }
    yield json.canonical(manifest)
    about = {"v": 1, "message": message, "manifest": digest, "at": clock.iso(clock.from_iso(one.left_at))}
    yield json.canonical({**about, "by": party("SYT-24")})
    stored = ids.stable_id("stored", message)
    yield json.canonical({**about, "by": party(there), "outcome": "stored", "stored": stored})


def train(made: Sequence[Travelling]) -> bytes:
    """The dictionary for what is learnt."""
    trained = zstandard.train_dictionary(SIZE, samples(made), level=dictionaries.LEVEL, dict_id=NUMBER)
    return bytes(trained.as_bytes())


def main() -> int:
    target = ROOT / "src/lienthong/exchange/data" / dictionaries.DICTIONARIES[NUMBER]
    made = learnt()
    data = train(made)
    if sys.argv[1:] == ["write"]:
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(data)
    same = target.read_bytes() == data
    print(f"{target.name}: {len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}")
    print("the shipped file is the same" if same else "the shipped file is another one")
    others = held_out()
    plain = zstandard.ZstdCompressor(level=dictionaries.LEVEL)
    content = [one.dossier for one in others]
    print(
        f"dossier, median of {len(content)}: {statistics.median(map(len, content)):.0f} bytes, "
        f"compressed {statistics.median(len(plain.compress(c)) for c in content):.0f}, with the dictionary "
        f"{statistics.median(len(dictionaries.compress(c)) for c in content):.0f}"
    )
    codes = sorted({one.diagnosis for one in made})
    foreign = set(codes[::2])
    part = zstandard.ZstdCompressionDict(train([one for one in made if one.diagnosis not in foreign]))
    strange = [one.dossier for one in others if one.diagnosis in foreign]
    narrow = zstandard.ZstdCompressor(level=dictionaries.LEVEL, dict_data=part)
    print(
        f"dossiers of diseases that half a dictionary never saw, median of {len(strange)}: "
        f"{statistics.median(len(narrow.compress(c)) for c in strange):.0f}, with the whole one "
        f"{statistics.median(len(dictionaries.compress(c)) for c in strange):.0f}"
    )
    return 0 if same else 1


if __name__ == "__main__":
    raise SystemExit(main())
