"""The way out: a transfer as XML1 (identity alone) and XML13 of Decision 3176 in one GIAMDINHHS file.

The sender keeps it or reads it into its HIS; the receiver's HIS imports it before the patient comes. Field by field:
``docs/reference/his-xml-mapping.md``. What nobody has said stays empty and is reported, never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from lienthong.connectors.his_xml.envelope import MadeDossier, envelope
from lienthong.connectors.his_xml.layout import Values, document
from lienthong.connectors.his_xml.mapping.values import clean
from lienthong.connectors.his_xml.stay import Stay, stamp
from lienthong.connectors.his_xml.tables import tables
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.text import fold
from lienthong.terminology import code_name, icd10, known_codes, systems
from lienthong.transfers import drafts
from lienthong.transfers.models import Transfer

_GENDER = {"male": "1", "female": "2"}
_UNDETERMINED = "3"
_VIET_NAM = ("000", "viet nam", "vn", "vnm")
_TREATMENT = "Phương pháp, thủ thuật, kỹ thuật, thuốc đã sử dụng"
_CONDITION = "Tình trạng người bệnh lúc chuyển"
_ICD = re.compile(r"\b[A-Z][0-9]{2}(?:\.[0-9]{1,2})?\b")
_CARD = re.compile(r"[A-Z]{2}[1-5][0-9]{12}")
TRANSPORT = {
    "ambulance": "Xe cứu thương",
    "ambulance-115": "Xe cứu thương 115",
    "own": "Phương tiện cá nhân",
    "public": "Phương tiện công cộng",
    "other": "Phương tiện khác",
}
_IN_XML1 = frozenset({"XML1", "XML13"})
_OF_A_VISIT = ("T_TONGCHI_BV", "MA_LOAI_KCB", "KET_QUA_DTRI", "MA_KHOA")


@dataclass(frozen=True, slots=True)
class Written:
    """A file and what it lacks.

    Attributes:
        name: of the file; data: its bytes, UTF-8.
        missing: required fields of XML13 that nobody has said.
        cut: fields whose text was longer than the table allows.
    """

    name: str
    data: bytes
    missing: tuple[str, ...]
    cut: tuple[str, ...]


def slip_file(transfer: Transfer) -> Written:
    """The file of a transfer that was sent; the same transfer always gives the same bytes."""
    stay = Stay(transfer)
    slip, cut = _fitting("XML13", _slip(transfer, stay))
    visit, _more = _fitting("XML1", _visit(transfer, slip, stay))
    left = _local(transfer.left_at) or _local(transfer.signed_at) or _local(transfer.begun_at)
    assert left is not None
    documents = [(name, document(name, "3176", [row])) for name, row in (("XML1", visit), ("XML13", slip))]
    made = MadeDossier(transfer.sender, slip["MA_LK"], "3176", documents, is_transfer=True, discharged=left)
    fields = tables()["XML13"].fields["3176"]
    missing = tuple(name for name, field in fields.items() if field.required == "yes" and not slip.get(name))
    name = f"{transfer.loop}-{transfer.dossier_version}.xml"
    return Written(name, envelope([made], left.date()), missing, cut)


def is_slip_alone(names: set[str], visit: Values) -> bool:
    """Whether a dossier says no more than such a file: identity and slip, and nothing of a finished visit."""
    return names == _IN_XML1 and not any(visit.get(name) for name in _OF_A_VISIT)


def _local(moment: datetime | None) -> datetime | None:
    return moment.astimezone(clock.VIETNAM) if moment else None


def _stamp(moment: datetime | None) -> str:
    """``yyyyMMddHHmm`` in Viet Nam."""
    found = _local(moment)
    return found.strftime("%Y%m%d%H%M") if found else ""


def birth_stamp(birth: str) -> str:
    """A FHIR date as NGAY_SINH: what is not known is 0."""
    return birth.replace("-", "").ljust(12, "0") if birth else ""


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).strftime("%Y%m%d")
    except ValueError:
        return ""


def _fitting(table: str, row: dict[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The row in characters that XML knows, as long as the table allows; and the fields that were longer."""
    fields = tables()[table].fields["3176"]
    kept, cut = dict[str, str](), list[str]()
    for name, text in row.items():
        value, most = clean(text.replace("\r\n", "\n").replace("\r", "\n")), fields[name].max_len
        if most and len(value) > most:
            value = value[:most].strip()
            cut.append(name)
        kept[name] = value
    return kept, tuple(cut)


