"""The history page: before and after, who sees what, the way back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from pages import words_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hub")]
UNIT, OTHER, DAY = "24011", "24004", date(2025, 2, 18)


def _typed(unit: str, value: str, name: str = "Vi Thị Hương Giang", by: str = "so-y-te") -> str:
    from lienthong.access import audit
    from lienthong.rollout import changes, facts

    with changes.batch(audit.Actor(by, name), "facts", unit=unit) as batch:
        facts.put(batch, unit, "servers", value, DAY)
    return batch.id


def test_before_and_after_stand_side_by_side(someone: Callable[..., Client]) -> None:
    from lienthong.access.models import Role

    client = someone(Role.LEADER)
    _typed(UNIT, "4")
    _typed(UNIT, "5")
    page = words_of(client.get(f"/board/history?unit={UNIT}"))
    assert "Máy chủ (sửa) Bệnh viện Đa khoa tỉnh Bắc Giang 4 5" in page
    assert "Vi Thị Hương Giang" in page
    assert "Hoàn tác lần nhập này" not in page


def test_the_department_undoes_and_the_history_keeps_both(someone: Callable[..., Client]) -> None:
    from lienthong.access.models import Role
    from lienthong.rollout import facts

    client = someone(Role.DEPARTMENT)
    _typed(UNIT, "4")
    last = _typed(UNIT, "5")
    answer = client.post(f"/board/history/{last}/undo", follow=True)
    assert "Đã hoàn tác" in words_of(answer)
    found = facts.value(UNIT, "servers", DAY)
    assert found is not None
    assert found.value == "4"
    assert "đã được hoàn tác" in words_of(client.post(f"/board/history/{last}/undo", follow=True))


def test_what_was_changed_again_stays(someone: Callable[..., Client]) -> None:
    from lienthong.access.models import Role

    client = someone(Role.DEPARTMENT)
    first = _typed(UNIT, "4")
    _typed(UNIT, "5")
    assert "Chưa hoàn tác" in words_of(client.post(f"/board/history/{first}/undo", follow=True))


def test_a_unit_sees_its_own_and_undoes_its_own(someone: Callable[..., Client]) -> None:
    from lienthong.access.models import Role

    client = someone((Role.UNIT, UNIT), name="to-bac-giang")
    mine, by_department, others = _typed(UNIT, "4", by="to-bac-giang"), _typed(UNIT, "5"), _typed(OTHER, "2")
    page = words_of(client.get("/board/history"))
    assert page.count("Số liệu của đơn vị ·") == 2
    assert client.get(f"/board/history?unit={OTHER}").status_code == 403
    assert client.post(f"/board/history/{others}/undo").status_code == 403
    assert client.post(f"/board/history/{by_department}/undo").status_code == 403
    assert client.post(f"/board/history/{mine}/undo").status_code == 302


def test_what_the_program_entered_stays(someone: Callable[..., Client], db: Any) -> None:
    from lienthong.access.models import Role
    from lienthong.rollout import seed
    from lienthong.rollout.changes import BatchRow

    client = someone(Role.DEPARTMENT)
    seed.load()
    page = words_of(client.get("/board/history"))
    assert "hệ thống, theo số liệu đã công bố" in page
    assert client.post(f"/board/history/{BatchRow.objects.first().pk}/undo").status_code == 403
