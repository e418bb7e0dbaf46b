"""Chains through references, ``subject:Patient.name=…``, and reverse ones, ``_has:Observation:patient:code=…``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from django.db import connection

from lienthong.records import keys
from lienthong.records.search import asking, fields, planning, problems, references
from lienthong.records.search.asking import Name
from lienthong.records.search.conditions import (
    SEEK,
    Condition,
    Source,
    Sql,
    Subject,
    any_of,
    joined,
    marks,
)
from lienthong.records.search.fields import Field

Inner = Callable[[str, str, str], list[Condition]]
"""Type, parameter and value to the conditions on a resource of that type, what may be seen included; the
parameter's own comes first."""

MOST_RESOLVED = 2000


def forward(kinds: tuple[str, ...], name: Name, value: str, inner: Inner) -> Condition:
    """The condition that a reference points to a resource that fits.

    Raises:
        LienThongError: no such parameter or type.
    """
    field = _reference(kinds, name.whole, name.code)
    further = asking.name(name.rest).code
    allowed = references.targets(field, name.whole, name.modifier)
    having = [kind for kind in allowed if further in ("_has", "_id") or fields.field((kind,), further)]
    if not having:
        known = {code for kind in allowed[:5] for code in fields.known((kind,))}
        raise problems.unknown_parameter(name.rest, "/".join(allowed[:5]), known)
    return any_of(
        name.whole, [_through(field, name.whole, kind, inner(kind, name.rest, value)) for kind in having]
    )


def reverse(kinds: tuple[str, ...], name: Name, value: str, inner: Inner) -> Condition:
    """The condition that a resource of another type that fits points here.

    Raises:
        LienThongError: no such parameter or type.
    """
    kind, _, code = name.modifier.partition(":")
    if kind not in fields.types():
        raise problems.unknown_type(name.whole, kind)
    field = _reference((kind,), name.whole, code)
    if field.targets and not set(field.targets) & set(kinds or field.targets):
        raise problems.unknown_type(name.whole, kinds[0])
    return _pointed(field, name.whole, kind, inner(kind, name.rest, value))


def listed(kinds: tuple[str, ...], name: Name, values: Sequence[str], inner: Inner) -> Condition:
    """The condition of being an item of a List that is named by its id.

    Raises:
        LienThongError: a list that a server would have to compute, as ``$current-problems``, or no id.
    """
    if name.modifier:
        raise problems.bad_modifier(name.whole, name.modifier, [])
    for value in values:
        if value.startswith("$"):
            raise problems.unsupported(
                f"_list={value}",
                "Chỉ tìm theo List đã lưu: _list=<mã của List>.",
                "Only a List that is stored can be searched in: _list=<id of the List>.",
            )
    return reverse(kinds, Name(name.whole, "_has", "List:item", "_id"), ",".join(values), inner)


def related(field: Field, name: Name, values: Sequence[str], inner: Inner, base: str) -> Condition:
    """The condition that a reference points to one of the values, or to what is part of it (``:below``) or it is part
    of (``:above``), however far.

    Raises:
        LienThongError: nothing that it may point to has parts of its own type; too many are related.
    """
    parts = {kind: part for kind in field.targets or fields.types() if (part := _part_of(kind))}
    if not parts:
        raise problems.bad_modifier(name.whole, name.modifier, references.MODIFIERS[:2])

    def build() -> Condition:
        found: set[int] = set()
        for kind, part in parts.items():
            first = references.within(kind, name.whole, values, base)
            found |= _hierarchy(name, kind, part, first, inner)
        return references.linked(field, name.whole, sorted(found) or [0])

    references.within("", name.whole, values, base)
    return _resolved(name.whole, build)


def _part_of(kind: str) -> Field | None:
    """The parameter by which resources of a type are parts of others of it."""
    found = (fields.field((kind,), code) for code in ("partof", "part-of"))
    return next((one for one in found if one and one.type == "reference" and kind in one.targets), None)


def _hierarchy(name: Name, kind: str, part: Field, first: Sequence[int], inner: Inner) -> set[int]:
    """The numbers of what is related to some resources of a type, their own included."""
    seen, fresh = set(first), list(first)
    visible = inner(kind, "_id", "")
    while fresh:
        if name.modifier == "below":
            stored = planning.everything(
                name.whole, (kind,), [references.linked(part, name.whole, fresh), *visible], MOST_RESOLVED
            )
            found = {keys.ref_key(one.ref) for one in stored}
        else:
            stored = planning.everything(
                name.whole, (kind,), [_among(name.whole, fresh), *visible], MOST_RESOLVED
            )
            found = {number for one in stored for number in _targets(part, Subject(one.resource))}
        fresh = sorted(found - seen)
        seen |= found
        if len(seen) > MOST_RESOLVED:
            raise problems.too_broad(name.whole, MOST_RESOLVED)
    return seen


