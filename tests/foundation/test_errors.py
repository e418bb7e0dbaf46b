"""A problem is one object for every door."""

from __future__ import annotations

from lienthong.foundation.errors import LienThongError, Problem


def test_a_problem_gives_both_languages_and_its_place() -> None:
    problem = Problem(
        "his-xml-bad-date",
        "Ngày vào viện không hợp lệ.",
        "The date of admission is not valid.",
        hint_vi="Sửa NGAY_VAO trong HIS rồi xuất lại.",
        severity="warning",
        where={"table": "XML1", "row": 1, "field": "NGAY_VAO", "line": 12},
    )
    assert problem.as_dict() == {
        "code": "his-xml-bad-date",
        "severity": "warning",
        "table": "XML1",
        "row": 1,
        "field": "NGAY_VAO",
        "line": 12,
        "message": "Ngày vào viện không hợp lệ.",
        "message_en": "The date of admission is not valid.",
        "hint": "Sửa NGAY_VAO trong HIS rồi xuất lại.",
        "hint_en": "",
    }
    assert str(LienThongError(problem)) == "his-xml-bad-date: The date of admission is not valid."
