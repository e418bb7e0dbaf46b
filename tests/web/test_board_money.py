"""Money on the board: who sees and enters what, and that nothing is shown that is not known."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from pages import words_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hub")]
UNIT, OTHER = "24011", "24004"


@pytest.fixture
def officer(someone: Callable[..., Client]) -> Client:
    from lienthong.access.models import Role

    return someone(Role.DEPARTMENT)


@pytest.fixture
def team(someone: Callable[..., Client]) -> Client:
    from lienthong.access.models import Role

    return someone((Role.UNIT, UNIT), name="team")


@pytest.fixture
def demo(person: Any) -> None:
    from lienthong.access import audit
    from lienthong.rollout import changes
    from lienthong.rollout.money import seed as money
    from lienthong.rollout.vendors import seed as vendors

    with changes.batch(audit.system("test"), "seed-demo") as batch:
        money.load(batch)
        vendors.load_demo(batch)


def test_without_anything_entered_figures_are_missing_and_not_zero(officer: Client) -> None:
    words = words_of(officer.get("/board/money"))
    assert "Chưa có số liệu: " in words
    assert "0 đồng" not in words


@pytest.mark.usefixtures("demo")
def test_every_page_opens_for_the_officer(officer: Client) -> None:
    from lienthong.rollout.money.models import Contract, Procurement

    pages = [
        "/board/money",
        "/board/money?on=2025-02-18",
        "/board/money?on=nonsense",
        "/board/money/prices",
        "/board/money/prices/emr-rental",
        "/board/money/prices/kiosk",
        f"/board/money/units/{UNIT}",
        f"/board/money/units/{UNIT}/procurements/new",
        f"/board/money/units/{UNIT}/contracts/new",
        "/board/money/contracts",
        *(f"/board/money/procurements/{row.pk}" for row in Procurement.objects.all()),
        *(f"/board/money/contracts/{row.pk}" for row in Contract.objects.all()),
        *(f"/board/money/contracts/{row.pk}/edit" for row in Contract.objects.all()[:1]),
    ]
    for page in pages:
        for language in ("vi", "en"):
            officer.cookies["lt-language"] = language
            assert officer.get(page).status_code == 200, page
    for page in ("/board/money/prices/gold", "/board/money/prices/other", "/board/money/units/01929"):
        assert officer.get(page).status_code == 404


@pytest.mark.usefixtures("demo")
def test_prices_of_the_case_with_source_term_and_the_warning_that_they_are_too_few(officer: Client) -> None:
    words = words_of(officer.get("/board/money/prices/his-emr-upgrade"))
    assert "998 triệu đồng" in words
    assert "Bệnh viện Trường Đại học Y - Dược Huế" in words
    assert "nguồn B11" in words
    assert "quá ít" in words
    rental = words_of(officer.get("/board/money/prices/emr-rental"))
    assert "67,5 triệu đồng" in rental
    assert "chưa công bố" in rental


def test_a_price_typed_as_people_write_it_and_taken_back(officer: Client) -> None:
    from lienthong.rollout import changes
    from lienthong.rollout.money.models import PriceReference

    price = {
        "buyer": "Bệnh viện X",
        "scope": "Máy chủ 2 CPU",
        "amount": "1,2 tỷ",
        "quantity": "4",
        "day": "2025-01-10",
        "source": "Quyết định 12/QĐ-BVX",
        "confidence": "A",
    }
    assert officer.post("/board/money/prices/server", price).status_code == 302
    row = PriceReference.objects.get()
    assert (row.amount, row.item, row.changed_by) == (1_200_000_000, "server", "Department")
    assert "300 triệu đồng" in words_of(officer.get("/board/money/prices/server"))
    for field, wrong, told in (
        ("amount", "nhiều", "không phải số tiền"),
        ("quantity", "0", "lớn hơn 0"),
        ("day", "2999-01-01", "chưa đến"),
        ("source", "", "bắt buộc"),
    ):
        answer = officer.post("/board/money/prices/server", {**price, field: wrong})
        assert answer.status_code == 400
        assert told in words_of(answer), field
    officer.post(f"/board/money/price/{row.pk}/remove")
    assert not PriceReference.objects.exists()
    newest = changes.BatchRow.objects.first()
    assert newest is not None
    assert "1200000000" in {change.before for change in newest.changes.all()}


@pytest.mark.usefixtures("demo")
def test_a_unit_sees_and_enters_its_own_money_only(team: Client) -> None:
    from lienthong.rollout.money.models import Contract, Need, Procurement

    words = words_of(team.get("/board/money"))
    assert "Bệnh án điện tử, nâng cấp HIS lên mức 6" in words
    assert "36 tháng" not in words
    others = [
        f"/board/money/units/{OTHER}",
        f"/board/money/units/{OTHER}/estimate",
        f"/board/money/units/{OTHER}/estimate.xlsx",
        f"/board/money/procurements/{Procurement.objects.filter(facility=OTHER)[0].pk}",
        f"/board/money/contracts/{Contract.objects.filter(facility=OTHER)[0].pk}",
        f"/board/money/contracts/{Contract.objects.filter(facility=OTHER)[0].pk}/edit",
        f"/board/money/units/{OTHER}/contracts/new",
    ]
    assert [team.get(page).status_code for page in others] == [403] * len(others)
    need = {"item": "workstation", "quantity": "12", "year": "2025"}
    assert team.post(f"/board/money/units/{OTHER}", need).status_code == 403
    assert team.post(f"/board/money/units/{UNIT}", need).status_code == 302
    made = Need.objects.get(invented=False)
    assert (made.facility, made.quantity) == (UNIT, 12)
    foreign = Need.objects.filter(facility=OTHER)[0]
    assert team.post(f"/board/money/needs/{foreign.pk}/remove").status_code == 403


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("role", ["LEADER", "POLICE", "DIVISION", "CLERK"])
def test_those_who_only_read_cannot_type(someone: Callable[..., Client], role: str) -> None:
    from lienthong.access.models import Role
    from lienthong.rollout.changes import BatchRow
    from lienthong.rollout.money.models import Procurement

    reader = someone(Role[role])
    assert reader.get(f"/board/money/units/{UNIT}").status_code == 200
    before = BatchRow.objects.count()
    pk = Procurement.objects.filter(facility=UNIT)[0].pk
    for page, said in (
        (f"/board/money/units/{UNIT}", {"item": "server", "quantity": "1", "year": "2025"}),
        ("/board/money/prices/server", {"buyer": "x"}),
        (f"/board/money/procurements/{pk}/step", {"stage": "award", "day": "2025-03-01"}),
        (f"/board/money/procurements/{pk}/amount", {"kind": "spent", "amount": "1", "day": "2025-03-01"}),
    ):
        assert reader.post(page, said).status_code == 403, page
    assert BatchRow.objects.count() == before


def test_no_vendor_and_no_doctor_sees_money(someone: Callable[..., Client]) -> None:
    from lienthong.access.models import Role

    assert someone((Role.VENDOR, "songthuong"), name="vendor").get("/board/money").status_code == 403
    assert someone(Role.PROTECTION).get("/board/money").status_code == 403


def test_a_procurement_from_the_need_to_the_payment(team: Client) -> None:
    from lienthong.foundation import clock
    from lienthong.rollout.money import summary
    from lienthong.rollout.money.models import Procurement

    begun = {
        "title": "Máy chủ bệnh án",
        "item": "server",
        "quantity": "2",
        "year": "2025",
        "funding": "province",
        "step-stage": "need",
        "step-day": "2025-01-06",
    }
    assert team.post(f"/board/money/units/{UNIT}/procurements/new", begun).status_code == 302
    row = Procurement.objects.get()
    page = f"/board/money/procurements/{row.pk}"
    for stage, day, amount in (
        ("estimate", "2025-01-20", "900 triệu"),
        ("approval", "2025-02-10", "880 triệu"),
        ("contract", "2025-03-03", "850.000.000"),
    ):
        assert team.post(f"{page}/step", {"stage": stage, "day": day, "amount": amount}).status_code == 302
    early = team.post(f"{page}/step", {"stage": "acceptance", "day": "2025-03-01"})
    assert early.status_code == 400
    assert "không thể trước bước gần nhất" in words_of(early)
    payment = {"kind": "spent", "amount": "425 triệu", "day": "2025-03-20"}
    assert team.post(f"{page}/amount", payment).status_code == 302
    totals = summary.totals(clock.today())
    assert (totals.asked, totals.granted, totals.contracted, totals.spent) == (
        900_000_000,
        880_000_000,
        850_000_000,
        425_000_000,
    )
    words = words_of(team.get(page))
    assert "850 triệu đồng" in words
    assert "Ký kết hợp đồng" in words


@pytest.mark.usefixtures("demo")
def test_a_contract_is_corrected_and_nobody_overwrites_what_he_has_not_read(officer: Client) -> None:
    from lienthong.rollout.money.models import Contract

    row = Contract.objects.get(number="27/2023/HĐ-PACS")
    form = {
        "vendor": "lucdau",
        "number": row.number,
        "covers": row.covers,
        "products": [str(key) for key in row.products],
        "valid_from": "2023-10-01",
        "valid_to": "2027-12-31",
        "value": "540 triệu",
        "counting": "working",
        "response_critical": "2",
        "data_clause": "yes",
        "seen": row.seen(),
    }
    page = f"/board/money/contracts/{row.pk}/edit"
    assert officer.post(page, {**form, "valid_to": "2023-01-01"}).status_code == 400
    foreign = officer.post(page, {**form, "vendor": "tayyentu"})
    assert "của nhà cung cấp này" in words_of(foreign)
    assert officer.post(page, form).status_code == 302
    again = officer.post(page, {**form, "covers": "khác"})
    assert again.status_code == 400
    assert "vừa sửa mục này" in words_of(again)
    row.refresh_from_db()
    assert (str(row.valid_to), row.data_clause, row.value) == ("2027-12-31", "yes", 540_000_000)


def _assess(unit: str, *lacking: str) -> None:
    """The unit says of every criterion that it is met, but of these."""
    from lienthong.access import audit
    from lienthong.rollout.levels import assessments, book, criteria
    from lienthong.rollout.levels.models import Value

    criteria.load_known()
    by = audit.system("test")
    made = assessments.begin(by, unit, "tt54")
    for one in book.shipped("tt54").criteria:
        value = Value.NOT_MET if one.id in lacking else Value.MET
        assessments.answer(by, made, one.id, value)


@pytest.mark.usefixtures("demo")
def test_to_reach_level_6_these_items_this_range(team: Client) -> None:
    from lienthong.access import audit
    from lienthong.foundation import clock
    from lienthong.rollout import changes, facts

    page = f"/board/money/units/{UNIT}/estimate"
    assert "chưa tự đánh giá" in words_of(team.get(page))
    assert team.get(f"{page}.xlsx").status_code == 404
    with changes.batch(audit.system("test"), "facts") as batch:
        for key, value in (
            ("signatures_needed", "300"),
            ("signatures_issued", "80"),
            ("emr", "none"),
            ("staff", "100"),
            ("computers", "90"),
        ):
            facts.put(batch, UNIT, key, value, clock.today())
    _assess(UNIT, "I-01", "I-22", "I-20", "III-20", "VI-06", "I-23")
    answer = team.get(f"{page}?level=6")
    words = words_of(answer)
    assert "220 chữ ký" in words
    assert "cần nhập" in words  # tablets: nobody knows how many
    assert "Thuê phần mềm bệnh án điện tử" in words  # no criterion of a level any more, and yet needed
    assert "Nơi dự phòng" not in words  # level 7 only
    assert "nhân lực của đơn vị" not in words
    assert "VI-06" in words
    assert "đã đủ: Máy trạm" in words
    assert "Phương án thay thế" in words
    sheet = team.get(f"{page}.xlsx?level=6")
    assert sheet["Content-Disposition"].startswith("attachment")
    cells = load_workbook(BytesIO(sheet.content)).active
    assert cells is not None
    values = [cell for row in cells.iter_rows(values_only=True) for cell in row]
    assert 220 in values
    assert 12 * 40_000_000 in values  # the median of the prices of a month, for a year
    assert "Nơi dự phòng" in words_of(team.get(f"{page}?level=7"))


def test_a_text_that_begins_like_a_formula_stays_a_text() -> None:
    from datetime import date

    from lienthong.rollout.money import sheet
    from lienthong.rollout.money.estimate import Gap, estimate, rules

    on = date(2025, 2, 18)
    gaps = [Gap("VIII-01", "VIII", "x"), Gap("=1+1", "IX", "=HYPERLINK(1)")]
    found = estimate(gaps, rules(on), {}, {})
    page = load_workbook(BytesIO(sheet.workbook(found, "=A1", 6, on))).active
    assert page is not None
    assert not [cell for row in page.iter_rows() for cell in row if cell.data_type == "f"]
