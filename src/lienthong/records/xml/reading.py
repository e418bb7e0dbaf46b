"""XML as a resource."""

from __future__ import annotations

import re
from copy import deepcopy
from decimal import Decimal
from typing import Any, Final

from lxml import etree

from lienthong.records import definitions
from lienthong.records.definitions import Property
from lienthong.records.xml import problems
from lienthong.records.xml.writing import FHIR, XHTML

Resource = dict[str, Any]

LARGEST: Final = 64 << 20
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBERS = frozenset({"integer", "positiveInt", "unsignedInt"})
_DIGITS = 64
_LEFT_OUT = frozenset({"{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"})


def read(content: bytes) -> Resource:
    """The JSON form of a resource in XML.

    No document type, no entities, nothing is fetched. Numbers keep their digits.

    Raises:
        NotRead: not well-formed, larger than ``LARGEST`` bytes, not in FHIR's namespace, an element or attribute that
            R4 does not have or that stands twice, or a value that is no number or truth where one has to be.
    """
    if len(content) > LARGEST:
        raise problems.too_large(LARGEST)
    try:
        root = etree.fromstring(content, problems.parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise problems.not_xml(str(error)[:200], line) from error
    if problems.has_doctype(root):
        raise problems.not_xml("DOCTYPE", 1)
    return _resource(root)


def _name(node: etree._Element, namespace: str, path: str) -> str:
    tag = str(node.tag)
    if not tag.startswith(f"{{{namespace}}}"):
        raise problems.unknown(f"{path}.{tag}", node)
    return tag[len(namespace) + 2 :]


def _resource(node: etree._Element, path: str = "") -> Resource:
    kind = _name(node, FHIR, path or "Resource")
    path = path or kind
    if kind not in definitions.resource_types():
        raise problems.unknown(path, node)
    if any(name not in _LEFT_OUT for name in node.attrib):
        raise problems.unknown(f"{path}.@{next(map(str, node.attrib))}", node)
    made: Resource = {"resourceType": kind}
    _fill(made, node, kind, path)
    return made


def _element(node: etree._Element, kind: str, path: str) -> Resource:
    """An element of complex type; of a primitive its id and extensions."""
    made: Resource = {}
    for name, text in node.attrib.items():
        if name not in (("id", "url") if kind == "Extension" else ("id",)):
            raise problems.unknown(f"{path}.@{name!s}", node)
        made[str(name)] = text
    _fill(made, node, kind, path)
    return made


def _fill(made: Resource, node: etree._Element, kind: str, path: str) -> None:
    known = definitions.properties(kind)
    _nothing_between(node, path)
    for child in node:
        if str(child.tag) == f"{{{XHTML}}}div" and kind == "Narrative" and "div" not in made:
            made["div"] = _narrative(child)
            continue
        name = _name(child, FHIR, path)
        property = known.get(name)
        attribute = name == "id" and kind not in definitions.resource_types()
        if property is None or attribute or property.type == "xhtml" or (kind, name) == ("Extension", "url"):
            raise problems.unknown(f"{path}.{name}", child)
        _add(made, name, property, child, f"{path}.{name}")


def _narrative(div: etree._Element) -> str:
    """The XHTML as it stands, without the namespaces of what is around it."""
    alone = deepcopy(div)
    etree.cleanup_namespaces(alone)
    return etree.tostring(alone, encoding="unicode", with_tail=False)


def _add(made: Resource, name: str, property: Property, node: etree._Element, path: str) -> None:
    many = property.element.many
    if not many and (name in made or f"_{name}" in made):
        raise problems.twice(path, node)
    if property.type not in definitions.primitives():
        inner = _inner(node, path) if property.type == "Resource" else _element(node, property.type, path)
        if many:
            made.setdefault(name, []).append(inner)
        else:
            made[name] = inner
        return
    text = node.get("value")
    if text is not None:
        del node.attrib["value"]
    value = None if text is None else _value(str(text), property.type, path, node)
    more = _element(node, "Element", path) or None
    if value is None and more is None:
        raise problems.unknown(path, node)
    if many:
        _listed(made, name, value, more)
        return
    if value is not None:
        made[name] = value
    if more is not None:
        made[f"_{name}"] = more


def _listed(made: Resource, name: str, value: Any, more: Resource | None) -> None:
    """Lists of values and of their extensions run in parallel; one that holds nothing is left out."""
    beside = f"_{name}"
    count = len(made.get(name) or made.get(beside) or ())
    for key, part in ((name, value), (beside, more)):
        if key in made:
            made[key].append(part)
        elif part is not None:
            made[key] = [*([None] * count), part]


def _inner(node: etree._Element, path: str) -> Resource:
    _nothing_between(node, path)
    if len(node) != 1 or node.attrib:
        raise problems.unknown(path, node)
    return _resource(node[0], path)


def _nothing_between(node: etree._Element, path: str) -> None:
    """Text is allowed in a narrative only."""
    if (node.text or "").strip() or any((child.tail or "").strip() for child in node):
        raise problems.unknown(f"{path} (text)", node)


def _value(text: str, kind: str, path: str, node: etree._Element) -> Any:
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind in _NUMBERS and len(text) <= _DIGITS and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "decimal" and len(text) <= _DIGITS and _DECIMAL.fullmatch(text):
        return int(text) if _INTEGER.fullmatch(text) else Decimal(text)
    if kind in ("boolean", "decimal") or kind in _NUMBERS:
        raise problems.no_value(path, text, kind, node)
    return text
