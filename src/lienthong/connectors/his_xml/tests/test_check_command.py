"""``lienthong his-xml check``: lines, exit codes, languages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lienthong.connectors.his_xml.check_command import run
from lienthong.foundation.json import loads

SOURCES = Path(__file__).parents[4]
SAMPLE = Path(__file__).parent.parent / "samples" / "transfer_3176.xml"


def test_one_json_line_for_each_dossier(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "cut.xml"
    bad.write_text(SAMPLE.read_text().replace("</GIAMDINHHS>", ""))
    missing = tmp_path / "missing.xml"
    assert run([SAMPLE], as_json=True) == 0
    assert run([bad, missing], as_json=True) == 1
    lines = [loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["ma_lk"] for line in lines] == ["24004VIDU0001", "24004VIDU0001", "", ""]
    good = lines[0]
    assert good["file"] == str(SAMPLE)
    assert good["edition"] == "3176"
    assert good["tables"]["XML4"] == 2
    assert good["resources"]["Patient"] == 1
    assert good["problems"] == []
    assert [p["code"] for p in lines[2]["problems"]] == ["his-xml-truncated"]
    assert [p["code"] for p in lines[3]["problems"]] == ["his-xml-cannot-open"]
    for problem in lines[2]["problems"]:
        assert {"code", "severity", "table", "row", "field", "line", "message", "hint"} <= problem.keys()


@pytest.mark.parametrize(
    ("lang", "words"), [("vi_VN.UTF-8", "Thiếu MA_LK"), ("en_US.UTF-8", "MA_LK is missing")]
)
def test_a_report_for_a_person(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lang: str, words: str
) -> None:
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", lang)
    path = tmp_path / "no_episode.xml"
    path.write_text("<TONG_HOP><HO_TEN>VÍ DỤ</HO_TEN><MA_CSKCB>24004</MA_CSKCB></TONG_HOP>")
    assert run([path], as_json=False) == 1
    out = capsys.readouterr().out
    assert words in out
    assert "XML1" in out


def command(*arguments: str, cwd: Path, **environment: str) -> subprocess.Popen[bytes]:
    """The command as a person starts it, without a node."""
    return subprocess.Popen(
        [sys.executable, "-m", "lienthong.config.cli", "his-xml", "check", *arguments],
        cwd=cwd,
        env={"PYTHONPATH": str(SOURCES), "HOME": str(cwd)} | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_terminal_that_is_not_utf_8_still_gets_the_report(tmp_path: Path, form: list[str]) -> None:
    path = tmp_path / os.fsdecode(b"t\xd6p.xml")
    path.write_text("<GIAMDINHHS><HOSO/></GIAMDINHHS>")
    out, said = command(*form, str(path), cwd=tmp_path, PYTHONIOENCODING="ascii").communicate()
    assert said == b""
    assert "Hồ sơ không có bảng XML1" in out.decode()
    assert "t\ufffdp.xml" in out.decode()


def test_it_writes_nothing_and_bears_a_reader_that_goes_away(tmp_path: Path) -> None:
    running = command(*[str(SAMPLE)] * 200, "--json", cwd=tmp_path)
    assert running.stdout
    assert running.stderr
    assert loads(running.stdout.readline())["ma_lk"] == "24004VIDU0001"
    running.stdout.close()
    assert running.stderr.read() == b""
    running.stderr.close()
    assert running.wait() == 0
    assert list(tmp_path.iterdir()) == []
