"""Nothing of a patient in what is written to a vendor: numbers that name a person are refused."""

from __future__ import annotations

import re

from lienthong.foundation.errors import LienThongError, Problem

_RUN = re.compile(r"\d{9,}")
_PHONE = re.compile(r"(?:0|84)[35789]\d{8}|(?:0|84)2\d{9}")
_CITIZEN = re.compile(r"(?<!\d)0(?:\d{2}(?:[ .\u00a0-]\d{3}){3}|\d{3}(?:[ .\u00a0-]\d{4}){2})(?!\d)")
_CARD = re.compile(r"(?<![A-Za-z])[A-Za-z]{2}(?:[ .\u00a0-]?\d){13}(?!\d)")


def names_a_person(text: str) -> bool:
    """Whether a text holds a number like a citizen number (12 digits), an old identity number (9), a social
    insurance number (10) or a health-insurance card (2 letters, 13 digits). Telephone numbers pass."""
    if _CITIZEN.search(text) or _CARD.search(text):
        return True
    return any(not _PHONE.fullmatch(run) for run in _RUN.findall(text))


def check(field: str, text: str) -> None:
    """Refuses a text with such a number; the number itself is repeated nowhere.

    Raises:
        LienThongError: ``ticket-personal-number``, where: the field.
    """
    if names_a_person(text):
        raise LienThongError(
            Problem(
                "ticket-personal-number",
                "Nội dung có dãy số giống số định danh cá nhân, số CMND hoặc số thẻ bảo hiểm y tế.",
                "The text holds a number like a citizen, identity or health-insurance number.",
                "Hãy bỏ dãy số đó và mọi thông tin về người bệnh. Chỉ mô tả màn hình, chức năng, thông báo lỗi và "
                "thời điểm xảy ra; nhà cung cấp xem hồ sơ tại đơn vị nếu cần.",
                "Take the number and everything about patients out. Describe the screen, the function, the error "
                "message and the time only; the vendor looks at the record inside the unit if needed.",
                where={"field": field},
            )
        )