def _slip(transfer: Transfer, stay: Stay) -> dict[str, str]:
    """XML13: what the doctor wrote in the form, else what the HIS had exported."""
    form = drafts.whole(transfer)
    said = {name: form[name] for name in form if isinstance(form[name], str)}
    transport = [TRANSPORT.get(said.get("transport", ""), ""), said.get("transport_note", "")]
    escort, _, title = stay.journey("Người hộ tống").rpartition(", ")
    results = [said.get("results", ""), *map(_result, _rows(form))]
    return {
        **_person(transfer, stay),
        "MA_LK": transfer.ma_lk or transfer.loop,
        "SO_HOSO": stay.record_number,
        "SO_CHUYENTUYEN": said.get("register", "") or stay.register,
        "GIAY_CHUYEN_TUYEN": transfer.slip,
        "MA_CSKCB": transfer.sender,
        "MA_CSKCB_DI": stay.came_from,
        "MA_CSKCB_DEN": transfer.receiver,
        "NGAY_VAO": stamp(stay.began),
        "NGAY_VAO_NOI_TRU": stamp(stay.lay_from),
        "NGAY_RA": _stamp(transfer.left_at or transfer.signed_at),
        "DAU_HIEU_LS": said.get("signs", "") or stay.section("29545-1"),
        "CHAN_DOAN_RV": transfer.diagnosis,
        "QT_BENHLY": said.get("course", "") or stay.section("8648-8"),
        "TOMTAT_KQ": _lines(*results) or stay.section("30954-2"),
        "PP_DIEUTRI": _lines(said.get("treatment", ""), said.get("medicines", ""))
        or stay.section(_TREATMENT),
        "MA_BENH_CHINH": transfer.diagnosis_code,
        "MA_BENH_KT": ";".join(other_codes(said.get("other_diagnoses", ""), transfer.diagnosis_code)),
        "TINH_TRANG_CT": transfer.condition or stay.section(_CONDITION),
        "MA_LOAI_RV": "5" if transfer.reason == "3" else "2",
        "MA_LYDO_CT": transfer.reason,
        "HUONG_DIEU_TRI": _lines(said.get("direction", ""), said.get("question", ""))
        or stay.section("18776-5"),
        "PHUONGTIEN_VC": ", ".join(filter(None, transport)) or stay.journey("Phương tiện"),
        "HOTEN_NGUOI_HT": said.get("escort_name", "") or escort or title,
        "CHUCDANH_NGUOI_HT": said.get("escort_title", "") or (title if escort else ""),
        "MA_BAC_SI": stay.doctor,
    }


def _lines(*texts: str) -> str:
    return "\n".join(filter(None, texts))


def _rows(form: dict[str, object]) -> list[dict[str, str]]:
    found = form.get("key_results")
    return found if isinstance(found, list) else []


def _result(row: dict[str, str]) -> str:
    """``Troponin T hs 812.5 ng/L (< 14)``."""
    bounds = f"({row['range']})" if row.get("range") else ""
    return " ".join(filter(None, (row.get("test"), row.get("value"), row.get("unit"), bounds)))


def other_codes(text: str, main: str) -> list[str]:
    """The ICD-10 codes that other diagnoses name, each once."""
    found = [code for code in _ICD.findall(text) if icd10(code, clock.today())]
    return [code for code in dict.fromkeys(found) if code != main]


def _person(transfer: Transfer, stay: Stay) -> dict[str, str]:
    person = drafts.whole(transfer)["person"]
    kept, until = stay.card
    card = str(person.get("card") or kept or stay.number(systems.INSURANCE_CARD)).replace(" ", "").upper()
    ends = person.get("card_until", "") or (until if card == kept else "")
    nation, people, work = (
        person.get(name, "") or stay.coded(url)
        for name, url in (
            ("nationality", systems.NATIONALITY),
            ("ethnic_group", systems.extension("ethnic-group")),
            ("occupation", systems.extension("occupation")),
        )
    )
    return {
        "HO_TEN": person.get("name", ""),
        "NGAY_SINH": birth_stamp(person.get("birth", "")),
        "GIOI_TINH": _GENDER.get(person.get("gender", ""), _UNDETERMINED if person.get("gender") else ""),
        "MA_QUOCTICH": nationality(nation),
        "MA_DANTOC": listed("MA_DANTOC", people),
        "MA_NGHE_NGHIEP": listed("MA_NGHE_NGHIEP", work),
        "DIA_CHI": person.get("address", "") or stay.address,
        "MA_THE_BHYT": card if _CARD.fullmatch(card) else "",
        "GT_THE_DEN": _day(ends) if _CARD.fullmatch(card) else "",
    }


def _visit(transfer: Transfer, slip: Values, stay: Stay) -> dict[str, str]:
    """XML1 as far as it is known: who it is, where from and where to; nothing of what the visit cost."""
    person = drafts.whole(transfer)["person"]
    shared = tables()["XML1"].fields["3176"].keys() & tables()["XML13"].fields["3176"].keys()
    return {
        **{name: value for name, value in slip.items() if name in shared},
        "GIAY_CHUYEN_TUYEN": "",
        "STT": "1",
        "MA_BN": stay.patient_number,
        "SO_CCCD": person.get("citizen", ""),
        "DIEN_THOAI": re.sub(r"[^0-9+]", "", person.get("phone", "") or stay.phone),
        "MA_DKBD": _facility(person.get("first_facility", "")) if slip["MA_THE_BHYT"] else "",
        "MA_NOI_DI": slip["MA_CSKCB_DI"],
        "MA_NOI_DEN": slip["MA_CSKCB_DEN"],
    }


def _facility(text: str) -> str:
    return text if re.fullmatch(r"[0-9]{2}[0-9A-Z]{3}", text) else ""


def nationality(text: str) -> str:
    """Code of MA_QUOCTICH: 000 for Viet Nam, another code as it stands; empty for other words."""
    if fold(text) in _VIET_NAM:
        return "000"
    return text if text in known_codes("MA_QUOCTICH", clock.today()) else ""


@cache
def _by_name(list_name: str, on: date) -> dict[str, str]:
    codes = sorted(known_codes(list_name, on))
    return {fold(code_name(list_name, code, on, "vi") or code): code for code in codes}


def listed(list_name: str, text: str) -> str:
    """The code of a list that a text is or names in Vietnamese, whatever its marks and case; empty for others."""
    today = clock.today()
    if text in known_codes(list_name, today):
        return text
    return _by_name(list_name, today).get(fold(text), "") if text else ""


def here_may_have(transfer: Transfer) -> bool:
    """Whether this node is one of the two ends, and there is something to write."""
    return directory.here() in (transfer.sender, transfer.receiver) and transfer.dossier_version > 0
