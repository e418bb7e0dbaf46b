"""What may not stand in a report: what names one person (SEC-23, data minimisation)."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identifying:
    """What was found, in words; never the thing itself."""

    vi: str
    en: str


_NUMBERS = (
    (
        re.compile(r"(?<![A-Z\d])[A-Z]{2} ?[1-5](?: ?\d){12}(?!\d)"),
        Identifying("số thẻ bảo hiểm y tế", "the number of a health-insurance card"),
    ),
    (
        re.compile(r"(?<![\d.,])0\d{2}[ .]?\d{3}[ .]?\d{3}[ .]?\d{3}(?![\d.,]*\d)"),
        Identifying("số định danh cá nhân (12 chữ số)", "a personal number of 12 digits"),
    ),
    (
        re.compile(r"(?<![\d.,])0[35789]\d{2}[ .]?\d{3}[ .]?\d{3}(?![\d.,]*\d)"),
        Identifying("số điện thoại", "a telephone number"),
    ),
    (
        re.compile(
            r"\b(?:mã (?:bệnh nhân|người bệnh|bn|bệnh án)|số hồ sơ)\s*:?\s*[\w./-]*\d{3,}", re.IGNORECASE
        ),
        Identifying("mã người bệnh hoặc số hồ sơ bệnh án", "the number of a patient or of a record"),
    ),
)
_PATIENT = re.compile(r"\b(?:người bệnh|bệnh nhân|bn|ông|bà|cháu)\s+(\w+)\s+(\w+)", re.IGNORECASE)
_NAME = Identifying("họ tên một người bệnh", "the name of a patient")


def identifying(text: str) -> Identifying | None:
    """What in a text names one person, if anything does: card, personal number, telephone, name of a patient."""
    for pattern, words in _NUMBERS:
        if pattern.search(text):
            return words
    named = any(first[0].isupper() and second[0].isupper() for first, second in _PATIENT.findall(text))
    return _NAME if named else None
