"""``lienthong his-xml check FILE… [--json]``: reads as the connector would, writes nothing."""

from __future__ import annotations

import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lienthong.connectors.his_xml.checks import check
from lienthong.connectors.his_xml.dossier import Dossier
from lienthong.connectors.his_xml.faults import ExportRefused, cannot_open
from lienthong.connectors.his_xml.reader import read_export
from lienthong.connectors.his_xml.source import readable
from lienthong.foundation.errors import Problem
from lienthong.foundation.json import dumps


def run(paths: list[Path], as_json: bool) -> int:
    """Prints one JSON line a dossier, or a report for a person (English when LANG says so, else Vietnamese).

    Returns 0 when everything could be read, 1 when a dossier or a file was refused. A file that is refused
    gives one line with an empty ``ma_lk``, after those of the dossiers that could be read before the fault.
    The output is UTF-8 whatever the terminal is set to. When its reader goes away (``| head``), the status
    counts what was read until then.
    """
    english = _english()
    refused = False
    try:
        for path in paths:
            for line in _lines(path):
                refused |= any(problem.severity == "error" for problem in line["problems"])
                _say(_json(line) if as_json else _report(line, english))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1 if refused else 0


def _say(text: str) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode() + b"\n")
    sys.stdout.buffer.flush()


def _json(line: dict[str, Any]) -> str:
    return dumps(line | {"problems": [_as_dict(problem) for problem in line["problems"]]}).decode()


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    from lienthong.connectors.his_xml.mapping import Source, to_fhir

    try:
        source = Source(sha256=_sha256(path), file_name=readable(path.name))
        for dossier in read_export(path):
            check(dossier)
            resources = [] if dossier.refused else to_fhir(dossier, source)
            yield _line(path, dossier, resources)
    except ExportRefused as error:
        yield _refused(path, error.problem)
    except OSError as error:
        yield _refused(path, cannot_open(readable(path.name), error.strerror or ""))


def _line(path: Path, dossier: Dossier, resources: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "file": readable(str(path)),
        "ma_lk": dossier.ma_lk,
        "edition": dossier.edition,
        "tables": {table: len(rows) for table, rows in dossier.tables.items()},
        "resources": dict(sorted(Counter(one["resourceType"] for one in resources).items())),
        "problems": dossier.problems,
    }


def _refused(path: Path, problem: Problem) -> dict[str, Any]:
    return {
        "file": readable(str(path)),
        "ma_lk": "",
        "edition": "",
        "tables": {},
        "resources": {},
        "problems": [problem],
    }


def _as_dict(problem: Problem) -> dict[str, Any]:
    first = {"code": "", "severity": "", "table": "", "row": 0, "field": "", "line": 0}
    return first | problem.as_dict()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _english() -> bool:
    languages = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return next((name for name in languages if name), "").startswith("en")


def _report(line: dict[str, Any], english: bool) -> str:
    tables = ", ".join(f"{table} {count}" for table, count in line["tables"].items())
    resources = ", ".join(f"{kind} {count}" for kind, count in line["resources"].items())
    words = (
        ("refused", "read", "tables", "resources", "warning", "error", "→")
        if english
        else ("TỪ CHỐI", "đọc được", "bảng", "tài nguyên", "cảnh báo", "lỗi", "→")
    )
    refused, read, tables_word, resources_word, warning, error, arrow = words
    bad = any(problem.severity == "error" for problem in line["problems"])
    head = " · ".join(
        part for part in (line["file"], line["ma_lk"], line["edition"], refused if bad else read) if part
    )
    out = [head]
    if tables:
        out.append(f"  {tables_word}: {tables}")
    if resources:
        out.append(f"  {resources_word}: {resources}")
    for problem in line["problems"]:
        sentence, hint = (problem.en, problem.hint_en) if english else (problem.vi, problem.hint_vi)
        severity = error if problem.severity == "error" else warning
        out.append(f"  {severity}{_place(problem, english)}: {sentence}")
        if hint:
            out.append(f"    {arrow} {hint}")
    return "\n".join(out)


def _place(problem: Problem, english: bool) -> str:
    names = {"table": "", "row": "row " if english else "dòng dữ liệu ", "field": "", "line": "line "}
    if not english:
        names["line"] = "dòng "
    places = [f"{word}{problem.where[name]}" for name, word in names.items() if problem.where.get(name)]
    return f" ({', '.join(places)})" if places else ""
