"""Invented exports of a known average size, as files."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from lienthong.connectors.his_xml.make import MadeDossier, envelope, make_dossiers

START, DAY = date(2025, 1, 12), date(2025, 2, 16)
KILOBYTES, SMALLER = 58, 31
"""A dossier's average size in the batch files, as exported; of the smaller ones about 60 resources are made."""

_KEPT = tempfile.TemporaryDirectory(prefix="lienthong-bench-sources-")


@functools.cache
def folder() -> Path:
    """Where the files are until this process ends."""
    return Path(_KEPT.name)


def near_average(count: int, seed: int, kilobytes: int = KILOBYTES) -> list[MadeDossier]:
    """``count`` dossiers whose average comes near ``kilobytes``: in the order of making, those left out that
    would lead away from it."""
    chosen: list[MadeDossier] = []
    total = 0
    for dossier in _endless(seed):
        size = exported(dossier)
        too_large = total > len(chosen) * kilobytes * 1000
        if chosen and too_large == (size > kilobytes * 1000):
            continue
        chosen.append(dossier)
        total += size
        if len(chosen) == count:
            break
    return chosen


def _endless(seed: int) -> Iterator[MadeDossier]:
    while True:
        yield from make_dossiers(500, seed, start=START, end=DAY)
        seed += 1000


def exported(dossier: MadeDossier) -> int:
    """Bytes of a dossier in a batch: base64 of its documents, with the elements around."""
    return sum(4 * (len(text.encode()) + 2) // 3 + 85 for _, text in dossier.documents) + 15


@functools.cache
def batch(count: int, seed: int, kilobytes: int = KILOBYTES) -> Path:
    """A batch file of ``count`` dossiers of the average size."""
    path = folder() / f"batch-{count}-{seed}-{kilobytes}.xml"
    path.write_bytes(envelope(near_average(count, seed, kilobytes), DAY))
    return path


@functools.cache
def singles(count: int, seed: int) -> Path:
    """A folder of ``count`` files of one dossier each."""
    place = folder() / f"singles-{count}-{seed}"
    place.mkdir()
    for number, dossier in enumerate(near_average(count, seed)):
        (place / f"{number:04d}.xml").write_bytes(envelope([dossier], DAY))
    return place


def export(seed: int, count: int) -> Path:
    """A file with so many transfers."""
    path = folder() / f"transfers-{seed}-{count}.xml"
    if not path.exists():
        made = list(make_dossiers(count, seed, start=START, end=DAY, transfers=count))
        path.write_bytes(envelope(made, DAY))
    return path
