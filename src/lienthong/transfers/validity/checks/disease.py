"""The diagnosis: codes that exist, the one-year mark, and diseases that need no slip or belong back home."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache

from lienthong.terminology import icd10
from lienthong.terminology.lists import rows
from lienthong.transfers.validity import annexes, slips
from lienthong.transfers.validity.checks.finding import (
    ANNEX_III,
    ARTICLE_5,
    ARTICLE_10,
    ICD10,
    Finding,
)
from lienthong.transfers.validity.checks.reading import Facts, Form, years

_OTHER_EDITION = (date(2026, 6, 30), date(2026, 7, 1))


@cache
def _sexes() -> dict[str, str]:
    """Codes that one sex alone can have, ``male`` or ``female`` (Circular 06/2026/TT-BYT)."""
    known = {"F": "female", "M": "male"}
    return {row["code"]: known[row["sex"]] for row in rows("icd10_vn_tt06_2026.csv") if row["sex"] in known}


def look(form: Form, facts: Facts) -> Iterator[Finding]:
    """Codes, mark, level of care."""
    today = slips.day_of(facts.now)
    codes = form.codes()
    yield from _codes(form, codes, today)
    yield from _one_year(form, codes)
    yield from _level(form, facts, codes, today)


def _codes(form: Form, codes: list[str], today: date) -> Iterator[Finding]:
    written = form.text("diagnosis_code")
    if written and not codes:
        yield _code(
            "icd-shape",
            "diagnosis_code",
            "Mã bệnh không đúng dạng ICD-10 (ví dụ J18.9). Chọn mã trong danh mục.",
            "The code has not the shape of ICD-10 (such as J18.9). Choose one from the list.",
        )
    for code in codes:
        if icd10(code, today) is None:
            elsewhere = any(icd10(code, day) for day in _OTHER_EDITION)
            vi = f"Mã {code} không có trong danh mục ICD-10 đang dùng"
            en = f"Code {code} is not in the ICD-10 list in use"
            yield _code(
                "icd-unknown",
                "diagnosis_code",
                f"{vi}{' (chỉ có trong danh mục khác thời kỳ)' if elsewhere else ''}. Chọn mã khác.",
                f"{en}{' (only in the list of another time)' if elsewhere else ''}. Choose another.",
            )
        sex = _sexes().get(code, "")
        if sex and form.text("person.gender") in {"male", "female"} - {sex}:
            yield _code(
                "icd-sex",
                "diagnosis_code",
                f"Mã {code} không dùng cho giới tính này. Kiểm tra mã bệnh và giới tính.",
                f"Code {code} is not for this sex. Check the code and the sex.",
            )
    main = icd10(codes[0], today) if codes else None
    if main and (main.main_forbidden or main.mark == "*"):
        yield _code(
            "icd-not-main",
            "diagnosis_code",
            f"Mã {main.code} không được dùng làm bệnh chính. Chọn mã nguyên nhân làm bệnh chính.",
            f"Code {main.code} may not be the main disease. Choose the cause as the main one.",
        )


def _code(code: str, field: str, vi: str, en: str) -> Finding:
    return Finding(code, "warning", field, vi, en, ICD10)


def _one_year(form: Form, codes: list[str]) -> Iterator[Finding]:
    marked, why = form.value("one_year") is True, form.text("one_year_why")
    proposal = slips.propose_one_year(codes, emergency=form.emergency)
    match = proposal.match
    if why or marked == proposal.one_year:
        return
    if match is None:
        yield Finding(
            "one-year-without-item",
            "warning",
            "one_year",
            "Phiếu đánh dấu có giá trị 1 năm nhưng mã bệnh không thuộc Phụ lục III. Bỏ dấu hoặc ghi lý do.",
            "The slip is marked valid for one year, but no code stands in annex III. Take the mark off or say why.",
            ANNEX_III,
        )
    elif marked:
        yield Finding(
            "one-year-in-an-emergency",
            "warning",
            "one_year",
            f"{match.words_vi()}: không áp dụng cho tình trạng cấp cứu, cấp tính. Bỏ dấu hoặc ghi lý do.",
            f"{match.words_en()}: not for emergencies and acute states. Take the mark off or say why.",
            ANNEX_III,
        )
    else:
        condition_vi, condition_en = _condition(match)
        yield Finding(
            "one-year-possible",
            "ask",
            "one_year",
            f"{match.words_vi()}: phiếu có thể có giá trị 1 năm.{condition_vi} Đánh dấu, hoặc ghi lý do không.",
            f"{match.words_en()}: the slip may be valid for one year.{condition_en} Mark it, or say why not.",
            ANNEX_III,
        )


def _condition(match: annexes.Match) -> tuple[str, str]:
    vi = f" Điều kiện: {match.condition.rstrip('.')}." if match.condition else ""
    en = f" Condition: {match.condition.rstrip('.')}." if match.condition else ""
    if annexes.only_if_not_acute(match):
        vi += " Trừ khi bệnh đã ổn định, không có điều trị đặc hiệu, hoặc cấp tính."
        en += " Unless the disease is stable, has no specific treatment, or is acute."
    return vi, en


def _level(form: Form, facts: Facts, codes: list[str], today: date) -> Iterator[Finding]:
    if facts.goes_back or form.emergency:
        return
    free = annexes.without_slip(codes, age=years(form.text("person.birth"), today))
    if free:
        condition_vi, condition_en = _condition(free[0])
        level_vi = "cấp chuyên sâu" if free[0].annex == "I" and not free[0].through else "cấp cơ bản"
        level_en = "the advanced level" if free[0].annex == "I" and not free[0].through else "the basic level"
        yield Finding(
            "no-slip-needed",
            "ask",
            "diagnosis_code",
            f"{free[0].words_vi()}: người bệnh được đến cơ sở {level_vi} mà không cần phiếu chuyển.{condition_vi} "
            "Vẫn nên gửi hồ sơ để nơi nhận biết trước.",
            f"{free[0].words_en()}: the patient may go to a facility of {level_en} without a slip.{condition_en} "
            "Send the record all the same, so that they know.",
            ARTICLE_5,
        )
    home = annexes.may_go_back(codes[:1])
    if home and form.text("reason") in ("1", "2"):
        yield Finding(
            "could-stay-home",
            "ask",
            "diagnosis_code",
            f"{home.words_vi()}: khi đã ổn định, bệnh này có thể theo dõi tại cơ sở ban đầu. "
            "Có cần chuyển lên không?",
            f"{home.words_en()}: once stable, this disease may be followed at the first level. "
            "Is the transfer needed?",
            ARTICLE_10,
        )
