"""Parameters of the type reference (R4, section 3.1.1.4.12)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lienthong.records import keys
from lienthong.records.search import asking, problems
from lienthong.records.search.conditions import SEEK, Condition, Source, Sql, Subject, any_of, marks
from lienthong.records.search.fields import Field, types

MODIFIERS = ("missing", "identifier", "above", "below")
_LOCAL = re.compile(r"([A-Z][A-Za-z]{1,39})/([A-Za-z0-9.-]{1,64})(?:/_history/([A-Za-z0-9.-]{1,64}))?")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_WANTED = "id, Type/id, https://…/Type/id"


def condition(field: Field, name: str, modifier: str, values: Sequence[str], base: str) -> Condition:
    """The condition for one reference parameter.

    Args:
        modifier: ``identifier`` or a type; :func:`.chains.related` answers ``above`` and ``below``.
        base: address of this server's FHIR door, without a slash at the end; empty if not known.

    Raises:
        LienThongError: a modifier or value that does not go.
    """
    if modifier == "identifier":
        return any_of(name, [_logical(field, name, value) for value in values])
    kinds = list(targets(field, name, modifier))
    return any_of(name, [_one(field, name, kinds, asking.plain(value), base) for value in values])


def targets(field: Field, name: str, kind: str) -> Sequence[str]:
    """The types that a reference may point to: that one, or all that the parameter allows.

    Raises:
        LienThongError: not one of them.
    """
    allowed = field.targets or types()
    if not kind:
        return allowed
    if kind not in types():
        raise problems.bad_modifier(name, kind, [*MODIFIERS, *allowed[:20]])
    if kind not in allowed:
        raise problems.unknown_type(name, kind)
    return [kind]


def within(kind: str, name: str, values: Sequence[str], base: str) -> list[int]:
    """The numbers of what the values name of one type (empty: only look at how they are written).

    Raises:
        LienThongError: neither an id nor a reference to this server.
    """
    found = []
    for value in values:
        local = asking.plain(value).removeprefix(f"{base}/" if base else "")
        match = _LOCAL.fullmatch(local)
        if match is None and not _ID.fullmatch(local):
            raise problems.bad_value(name, value, "id, Type/id")
        ref = f"{kind}/{local}" if match is None else f"{match[1]}/{match[2]}"
        if ref.startswith(f"{kind}/"):
            found.append(keys.ref_key(ref))
    return found


def linked(field: Field, name: str, numbers: Sequence[int]) -> Condition:
    """The condition that a reference points to one of the numbers."""
    wanted = frozenset(numbers)
    given = (*numbers, *field.params)
    where = f"target {marks(numbers)} AND param {marks(field.params)}"
    ordered = len(given) == 2
    source = Source(f"SELECT resource FROM records_link WHERE {where}", given, ordered)

    def test(alias: str) -> Sql:
        return Sql(
            f"EXISTS (SELECT 1 FROM records_link i WHERE i.target {marks(numbers)}"
            f" AND i.param {marks(field.params)} AND i.resource = {alias}.id{SEEK}",
            given,
        )

    def holds(subject: Subject) -> bool:
        return any(target in wanted and p in field.params for target, p in subject.rows.links)

    return Condition(name, lambda: source, test, holds)


def _one(field: Field, name: str, kinds: Sequence[str], value: str, base: str) -> Condition:
    local = value.removeprefix(f"{base}/") if base else value
    match = _LOCAL.fullmatch(local)
    if match is None and _ID.fullmatch(local):
        return linked(field, name, [key for kind in kinds for key in _keys(f"{kind}/{local}", base)])
    if match is None:
        if ":" not in value:
            raise problems.bad_value(name, value, _WANTED)
        return linked(field, name, [keys.hash64(value.partition("/_history/")[0])])
    kind, id, version = match.groups()
    if kind not in kinds:
        raise problems.unknown_type(name, kind)
    found = linked(field, name, _keys(f"{kind}/{id}", base))
    if not version:
        return found

    def holds(subject: Subject) -> bool:
        texts = (one.get("reference") for one in subject.values(field.code) if isinstance(one, dict))
        return any(isinstance(text, str) and text.removeprefix(f"{base}/") == local for text in texts)

    return Condition(name, found.source, found.test, holds, exact=False)


def _keys(ref: str, base: str) -> list[int]:
    """The numbers of a reference to a resource of this server, relative and absolute."""
    return [keys.ref_key(ref), *([keys.hash64(f"{base}/{ref}")] if base else [])]


def _logical(field: Field, name: str, value: str) -> Condition:
    system, code = asking.token(value)
    if not code:
        raise problems.bad_value(name, value, "system|value")
    if system is not None:
        return linked(field, name, [keys.hash64(f"{system}|{code}")])

    def holds(subject: Subject) -> bool:
        found = (one.get("identifier") for one in subject.values(field.code) if isinstance(one, dict))
        return any(isinstance(one, dict) and one.get("value") == code for one in found)

    bare = linked(field, name, [keys.hash64(f"|{code}")])
    return Condition(
        name, lambda: None, lambda alias: Sql("TRUE"), lambda s: holds(s) or bare.holds(s), False
    )
