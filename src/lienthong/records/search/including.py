"""``_include`` and ``_revinclude``: what the matches point to, and what points to them, each once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from lienthong.records import index, keys, reading, sql
from lienthong.records.reading import Stored
from lienthong.records.search import fields, problems
from lienthong.records.search.compiling import Compiler
from lienthong.records.search.conditions import Sql, Subject, joined, marks
from lienthong.records.search.planning import fetched

MOST = 1000
_ROUNDS = 10
_CHUNK = 400


class Include(NamedTuple):
    """One ``_include`` or ``_revinclude``.

    Attributes:
        kind: the type that has the reference; ``*`` for every type.
        code: the parameter; ``*`` for every reference.
        target: the only type to point to, or empty.
        reverse: ``_revinclude``.
        iterate: also from what was included.
    """

    kind: str
    code: str
    target: str
    reverse: bool
    iterate: bool


def read(name: str, value: str) -> Include:
    """Reads ``_include=Observation:subject:Patient``.

    Raises:
        LienThongError: no such type or reference.
    """
    code, _, modifier = name.partition(":")
    if modifier not in ("", "iterate", "recurse"):
        raise problems.bad_modifier(name, modifier, ["iterate"])
    kind, _, rest = value.partition(":")
    parameter, _, target = rest.partition(":")
    if value == "*":
        return Include("*", "*", "", code == "_revinclude", bool(modifier))
    if kind not in fields.types():
        raise problems.unknown_type(name, kind)
    if target and target not in fields.types():
        raise problems.unknown_type(name, target)
    there = index.parameters(kind)
    if parameter != "*" and (parameter not in there or there[parameter].type != "reference"):
        references = [one for one, definition in there.items() if definition.type == "reference"]
        raise problems.unknown_parameter(f"{name}={kind}:{parameter}", kind, references)
    return Include(kind, parameter, target, code == "_revinclude", bool(modifier))


def included(matches: Sequence[Stored], includes: Sequence[Include], compiler: Compiler) -> list[Stored]:
    """What goes with the matches, without them.

    Raises:
        LienThongError: more than :data:`MOST`.
    """
    seen = {stored.ref for stored in matches}
    found: list[Stored] = []
    fresh: Sequence[Stored] = matches
    for turn in range(_ROUNDS):
        wanted = [one for one in includes if turn == 0 or one.iterate]
        if not fresh or not wanted:
            break
        new = [
            one
            for one in _visible(_forward(fresh, wanted) | _backward(fresh, wanted), compiler)
            if one.ref not in seen
        ]
        seen |= {stored.ref for stored in new}
        found += new
        if len(found) > MOST:
            raise problems.too_many_included(MOST)
        fresh = new
    return found


def _forward(sources: Sequence[Stored], includes: Iterable[Include]) -> dict[int, str]:
    """Numbers and types of what they point to."""
    targets: dict[int, set[str]] = {}
    for include in includes:
        for stored in sources if not include.reverse else ():
            for parameter in _references(include, stored.type):
                params = {keys.param(stored.type, code) for code in parameter.stored}
                kinds = {include.target} if include.target else set(parameter.targets) or {""}
                for target, param in index.rows(stored.resource).links:
                    if param in params:
                        targets.setdefault(target, set()).update(kinds)
    found: dict[int, str] = {}
    for chunk in _chunks(sorted(targets)):
        rows = fetched(
            Sql(f"SELECT key, id, type FROM records_resource WHERE key {marks(chunk)}", tuple(chunk))
        )
        found |= {number: kind for key, number, kind in rows if targets[key] & {"", kind}}
    return found


def _backward(targets: Sequence[Stored], includes: Iterable[Include]) -> dict[int, str]:
    """Numbers and types of what points to them."""
    found: dict[int, str] = {}
    for include in includes:
        if not include.reverse:
            continue
        parameters = _references(include, include.kind) if include.kind != "*" else []
        kinds = {kind for one in parameters for kind in one.targets}
        params = sorted({keys.param(include.kind, code) for one in parameters for code in one.stored})
        wanted = [s for s in targets if include.target in ("", s.type) and (not kinds or s.type in kinds)]
        more = f" AND l.param {marks(params)}" if params else ""
        for chunk in _chunks([keys.ref_key(stored.ref) for stored in wanted]):
            text = (
                "SELECT r.id, r.type FROM records_link l JOIN records_resource r ON r.id = l.resource"
                f" WHERE l.target {marks(chunk)}{more} LIMIT %s"
            )
            found |= dict(fetched(Sql(text, (*chunk, *params, 4 * MOST))))
            if len(found) >= 4 * MOST:
                raise problems.too_many_included(MOST)
    return found


def _references(include: Include, kind: str) -> list[index.Parameter]:
    """The parameters of a type that an include follows."""
    if include.kind not in (kind, "*"):
        return []
    there = index.parameters(kind).values()
    return [one for one in there if one.type == "reference" and include.code in (one.code, "*")]


def _visible(found: Mapping[int, str], compiler: Compiler) -> list[Stored]:
    """Those of the numbers, each with its type, that may be seen."""
    if not found:
        return []
    conditions = compiler.visible(tuple(sorted(set(found.values()))))
    inexact = [condition for condition in conditions if not condition.exact]
    where = joined(" AND ", [condition.test("r") for condition in conditions], "TRUE")
    allowed: list[Stored] = []
    for chunk in _chunks(sorted(found)):
        text = f"{sql.READ} WHERE r.id {marks(chunk)} AND {where.text} ORDER BY r.id"
        allowed += reading.stored(fetched(Sql(text, (*chunk, *where.args))))
        if len(allowed) > 2 * MOST:
            raise problems.too_many_included(MOST)
    if not inexact:
        return allowed
    subjects = [(stored, Subject(stored.resource, stored.number, stored.updated)) for stored in allowed]
    return [stored for stored, subject in subjects if all(one.holds(subject) for one in inexact)]


def _chunks(values: Sequence[int]) -> list[Sequence[int]]:
    return [values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK)]
