"""Versions of the criteria, an assessment from the first answer to the decision, and what others are told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from lienthong.access.audit import Actor

pytestmark = pytest.mark.django_db

UNIT = Actor("to-son-dong", "Vi Văn Sinh", "unit", "127.0.0.1")
OFFICER = Actor("so-y-te", "Vi Thị Hương Giang", "department", "127.0.0.1")
CODE = "24004"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


@pytest.fixture(autouse=True)
def known(node_home: Path) -> None:
    from lienthong.facilities import directory
    from lienthong.rollout.levels import criteria

    settings.NODE = replace(settings.NODE, role="hub", facility="SYT-24")
    directory.load_known()
    criteria.load_known()


@pytest.fixture
def filled_in() -> Callable[..., Any]:
    """An assessment of all criteria but those named: ``filled_in("III-05")``; ``na``: those that do not apply."""

    def make(*not_met: str, na: tuple[str, ...] = (), set: str = "tt54", facility: str = CODE) -> Any:
        from lienthong.foundation import clock
        from lienthong.rollout.levels import assessments, filled
        from lienthong.rollout.levels.models import Value

        made = assessments.begin(UNIT, facility, set)
        for one in filled.read(made).left(clock.today()):
            value = (
                Value.NOT_MET if one.id in not_met else Value.NOT_APPLICABLE if one.id in na else Value.MET
            )
            assessments.answer(
                UNIT, made, one.id, value, reason="không có dịch vụ này" if one.id in na else ""
            )
        made.refresh_from_db()
        return made

    return make


def code_of(step: Callable[[], Any]) -> str:
    """The code of the error that a step ends with; empty when it goes through."""
    from lienthong.foundation.errors import LienThongError

    try:
        step()
    except LienThongError as error:
        return error.problem.code
    return ""


def decided(assessment: Any, day: date | None = None) -> None:
    from lienthong.foundation import clock
    from lienthong.rollout.levels import assessments, filled

    assessments.submit(UNIT, assessment, "15/QĐ-TTYT", clock.today())
    for group in filled.read(assessment).book.groups:
        assessments.agree_rest(OFFICER, assessment, group.id)
    assessments.decide(OFFICER, assessment, "88/QĐ-SYT", day or clock.today())


# Criteria


def test_loading_twice_adds_nothing_and_version_1_says_what_is_shipped() -> None:
    from lienthong.rollout.levels import book, criteria
    from lienthong.rollout.levels.models import CriterionRow

    count = CriterionRow.objects.count()
    criteria.load_known()
    assert CriterionRow.objects.count() == count == 160
    for name in book.SETS:
        version = criteria.in_use(name)
        assert version.number == 1
        assert criteria.book_of(version) == book.shipped(name)


def test_a_correction_counts_from_publishing_on() -> None:
    from lienthong.rollout.levels import criteria

    old = criteria.book_of(criteria.in_use("tt54"))
    one = old.criterion("I-04")
    assert one is not None
    better = replace(
        one, vi="Có đường truyền Internet băng rộng", legal_no="4", confidence="A", official="Công báo"
    )
    assert criteria.correct(OFFICER, "tt54", better)
    assert criteria.in_use("tt54").number == 1
    draft = criteria.draft("tt54")
    assert draft is not None
    (found,) = criteria.differences(old, criteria.book_of(draft))
    assert (found.id, found.kind) == ("I-04", "changed")
    assert found.fields == ("legal_no", "vi", "confidence", "official")
    assert not criteria.correct(OFFICER, "tt54", better)

    day = date(2026, 1, 1)
    criteria.publish(OFFICER, "tt54", day, "Phụ lục I Thông tư 54/2017/TT-BYT")
    assert criteria.in_use("tt54", day - timedelta(days=1)).number == 1
    assert criteria.in_use("tt54", day).number == 2
    assert criteria.book_of(criteria.in_use("tt54", day)).criterion("I-04") == better
    assert criteria.draft("tt54") is None


def test_a_published_version_is_never_changed_again() -> None:
    from lienthong.rollout import changes
    from lienthong.rollout.levels import criteria

    row = criteria.in_use("tt54").rows.get(key="I-01")

    def write() -> None:
        with changes.batch(OFFICER, "criteria") as batch:
            row.vi = "khác"
            batch.save(row)

    assert code_of(write) == "criteria-version-fixed"
    row.refresh_from_db()
    assert row.vi != "khác"
    assert code_of(lambda: criteria.publish(OFFICER, "tt54", date(2026, 1, 1), "x")) == "criteria-no-draft"


def test_a_criterion_that_cannot_stand_in_the_set_is_refused() -> None:
    from lienthong.rollout.levels import criteria

    one = criteria.book_of(criteria.in_use("tt54")).criterion("V-01")
    assert one is not None
    for wrong in ({"level": "7"}, {"vi": " "}, {"confidence": "D"}, {"vi": "x" * 1001}, {"group": "IX"}):
        assert (
            code_of(lambda w=wrong: criteria.correct(OFFICER, "tt54", replace(one, **w)))
            == "criterion-not-valid"
        )  # type: ignore[misc]
    assert criteria.draft("tt54") is None


def test_a_draft_can_be_thrown_away_and_a_correction_undone() -> None:
    from lienthong.rollout import changes
    from lienthong.rollout.levels import book, criteria
    from lienthong.rollout.levels.models import CriterionRow

    one = book.shipped("tt13").criterion("TT13-03")
    assert one is not None
    criteria.correct(OFFICER, "tt13", replace(one, vi="Lần thứ nhất"))
    criteria.correct(OFFICER, "tt13", replace(one, vi="Lần thứ hai"))
    last = changes.BatchRow.objects.first()
    assert last is not None
    assert changes.undo(last.id, OFFICER) == []
    draft = criteria.draft("tt13")
    assert draft is not None
    assert draft.rows.get(key="TT13-03").vi == "Lần thứ nhất"
    criteria.discard(OFFICER, "tt13")
    assert criteria.draft("tt13") is None
    assert CriterionRow.objects.count() == 160
    last = changes.BatchRow.objects.first()
    assert last is not None
    assert changes.undo(last.id, OFFICER) == []
    draft = criteria.draft("tt13")
    assert draft is not None
    assert [row.key for row in draft.rows.all()] == [one.id for one in book.shipped("tt13").criteria]
    assert draft.rows.get(key="TT13-03").vi == "Lần thứ nhất"
    first = changes.BatchRow.objects.filter(what="criteria").last()
    assert first is not None
    assert changes.undo(first.id, OFFICER) != []
    assert criteria.draft("tt13") is not None


# An assessment


def test_from_answers_to_a_decision(filled_in: Callable[..., Any]) -> None:
    from lienthong.rollout.levels import assessments, filled, standing, summary
    from lienthong.rollout.levels.models import State

    made = filled_in("III-19", "II-08")
    decided(made)
    made.refresh_from_db()
    assert made.state == State.DECIDED
    assert [stage.state for stage in made.stages.all()] == ["open", "submitted", "decided"]

    from lienthong.foundation import clock

    told = standing.standings(clock.today())[CODE].reviewed["tt54"].outcome
    assert (told.groups["III"], told.groups["II"], told.overall) == ("4", "basic", 4)
    assert told.lack == (5, "II", "advanced", "basic")
    assert told.lacking == ("II-08",)
    levels = summary.levels(clock.today())[CODE]
    assert levels.overall == 4
    assert "II-08" in levels.overall_why
    assert levels.groups["III"] == summary.GroupLevel("4", False, "reviewed")
    assert levels.groups["V"] == summary.GroupLevel("advanced", True, "reviewed")
    assert "VIII" not in levels.groups
    missing = summary.missing(CODE, 5, clock.today())
    assert missing is not None
    assert [(one.group, one.id, one.state) for one in missing] == [
        ("II", "II-08", "not-met"),
        ("III", "III-19", "not-met"),
    ]
    assert code_of(lambda: assessments.answer(UNIT, made, "II-08", filled.Value.MET)) == "assessment-closed"


def test_what_must_be_there_before_the_next_step(filled_in: Callable[..., Any]) -> None:
    from lienthong.foundation import clock
    from lienthong.rollout.levels import assessments
    from lienthong.rollout.levels.models import Opinion, Value

    made = assessments.begin(UNIT, CODE, "tt54")
    assert code_of(lambda: assessments.begin(UNIT, CODE, "tt54")) == "assessment-under-way"
    assert code_of(lambda: assessments.begin(UNIT, CODE, "tt46")) == "criteria-not-in-force"
    assert code_of(lambda: assessments.submit(UNIT, made)) == "answers-left"
    assert code_of(lambda: assessments.answer(UNIT, made, "I-99", Value.MET)) == "criterion-unknown"
    assert code_of(lambda: assessments.answer(UNIT, made, "I-01", Value.NOT_APPLICABLE)) == "reason-missing"
    assert (
        code_of(lambda: assessments.answer(UNIT, made, "I-01", Value.MET, note="x" * 1001)) == "text-too-long"
    )
    assert code_of(lambda: assessments.review(OFFICER, made, "I-01", Opinion.AGREE)) == "assessment-closed"

    other = filled_in(facility="24006")
    assert code_of(lambda: assessments.submit(UNIT, other, "15/QĐ", None)) == "document-missing"
    tomorrow = clock.today() + timedelta(days=1)
    assert code_of(lambda: assessments.submit(UNIT, other, "15/QĐ", tomorrow)) == "document-missing"
    assessments.submit(UNIT, other)
    assert code_of(lambda: assessments.answer(UNIT, other, "I-01", Value.MET)) == "assessment-closed"
    assert code_of(lambda: assessments.review(OFFICER, other, "I-01", Opinion.DISAGREE)) == "reason-missing"
    assert code_of(lambda: assessments.give_back(OFFICER, other)) == "nothing-asked-again"
    assert code_of(lambda: assessments.decide(OFFICER, other, "1/QĐ", clock.today())) == "verdicts-left"
    assert code_of(lambda: assessments.decide(OFFICER, other, "", clock.today())) == "document-missing"
    assert code_of(lambda: assessments.decide(OFFICER, other, "1/QĐ", tomorrow)) == "document-missing"


def test_asked_again_answered_and_not_agreed(filled_in: Callable[..., Any]) -> None:
    from lienthong.foundation import clock
    from lienthong.rollout.levels import assessments, filled, standing
    from lienthong.rollout.levels.models import Opinion, Value

    made = filled_in()
    assessments.submit(UNIT, made)
    assessments.review(OFFICER, made, "I-05", Opinion.AGAIN, "Gửi ảnh chụp phòng máy chủ")
    assessments.review(OFFICER, made, "I-06", Opinion.DISAGREE, "Mạng chưa tới khoa Nội")
    assessments.give_back(OFFICER, made, "Bổ sung minh chứng")
    assert code_of(lambda: assessments.answer(UNIT, made, "I-07", Value.NOT_MET)) == "criterion-closed"
    assessments.answer(UNIT, made, "I-05", Value.MET, note="Ảnh kèm theo")
    assessments.attach(UNIT, made, "I-05", "phong may.pdf", PDF)
    assessments.submit(UNIT, made)
    made.refresh_from_db()
    form = filled.read(made)
    assert "I-05" not in form.verdicts
    assert form.verdicts["I-06"].why == "Mạng chưa tới khoa Nội"
    for group in form.book.groups:
        assessments.agree_rest(OFFICER, made, group.id)
    assessments.decide(OFFICER, made, "88/QĐ-SYT", clock.today())
    known = standing.standings(clock.today())[CODE]
    assert known.assessed["tt54"].outcome.overall == 7
    assert known.reviewed["tt54"].outcome.overall == 1
    assert known.reviewed["tt54"].outcome.groups["I"] == "1"


def test_what_does_not_apply_stands_in_nobodys_way_but_is_marked(filled_in: Callable[..., Any]) -> None:
    from lienthong.foundation import clock
    from lienthong.rollout.levels import filled

    outcome = filled.read(filled_in(na=("V-10",))).outcome(clock.today(), reviewed=False)
    assert outcome.groups["V"] == "advanced"
    assert "V" not in outcome.confirmed
    assert "IV" in outcome.confirmed
    assert outcome.count() == (111, 111)


def test_new_wording_is_answered_anew_and_new_levels_are_not(filled_in: Callable[..., Any]) -> None:
    from lienthong.foundation import clock
    from lienthong.rollout.levels import assessments, criteria, filled

    made = filled_in()
    law = criteria.book_of(criteria.in_use("tt54"))
    worded, levelled = law.criterion("I-04"), law.criterion("I-11")
    assert worded is not None
    assert levelled is not None
    criteria.correct(OFFICER, "tt54", replace(worded, vi="Đường truyền Internet từ 100 Mbps"))
    criteria.correct(OFFICER, "tt54", replace(levelled, level="2", legal_no="11"))
    criteria.publish(OFFICER, "tt54", clock.today(), "Phụ lục I")
    made.refresh_from_db()
    assert made.version.number == 1
    assert filled.read(made).left(clock.today()) == []
    assessments.move(UNIT, made)
    made.refresh_from_db()
    form = filled.read(made)
    assert made.version.number == 2
    assert [one.id for one in form.left(clock.today())] == ["I-04"]
    assert form.outcome(clock.today(), reviewed=False).groups["I"] == "0"


def test_the_next_assessment_begins_with_the_answers_before(filled_in: Callable[..., Any]) -> None:
    from lienthong.foundation import clock
    from lienthong.rollout.levels import assessments, filled, standing
    from lienthong.rollout.levels.models import Value

    first = filled_in("I-23", "I-24")
    assessments.attach(UNIT, first, "I-05", "máy chủ.pdf", PDF)
    decided(first)
    second = assessments.begin(UNIT, CODE, "tt54")
    form = filled.read(second)
    assert form.left(clock.today()) == []
    assert all(answer.carried for answer in form.answers.values())
    assert [file.name for file in form.files["I-05"]] == ["máy chủ.pdf"]
    assert not filled.read(first).answers["I-23"].carried
    for key in ("I-23", "I-24"):
        assessments.answer(UNIT, second, key, Value.MET)
    assessments.submit(UNIT, second)
    known = standing.standings(clock.today())[CODE]
    assert known.assessed["tt54"].outcome.overall == 7
    assert known.reviewed["tt54"].outcome.overall == 6
    assert known.told("tt54") is known.reviewed["tt54"]


def test_history_by_day_and_by_declared_figures(filled_in: Callable[..., Any]) -> None:
    from lienthong.rollout import seed
    from lienthong.rollout.levels import summary

    seed.load()
    decided(filled_in(), date(2026, 3, 1))
    before, after = summary.levels(date(2025, 2, 18)), summary.levels(date(2026, 11, 23))
    assert [unit.groups["III"].value for unit in before.values()].count("6") == 4
    assert before["YHCT"].groups["III"] == summary.GroupLevel("7", True, "declared")
    assert before["YHCT"].groups["VIII"].value == "advanced"
    assert before["YHCT"].overall is None
    assert "VIII" not in after["YHCT"].groups
    assert summary.levels(date(2026, 2, 28))[CODE].overall is None
    assert after[CODE].overall == 7
    assert after[CODE].ready13 == (0, 0)
    decided(filled_in("CV365-14", na=("TT13-11",), set="tt13"))
    from lienthong.foundation import clock

    assert summary.levels(clock.today())[CODE].ready13 == (21, 22)


def test_decided_levels_stay_when_criteria_change(filled_in: Callable[..., Any]) -> None:
    from lienthong.foundation import clock
    from lienthong.rollout.levels import criteria, summary

    decided(filled_in("I-25"))
    one = criteria.book_of(criteria.in_use("tt54")).criterion("I-25")
    assert one is not None
    criteria.correct(OFFICER, "tt54", replace(one, level="1"))
    criteria.publish(OFFICER, "tt54", clock.today(), "Phụ lục I")
    assert summary.levels(clock.today())[CODE].overall == 6


def test_december_tables_add_up(filled_in: Callable[..., Any]) -> None:
    from lienthong.foundation import clock
    from lienthong.rollout import seed
    from lienthong.rollout.levels import summary

    seed.load()
    decided(filled_in("I-25", na=("V-08",)))
    tables = summary.december(clock.today())
    assert tables.tiers == {"province": 8, "district": 9, "commune": None}
    assert len(tables.facilities) == 17
    assert sum(tables.reached.values()) == 17
    assert (tables.reached["6"], tables.reached[""]) == (1, 16)
    assert all(sum(counts.values()) == 17 for counts in tables.groups_reached.values())
    assert [table.group for table in tables.shares] == ["I", "II", "III", "IV", "V", "VI", "VII"]
    shares = {row.id: row for table in tables.shares for row in table.rows}
    assert (shares["I-25"].met, shares["I-25"].of) == (0, 1)
    assert (shares["I-24"].met, shares["I-24"].of) == (1, 1)
    assert shares["V-08"].of == 0
    assert not shares["I-24"].confirmed
    line = next(line for line in tables.facilities if line.code == CODE)
    assert (line.document, line.levels.overall) == ("88/QĐ-SYT", 6)


# What was typed


def test_undo_of_an_answer_but_not_after_the_decision(filled_in: Callable[..., Any]) -> None:
    from lienthong.rollout import changes
    from lienthong.rollout.levels import assessments, filled
    from lienthong.rollout.levels.models import Value

    made = filled_in()
    assessments.answer(UNIT, made, "I-01", Value.NOT_MET)
    last = changes.BatchRow.objects.filter(what="levels-answer").first()
    assert last is not None
    assert changes.undo(last.id, UNIT) == []
    assert filled.read(made).answers["I-01"].value == "met"
    first = changes.BatchRow.objects.filter(what="levels-answer").last()
    decided(made)
    assert first is not None
    assert code_of(lambda: changes.undo(first.id, UNIT)) == "assessment-closed"
    assert filled.read(made).answers["I-01"].value == "met"


def test_what_is_under_review_is_not_taken_back(filled_in: Callable[..., Any]) -> None:
    from lienthong.rollout import changes
    from lienthong.rollout.levels import assessments, filled
    from lienthong.rollout.levels.models import Opinion, Value

    made = filled_in("I-07")
    assessments.answer(UNIT, made, "I-07", Value.MET)
    begun = changes.BatchRow.objects.filter(what="levels-begin").get()
    assert changes.undo(begun.id, UNIT) != []
    last = changes.BatchRow.objects.filter(what="levels-answer").first()
    assert last is not None
    assessments.submit(UNIT, made)
    assert code_of(lambda: changes.undo(last.id, UNIT)) == "assessment-closed"
    assessments.review(OFFICER, made, "I-07", Opinion.AGREE)
    assessments.review(OFFICER, made, "I-01", Opinion.AGAIN, "Gửi biên bản kiểm kê")
    assessments.give_back(OFFICER, made)
    assert code_of(lambda: changes.undo(last.id, UNIT)) == "criterion-closed"
    assert filled.read(made).answers["I-07"].value == "met"


def test_an_opinion_goes_with_the_wording_it_was_given_to(filled_in: Callable[..., Any]) -> None:
    from lienthong.foundation import clock
    from lienthong.rollout.levels import assessments, criteria, filled
    from lienthong.rollout.levels.models import Opinion, Value

    made = filled_in()
    assessments.submit(UNIT, made)
    assessments.review(OFFICER, made, "I-04", Opinion.AGREE)
    assessments.review(OFFICER, made, "I-01", Opinion.AGAIN, "Gửi biên bản kiểm kê")
    assessments.give_back(OFFICER, made)
    one = criteria.book_of(criteria.in_use("tt54")).criterion("I-04")
    assert one is not None
    criteria.correct(OFFICER, "tt54", replace(one, vi="Đường truyền Internet từ 100 Mbps"))
    criteria.publish(OFFICER, "tt54", clock.today(), "Phụ lục I")
    made.refresh_from_db()
    assessments.move(UNIT, made)
    made.refresh_from_db()
    assert code_of(lambda: assessments.submit(UNIT, made)) == "answers-left"
    assessments.answer(UNIT, made, "I-04", Value.MET)
    assert "I-04" not in filled.read(made).verdicts


def test_every_answer_has_author_time_before_and_after(filled_in: Callable[..., Any]) -> None:
    from lienthong.rollout import changes
    from lienthong.rollout.levels import assessments, filled
    from lienthong.rollout.levels.models import Value

    made = filled_in()
    assessments.answer(UNIT, made, "I-01", Value.NOT_MET, note="Mới có 12 máy")
    answer = filled.read(made).answers["I-01"]
    newest = {change.field: change for change in changes.of(answer)[:2]}
    assert (newest["value"].before, newest["value"].after) == ("met", "not-met")
    assert newest["value"].unit == CODE
    assert newest["value"].batch.by_name == "Vi Văn Sinh"


# Evidence


def test_files_are_kept_by_their_hash_and_taken_by_their_content(filled_in: Callable[..., Any]) -> None:
    import hashlib

    from lienthong.rollout import files
    from lienthong.rollout.levels import assessments, filled

    made = filled_in()
    file = assessments.attach(UNIT, made, "I-05", "..\\ảnh\\Phòng máy.PDF", PDF)
    assert (file.name, file.kind, file.sha256) == ("Phòng máy.PDF", "pdf", hashlib.sha256(PDF).hexdigest())
    assert files.folder().read(file.sha256) == PDF
    assert assessments.attach(UNIT, made, "I-05", "khác.pdf", PDF).pk == file.pk
    assessments.detach(UNIT, file)
    assert filled.read(made).files == {}
    for number in range(files.MOST):
        assessments.attach(UNIT, made, "I-05", f"{number}.pdf", PDF + bytes([number]))
    assert code_of(lambda: assessments.attach(UNIT, made, "I-05", "x.pdf", PDF)) == "file-refused"
    assert code_of(lambda: assessments.attach(UNIT, made, "I-99", "x.pdf", PDF)) == "criterion-unknown"
