"""``lienthong his-xml check``: lines, exit codes, languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienthong.connectors.his_xml.check_command import run
from lienthong.foundation.json import loads

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
