"""The report beside a refused file: for people in two languages, and as JSON for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lienthong.connectors.his_xml.models import Export, Finding
from lienthong.foundation import clock, json

_PLACES = (
    ("table", "bảng", "table"),
    ("row", "dòng", "row"),
    ("field", "trường", "field"),
    ("line", "dòng thứ", "line"),
    ("value", "giá trị", "value"),
)


def write_report(place: Path, export: Export, findings: list[Finding]) -> None:
    """Writes ``NAME.report.txt`` and ``NAME.report.json`` beside the place of the refused file."""
    place.with_name(f"{place.name}.report.json").write_bytes(json.dumps(as_data(export, findings)))
    place.with_name(f"{place.name}.report.txt").write_text(as_text(export, findings), "utf-8")


def as_data(export: Export, findings: list[Finding]) -> dict[str, Any]:
    """The report as data: file, counts, and one entry for each problem."""
    return {
        "file": export.name,
        "sha256": export.sha256,
        "stored": export.stored,
        "unchanged": export.unchanged,
        "refused": export.refused,
        "problems": [{"dossier": f.position, "ma_lk": f.ma_lk, **f.problem} for f in findings],
    }


def as_text(export: Export, findings: list[Finding]) -> str:
    """The report for a person; refusals first, then warnings."""
    taken = export.taken_at.astimezone(clock.VIETNAM).strftime("%d/%m/%Y %H:%M")
    lines = [
        f"Báo cáo đọc tệp / Report on file: {export.name}",
        f"Nhận lúc / Taken at: {taken}    SHA-256: {export.sha256}",
        f"Hồ sơ đã lưu / stored: {export.stored}   không đổi / unchanged: {export.unchanged}"
        f"   bị từ chối / refused: {export.refused}",
        "",
    ]
    for severity, title in (("error", "BỊ TỪ CHỐI / REFUSED"), ("warning", "CẢNH BÁO / WARNINGS")):
        chosen = [f for f in findings if f.severity == severity]
        if chosen:
            lines += [title, "=" * len(title)]
        for finding in chosen:
            lines += [*_entry(finding), ""]
    return "\n".join(lines) + "\n"


def _entry(finding: Finding) -> list[str]:
    problem = finding.problem
    dossier = (
        f"hồ sơ / dossier {finding.position} (MA_LK {finding.ma_lk or '?'})"
        if finding.position
        else "tệp / file"
    )
    places = [f"{vi} / {en}: {problem[key]}" for key, vi, en in _PLACES if problem.get(key) not in (None, "")]
    lines = [f"- {dossier}" + (f"; {'; '.join(places)}" if places else "") + f"  [{problem['code']}]"]
    said = [key for key in ("message", "hint", "message_en", "hint_en") if problem.get(key)]
    return [*lines, *(f"    {'→ ' if key.startswith('hint') else ''}{problem[key]}" for key in said)]
