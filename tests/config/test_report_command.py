"""``lienthong report``: three files, the same as the page gives; clear sentences when sums do not hold."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest

from entering import once_in_module
from lienthong.access import audit
from lienthong.config import cli, report_command
from lienthong.foundation import json
from lienthong.rollout.report import files, office
from lienthong.rollout.report.models import Report
from report_world import FIRST, LAST, put, seeded

pytestmark = pytest.mark.django_db
STEM = "du-thao-fortnight-2025-02-18-2025-03-03"


case = once_in_module(seeded)


def test_three_files_of_the_first_fortnight(
    case: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report_command.run("fortnight", FIRST, LAST, tmp_path / "out") == 0
    found = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert set(found) == {f"{STEM}.docx", f"{STEM}.pdf", f"{STEM}.json"}
    assert found[f"{STEM}.docx"][:2] == b"PK"
    assert found[f"{STEM}.pdf"][:5] == b"%PDF-"
    report = Report.objects.get()
    frozen = found[f"{STEM}.json"]
    assert hashlib.sha256(frozen).hexdigest() == report.snapshot.sha256
    values = {one["name"]: one["value"] for one in json.loads(frozen)["figures"]}
    assert (values["units"], values["servers"], values["computers"]) == (17, 25, 2416)
    told = capsys.readouterr().out
    assert report.snapshot.sha256 in told
    assert "Bệnh viện Phổi Bắc Giang" in told


def test_it_writes_what_the_page_gives(case: None, tmp_path: Path) -> None:
    made = office.start("fortnight", FIRST, LAST, audit.Actor("cb.lan", "Lan"))
    assert report_command.run("fortnight", FIRST, LAST, tmp_path) == 0
    assert Report.objects.count() == 1
    for form in (*files.FORMS, "json"):
        assert (tmp_path / files.name(made, form)).read_bytes() == files.of(made, form)


def test_broken_sums_are_named_and_nothing_is_written(
    case: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put("24006", "merged_into", "24011", date(2025, 2, 20))
    assert report_command.run("fortnight", FIRST, LAST, tmp_path / "out") == 2
    told = capsys.readouterr().err
    assert "Số đơn vị trong danh sách là 16, theo kết luận của tỉnh là 17." in told
    assert "The list has 16 units, the province named 17." in told
    assert not (tmp_path / "out").exists()


def test_a_period_that_cannot_be_meant_is_refused(
    case: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report_command.run("fortnight", LAST, FIRST, tmp_path) == 1
    assert "Kỳ báo cáo không hợp lệ" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_told(
    case: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "file"
    place.write_text("x", "utf-8")
    assert report_command.run("fortnight", FIRST, LAST, place) == 1
    assert "Không ghi được tệp" in capsys.readouterr().err


def test_the_home_is_that_of_a_hub(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    days = ["--from", "2025-02-18", "--to", "2025-03-03", "--out", str(tmp_path / "out")]
    assert cli.main(["report", "--home", str(tmp_path / "nowhere"), *days]) == 1
    assert "không phải là thư mục của trục tỉnh" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()


def test_the_command_asks_for_days_and_folder(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["--from", "2025-02-18"], ["--from", "18/02/2025", "--to", "x", "--out", "y"]):
        with pytest.raises(SystemExit) as stop:
            cli.main(["report", "--home", "x", *words])
        assert stop.value.code == 2
    assert "--out" in capsys.readouterr().err
