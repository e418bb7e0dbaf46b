"""What the value of a field has to look like: one cheap test for each field of a table, made once.

Rules of the identifiers (citizen number, card, facility, practitioner, dates): Decisions 3176/2024, 4750/2023
and 130/2023; practice of the insurance portal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from lienthong.connectors.his_xml.dossier import Edition
from lienthong.connectors.his_xml.tables import Field, tables
from lienthong.terminology import admin_unit, icd10, known_codes

Test = Callable[[str], object]

_DAY = (
    r"(?:(?:18|19|20)\d\d(?:(?:0[13578]|1[02])(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)(?:0[1-9]|[12]\d|30)"
    r"|02(?:0[1-9]|1\d|2[0-8]))|(?:(?:18|19|20)(?:0[48]|[2468][048]|[13579][26])|2000)0229)"
)
_MINUTE = r"(?:[01]\d|2[0-3])[0-5]\d"
_MOMENT = _DAY + _MINUTE
_BIRTH = rf"(?:{_DAY}(?:{_MINUTE})?|(?:18|19|20)\d\d(?:0000|(?:0[1-9]|1[0-2])00)(?:0000)?)"
_FACILITY = r"\d{2}[0-9A-Z]{3}"
_CARD = r"[A-Z]{2}[1-5]\d{12}"
_CITIZEN = r"(?:\d{12}|\d{9}|(?!\d{10,11}$)[A-Z0-9]{5,20})"

DAY: Final = re.compile(_DAY)
MOMENT: Final = re.compile(_MOMENT)
CITIZEN_NUMBER: Final = re.compile(r"\d{12}")


def _one(pattern: str) -> Test:
    return re.compile(pattern).fullmatch


def _many(pattern: str) -> Test:
    return re.compile(rf"{pattern}(?:\s*;\s*{pattern})*\s*;?").fullmatch


def parts(value: str) -> list[str]:
    """The values of a list joined by ``;``."""
    return [part for one in value.split(";") if (part := one.strip())]


@dataclass(frozen=True, slots=True)
class Shapes:
    """Tests of one table.

    Attributes:
        tests: by field; None for free text.
        kinds: by field: what is wrong when the test fails.
        required: fields that every row must have.
        like_xml1: fields whose value has to equal the same field of XML1.
    """

    tests: dict[str, Test | None]
    kinds: dict[str, str]
    required: frozenset[str]
    like_xml1: tuple[str, ...]


def shapes(table: str, edition: Edition, on: date) -> Shapes:
    """The tests of a table for a visit that ended on ``on``."""
    return _shapes(table, edition, _era(on))


def _era(on: date) -> date:
    """The first day from which all lists are the same as on ``on``."""
    return max(day for day in _CHANGES if day <= on)


_CHANGES: Final = (
    date.min,
    date(2025, 7, 1),  # two levels of administrative units
    date(2025, 10, 17),  # Decision 3276: categories of visits
    date(2026, 7, 1),  # Circular 06/2026: ICD-10
    date(2026, 8, 1),  # Decision 1804: kinds of care
)


@lru_cache(maxsize=256)
def _shapes(table: str, edition: Edition, on: date) -> Shapes:
    fields = tables()[table].fields[edition]
    tests: dict[str, Test | None] = {}
    kinds: dict[str, str] = {}
    for name, field in fields.items():
        kind, test = _test(table, field, edition, on)
        tests[name] = test
        kinds[name] = kind
    required = frozenset(name for name, field in fields.items() if field.required == "yes")
    like = tuple(name for name, field in fields.items() if field.equals_xml1)
    return Shapes(tests, kinds, required, like)


def _test(table: str, field: Field, edition: Edition, on: date) -> tuple[str, Test | None]:
    for rule in (_by_name, _by_codes):
        found = rule(field, edition, on)
        if found:
            return found
    form = field.format
    if form.startswith("yyyyMMdd"):
        return "date", _date(table, field)
    if "yyyyMMdd" in form and field.name != "MA_THUOC":
        return "date", _many(f"{_DAY}(?:{_MINUTE})?")
    if form.startswith("15 characters"):
        return "card", _many(_CARD) if field.many else _one(_CARD)
    if form.startswith("10 digits"):
        return "social", _one(r"\d{10}|\d{12}")
    if field.number or form.startswith("text decimal"):
        whole = field.max_len or 15
        return "number", _one(rf"-?\d{{1,{whole}}}(?:\.\d{{1,6}})?")
    if field.max_len is None:
        return "", None
    limit = field.max_len
    return "length", lambda value: len(value) <= limit


def _date(table: str, field: Field) -> Test:
    if field.name.startswith(("NGAY_SINH", "NGAYSINH")) and field.name != "NGAY_SINHCON":
        return _one(_BIRTH)
    if field.name == "NGAY_MIEN_CCT" or field.name == "NGAY_HEN_KL":
        return _one(f"{_DAY}(?:{_MINUTE})?")
    pattern = _MOMENT if field.format.startswith("yyyyMMddHHmm") else _DAY
    in_list = field.many or (table == "XML13" and field.name in ("NGAY_VAO", "NGAY_RA"))
    return _many(pattern) if in_list else _one(pattern)


def _by_name(field: Field, edition: Edition, on: date) -> tuple[str, Test] | None:
    name = field.name
    if name in ("SO_CCCD", "SO_CCCD_NND"):
        return "citizen", _one(_CITIZEN)
    if name == "MA_CSKCB_THUOC":
        return "facility", _one(rf"(?:(?:C|K|M|H|HC)\.)?{_FACILITY}")
    if name == "GOI_VTYT":
        return "package", _one(r"G\d{1,3}")
    if name == "MA_NGHE_NGHIEP":
        known = known_codes("MA_NGHE_NGHIEP", on)
        return "occupation", known.__contains__ if edition == "3176" else _one(r"\d{1,5}")
    return None


def _by_codes(field: Field, edition: Edition, on: date) -> tuple[str, Test] | None:
    codes = field.codes
    if codes == "MA_CSKCB":
        return "facility", _many(_FACILITY) if field.many else _one(_FACILITY)
    if codes == "PRACTITIONER":
        return "practitioner", re.compile(r"\d").search
    if codes == "MA_KHOA":
        return "department", _many(r"K\d{2}(?:\.\d+)?")
    if codes == "MA_GIUONG":
        return "bed", _many(r"[HTCK]\d{3}")
    if codes == "ICD10_VN":
        return "icd10", lambda value: all(icd10(code, on) for code in parts(value))
    if codes in ("DVHC_TINH", "DVHC_HUYEN", "DVHC_XA"):
        return "admin", lambda value: admin_unit(value, on)
    if codes.endswith("_3176") and edition != "3176":
        return None
    known = known_codes(codes, on)
    if not known or codes == "MA_QUOCTICH":
        return None
    if codes in ("CO_1", "MA_DOITUONG_KCB"):
        known |= {"0"} if codes == "CO_1" else {f"{code}.0" for code in known if "." not in code}
    if field.number:  # edition 130: a number has no leading zero
        known |= {code.lstrip("0") or "0" for code in known}
    if field.many:
        return "code", lambda value: known.issuperset(parts(value))
    return "code", known.__contains__
