"""The invented exports: always the same for a seed, in the official form, plausible, and counted exactly."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from lienthong.connectors.his_xml.dossier import Edition
from lienthong.connectors.his_xml.layout import layout
from lienthong.connectors.his_xml.make import (
    Demo,
    MadeDossier,
    Style,
    demo_exports,
    envelope,
    long_history,
    make_dossiers,
    write_exports,
)
from lienthong.connectors.his_xml.make.lists import icd_names, load
from lienthong.connectors.his_xml.make.scenario import scenarios
from lienthong.foundation.clock import VIETNAM

START, END = date(2025, 1, 12), date(2025, 2, 16)
Rows = dict[str, list[dict[str, str]]]


def parsed(data: bytes | str) -> Any:
    return etree.fromstring(data.encode() if isinstance(data, str) else data)


def rows_of(dossier: MadeDossier) -> Rows:
    found: Rows = {}
    for name, text in dossier.documents:
        shape = layout(name, dossier.edition)
        root = parsed(text)
        elements = root.findall(f"{shape.list}/{shape.row}") if shape.list else [root]
        found.setdefault(name, []).extend({f.tag: f.text or "" for f in row} for row in elements)
    return found


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d%H%M").replace(tzinfo=VIETNAM)


@cache
def some(edition: Edition | None = None, facility: str = "24011") -> list[MadeDossier]:
    made = make_dossiers(
        150, 7, facility=facility, start=START, end=END, edition=edition, transfers=50, destination="01929"
    )
    return list(made)


EDITIONS: list[Edition] = ["130", "4750", "3176"]


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_field_stands_in_the_official_order(edition: Edition) -> None:
    seen = set()
    for dossier in some(edition):
        assert dossier.edition == edition
        for name, table in rows_of(dossier).items():
            seen.add(name)
            for row in table:
                assert tuple(row) == layout(name, edition).fields
    assert {"XML1", "XML2", "XML3", "XML4", "XML5", "XML7", "XML8"} <= seen
    assert ("XML13" in seen) is (edition != "130")


def test_field_names_follow_the_edition() -> None:
    assert len(layout("XML1", "3176").fields) == 66
    assert "MA_CSKCB_DEN" in layout("XML13", "3176").fields
    old = layout("XML13", "4750").fields
    assert old.index("TEN_DICH_VU") + 1 == old.index("TEN_THUOC") == old.index("PP_DIEU_TRI") - 1
    assert "MA_NOI_DEN" in old
    assert "TINH_TRANG_CT" not in old


@pytest.mark.parametrize("edition", EDITIONS)
def test_values_follow_the_edition(edition: Edition) -> None:
    for dossier in some(edition):
        rows = rows_of(dossier)
        visit = rows["XML1"][0]
        assert len(visit["MA_NGHE_NGHIEP"]) == (2 if edition == "3176" else 5)
        assert bool(re.fullmatch(r"\d{10}", visit["MA_TTDV"])) is (edition != "3176")
        assert bool(visit["DU_PHONG"]) is (edition == "3176")
        assert all(("CSST<" in row["DIEN_BIEN_LS"]) is (edition != "130") for row in rows["XML5"])
        for slip in rows.get("XML14", []):
            assert len(slip["NGAY_HEN_KL"]) == (8 if edition == "3176" else 12)


def test_transfers_are_counted_and_say_where_to() -> None:
    sent = [dossier for dossier in some() if dossier.is_transfer]
    assert len(sent) == 50
    for dossier in some():
        rows = rows_of(dossier)
        visit = rows["XML1"][0]
        assert dossier.is_transfer == ("XML13" in rows) == (visit["MA_LOAI_RV"] == "2")
        assert visit["MA_NOI_DEN"] == ("01929" if dossier.is_transfer else "")
        for slip in rows.get("XML13", []):
            free = {"MA_CSKCB_DI", "MA_NOI_DI", "MA_BENH_KT", "MA_BENH_YHCT", "DU_PHONG", "MA_THE_BHYT"}
            free |= {"GT_THE_DEN"}
            empty = {name for name, value in slip.items() if not value} - free
            assert not empty
    slips = [rows_of(dossier)["XML13"][0]["GIAY_CHUYEN_TUYEN"] for dossier in sent]
    assert len(set(slips)) == len(slips)


def times(rows: Rows) -> Iterator[tuple[str, str]]:
    visit = rows["XML1"][0]
    inside = [visit["NGAY_VAO"], visit["NGAY_VAO_NOI_TRU"] or visit["NGAY_VAO"], visit["NGAY_RA"]]
    yield inside[0], inside[1]
    yield inside[1], inside[2]
    yield inside[2], visit["NGAY_TTOAN"]
    for row in rows.get("XML3", []):
        yield inside[0], row["NGAY_YL"]
        yield row["NGAY_YL"], row["NGAY_TH_YL"]
        yield row["NGAY_TH_YL"], row["NGAY_KQ"]
        yield row["NGAY_KQ"], inside[2]
    for row in rows.get("XML2", []):
        yield inside[1], row["NGAY_YL"]
        yield row["NGAY_YL"], row["NGAY_TH_YL"] or row["NGAY_YL"]
        yield row["NGAY_TH_YL"] or row["NGAY_YL"], inside[2]
    for row in rows.get("XML5", []):
        yield inside[0], row["THOI_DIEM_DBLS"]
        yield row["THOI_DIEM_DBLS"], inside[2]
    notes = [row["THOI_DIEM_DBLS"] for row in rows.get("XML5", [])]
    yield from pairwise(notes)


@pytest.mark.parametrize("facility", ["24011", "24004", "01929"])
def test_times_are_in_order(facility: str) -> None:
    for dossier in some(facility=facility):
        for earlier, later in times(rows_of(dossier)):
            assert moment(earlier) <= moment(later), dossier.ma_lk
        assert START <= dossier.discharged.date() <= END


def test_numbers_agree_with_sex_and_birth() -> None:
    numbers = Counter()
    for dossier in some():
        visit = rows_of(dossier)["XML1"][0]
        number, card = visit["SO_CCCD"], visit["MA_THE_BHYT"]
        if number:
            numbers[number] += 1
            year = int(visit["NGAY_SINH"][:4])
            assert re.fullmatch(r"0\d{11}", number)
            assert int(number[3]) == (year - 1900) // 100 * 2 + (visit["GIOI_TINH"] == "2")
            assert number[4:6] == f"{year % 100:02d}"
        if card:
            numbers[card] += 1
            assert re.fullmatch(r"[A-Z]{2}[1-5]\d{2}\d{10}", card)
        numbers[visit["MA_BN"]] += 1
    assert max(numbers.values()) == 1


def test_middle_names_fit_the_sex() -> None:
    for dossier in some():
        visit = rows_of(dossier)["XML1"][0]
        newborn = not visit["SO_CCCD"]
        words = visit["HO_TEN"].split()
        assert newborn or ("THỊ" in words[1:-1]) <= (visit["GIOI_TINH"] == "2")
        assert newborn or ("VĂN" in words[1:-1]) <= (visit["GIOI_TINH"] == "1")


def test_costs_add_up() -> None:
    def cents(text: str) -> int:
        return int(text.replace(".", ""))

    for dossier in some():
        rows = rows_of(dossier)
        visit = rows["XML1"][0]
        drugs = sum(cents(row["THANH_TIEN_BV"]) for row in rows.get("XML2", []))
        services = sum(cents(row["THANH_TIEN_BV"]) for row in rows.get("XML3", []))
        assert cents(visit["T_THUOC"]) == drugs
        assert cents(visit["T_TONGCHI_BV"]) == drugs + services
        parts = ("T_BNTT", "T_BNCCT", "T_BHTT")
        assert sum(cents(visit[part]) for part in parts) == drugs + services
        for row in (*rows.get("XML2", []), *rows.get("XML3", [])):
            assert sum(cents(row[part]) for part in parts) == cents(row["THANH_TIEN_BV"])
            assert row["TYLE_TT_BH"] == "100"


def test_results_belong_to_an_ordered_service() -> None:
    for dossier in some():
        rows = rows_of(dossier)
        ordered = {row["MA_DICH_VU"] for row in rows.get("XML3", [])}
        assert {row["MA_DICH_VU"] for row in rows.get("XML4", [])} <= ordered


def test_scenarios_use_what_the_lists_hold() -> None:
    drugs, services = load("drugs.json"), load("services.json")
    laboratory = load("laboratory.json")
    for scenario in scenarios().values():
        assert {scenario.main, *scenario.always, *scenario.comorbid} <= set(icd_names()), scenario.id
        assert {drug[0] for drug in scenario.drugs} <= set(drugs), scenario.id
        used = {scenario.exam, scenario.bed, *(p[0] for p in scenario.procedures)}
        assert used | {i[0] for i in scenario.imaging} <= set(services), scenario.id
        panels = {panel for group in scenario.panels for panel in group}
        assert panels <= set(laboratory["panels"]), scenario.id
        measured = {i for p in panels for names in laboratory["panels"][p].values() for i in names}
        assert set(scenario.values or {}) <= measured, scenario.id
        if scenario.transfer:
            assert scenario.signs, scenario.id
            assert scenario.state, scenario.id
            assert scenario.direction, scenario.id


def test_editions_follow_the_day() -> None:
    days = [date(2024, 3, 1), date(2024, 9, 1), date(2025, 9, 1)]
    usual = [next(make_dossiers(1, 1, start=day, end=day)).edition for day in days]
    assert usual == ["130", "4750", "3176"]
    assert {dossier.edition for dossier in some()} == {"4750", "3176"}


def test_addresses_follow_the_merger_of_provinces() -> None:
    day = date(2025, 9, 1)
    visit = rows_of(next(make_dossiers(1, 1, start=day, end=day)))["XML1"][0]
    assert visit["DIA_CHI"].endswith("tỉnh Bắc Ninh")
    assert visit["MAHUYEN_CU_TRU"] == ""


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first = write_exports(tmp_path / "a", count=60, seed=3)
    second = write_exports(tmp_path / "b", count=60, seed=3)
    other = write_exports(tmp_path / "c", count=60, seed=4)
    assert [path.name for path in first] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert {path.read_bytes() for path in first}.isdisjoint(path.read_bytes() for path in other)
    assert sum(path.read_bytes().count(b"<HOSO>") for path in first) == 60


def unwrapped(data: bytes, style: Style) -> list[list[tuple[str, str]]]:
    """Elements and texts of the inner documents of an export, sorted."""
    found = []
    for element in parsed(data).iter("NOIDUNGFILE"):
        root = element[0] if len(element) else None
        if root is None and element.text:
            wrapped = style.content in ("base64", "wrapped")
            root = parsed(base64.b64decode(element.text).decode("utf-8-sig") if wrapped else element.text)
        if root is not None:
            found.append([(item.tag, (item.text or "").strip()) for item in root.iter()])
    return sorted(found)


STYLES = [
    Style(content="wrapped"),
    Style(content="cdata"),
    Style(content="elements"),
    Style(bom=True, inner_bom=True),
    Style(declaration=False),
    Style(shuffled=True),
    Style(empty_tables=True, count=9),
]


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_every_style_carries_the_same_documents(style: Style) -> None:
    dossiers = some()[:4]
    data = envelope(dossiers, END, style=style)
    assert data != envelope(dossiers, END)
    assert data.startswith(b"\xef\xbb\xbf") is style.bom
    assert unwrapped(data, style) == unwrapped(envelope(dossiers, END), Style())


def test_tables_gives_the_first_document_of_each() -> None:
    dossier = replace(some()[0], documents=[("XML1", "a"), ("XML14", "b"), ("XML14", "c")])
    assert dossier.tables == {"XML1": "a", "XML14": "b"}


class Counted:
    """What stands in the demo's files, by a plain reading."""

    def __init__(self, demo: Demo, facility: str) -> None:
        self.files = self.versions = self.refused = 0
        self.keys: set[str] = set()
        self.transfers: set[str] = set()
        self.citizens: dict[str, set[str]] = {}
        self.visits: Counter[str] = Counter()
        self.moments: list[datetime] = []
        self.names: set[str] = set()
        for export in demo.exports(facility):
            self.files += 1
            self.names.add(export.name)
            self.moments.append(export.moment)
            self._file(export.data)

    def _file(self, data: bytes) -> None:
        if b"<!DOCTYPE" in data or b"windows-1258" in data[:100]:
            self.refused += 1
            return
        for hoso in parsed(data).iter("HOSO"):
            tables = {
                f.findtext("LOAIHOSO"): base64.b64decode(f.findtext("NOIDUNGFILE") or "")
                for f in hoso.iter("FILEHOSO")
            }
            try:
                visit = parsed(tables["XML1"])
            except etree.XMLSyntaxError:
                self.refused += 1
                continue
            self.versions += 1
            ma_lk = visit.findtext("MA_LK") or ""
            if ma_lk not in self.keys:
                self.visits[visit.findtext("MA_BN") or ""] += 1
            self.keys.add(ma_lk)
            if number := visit.findtext("SO_CCCD"):
                self.citizens.setdefault(number, set()).add(visit.findtext("HO_TEN") or "")
            if "XML13" in tables:
                assert visit.findtext("MA_NOI_DEN") == "01929"
                self.transfers.add(ma_lk)


