"""Files of tasks, documents and meetings: who may add, read and take them off; what is refused; what is left behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lienthong.access import audit
from lienthong.access.models import Role
from lienthong.rollout import changes, files
from lienthong.rollout.changes import BatchRow, batch
from lienthong.rollout.plan import laying, seed
from lienthong.rollout.plan.models import Document, PlanFile, Task, Template

PDF = b"%PDF-1.4\nmau"
START = date(2025, 3, 3)
UNIT, OTHER = "24004", "24011"
Sign = Callable[..., Client]


@pytest.fixture
def case(hub: None, person: Any) -> None:
    with batch(audit.system("seed"), "seed") as one:
        seed.load(one)
    with batch(audit.system("seed"), "template") as one:
        laying.lay(one, Template.objects.get(code="bach-mai"), UNIT, START, START)


def _add(client: Client, where: str, content: bytes = PDF, name: str = "quyết định.pdf") -> str:
    file = SimpleUploadedFile(name, content, "application/x-anything")
    return client.post(f"/board/plan/{where}/files", {"file": file}, follow=True).content.decode()


def test_the_text_of_a_document_is_kept_and_read_by_whoever_reads_its_task(case: None, someone: Sign) -> None:
    officer = someone(Role.DEPARTMENT)
    task = Task.objects.exclude(document=None).filter(unit="").first()
    assert task is not None
    assert task.document is not None
    page = _add(officer, f"documents/{task.document.code}")
    file = PlanFile.objects.get()
    assert "quyết định.pdf" in page
    assert (file.kind, file.size) == ("pdf", len(PDF))
    assert _add(officer, f"documents/{task.document.code}", name="khác.pdf")
    assert PlanFile.objects.count() == 1
    unit = someone((Role.UNIT, UNIT))
    assert f"/board/plan/files/{file.pk}" in unit.get(f"/board/plan/tasks/{task.number}").content.decode()
    given = unit.get(f"/board/plan/files/{file.pk}")
    assert given.content == PDF
    assert given["Content-Disposition"].startswith("attachment")
    assert given["Content-Security-Policy"] == "default-src 'none'; sandbox"
    (row,) = [one for one in audit.trail(limit=50) if one.action == "board-file"]
    assert row.detail["sha256"] == file.sha256
    assert unit.post(f"/board/plan/files/{file.pk}/remove").status_code == 403
    assert someone((Role.VENDOR, "songthuong")).get(f"/board/plan/files/{file.pk}").status_code == 403


def test_the_police_read_files_of_security_alone(case: None, someone: Sign) -> None:
    officer, police = someone(Role.DEPARTMENT), someone(Role.POLICE)
    safe = Task.objects.filter(unit=UNIT, area="security").first()
    other = Task.objects.exclude(area="security").filter(unit="", lead="SYT-24").first()
    assert safe is not None
    assert other is not None
    _add(officer, f"tasks/{safe.number}")
    _add(officer, f"tasks/{other.number}")
    one, two = PlanFile.objects.all()
    assert police.get(f"/board/plan/files/{one.pk}").status_code == 200
    assert police.get(f"/board/plan/files/{two.pk}").status_code == 403


def test_a_unit_proves_its_own_task_and_no_other_ones(case: None, someone: Sign) -> None:
    unit, other = someone((Role.UNIT, UNIT)), someone((Role.UNIT, OTHER), name="other")
    task = Task.objects.filter(unit=UNIT).first()
    assert task is not None
    _add(unit, f"tasks/{task.number}", name="../../biên bản.pdf")
    file = PlanFile.objects.get()
    assert file.name == "biên bản.pdf"
    assert other.get(f"/board/plan/files/{file.pk}").status_code == 403
    assert other.post(f"/board/plan/files/{file.pk}/remove").status_code == 403
    _add(other, f"tasks/{task.number}", content=PDF + b"2")
    assert PlanFile.objects.count() == 1
    unit.post(f"/board/plan/files/{file.pk}/remove")
    assert not PlanFile.objects.exists()
    last = BatchRow.objects.first()
    assert last is not None
    assert (last.what, last.unit) == ("plan-file", UNIT)
    assert changes.undo(last.id, audit.system("test")) == []
    assert unit.get(f"/board/plan/files/{file.pk}").content == PDF


@pytest.mark.parametrize("content", [b"", b"<html>", b"%PDF-" + bytes(files.LARGEST)])
def test_what_is_no_document_is_refused_in_words(case: None, someone: Sign, content: bytes) -> None:
    document = Document.objects.first()
    assert document is not None
    page = _add(someone(Role.DEPARTMENT), f"documents/{document.code}", content)
    assert "Gửi tệp PDF" in page
    assert not PlanFile.objects.exists()


def test_minutes_of_a_meeting_and_no_more_than_ten(case: None, someone: Sign) -> None:
    officer = someone(Role.DEPARTMENT)
    officer.post("/board/plan/meetings/new", {"kind": "meeting", "day": "2025-03-01", "title": "Giao ban"})
    from lienthong.rollout.plan.models import Meeting

    code = Meeting.objects.get(title="Giao ban").code
    for number in range(files.MOST + 1):
        page = _add(officer, f"meetings/{code}", PDF + str(number).encode(), f"biên bản {number}.pdf")
    assert PlanFile.objects.filter(meeting__code=code).count() == files.MOST
    assert "tối đa 10 tệp" in page
    assert "biên bản 3.pdf" in someone(Role.LEADER).get(f"/board/plan/meetings/{code}").content.decode()
