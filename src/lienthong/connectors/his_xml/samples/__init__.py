"""Invented exports and the bundles they have to give.

``<name>.xml`` is an export, ``<name>.bundle.json`` its resources as a Bundle of type ``collection``.
After an intended change of the mapping, ``python -m lienthong.connectors.his_xml.samples`` writes the
bundles anew; read the difference before it is committed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from lienthong.connectors.his_xml.mapping import Source, to_fhir
from lienthong.connectors.his_xml.reader import read_export
from lienthong.foundation import json

FOLDER = Path(__file__).parent


def exports() -> list[Path]:
    """All sample exports, by name."""
    return sorted(FOLDER.glob("*.xml"))


def expected(export: Path) -> Path:
    """The file with the bundle of an export."""
    return export.with_suffix(".bundle.json")


def bundle(export: Path) -> bytes:
    """The resources of all dossiers of an export that are not refused, as indented JSON."""
    source = Source(hashlib.sha256(export.read_bytes()).hexdigest(), export.name)
    entries: list[dict[str, Any]] = []
    for dossier in read_export(export):
        if not dossier.refused:
            entries += [{"resource": resource} for resource in to_fhir(dossier, source)]
    made = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return msgspec.json.format(json.dumps(made), indent=2) + b"\n"
