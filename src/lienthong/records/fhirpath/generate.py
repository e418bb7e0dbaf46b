"""From the tree of an expression to Python source.

Types are known while generating: steps go straight to the JSON members that R4 allows, choices and type tests are
mostly decided before anything runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from lienthong.records.fhirpath import model, runtime
from lienthong.records.fhirpath.syntax import (
    Binary,
    Call,
    External,
    Index,
    Literal,
    Member,
    Negative,
    Node,
    NotCompiled,
    This,
    TypeTest,
)

Types = frozenset[str]

_SYSTEM = {
    "Boolean": "boolean",
    "String": "string",
    "Integer": "integer",
    "Decimal": "decimal",
    "Date": "date",
    "DateTime": "dateTime",
    "Time": "time",
}
_CONSTANTS = {
    "ucum": "http://unitsofmeasure.org",
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
}
_ABSTRACT = frozenset({"Resource", "DomainResource"})


@dataclass(frozen=True, slots=True)
class Code:
    """Generated source with what is known of its value.

    Attributes:
        text: a Python expression.
        truth: it gives a truth, not a collection.
        certain: a truth that is never None.
        types: what its items may be; None if not known.
        carried: its primitives carry their type.
        dated: it is a literal date or time.
    """

    text: str
    truth: bool = False
    certain: bool = False
    types: Types | None = None
    carried: bool = False
    dated: bool = False

    @property
    def items(self) -> str:
        """As a collection."""
        if not self.truth:
            return self.text
        return f"[{self.text}]" if self.certain else f"some({self.text})"

    @property
    def test(self) -> str:
        """As a truth."""
        return self.text if self.truth else f"truth({self.text})"

    @property
    def nothing(self) -> bool:
        """Whether it is empty whatever the resource holds."""
        return not self.truth and self.types == frozenset()

    @property
    def dates(self) -> bool:
        return self.dated or bool(self.types and self.types <= model.DATES)


_NOTHING = Code("[]", types=frozenset())


def source(node: Node, kind: str) -> str:
    """A Python function ``expression(this, resource, root)`` for a tree that begins at a type."""
    code = Generator(kind).start_code(node)
    return f"def expression(this, resource, root):\n    return plains({code.items})\n"


def function(text: str) -> Callable[[Any, Any, Any], list[Any]]:
    """The function that :func:`source` wrote."""
    names: dict[str, Any] = {**vars(runtime), "Decimal": Decimal}
    exec(compile(text, "<fhirpath>", "exec"), names)  # noqa: S102
    made: Callable[[Any, Any, Any], list[Any]] = names["expression"]
    return made


def _certain(text: str) -> Code:
    return Code(text, truth=True, certain=True)


def _text(value: str) -> Code:
    return Code(f"[{value!r}]", types=frozenset({"string"}))


class Generator:
    """Writes Python for trees that begin at a type."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.variables = 0

    def start_code(self, node: Node) -> Code:
        """The source for a tree; in it ``this`` is the focus, ``resource`` and ``root`` are the external constants."""
        return self.code(node, Code("[this]", types=frozenset({self.kind})))

    def code(self, node: Node, this: Code) -> Code:
        match node:
            case Literal():
                return self.literal(node)
            case This():
                return this
            case External():
                return self.external(node, this)
            case Member(target, name):
                return self.member(target, name, this)
            case Call():
                return self.call(node, this)
            case Index(target, position):
                found = self.code(target, this)
                if not (isinstance(position, Literal) and position.value.__class__ is int):
                    raise NotCompiled("only a number can stand in [ ]")
                return replace(
                    found, text=f"{found.items}[{position.value}:{position.value + 1}]", truth=False
                )
            case TypeTest():
                return self.type_test(node, this)
            case Binary():
                return self.binary(node, this)
            case Negative(operand):
                return Code(f"reckon([0], {self.code(operand, this).items}, '-')")

    def literal(self, node: Literal) -> Code:
        if node.value is None:
            return _NOTHING
        if isinstance(node.value, bool):
            return _certain(repr(node.value))
        if node.date:
            return Code(f"[{node.value!r}]", dated=True)
        return _text(node.value) if isinstance(node.value, str) else Code(f"[{node.value!r}]")

    def external(self, node: External, this: Code) -> Code:
        top = self.kind.partition(".")[0]
        types = frozenset({top}) if model.resource(top) else None
        if node.name == "resource":
            return Code("[resource]", types=types)
        if node.name == "rootResource":
            return Code("[root]")
        if node.name == "context":
            return Code("[this]", types=frozenset({self.kind}))
        if node.name in _CONSTANTS:
            return _text(_CONSTANTS[node.name])
        raise NotCompiled(f"%{node.name} is not supported")

    def each(self, types: Types | None, carried: bool) -> tuple[str, Code]:
        """A new variable for one item of a collection."""
        self.variables += 1
        name = f"item{self.variables}"
        return name, Code(f"[{name}]", types=types, carried=carried)

    # Steps

    def member(self, target: Node | None, name: str, this: Code) -> Code:
        if target is None:
            start = self.start(name, this)
            if start is not None:
                return start
        return self.step(self.code(target or This(), this), name)

    def start(self, name: str, this: Code) -> Code | None:
        """A path may begin with a type: the item itself if it is of that type, else nothing."""
        if not name[0].isupper() or not model.known(name) or this.types is None:
            return None
        if any(name in model.elements(kind) for kind in this.types):
            return None
        if all(model.is_a(kind, name) for kind in this.types):
            return this
        if self.types_of(this.types, name):
            return self.narrowed(this, name)
        return _NOTHING

    def step(self, owner: Code, name: str, only: str = "") -> Code:
        """The elements of that name; of a choice, only those of a type if one is given."""
        if owner.types is None or owner.types & _ABSTRACT:
            known = {
                pair
                for kind in owner.types or ()
                for pair in model.elements(kind).get(name, _NO_ELEMENT).keys
            }
            if not known:
                return Code(f"primitives({owner.items}, {name!r}, '')")
        found = [model.elements(kind)[name] for kind in owner.types or () if name in model.elements(kind)]
        if not found:
            if owner.types:
                raise NotCompiled(f"{'|'.join(sorted(owner.types))} has no element {name!r}")
            return _NOTHING
        keys = list(dict.fromkeys(pair for element in found for pair in element.keys))
        keys = [(key, kind) for key, kind in keys if not only or model.is_a(kind, only)]
        types = frozenset(kind for _, kind in keys)
        if not keys:
            return _NOTHING
        if len(keys) > 1:
            table = tuple((key, f"_{key}" if model.primitive(kind) else "", kind) for key, kind in keys)
            return Code(f"choice({owner.items}, {table!r})", types=types, carried=True)
        key, kind = keys[0]
        if model.primitive(kind):
            return Code(f"primitives({owner.items}, {key!r}, {kind!r})", types=types)
        return Code(f"step({owner.items}, {key!r})", types=types)

    # Types

    def type_test(self, node: TypeTest, this: Code) -> Code:
        wanted = _SYSTEM.get(node.type, node.type)
        operand = self.chosen(node, wanted, this) if node.operator == "as" else None
        if operand is not None:
            return operand
        operand = self.code(node.operand, this)
        if operand.truth:
            right = wanted == "boolean"
            narrowed = operand if right else _NOTHING
        else:
            narrowed = self.narrowed(operand, wanted)
        if node.operator == "as":
            return narrowed
        if narrowed.nothing:
            return Code(f"is_one({operand.items}, lambda one: False)", truth=True)
        name, _ = self.each(None, False)
        one = replace(operand, text=f"[{name}]", truth=False)
        test = one if operand.truth else self.narrowed(one, wanted)
        return Code(f"is_one({operand.items}, lambda {name}: bool({test.items}))", truth=True)

    def chosen(self, node: TypeTest, wanted: str, this: Code) -> Code | None:
        """``value as Quantity`` of a choice: the one JSON member."""
        member = node.operand
        if not isinstance(member, Member) or not model.known(wanted):
            return None
        if member.target is None and self.start(member.name, this) is not None:
            return None
        owner = self.code(member.target or This(), this)
        found = [model.elements(kind).get(member.name) for kind in owner.types or ()]
        if not any(element and len(element.keys) > 1 for element in found):
            return None
        return self.step(owner, member.name, only=wanted)

    def types_of(self, types: Types, wanted: str) -> Types:
        """Which of the types can be what is wanted."""
        return frozenset(k for k in types if model.is_a(k, wanted) or model.is_a(wanted, k))

    def narrowed(self, operand: Code, wanted: str) -> Code:
        """The items of a type."""
        if not model.known(wanted):
            return _NOTHING
        if operand.types is not None:
            possible = self.types_of(operand.types, wanted)
            if not possible:
                return _NOTHING
            if all(model.is_a(kind, wanted) for kind in operand.types):
                return operand
        if model.resource(wanted):
            names = frozenset(n for n in model.resource_types() if model.is_a(n, wanted))
            return self._kept(operand, wanted, frozenset(), False, names)
        if model.primitive(wanted):
            if operand.types is not None and not operand.carried:
                raise NotCompiled(f"whether a value is {wanted} cannot be told here")
            names = frozenset(n for n in _PRIMITIVES if model.is_a(n, wanted))
            return self._kept(operand, wanted, names, False, None)
        others = [k for k in operand.types or ("",) if not model.primitive(k) and not model.is_a(k, wanted)]
        if others:
            raise NotCompiled(f"whether an element is {wanted} cannot be told here")
        return self._kept(operand, wanted, frozenset(), True, None)

    def _kept(
        self, operand: Code, wanted: str, primitive: Types, complex: bool, resources: Types | None
    ) -> Code:
        told = "None" if resources is None else _set(resources)
        text = f"of_type({operand.items}, {_set(primitive)}, {complex}, {told})"
        return Code(text, types=frozenset({wanted}), carried=operand.carried)

    # Operators

    def binary(self, node: Binary, this: Code) -> Code:
        operator = node.operator
        if operator == "|":
            return self.union(_joined(node, "|"), this)
        if operator in ("in", "contains"):
            wanted, held = (node.left, node.right) if operator == "in" else (node.right, node.left)
            texts = [part.value for part in _joined(held, "|") if isinstance(part, Literal)]
            one = self.code(wanted, this).items
            if len(texts) == len(_joined(held, "|")) and all(isinstance(text, str) for text in texts):
                return Code(f"holds_text({_set(frozenset(map(str, texts)))}, {one})", truth=True)
            return Code(f"holds({self.code(held, this).items}, {one})", truth=True)
        left, right = self.code(node.left, this), self.code(node.right, this)
        if operator in ("and", "or", "implies", "xor"):
            return self.logic(operator, left, right)
        if operator in ("=", "!="):
            return self.equality(operator, left, right, node.right)
        dated = left.dates or right.dates
        match operator:
            case "~":
                return _certain(f"alike({left.items}, {right.items})")
            case "!~":
                return _certain(f"(not alike({left.items}, {right.items}))")
            case "&":
                return Code(f"joined({left.items}, {right.items})", types=frozenset({"string"}))
            case "<" | "<=" | ">" | ">=":
                return Code(f"compare({left.items}, {right.items}, {operator!r}, {dated})", truth=True)
        return Code(f"reckon({left.items}, {right.items}, {operator!r})")

    def union(self, parts: list[Node], this: Code) -> Code:
        codes = [code for part in parts if not (code := self.code(part, this)).nothing]
        if not codes:
            return _NOTHING
        if len(codes) == 1 and not codes[0].truth:
            return replace(codes[0], text=f"union({codes[0].items})")
        types: Types | None = frozenset()
        for code in codes:
            types = None if types is None or code.types is None else types | code.types
        single = types is not None and len(types) == 1
        carried = all(code.carried for code in codes) and not single
        return Code(f"union({', '.join(code.items for code in codes)})", types=types, carried=carried)

    def logic(self, operator: str, left: Code, right: Code) -> Code:
        certain = left.certain and right.certain and left.truth and right.truth
        one, other = left.test, right.test
        if operator == "xor":
            text = f"({one} != {other})" if certain else f"differ({one}, {other})"
        elif left.truth and left.certain:
            text = {
                "and": f"({other} if {one} else False)",
                "or": f"(True if {one} else {other})",
                "implies": f"({other} if {one} else True)",
            }[operator]
        else:
            name = {"and": "both", "or": "either", "implies": "implied"}[operator]
            text = f"{name}({one}, lambda: {other})"
        return Code(text, truth=True, certain=certain)

    def equality(self, operator: str, left: Code, right: Code, node: Node) -> Code:
        dated = left.dates or right.dates
        if isinstance(node, Literal) and isinstance(node.value, str) and not dated:
            text = f"is_text({left.items}, {node.value!r})"
        elif left.truth and right.truth and left.certain and right.certain:
            return _certain(f"({left.text} {'==' if operator == '=' else '!='} {right.text})")
        else:
            text = f"equal({left.items}, {right.items}, {dated})"
        return Code(text if operator == "=" else f"negate({text})", truth=True)

    # Functions

    def call(self, node: Call, this: Code) -> Code:
        focus = self.code(node.target, this) if node.target is not None else this
        made = _FUNCTIONS.get((node.name, len(node.arguments)))
        if made is None:
            raise NotCompiled(f"{node.name}() with {len(node.arguments)} arguments is not supported")
        return made(self, focus, node.arguments, this)

    def inside(self, focus: Code, argument: Node) -> tuple[str, Code]:
        """An argument that is evaluated for each item, and the name of that item's variable."""
        name, item = self.each(focus.types, focus.carried)
        return name, self.code(argument, item)


