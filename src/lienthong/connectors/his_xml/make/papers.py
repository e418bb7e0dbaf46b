"""The visit summary and the documents of an episode (XML1, XML7 to XML11, XML13, XML14)."""

from __future__ import annotations

from datetime import datetime, timedelta

from lienthong.connectors.his_xml.make.episode import Episode, Row, day_stamp, money, stamp
from lienthong.connectors.his_xml.make.lists import load


def _identity(episode: Episode) -> Row:
    """What the slips repeat from XML1."""
    person, left = episode.person, episode.left
    return {
        "MA_LK": episode.ma_lk,
        "HO_TEN": person.name,
        "NGAY_SINH": person.birth(),
        "GIOI_TINH": person.sex,
        "MA_QUOCTICH": "000",
        "MA_DANTOC": person.ethnic,
        "MA_NGHE_NGHIEP": _occupation(episode),
        "DIA_CHI": person.place.address(left.date()),
        "MA_THE_BHYT": person.card(),
        "GT_THE_DEN": f"{left.year + (left.month == 12)}1231" if person.card() else "",
        "NGAY_VAO": stamp(episode.arrived),
        "NGAY_VAO_NOI_TRU": stamp(episode.admitted) if episode.admitted else "",
        "NGAY_RA": stamp(left),
        "CHAN_DOAN_RV": episode.diagnosis_text,
        "MA_BENH_CHINH": episode.diagnoses[0],
        "MA_BENH_KT": ";".join(episode.diagnoses[1:]),
        "MA_BENH_YHCT": episode.scenario.traditional,
        "MA_LOAI_RV": "2" if episode.send_to else "1",
        "MA_CSKCB": episode.facility,
        "MA_TTDV": episode.staff.head.head_code(episode.edition),
    }


def _occupation(episode: Episode) -> str:
    code = episode.person.occupation
    return code if episode.edition == "3176" else code + "000"


def outcome(episode: Episode) -> str:
    return "4" if episode.send_to else episode.scenario.result


def summary(episode: Episode) -> Row:
    """XML1."""
    person, scenario, left = episode.person, episode.scenario, episode.left
    province, district, commune = person.place.codes(left.date())
    card = person.card()
    total = episode.drug_total + episode.service_total
    fund = total * episode.benefit // 100
    paid = left + timedelta(minutes=15)
    codes = dict.fromkeys(code for row in episode.services if (code := row["MA_PTTT_QT"]))
    departments = ["K01", scenario.dept] if episode.admitted and not scenario.newborn else [scenario.dept]
    row = _identity(episode)
    row.update(
        {
            "STT": "1",
            "MA_BN": person.record_numbers[episode.facility],
            "SO_CCCD": person.citizen_number,
            "NHOM_MAU": person.blood if episode.edition != "130" else "",
            "MATINH_CU_TRU": province,
            "MAHUYEN_CU_TRU": district,
            "MAXA_CU_TRU": commune,
            "DIEN_THOAI": person.phone,
            "MA_DKBD": person.registered if card else "",
            "GT_THE_TU": f"{left.year}0101" if card else "",
            "LY_DO_VV": scenario.reason,
            "LY_DO_VNT": (scenario.admit or scenario.reason) if episode.admitted else "",
            "CHAN_DOAN_VAO": scenario.prelim,
            "MA_PTTT_QT": ";".join(codes),
            "MA_DOITUONG_KCB": episode.category,
            "MA_NOI_DI": episode.came_from,
            "MA_NOI_DEN": episode.send_to,
            "MA_TAI_NAN": scenario.accident,
            "GIAY_CHUYEN_TUYEN": episode.slip_in,
            "SO_NGAY_DTRI": str((left.date() - episode.arrived.date()).days + 1),
            "PP_DIEU_TRI": scenario.method,
            "KET_QUA_DTRI": outcome(episode),
            "NGAY_TTOAN": stamp(paid),
            "T_THUOC": money(episode.drug_total),
            "T_VTYT": "0.00",
            "T_TONGCHI_BV": money(total),
            "T_TONGCHI_BH": money(total),
            "T_BNTT": "0.00" if episode.benefit else money(total),
            "T_BNCCT": money(total - fund) if episode.benefit else "0.00",
            "T_BHTT": money(fund),
            "T_NGUONKHAC": "0.00",
            "T_BHTT_GDV": money(fund),
            "NAM_QT": str(paid.year),
            "THANG_QT": str(paid.month),
            "MA_LOAI_KCB": scenario.kind,
            "MA_KHOA": ";".join(departments),
            "MA_KHUVUC": "K1" if district == "220" and person.ethnic != "01" else "",
            "CAN_NANG": f"{person.weight:.2f}",
            "NAM_NAM_LIEN_TUC": f"{left.year + 1}0101" if card and not scenario.newborn else "",
            "NGAY_TAI_KHAM": ";".join(day_stamp(day) for day in appointments(episode)),
            "MA_HSBA": episode.record_number,
            "DU_PHONG": str(person.height) if episode.edition == "3176" else "",
        }
    )
    return row


