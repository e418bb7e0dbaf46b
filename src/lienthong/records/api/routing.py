"""Which interaction a method and a path mean (R4, section "RESTful API", "Summary")."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records import validation
from lienthong.records.api import batch, create, delete, finding, history, patch, problems, read, update
from lienthong.records.api.call import Call
from lienthong.records.api.operations import Operation
from lienthong.records.api.preparing import ID

Answers = Callable[[Call, list[str]], Response | None]
"""Takes a call that another part answers, else None."""


@dataclass(frozen=True, slots=True)
class Table:
    """What the door of a node has beside the interactions of the store.

    Attributes:
        operations: ``$name``.
        owners: resource type to the part that answers for it first (writes of transfers, bytes of a Binary …).
        bundles: the same for a transaction as a whole.
    """

    operations: Sequence[Operation] = ()
    owners: Mapping[str, Answers] = field(default_factory=dict)
    bundles: Sequence[Callable[[Call], Response | None]] = ()

    def operation(self, name: str, kind: str, level: str) -> Operation | None:
        """The operation of that name for a type, or for every type."""
        fit = [one for one in self.operations if one.name == name and level in one.levels]
        return next((one for one in fit if one.kind == kind), None) or next(
            (one for one in fit if not one.kind and kind), None
        )


def route(call: Call, table: Table) -> Response:
    """Answers a call on a resource, a type or the system (but ``metadata`` and the tokens).

    Raises:
        HttpError: 404, 405 where there is no such interaction, and whatever the interaction raises.
    """
    steps = call.steps
    if not steps:
        return _system(call, table)
    if steps[0].startswith("$"):
        return _operation(call, table, "", "", steps)
    if steps == ["_history"]:
        _only(call, "GET")
        return history.history(call)
    if steps == ["_search"]:
        _only(call, "POST")
        return finding.find(call)
    kind, *rest = steps
    if not validation.is_type(kind):
        raise HttpError(404, problems.no_door("/".join(steps)))
    if kind in table.owners:
        response = table.owners[kind](call, rest)
        if response is not None:
            return response
    return _of_type(call, table, kind) if not rest else _below(call, table, kind, rest)


def _system(call: Call, table: Table) -> Response:
    if call.method in ("GET", "HEAD"):
        return finding.find(call)
    _only(call, "GET, POST", "POST")
    return batch.batch(call, lambda inner: route(inner, table), table.bundles)


def _of_type(call: Call, table: Table, kind: str) -> Response:
    method = call.method
    if method in ("GET", "HEAD"):
        return finding.find(call, kind)
    if method == "POST":
        return create.create(call, kind)
    if method in ("PUT", "PATCH", "DELETE") and not call.query:
        raise HttpError(405, problems.no_door(kind), headers=(("Allow", "GET, POST"),))
    if method == "PUT":
        return update.conditional(call, kind)
    if method == "PATCH":
        return patch.conditional(call, kind)
    _only(call, "GET, POST, PUT, PATCH, DELETE", "DELETE")
    return delete.conditional(call, kind)


def _below(call: Call, table: Table, kind: str, rest: list[str]) -> Response:
    first, *more = rest
    if first.startswith("$"):
        return _operation(call, table, kind, "", rest)
    if rest == ["_search"]:
        _only(call, "POST")
        return finding.find(call, kind)
    if rest == ["_history"]:
        _only(call, "GET")
        return history.history(call, kind)
    if not ID.fullmatch(first):
        raise HttpError(404, problems.not_found(f"{kind}/{first}"))
    if not more:
        return _instance(call, kind, first)
    if more[0].startswith("$"):
        return _operation(call, table, kind, first, more)
    if more[0] == "_history" and len(more) == 1:
        _only(call, "GET")
        return history.history(call, kind, first)
    if more[0] == "_history" and len(more) == 2:
        _only(call, "GET")
        return read.vread(call, kind, first, more[1])
    return _compartment(call, kind, first, more)


def _instance(call: Call, kind: str, id: str) -> Response:
    method = call.method
    if method in ("GET", "HEAD"):
        return read.read(call, kind, id)
    if method == "PUT":
        return update.update(call, kind, id)
    if method == "PATCH":
        return patch.patch(call, kind, id)
    _only(call, "GET, PUT, PATCH, DELETE", "DELETE")
    return delete.delete(call, kind, id)


def _compartment(call: Call, kind: str, id: str, more: list[str]) -> Response:
    wanted = "" if more[0] == "*" else more[0]
    searched = len(more) == 2 and more[1] == "_search"
    if kind != "Patient" or len(more) > 1 + searched or (wanted and not validation.is_type(wanted)):
        raise HttpError(404, problems.no_door("/".join([kind, id, *more])))
    _only(call, "POST" if searched else "GET")
    return finding.find(call, wanted, patient=id)


def _operation(call: Call, table: Table, kind: str, id: str, steps: list[str]) -> Response:
    level = "instance" if id else "type" if kind else "system"
    found = table.operation(steps[0][1:], kind, level) if len(steps) == 1 else None
    if found is None:
        raise HttpError(404, problems.no_door("/".join(call.steps)))
    _only(call, "POST" if found.affects else "GET, POST, DELETE" if found.ends else "GET, POST")
    if kind:
        call.caller.needs(kind, found.letter)
    return found.run(call, id)


def _only(call: Call, allowed: str, *here: str) -> None:
    """Raises HttpError 405 for other methods than ``here``, which are all that are ``allowed`` where none is named."""
    method = "GET" if call.method == "HEAD" else call.method
    if method not in (here or allowed.split(", ")):
        raise HttpError(405, problems.no_door("/".join(call.steps)), headers=(("Allow", allowed),))
