"""The real case of Bắc Giang and the shipped templates, entered where they are not there yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from typing import Any

from lienthong.foundation import json
from lienthong.rollout.changes import Batch
from lienthong.rollout.plan.models import (
    Conclusion,
    Deadline,
    Dependency,
    Difficulty,
    Document,
    Meeting,
    Task,
    TaskComment,
    Template,
    TemplateStep,
)

DAY = date(2025, 2, 18)
"""When the 13 tasks were given."""
Row = dict[str, Any]


def load(batch: Batch) -> None:
    """Enters documents, tasks, what waits for what, remarks, meetings, difficulties, deadlines and templates.

    What is there (by its code or number) stays as it is, so that a second call changes nothing.
    """
    case = _read("bac_giang.json")
    sources = case["sources"]
    for row in _dated(case["documents"], sources):
        if not Document.objects.filter(code=row["code"]).exists():
            batch.save(Document(**row))
    fresh = _tasks(batch, case, sources)
    _meetings(batch, case["meetings"], sources)
    _difficulties(batch, case["difficulties"], sources)
    for row in _dated(case["deadlines"], sources):
        if not Deadline.objects.filter(code=row["code"]).exists():
            batch.save(Deadline(**row))
    for row in case["comments"]:
        if row["task"] in fresh:
            task = Task.objects.get(number=row["task"])
            source = _source(row, sources)
            batch.save(
                TaskComment(task=task, day=date.fromisoformat(row["day"]), text=row["text"], source=source)
            )
    _templates(batch)


def _tasks(batch: Batch, case: Row, sources: Row) -> set[str]:
    """Numbers of the tasks that were entered now."""
    ordered = Document.objects.get(code="V01")
    fresh: set[str] = set()
    for row in _dated(case["tasks"], sources):
        if Task.objects.filter(number=row["number"]).exists():
            continue
        row["source"] = row["source"] or sources["B1"]["vi"]
        batch.save(Task(**row, document=ordered, given_on=DAY))
        fresh.add(row["number"])
    for row in case["needs"]:
        if row["task"] in fresh:
            found = Task.objects.in_bulk([row["task"], row["before"]], field_name="number")
            batch.save(Dependency(task=found[row["task"]], before=found[row["before"]]))
    return fresh


def _meetings(batch: Batch, rows: list[Row], sources: Row) -> None:
    for row in _dated(rows, sources):
        if Meeting.objects.filter(code=row["code"]).exists():
            continue
        conclusions = row.pop("conclusions")
        row["document"] = Document.objects.filter(code=row["document"]).first()
        meeting = Meeting(**row)
        batch.save(meeting)
        for place, one in enumerate(conclusions, 1):
            task = Task.objects.filter(number=one["task"]).first()
            batch.save(
                Conclusion(meeting=meeting, place=place, text=one["text"], text_en=one["text_en"], task=task)
            )


def _difficulties(batch: Batch, rows: list[Row], sources: Row) -> None:
    for row in _dated(rows, sources):
        if Difficulty.objects.filter(code=row["code"]).exists():
            continue
        row["task"] = Task.objects.filter(number=row.get("task", "")).first()
        batch.save(Difficulty(**row))


def _templates(batch: Batch) -> None:
    for row in _dated(_read("templates.json")["templates"], {}):
        if Template.objects.filter(code=row["code"]).exists():
            continue
        steps = row.pop("steps")
        template = Template(**row)
        batch.save(template)
        for place, step in enumerate(steps, 1):
            batch.save(TemplateStep(template=template, place=place, **step))


_DAYS = ("day", "due", "started", "raised_on", "known_from", "ended_on", "valid_from", "valid_to")


def _dated(rows: list[Row], sources: Row) -> Iterator[Row]:
    """Rows with dates as dates and sources in words."""
    for row in rows:
        days = {name: date.fromisoformat(row[name]) for name in _DAYS if row.get(name)}
        yield {**row, **days, "source": _source(row, sources)}


def _source(row: Row, sources: Row) -> str:
    key = row.get("source", "")
    return str(sources[key]["vi"] if key in sources else key)


def _read(name: str) -> Row:
    found: Row = json.loads(files("lienthong.rollout.plan").joinpath("data", name).read_bytes())
    return found
