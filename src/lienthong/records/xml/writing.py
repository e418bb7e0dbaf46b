"""A resource as XML."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from lxml import etree

from lienthong.foundation import json
from lienthong.records import definitions
from lienthong.records.definitions import Property
from lienthong.records.xml import problems

Resource = dict[str, Any]

FHIR: Final = "http://hl7.org/fhir"
XHTML: Final = "http://www.w3.org/1999/xhtml"


def write(resource: bytes | Resource) -> bytes:
    """A resource in XML, UTF-8, without white space between the elements.

    Args:
        resource: JSON, or what was read from it; valid FHIR R4.

    Raises:
        NotWritten: R4 has no such element, or a text has characters that XML cannot hold.
    """
    value: Resource = json.loads(resource) if isinstance(resource, bytes) else resource
    kind = value.get("resourceType", "")
    if kind not in definitions.resource_types():
        raise problems.not_written(str(kind), "resourceType")
    try:
        root = etree.Element(f"{{{FHIR}}}{kind}", nsmap={None: FHIR})  # type: ignore[dict-item]
        _fill(root, value, kind, kind)
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    except (ValueError, etree.XMLSyntaxError) as error:
        raise problems.not_written(kind, str(error)) from error
    except RecursionError as error:
        raise problems.not_written(kind, "…") from error


def _fill(node: etree._Element, value: Resource, kind: str, path: str) -> None:
    """The attributes and children of a resource or element of complex type."""
    known = definitions.properties(kind)
    for name in value:
        if name != "resourceType" and name.removeprefix("_") not in known:
            raise problems.not_written(path, name)
    for name, property in known.items():
        here, beside = value.get(name), value.get(f"_{name}")
        if here is None and beside is None:
            continue
        if (name == "id" and kind not in definitions.resource_types()) or (kind, name) == (
            "Extension",
            "url",
        ):
            node.set(name, str(here))
            continue
        for one, more in _pairs(here, beside, property.element.many):
            _child(node, name, property, one, more, f"{path}.{name}")


def _pairs(here: Any, beside: Any, many: bool) -> Iterator[tuple[Any, Any]]:
    if not many:
        yield here, beside
        return
    here, beside = here or [], beside or []
    for place in range(max(len(here), len(beside))):
        yield here[place] if place < len(here) else None, beside[place] if place < len(beside) else None


def _child(parent: etree._Element, name: str, property: Property, value: Any, more: Any, path: str) -> None:
    if property.type == "xhtml":
        div = etree.fromstring(value.encode(), problems.parser())
        if div.tag != f"{{{XHTML}}}div" or problems.has_doctype(div):
            raise problems.not_written(path, "div")
        parent.append(div)
        return
    node = etree.SubElement(parent, f"{{{FHIR}}}{name}")
    if property.type == "Resource":
        kind = value.get("resourceType", "")
        if kind not in definitions.resource_types():
            raise problems.not_written(path, "resourceType")
        _fill(etree.SubElement(node, f"{{{FHIR}}}{kind}"), value, kind, path)
    elif property.type in definitions.primitives():
        if value is not None:
            node.set("value", _text(value))
        if more is not None:
            _fill(node, more, "Element", path)
    else:
        _fill(node, value, property.type, path)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value).decode() if isinstance(value, int | float | Decimal) else str(value)
