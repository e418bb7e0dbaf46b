"""Trains ``transfers/letter/data/letter-1.dict`` on minimum sets of invented transfers; says its SHA-256 and gain.

The same zstd gives the same file: ``python tools/train_letter_dictionary.py`` compares, ``write`` writes it. The
shipped file is never trained anew under its number (``coding.DICTIONARY``): printed letters need it for ever.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from random import Random

import zstandard

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from lienthong.connectors.his_xml import mapping  # noqa: E402
from lienthong.connectors.his_xml.dossier import Dossier  # noqa: E402
from lienthong.connectors.his_xml.make import envelope, make_dossiers  # noqa: E402
from lienthong.connectors.his_xml.reader import read_export  # noqa: E402
from lienthong.foundation import clock  # noqa: E402
from lienthong.transfers.letter import coding, minimum  # noqa: E402
from lienthong.transfers.letter.minimum import Minimum  # noqa: E402

SIZE = 65_536
TARGET = ROOT / "src/lienthong/transfers/letter/data/letter-1.dict"
FACILITIES = ("24011", "24004", "24002", "24007", "24013", "24021", "24280", "24017")
HELD_OUT = ("24005", "24019")
EACH, TESTED = 120, 40
_CASES = ("general", "trauma", "heart", "stroke", "obstetric", "newborn", "child", "mental", "chronic")
_ALLERGENS = (
    "Penicillin",
    "Amoxicilin",
    "Cephalosporin",
    "Ceftriaxon",
    "Ibuprofen",
    "Aspirin",
    "Hải sản",
    "Paracetamol",
)
_REACTIONS = (
    "Mày đay, ngứa toàn thân",
    "Phản vệ độ II",
    "Phản vệ độ III",
    "Phù mặt, khó thở",
    "Ban đỏ",
    "Nôn, đau bụng",
)
_HOME = (
    ("Amlodipin 5mg", "1 viên", "sáng 1 lần/ngày"),
    ("Metformin 500mg", "1 viên", "2 lần/ngày sau ăn"),
    ("Losartan 50mg", "1 viên", "1 lần/ngày"),
    ("Atorvastatin 20mg", "1 viên", "tối 1 lần/ngày"),
    ("Aspirin 81mg", "1 viên", "1 lần/ngày"),
    ("Insulin Mixtard 30/70", "12 đơn vị", "tiêm dưới da sáng, tối trước ăn"),
    ("Salbutamol xịt", "2 nhát", "khi khó thở"),
    ("Furosemid 40mg", "1 viên", "1 lần/ngày"),
    ("Clopidogrel 75mg", "1 viên", "1 lần/ngày"),
    ("Levothyroxin 50mcg", "1 viên", "sáng lúc đói"),
)
_QUESTIONS = (
    "Đề nghị tiếp nhận cấp cứu, can thiệp mạch vành qua da.",
    "Xin ý kiến hội chẩn và điều trị tiếp.",
    "Đề nghị phẫu thuật cấp cứu.",
    "Xin giường hồi sức tích cực, thở máy.",
    "Đề nghị chụp cộng hưởng từ, chẩn đoán xác định và điều trị.",
    "Chuyển tiếp tục điều trị chuyên khoa theo nguyện vọng của người bệnh và gia đình.",
)
_STATES = ("none-known", "known", "not-asked", "unable")


def minimum_sets(facility: str, seed: int, count: int) -> Iterator[Minimum]:
    """What letters of invented transfers of a facility say."""
    chance = Random(f"{seed} {facility} letters")  # noqa: S311
    made = make_dossiers(
        count,
        seed,
        facility=facility,
        start=date(2026, 1, 5),
        end=date(2027, 12, 20),
        edition="3176",
        transfers=count,
        destination=chance.choice(("01929", "24011")),
    )
    with tempfile.TemporaryDirectory(prefix="lienthong-letters-") as folder:
        for dossier in made:
            path = Path(folder) / "one.xml"
            path.write_bytes(envelope([dossier], dossier.discharged.date()))
            yield _minimum(next(iter(read_export(path))), chance)


def _minimum(export: Dossier, chance: Random) -> Minimum:
    slip = mapping.transfer_of(export)
    assert slip is not None
    assert slip.moment is not None
    row, sheet = export.tables["XML1"][0], export.tables["XML13"][0]
    home = [minimum.HomeMedicine(*one) for one in chance.sample(_HOME, chance.choice((0, 0, 1, 2, 3, 4)))]
    allergic = chance.random() < 0.15
    signs = _vitals(chance, clock.iso(slip.moment))
    results = [
        minimum.Result(
            r.get("TEN_CHI_SO"),
            r.get("GIA_TRI"),
            r.get("DON_VI_DO"),
            "",
            r.get("NGAY_KQ"),
            "",
            chance.choice(("", "", "H", "L")),
        )
        for r in export.tables.get("XML4", ())
        if r.get("TEN_CHI_SO")
    ]
    return Minimum(
        loop=chance.randbytes(16),
        sender=export.facility,
        receiver=slip.destination,
        patient=slip.patient_id,
        ma_lk=export.ma_lk,
        slip=slip.slip,
        urgency=chance.choice(("emergency", "urgent", "planned")),
        case=chance.choice(_CASES),
        signed_at=slip.moment,
        signed_by=sheet.get("HOTEN_NGUOI_HT"),
        person=minimum.Person(
            slip.patient_name,
            _day(row.get("NGAY_SINH")),
            "male" if row.get("GIOI_TINH") == "1" else "female",
            row.get("SO_CCCD"),
            row.get("MA_THE_BHYT").split(";")[0],
            _day(row.get("GT_THE_DEN").split(";")[0]),
        ),
        diagnosis=sheet.get("CHAN_DOAN_RV")[:500],
        diagnosis_code=slip.icd,
        other_diagnoses=sheet.get("MA_BENH_KT"),
        reason=slip.reason,
        basis=chance.choice(("referral-duty", "emergency", "written-request")),
        medicines="; ".join(_drugs(export))[:1500],
        home_medicines_state="listed" if home else chance.choice(("none", "not-asked", "unable")),
        home_medicines=home,
        allergies_state="known" if allergic else chance.choice(("none-known", "not-asked", "unable")),
        allergies=[minimum.Allergy(chance.choice(_ALLERGENS), chance.choice(_REACTIONS), "severe")]
        if allergic
        else [],
        infection_state=chance.choice(("none-known", "none-known", "suspected", "not-checked")),
        infection=[],
        infection_note="",
        vitals=signs,
        key_results=results[: chance.randrange(6, 15)],
        condition=sheet.get("TINH_TRANG_CT")[:1000],
        question=chance.choice(_QUESTIONS),
        transport=chance.choice(("ambulance", "ambulance-115", "own")),
        transport_note="",
        escort_name=sheet.get("HOTEN_NGUOI_HT"),
        escort_title=sheet.get("CHUCDANH_NGUOI_HT"),
        companion_phone=f"09{chance.randrange(10**8):08d}" if chance.random() < 0.5 else "",
        return_contact="",
        departs_at=clock.iso(slip.moment),
        onset_at="",
        weight="",
        birth_weight="",
        gestation_weeks="",
        pregnancy="",
        one_year=chance.choice((True, False, False, None)),
        signs=sheet.get("DAU_HIEU_LS")[:1000],
        treatment=sheet.get("PP_DIEUTRI")[:1000],
        results=sheet.get("TOMTAT_KQ")[:1000],
        direction=sheet.get("HUONG_DIEU_TRI")[:500],
        left_out={},
    )


def _drugs(export: Dossier) -> list[str]:
    names = [f"{r.get('TEN_THUOC')} {r.get('LIEU_DUNG')}" for r in export.tables.get("XML2", ())]
    return list(dict.fromkeys(names))


def _vitals(chance: Random, at: str) -> minimum.Vitals:
    numbers = (
        chance.randrange(60, 130),
        chance.randrange(80, 180),
        chance.randrange(50, 100),
        chance.randrange(14, 32),
        chance.randrange(86, 100),
    )
    pulse, systolic, diastolic, breaths, spo2 = map(str, numbers)
    temperature, glasgow = f"{chance.randrange(360, 395) / 10}", str(chance.randrange(8, 16))
    return minimum.Vitals(at, pulse, systolic, diastolic, breaths, spo2, temperature, glasgow)


def _day(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) >= 8 else text


def learnt() -> list[Minimum]:
    """What the dictionary is trained on."""
    return [
        one
        for number, facility in enumerate(FACILITIES)
        for one in minimum_sets(facility, 300 + number, EACH)
    ]


def train(made: Sequence[Minimum]) -> bytes:
    """The dictionary for them."""
    samples: list[bytes | bytearray | memoryview[int]] = [coding.content(one) for one in made]
    trained = zstandard.train_dictionary(SIZE, samples, level=coding.LEVEL, dict_id=coding.DICTIONARY)
    return bytes(trained.as_bytes())


def main() -> int:
    made = learnt()
    data = train(made)
    if sys.argv[1:] == ["write"]:
        TARGET.parent.mkdir(exist_ok=True)
        TARGET.write_bytes(data)
    same = TARGET.read_bytes() == data
    print(f"{TARGET.name}: {len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}")
    print("the shipped file is the same" if same else "the shipped file is another one")
    others = [one for facility in HELD_OUT for one in minimum_sets(facility, 9001, TESTED)]
    plain = zstandard.ZstdCompressor(level=coding.LEVEL)
    sizes = sorted(len(coding.pack(one)) for one in others)
    print(
        f"minimum set, median of {len(others)}: {statistics.median(len(coding.content(o)) for o in others):.0f} bytes, "
        f"compressed {statistics.median(len(plain.compress(coding.content(o))) for o in others):.0f}, with the "
        f"dictionary {statistics.median(sizes):.0f} (smallest {sizes[0]}, largest {sizes[-1]})"
    )
    foreign = set(sorted({one.diagnosis_code for one in made})[::2])
    part = zstandard.ZstdCompressionDict(train([one for one in made if one.diagnosis_code not in foreign]))
    narrow = zstandard.ZstdCompressor(level=coding.LEVEL, dict_data=part)
    strange = sorted(
        len(narrow.compress(coding.content(one))) for one in others if one.diagnosis_code in foreign
    )
    print(
        f"of diseases that half a dictionary never saw, median of {len(strange)}: "
        f"{statistics.median(strange):.0f} bytes (largest {strange[-1]})"
    )
    return 0 if same else 1


if __name__ == "__main__":
    raise SystemExit(main())
