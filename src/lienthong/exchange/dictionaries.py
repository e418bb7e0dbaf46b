"""Compression of what travels: one zstd frame (RFC 8878), small content with a dictionary trained on our own formats.

The frame names its dictionary by number. A number never gets another file: what was once compressed with it can be
read for ever, so a new dictionary is one more entry of :data:`DICTIONARIES`.
"""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path

import zstandard

FIRST_NUMBER = 32_768
"""Numbers from here to 2^31 - 1 are free for private use (RFC 8878, section 5)."""
DICTIONARIES = {FIRST_NUMBER + 1: "zstd-1.dict"}
NEWEST = max(DICTIONARIES)
LARGE = 1 << 20
"""Bytes of content from which a dictionary gains nothing."""
LEVEL, LEVEL_LARGE = 9, 3
"""Level 9 needs 1 ms of a core for a dossier; 15 needs 12 and saves 8 % of the bytes, less than 12 ms of a slow line
(docs/decisions/0010). Large content is images or PDF, compressed already."""
WINDOW = 8 << 20
"""The largest window that a frame may ask its reader to keep, bytes."""

_EMPTY = 25
"""The longest frame that holds nothing, with a dictionary's number."""
_FOLDER = Path(__file__).parent / "data"
_own = threading.local()


@cache
def dictionary(number: int) -> zstandard.ZstdCompressionDict:
    """The dictionary of that number.

    Raises:
        ValueError: there is none.
    """
    try:
        data = (_FOLDER / DICTIONARIES[number]).read_bytes()
    except KeyError:
        raise ValueError(f"no dictionary {number}") from None
    return zstandard.ZstdCompressionDict(data, dict_type=zstandard.DICT_TYPE_FULLDICT)


def compress(content: bytes) -> bytes:
    """Content as one frame that tells its size; with the newest dictionary unless it is large."""
    if len(content) >= LARGE:
        return zstandard.compress(content, LEVEL_LARGE)
    compressor: zstandard.ZstdCompressor | None = getattr(_own, "compressor", None)
    if compressor is None:
        compressor = zstandard.ZstdCompressor(level=LEVEL, dict_data=dictionary(NEWEST))
        _own.compressor = compressor
    return compressor.compress(content)


def decompress(frame: bytes, most: int) -> bytes:
    """What one frame holds, with whatever dictionary of ours it was made.

    Raises:
        ValueError: more than ``most`` bytes, an unknown dictionary, or not exactly one frame.
    """
    try:
        head = zstandard.get_frame_parameters(frame)
        unknown = head.content_size == zstandard.CONTENTSIZE_UNKNOWN
        if not unknown and head.content_size > most:
            raise ValueError(f"more than {most} bytes of content")
        if head.window_size > max(WINDOW, most) or (head.content_size == 0 and len(frame) > _EMPTY):
            raise ValueError("not one plain frame")
        reader = decompressor(head.dict_id)
        return reader.decompress(frame, max_output_size=max(most, 1), allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error


def decompressor(number: int = 0) -> zstandard.ZstdDecompressor:
    """For frames made with that dictionary (0: with none); for one thread at a time.

    Raises:
        ValueError: an unknown dictionary.
    """
    if not number:
        return zstandard.ZstdDecompressor(max_window_size=WINDOW)
    return zstandard.ZstdDecompressor(dict_data=dictionary(number), max_window_size=WINDOW)
