"""The document: outline, officer's words, letterhead by the day, no patient data."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from importlib import resources
from pathlib import Path

import msgspec
import pytest

from lienthong.rollout.papers import docx, pdf
from lienthong.rollout.papers.paper import Bullet, Heading, Paper, Paragraph, Table
from lienthong.rollout.report import content, draft, figures, issuers, sums
from lienthong.rollout.report.content import Before, Content
from lienthong.rollout.report.draft import Letter
from lienthong.rollout.report.kinds import KINDS
from lienthong.rollout.report.kinds.kind import Said
from lienthong.rollout.report.material import Material
from report_world import FIRST, material, task, units

KIND = KINDS["fortnight"]
SIGNED = date(2025, 3, 4)


def _content(made: Material, earlier: Material | None = None, kind: str = "fortnight") -> Content:
    definitions, before = KINDS[kind].definitions, earlier or made
    return Content(
        content.FORM,
        kind,
        made,
        Before("", "", "", FIRST.isoformat()),
        figures.make(definitions, made, figures.values(definitions, before)),
        tuple(sums.check(made, units=17, before={})),
        content.changes(made, {unit.code: unit for unit in before.units}),
    )


def _said(made: Material | None = None, earlier: Material | None = None) -> Said:
    return Said(_content(made or material(), earlier), issuers.of(SIGNED))


def _paper(said: Said, day: date = SIGNED, **texts: str) -> Paper:
    words = draft.generated(KIND, said, day) | texts
    return draft.paper(KIND, said, Letter(day, signer_name="Nguyễn Văn Thử"), words)


def _headings(paper: Paper) -> list[str]:
    return [block.text for block in paper.body if isinstance(block, Heading)]


def test_the_outline_of_the_office_stands_whole_and_in_order() -> None:
    found = _paper(_said())
    assert [text.split(". ")[0] for text in _headings(found)] == [
        *("I", "II", "1", "2", "3", "4", "5", "6", "7"),
        *("III", "1", "2", "3", "IV", "V", "1"),
    ]
    assert [annex.number for annex in found.annexes] == ["I", "II", "III", "IV", "V", "VI"]
    assert found.to == ("Chủ tịch Ủy ban nhân dân tỉnh",)
    assert found.copies[0] == "Như trên"
    assert found.draft
    assert (found.number, found.day) == ("/BC-SYT", None)
    last = [block for block in found.body if isinstance(block, Paragraph)][-1]
    assert str(last.text).endswith("./.")


def test_both_files_are_written() -> None:
    found = _paper(_said())
    assert docx.write(found)[:2] == b"PK"
    assert pdf.write(found)[:5] == b"%PDF-"


def test_annex_one_has_a_line_for_each_unit_and_names_what_is_missing() -> None:
    table = _paper(_said()).annexes[0].blocks[0]
    assert isinstance(table, Table)
    assert len(table.rows) == 17
    assert table.rows[0][2] == "chưa có số liệu"
    assert table.rows[0][3] == "7"


def test_what_changed_since_the_last_period_is_said_with_names() -> None:
    now = units()
    risen = (*now[:16], replace(now[16], states={**now[16].states, "his_level": "4", "emr": "basic"}))
    said = _said(material(units=risen), material())
    text = draft.generated(KIND, said, SIGNED)
    assert f"{now[16].name} (HIS: 2 → 4)" in text["II.2"]
    assert "tăng 1 đơn vị so với thời điểm 18/02/2025" in text["II.3"]
    assert "Số đơn vị đã có phần mềm bệnh án điện tử tăng 1" in text["III.1"]


def test_overdue_tasks_are_named_with_owner_and_day() -> None:
    text = draft.generated(KIND, _said(), SIGNED)
    assert "- Nhiệm vụ T03 (chủ trì: Sở Y tế; hạn: 28/02/2025)." in text["I"]
    none = material(tasks=(task("T01", "done"),))
    assert "quá hạn" not in draft.generated(KIND, _said(none), SIGNED)["I"]


def test_the_officers_words_stand_in_place_of_the_programs() -> None:
    found = _paper(_said(), **{"III.1": "Đã hoàn thành tốt.\n- Một;\n- Hai."})
    place = _headings(found).index("1. Ưu điểm")
    bodies = list(_under(found, place))
    assert bodies == [Paragraph("Đã hoàn thành tốt."), Bullet("Một;"), Bullet("Hai.")]


def _under(paper: Paper, heading: int) -> Iterator[object]:
    seen = -1
    for block in paper.body:
        if isinstance(block, Heading):
            seen += 1
        elif seen == heading:
            yield block


def test_the_letterhead_follows_the_day_of_signing() -> None:
    july = date(2025, 7, 1)
    said = replace(_said(), issuer=issuers.of(july))
    found = _paper(said, july)
    assert (found.letterhead.superior, found.letterhead.place) == ("UBND TỈNH BẮC NINH", "Bắc Ninh")
    assert not any("huyện" in name for name in found.copies)
    june = _paper(_said(), date(2025, 6, 30))
    assert june.letterhead.superior == "UBND TỈNH BẮC GIANG"
    assert any("huyện" in name for name in june.copies)


def test_a_deputy_signs_for_the_director() -> None:
    said = _said()
    found = draft.paper(KIND, said, Letter(SIGNED, "deputy", "A"), draft.generated(KIND, said, SIGNED))
    assert (found.signer.authority, found.signer.post) == ("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC")


def test_the_hash_of_what_was_seen_covers_every_word_but_not_the_number() -> None:
    said = _said()
    words = draft.generated(KIND, said, SIGNED)
    plain = draft.seen(draft.paper(KIND, said, Letter(SIGNED), words))
    numbered = draft.paper(KIND, said, Letter(SIGNED, number=12, day=SIGNED), words)
    assert draft.seen(numbered) == plain
    assert draft.seen(draft.paper(KIND, said, Letter(SIGNED), {**words, "V": "Khác."})) != plain
    other = _said(material(declared={"servers": 26}))
    assert draft.seen(draft.paper(KIND, other, Letter(SIGNED), words)) != plain


def test_a_corrected_report_names_the_old_one_and_what_is_otherwise() -> None:
    said = replace(
        _said(),
        replaces="Báo cáo số 12/BC-SYT ngày 04/03/2025 của Sở Y tế",
        corrections=("Máy chủ: 24 → 25",),
    )
    lines = draft.generated(KIND, said, SIGNED)["opening"].splitlines()
    assert lines[0].startswith("Báo cáo này thay thế Báo cáo số 12/BC-SYT ngày 04/03/2025 của Sở Y tế.")
    assert lines[1] == "- Máy chủ: 24 → 25."


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_document(kind: str) -> None:
    said = Said(_content(material(), kind=kind), issuers.of(SIGNED))
    words = draft.generated(KINDS[kind], said, SIGNED)
    found = draft.paper(KINDS[kind], said, Letter(SIGNED), words)
    assert pdf.write(found)[:5] == b"%PDF-"
    assert docx.write(found)[:2] == b"PK"
    assert all(text.strip() for text in words.values())


def test_frozen_data_read_back_whole() -> None:
    made = _content(material())
    assert content.read(made.body()) == made


def test_frozen_data_have_no_place_for_anything_else() -> None:
    """SEC-23: what is frozen is a closed shape; a member that is not of it is refused."""
    body = _content(material()).body().replace('"code":"U00"', '"code":"U00","patient":"Giáp Thị Ngân"', 1)
    assert "patient" in body
    assert "patient" not in content.read(body).body()
    with pytest.raises(msgspec.ValidationError):
        content.read(body.replace('"his_level":"7"', '"his_level":{"name":"x"}', 1))


def test_reports_ask_no_part_that_holds_patients() -> None:
    """SEC-23: counts only. The report cannot reach records, dossiers or transfers of single patients."""
    allowed = (
        "lienthong.rollout",
        "lienthong.foundation",
        "lienthong.access",
        "lienthong.facilities.directory",
    )
    told = ("lienthong.transfers.measures",)
    folder = Path(str(resources.files("lienthong.rollout.report")))
    files = list(folder.rglob("*.py"))
    assert len(files) > 15
    for path in files:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [one.name for one in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                if name.startswith("lienthong"):
                    ok = name.startswith((*allowed, *told)) or name == "lienthong.facilities"
                    assert ok, f"{path.name} imports {name}"
