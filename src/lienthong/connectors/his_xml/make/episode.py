"""One treatment episode while it is being made: times, people, rows of the clinical tables, money."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from lienthong.connectors.his_xml.dossier import Edition
from lienthong.connectors.his_xml.make.lists import load
from lienthong.connectors.his_xml.make.people import Person
from lienthong.connectors.his_xml.make.scenario import Scenario
from lienthong.connectors.his_xml.make.staff import Member, Staff

Row = dict[str, str]
RANKS = ("Hạng đặc biệt", "Hạng I", "Hạng II")


def stamp(moment: datetime) -> str:
    """12 characters, yyyyMMddHHmm."""
    return f"{moment.year}{moment.month:02d}{moment.day:02d}{moment.hour:02d}{moment.minute:02d}"


def day_stamp(moment: datetime) -> str:
    """8 characters, yyyyMMdd."""
    return f"{moment.year}{moment.month:02d}{moment.day:02d}"


@dataclass(slots=True)
class Episode:
    """Attributes:
    came_from, slip_in: facility and slip number of an incoming transfer.
    send_to, slip_out, register: destination, slip number and place in the register of an outgoing one.
    benefit: MUC_HUONG in percent; 0 without insurance.
    found: indicator to its values in order, for the summaries.
    """

    rng: Random
    facility: str
    edition: Edition
    scenario: Scenario
    person: Person
    staff: Staff
    doctor: Member
    chief: Member
    ma_lk: str
    record_number: str
    arrived: datetime
    admitted: datetime | None
    left: datetime
    days: int
    diagnoses: tuple[str, ...]
    diagnosis_text: str
    category: str
    benefit: int
    ill_days: int
    came_from: str = ""
    slip_in: str = ""
    send_to: str = ""
    slip_out: str = ""
    register: str = ""
    drugs: list[Row] = field(default_factory=list)
    services: list[Row] = field(default_factory=list)
    results: list[Row] = field(default_factory=list)
    course: list[Row] = field(default_factory=list)
    found: dict[str, list[str]] = field(default_factory=dict)
    drug_total: int = 0
    service_total: int = 0

    @property
    def started(self) -> datetime:
        return self.admitted or self.arrived

    def text(self, template: str) -> str:
        return template.replace("{n}", str(self.ill_days)) if "{" in template else template

    def share(self, moment: datetime) -> float:
        """How much of the stay has passed, 0 to 1."""
        whole = (self.left - self.arrived).total_seconds()
        return min(1.0, (moment - self.arrived).total_seconds() / whole) if whole else 0.0

    def round_time(self, day: int) -> datetime:
        """When the doctor sees the patient on a day of the stay."""
        if day == 0:
            return self.started + timedelta(minutes=10)
        base = self.started.replace(hour=7, minute=40) + timedelta(days=day)
        return min(base + timedelta(minutes=self.rng.randrange(50)), self.left - timedelta(minutes=90))


def money(cents: int) -> str:
    """An amount with 2 places from hundredths of a đồng."""
    return f"{cents // 100}.{cents % 100:02d}"


def shares(episode: Episode, cents: int) -> Row:
    """How a line is split (annex of Decision 3176: T_BHTT, T_BNCCT, T_BNTT)."""
    fund = cents * episode.benefit // 100
    insured = episode.benefit > 0
    return {
        "MUC_HUONG": str(episode.benefit),
        "T_NGUONKHAC_NSNN": "0.00",
        "T_NGUONKHAC_VTNN": "0.00",
        "T_NGUONKHAC_VTTN": "0.00",
        "T_NGUONKHAC_CL": "0.00",
        "T_NGUONKHAC": "0.00",
        "T_BNTT": "0.00" if insured else money(cents),
        "T_BNCCT": money(cents - fund) if insured else "0.00",
        "T_BHTT": money(fund),
    }


def add_service(
    episode: Episode,
    key: str,
    ordered: datetime,
    begun: datetime,
    done: datetime,
    performer: Member,
    quantity: int = 1,
    bed: str = "",
) -> Row:
    """A row of XML3."""
    service: list[Any] = load("services.json")[key]
    code, name, group, unit_price, machine = service[:5]
    if group == 15:
        name = name.replace(
            "Hạng I", RANKS[load("places.json")["facilities"].get(episode.facility, {}).get("rank", 2)]
        )
    cents = unit_price * quantity * 100
    episode.service_total += cents
    doctor = episode.doctor.code(episode.edition)
    row = {
        "MA_LK": episode.ma_lk,
        "STT": str(len(episode.services) + 1),
        "MA_DICH_VU": code,
        "MA_PTTT_QT": service[5] if len(service) > 5 else "",
        "MA_NHOM": str(group),
        "TEN_DICH_VU": name,
        "DON_VI_TINH": "Ngày" if group == 15 else "Lần",
        "PHAM_VI": "1" if episode.benefit else "2",
        "SO_LUONG": f"{quantity}.000",
        "DON_GIA_BV": f"{unit_price}.000",
        "DON_GIA_BH": f"{unit_price}.000",
        "TYLE_TT_DV": "100",
        "TYLE_TT_BH": "100",
        "THANH_TIEN_BV": money(cents),
        "THANH_TIEN_BH": money(cents),
        "MA_KHOA": episode.scenario.dept,
        "MA_GIUONG": bed,
        "MA_BAC_SI": doctor,
        "NGUOI_THUC_HIEN": "" if group == 15 else performer.code(episode.edition),
        "MA_BENH": episode.diagnoses[0],
        "MA_BENH_YHCT": episode.scenario.traditional,
        "NGAY_YL": stamp(ordered),
        "NGAY_TH_YL": stamp(begun),
        "NGAY_KQ": stamp(done),
        "MA_PTTT": "1",
        "MA_MAY": _machine(episode, machine),
        "PP_VO_CAM": "2" if key in ("mo_de", "thay_khop") else "1" if group == 8 else "",
    }
    row.update(shares(episode, cents))
    episode.services.append(row)
    return row


def _machine(episode: Episode, kind: str) -> str:
    if not kind:
        return ""
    if episode.edition == "3176":
        return f"{kind}.1.{sum(map(ord, kind)) % 4 + 1}"
    return f"{kind}.1.{episode.facility}.{sum(map(ord, kind)) % 4 + 1}"


def add_drug(
    episode: Episode, key: str, dose: float, times: int, days: int, ordered: datetime, given: datetime | None
) -> None:
    """A row of XML2; ``given`` is None for drugs taken home."""
    code, name, strength, unit, route, form, unit_price, how = load("drugs.json")[key]
    quantity = dose * times * days
    cents = round(unit_price * quantity * 100)
    episode.drug_total += cents
    registration = sum(map(ord, name)) * 7919 % 100_000
    amount = f"{dose:g}".replace(".", ",")
    daily = f"{dose * times:g}".replace(".", ",")
    blood = key == "khoi_hong_cau"
    row = {
        "MA_LK": episode.ma_lk,
        "STT": str(len(episode.drugs) + 1),
        "MA_THUOC": code or "M.00000",
        "MA_NHOM": "7" if blood else "4",
        "TEN_THUOC": name,
        "DON_VI_TINH": unit,
        "HAM_LUONG": "" if blood and episode.edition == "3176" else strength,
        "DUONG_DUNG": route,
        "DANG_BAO_CHE": form,
        "LIEU_DUNG": f"{amount} {unit}/lần * {times} lần/ngày * {days:02d} ngày [{daily} {unit}/ngày]",
        "CACH_DUNG": how,
        "SO_DANG_KY": "" if blood or key == "oxy" else f"VD-{registration:05d}-00",
        "TT_THAU": "" if blood else f"00/QĐ-VD;G1;N{registration % 4 + 1};{episode.left.year - 1}",
        "PHAM_VI": "1" if episode.benefit else "2",
        "TYLE_TT_BH": "100",
        "SO_LUONG": f"{quantity:.3f}",
        "DON_GIA": f"{unit_price}.000",
        "THANH_TIEN_BV": money(cents),
        "THANH_TIEN_BH": money(cents),
        "MA_KHOA": episode.scenario.dept,
        "MA_BAC_SI": episode.doctor.code(episode.edition),
        "NGAY_YL": stamp(ordered),
        "NGAY_TH_YL": stamp(given) if given else "",
        "MA_PTTT": "1",
        "NGUON_CTRA": "1",
    }
    row.update(shares(episode, cents))
    episode.drugs.append(row)
