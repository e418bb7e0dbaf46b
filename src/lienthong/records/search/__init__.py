"""FHIR R4 search over the index rows: from parameters to a page, in the database and in memory."""

from __future__ import annotations

from lienthong.records.search.compartments import kinds as compartment_kinds
from lienthong.records.search.controls import Shape
from lienthong.records.search.pages import Page, find, matches, search
from lienthong.records.search.trimming import shape, trimmed
from lienthong.records.search.views import View

__all__ = [
    "Page",
    "Shape",
    "View",
    "compartment_kinds",
    "find",
    "matches",
    "search",
    "shape",
    "trimmed",
]
