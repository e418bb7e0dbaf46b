"""The way out: a slip file holds what the form says, our own reader takes it, and it never doubles a transfer."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as run
from hypothesis import strategies as st

from lienthong.access import audit
from lienthong.connectors.his_xml import check_command, outbox, writer
from lienthong.connectors.his_xml.checks import check
from lienthong.connectors.his_xml.dossier import Dossier
from lienthong.connectors.his_xml.folder import Folder
from lienthong.connectors.his_xml.make import envelope, make_dossiers
from lienthong.connectors.his_xml.mapping import transfer_of
from lienthong.connectors.his_xml.mapping.values import clean
from lienthong.connectors.his_xml.models import Export, SlipFile
from lienthong.connectors.his_xml.reader import read_export
from lienthong.exchange import keys
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.signing import SigningKey
from lienthong.transfers import desk, drafts, form
from lienthong.transfers.models import State, Transfer

pytestmark = pytest.mark.django_db
DOCTOR = audit.Actor("bs", "Bác sĩ Thử", "doctor", "127.0.0.1")
SIGNED = datetime(2026, 11, 20, 3, 15, tzinfo=UTC)
FORM: dict[str, Any] = {
    "urgency": "emergency",
    "case": "heart",
    "reason": "2",
    "basis": "emergency",
    "question": "Can thiệp mạch vành",
    "signs": "Đau ngực < 6 giờ & vã mồ hôi",
    "course": "Dòng một\nDòng hai",
    "results": "ECG: ST chênh lên V1–V4",
    "diagnosis": "Nhồi máu cơ tim cấp",
    "diagnosis_code": "I21.0",
    "other_diagnoses": "I10 Tăng huyết áp\nE11.9 Đái tháo đường",
    "treatment": "Aspirin 300 mg",
    "medicines": "Heparin 4000 đơn vị",
    "condition": "Tỉnh, huyết áp 95/60",
    "direction": "Chụp mạch vành",
    "slip": "SD-26-0042",
    "register": "0042",
    "transport": "ambulance",
    "escort_name": "Nịnh Văn Sáng",
    "escort_title": "Bác sĩ",
    "person": {
        "name": "VI VĂN THỤ",
        "birth": "1958-03",
        "gender": "male",
        "citizen": "024058001234",
        "card": "GD4242400123456",
        "card_until": "2026-12-31",
        "address": "Thôn Mậu",
        "phone": "0912 000 111",
        "ethnic_group": "tày",
        "nationality": "Việt Nam",
        "occupation": "00",
        "first_facility": "24004",
    },
    "key_results": [{"test": "Troponin T", "value": "812", "unit": "ng/L", "range": "< 14"}],
}


@pytest.fixture(autouse=True)
def site(tmp_path: Path, settings: Any) -> Iterator[None]:
    """The provincial hospital; Bạch Mai is in its directory."""
    settings.NODE = replace(settings.NODE, home=tmp_path / "home", facility="24011")
    directory.load_known()
    key = SigningKey.load_or_make(tmp_path / "other.pem")
    directory.add_node("01929", "site", key.jwk, key.kid, clock.now(), keys.recipient(tmp_path / "other"))
    return


def made(filled: dict[str, Any], **more: Any) -> Transfer:
    """A transfer as it stands after sending, not saved."""
    found = Transfer(
        loop="0" * 31 + "1",
        sender="24011",
        receiver="01929",
        begun_at=SIGNED,
        since=SIGNED,
        signed_at=SIGNED,
        left_at=SIGNED,
        dossier_version=1,
        state=State.SENT,
    )
    found.form = {name: form.cleaned(name, value) for name, value in filled.items()}
    drafts.copy_form(found)
    for name, value in more.items():
        setattr(found, name, value)
    return found


def read(written: writer.Written) -> Dossier:
    with tempfile.NamedTemporaryFile(suffix=".xml") as file:
        file.write(written.data)
        file.flush()
        (dossier,) = read_export(Path(file.name))
    check(dossier)
    return dossier


def test_every_field_stands_where_the_annex_wants_it() -> None:
    written = writer.slip_file(made(FORM, ma_lk="LK42"))
    dossier = read(written)
    assert (dossier.edition, dossier.facility, dossier.ma_lk) == ("3176", "24011", "LK42")
    (slip,), (visit,) = dossier.tables["XML13"], dossier.tables["XML1"]
    assert slip.values == {
        "MA_LK": "LK42",
        "SO_CHUYENTUYEN": "0042",
        "GIAY_CHUYEN_TUYEN": "SD-26-0042",
        "MA_CSKCB": "24011",
        "MA_CSKCB_DEN": "01929",
        "HO_TEN": "VI VĂN THỤ",
        "NGAY_SINH": "195803000000",
        "GIOI_TINH": "1",
        "MA_QUOCTICH": "000",
        "MA_DANTOC": "02",
        "MA_NGHE_NGHIEP": "00",
        "DIA_CHI": "Thôn Mậu",
        "MA_THE_BHYT": "GD4242400123456",
        "GT_THE_DEN": "20261231",
        "NGAY_RA": "202611201015",
        "DAU_HIEU_LS": "Đau ngực < 6 giờ & vã mồ hôi",
        "CHAN_DOAN_RV": "Nhồi máu cơ tim cấp",
        "QT_BENHLY": "Dòng một\nDòng hai",
        "TOMTAT_KQ": "ECG: ST chênh lên V1–V4\nTroponin T 812 ng/L (< 14)",
        "PP_DIEUTRI": "Aspirin 300 mg\nHeparin 4000 đơn vị",
        "MA_BENH_CHINH": "I21.0",
        "MA_BENH_KT": "I10;E11.9",
        "TINH_TRANG_CT": "Tỉnh, huyết áp 95/60",
        "MA_LOAI_RV": "2",
        "MA_LYDO_CT": "2",
        "HUONG_DIEU_TRI": "Chụp mạch vành\nCan thiệp mạch vành",
        "PHUONGTIEN_VC": "Xe cứu thương",
        "HOTEN_NGUOI_HT": "Nịnh Văn Sáng",
        "CHUCDANH_NGUOI_HT": "Bác sĩ",
    }
    identity = {
        name: visit.get(name) for name in ("SO_CCCD", "MA_DKBD", "MA_NOI_DEN", "DIEN_THOAI", "HO_TEN")
    }
    assert identity == {
        "SO_CCCD": "024058001234",
        "MA_DKBD": "24004",
        "MA_NOI_DEN": "01929",
        "DIEN_THOAI": "0912000111",
        "HO_TEN": "VI VĂN THỤ",
    }
    assert set(written.missing) == {"SO_HOSO", "MA_BAC_SI", "MA_TTDV"}
    complaints = {p.code for p in dossier.problems if p.where.get("table") == "XML13"}
    assert complaints == {"his-xml-required-missing"}


def test_the_patients_wish_is_another_manner_of_leaving() -> None:
    assert read(writer.slip_file(made({**FORM, "reason": "3"}))).tables["XML13"][0].get("MA_LOAI_RV") == "5"


def test_what_nobody_said_stays_empty_and_is_reported() -> None:
    written = writer.slip_file(made({"person": {"name": "LÊ VĂN BÌNH"}, "diagnosis": "Viêm phổi"}))
    dossier = read(written)
    assert not dossier.refused
    assert dossier.ma_lk == "0" * 31 + "1"
    said = dossier.tables["XML13"][0].values
    assert not {"GIOI_TINH", "NGAY_SINH", "MA_BENH_CHINH", "MA_QUOCTICH", "TOMTAT_KQ"} & said.keys()
    assert {"DAU_HIEU_LS", "MA_LYDO_CT", "PHUONGTIEN_VC", "GIAY_CHUYEN_TUYEN"} <= set(written.missing)


def test_the_file_is_plain_xml_and_the_connectors_own_check_takes_it(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    written = writer.slip_file(made(FORM, ma_lk="LK42"))
    assert b"<!DOCTYPE" not in written.data
    assert b"<!ENTITY" not in written.data
    assert ElementTree.fromstring(written.data).tag == "GIAMDINHHS"  # noqa: S314
    path = tmp_path / written.name
    path.write_bytes(written.data)
    assert check_command.run([path], as_json=True) == 0
    line = json.loads(capsysbinary.readouterr().out)
    assert line["tables"] == {"XML1": 1, "XML13": 1}
    assert line["resources"]["ServiceRequest"] == 1


_words = st.text(st.characters(codec="utf-8"), max_size=400)
_line = st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=400)
_forms = st.fixed_dictionaries(
    {
        "person": st.fixed_dictionaries(
            {"name": st.text("ABCĐẠÊÔ ", min_size=1, max_size=300).filter(str.strip)},
            optional={
                "birth": st.one_of(
                    st.dates(date(1900, 1, 1), date(2026, 1, 1)).map(str),
                    st.integers(1900, 2026).map(str),
                    st.just("1990-05"),
                ),
                "gender": st.sampled_from(["male", "female", "other", "unknown"]),
                "citizen": st.from_regex(r"[0-9]{12}", fullmatch=True),
                "card": st.one_of(st.from_regex(r"[A-Z]{2}[1-5][0-9]{12}", fullmatch=True), _line),
                "card_until": st.one_of(st.dates(date(2025, 1, 1)).map(str), _line),
                "address": _line,
                "phone": _line,
                "ethnic_group": st.one_of(st.sampled_from(["Kinh", "01", "Nùng"]), _line),
                "nationality": _line,
                "occupation": _line,
                "first_facility": _line,
            },
        ),
    },
    optional={
        **dict.fromkeys(("signs", "course", "results", "treatment", "condition", "direction"), _words),
        **dict.fromkeys(("diagnosis", "other_diagnoses", "medicines", "question"), _words),
        **dict.fromkeys(("slip", "register", "transport_note", "escort_name", "escort_title"), _line),
        "diagnosis_code": st.sampled_from(["I21.0", "J18.9", ""]),
        "reason": st.sampled_from(["1", "2", "3", ""]),
        "transport": st.sampled_from([*form.TRANSPORT, ""]),
        "key_results": st.lists(
            st.fixed_dictionaries({"test": _line}, optional={"value": _line, "unit": _line}), max_size=3
        ),
    },
)
_texts = {"signs": "DAU_HIEU_LS", "course": "QT_BENHLY", "condition": "TINH_TRANG_CT"}
_coded = {"diagnosis_code": "MA_BENH_CHINH", "reason": "MA_LYDO_CT"}


@run(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(filled=_forms)
def test_whatever_the_form_says_is_read_back_the_same(filled: dict[str, Any]) -> None:
    transfer = made(filled)
    written = writer.slip_file(transfer)
    dossier = read(written)
    assert not dossier.refused
    slip = dossier.tables["XML13"][0]
    for name, column in (_texts | _coded).items():
        said = str(transfer.form.get(name, "")).replace("\r\n", "\n").replace("\r", "\n")
        assert slip.get(column) == clean(said), name
    notice = transfer_of(dossier)
    assert notice is not None
    assert (notice.destination, notice.moment) == ("01929", SIGNED)
    assert notice.patient_name == clean(filled["person"]["name"])[:255].strip()
    assert notice.slip == clean(transfer.slip)[:50].strip()
    told = {p.where.get("field") for p in dossier.problems if p.where.get("table") == "XML13"}
    told -= set(written.missing)
    assert told <= {"MA_LOAI_RV", "MA_LYDO_CT", "GT_THE_DEN"}, dossier.problems
    assert writer.slip_file(transfer) == written


def sent() -> Transfer:
    begun = desk.draft(actor=DOCTOR, receiver="01929", form=FORM)
    return desk.send_draft(begun.loop, version=begun.version, actor=DOCTOR)


def test_the_folder_out_gets_one_file_for_each_version_and_overwrites_none(tmp_path: Path) -> None:
    transfer, folder = sent(), tmp_path / "out"
    assert outbox.write_due(folder) == 1
    first = folder / f"{transfer.loop}-1.xml"
    assert first.stat().st_mode & 0o777 == 0o640
    before = first.read_bytes()
    assert outbox.write_due(folder) == 0
    first.unlink()
    assert outbox.write_due(folder) == 0
    changed = desk.save_field(transfer.loop, "course", "Thêm", version=transfer.version, actor=DOCTOR)
    desk.send_draft(transfer.loop, version=changed.version, actor=DOCTOR)
    assert outbox.write_due(folder) == 1
    assert [path.name for path in folder.iterdir()] == [f"{transfer.loop}-2.xml"]
    second = (folder / f"{transfer.loop}-2.xml").read_bytes()
    assert second != before
    SlipFile.objects.all().delete()
    (folder / f"{transfer.loop}-2.xml").write_bytes(b"of the HIS")
    assert outbox.write_due(folder) == 1
    assert (folder / f"{transfer.loop}-2.xml").read_bytes() == b"of the HIS"


def test_our_own_file_in_the_export_folder_changes_nothing(tmp_path: Path) -> None:
    transfer, folder = sent(), Folder(tmp_path / "exports", patience=0.0)
    outbox.write_due(folder.root)
    folder.look()
    folder.look()
    export = Export.objects.get()
    assert (export.state, export.unchanged, export.stored) == ("done", 1, 0)
    assert export.findings.filter(code="his-xml-own-slip").count() == 1
    after = Transfer.objects.get()
    assert (after.loop, after.version, after.ma_lk) == (transfer.loop, transfer.version, "")


@pytest.mark.parametrize("told", ["citizen and slip", "our MA_LK", "citizen"])
def test_the_visit_that_the_his_exports_after_importing_our_slip_joins_the_loop(
    tmp_path: Path, told: str
) -> None:
    """The HIS exports the whole visit with XML13; what it took over from our file tells whose it is."""
    (dossier,) = [
        d
        for d in make_dossiers(1, 3, start=date(2026, 11, 20), end=date(2026, 11, 20), transfers=1)
        if d.is_transfer
    ]
    xml = dict(dossier.documents)
    visit, slip = (_values(xml[name]) for name in ("XML1", "XML13"))
    person = {"name": visit["HO_TEN"], "citizen": visit.get("SO_CCCD", "")}
    filled = {**FORM, "person": person, "slip": slip["GIAY_CHUYEN_TUYEN"] if told != "citizen" else ""}
    begun = desk.draft(actor=DOCTOR, receiver=slip.get("MA_CSKCB_DEN") or slip["MA_NOI_DEN"], form=filled)
    transfer = desk.send_draft(begun.loop, version=begun.version, actor=DOCTOR)
    content = envelope([dossier], date(2026, 11, 20), style=_plain())
    if told == "our MA_LK":
        content = content.replace(dossier.ma_lk.encode(), transfer.loop.encode())
    folder = Folder(tmp_path / "exports", patience=0.0)
    (folder.root / "a.xml").write_bytes(content)
    folder.look()
    folder.look()
    joined = Transfer.objects.get()
    assert (joined.loop, joined.dossier_version) == (transfer.loop, 2)
    assert joined.diagnosis == FORM["diagnosis"]


def test_a_slip_that_the_his_wrote_comes_out_with_the_same_words(tmp_path: Path) -> None:
    """A transfer that only an export began: the form is empty, the paper is kept."""
    (dossier,) = make_dossiers(1, 3, start=date(2026, 11, 20), end=date(2026, 11, 20), transfers=1)
    folder = Folder(tmp_path / "exports", patience=0.0)
    (folder.root / "a.xml").write_bytes(envelope([dossier], date(2026, 11, 20)))
    folder.look()
    folder.look()
    theirs = _values(dict(dossier.documents)["XML13"])
    with transaction.atomic():
        ours = read(writer.slip_file(Transfer.objects.get())).tables["XML13"][0]
    same = ("MA_LK", "SO_HOSO", "SO_CHUYENTUYEN", "GIAY_CHUYEN_TUYEN", "MA_CSKCB", "HO_TEN", "NGAY_SINH")
    same += ("GIOI_TINH", "MA_DANTOC", "DIA_CHI", "MA_THE_BHYT", "NGAY_VAO", "NGAY_RA", "DAU_HIEU_LS")
    same += ("QT_BENHLY", "TOMTAT_KQ", "CHAN_DOAN_RV", "MA_LYDO_CT", "HUONG_DIEU_TRI", "PHUONGTIEN_VC")
    same += ("HOTEN_NGUOI_HT", "CHUCDANH_NGUOI_HT", "TINH_TRANG_CT", "PP_DIEUTRI", "MA_BENH_CHINH")
    for name in same:
        assert ours.get(name) == clean(theirs.get(name, "")), name


def _values(document: str) -> dict[str, str]:
    row = ElementTree.fromstring(document.encode())  # noqa: S314
    return {one.tag: one.text or "" for one in row.iter() if one.text and one.text.strip()}


def _plain() -> Any:
    from lienthong.connectors.his_xml.envelope import Style

    return Style(content="elements")
