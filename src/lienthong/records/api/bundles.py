"""Bundles that the door answers with, written around resources that are JSON already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from lienthong.foundation import clock, ids, json
from lienthong.records.api.call import Call

Link = dict[str, str]


def link(relation: str, call: Call, parameters: Sequence[tuple[str, str]]) -> Link:
    """A link of a Bundle to this path with other parameters, to be followed by GET, after ``POST _search`` too."""
    query = "&".join(f"{quote(name, safe=':')}={quote(value, safe=',|:')}" for name, value in parameters)
    path = "/".join([call.base, *(step for step in call.steps if step != "_search")])
    return {"relation": relation, "url": f"{path}?{query}" if query else path}


def bundle(
    kind: str, entries: Iterable[bytes], *, links: Sequence[Link] = (), total: int | None = None
) -> bytes:
    """A Bundle of a type with entries that are JSON."""
    head: dict[str, object] = {
        "resourceType": "Bundle",
        "id": ids.new_id(),
        "meta": {"lastUpdated": clock.iso(clock.now())},
        "type": kind,
    }
    if total is not None:
        head["total"] = total
    if links:
        head["link"] = list(links)
    listed = list(entries)
    opened = json.dumps(head)[:-1]
    return opened + b',"entry":[' + b",".join(listed) + b"]}" if listed else opened + b"}"