def appointments(episode: Episode) -> list[datetime]:
    if episode.send_to:
        return []
    days = [episode.left + timedelta(days=after) for after in episode.scenario.follow_up]
    return [
        (day + timedelta(days=(7 - day.weekday()) if day.weekday() >= 5 else 0)).replace(hour=8, minute=0)
        for day in days
    ]


def _results_text(episode: Episode) -> str:
    """The abnormal results in words, first and last value."""
    indicators = load("laboratory.json")["indicators"]
    parts = []
    for code, values in list(episode.found.items())[:9]:
        name, unit = indicators[code][:2]
        shown = values[0] if len(values) == 1 else f"{values[0]} → {values[-1]}"
        parts.append(f"{name} {shown.replace('.', ',')} {unit}".rstrip())
    text = "; ".join(parts)
    views = [f"{row['KET_LUAN']}" for row in episode.results if row.get("KET_LUAN")]
    return ". ".join(part for part in (text, *views) if part) + "."


def _given(episode: Episode) -> str:
    return ", ".join(list(dict.fromkeys(row["TEN_THUOC"] for row in episode.drugs))[:10])


def _done(episode: Episode) -> str:
    names = (row["TEN_DICH_VU"] for row in episode.services if row["MA_NHOM"] in ("8", "18"))
    return ", ".join(dict.fromkeys(names))


def _vitals_words(episode: Episode) -> str:
    pulse, heat, systolic, diastolic, breaths, oxygen = episode.scenario.vitals[-1]
    return (
        f"Mạch {pulse} lần/phút, huyết áp {systolic}/{diastolic} mmHg, "
        f"nhiệt độ {str(heat).replace('.', ',')} độ C, nhịp thở {breaths} lần/phút, SpO2 {oxygen}%."
    )


def _treatment(episode: Episode) -> str:
    scenario = episode.scenario
    return (episode.send_to and scenario.treatment_sent) or scenario.treatment


def _course_text(episode: Episode) -> str:
    scenario = episode.scenario
    end = scenario.signs if episode.send_to else scenario.notes[-1]
    return (
        f"{episode.text(scenario.history)} Vào viện khám: {episode.text(scenario.notes[0])} "
        f"Đã điều trị: {_treatment(episode)}. Hiện tại: {episode.text(end)}"
    )


def transfer_slip(episode: Episode) -> Row:
    """XML13 (Circular 01/2025/TT-BYT, annex VI; field names by edition)."""
    scenario, rng = episode.scenario, episode.rng
    done = _done(episode)
    escort = rng.choice(episode.staff.nurses)
    by_doctor = scenario.vitals[-1][5] < 92 or rng.random() < 0.3
    if by_doctor:
        escort = rng.choice(episode.staff.doctors["K02"])
    profile = load("places.json")["facilities"].get(episode.facility, {})
    row = _identity(episode)
    row.update(
        {
            "SO_HOSO": episode.record_number,
            "SO_CHUYENTUYEN": episode.register,
            "GIAY_CHUYEN_TUYEN": episode.slip_out,
            "DAU_HIEU_LS": f"{episode.text(scenario.signs)} {_vitals_words(episode)}",
            "QT_BENHLY": _course_text(episode),
            "TOMTAT_KQ": _results_text(episode),
            "MA_LYDO_CT": "2" if rng.random() < 0.72 else "1",
            "HUONG_DIEU_TRI": scenario.direction,
            "PHUONGTIEN_VC": profile.get("transport", "Xe cứu thương"),
            "HOTEN_NGUOI_HT": escort.name,
            "CHUCDANH_NGUOI_HT": escort.title,
            "MA_BAC_SI": episode.doctor.code(episode.edition),
        }
    )
    if episode.edition == "3176":
        row |= {
            "MA_CSKCB_DI": episode.came_from,
            "MA_CSKCB_DEN": episode.send_to,
            "PP_DIEUTRI": f"{_treatment(episode)}. Thuốc đã dùng: {_given(episode)}."
            + (f" Thủ thuật, kỹ thuật: {done}." if done else ""),
            "TINH_TRANG_CT": scenario.state,
        }
    else:
        row |= {
            "MA_NOI_DI": episode.came_from,
            "MA_NOI_DEN": episode.send_to,
            "PP_DIEUTRI": scenario.method,
            "TEN_DICH_VU": (done or episode.services[0]["TEN_DICH_VU"])[:1000],
            "TEN_THUOC": _given(episode)[:1000],
            "PP_DIEU_TRI": scenario.method,
        }
    return row


