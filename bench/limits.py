"""What nothing on this machine can beat: the disk's flush and the XML parser."""

from __future__ import annotations

import base64
import functools
import tempfile
from datetime import date
from pathlib import Path

from lxml import etree

from bench import machine
from bench.registry import measure
from lienthong.connectors.his_xml.make import envelope, make_dossiers

DAY = date(2025, 2, 16)


@functools.cache
def exports() -> list[bytes]:
    """200 invented files of one dossier each."""
    made = make_dossiers(200, 1, start=date(2025, 1, 12), end=DAY)
    return [envelope([dossier], DAY) for dossier in made]


@measure("Flush of 4 KB to disk alone", "/s", "the disk")
def flush_alone() -> float:
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as folder:
        return machine.flushes(Path(folder))


@measure("XML parse alone (outer, base64, inner)", " dossiers/s", "libxml2 on one core")
def parse_alone() -> float:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    files = exports()
    place = 0

    def step() -> None:
        nonlocal place
        for content in etree.fromstring(files[place % len(files)], parser).iter("NOIDUNGFILE"):
            for _ in etree.fromstring(base64.b64decode(content.text or ""), parser).iter():
                pass
        place += 1

    with machine.one_core():
        return machine.rate(step)


@measure("Bytes of one dossier as exported", " KB", "invented texts; a hospital's differ")
def bytes_exported() -> float:
    files = exports()
    return sum(map(len, files)) / len(files) / 1000
