"""Annexes I to IV of Circular 01/2025/TT-BYT, and how long a slip is valid."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.terminology.lists import rows
from lienthong.transfers.validity import annexes, slips
from lienthong.transfers.validity.slips import Stay, valid_until
from lienthong.transfers.validity.working_days import Day, calendar_of, shipped

CODES = [row["code"] for row in rows("icd10_vn_4469.csv")]
CALENDAR = calendar_of(shipped())
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
DAYS = st.dates(date(2025, 1, 1), date(2028, 12, 31))


def signed(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T10:00:00+07:00")


class TestAnnexes:
    @pytest.mark.parametrize(
        ("code", "place"),
        [
            ("G20", ("II", 41, 37)),  # Parkinson, through item 37
            ("J45.9", ("III", 14, 0)),
            ("I10", ("III", 13, 0)),
            ("H36.0*", ("III", 12, 0)),
            ("Q87.11", ("III", 36, 0)),  # the condition holds the end of the expression
            ("D76.2", ("III", 6, 0)),  # itself before item 37
            ("A17.0†", ("II", 1, 37)),
            ("i20.0", ("II", 50, 37)),  # named again after its group was taken out
            ("I200", ("II", 50, 37)),
            ("D45", ("II", 13, 37)),  # told in the condition
            ("E13.5", ("II", 29, 37)),  # likewise
        ],
    )
    def test_one_year(self, code: str, place: tuple[str, int, int]) -> None:
        match = annexes.annex_iii(code)
        assert match is not None
        assert (match.annex, match.number, match.through) == place

    @pytest.mark.parametrize(
        "code", ["I20", "I49.9", "A15", "E12.0", "F51.0", "J18.9", "E11.9", "", "G2", "abc"]
    )
    def test_not_one_year(self, code: str) -> None:
        assert annexes.annex_iii(code) is None

    @pytest.mark.parametrize(
        ("code", "number"), [("C25.1", 14), ("C38.0", 16), ("E75.2", 33), ("M32.1", 54), ("Z94.0", 62)]
    )
    def test_annex_i(self, code: str, number: int) -> None:
        match = annexes.annex_i(code)
        assert match is not None
        assert match.number == number

    def test_what_annex_i_takes_out_is_found_by_another_item_only(self) -> None:
        match = annexes.annex_i("C38.4")
        assert match is not None
        assert match.number == 22  # cancer in children, not item 16
        assert match.under_18

    def test_annex_ii_brings_in_annex_i_by_item_106(self) -> None:
        match = annexes.annex_ii("B39.0")
        assert match is not None
        assert (match.annex, match.number, match.through) == ("I", 6, 106)
        assert match.words_vi().startswith("Phụ lục II, mục 106 (Phụ lục I, mục 6): ")

    def test_item_106_is_not_brought_into_annex_iii(self) -> None:
        """Item 37 names items 1 to 105 of annex II."""
        assert annexes.annex_iii("B39.0") is None

    @pytest.mark.parametrize(
        ("code", "number"), [("I10", 9), ("E11.9", 4), ("Z21", 2), ("J44.1", 7), ("A15.0", 1)]
    )
    def test_annex_iv(self, code: str, number: int) -> None:
        match = annexes.may_go_back(["J18.9", code])
        assert match is not None
        assert match.number == number
        assert match.condition.startswith("Giai đoạn")

    def test_nothing_goes_back_without_annex_iv(self) -> None:
        assert annexes.may_go_back(["E11.2", "J18.9"]) is None

    def test_a_grown_up_is_not_told_the_items_for_children(self) -> None:
        assert [m.number for m in annexes.without_slip(["E70.0"], age=40)] == [35]
        assert [m.number for m in annexes.without_slip(["E70.0"], age=10)] == [30, 35]
        assert [m.number for m in annexes.without_slip(["E70.0"])] == [30, 35]

    def test_every_row_names_codes(self) -> None:
        items = [item for found in annexes._items().values() for item in found]
        assert len(items) == 61 + 105 + 36 + 11
        assert all(item.parts for item in items)
        assert all(low <= high for item in items for _, low, high in item.parts)

    @given(st.sampled_from(CODES))
    def test_annex_iii_holds_all_of_annex_ii_to_item_105(self, code: str) -> None:
        match = annexes.annex_ii(code)
        if match and match.annex == "II":
            assert annexes.annex_iii(code)

    @given(st.sampled_from(CODES))
    def test_marks_case_and_the_point_do_not_matter(self, code: str) -> None:
        assert annexes.annex_iii(code.lower().replace(".", "") + "†") == annexes.annex_iii(code)

    @given(st.text(max_size=12))
    def test_any_text_is_answered(self, text: str) -> None:
        for annex in (annexes.annex_i, annexes.annex_ii, annexes.annex_iii, annexes.annex_iv):
            annex(text)


class TestOneYearMark:
    def test_proposed_with_its_item(self) -> None:
        proposal = slips.propose_one_year(["J18.9", "G20"])
        assert proposal.one_year
        assert proposal.match is not None
        assert proposal.match.number == 41

    def test_item_37_leaves_out_emergencies(self) -> None:
        proposal = slips.propose_one_year(["I63.9"], emergency=True)
        assert not proposal.one_year
        assert proposal.left_out
        assert slips.propose_one_year(["I63.9"]).one_year

    def test_an_item_of_annex_iii_itself_counts_in_an_emergency(self) -> None:
        assert slips.propose_one_year(["J45.9"], emergency=True).one_year

    def test_no_code_no_mark(self) -> None:
        assert slips.propose_one_year([]) == slips.Proposal(False, None)


class TestValidUntil:
    @pytest.mark.parametrize(
        ("day", "until"),
        [
            ("2025-01-12", "2025-01-24"),  # the day of signature does not count
            ("2025-01-20", "2025-02-10"),  # over the Lunar New Year
            ("2025-04-21", "2025-05-07"),  # 26 April is worked, 30 April to 2 May are off
            ("2026-08-24", "2026-09-10"),
        ],
    )
    def test_ten_working_days(self, day: str, until: str) -> None:
        found = valid_until(signed(day), one_year=False, calendar=CALENDAR)
        assert (found.until, found.perhaps) == (date.fromisoformat(until),) * 2
        assert found.on(found.until) == "valid"
        assert found.on(found.until + timedelta(days=1)) == "expired"

    @pytest.mark.parametrize(
        ("day", "until"),
        [("2025-03-01", "2026-03-01"), ("2028-02-29", "2029-02-28"), ("2025-12-31", "2026-12-31")],
    )
    def test_one_year(self, day: str, until: str) -> None:
        found = valid_until(signed(day), one_year=True, calendar=CALENDAR)
        assert found.last() == date.fromisoformat(until)

    def test_signed_late_at_night_counts_by_the_day_in_viet_nam(self) -> None:
        late = datetime(2025, 3, 3, 18, 30, tzinfo=UTC)  # 4 March, 01:30 in Viet Nam
        assert valid_until(late, one_year=False, calendar=CALENDAR).signed == date(2025, 3, 4)

    def test_a_stay_that_outlasts_it_keeps_it_valid(self) -> None:
        start, end = date(2025, 1, 20), date(2025, 3, 2)
        going_on = valid_until(signed("2025-01-12"), one_year=False, calendar=CALENDAR, stays=[Stay(start)])
        assert going_on.on(date(2025, 6, 1)) == "stay"
        assert going_on.last() is None
        ended = valid_until(signed("2025-01-12"), one_year=False, calendar=CALENDAR, stays=[Stay(start, end)])
        assert ended.on(end) == "stay"
        assert ended.on(end + timedelta(days=1)) == "expired"
        assert ended.last() == end

    def test_a_stay_that_began_too_late_does_not(self) -> None:
        late = valid_until(
            signed("2025-01-12"), one_year=False, calendar=CALENDAR, stays=[Stay(date(2025, 1, 25))]
        )
        assert late.stay is None

    def test_a_stay_within_it_changes_nothing(self) -> None:
        stay = Stay(date(2025, 1, 13), date(2025, 1, 15))
        assert valid_until(signed("2025-01-12"), one_year=False, calendar=CALENDAR, stays=[stay]).stay is None

    def test_a_day_to_be_confirmed_is_asked_not_refused(self) -> None:
        found = valid_until(signed("2026-11-16"), one_year=False, calendar=CALENDAR)
        assert [found.on(date(2026, month, day)) for month, day in ((11, 30), (12, 1), (12, 2))] == [
            "valid",
            "ask",
            "expired",
        ]

    def test_after_the_known_calendar_it_is_asked(self) -> None:
        found = valid_until(signed("2030-01-20"), one_year=False, calendar=CALENDAR)
        assert found.beyond
        assert found.on(found.until + timedelta(days=5)) == "ask"
        assert found.on(found.signed + timedelta(days=46)) == "expired"

    @given(MOMENTS, st.booleans(), st.lists(DAYS, max_size=8))
    def test_a_holiday_more_never_shrinks_it(self, at: datetime, one_year: bool, more: list[date]) -> None:
        days = [Day(day, True, "", "", "law", "", "", "") for day in more]
        before = valid_until(at, one_year=one_year, calendar=CALENDAR)
        after = valid_until(at, one_year=one_year, calendar=calendar_of([*shipped(), *days]))
        assert after.until >= before.until
        assert after.perhaps >= before.perhaps

    @given(
        MOMENTS, st.booleans(), st.lists(st.tuples(DAYS, st.none() | st.integers(0, 90)), max_size=4), DAYS
    )
    def test_a_stay_more_never_takes_a_day(
        self, at: datetime, one_year: bool, stays: list[tuple[date, int | None]], day: date
    ) -> None:
        found = [Stay(s, None if n is None else s + timedelta(days=n)) for s, n in stays]
        bare = valid_until(at, one_year=one_year, calendar=CALENDAR)
        more = valid_until(at, one_year=one_year, calendar=CALENDAR, stays=found)
        if bare.on(day) != "expired":
            assert more.on(day) != "expired"

    @given(MOMENTS, st.booleans(), DAYS)
    def test_once_expired_it_stays_expired(self, at: datetime, one_year: bool, day: date) -> None:
        found = valid_until(at, one_year=one_year, calendar=CALENDAR)
        if found.on(day) == "expired":
            assert found.on(day + timedelta(days=1)) == "expired"