def discharge_paper(episode: Episode) -> Row:
    """XML7."""
    person = episode.person
    child = person.age(episode.left.date()) < 16
    rest = 7 if person.employer and episode.scenario.inpatient else 0
    first = episode.left + timedelta(days=1)
    return {
        "MA_LK": episode.ma_lk,
        "SO_LUU_TRU": episode.record_number,
        "MA_YTE": person.record_numbers[episode.facility],
        "MA_KHOA_RV": episode.scenario.dept,
        "NGAY_VAO": stamp(episode.arrived),
        "NGAY_RA": stamp(episode.left),
        "MA_DINH_CHI_THAI": "0",
        "CHAN_DOAN_RV": episode.diagnosis_text[:1500],
        "PP_DIEUTRI": episode.scenario.method,
        "GHI_CHU": episode.scenario.advice,
        "MA_TTDV": episode.staff.head.head_code(episode.edition),
        "MA_BS": episode.chief.head_code(episode.edition),
        "TEN_BS": episode.chief.name,
        "NGAY_CT": day_stamp(episode.left),
        "MA_THE_TAM": person.temporary_card,
        "HO_TEN_CHA": person.father if child else "",
        "HO_TEN_ME": person.mother if child else "",
        "SO_NGAY_NGHI": str(rest) if rest else "",
        "NGOAITRU_TUNGAY": day_stamp(first) if rest else "",
        "NGOAITRU_DENNGAY": day_stamp(first + timedelta(days=rest - 1)) if rest else "",
    }


def record_summary(episode: Episode) -> Row:
    """XML8."""
    person = episode.person
    child = person.age(episode.left.date()) < 16
    return {
        "MA_LK": episode.ma_lk,
        "MA_LOAI_KCB": episode.scenario.kind,
        "HO_TEN_CHA": person.father if child else "",
        "HO_TEN_ME": person.mother if child else "",
        "DON_VI": person.employer,
        "NGAY_VAO": stamp(episode.arrived),
        "NGAY_RA": stamp(episode.left),
        "CHAN_DOAN_VAO": episode.scenario.prelim,
        "CHAN_DOAN_RV": episode.diagnosis_text,
        "QT_BENHLY": _course_text(episode),
        "TOMTAT_KQ": _results_text(episode),
        "PP_DIEUTRI": episode.scenario.method,
        "KET_QUA_DTRI": outcome(episode),
        "MA_TTDV": episode.staff.head.head_code(episode.edition),
        "NGAY_CT": day_stamp(episode.left),
        "MA_THE_TAM": person.temporary_card,
    }


def appointment_slips(episode: Episode) -> list[Row]:
    """XML14, one for each appointment."""
    rows = []
    for number, day in enumerate(appointments(episode), 1):
        row = _identity(episode)
        row |= {
            "SO_GIAYHEN_KL": f"HK{episode.ma_lk[-8:]}-{number}",
            "NGAY_HEN_KL": day_stamp(day) if episode.edition == "3176" else stamp(day),
            "MA_DOITUONG_KCB": episode.category,
            "MA_BAC_SI": episode.doctor.code(episode.edition),
            "NGAY_CT": day_stamp(episode.left),
        }
        rows.append(row)
    return rows


