"""How much an export may hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Attributes:
    file_bytes: a whole file.
    dossier_bytes: one HOSO, as it stands in the file.
    rows: of all tables of one dossier.
    text: characters of one field.
    depth: elements inside each other.
    """

    file_bytes: int = 512 << 20
    dossier_bytes: int = 20 << 20
    rows: int = 50_000
    text: int = 1_000_000
    depth: int = 64


DEFAULT = Limits()
