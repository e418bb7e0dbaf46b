"""The XHTML of a narrative (R4, Narrative: ``txt-1``, ``txt-2``): well-formed, harmless, not empty."""

from __future__ import annotations

from functools import lru_cache

from lxml import etree

_XHTML = "{http://www.w3.org/1999/xhtml}"
# fmt: off
_ELEMENTS = frozenset({
    "a", "abbr", "acronym", "b", "big", "blockquote", "br", "caption", "cite", "code", "col",
    "colgroup", "dd", "dfn", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "img", "kbd", "li", "ol", "p", "pre", "q", "samp", "small", "span", "strong", "sub", "sup",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "ul", "var",
})
_ATTRIBUTES = frozenset({
    "abbr", "accesskey", "align", "alt", "axis", "bgcolor", "border", "cellhalign", "cellpadding",
    "cellspacing", "cellvalign", "char", "charoff", "charset", "cite", "class", "colspan",
    "compact", "coords", "dir", "frame", "headers", "height", "href", "hreflang", "hspace", "id",
    "lang", "longdesc", "name", "nowrap", "rel", "rev", "rowspan", "rules", "scope", "shape",
    "span", "src", "start", "style", "summary", "tabindex", "title", "type", "valign", "value",
    "vspace", "width",
})
# fmt: on
_SCHEMES = ("javascript:", "vbscript:", "data:text")


@lru_cache(maxsize=512)
def fault(div: str) -> str:
    """The key of the rule that a narrative breaks: ``txt-1`` or ``txt-2``; empty when it breaks none."""
    if "<!DOCTYPE" in div or "<!ENTITY" in div:
        return "txt-1"
    try:
        root = etree.fromstring(
            div.encode(), etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        )
    except (etree.XMLSyntaxError, ValueError):
        return "txt-1"
    if root.tag != f"{_XHTML}div":
        return "txt-1"
    for node in root.iter():
        if isinstance(node, etree._Entity) or not _allowed(node):
            return "txt-1"
    if not "".join(map(str, root.itertext())).strip() and root.find(f".//{_XHTML}img") is None:
        return "txt-2"
    return ""


def _allowed(node: etree._Element) -> bool:
    if not isinstance(node.tag, str):
        return isinstance(node, etree._Comment)
    if not node.tag.startswith(_XHTML) or node.tag.removeprefix(_XHTML) not in _ELEMENTS:
        return False
    return all(
        (name in _ATTRIBUTES or name.startswith("{http://www.w3.org/XML/1998/namespace}"))
        and not value.strip().lower().startswith(_SCHEMES)
        for name, value in ((str(key), str(text)) for key, text in node.attrib.items())
    )
