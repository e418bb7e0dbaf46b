"""The International Patient Summary that the store gives."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from document_world import PATIENT, keep, person
from lienthong import records
from lienthong.access import audit
from lienthong.documents import summary
from lienthong.documents.summary import narrative
from lienthong.foundation import json
from lienthong.records import validation

pytestmark = pytest.mark.django_db


def _made(**more: Any) -> dict[str, Any]:
    stored = records.read("Patient", PATIENT)
    assert stored is not None
    return summary.compose(stored, **more)


def _sections(bundle: dict[str, Any]) -> dict[str, dict[str, Any]]:
    composition = bundle["entry"][0]["resource"]
    return {one["code"]["coding"][0]["code"]: one for one in composition["section"]}


def _valid(bundle: dict[str, Any]) -> None:
    """Every resource is valid R4, every reference that looks like an entry leads to one."""
    assert validation.problems(bundle) == []
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(urls)) == len(urls)
    for entry in bundle["entry"]:
        assert validation.problems(entry["resource"]) == []
    text = json.dumps(bundle).decode()
    assert set(re.findall(r'"reference":"([^"]+)"', text)) <= set(urls)


def test_sections_hold_what_the_record_holds() -> None:
    keep()
    bundle = _made()
    _valid(bundle)
    sections = _sections(bundle)
    expected = "48765-2 11450-4 10160-0 11369-6 47519-4 30954-2 8716-3 11348-0 10162-6 18776-5"
    assert list(sections) == expected.split()
    composition = bundle["entry"][0]["resource"]
    assert bundle["meta"]["profile"] == [summary.IPS_BUNDLE]
    assert composition["meta"]["profile"] == [summary.IPS_COMPOSITION]
    assert composition["type"]["coding"][0]["code"] == "60591-5"
    assert bundle["entry"][1]["resource"]["resourceType"] == "Patient"
    words = {code: section["text"]["div"] for code, section in sections.items()}
    assert "Penicillin &lt;b&gt;&amp;" in words["48765-2"]
    assert "Mày đay" in words["48765-2"]
    assert "I10" in words["11450-4"]
    assert "Viêm phổi" not in words["11450-4"]
    assert "Viêm phổi" in words["11348-0"]
    assert words["10160-0"].count("Amlodipin") == 1
    assert "1 viên buổi sáng" in words["10160-0"]
    assert "5,4 mmol/L" in words["30954-2"]
    assert "Mạch" in words["8716-3"]
    assert "Mạch" not in words["30954-2"]
    assert "Không mang thai" in words["10162-6"]
    assert "15/02/2025" in words["18776-5"]
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert "Practitioner" in kinds


def test_protected_content_needs_the_right() -> None:
    keep()
    assert "trầm cảm" not in json.dumps(_made()).decode()
    assert "trầm cảm" in json.dumps(_made(see=lambda _: True)).decode()


def test_the_same_store_gives_the_same_bytes() -> None:
    keep()
    first = json.dumps(_made())
    keep()
    assert json.dumps(_made()) == first


def test_an_empty_record_says_that_nothing_is_known() -> None:
    with transaction.atomic():
        records.transact([person()], origin="his-xml/24011/X", actor=audit.system("test"))
    bundle = _made()
    _valid(bundle)
    sections = _sections(bundle)
    assert list(sections) == ["48765-2", "11450-4", "10160-0"]
    codes = {
        coding["code"]
        for entry in bundle["entry"]
        for name in ("code", "medicationCodeableConcept")
        if isinstance(entry["resource"].get(name), dict)
        for coding in entry["resource"][name].get("coding", ())
    }
    assert codes == {"no-allergy-info", "no-problem-info", "no-medication-info"}
    assert "Cần hỏi người bệnh" in sections["48765-2"]["text"]["div"]


@given(st.text())
def test_any_text_stays_text(text: str) -> None:
    """Whatever stands in a record, it adds no markup to the words of a section."""
    from xml.etree import ElementTree

    shown = narrative.div(narrative.table(("A",), [(text,)]))["div"]
    root = ElementTree.fromstring(shown)
    cell = root.find(".//{http://www.w3.org/1999/xhtml}td")
    assert cell is not None
    assert len(cell) == 0