def pregnancy_leave(episode: Episode) -> Row:
    """XML10."""
    first = episode.left + timedelta(days=1)
    fixed_words = "Nghỉ dưỡng thai"
    return {
        "MA_LK": episode.ma_lk,
        "SO_SERI": f"DT{episode.ma_lk[-8:]}",
        "SO_CT": episode.record_number,
        "SO_NGAY": "10",
        "DON_VI": episode.person.employer or "Lao động tự do",
        "CHAN_DOAN_RV": fixed_words if episode.edition == "3176" else episode.diagnosis_text,
        "TU_NGAY": day_stamp(first),
        "DEN_NGAY": day_stamp(first + timedelta(days=9)),
        "MA_TTDV": episode.staff.head.head_code(episode.edition),
        "TEN_BS": episode.chief.name,
        "MA_BS": episode.chief.head_code(episode.edition),
        "NGAY_CT": day_stamp(episode.left),
    }


def sick_leave(episode: Episode) -> Row:
    """XML11."""
    return {
        "MA_LK": episode.ma_lk,
        "SO_CT": episode.record_number,
        "SO_SERI": f"NV{episode.ma_lk[-8:]}",
        "SO_KCB": episode.ma_lk[-8:],
        "DON_VI": episode.person.employer,
        "MA_BHXH": episode.person.social_number,
        "MA_THE_BHYT": episode.person.card(),
        "CHAN_DOAN_RV": episode.diagnosis_text,
        "PP_DIEUTRI": episode.scenario.method,
        "MA_DINH_CHI_THAI": "0",
        "SO_NGAY_NGHI": "3",
        "TU_NGAY": day_stamp(episode.left),
        "DEN_NGAY": day_stamp(episode.left + timedelta(days=2)),
        "MA_TTDV": episode.staff.head.head_code(episode.edition),
        "MA_BS": episode.doctor.head_code(episode.edition),
        "NGAY_CT": day_stamp(episode.left),
        "MAU_SO": "CT07",
    }


def birth_certificate(episode: Episode) -> Row:
    """XML9."""
    person, rng = episode.person, episode.rng
    province, district, commune = person.place.codes(episode.left.date())
    born = datetime.strptime(episode.services[-2]["NGAY_KQ"], "%Y%m%d%H%M")  # noqa: DTZ007
    caesarean = any(row["MA_NHOM"] == "8" for row in episode.services)
    grams = rng.randint(2700, 3700)
    surname = person.name.split()[0]
    boy = rng.random() < 0.52
    return {
        "MA_LK": episode.ma_lk,
        "MA_BHXH_NND": person.social_number,
        "MA_THE_NND": person.card(),
        "HO_TEN_NND": person.name,
        "NGAYSINH_NND": person.birth()[:8],
        "MA_DANTOC_NND": person.ethnic,
        "SO_CCCD_NND": person.citizen_number,
        "NGAYCAP_CCCD_NND": "20220815",
        "NOICAP_CCCD_NND": "Cục Cảnh sát quản lý hành chính về trật tự xã hội",
        "NOI_CU_TRU_NND": person.place.address(episode.left.date()),
        "MA_QUOCTICH": "000",
        "MATINH_CU_TRU": province,
        "MAHUYEN_CU_TRU": district,
        "MAXA_CU_TRU": commune,
        "HO_TEN_CHA": f"{surname} VĂN DŨNG" if surname != "LÊ" else "NGUYỄN VĂN DŨNG",
        "MA_THE_TAM": f"TE124{(int(person.social_number) * 31 + 7) % 10**10:010d}",
        "HO_TEN_CON": f"{surname} {'GIA BẢO' if boy else 'KHÁNH LINH'}",
        "GIOI_TINH_CON": "1" if boy else "2",
        "SO_CON": "1",
        "LAN_SINH": str(rng.randint(1, 3)),
        "SO_CON_SONG": "1",
        "CAN_NANG_CON": str(grams),
        "NGAY_SINH_CON": stamp(born),
        "NOI_SINH_CON": load("places.json")["facilities"]
        .get(episode.facility, {})
        .get("name", episode.facility),
        "TINH_TRANG_CON": "Khóc to, hồng hào, phản xạ bú tốt, Apgar 9/10 điểm",
        "SINHCON_PHAUTHUAT": "1" if caesarean else "0",
        "SINHCON_DUOI32TUAN": "0",
        "GHI_CHU": "Mổ lấy thai" if caesarean else "Sinh thường",
        "NGUOI_DO_DE": episode.doctor.name,
        "NGUOI_GHI_PHIEU": rng.choice(episode.staff.nurses).name,
        "NGAY_CT": day_stamp(episode.left),
        "SO": episode.ma_lk[-5:],
        "QUYEN_SO": f"{episode.left:%m/%Y}",
        "MA_TTDV": episode.staff.head.head_code(episode.edition),
    }
