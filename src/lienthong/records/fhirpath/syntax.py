"""The grammar of FHIRPath (N1, ANSI/HL7 2.0.0, section 12) as far as FHIR R4 uses it: text to a tree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_MOST_CHARACTERS = 20_000
_DEEPEST = 60

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
      | (?P<date>@T?\d[\d:.TZ+-]*)
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<string>'(?:[^'\\]|\\.)*')
      | (?P<delimited>`(?:[^`\\]|\\.)*`)
      | (?P<external>%(?:[A-Za-z_]\w*|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`))
      | (?P<special>\$(?:this|index|total)\b)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<symbol><=|>=|!=|!~|[.,()\[\]{}|+\-*/&=~<>])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_CONTROL = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}
_PRECEDENCE = [
    {"implies"},
    {"or", "xor"},
    {"and"},
    {"in", "contains"},
    {"=", "!=", "~", "!~"},
    {"<", ">", "<=", ">="},
    {"|"},
    {"is", "as"},
    {"+", "-", "&"},
    {"*", "/", "div", "mod"},
]
_UNITS = re.compile(r"(?:year|month|week|day|hour|minute|second|millisecond)s?")


class NotCompiled(ValueError):
    """An expression that is no FHIRPath, or that uses what this compiler does not know."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A string, number, boolean, date (its text, ``date`` set); ``None`` is the empty collection."""

    value: str | int | Decimal | bool | None
    date: bool = False


@dataclass(frozen=True, slots=True)
class This:
    """``$this``, and what a path begins at."""


@dataclass(frozen=True, slots=True)
class External:
    """``%name``."""

    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """``target.name``; without a target the path begins here, maybe with the name of a type."""

    target: Node | None
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """``target.name(arguments)``."""

    target: Node | None
    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """``target[position]``."""

    target: Node
    position: Node


@dataclass(frozen=True, slots=True)
class TypeTest:
    """``operand is type`` and ``operand as type`` (also ``ofType``)."""

    operator: str
    operand: Node
    type: str


@dataclass(frozen=True, slots=True)
class Binary:
    """``left operator right``."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Negative:
    """``-operand``."""

    operand: Node


Node = Literal | This | External | Member | Call | Index | TypeTest | Binary | Negative


def parse(text: str) -> Node:
    """The tree of an expression.

    Raises:
        NotCompiled: it is no FHIRPath, or longer or deeper than any real expression.
    """
    if len(text) > _MOST_CHARACTERS:
        raise NotCompiled("the expression is too long")
    return _Parser(text).whole()


def alternatives(node: Node) -> list[Node]:
    """The parts of a tree that are joined by ``|`` at its top."""
    if isinstance(node, Binary) and node.operator == "|":
        return alternatives(node.left) + alternatives(node.right)
    return [node]


def _unescape(text: str) -> str:
    def char(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) == 5 else _CONTROL.get(code, code)

    return _ESCAPE.sub(char, text)


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        self.at = 0
        self.depth = 0
        place = 0
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                raise NotCompiled(f"unexpected {text[place : place + 20]!r}")
            place = match.end()
            kind = match.lastgroup or ""
            if kind != "space":
                self.tokens.append((kind, match[0]))
        self.tokens.append(("end", ""))

    def whole(self) -> Node:
        node = self.binary(0)
        if self.tokens[self.at][0] != "end":
            raise NotCompiled(f"unexpected {self.tokens[self.at][1]!r}")
        return node

    def taken(self, *symbols: str) -> str:
        """The next token if it is one of these."""
        kind, text = self.tokens[self.at]
        if text in symbols and kind in ("symbol", "name"):
            self.at += 1
            return text
        return ""

    def need(self, symbol: str) -> None:
        if not self.taken(symbol):
            raise NotCompiled(f"expected {symbol!r}, found {self.tokens[self.at][1]!r}")

    def binary(self, level: int) -> Node:
        if level == len(_PRECEDENCE):
            return self.unary()
        left = self.binary(level + 1)
        while operator := self.taken(*_PRECEDENCE[level]):
            if operator in ("is", "as"):
                left = TypeTest(operator, left, self.type_name())
            else:
                left = Binary(operator, left, self.binary(level + 1))
        return left

    def unary(self) -> Node:
        if self.taken("-"):
            return Negative(self.postfix())
        self.taken("+")
        return self.postfix()

    def postfix(self) -> Node:
        node = self.term()
        while True:
            if self.taken("."):
                node = self.invocation(node)
            elif self.taken("["):
                node = Index(node, self.nested())
                self.need("]")
            else:
                return node

    def nested(self) -> Node:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise NotCompiled("the expression is nested too deeply")
        node = self.binary(0)
        self.depth -= 1
        return node

    def term(self) -> Node:
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "string":
            return Literal(_unescape(text[1:-1]))
        if kind == "number":
            unit, word = self.tokens[self.at]
            if unit == "string" or (unit == "name" and _UNITS.fullmatch(word)):
                raise NotCompiled("literal quantities are not supported")
            return Literal(Decimal(text) if "." in text else int(text))
        if kind == "date":
            return Literal(text[1:].removesuffix("T"), date=True)
        if kind == "external":
            return External(_unescape(text[1:].strip("'`")))
        if kind == "special":
            if text != "$this":
                raise NotCompiled(f"{text} is not supported")
            return This()
        if text == "(":
            node = self.nested()
            self.need(")")
            return node
        if text == "{":
            self.need("}")
            return Literal(None)
        if text in ("true", "false") and kind == "name":
            return Literal(text == "true")
        self.at -= 1
        return self.invocation(None)

    def invocation(self, target: Node | None) -> Node:
        name = self.identifier()
        if not self.taken("("):
            return Member(target, name)
        if name in ("is", "as", "ofType"):
            node = TypeTest("as" if name == "ofType" else name, target or This(), self.type_name())
            self.need(")")
            return node
        arguments: list[Node] = []
        if not self.taken(")"):
            arguments.append(self.nested())
            while self.taken(","):
                arguments.append(self.nested())
            self.need(")")
        return Call(target, name, tuple(arguments))

    def identifier(self) -> str:
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "delimited":
            return _unescape(text[1:-1])
        if kind != "name":
            raise NotCompiled(f"expected a name, found {text!r}")
        return text

    def type_name(self) -> str:
        name = self.identifier()
        if name in ("FHIR", "System") and self.taken("."):
            name = self.identifier()
        return name