class _NoElement:
    keys: tuple[tuple[str, str], ...] = ()


_NO_ELEMENT = _NoElement()
_PRIMITIVES = (
    *(
        "base64Binary",
        "boolean",
        "canonical",
        "code",
        "date",
        "dateTime",
        "decimal",
        "id",
        "instant",
        "integer",
    ),
    *("markdown", "oid", "positiveInt", "string", "time", "unsignedInt", "uri", "url", "uuid", "xhtml"),
)

_Arguments = tuple[Node, ...]
_Made = Callable[[Generator, Code, _Arguments, Code], Code]


def _set(names: Types) -> str:
    return f"frozenset({sorted(names)!r})"


def _joined(node: Node, operator: str) -> list[Node]:
    if isinstance(node, Binary) and node.operator == operator:
        return [*_joined(node.left, operator), *_joined(node.right, operator)]
    return [node]


def _where(g: Generator, focus: Code, arguments: _Arguments, this: Code) -> Code:
    if focus.nothing:
        return focus
    name, test = g.inside(focus, arguments[0])
    kept = test.test if test.truth and test.certain else f"{test.test} is True"
    return replace(focus, text=f"[{name} for {name} in {focus.items} if {kept}]", truth=False)


def _exists(g: Generator, focus: Code, arguments: _Arguments, this: Code) -> Code:
    if arguments:
        focus = _where(g, focus, arguments, this)
    return _certain(f"bool({focus.items})")


