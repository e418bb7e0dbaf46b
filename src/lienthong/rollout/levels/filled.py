"""An assessment as it stands: which answers count, how far it is, and the levels that follow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from lienthong.foundation.ids import stable_id
from lienthong.rollout.levels import criteria, rule
from lienthong.rollout.levels.book import Book, Criterion, Group
from lienthong.rollout.levels.models import (
    Assessment,
    AssessmentAnswer,
    AssessmentFile,
    AssessmentStage,
    AssessmentVerdict,
    Opinion,
    State,
    Value,
)

COUNTED = (Value.MET, Value.NOT_APPLICABLE)
"""Answers with which a criterion stands in nobody's way; the department has to agree to each of them."""


def about(one: Criterion) -> str:
    """Digest of the wording that an answer is given to: another wording needs another answer."""
    return stable_id(" ".join(one.vi.split()))


@dataclass(frozen=True, slots=True)
class Outcome:
    """Levels as they follow from an assessment on a day; what a :class:`.models.Stage` keeps.

    Attributes:
        answers: criterion to ``met``, ``not-met``, ``na`` or empty, as they counted.
        groups: group to its rung.
        confirmed: groups whose level rests on confirmed criteria only, and on no criterion left out; ``overall``
            when that holds for all of them and for every entry of the rule.
        overall: None for a set without a rule.
        lack: why the overall level is not one higher: level, group, rung wanted, rung had.
        lacking: the criteria of that entry.
    """

    set: str
    version: int
    answers: dict[str, str]
    groups: dict[str, str]
    confirmed: tuple[str, ...]
    overall: int | None
    lack: tuple[int, str, str, str] | None
    lacking: tuple[str, ...]

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Outcome:
        """From a stage's row."""
        return cls(
            kept["set"],
            kept["version"],
            kept["answers"],
            kept["groups"],
            tuple(kept["confirmed"]),
            kept["overall"],
            tuple(kept["lack"]) if kept["lack"] else None,
            tuple(kept["lacking"]),
        )

    def kept(self) -> dict[str, Any]:
        """For a stage's row."""
        return {
            "set": self.set,
            "version": self.version,
            "answers": self.answers,
            "groups": self.groups,
            "confirmed": list(self.confirmed),
            "overall": self.overall,
            "lack": list(self.lack) if self.lack else None,
            "lacking": list(self.lacking),
        }

    def count(self) -> tuple[int, int]:
        """Criteria met, and those that apply."""
        values = list(self.answers.values())
        return values.count("met"), sum(1 for value in values if value != "na")


@dataclass(frozen=True, slots=True)
class Filled:
    """An assessment with its criteria, answers, reviews and files, each by criterion."""

    assessment: Assessment
    book: Book
    answers: dict[str, AssessmentAnswer]
    verdicts: dict[str, AssessmentVerdict]
    files: dict[str, list[AssessmentFile]]

    def groups(self, on: date) -> list[Group]:
        """The groups to answer: those in force on the day, and for a set not in force yet all of them."""
        return self.book.in_force(on) or list(self.book.groups)

    def value(self, one: Criterion) -> str:
        """What the unit answered to this wording; empty when it has not, or the wording is another one since."""
        answer = self.answers.get(one.id)
        return answer.value if answer and answer.about == about(one) else ""

    def stale(self, one: Criterion) -> bool:
        """Whether there is an answer, but to an older wording."""
        answer = self.answers.get(one.id)
        return answer is not None and answer.about != about(one)

    def opinion(self, one: Criterion) -> str:
        """What the department said of it, if anything."""
        verdict = self.verdicts.get(one.id)
        return verdict.value if verdict else ""

    def editable(self, one: Criterion) -> bool:
        """Whether the unit may answer it now: all of an open one; of a returned one what was asked again or is new."""
        if self.assessment.state == State.RETURNED:
            return self.opinion(one) == Opinion.AGAIN or not self.value(one)
        return self.assessment.state == State.OPEN

    def left(self, on: date) -> list[Criterion]:
        """Criteria without an answer that counts."""
        return [one for group in self.groups(on) for one in self.book.of(group.id) if not self.value(one)]

    def unreviewed(self, on: date) -> list[Criterion]:
        """Criteria that count for the unit and of which the department has not made up its mind."""
        return [
            one
            for group in self.groups(on)
            for one in self.book.of(group.id)
            if self.value(one) in COUNTED and self.opinion(one) in ("", Opinion.AGAIN)
        ]

    def progress(self, group: str) -> tuple[int, int]:
        """Criteria of a group answered, and all of them."""
        asked = self.book.of(group)
        return sum(1 for one in asked if self.value(one)), len(asked)

    def outcome(self, on: date, *, reviewed: bool) -> Outcome:
        """The levels: by the unit's answers, or by those of them that the department agreed to."""
        answers = {
            one.id: self._counted(one, reviewed)
            for group in self.groups(on)
            for one in self.book.of(group.id)
        }
        met = {id for id, value in answers.items() if value in COUNTED}
        found = rule.judged(self.book, met, on)
        rungs = found.groups or {group.id: rule.rung(self.book, group.id, met) for group in self.groups(on)}
        lack = found.lack
        return Outcome(
            self.book.set,
            self.assessment.version.number,
            answers,
            rungs,
            self._confirmed(answers, list(rungs)),
            found.overall,
            (lack.level, lack.group, lack.needs, lack.has) if lack else None,
            lack.criteria if lack else (),
        )

    def _confirmed(self, answers: dict[str, str], groups: list[str]) -> tuple[str, ...]:
        left_out = {one.group for one in self.book.criteria if answers.get(one.id) == Value.NOT_APPLICABLE}
        sure = [group for group in groups if self.book.confirmed(group) and group not in left_out]
        if sure == groups and self.book.rule_confirmed():
            sure.append("overall")
        return tuple(sure)

    def _counted(self, one: Criterion, reviewed: bool) -> str:
        value = self.value(one)
        if reviewed and value in COUNTED and self.opinion(one) != Opinion.AGREE:
            return Value.NOT_MET.value
        return value


def read(assessment: Assessment) -> Filled:
    """An assessment with everything in it."""
    files: dict[str, list[AssessmentFile]] = {}
    for file in assessment.files.all():
        files.setdefault(file.key, []).append(file)
    return Filled(
        assessment,
        criteria.book_of(assessment.version),
        {one.key: one for one in assessment.answers.all()},
        {one.key: one for one in assessment.verdicts.all()},
        files,
    )


def stage(
    assessment: Assessment, state: State, on: date, note: str = "", outcome: Outcome | None = None
) -> AssessmentStage:
    """A row for the history of an assessment, not stored yet."""
    kept = outcome.kept() if outcome else {}
    return AssessmentStage(assessment=assessment, state=state, on=on, note=note, outcome=kept)