def _reference(kinds: tuple[str, ...], name: str, code: str) -> Field:
    field = fields.field(kinds, code)
    if field is None:
        raise problems.unknown_parameter(name, kinds[0] if kinds else "", fields.known(kinds))
    if field.type != "reference":
        there = [one for one in fields.known(kinds) if _is_reference(kinds, one)]
        raise problems.unknown_parameter(name, kinds[0] if kinds else "", there)
    return field


def _is_reference(kinds: tuple[str, ...], code: str) -> bool:
    found = fields.field(kinds, code)
    return found is not None and found.type == "reference"


def _through(field: Field, name: str, kind: str, inner: Sequence[Condition]) -> Condition:
    if not all(one.exact for one in inner):
        return _resolved(name, lambda: references.linked(field, name, _keys(name, kind, inner)))

    def source() -> Source | None:
        first = inner[0].source()
        if first is None:
            return None
        text, args = joined(" AND ", [one.test("t") for one in inner], "TRUE")
        return Source(
            f"SELECT l.resource FROM ({first.text}) s CROSS JOIN records_resource t CROSS JOIN records_link l"
            f" WHERE t.id = s.resource AND {text} AND l.target = t.key AND l.param {marks(field.params)}",
            (*first.args, *args, *field.params),
            scan=first.scan,
            span=first.span,
        )

    def test(alias: str) -> Sql:
        to = f"{alias}t"
        text, args = joined(" AND ", [one.test(to) for one in inner], "TRUE")
        return Sql(
            f"EXISTS (SELECT 1 FROM records_link l CROSS JOIN records_resource {to} WHERE l.resource = {alias}.id"
            f" AND l.param {marks(field.params)} AND {to}.key = l.target AND {text}{SEEK}",
            (*field.params, *args),
        )

    return Condition(name, source, test, lambda subject: _stored(name, test, subject))


def _pointed(field: Field, name: str, kind: str, inner: Sequence[Condition]) -> Condition:
    if not all(one.exact for one in inner):
        return _resolved(name, lambda: _among(name, _targets_of(field, name, kind, inner)))

    def source() -> Source | None:
        first = inner[0].source()
        if first is None:
            return None
        text, args = joined(" AND ", [one.test("t") for one in inner], "TRUE")
        return Source(
            f"SELECT h.id AS resource FROM ({first.text}) s CROSS JOIN records_resource t CROSS JOIN records_link l"
            f" CROSS JOIN records_resource h WHERE t.id = s.resource AND {text} AND l.resource = t.id"
            f" AND l.param {marks(field.params)} AND h.key = l.target",
            (*first.args, *args, *field.params),
            scan=first.scan,
            span=first.span,
        )

    def test(alias: str) -> Sql:
        by = f"{alias}h"
        text, args = joined(" AND ", [one.test(by) for one in inner], "TRUE")
        return Sql(
            f"EXISTS (SELECT 1 FROM records_link l CROSS JOIN records_resource {by} WHERE l.target = {alias}.key"
            f" AND l.param {marks(field.params)} AND {by}.id = l.resource AND {text}{SEEK}",
            (*field.params, *args),
        )

    return Condition(name, source, test, lambda subject: _stored(name, test, subject))


def _resolved(name: str, build: Callable[[], Condition]) -> Condition:
    """A condition whose other side only bodies can decide: it is searched first, once, when it is needed."""
    found = cache(build)
    return Condition(
        name,
        lambda: found().source(),
        lambda alias: found().test(alias),
        lambda subject: _stored(name, lambda alias: found().test(alias), subject),
    )


def _targets(field: Field, subject: Subject) -> list[int]:
    return [target for target, param in subject.rows.links if param in field.params]


def _ref(subject: Subject) -> str:
    return f"{subject.kind}/{subject.resource.get('id', '')}"


def _stored(name: str, test: Callable[[str], Sql], subject: Subject) -> bool:
    """Asks the store about one resource of it."""
    if not subject.number:
        raise problems.not_in_memory(name)
    text, args = test("r")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 1 FROM records_resource r WHERE r.id = %s AND {text}", [subject.number, *args]
        )
        return cursor.fetchone() is not None


def _keys(name: str, kind: str, inner: Sequence[Condition]) -> list[int]:
    found = planning.everything(name, (kind,), inner, MOST_RESOLVED)
    return [keys.ref_key(stored.ref) for stored in found] or [0]


def _targets_of(field: Field, name: str, kind: str, inner: Sequence[Condition]) -> list[int]:
    found = planning.everything(name, (kind,), inner, MOST_RESOLVED)
    subjects = [Subject(stored.resource) for stored in found]
    return sorted({number for subject in subjects for number in _targets(field, subject)}) or [0]


def _among(name: str, numbers: Sequence[int]) -> Condition:
    text = f"key {marks(numbers)}"
    return Condition(
        name,
        lambda: Source(f"SELECT id AS resource FROM records_resource WHERE {text}", tuple(numbers)),
        lambda alias: Sql(f"{alias}.{text}", tuple(numbers)),
        lambda subject: keys.ref_key(_ref(subject)) in numbers,
    )
