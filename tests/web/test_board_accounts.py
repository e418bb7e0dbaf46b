"""Accounts of the board: a role that is given for something, and for what."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from pages import words_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hub")]


@pytest.fixture
def manager(someone: Callable[..., Client]) -> Client:
    from lienthong.access.models import Role

    return someone(Role.IT)


def _grants() -> list[tuple[str, str]]:
    from lienthong.access.models import RoleGrant

    found = RoleGrant.objects.filter(account__username="to.trien.khai", ended_at=None)
    return list(found.order_by("role", "scope").values_list("role", "scope"))


NEW = {
    "username": "to.trien.khai",
    "full_name": "Vi Văn Sinh",
    "roles": ["unit"],
    "units": ["24004", "24011"],
}


def test_a_team_is_given_its_units(manager: Client) -> None:
    assert manager.post("/accounts/new", NEW).status_code == 200
    assert _grants() == [("unit", "24004"), ("unit", "24011")]
    page = manager.get("/accounts/to.trien.khai")
    assert "Tổ triển khai của đơn vị · Trung tâm Y tế huyện Sơn Động" in words_of(page)
    manager.post("/accounts/to.trien.khai", {"roles": ["unit", "clerk"], "units": ["24004"]})
    assert _grants() == [("clerk", ""), ("unit", "24004")]


@pytest.mark.parametrize(
    "wrong", [{"units": []}, {"roles": ["clerk"]}, {"units": ["01929"]}, {"roles": ["vendor"], "units": []}]
)
def test_a_role_without_what_it_is_for_is_not_given(manager: Client, wrong: dict[str, list[str]]) -> None:
    manager.post("/accounts/new", NEW | wrong)
    assert _grants() == []


def test_a_vendor_answers_for_itself(manager: Client, someone: Callable[..., Client]) -> None:
    from lienthong.access import audit
    from lienthong.access.models import Role
    from lienthong.rollout import changes
    from lienthong.rollout.vendors.models import Vendor

    with changes.batch(audit.system("test"), "vendor") as batch:
        batch.save(Vendor(code="song-thuong", name="Công ty CP Phần mềm Y tế Sông Thương"))
    manager.post("/accounts/new", NEW | {"roles": ["vendor"], "units": [], "vendors": ["song-thuong"]})
    assert _grants() == [("vendor", "song-thuong")]
    vendor, department = someone((Role.VENDOR, "song-thuong"), name="vendor"), someone(Role.DEPARTMENT)
    own = [link.url for link in vendor.get("/me").context["navigation"]]
    others = [link.url for link in department.get("/me").context["navigation"]]
    assert "/board/tickets" in own
    assert not any(url.startswith("/board") for url in own if url != "/board/tickets")
    assert "/board/tickets" not in others


def test_at_a_hospital_nobody_gets_a_role_of_the_board(manager: Client) -> None:
    from dataclasses import replace

    from django.conf import settings

    settings.NODE = replace(settings.NODE, role="site")
    manager.post("/accounts/new", NEW)
    assert _grants() == []
