"""The patient: identity, insurance card, and whether age and sex fit the case."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from lienthong.transfers.validity import slips
from lienthong.transfers.validity.checks.finding import (
    CARD,
    CITIZEN,
    PLAUSIBLE,
    XML13,
    Finding,
    Level,
)
from lienthong.transfers.validity.checks.reading import Facts, Form, days, years

NEWBORN_DAYS = 28
CHILD_YEARS = 16
_CARD = re.compile(r"[A-Z]{2}[1-5]\d{12}", re.ASCII)
_SOCIAL = re.compile(r"\d{10}", re.ASCII)
_OTHER_DOCUMENT = re.compile(r"(?=.*[A-Z])[A-Z0-9]{5,20}", re.ASCII)


def look(form: Form, facts: Facts) -> Iterator[Finding]:
    """Birth, citizen number, card, case."""
    today = slips.day_of(facts.now)
    yield from _birth(form, today)
    yield from _citizen(form)
    yield from _card(form, facts, today)
    yield from _case(form, today)


def _birth(form: Form, today: date) -> Iterator[Finding]:
    birth = form.text("person.birth")
    if birth and (years(birth, today) is None or birth > today.isoformat()):
        yield Finding(
            "birth-impossible",
            "error",
            "person.birth",
            "Ngày sinh không đọc được hoặc không thể có. Kiểm tra căn cước.",
            "The date of birth cannot be read or cannot be. Check the identity card.",
            PLAUSIBLE,
        )


def _citizen(form: Form) -> Iterator[Finding]:
    number = form.text("person.citizen").upper().replace(" ", "")
    if re.fullmatch(r"\d{12}", number, re.ASCII):
        yield from _digits(form, number)
    elif re.fullmatch(r"[1-9]\d{10}", number, re.ASCII):
        yield _number(
            "citizen-zero-lost",
            "Số căn cước chỉ có 11 chữ số, có thể mất số 0 ở đầu. Đối chiếu với thẻ.",
            "The citizen number has 11 digits; a leading zero may be lost. Compare with the card.",
        )
    elif re.fullmatch(r"\d{9}", number, re.ASCII):
        yield _number(
            "citizen-old-card",
            "Đây là số chứng minh nhân dân cũ, hết giá trị từ 01/01/2025. Nhập số căn cước 12 chữ số.",
            "This is the number of an old identity card, not valid since 2025-01-01. Enter the 12-digit number.",
        )
    elif number and not _OTHER_DOCUMENT.fullmatch(number):
        yield _number(
            "citizen-shape",
            "Số căn cước không đúng dạng (12 chữ số). Nhập lại hoặc quét thẻ.",
            "The citizen number has the wrong shape (12 digits). Type it again or scan the card.",
        )


def _digits(form: Form, number: str) -> Iterator[Finding]:
    gender, birth = form.text("person.gender"), form.text("person.birth")
    female = int(number[3]) % 2 == 1
    if gender in ("male", "female") and female != (gender == "female"):
        yield _number(
            "citizen-sex",
            "Chữ số thứ 4 của số căn cước không khớp với giới tính. Đối chiếu với thẻ.",
            "The fourth digit of the citizen number does not go with the sex. Compare with the card.",
        )
    century = 19 + int(number[3]) // 2
    if re.match(r"\d{4}", birth, re.ASCII) and birth[:4] != f"{century}{number[4:6]}":
        yield _number(
            "citizen-birth",
            f"Số căn cước cho năm sinh {century}{number[4:6]}, khác với năm sinh đã nhập. Đối chiếu với thẻ.",
            f"The citizen number says born in {century}{number[4:6]}, unlike what was entered. Compare with the card.",
        )


def _number(code: str, vi: str, en: str) -> Finding:
    return Finding(code, "warning", "person.citizen", vi, en, CITIZEN)


def _card(form: Form, facts: Facts, today: date) -> Iterator[Finding]:
    number = form.text("person.card").upper().replace(" ", "")
    if number and not (_CARD.fullmatch(number) or (_SOCIAL.fullmatch(number) and number.strip("0"))):
        yield Finding(
            "card-shape",
            "warning",
            "person.card",
            "Số thẻ bảo hiểm y tế không đúng dạng (2 chữ và 13 chữ số, hoặc 10 chữ số). Nhập lại.",
            "The card number has the wrong shape (2 letters and 13 digits, or 10 digits). Type it again.",
            CARD,
        )
    ends = form.day("person.card_until")
    if ends is None or not number:
        return
    leaves = form.day("departs_at") or today
    until = slips.valid_until(facts.now, one_year=False, calendar=facts.calendar).until
    if ends < leaves:
        yield Finding(
            "card-ended",
            "warning",
            "person.card_until",
            f"Thẻ bảo hiểm y tế hết hạn ngày {ends:%d/%m/%Y}, trước ngày chuyển. "
            "Báo người bệnh gia hạn; nếu không, người bệnh tự trả chi phí.",
            f"The insurance card ended on {ends:%d/%m/%Y}, before the transfer. "
            "Tell the patient to renew it, or to expect to pay.",
            XML13,
        )
    elif ends <= max(until, leaves):
        yield Finding(
            "card-ends-soon",
            "warning",
            "person.card_until",
            f"Thẻ bảo hiểm y tế hết hạn ngày {ends:%d/%m/%Y}, trong thời hạn của phiếu. Báo người bệnh gia hạn sớm.",
            f"The insurance card ends on {ends:%d/%m/%Y}, while the slip is valid. Tell the patient to renew it soon.",
            XML13,
        )


def _case(form: Form, today: date) -> Iterator[Finding]:
    case, gender, birth = form.text("case"), form.text("person.gender"), form.text("person.birth")
    age, lived = years(birth, today), days(birth, today)
    if case == "obstetric" and gender == "male":
        yield _unlike(
            "case-male",
            "error",
            "Ca sản khoa nhưng giới tính là nam. Sửa loại ca hoặc giới tính.",
            "An obstetric case with a male patient. Correct the case or the sex.",
        )
    if case == "obstetric" and age is not None and not 10 <= age <= 60:
        yield _unlike(
            "case-age",
            "warning",
            f"Ca sản khoa ở người {age} tuổi. Kiểm tra loại ca và ngày sinh.",
            f"An obstetric case at the age of {age}. Check the case and the date of birth.",
        )
    if case == "newborn" and ((lived is not None and lived > NEWBORN_DAYS) or age):
        yield _unlike(
            "case-not-newborn",
            "warning",
            f"Ca sơ sinh nhưng người bệnh đã quá {NEWBORN_DAYS} ngày tuổi. Chọn “trẻ em” hoặc sửa ngày sinh.",
            f"A newborn case, but the patient is older than {NEWBORN_DAYS} days. "
            "Choose “child” or correct the date of birth.",
        )
    if case == "newborn" and birth and lived is None:
        yield _unlike(
            "case-newborn-birth",
            "warning",
            "Ca sơ sinh cần ngày sinh đầy đủ. Nhập ngày, tháng, năm sinh.",
            "A newborn case needs the whole date of birth. Enter day, month and year.",
        )
    if case == "child" and age is not None and age >= CHILD_YEARS:
        yield _unlike(
            "case-not-child",
            "warning",
            f"Ca trẻ em nhưng người bệnh {age} tuổi. Kiểm tra loại ca và ngày sinh.",
            f"A child's case, but the patient is {age}. Check the case and the date of birth.",
        )
    if case not in ("newborn", "obstetric") and lived is not None and 0 <= lived <= NEWBORN_DAYS:
        yield _unlike(
            "case-newborn",
            "ask",
            f"Người bệnh mới {lived} ngày tuổi. Có nên chọn loại ca “sơ sinh”?",
            f"The patient is {lived} days old. Should the case be “newborn”?",
        )


def _unlike(code: str, level: Level, vi: str, en: str) -> Finding:
    return Finding(code, level, "case", vi, en, PLAUSIBLE)
