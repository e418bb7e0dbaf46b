"""What every write needs before it is committed: an id, valid content, references, the caller's leave."""

from __future__ import annotations

import re
from collections.abc import Callable

from lienthong.access import protected
from lienthong.foundation import json
from lienthong.foundation.wsgi import HttpError
from lienthong.records import reading, search, validation, values
from lienthong.records.api import problems
from lienthong.records.api.call import Call, Resource
from lienthong.records.api.commit import origin
from lienthong.records.writing import Entry, Known

ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_SERVERS = ("versionId", "lastUpdated")


def entry(
    call: Call, kind: str, resource: Resource, content: bytes | json.Raw, id: str, letter: str
) -> Entry:
    """What is to be stored of a resource: its bytes with the server's id, without the server's own ``meta``.

    Args:
        letter: what the caller must hold for this content, ``c`` or ``u``.

    Raises:
        HttpError: 403, 422. InvalidResource: it is not valid.
    """
    if resource.get("resourceType") != kind:
        raise HttpError(422, problems.not_understood(f"resourceType: {kind}", "resourceType"))
    body, resource = _kept(resource, content, id)
    validation.check(resource, thorough=True)
    _allowed(call, kind, resource, letter)
    return Entry(f"{kind}/{id}", resource, body, "" if kind in values.SHARED else origin(call.caller.id))


def _kept(resource: Resource, content: bytes | json.Raw, id: str) -> tuple[bytes, Resource]:
    members = json.members(content)
    meta = resource.get("meta")
    if isinstance(meta, dict) and any(name in meta for name in _SERVERS):
        inner = json.members(members["meta"])
        kept = {name: inner[name] for name in inner if name not in _SERVERS}
        if kept:
            members["meta"] = json.raw(json.dumps(kept))
            resource = {**resource, "meta": {n: v for n, v in meta.items() if n not in _SERVERS}}
        else:
            del members["meta"]
            resource = {name: value for name, value in resource.items() if name != "meta"}
    if resource.get("id") != id:
        first = {"resourceType": members.pop("resourceType"), "id": json.raw(json.dumps(id))}
        members.pop("id", None)
        members = first | members
        resource = {**resource, "id": id}
    return json.dumps(members), resource


def _allowed(call: Call, kind: str, resource: Resource, letter: str) -> None:
    """The caller's scopes cover the content that is written."""
    queries = call.caller.queries(kind, letter)
    if not any(not query or search.matches(resource, query) for query in queries):
        raise HttpError(403, problems.outside_scope(f"{kind}/{resource['id']}"))
    if values.restricted(resource) & protected.mask(protected.ALL - call.caller.kinds):
        raise HttpError(403, problems.outside_scope(f"{kind}/{resource['id']}"))


def changing(call: Call) -> Callable[[Entry, Known], None]:
    """What must hold before the caller changes what the store has: its scopes cover that, and it may see it."""
    hidden = protected.mask(protected.ALL - call.caller.kinds)

    def may(entry: Entry, held: Known) -> None:
        if held.deleted:
            return
        if held.restricted & hidden:
            raise HttpError(403, problems.outside_scope(entry.ref))
        letter = "u" if entry.resource else "d"
        queries = call.caller.queries(entry.ref.partition("/")[0], letter)
        if not all(queries) or held.hash == entry.digest:
            return
        resource = reading.latest([entry.ref])[entry.ref].resource
        if not any(search.matches(resource, query) for query in queries):
            raise HttpError(403, problems.outside_scope(entry.ref))

    return may
