"""Checks a dossier that was read. Only a patient or visit that cannot be told refuses it; all else warns.

Refused: no XML1 (nor XML0 or XML12 alone); no MA_LK (XML12: SO_BIEN_BAN) or one too long for a key; no facility
code anywhere; none of HO_TEN, MA_BN, SO_CCCD, MA_THE_BHYT. Rules: Decisions 3176/2024, 4750/2023, 130/2023;
Circular 01/2025/TT-BYT; portal sheet of 2024.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Final

from lienthong.connectors.his_xml import sentences as say
from lienthong.connectors.his_xml.dossier import Dossier, Row
from lienthong.connectors.his_xml.findings import Findings
from lienthong.connectors.his_xml.shapes import CITIZEN_NUMBER, DAY, Shapes, parts, shapes
from lienthong.connectors.his_xml.tables import tables
from lienthong.connectors.his_xml.transfer_checks import check_transfer
from lienthong.foundation.clock import today
from lienthong.terminology import icd10

_GARBLED: Final = re.compile("[\u0080-\u009f\u00a1-\u00bf\ufffd]")
_KEY_CHARACTERS: Final = 100
_FACILITY_CHARACTERS: Final = 16
_OTHER_DISEASES: Final = 12
_KG: Final = 500
_ONE_ROW: Final = ("XML1", "XML8", "XML10", "XML11", "XML13")
_ORDERS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "XML0": (("NGAY_VAO", "NGAY_VAO_NOI_TRU"),),
    "XML1": (("NGAY_VAO", "NGAY_VAO_NOI_TRU"), ("NGAY_VAO_NOI_TRU", "NGAY_RA"), ("NGAY_VAO", "NGAY_RA")),
    "XML2": (("NGAY_YL", "NGAY_TH_YL"),),
    "XML3": (("NGAY_YL", "NGAY_TH_YL"), ("NGAY_TH_YL", "NGAY_KQ"), ("NGAY_YL", "NGAY_KQ")),
    "XML7": (("NGAY_VAO", "NGAY_RA"), ("NGAY_VAO", "NGAY_CT"), ("NGOAITRU_TUNGAY", "NGOAITRU_DENNGAY")),
    "XML8": (("NGAY_VAO", "NGAY_RA"), ("NGAY_VAO", "NGAY_CT")),
    "XML10": (("TU_NGAY", "DEN_NGAY"),),
    "XML11": (("TU_NGAY", "DEN_NGAY"),),
    "XML14": (("NGAY_VAO", "NGAY_RA"), ("NGAY_RA", "NGAY_HEN_KL"), ("NGAY_VAO", "NGAY_CT")),
    "XML15": (("NGAYBD_DTRI_LAO", "NGAYKT_DTRI_LAO"),),
}


def check(dossier: Dossier) -> None:
    """Appends what is wrong to ``dossier.problems``."""
    found = Findings(dossier)
    if not dossier.refused:
        _facts(dossier, found)
    on = visit_day(dossier)
    first = dossier.row("XML1")
    for table, rows in dossier.tables.items():
        rules = shapes(table, dossier.edition, on)
        _rows(table, rows, rules, found)
        if first and rules.like_xml1:
            _like_xml1(table, rows, rules, first, found)
        if len(rows) > 1 and table in _ONE_ROW:
            found.add("too-many-rows", say.ROWS, table, 2, rows=len(rows))
    patient = first or dossier.row("XML0")
    if patient:
        _patient("XML1" if first else "XML0", patient, found)
    if first:
        _main_disease(first, on, found)
    check_transfer(dossier, found)


def visit_day(dossier: Dossier) -> date:
    """The day that decides the editions of code lists: discharge, else arrival, else today."""
    for table, names in (
        ("XML1", ("NGAY_RA", "NGAY_VAO")),
        ("XML0", ("NGAY_VAO",)),
        ("XML12", ("NGAY_HOP",)),
    ):
        row = dossier.row(table)
        for name in names if row else ():
            text = row.get(name)[:8] if row else ""
            if DAY.fullmatch(text):
                return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    return today()


def _facts(dossier: Dossier, found: Findings) -> None:
    person = dossier.row("XML1") or dossier.row("XML0")
    table = "XML1" if "XML1" in dossier.tables else "XML0"
    if not person:
        table, person = "XML12", dossier.row("XML12")
    if not person:
        found.add("no-xml1", say.NO_XML1, "XML1")
        return
    if not dossier.ma_lk:
        found.add("no-episode", say.NO_EPISODE, table, 1, "MA_LK")
    elif len(dossier.ma_lk) > _KEY_CHARACTERS:
        found.add("long-episode", say.LONG_EPISODE, table, 1, "MA_LK", dossier.ma_lk)
    if not any(person.get(name) for name in ("HO_TEN", "MA_BN", "SO_CCCD", "MA_THE_BHYT")):
        found.add("no-patient", say.NO_PATIENT, table, 1, "HO_TEN")
    if not dossier.facility or len(dossier.facility) > _FACILITY_CHARACTERS:
        sentence = say.NO_FACILITY_XML12 if table == "XML12" else say.NO_FACILITY
        found.add("no-facility", sentence, table, 1, "MA_CSKCB")


def _rows(table: str, rows: list[Row], rules: Shapes, found: Findings) -> None:
    tests, required = rules.tests, rules.required
    orders = _ORDERS.get(table, ())
    missing: dict[str, list[int]] = {}
    for number, row in enumerate(rows, 1):
        values = row.values
        for name, value in values.items():
            try:
                test = tests[name]
            except KeyError:
                _unknown(table, number, name, value, found)
                continue
            if test is not None and not test(value):
                _misshapen(table, number, name, value, rules.kinds[name], found)
        if not values.keys() >= required:
            for name in required - values.keys():
                missing.setdefault(name, []).append(number)
        for earlier, later in orders:
            if earlier in values and later in values:
                _order(table, number, (earlier, values[earlier]), (later, values[later]), found)
    for name in sorted(missing):
        found.add("required-missing", say.REQUIRED, table, missing[name][0], name, rows=len(missing[name]))


def _unknown(table: str, number: int, name: str, value: str, found: Findings) -> None:
    """A name of another edition (XML13 mixes them) is known."""
    if not any(name in fields for fields in tables()[table].fields.values()):
        found.add("unknown-field", say.UNKNOWN_FIELD, table, number, name, value)


def _misshapen(table: str, number: int, name: str, value: str, kind: str, found: Findings) -> None:
    if kind == "date" and DAY.fullmatch(value):
        found.add("date-short", say.DATE_SHORT, table, number, name, value)
    elif kind == "number" and re.fullmatch(r"-?\d+,\d+", value):
        found.add("decimal-comma", say.DECIMAL_COMMA, table, number, name, value)
    elif kind == "citizen" and re.fullmatch(r"[1-9]\d{10}", value):
        found.add("citizen-number-zero", say.CITIZEN_ZERO, table, number, name, value)
    else:
        code, sentence = say.SHAPES[kind]
        found.add(code, sentence, table, number, name, value)


def _order(
    table: str, number: int, earlier: tuple[str, str], later: tuple[str, str], found: Findings
) -> None:
    before, value = earlier[1], later[1]
    shared = min(len(before), len(value))
    if value[:shared] < before[:shared] and DAY.match(before) and DAY.match(value):
        found.add("order", say.ORDER, table, number, later[0], value, other=earlier[0], before=before)


def _like_xml1(table: str, rows: list[Row], rules: Shapes, first: Row, found: Findings) -> None:
    for number, row in enumerate(rows, 1):
        for name in rules.like_xml1:
            value = row.get(name)
            expected = first.get("MA_NOI_DEN" if name == "MA_CSKCB_DEN" else name)
            if not value or not expected or value == expected or value in parts(expected):
                continue
            if _plain(value) != _plain(expected):
                found.add(
                    "differs-from-xml1", say.UNLIKE_XML1, table, number, name, value, expected=expected[:60]
                )


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _patient(table: str, person: Row, found: Findings) -> None:
    number, birth = person.get("SO_CCCD"), person.get("NGAY_SINH")
    if CITIZEN_NUMBER.fullmatch(number):
        sex = person.get("GIOI_TINH")
        if sex in ("1", "2") and int(number[3]) % 2 != int(sex) - 1:
            found.add("citizen-number-sex", say.CITIZEN_SEX, table, 1, "SO_CCCD", number)
        year = f"{19 + int(number[3]) // 2}{number[4:6]}"
        if birth[:4].isdecimal() and birth[:4] != year:
            found.add("citizen-number-birth", say.CITIZEN_BIRTH, table, 1, "SO_CCCD", number, year=birth[:4])
    cards = parts(person.get("MA_THE_BHYT"))
    for name in ("MA_DKBD", "GT_THE_TU", "GT_THE_DEN"):
        listed = parts(person.get(name))
        if cards and listed and len(listed) != len(cards):
            found.add(
                "card-lists",
                say.CARD_LISTS,
                table,
                1,
                name,
                person.get(name),
                count=len(listed),
                cards=len(cards),
            )
    for start, end in zip(parts(person.get("GT_THE_TU")), parts(person.get("GT_THE_DEN")), strict=False):
        _order(table, 1, ("GT_THE_TU", start), ("GT_THE_DEN", end), found)
    leaving = "NGAY_RA" if person.get("NGAY_RA") else "NGAY_VAO"
    _order(table, 1, ("NGAY_SINH", birth), (leaving, person.get(leaving)), found)
    weight = person.get("CAN_NANG")
    if re.fullmatch(r"-?\d{1,6}(?:[.,]\d{1,3})?", weight) and not 0 < float(weight.replace(",", ".")) <= _KG:
        found.add("weight", say.WEIGHT, table, 1, "CAN_NANG", weight)
    for name in ("HO_TEN", "DIA_CHI", "CHAN_DOAN_RV"):
        if _GARBLED.search(person.get(name)):
            found.add("garbled-text", say.GARBLED, table, 1, name, person.get(name))


def _main_disease(first: Row, on: date, found: Findings) -> None:
    text, others = first.get("MA_BENH_CHINH"), parts(first.get("MA_BENH_KT"))
    codes = parts(text)
    if len(codes) > 1:
        found.add("main-diseases", say.MAIN_SEVERAL, "XML1", 1, "MA_BENH_CHINH", text)
    for code in codes:
        disease = icd10(code, on)
        if disease and disease.main_forbidden:
            found.add(
                "main-disease", say.MAIN_FORBIDDEN, "XML1", 1, "MA_BENH_CHINH", code, edition=disease.edition
            )
    if len(others) > _OTHER_DISEASES:
        found.add("many-diseases", say.MANY_DISEASES, "XML1", 1, "MA_BENH_KT", count=len(others))
