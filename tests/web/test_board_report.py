"""Reports on the board: who sees what, from the new report to its number, blocked sums, downloads."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from entering import once_in_module
from lienthong.access import audit
from lienthong.access.models import Role
from lienthong.rollout.report.models import Report, State
from pages import words_of
from report_world import FIRST, LAST, put, seeded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hub")]
PERIOD = {"kind": "fortnight", "first": FIRST.isoformat(), "last": LAST.isoformat()}

SIGNER = {"signer": "director", "name": "Director", "planned": "2025-03-04"}


case = once_in_module(seeded, autouse=True)


@pytest.fixture
def officer(someone: Callable[..., Client]) -> Client:
    return someone(Role.DEPARTMENT)


def _drafted(officer: Client) -> str:
    answer = officer.post("/board/report/new", PERIOD)
    assert answer.status_code == 302
    return str(answer["Location"])


def _seen(client: Client, page: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', client.get(page).content.decode())
    assert found
    return found[1]


def _step(client: Client, page: str, step: str, **more: str) -> Any:
    return client.post(f"{page}/step", {"step": step, "seen": _seen(client, page), **more}, follow=True)


def test_a_fortnight_from_the_form_to_the_files(officer: Client, someone: Callable[..., Client]) -> None:
    form = officer.get("/board/report").content.decode()
    assert 'value="2025-02-18"' in form
    assert 'value="2025-03-03"' in form
    page = _drafted(officer)
    assert officer.post(f"{page}/signer", SIGNER).status_code == 302
    text = words_of(officer.get(page))
    assert "2.416" in text
    assert "Mức 7: 01 đơn vị" in text
    seen = _seen(officer, page)
    said = {"part": "V", "text": "Không có kiến nghị mới.", "seen": seen}
    assert officer.post(f"{page}/text", said)["Location"].endswith("#part-V")
    _step(officer, page, "drafted")

    head = someone(Role.DIVISION)
    assert "Không có kiến nghị mới." in words_of(head.get(page))
    _step(head, page, "approved", note="Các đơn vị xác nhận sau")
    _step(someone(Role.DIRECTOR), page, "signed")
    clerk = someone(Role.CLERK)
    _step(clerk, page, "numbered", number="12", day="2025-03-04")
    report = Report.objects.get()
    assert (report.state, report.number) == (State.NUMBERED, 12)
    taken = clerk.get(f"{page}/file/docx")
    assert 'filename="12-BC-SYT-2025-03-04.docx"' in taken["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(taken.content)) as folder:
        document = folder.read("word/document.xml").decode()
    assert "12/BC-SYT" in document
    assert "Không có kiến nghị mới." in document
    pdf = clerk.get(f"{page}/file/pdf")
    assert pdf.content[:5] == b"%PDF-"
    assert clerk.get(f"{page}/file/pdf").content == pdf.content
    frozen = json.loads(clerk.get(f"{page}/file/json").content)
    assert frozen["kind"] == "fortnight"
    _step(clerk, page, "sent", note="Chủ tịch UBND tỉnh")
    assert Report.objects.get().state == State.SENT
    actions = {event.action for event in audit.trail(limit=100)}
    assert {"report-drafted", "report-signer", "report-text", "report-step", "report-taken"} <= actions


def test_sums_that_do_not_hold_are_said_with_where_to_mend(officer: Client) -> None:
    put("24006", "merged_into", "24011", date(2025, 2, 20))
    answer = officer.post("/board/report/new", PERIOD)
    assert answer.status_code == 400
    text = words_of(answer)
    assert "Số đơn vị trong danh sách là 16, theo kết luận của tỉnh là 17." in text
    assert not Report.objects.exists()


def test_a_period_has_one_report(officer: Client) -> None:
    _drafted(officer)
    answer = officer.post("/board/report/new", PERIOD)
    assert answer.status_code == 400
    assert "Kỳ này đã có báo cáo" in words_of(answer)
    assert officer.post("/board/report/new", PERIOD | {"last": "2025-02-01"}).status_code == 400
    assert officer.post("/board/report/new", PERIOD | {"kind": "x"}).status_code == 400


def test_a_unit_sees_and_confirms_its_own_data_alone(officer: Client, someone: Callable[..., Client]) -> None:
    page = _drafted(officer)
    officer.post(f"{page}/signer", SIGNER)
    team = someone((Role.UNIT, "24004"))
    assert team.get(f"{page}/unit/24004").status_code == 404
    _step(officer, page, "drafted")
    assert f"{page}/unit/24004" in team.get("/board/report").content.decode()
    for path in (page, f"{page}/read", f"{page}/file/pdf", f"{page}/file/json", f"{page}/unit/24011"):
        assert team.get(path).status_code == 403
    own = team.get(f"{page}/unit/24004")
    assert "Nâng cao" in words_of(own) or "Advanced" in words_of(own)
    assert "Ung bướu" not in own.content.decode()
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', own.content.decode())
    assert found
    said = {"step": "confirmed", "seen": found[1], "unit": "24004"}
    team.post(f"{page}/step", said)
    team.post(f"{page}/step", said | {"unit": "24011"})
    assert [one.unit for one in Report.objects.get().steps.filter(step="confirmed")] == ["24004"]
    team.post(f"{page}/step", {**said, "step": "objected", "note": "HIS đã lên mức 6"})
    assert "HIS đã lên mức 6" in words_of(officer.get(page))


def test_leaders_and_police_see_what_is_numbered_alone(
    officer: Client, someone: Callable[..., Client]
) -> None:
    page = _drafted(officer)
    leader, police = someone(Role.LEADER), someone(Role.POLICE)
    for client in (leader, police):
        assert client.get(page).status_code == 403
        assert page not in client.get("/board/report").content.decode()
    Report.objects.update(state="numbered", number=12, year=2025, code="SYT", day=date(2025, 3, 4))
    assert leader.get(page).status_code == 200
    assert page in leader.get("/board/report").content.decode()
    assert "Kết quả triển khai" in words_of(leader.get(f"{page}/read"))
    for path in ("text", "signer", "freeze", "correct", "step"):
        assert leader.post(f"{page}/{path}").status_code == 403


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.VENDOR])
def test_others_see_no_reports(role: Role, officer: Client, someone: Callable[..., Client]) -> None:
    page = _drafted(officer)
    other = someone((role, "V1") if role == Role.VENDOR else role)
    for path in ("/board/report", page, f"{page}/file/pdf"):
        assert other.get(path).status_code == 403


def test_only_the_office_drafts(officer: Client, someone: Callable[..., Client]) -> None:
    page = _drafted(officer)
    for role in (Role.DIVISION, Role.DIRECTOR, Role.CLERK):
        client = someone(role)
        assert client.get(page).status_code == 200
        assert client.post("/board/report/new", PERIOD).status_code == 403
        assert client.post(f"{page}/text", {"part": "V", "text": "x"}).status_code == 403
    assert not Report.objects.get().texts.exists()


def test_a_draft_shows_both_texts_and_says_when_figures_moved(officer: Client) -> None:
    page = _drafted(officer)
    said = {"part": "II.2", "text": "Đã rà soát HIS.", "seen": _seen(officer, page)}
    officer.post(f"{page}/text", said)
    put("24006", "his_level", "6", date(2025, 3, 1))
    officer.post(f"{page}/freeze")
    html = officer.get(page).content.decode()
    part = html.split('id="part-II.2"')[1].split("</section>")[0]
    assert "passage-stale" in html
    assert "Đã rà soát HIS." in part
    assert "Mức 6: 05 đơn vị" in part
    officer.post(f"{page}/text", {"part": "II.2", "generated": "1", "seen": _seen(officer, page)})
    assert "passage-stale" not in officer.get(page).content.decode()


def test_a_text_with_a_person_in_it_is_refused(officer: Client) -> None:
    page = _drafted(officer)
    said = {"part": "V", "text": "Đã báo bệnh nhân Giáp Thị Ngân.", "seen": _seen(officer, page)}
    assert "không chứa dữ liệu người bệnh" in words_of(officer.post(f"{page}/text", said, follow=True))
    assert "Giáp" not in officer.get(page).content.decode()


def test_a_numbered_report_is_corrected_by_another(officer: Client) -> None:
    page = _drafted(officer)
    Report.objects.update(state="numbered", number=12, year=2025, code="SYT", day=date(2025, 3, 4))
    assert officer.post(f"{page}/freeze", follow=True).status_code == 200
    assert Report.objects.get().snapshot.reports.count() == 1
    answer = officer.post(f"{page}/correct")
    new = Report.objects.exclude(number=12).get()
    assert answer["Location"].endswith(new.id)
    assert "Báo cáo này thay thế Báo cáo số 12/BC-SYT" in words_of(officer.get(f"/board/report/{new.id}"))


@pytest.mark.parametrize("kind", ["levels", "health-book"])
def test_the_other_kinds_are_drafted_and_read(kind: str, officer: Client) -> None:
    assert officer.get(f"/board/report?kind={kind}").status_code == 200
    said = {"kind": kind, "first": "2025-01-01", "last": "2025-06-30"}
    page = officer.post("/board/report/new", said)["Location"]
    assert officer.get(page).status_code == 200
    assert officer.get(f"{page}/read").status_code == 200
    assert officer.get(f"{page}/file/pdf").content[:5] == b"%PDF-"


@pytest.mark.parametrize("id", ["nothing", "0" * 32])
def test_no_such_report(id: str, officer: Client) -> None:
    assert officer.get(f"/board/report/{id}").status_code == 404
    assert officer.get(f"/board/report/{id}/file/exe").status_code == 404


def test_at_a_hospital_there_are_no_reports(someone: Callable[..., Client], node: Any) -> None:
    client = someone(Role.DEPARTMENT)
    node(role="site")
    assert client.get("/board/report").status_code == 404
