"""JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7396) on one resource."""

from __future__ import annotations

import copy
from typing import Any

from lienthong.foundation.wsgi import HttpError
from lienthong.records.api import problems

MOST_OPERATIONS = 100


def patched(resource: dict[str, Any], operations: Any) -> dict[str, Any]:
    """A copy with the operations of RFC 6902 done in their order.

    Raises:
        HttpError: 422: no such operation or place, or a test that fails.
    """
    if not isinstance(operations, list) or len(operations) > MOST_OPERATIONS:
        raise _wrong(f"0–{MOST_OPERATIONS}")
    value = copy.deepcopy(resource)
    for operation in operations:
        try:
            op, path = operation["op"], _steps(operation["path"])
            if op in ("move", "copy"):
                source = _steps(operation["from"])
                moved = copy.deepcopy(_at(value, source))
                if op == "move":
                    _do(value, "remove", source, None)
                _do(value, "add", path, moved)
            else:
                _do(value, op, path, None if op == "remove" else operation["value"])
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise _wrong(str(operation)[:100]) from error
    return value


def merged(held: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    """A copy with the members of ``wanted``; null takes a member away."""
    found = dict(held) if isinstance(held, dict) else {}
    for name, value in wanted.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), value) if isinstance(value, dict) else value
    return found


def _steps(pointer: str) -> list[str]:
    if not pointer.startswith("/"):
        raise ValueError(pointer)
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _at(root: Any, path: list[str]) -> Any:
    for step in path:
        root = root[_place(root, step)]
    return root


def _do(root: Any, op: str, path: list[str], given: Any) -> None:
    *outer, last = path
    inner = _at(root, outer)
    if op == "add" and isinstance(inner, list):
        inner.insert(len(inner) if last == "-" else _index(last, len(inner)), given)
        return
    place = last if op == "add" else _place(inner, last)
    if op == "test":
        if not _same(inner[place], given):
            raise ValueError("test")
    elif op == "remove":
        del inner[place]
    elif op in ("add", "replace"):
        inner[place] = given
    else:
        raise ValueError(op)


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON: members in any order, numbers by value; true is no 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _place(inner: Any, step: str) -> Any:
    """The key or index of something that is there."""
    if isinstance(inner, list):
        return _index(step, len(inner) - 1)
    if not isinstance(inner, dict) or step not in inner:
        raise KeyError(step)
    return step


def _index(step: str, most: int) -> int:
    if not (step.isascii() and step.isdigit() and int(step[:9]) <= most):
        raise IndexError(step)
    return int(step)


def _wrong(what: str) -> HttpError:
    return HttpError(422, problems.not_understood(f"JSON Patch: {what}"))
