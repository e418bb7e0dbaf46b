"""Writes the bundles of all samples anew."""

from __future__ import annotations

from lienthong.connectors.his_xml.samples import bundle, expected, exports

for export in exports():
    expected(export).write_bytes(bundle(export))
