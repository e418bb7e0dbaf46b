"""FHIR R4 in XML, to and from the JSON that the store keeps (R4, XML and JSON Representation of Resources).

Decimals keep their digits, unknown extensions stay, elements stand in the order of R4. What comes back from XML has the
same content; its members stand in the order of the XML, since XML prescribes one and JSON does not.
"""

from __future__ import annotations

from lienthong.records.xml.reading import read
from lienthong.records.xml.writing import write

__all__ = ["read", "write"]
