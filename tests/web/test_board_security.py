"""Security checklists: who fills them in, when they end, what they open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from pages import words_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hub")]
UNIT, OTHER = "24011", "24004"
PAGE = f"/board/security/{UNIT}"


@pytest.fixture
def police(someone: Callable[..., Client]) -> Client:
    from lienthong.access.models import Role

    return someone(Role.POLICE)


def _answers(found: str = "met", **special: tuple[str, str]) -> dict[str, str]:
    from lienthong.foundation import clock
    from lienthong.rollout.security import checks

    said = {}
    for one in checks.requirements(clock.today()):
        answer, note = special.get(one.id.replace("-", "_"), (found, ""))
        said[f"answer-{one.id}"], said[f"note-{one.id}"] = answer, note
    return said


def _state() -> str:
    from lienthong.rollout.security import summary

    return summary.reviews()[UNIT].state


CONCLUSION = {"conclusion": "passed", "day": "2025-02-27", "document": "BB-03", "note": ""}


def test_a_check_from_the_first_answer_to_the_conclusion(police: Client) -> None:
    from lienthong.rollout import changes
    from lienthong.rollout.security import checks

    assert _state() == "none"
    police.post(f"{PAGE}/begin")
    assert _state() == "under-way"
    refused = police.post(f"{PAGE}/conclude", CONCLUSION)
    assert refused.status_code == 400
    assert "mục chưa ghi" in words_of(refused)
    police.post(f"{PAGE}/answers", _answers(NET_01=("not-met", "Chưa có tường lửa")))
    assert "Không thể kết luận" in words_of(police.post(f"{PAGE}/conclude", CONCLUSION))
    police.post(f"{PAGE}/answers", _answers())
    check = checks.latest(UNIT)
    assert check is not None
    wall = check.findings.get(item="NET-01")
    assert [(c.field, c.before, c.after) for c in changes.of(wall)][:2] == [
        ("note", "Chưa có tường lửa", ""),
        ("answer", "not-met", "met"),
    ]
    assert police.post(f"{PAGE}/conclude", CONCLUSION).status_code == 302
    police.post(f"{PAGE}/answers", _answers("not-here"))
    assert check.findings.get(item="NET-01").answer == "met"


def test_what_is_not_met_needs_a_word_and_the_rest_is_kept(police: Client) -> None:
    from lienthong.rollout.security import checks

    police.post(f"{PAGE}/begin")
    answer = police.post(f"{PAGE}/answers", _answers(NET_01=("not-met", "")), follow=True)
    assert "NET-01: cần ghi rõ" in words_of(answer)
    check = checks.latest(UNIT)
    assert check is not None
    asked = checks.progress(check)
    assert asked[""] == 1
    assert asked["met"] == asked.total() - 1


def test_a_check_keeps_the_requirements_of_its_day() -> None:
    from datetime import date

    from lienthong.rollout.security import checks

    then = {one.id for one in checks.requirements(date(2025, 2, 18))}
    now = {one.id for one in checks.requirements(date(2026, 11, 1))}
    assert "LVL-01" in then
    assert "LVL-01" not in now
    assert "LVL-02" in now
    assert not any(
        one.confidence == "A" and "2026" in one.basis for one in checks.requirements(date(2025, 2, 18))
    )


def test_others_read_a_unit_reads_its_own(police: Client, someone: Callable[..., Client]) -> None:
    from lienthong.access.models import AuditEvent, Role

    police.post(f"{PAGE}/begin")
    unit = someone((Role.UNIT, UNIT), name="unit")
    assert unit.get(PAGE).status_code == 200
    assert unit.get(f"/board/security/{OTHER}").status_code == 403
    assert "Sơn Động" not in words_of(unit.get("/board/security"))
    for role in (Role.DEPARTMENT, Role.LEADER):
        other = someone(role)
        assert other.get(PAGE).status_code == 200
        assert other.post(f"{PAGE}/answers", _answers()).status_code == 403
    assert unit.post(f"{PAGE}/conclude", CONCLUSION).status_code == 403
    assert AuditEvent.objects.filter(action="refused").count() == 4
    assert someone((Role.VENDOR, "V-1"), name="vendor").get("/board/security").status_code == 403


def test_a_failed_check_closes_the_way_to_the_exchange(
    police: Client, someone: Callable[..., Client]
) -> None:
    from lienthong.access.models import Role
    from lienthong.exchange.trust import joining

    police.post(f"{PAGE}/begin")
    police.post(f"{PAGE}/answers", _answers(NET_01=("not-met", "Chưa có tường lửa")))
    police.post(f"{PAGE}/conclude", CONCLUSION | {"conclusion": "failed"})
    department = someone(Role.DEPARTMENT)
    review: dict[str, Any] = {
        "document": "12/QĐ-SYT",
        "day": "2025-03-01",
        "level": 3,
        "approved_by": "Sở Y tế",
    }
    answer = department.post(f"/units/{UNIT}/review", review)
    assert "BB-03" in words_of(answer)
    assert joining.review(UNIT) is None
    assert _state() == "failed"
    police.post(f"{PAGE}/begin")
    police.post(f"{PAGE}/answers", _answers())
    police.post(f"{PAGE}/conclude", CONCLUSION)
    assert department.post(f"/units/{UNIT}/review", review).status_code == 302
    assert _state() == "passed"


def test_at_a_hospital_there_is_no_board(settings: Any, someone: Callable[..., Client]) -> None:
    from dataclasses import replace

    from lienthong.access.models import Role

    client = someone(Role.POLICE)
    settings.NODE = replace(settings.NODE, role="site")
    assert client.get("/board/security").status_code == 404
    assert client.get("/board/history").status_code == 404
