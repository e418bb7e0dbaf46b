"""The watched folder, front to back: files in, records, transfers, done/ and refused/ with reports."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from lienthong import records
from lienthong.connectors.his_xml import intake, reader
from lienthong.connectors.his_xml.folder import Folder
from lienthong.connectors.his_xml.make import MadeDossier, Style, envelope, make_dossiers
from lienthong.connectors.his_xml.models import DossierVersion, Export, Finding
from lienthong.exchange import keys
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.blobs import BlobFolder
from lienthong.foundation.signing import SigningKey
from lienthong.transfers.models import Transfer

pytestmark = pytest.mark.django_db
DAY = date(2025, 2, 1)


@pytest.fixture(autouse=True)
def site(tmp_path: Path, settings: Any) -> Iterator[None]:
    """The provincial hospital with a home of its own; Bạch Mai is in its directory."""
    settings.NODE = replace(settings.NODE, home=tmp_path / "home", facility="24011")
    directory.load_known()
    key = SigningKey.load_or_make(tmp_path / "other.pem")
    directory.add_node("01929", "site", key.jwk, key.kid, clock.now(), keys.recipient(tmp_path / "other"))
    return


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "exports", patience=0.0)


def dossiers(count: int, seed: int = 1, transfers: int = 0) -> list[MadeDossier]:
    return list(make_dossiers(count, seed, start=DAY, end=DAY, transfers=transfers))


def drop(folder: Folder, name: str, content: bytes) -> Path:
    path = folder.root / name
    path.write_bytes(content)
    return path


def look(folder: Folder) -> int:
    """Two looks: a file is taken when it stood still between them."""
    folder.look()
    return folder.look()


def total() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM records_resource WHERE deleted = 0")
        return int(cursor.fetchone()[0])


def test_a_good_file_is_stored_kept_and_done(folder: Folder) -> None:
    content = envelope(dossiers(3), DAY)
    drop(folder, "a.xml", content)
    assert look(folder) == 1
    export = Export.objects.get()
    assert (export.state, export.stored, export.refused) == ("done", 3, 0)
    assert BlobFolder(intake.settings.NODE.blobs).read(export.sha256) == content
    assert [p.name for p in folder.done.iterdir()] == ["a.xml"]
    assert records.count("Encounter") == 3
    for version in DossierVersion.objects.all():
        piece = content[version.start : version.start + version.length]
        assert piece.startswith(b"<HOSO")
        assert piece.rstrip().endswith(b"</HOSO>")


def test_the_same_content_again_does_nothing(folder: Folder) -> None:
    content = envelope(dossiers(2, transfers=1), DAY)
    drop(folder, "a.xml", content)
    look(folder)
    before = total()
    drop(folder, "b.xml", content)
    look(folder)
    assert Export.objects.count() == 1
    assert total() == before
    assert Transfer.objects.count() == 1
    assert {p.name for p in folder.done.iterdir()} == {"a.xml", "b.xml"}


def test_the_same_dossier_in_another_file_makes_no_version(folder: Folder) -> None:
    made = dossiers(2)
    drop(folder, "a.xml", envelope(made, DAY))
    look(folder)
    drop(folder, "b.xml", envelope(made[:1], DAY, style=Style(content="cdata", shuffled=True, bom=True)))
    look(folder)
    assert Export.objects.get(name="b.xml").unchanged == 1
    assert DossierVersion.objects.count() == 2


def test_a_later_file_with_the_same_episode_is_a_new_version(folder: Folder) -> None:
    made = dossiers(1)[0]
    drop(folder, "a.xml", envelope([made], DAY))
    look(folder)
    made.documents = [
        (name, text.replace("<LY_DO_VV>", "<LY_DO_VV>Thêm: ") if name == "XML1" else text)
        for name, text in made.documents
    ]
    drop(folder, "b.xml", envelope([made], DAY))
    look(folder)
    assert [v.number for v in DossierVersion.objects.order_by("number")] == [1, 2]
    assert records.count("Encounter") == 1
    encounter = records.of_origin(f"his-xml/{made.facility}/{made.ma_lk}", ["Encounter"])[0]
    assert encounter.version == 2


def test_a_half_written_file_waits(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "exports")
    content = envelope(dossiers(1), DAY)
    path = drop(folder, "a.xml", content[: len(content) // 2])
    assert look(folder) == 0
    with path.open("ab") as file:
        file.write(content[len(content) // 2 :])
    assert folder.look() == 0, "it grew since the last look"
    assert folder.look() == 1
    assert Export.objects.get().stored == 1


def test_a_truncated_file_keeps_what_came_before_and_says_where(folder: Folder) -> None:
    content = envelope(dossiers(3), DAY)
    drop(folder, "a.xml", content[: int(len(content) * 0.9)])
    look(folder)
    export = Export.objects.get()
    assert export.state == "refused"
    assert export.stored == 2
    report = json.loads((folder.refused / "a.xml.report.json").read_bytes())
    assert report["file"] == "a.xml"
    assert any(problem["severity"] == "error" and problem["dossier"] == 0 for problem in report["problems"])


def test_one_bad_dossier_does_not_stop_its_file(folder: Folder) -> None:
    made = dossiers(3)
    name, text = made[1].documents[0]
    made[1].documents = [(name, text[: len(text) // 2]), *made[1].documents[1:]]
    drop(folder, "a.xml", envelope(made, DAY))
    look(folder)
    export = Export.objects.get()
    assert (export.stored, export.refused, export.state) == (2, 1, "refused")
    text_report = (folder.refused / "a.xml.report.txt").read_text("utf-8")
    assert "hồ sơ / dossier 2" in text_report
    finding = Finding.objects.get(severity="error")
    assert finding.position == 2
    for key in ("code", "message", "message_en", "hint", "hint_en"):
        assert finding.problem[key]


def test_a_file_in_another_encoding_is_refused_with_a_remedy(folder: Folder) -> None:
    drop(folder, "a.xml", envelope(dossiers(1), DAY, style=Style(content="cdata", encoding="windows-1258")))
    look(folder)
    assert Export.objects.get().state == "refused"
    assert Finding.objects.get().problem["hint"]
    assert (folder.refused / "a.xml").exists()


def test_a_refused_file_corrected_under_the_same_name_is_taken(folder: Folder) -> None:
    good = envelope(dossiers(1), DAY)
    drop(folder, "a.xml", good[:-40])
    look(folder)
    drop(folder, "a.xml", good)
    look(folder)
    assert {e.state for e in Export.objects.all()} == {"done", "refused"}
    assert records.count("Encounter") == 1


def test_a_slip_starts_one_transfer_and_a_resent_dossier_joins_it(folder: Folder) -> None:
    made = dossiers(1, transfers=1)
    drop(folder, "a.xml", envelope(made, DAY))
    look(folder)
    made[0].documents = [
        (n, t.replace("<LY_DO_VV>", "<LY_DO_VV>+ ") if n == "XML1" else t) for n, t in made[0].documents
    ]
    drop(folder, "b.xml", envelope(made, DAY))
    look(folder)
    transfer = Transfer.objects.get()
    assert (transfer.sender, transfer.receiver, transfer.ma_lk) == ("24011", "01929", made[0].ma_lk)
    assert transfer.dossier_version == 2


def test_a_slip_to_a_hospital_that_is_not_connected_is_a_warning(folder: Folder) -> None:
    drop(
        folder,
        "a.xml",
        envelope(list(make_dossiers(1, 1, start=DAY, end=DAY, transfers=1, destination="01901")), DAY),
    )
    look(folder)
    assert not Transfer.objects.exists()
    assert Finding.objects.filter(code="transfer-receiver-not-connected", severity="warning").exists()
    assert Export.objects.get().state == "done"


def test_after_a_crash_the_file_goes_on_where_it_stopped(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop(folder, "a.xml", envelope(dossiers(25), DAY))
    real, seen = intake._commit, []

    def dies(*arguments: Any) -> None:
        if len(seen) == 1:
            raise KeyboardInterrupt
        seen.append(1)
        real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(intake, "_commit", dies)
        with pytest.raises(KeyboardInterrupt):
            folder.take(path)
    assert Export.objects.get().position == intake.GROUP_DOSSIERS
    folder.take(path)
    assert Export.objects.get().stored == 25
    assert DossierVersion.objects.count() == 25


def test_kept_exports_can_be_read_again_without_a_new_version(folder: Folder) -> None:
    drop(folder, "a.xml", envelope(dossiers(2), DAY))
    look(folder)
    before = total()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE records_resource SET hash = %s WHERE type = 'Encounter'", [b"x" * 32])
    again = list(intake.replay())
    assert [e.stored for e in again] == [2]
    assert DossierVersion.objects.count() == 2
    assert total() == before
    encounter = records.of_origin(f"his-xml/24011/{DossierVersion.objects.first().ma_lk}", ["Encounter"])[0]
    assert encounter.version == 2


def test_memory_stays_flat_for_a_file_of_many_dossiers(tmp_path: Path) -> None:
    """Reading yields dossiers one by one: what was yielded before is let go."""
    import tracemalloc

    few, many = (envelope(dossiers(n, seed=4), DAY) for n in (20, 200))
    peaks = []
    for name, content in (("few", few), ("many", many)):
        path = tmp_path / f"{name}.xml"
        path.write_bytes(content)
        tracemalloc.start()
        for _ in reader.read_export(path):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 2


def test_a_file_that_cannot_be_taken_holds_up_no_other(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = drop(folder, "a.xml", envelope(dossiers(1, seed=1), DAY))
    os.utime(bad, (1, 1))
    drop(folder, "b.xml", envelope(dossiers(1, seed=2), DAY))
    real = intake.take

    def locked(path: Path) -> Export:
        if path == bad:
            raise PermissionError(path)
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(intake, "take", locked)
        look(folder)
    assert [path.name for path in folder.done.iterdir()] == ["b.xml"]
    folder._put_off.clear()
    look(folder)
    assert sorted(path.name for path in folder.done.iterdir()) == ["a.xml", "b.xml"]


def test_a_name_that_is_not_utf_8_is_taken(folder: Folder) -> None:
    name = os.fsdecode(b"h\xe5 s\xac.xml")
    drop(folder, name, envelope(dossiers(1), DAY)[:-40])
    look(folder)
    assert Export.objects.get().name == "h\ufffd s\ufffd.xml"
    assert (folder.refused / name).exists()


def test_fields_longer_than_their_columns_are_stored(folder: Folder) -> None:
    """On PostgreSQL a column refuses what is too long for it."""
    (made,) = dossiers(1, transfers=1)
    for field, limit in (
        ("GIAY_CHUYEN_TUYEN", 80),
        ("MA_LYDO_CT", 20),
        ("HO_TEN", 300),
        ("MA_BENH_CHINH", 40),
    ):
        made.documents = [
            (n, re.sub(f"<{field}>[^<]*<", f"<{field}>{'9' * limit}<", t) if n in ("XML1", "XML13") else t)
            for n, t in made.documents
        ]
    drop(folder, "a.xml", envelope([made], DAY))
    look(folder)
    assert Export.objects.get().stored == 1
    transfer = Transfer.objects.get()
    assert (transfer.slip, transfer.reason) == ("9" * 50, "9" * 10)


def test_a_key_longer_than_its_column_is_refused_and_the_rest_goes_on(folder: Folder) -> None:
    first, second = dossiers(2)
    first.documents = [(n, t.replace(first.ma_lk, "L" * 101)) for n, t in first.documents]
    drop(folder, "a.xml", envelope([first, second], DAY))
    look(folder)
    export = Export.objects.get()
    assert (export.state, export.stored, export.refused) == ("refused", 1, 1)


def test_a_late_check_in_does_not_replace_the_dossier(folder: Folder) -> None:
    (made,) = dossiers(1)
    check_in = (
        "<CHI_TIEU_TRANG_THAI_KCB><DSACH_TRANG_THAI_KCB><TRANG_THAI_KCB>"
        f"<MA_LK>{made.ma_lk}</MA_LK><HO_TEN>VÍ DỤ</HO_TEN><MA_CSKCB>24011</MA_CSKCB>"
        "<NGAY_VAO>202502010700</NGAY_VAO><MA_LOAI_KCB>01</MA_LOAI_KCB>"
        "</TRANG_THAI_KCB></DSACH_TRANG_THAI_KCB></CHI_TIEU_TRANG_THAI_KCB>"
    ).encode()
    drop(folder, "1.xml", check_in)
    look(folder)
    (encounter,) = records.of_origin(f"his-xml/24011/{made.ma_lk}", ["Encounter"])
    assert json.loads(encounter.body)["status"] == "in-progress"
    drop(folder, "2.xml", envelope([made], DAY))
    look(folder)
    before = total()
    drop(folder, "3.xml", check_in + b"\n")
    look(folder)
    (encounter,) = records.of_origin(f"his-xml/24011/{made.ma_lk}", ["Encounter"])
    assert json.loads(encounter.body)["status"] == "finished"
    assert total() == before
    late = Export.objects.get(name="3.xml")
    assert (late.state, late.stored, late.unchanged, late.warnings > 0) == ("done", 0, 1, True)
    assert Finding.objects.filter(export=late, code="his-xml-late-check-in").exists()


def test_without_room_files_stay_where_they_are_and_that_is_said_once(
    folder: Folder, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    path = drop(folder, "a.xml", envelope(dossiers(2), DAY))
    room = settings.NODE
    settings.NODE = replace(room, reserve_mb=1 << 40)
    for _ in range(4):
        assert look(folder) == 0
    assert path.exists()
    assert not Export.objects.exists()
    assert len([r for r in caplog.records if "until there is room" in r.message]) == 1
    settings.NODE = room
    assert folder.look() == 1
    assert Export.objects.get().stored == 2


def test_a_file_that_meets_a_full_disk_goes_on_where_it_stopped(
    folder: Folder, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "GROUP_DOSSIERS", 1)
    path = drop(folder, "a.xml", envelope(dossiers(3), DAY))
    folder.look()
    room, commit = settings.NODE, intake._commit

    def fill(*arguments: Any) -> None:
        commit(*arguments)
        settings.NODE = replace(room, reserve_mb=1 << 40)

    monkeypatch.setattr(intake, "_commit", fill)
    assert folder.look() == 0
    export = Export.objects.get()
    assert (export.state, export.position, export.findings.count()) == ("reading", 1, 0)
    assert path.exists()
    settings.NODE = room
    monkeypatch.setattr(intake, "_commit", commit)
    folder._put_off.clear()
    assert folder.look() == 1
    assert (Export.objects.get().state, Export.objects.get().stored) == ("done", 3)