@pytest.mark.parametrize("facility", ["24011", "24004", "01929"])
def test_the_demo_holds_what_it_promises(facility: str) -> None:
    demo = demo_exports(1)
    expected = demo.expected[facility]
    counted = Counted(demo, facility)
    assert counted.files == len(counted.names) == expected.files
    assert len(counted.keys) == expected.dossiers
    assert counted.versions == expected.versions
    assert len(counted.transfers) == expected.transfers
    assert counted.refused == expected.refused
    assert counted.moments == sorted(counted.moments)
    assert all(len(names) == 1 for names in counted.citizens.values())
    assert max(counted.visits.values()) == (25 if facility == "24011" else 1)


def test_the_demo_sends_304_patients_and_stays_small() -> None:
    expected = demo_exports(5).expected.values()
    assert sum(site.transfers for site in expected) == 304
    assert sum(site.dossiers for site in expected) < 1000
    assert sum(site.refused for site in expected) >= 3


def test_patients_sent_to_bach_mai_come_home_from_there() -> None:
    demo = demo_exports(1)
    documents = [
        parsed(base64.b64decode(content.text or ""))
        for export in demo.exports("01929")
        for content in parsed(export.data).iter("NOIDUNGFILE")
    ]
    arrived = [visit for visit in documents if visit.tag == "TONG_HOP" and visit.findtext("MA_NOI_DI")]
    sent = {}
    for export in demo.exports("24011"):
        if export.moment > datetime(2025, 1, 16, tzinfo=VIETNAM):
            break
        for content in parsed(export.data).iter("NOIDUNGFILE"):
            root = parsed(base64.b64decode(content.text or ""))
            if root.tag == "CHI_TIEU_GIAYCHUYENTUYEN":
                sent[root.findtext("GIAY_CHUYEN_TUYEN")] = root
    assert len(arrived) == 8
    for visit in arrived:
        slip = sent[visit.findtext("GIAY_CHUYEN_TUYEN")]
        assert slip.findtext("HO_TEN") == visit.findtext("HO_TEN")
        assert slip.findtext("NGAY_RA", "") < visit.findtext("NGAY_VAO", "")
        assert visit.findtext("MA_NOI_DI") == "24011"


def test_a_long_history_is_one_patient_in_order() -> None:
    visits = list(long_history(60, 2))
    assert len(visits) == 60
    first = [rows_of(visit)["XML1"][0] for visit in visits]
    assert len({row["SO_CCCD"] for row in first}) == len({row["MA_BN"] for row in first}) == 1
    assert len({visit.ma_lk for visit in visits}) == 60
    for before, after in pairwise(first):
        assert moment(before["NGAY_RA"]) < moment(after["NGAY_VAO"])
    assert visits[-1].discharged - visits[0].discharged > timedelta(days=11 * 365)
    assert {row["MA_LOAI_KCB"] for row in first} == {"05", "03"}