def _all(g: Generator, focus: Code, arguments: _Arguments, this: Code) -> Code:
    name, test = g.inside(focus, arguments[0])
    return _certain(f"all({test.test} is True for {name} in {focus.items})")


def _select(g: Generator, focus: Code, arguments: _Arguments, this: Code) -> Code:
    name, made = g.inside(focus, arguments[0])
    g.variables += 1
    inner = f"item{g.variables}"
    return replace(
        made, text=f"[{inner} for {name} in {focus.items} for {inner} in {made.items}]", truth=False
    )


def _repeat(g: Generator, focus: Code, arguments: _Arguments, this: Code) -> Code:
    name, made = g.inside(replace(focus, types=None), arguments[0])
    return Code(f"repeat({focus.items}, lambda {name}: {made.items})")


def _iif(g: Generator, focus: Code, arguments: _Arguments, this: Code) -> Code:
    test, then = g.code(arguments[0], focus), g.code(arguments[1], focus)
    other = g.code(arguments[2], focus) if len(arguments) > 2 else _NOTHING
    types = then.types | other.types if then.types is not None and other.types is not None else None
    return Code(f"({then.items} if {test.test} is True else {other.items})", types=types)


def _resolve(g: Generator, focus: Code, arguments: _Arguments, this: Code) -> Code:
    return Code(f"resolve({focus.items}, resource)", types=frozenset({"Resource"}))


