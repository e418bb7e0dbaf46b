"""A changed resource as JSON in which what was not changed stands byte for byte as it did."""

from __future__ import annotations

from typing import Any

import msgspec

from lienthong.foundation import json


def rewritten(held: bytes | json.Raw, changed: Any) -> json.Raw:
    """The JSON of a value, with each part of it that ``held`` has too as it is written there.

    Args:
        held: JSON of what it was.
        changed: what it is now.
    """
    was = json.loads(held)
    if json.dumps(was) == json.dumps(changed):
        return json.raw(bytes(held))
    if isinstance(was, dict) and isinstance(changed, dict):
        parts = json.members(held)
        return json.raw(json.dumps({name: _part(parts.get(name), one) for name, one in changed.items()}))
    if isinstance(was, list) and isinstance(changed, list):
        rows = msgspec.json.decode(held, type=list[msgspec.Raw])
        same = {json.dumps(one): raw for one, raw in zip(was, rows, strict=True)}
        found = []
        for place, one in enumerate(changed):
            there = rows[place] if place < len(rows) else None
            raw = same.get(json.dumps(one))
            found.append(_part(there, one) if raw is None else raw)
        return json.raw(json.dumps(found))
    return json.raw(json.dumps(changed))


def _part(held: json.Raw | None, changed: Any) -> json.Raw:
    return json.raw(json.dumps(changed)) if held is None else rewritten(held, changed)
