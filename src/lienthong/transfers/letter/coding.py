"""A minimum set in few bytes: MessagePack arrays in one zstd frame with a dictionary made for letters.

Format: ``docs/reference/letter.md``, section 2.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
import zstandard

from lienthong.transfers.letter.minimum import Minimum

DICTIONARY = 32_770
"""Number of the dictionary in the frame's head (RFC 8878, private use); it never gets another file."""
LEVEL = 19
MOST_CONTENT = 32_768
"""Bytes of MessagePack in a frame."""
_WINDOW = 1 << 20
_EMPTY = 25


@cache
def dictionary() -> zstandard.ZstdCompressionDict:
    """``data/letter-1.dict``."""
    data = (Path(__file__).parent / "data" / "letter-1.dict").read_bytes()
    return zstandard.ZstdCompressionDict(data, dict_type=zstandard.DICT_TYPE_FULLDICT)


def pack(minimum: Minimum) -> bytes:
    """The frame; the same minimum set always gives the same."""
    return zstandard.ZstdCompressor(level=LEVEL, dict_data=dictionary()).compress(content(minimum))


def content(minimum: Minimum) -> bytes:
    """The MessagePack that is compressed."""
    return msgspec.msgpack.encode(minimum)


def unpack(frame: bytes) -> Minimum:
    """The minimum set of a frame.

    Raises:
        ValueError: not one frame of at most :data:`MOST_CONTENT` bytes, or another structure.
    """
    try:
        head = zstandard.get_frame_parameters(frame)
        known = head.dict_id == DICTIONARY and 0 < head.content_size <= MOST_CONTENT
        if not known or head.window_size > _WINDOW or len(frame) < _EMPTY:
            raise ValueError("not one frame with the dictionary of letters")
        reader = zstandard.ZstdDecompressor(dict_data=dictionary(), max_window_size=_WINDOW)
        plain = reader.decompress(frame, max_output_size=MOST_CONTENT, allow_extra_data=False)
        return msgspec.msgpack.decode(plain, type=Minimum)
    except (zstandard.ZstdError, msgspec.DecodeError) as error:
        raise ValueError(str(error)) from error