def _below(name: str) -> _Made:
    def made(g: Generator, focus: Code, arguments: _Arguments, this: Code) -> Code:
        kind = next(iter(focus.types)) if focus.types and len(focus.types) == 1 else ""
        return Code(f"{name}({focus.items}, {kind!r})", carried=True)

    return made


def _same(template: str) -> _Made:
    """A function that keeps some of the items."""

    def made(g: Generator, focus: Code, arguments: _Arguments, this: Code) -> Code:
        given = {f"a{i}": g.code(argument, this).items for i, argument in enumerate(arguments)}
        return replace(focus, text=template.format(focus=focus.items, **given), truth=False)

    return made


def _mixed(template: str) -> _Made:
    """A function that joins the items with others."""

    def made(g: Generator, focus: Code, arguments: _Arguments, this: Code) -> Code:
        other = g.code(arguments[0], this)
        types = focus.types | other.types if focus.types is not None and other.types is not None else None
        return Code(template.format(focus=focus.items, a0=other.items), types=types)

    return made


def _tells(template: str, certain: bool = True) -> _Made:
    """A function that gives a truth."""

    def made(g: Generator, focus: Code, arguments: _Arguments, this: Code) -> Code:
        given = {f"a{i}": g.code(argument, this).items for i, argument in enumerate(arguments)}
        return Code(template.format(focus=focus.items, **given), truth=True, certain=certain)

    return made


