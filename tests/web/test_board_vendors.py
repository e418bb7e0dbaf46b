"""Faults and requests for change: who sees and answers what, times against the contract, nothing of a patient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from pages import words_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hub", "demo")]
UNIT, OTHER = "24011", "24004"
VENDOR = "songthuong"


@pytest.fixture
def demo(person: Any) -> None:
    from lienthong.access import audit
    from lienthong.rollout import changes
    from lienthong.rollout.vendors import seed

    with changes.batch(audit.system("test"), "seed-demo") as batch:
        seed.load_demo(batch)


@pytest.fixture
def team(someone: Callable[..., Client]) -> Client:
    from lienthong.access.models import Role

    return someone((Role.UNIT, UNIT), name="team")


@pytest.fixture
def vendor(someone: Callable[..., Client]) -> Client:
    from lienthong.access.models import Role

    return someone((Role.VENDOR, VENDOR), name="vendor")


@pytest.fixture
def officer(someone: Callable[..., Client]) -> Client:
    from lienthong.access.models import Role

    return someone(Role.DEPARTMENT)


def _product(kind: str, code: str = VENDOR) -> str:
    from lienthong.rollout.vendors.models import Product

    return str(Product.objects.get(vendor=code, kind=kind).pk)


def _fault(**more: str) -> dict[str, str]:
    said = {
        "product": _product("his"),
        "severity": "major",
        "subject": "HIS báo lỗi khi lưu",
        "text": "Từ 8 giờ.",
    }
    return {**said, **more}


def _newest() -> Any:
    from lienthong.rollout.vendors.models import Ticket

    return Ticket.objects.order_by("-pk")[0]


def test_every_page_opens_for_the_officer(officer: Client) -> None:
    from lienthong.rollout.vendors.models import ChangeRequest, Ticket, Vendor

    pages = [
        "/board/vendors",
        "/board/vendors?on=2025-03-03",
        "/board/tickets",
        "/board/tickets?all=1&vendor=tayyentu&unit=24022",
        "/board/tickets/new",
        f"/board/tickets/new?unit={UNIT}",
        "/board/tickets/new?unit=PHOI",
        "/board/tickets/requests",
        f"/board/tickets/requests/new?unit={OTHER}",
        *(f"/board/vendors/{row.pk}" for row in Vendor.objects.all()),
        *(f"/board/tickets/{row.pk}" for row in Ticket.objects.all()),
        *(f"/board/tickets/requests/{row.pk}" for row in ChangeRequest.objects.all()),
    ]
    for page in pages:
        for language in ("vi", "en"):
            officer.cookies["lt-language"] = language
            assert officer.get(page).status_code == 200, page


def test_a_fault_from_the_report_to_the_end(team: Client, vendor: Client) -> None:
    from lienthong.rollout.vendors import tickets

    assert team.post("/board/tickets/new", _fault()).status_code == 302
    ticket = _newest()
    assert (ticket.facility, ticket.vendor_id, ticket.reported_by) == (UNIT, VENDOR, "Team")
    assert ticket.contract is not None
    assert ticket.contract.number == "18/2024/HĐ-CNTT"
    page = f"/board/tickets/{ticket.pk}"
    assert "Mới báo" in words_of(vendor.get(page))
    assert vendor.post(f"{page}/close").status_code == 403
    vendor.post(f"{page}/say", {"text": "Đang kiểm tra."})
    ticket.refresh_from_db()
    assert (tickets.state(ticket), ticket.responded_by) == ("answered", "Vendor")
    assert team.post(f"{page}/repaired").status_code == 403
    vendor.post(f"{page}/repaired")
    ticket.refresh_from_db()
    assert tickets.state(ticket) == "repaired"
    team.post(f"{page}/reopen")
    ticket.refresh_from_db()
    assert (tickets.state(ticket), ticket.repaired_by) == ("answered", "")
    vendor.post(f"{page}/repaired")
    team.post(f"{page}/close")
    ticket.refresh_from_db()
    assert (tickets.state(ticket), ticket.closed_by) == ("closed", "Team")
    words = words_of(team.get(page))
    assert "đúng hạn" in words
    assert "Đang kiểm tra." in words
    assert "đã đóng" in words_of(vendor.post(f"{page}/say", {"text": "Xin lỗi."}, follow=True))


def test_a_vendor_sees_and_answers_its_own_only(vendor: Client) -> None:
    from lienthong.rollout.vendors.models import ChangeRequest, Ticket

    listed = words_of(vendor.get("/board/tickets?all=1"))
    assert "Không đăng nhập được HIS" in listed
    assert "Máy xét nghiệm" not in listed
    foreign = Ticket.objects.filter(vendor="tayyentu")[0].pk
    asked = ChangeRequest.objects.filter(vendor="tayyentu")[0].pk
    for page in (f"/board/tickets/{foreign}", f"/board/tickets/requests/{asked}"):
        assert vendor.get(page).status_code == 404
    assert vendor.post(f"/board/tickets/{foreign}/say", {"text": "x"}).status_code == 404
    assert (
        vendor.post(
            f"/board/tickets/requests/{asked}/answer", {"state": "declined", "answer": "x"}
        ).status_code
        == 404
    )
    assert vendor.get("/board/vendors/tayyentu").status_code == 403
    assert vendor.get(f"/board/vendors/{VENDOR}").status_code == 200
    for page in ("/board/vendors", "/board/money", "/board/history", "/board/tickets/new"):
        assert vendor.get(page).status_code == 403, page
    assert "Thêm phiếu chăm sóc" in words_of(vendor.get("/board/tickets/requests"))


def test_a_unit_sees_and_reports_its_own_only(team: Client) -> None:
    from lienthong.rollout.vendors.models import Ticket

    foreign = Ticket.objects.filter(facility=OTHER)[0].pk
    assert team.get(f"/board/tickets/{foreign}").status_code == 404
    assert team.post(f"/board/tickets/{foreign}/close").status_code == 404
    assert team.post("/board/tickets/new", _fault(unit=OTHER)).status_code == 403
    assert Ticket.objects.filter(invented=False).count() == 0
    lis = team.post("/board/tickets/new", _fault(product=_product("lis", "tayyentu")))
    assert lis.status_code == 400  # no contract of this unit names it


@pytest.mark.parametrize("field", ["subject", "text"])
def test_nothing_of_a_patient_goes_to_a_vendor(team: Client, vendor: Client, field: str) -> None:
    from lienthong.access.models import AuditEvent
    from lienthong.rollout.vendors.models import Ticket, TicketMessage

    answer = team.post("/board/tickets/new", _fault(**{field: "Hồ sơ 024085001234 không in được"}))
    assert answer.status_code == 400
    words = words_of(answer)
    assert "giống số định danh" in words
    assert "Hãy bỏ dãy số đó" in words
    assert not Ticket.objects.filter(invented=False).exists()
    team.post("/board/tickets/new", _fault())
    page = f"/board/tickets/{_newest().pk}"
    before = TicketMessage.objects.count()
    assert vendor.post(f"{page}/say", {"text": "Thẻ DN4240112345678 hết hạn"}).status_code == 400
    assert TicketMessage.objects.count() == before
    assert not AuditEvent.objects.filter(detail__contains="024085001234").exists()
    assert "Không ghi thông tin người bệnh" in words_of(team.get("/board/tickets/new"))


def test_reporting_takes_one_form_from_the_list(team: Client) -> None:
    assert "/board/tickets/new" in team.get("/board/tickets").content.decode()
    form = team.get("/board/tickets/new").content.decode()
    assert "Sông Thương HIS" in form
    assert "Tây Yên Tử" not in form


def test_a_request_that_others_need_too_and_its_answer(
    someone: Callable[..., Client], team: Client, vendor: Client
) -> None:
    from lienthong.access.models import Role
    from lienthong.rollout.vendors.models import ChangeRequest

    said = {"product": _product("his"), "subject": "Thêm báo cáo", "text": "Cần báo cáo theo khoa."}
    assert team.post("/board/tickets/requests/new", said).status_code == 302
    row = ChangeRequest.objects.order_by("-pk")[0]
    page = f"/board/tickets/requests/{row.pk}"
    neighbour = someone((Role.UNIT, OTHER), name="neighbour")
    stranger = someone((Role.UNIT, "24006"), name="stranger")
    assert "cùng cần" in words_of(neighbour.get(page))
    assert neighbour.post(f"{page}/vote", {"unit": OTHER}).status_code == 302
    neighbour.post(f"{page}/vote", {"unit": OTHER})
    stranger.post(f"{page}/vote", {"unit": "24006"})
    team.post(f"{page}/vote", {"unit": UNIT})
    assert neighbour.post(f"{page}/vote", {"unit": "UB"}).status_code == 403
    assert [vote.facility for vote in row.votes.all()] == [OTHER]
    assert team.post(f"{page}/answer", {"state": "declined", "answer": "Không"}).status_code == 403
    without_day = vendor.post(f"{page}/answer", {"state": "planned", "answer": "Sẽ làm"})
    assert without_day.status_code == 400
    answered = {"state": "planned", "answer": "Có trong bản tháng 5", "planned_on": "2027-05-01"}
    assert vendor.post(f"{page}/answer", answered).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.answered_by) == ("planned", "Vendor")
    assert "01/05/2027" in words_of(team.get(page))


def test_those_who_only_read_cannot_answer(someone: Callable[..., Client]) -> None:
    from lienthong.access.models import Role
    from lienthong.rollout.vendors.models import Ticket

    leader = someone(Role.LEADER)
    pk = Ticket.objects.all()[0].pk
    assert leader.get(f"/board/tickets/{pk}").status_code == 200
    for what in ("say", "close", "repaired", "reopen"):
        assert leader.post(f"/board/tickets/{pk}/{what}", {"text": "x"}).status_code == 403
    assert leader.post("/board/vendors", {"code": "x", "name": "X"}).status_code == 403
    assert someone(Role.PROTECTION).get("/board/tickets").status_code == 403


def test_the_officer_enters_a_vendor_with_a_product(officer: Client) -> None:
    from lienthong.rollout.vendors.models import Vendor

    made = {"code": "nhamoi", "name": "Công ty Nhà Mới", "contact": "Bùi Thị Sen"}
    assert officer.post("/board/vendors", made).status_code == 302
    assert officer.post("/board/vendors", made).status_code == 400
    officer.post("/board/vendors/nhamoi/product", {"name": "Nhà Mới HIS", "kind": "his"})
    officer.post("/board/vendors/nhamoi/edit", {"name": "Công ty CP Nhà Mới"})
    row = Vendor.objects.get(pk="nhamoi")
    assert (row.name, row.products.get().name) == ("Công ty CP Nhà Mới", "Nhà Mới HIS")
    assert "Nhà Mới HIS" in words_of(officer.get("/board/vendors/nhamoi"))


def test_what_was_said_stays_in_the_history(team: Client, officer: Client) -> None:
    from lienthong.rollout import changes

    team.post("/board/tickets/new", _fault())
    ticket = _newest()
    team.post(f"/board/tickets/{ticket.pk}/close")
    ticket.refresh_from_db()
    newest = changes.of(ticket)[0]
    assert newest.batch.by_name == "Team"
    assert {change.field for change in changes.of(ticket) if change.kind == "changed"} == {
        "closed_at",
        "closed_by",
    }
    assert "Sự cố" in words_of(officer.get("/board/history"))
