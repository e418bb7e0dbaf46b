"""The pages of the plan, by those who use them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from entering import once_in_module
from lienthong.access import audit
from lienthong.access.models import Role
from lienthong.foundation import clock
from lienthong.rollout import changes
from lienthong.rollout.changes import BatchRow, batch
from lienthong.rollout.plan import laying, seed, writing
from lienthong.rollout.plan.models import (
    Conclusion,
    Deadline,
    Dependency,
    Difficulty,
    Document,
    DueChange,
    Meeting,
    Task,
    Template,
)
from pages import words_of

UNIT, OTHER = "24004", "24011"
PAGES = (
    "",
    "/board",
    "/calendar",
    "/gantt",
    "/blocking",
    "/meetings",
    "/difficulties",
    "/documents",
    "/templates",
    "/deadlines",
)
SECURITY_PAGES = PAGES[:5]
BY = audit.Actor("test", "Test")


def _enter() -> None:
    from lienthong.facilities import directory

    directory.load_known()
    with batch(audit.system("seed"), "seed") as one:
        seed.load(one)


case = once_in_module(_enter)


@pytest.fixture
def sign_in(case: None, hub: None, person: Any) -> Callable[..., Client]:
    """Signs somebody in with a role, for a unit where the role asks for one."""

    def use(role: Role, scope: str = "") -> Client:
        name = f"{role.value}{scope}".lower()
        person(name, (role, scope) if scope else role)
        client = Client(headers={"accept-language": "vi"})
        from conftest import PASSWORD

        assert client.post("/sign-in", {"username": name, "password": PASSWORD}).status_code == 302
        return client

    return use


def _lay(template: str, unit: str, start: date) -> list[Task]:
    with batch(BY, "template", unit=unit) as one:
        return laying.lay(one, Template.objects.get(code=template), unit, start, start)


def _task(number: str) -> Task:
    return Task.objects.get(number=number)


def test_every_page_opens_for_the_department_and_says_what_it_is(sign_in: Callable[..., Client]) -> None:
    client = sign_in(Role.DEPARTMENT)
    for page in PAGES:
        assert client.get(f"/board/plan{page}").status_code == 200, page
        assert client.get(f"/board/plan{page}?on=2025-03-03&unit=all").status_code == 200, page
    for page in (
        "tasks/T02",
        "tasks/new",
        "tasks/T02/edit",
        "meetings/H02",
        "meetings/new",
        "meetings/H02/edit",
        "difficulties/D06",
        "difficulties/new",
        "documents/new",
        "documents/V02",
        "deadlines/new",
        "deadlines/M06",
        "templates/emr-13",
        "templates/emr-13/steps/trial",
    ):
        assert client.get(f"/board/plan/{page}").status_code == 200, page


def test_a_list_of_a_past_day_shows_the_states_of_that_day(sign_in: Callable[..., Client]) -> None:
    client = sign_in(Role.DEPARTMENT)
    said = words_of(client.get("/board/plan?on=2025-03-03"))
    assert "T03 Rà soát an ninh, an toàn hệ thống" in said
    assert "Đang thực hiện, quá hạn" in said
    assert "chậm 3 ngày" in said
    late = words_of(client.get("/board/plan?on=2025-03-03&due=late"))
    assert "T03" in late.split("Văn bản")[-1]
    assert "T08 Xây dựng" not in late
    assert "Xong" not in words_of(client.get("/board/plan?on=2025-03-03"))


def test_filters_that_make_no_sense_do_no_harm(sign_in: Callable[..., Client]) -> None:
    client = sign_in(Role.DEPARTMENT)
    for query in (
        "on=9999-99-99&unit=nowhere&state=x&due=y&area=z&page=0",
        "on=0001-01-01",
        "month=2025-13",
        "month=0000-00",
        "lead=" + "x" * 500,
        "unit=%00",
    ):
        for page in SECURITY_PAGES:
            assert client.get(f"/board/plan{page}?{query}").status_code == 200, (page, query)


def test_done_in_one_click_and_again(sign_in: Callable[..., Client]) -> None:
    client = sign_in(Role.DEPARTMENT)
    client.post("/board/plan/tasks/T01/begin", {"next": "/board/plan"})
    answer = client.post("/board/plan/tasks/T01/done", {"next": "/board/plan/board"})
    assert answer.url == "/board/plan/board"
    task = _task("T01")
    assert (task.started, task.done) == (clock.today(), clock.today())
    assert [change.field for change in changes.of(task)[:2]] == ["done", "started"]
    assert "Hoàn thành đúng hạn" in words_of(client.get("/board/plan/tasks/T01"))
    client.post("/board/plan/tasks/T01/again")
    assert _task("T01").done is None
    elsewhere = client.post("/board/plan/tasks/T01/begin", {"next": "https://elsewhere.example/board/"})
    assert elsewhere.url == "/board/plan/tasks/T01"


def test_a_late_task_asks_for_the_reason_before_it_is_done(sign_in: Callable[..., Client]) -> None:
    client = sign_in(Role.DEPARTMENT)
    asked = client.post("/board/plan/tasks/T03/done", {"next": "/board/plan"})
    assert asked.url.startswith("/board/plan/tasks/T03?done=")
    assert _task("T03").done is None
    assert f'value="{clock.today()}"' in client.get(asked.url).content.decode()
    form = {"done": "2025-03-05", "result": "Đã rà soát", "seen": _task("T03").seen()}
    refused = client.post("/board/plan/tasks/T03/progress", form)
    assert "chưa có lý do chậm" in words_of(refused)
    assert 'value="2025-03-05"' in refused.content.decode()
    done = client.post("/board/plan/tasks/T03/progress", {**form, "reason_late": "Chờ hồ sơ cấp độ"})
    assert done.status_code == 302
    assert "Hoàn thành quá hạn" in words_of(client.get("/board/plan/tasks/T03"))


def test_nobody_overwrites_what_he_has_not_read(sign_in: Callable[..., Client]) -> None:
    client = sign_in(Role.DEPARTMENT)
    seen = _task("T01").seen()
    client.post("/board/plan/tasks/T01/begin")
    answer = client.post("/board/plan/tasks/T01/progress", {"result": "Khác", "seen": seen})
    assert "nội dung của bạn chưa được ghi" in words_of(answer)
    assert _task("T01").result == ""


def test_a_unit_works_on_its_own_tasks_alone(sign_in: Callable[..., Client]) -> None:
    start = clock.today()
    own, other = _lay("bach-mai", UNIT, start), _lay("bach-mai", OTHER, start)
    client = sign_in(Role.UNIT, UNIT)
    said = words_of(client.get("/board/plan"))
    assert own[0].number in said
    assert client.get(f"/board/plan?unit={OTHER}").status_code == 403
    assert client.get(f"/board/plan/tasks/{other[0].number}").status_code == 403
    assert client.get("/board/plan/tasks/T02").status_code == 200
    assert client.post(f"/board/plan/tasks/{own[0].number}/done").status_code == 302
    assert _task(own[0].number).done == start
    for address in (f"tasks/{other[0].number}/done", "tasks/T01/done", "tasks/T01/comment"):
        assert client.post(f"/board/plan/{address}", {"text": "x"}).status_code == 403
    for address in ("tasks/new", "meetings/new", "documents/new", f"tasks/{own[0].number}/edit"):
        assert client.get(f"/board/plan/{address}").status_code == 403
    assert other[0].number not in words_of(client.get("/board/plan?unit=all"))
    assert not Task.objects.exclude(done=None).exclude(unit=UNIT).exists()


def test_a_unit_enters_its_difficulties_and_the_department_answers(sign_in: Callable[..., Client]) -> None:
    client = sign_in(Role.UNIT, UNIT)
    form = {
        "unit": UNIT,
        "category": "network",
        "content": "Đường truyền chậm",
        "cause": "Cáp cũ",
        "proposal": "Kéo cáp mới",
        "to_whom": "STTTT",
        "raised_on": "2025-03-03",
    }
    assert client.post("/board/plan/difficulties/new", form).status_code == 302
    row = Difficulty.objects.get(unit=UNIT)
    assert row.code == "K01"
    wrong = client.post("/board/plan/difficulties/new", {**form, "unit": OTHER})
    assert wrong.status_code == 200
    assert not Difficulty.objects.filter(unit=OTHER).exists()
    stolen = {**form, "answer": "Được", "seen": row.seen()}
    client.post(f"/board/plan/difficulties/{row.code}", stolen)
    assert Difficulty.objects.get(pk=row.pk).answer == ""
    assert client.post("/board/plan/difficulties/D06", form).status_code == 403
    department = sign_in(Role.DEPARTMENT)
    row.refresh_from_db()
    answered = {**form, "answer": "Đồng ý", "answered_on": "2025-03-10", "seen": row.seen()}
    assert department.post(f"/board/plan/difficulties/{row.code}", answered).status_code == 302
    assert Difficulty.objects.get(pk=row.pk).answer == "Đồng ý"


def test_the_police_reads_tasks_of_security_and_types_nothing(sign_in: Callable[..., Client]) -> None:
    own = _lay("bach-mai", UNIT, clock.today())
    client = sign_in(Role.POLICE)
    said = words_of(client.get("/board/plan"))
    assert "T03" in said
    assert own[1].number in said
    assert own[0].title not in said
    assert "T07" not in said
    waiting = words_of(client.get(f"/board/plan/tasks/{own[1].number}"))
    assert own[0].title not in waiting
    for page in SECURITY_PAGES:
        assert client.get(f"/board/plan{page}").status_code == 200
    for page in PAGES[5:]:
        assert client.get(f"/board/plan{page}").status_code == 403
    assert client.get("/board/plan/tasks/T07").status_code == 403
    assert client.get("/board/plan/tasks/T03").status_code == 200
    assert client.post("/board/plan/tasks/T03/done").status_code == 403


def test_leaders_read_everything_and_type_nothing(sign_in: Callable[..., Client]) -> None:
    client = sign_in(Role.LEADER)
    for page in PAGES:
        answer = client.get(f"/board/plan{page}")
        assert answer.status_code == 200
        assert '<form method="post" action="/board' not in answer.content.decode()
    before = BatchRow.objects.count()
    for address in (
        "tasks/T01/begin",
        "tasks/T01/done",
        "tasks/T01/progress",
        "tasks/T01/due",
        "tasks/T01/need",
        "tasks/T01/remove",
        "tasks/T01/comment",
        "templates/emr-13/apply",
        "meetings/H02/conclusion",
        "difficulties/D01",
        "documents/V01",
        "deadlines/M01",
    ):
        assert client.post(f"/board/plan/{address}").status_code == 403, address
    assert BatchRow.objects.count() == before


def test_other_roles_and_hospitals_find_no_plan(sign_in: Callable[..., Client], node: Any) -> None:
    client = sign_in(Role.IT)
    assert client.get("/board/plan").status_code == 403
    department = sign_in(Role.DEPARTMENT)
    node(role="site")
    assert department.get("/board/plan").status_code == 404


def test_a_circle_is_refused_on_the_page_with_its_chain(sign_in: Callable[..., Client]) -> None:
    client = sign_in(Role.DEPARTMENT)
    count = Dependency.objects.count()
    answer = client.post("/board/plan/tasks/T11/need", {"before": "T07"})
    assert "T11 → T07 → T05 → T11" in words_of(answer)
    assert Dependency.objects.count() == count
    client.post("/board/plan/tasks/T01/need", {"before": "T10"})
    need = Dependency.objects.get(task__number="T01")
    client.post(f"/board/plan/tasks/T01/need/{need.pk}")
    assert Dependency.objects.count() == count


def test_a_new_due_date_is_proposed_by_one_and_decided_by_the_other(sign_in: Callable[..., Client]) -> None:
    start = clock.today()
    own = _lay("bach-mai", UNIT, start)
    number = own[0].number
    unit = sign_in(Role.UNIT, UNIT)
    later = own[0].due + timedelta(days=30)
    form = {"due": later.isoformat(), "reason": "Chờ thiết bị"}
    assert unit.post(f"/board/plan/tasks/{number}/due", form).status_code == 302
    change = DueChange.objects.get()
    assert unit.post(f"/board/plan/tasks/{number}/due/{change.pk}", {"decision": "agree"}).status_code == 403
    assert "Đề nghị điều chỉnh" in words_of(unit.get(f"/board/plan/tasks/{number}"))
    department = sign_in(Role.DEPARTMENT)
    answer = {"decision": "agree", "answer": "Đồng ý"}
    department.post(f"/board/plan/tasks/{number}/due/{change.pk}", answer)
    assert f"{later:%d/%m/%Y}" in words_of(unit.get(f"/board/plan/tasks/{number}"))


def test_a_template_is_seen_first_then_made_and_undone(sign_in: Callable[..., Client]) -> None:
    client = sign_in(Role.DEPARTMENT)
    seen = client.get("/board/plan/templates/bach-mai", {"unit": UNIT, "start": "2026-12-01"})
    assert "Tạo các nhiệm vụ này" in words_of(seen)
    assert not Task.objects.filter(unit=UNIT).exists()
    form = {"unit": UNIT, "start": "2026-12-01"}
    assert client.post("/board/plan/templates/bach-mai/apply", form).status_code == 302
    assert Task.objects.filter(unit=UNIT).count() == 7
    chart = client.get(f"/board/plan/gantt?unit={UNIT}")
    assert "◆" in chart.content.decode()
    client.post("/board/plan/templates/bach-mai/apply", form)
    assert Task.objects.filter(unit=UNIT).count() == 7
    entry = BatchRow.objects.get(what="template")
    client.post(f"/board/history/{entry.pk}/undo")
    assert not Task.objects.filter(unit=UNIT).exists()


def test_steps_that_would_wait_in_a_circle_are_refused(sign_in: Callable[..., Client]) -> None:
    client = sign_in(Role.DEPARTMENT)
    step = Template.objects.get(code="bach-mai").steps.get(key="conditions")
    form = {"title": step.title, "days": "5", "area": "criteria", "needs": ["trial"], "seen": step.seen()}
    assert "conditions → trial" in words_of(
        client.post("/board/plan/templates/bach-mai/steps/conditions", form)
    )
    step.refresh_from_db()
    assert step.after == []
    saved = client.post("/board/plan/templates/bach-mai/steps/conditions", {**form, "needs": [], "days": "8"})
    assert saved.status_code == 302
    step.refresh_from_db()
    assert step.days == 8


def test_a_conclusion_becomes_a_task(sign_in: Callable[..., Client]) -> None:
    client = sign_in(Role.DEPARTMENT)
    made = client.post(
        "/board/plan/meetings/new",
        {
            "kind": "inspection",
            "day": "2025-03-04",
            "title": "Kiểm tra Sơn Động",
            "chair": "Giám đốc Sở Y tế",
        },
    )
    meeting = Meeting.objects.get(kind="inspection")
    assert made.url == f"/board/plan/meetings/{meeting.code}"
    client.post(
        f"{made.url}/conclusion",
        {"text": "Kéo cáp dự phòng", "make_task": "on", "lead": "STTTT", "area": "link", "due": "2025-04-01"},
    )
    task = Conclusion.objects.get(meeting=meeting).task
    assert task is not None
    assert (task.number, task.lead, task.due, task.given_on) == (
        "T14",
        "STTTT",
        date(2025, 4, 1),
        date(2025, 3, 4),
    )
    client.post(f"{made.url}/conclusion", {"text": "Báo cáo lại", "area": "steering"})
    later = Conclusion.objects.get(text="Báo cáo lại")
    assert later.task is None
    form = {
        "title": "Báo cáo lại",
        "area": "steering",
        "lead": "SYT-24",
        "partners": ["CA-TINH", "DON-VI"],
        "given_on": "2025-03-04",
        "confidence": "A",
    }
    client.post(f"/board/plan/tasks/new?conclusion={later.pk}", form)
    later.refresh_from_db()
    assert later.task.partners == "CA-TINH;DON-VI"


def test_a_task_is_corrected_and_removed(sign_in: Callable[..., Client]) -> None:
    client = sign_in(Role.DEPARTMENT)
    task = _task("T10")
    form = {
        "title": "Hội thảo",
        "area": "steering",
        "lead": "SYT-24",
        "given_on": "2025-02-18",
        "days": "2",
        "confidence": "A",
        "seen": task.seen(),
    }
    assert client.post("/board/plan/tasks/T10/edit", form).status_code == 302
    assert (_task("T10").title, _task("T10").days) == ("Hội thảo", 2)
    assert client.post("/board/plan/tasks/T10/edit", {**form, "given_on": "1066-10-14"}).status_code == 200
    client.post("/board/plan/tasks/T10/remove")
    assert not Task.objects.filter(number="T10").exists()
    client.post("/board/plan/tasks/T07/remove")
    assert Task.objects.filter(number="T07").exists()


def test_the_registers_take_new_rows(sign_in: Callable[..., Client]) -> None:
    client = sign_in(Role.DEPARTMENT)
    client.post(
        "/board/plan/documents/new",
        {
            "kind": "plan",
            "number": "15/KH-SYT",
            "day": "2025-02-25",
            "issuer": "Sở Y tế",
            "summary": "Kế hoạch triển khai",
            "confidence": "A",
        },
    )
    assert Document.objects.get(number="15/KH-SYT").code == "V06"
    client.post(
        "/board/plan/deadlines/new",
        {"day": "2027-06-30", "what": "Tổng kết", "known_from": "2026-01-01", "confidence": "B"},
    )
    assert Deadline.objects.get(what="Tổng kết").code == "M10"
    assert "15/KH-SYT" in words_of(client.get("/board/plan/documents"))


def test_annex_two_as_workbook_and_as_csv(sign_in: Callable[..., Client]) -> None:
    client = sign_in(Role.LEADER)
    answer = client.get("/board/plan/sheet.xlsx?on=2025-03-03")
    sheet = load_workbook(BytesIO(answer.content)).active
    assert sheet.max_row == 15
    assert sheet.cell(3, 2).value == "T01"
    text = client.get("/board/plan/sheet.csv?on=2025-03-03").content.decode("utf-8-sig")
    assert len(text.splitlines()) == 14
    assert "2025-02-28" in text
    assert client.get("/board/plan/sheet.exe").status_code == 404


def test_the_calendar_shows_due_dates_meetings_and_holidays(sign_in: Callable[..., Client]) -> None:
    client = sign_in(Role.DEPARTMENT)
    february = words_of(client.get("/board/plan/calendar?month=2025-02&on=2025-02-18"))
    assert "T03 Rà soát an ninh" in february
    assert "Hội nghị UBND tỉnh" in february
    assert "Giỗ Tổ Hùng Vương" in words_of(client.get("/board/plan/calendar?month=2025-04"))


def test_what_blocks_what_names_where_to_begin(sign_in: Callable[..., Client]) -> None:
    said = words_of(sign_in(Role.DEPARTMENT).get("/board/plan/blocking?on=2025-03-03"))
    assert "giữ lại 3 việc" in said
    assert "T11" in said


def test_the_province_shows_how_many_units_are_through(sign_in: Callable[..., Client]) -> None:
    for task in _lay("bach-mai", UNIT, clock.today() - timedelta(days=60)):
        task.done = task.due
        with batch(BY, "task-progress") as one:
            writing.note_progress(one, task)
    said = words_of(sign_in(Role.LEADER).get("/board/plan/tasks/T02"))
    assert "1/17 đơn vị" in said
    assert "7 / 7" in said


def test_pages_are_drawn_without_inline_style_or_script(sign_in: Callable[..., Client]) -> None:
    _lay("emr-13", UNIT, clock.today())
    client = sign_in(Role.DEPARTMENT)
    for page in (*PAGES, f"/gantt?unit={UNIT}", f"/blocking?unit={UNIT}", "/tasks/T02", "/templates/emr-13"):
        text = client.get(f"/board/plan{page}").content.decode()
        assert " style=" not in text
        assert "<script>" not in text


def test_what_people_type_cannot_become_markup_in_a_drawing(sign_in: Callable[..., Client]) -> None:
    task = _task("T05")
    task.title = '"><script>alert(1)</script>'
    with batch(BY, "task") as one:
        one.save(task)
    client = sign_in(Role.DEPARTMENT)
    for page in ("", "/board", "/gantt", "/blocking", "/calendar?month=2025-12"):
        assert "<script>alert" not in client.get(f"/board/plan{page}").content.decode()
