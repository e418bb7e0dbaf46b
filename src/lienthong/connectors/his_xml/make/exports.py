"""Export files as a HIS drops them: batches and single dossiers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from lienthong.connectors.his_xml.dossier import Edition
from lienthong.connectors.his_xml.envelope import MadeDossier, envelope
from lienthong.connectors.his_xml.make.dossiers import make_dossiers

BATCH = 25


def batch_name(moment: datetime) -> str:
    return f"Data_{moment:%Y%m%d_%H%M%S}.xml"


def _files(dossiers: Iterable[MadeDossier]) -> Iterator[tuple[str, list[MadeDossier]]]:
    """Every fifth dossier in a file of its own, the others in batches."""
    batch: list[MadeDossier] = []
    number = 0

    def name() -> str:
        return batch_name(batch[-1].discharged + timedelta(hours=1, seconds=number % 3600))

    for position, dossier in enumerate(dossiers):
        if position % 5 == 4:
            yield f"{dossier.ma_lk}.xml", [dossier]
            continue
        batch.append(dossier)
        if len(batch) == BATCH:
            number += 1
            yield name(), batch
            batch = []
    if batch:
        number += 1
        yield name(), batch


def write_exports(
    out: Path,
    *,
    count: int,
    seed: int,
    facility: str = "24011",
    start: date = date(2024, 11, 1),
    end: date = date(2025, 3, 31),
    edition: Edition | None = None,
    transfers: int | None = None,
    destination: str = "01929",
) -> list[Path]:
    """Writes ``count`` invented dossiers into ``out``, the same bytes for the same arguments.

    Args:
        edition: None for what is usual on the day of discharge.
        transfers: how many are sent on; a tenth if not given.

    Returns:
        The files, in order of writing.
    """
    out.mkdir(parents=True, exist_ok=True)
    dossiers = make_dossiers(
        count,
        seed,
        facility=facility,
        start=start,
        end=end,
        edition=edition,
        transfers=count // 10 if transfers is None else transfers,
        destination=destination,
    )
    written = []
    for name, group in _files(dossiers):
        path = out / name
        path.write_bytes(envelope(group, group[-1].discharged.date()))
        written.append(path)
    return written
