"""Provide Document Bundle (ITI-65) at the FHIR door."""

from __future__ import annotations

from lienthong.documents import provided, providing
from lienthong.documents.providing import Publisher
from lienthong.foundation.wsgi import Response
from lienthong.records.api.call import Call


def provide(call: Call) -> Response | None:
    """Takes a transaction Bundle that says that it is a Provide Document Bundle; None for every other.

    Raises:
        LienThongError: as :func:`.providing.take`; HttpError: 403, the caller's scopes do not cover it.
    """
    bundle, _ = call.resource()
    if not provided.is_provide(bundle):
        return None
    kinds = {
        str(entry.get("request", {}).get("url", ""))
        for entry in bundle.get("entry", ())
        if isinstance(entry, dict)
    }
    for kind in sorted(kinds):
        call.caller.needs(kind, "c")
    node = call.caller.kind == "node"
    publisher = Publisher(call.caller.facility if node else call.caller.id, signs=node)
    taken = providing.take(
        bundle, publisher=publisher, actor=call.caller.actor, why=call.caller.purpose, base=call.base
    )
    return call.answer(taken)