def _gives(template: str, kind: str = "") -> _Made:
    """A function that gives a value."""

    def made(g: Generator, focus: Code, arguments: _Arguments, this: Code) -> Code:
        given = {f"a{i}": g.code(argument, this).items for i, argument in enumerate(arguments)}
        types = frozenset({kind}) if kind else None
        return Code(template.format(focus=focus.items, **given), types=types)

    return made


def _not(g: Generator, focus: Code, arguments: _Arguments, this: Code) -> Code:
    if focus.truth and focus.certain:
        return _certain(f"(not {focus.text})")
    return Code(f"negate({focus.test})", truth=True)


_FUNCTIONS: dict[tuple[str, int], _Made] = {
    ("where", 1): _where,
    ("exists", 0): _exists,
    ("exists", 1): _exists,
    ("all", 1): _all,
    ("select", 1): _select,
    ("repeat", 1): _repeat,
    ("iif", 2): _iif,
    ("iif", 3): _iif,
    ("resolve", 0): _resolve,
    ("children", 0): _below("children"),
    ("descendants", 0): _below("descendants"),
    ("not", 0): _not,
    ("trace", 1): lambda g, focus, arguments, this: focus,
    ("trace", 2): lambda g, focus, arguments, this: focus,
    ("empty", 0): _tells("(not {focus})"),
    ("hasValue", 0): _tells("has_value({focus})"),
    ("isDistinct", 0): _tells("is_distinct({focus})"),
    ("allTrue", 0): _tells("all(count_true({focus}, True))"),
    ("anyTrue", 0): _tells("any(count_true({focus}, True))"),
    ("allFalse", 0): _tells("all(count_true({focus}, False))"),
    ("anyFalse", 0): _tells("any(count_true({focus}, False))"),
    ("subsetOf", 1): _tells("within({focus}, {a0})"),
    ("supersetOf", 1): _tells("within({a0}, {focus})"),
    ("startsWith", 1): _tells("text_truth({focus}, {a0}, str.startswith)", certain=False),
    ("endsWith", 1): _tells("text_truth({focus}, {a0}, str.endswith)", certain=False),
    ("contains", 1): _tells("text_truth({focus}, {a0}, str.__contains__)", certain=False),
    ("matches", 1): _tells("text_truth({focus}, {a0}, matches)", certain=False),
    ("first", 0): _same("{focus}[:1]"),
    ("last", 0): _same("{focus}[-1:]"),
    ("tail", 0): _same("{focus}[1:]"),
    ("single", 0): _same("single({focus})"),
    ("skip", 1): _same("{focus}[max(single_integer({a0}), 0):]"),
    ("take", 1): _same("{focus}[:max(single_integer({a0}), 0)]"),
    ("distinct", 0): _same("distinct({focus})"),
    ("exclude", 1): _same("exclude({focus}, {a0})"),
    ("intersect", 1): _same("intersect({focus}, {a0})"),
    ("getValue", 0): _same("plains({focus})"),
    ("union", 1): _mixed("union({focus}, {a0})"),
    ("combine", 1): _mixed("({focus} + {a0})"),
    ("count", 0): _gives("[len({focus})]"),
    ("extension", 1): _gives("extension({focus}, single_text({a0}))", "Extension"),
    ("length", 0): _gives("text({focus}, len)"),
    ("upper", 0): _gives("text({focus}, str.upper)", "string"),
    ("lower", 0): _gives("text({focus}, str.lower)", "string"),
    ("trim", 0): _gives("text({focus}, str.strip)", "string"),
    ("toChars", 0): _gives("list(single_text({focus}))", "string"),
    ("substring", 1): _gives("text({focus}, lambda value: substring(value, single_integer({a0})))", "string"),
    ("substring", 2): _gives(
        "text({focus}, lambda value: substring(value, single_integer({a0}), single_integer({a1})))", "string"
    ),
    ("indexOf", 1): _gives("text({focus}, lambda value: value.find(single_text({a0})))"),
    ("replace", 2): _gives(
        "text({focus}, lambda value: value.replace(single_text({a0}), single_text({a1})))", "string"
    ),
    ("replaceMatches", 2): _gives(
        "text({focus}, lambda value: replace_matches(value, single_text({a0}), single_text({a1})))", "string"
    ),
    ("toString", 0): _gives("convert({focus}, to_text)", "string"),
    ("toInteger", 0): _gives("convert({focus}, to_integer)"),
    ("toDecimal", 0): _gives("convert({focus}, to_decimal)"),
    ("toBoolean", 0): _gives("convert({focus}, to_boolean)", "boolean"),
}
