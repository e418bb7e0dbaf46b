"""The tables of the HIV and tuberculosis programmes (XML6, XML15)."""

from __future__ import annotations

from datetime import timedelta

from lienthong.connectors.his_xml.make.episode import Episode, Row, day_stamp


def hiv(episode: Episode) -> Row:
    """XML6."""
    person, left = episode.person, episode.left
    province, district, commune = person.place.codes(left.date())
    years = episode.rng.randint(2, 9)
    began = left - timedelta(days=365 * years)
    changed = left - timedelta(days=365 * min(years, 3))
    end = left + timedelta(days=89)
    return {
        "MA_LK": episode.ma_lk,
        "MA_THE_BHYT": person.card(),
        "SO_CCCD": person.citizen_number,
        "NGAY_SINH": person.birth(),
        "GIOI_TINH": person.sex,
        "DIA_CHI": person.place.address(left.date()),
        "MATINH_CU_TRU": province,
        "MAHUYEN_CU_TRU": district,
        "MAXA_CU_TRU": commune,
        "NGAYKD_HIV": day_stamp(began - timedelta(days=20)),
        "NOI_LAY_MAU_XN": episode.facility,
        "NOI_XN_KD": "24011",
        "NOI_BDDT_ARV": episode.facility,
        "BDDT_ARV": day_stamp(began),
        "MA_PHAC_DO_DIEU_TRI_BD": "TDF+3TC+EFV",
        "MA_LYDO_DTRI": "1",
        "LOAI_DTRI_LAO": "0",
        "SANG_LOC_LAO": "2",
        "KQ_DTRI_LAO": "7",
        "MA_LYDO_XNTL_VR": "1",
        "NGAY_XN_TLVR": day_stamp(left),
        "KQ_XNTL_VR": "1",
        "NGAY_KQ_XN_TLVR": day_stamp(left),
        "MA_LOAI_BN": "1",
        "GIAI_DOAN_LAM_SANG": "1",
        "NHOM_DOI_TUONG": "11",
        "MA_TINH_TRANG_DK": "9",
        "MA_XU_TRI": "1",
        "NGAY_BAT_DAU_XU_TRI": day_stamp(left),
        "NGAY_KET_THUC_XU_TRI": day_stamp(end),
        "MA_PHAC_DO_DIEU_TRI": "TDF+3TC+DTG",
        "SO_NGAY_CAP_THUOC_ARV": "90",
        "NGAY_CHUYEN_PHAC_DO": day_stamp(changed),
        "LY_DO_CHUYEN_PHAC_DO": "4",
        "MA_CSKCB": episode.facility,
    }


def tuberculosis(episode: Episode) -> Row:
    """XML15."""
    person = episode.person
    began = episode.started + timedelta(days=1)
    return {
        "MA_LK": episode.ma_lk,
        "STT": "1",
        "MA_BN": person.record_numbers[episode.facility],
        "HO_TEN": person.name,
        "SO_CCCD": person.citizen_number,
        "PHANLOAI_LAO_VITRI": "1",
        "PHANLOAI_LAO_TS": "1",
        "PHANLOAI_LAO_HIV": "2",
        "PHANLOAI_LAO_VK": "1",
        "PHANLOAI_LAO_KT": "",
        "LOAI_DTRI_LAO": "2",
        "NGAYBD_DTRI_LAO": day_stamp(min(began, episode.left)),
        "PHACDO_DTRI_LAO": "1",
        "KET_QUA_DTRI_LAO": "6",
        "MA_CSKCB": episode.facility,
    }
