"""What a resource refers to at this node."""

from __future__ import annotations

import re
from typing import Any

_LOCAL = re.compile(r"([A-Z][A-Za-z]{2,40})/([A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?")
_REFERENCE = re.compile(rb'"reference"\s*:\s*"((?:[^"\\]|\\/)+)"')


def mentioned(body: bytes, base: str) -> set[str]:
    """``Type/id`` of this node that the JSON of a resource refers to."""
    found = set()
    for text in set(_REFERENCE.findall(body)):
        match = _LOCAL.fullmatch(text.replace(b"\\/", b"/").decode().removeprefix(f"{base}/"))
        if match:
            found.add(f"{match[1]}/{match[2]}")
    return found


def where(value: Any, ref: str, path: str) -> str:
    """The path of the first reference to ``Type/id`` below a value; the path itself where there is none."""
    if isinstance(value, dict):
        text = value.get("reference")
        if isinstance(text, str) and f"/{text}".partition("/_history/")[0].endswith(f"/{ref}"):
            return f"{path}.reference"
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in parts:
        place = f"{path}[{name}]" if isinstance(name, int) else f"{path}.{name}"
        found = where(inner, ref, place)
        if found != place:
            return found
    return path
