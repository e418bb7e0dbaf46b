"""Versions of the criteria: which one is in use on a day, the draft that officers correct, and publishing it."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import date, datetime, time

from django.db import transaction

from lienthong.access import audit
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.rollout import changes
from lienthong.rollout.changes import Batch
from lienthong.rollout.levels import book, problems
from lienthong.rollout.levels.book import Book, Criterion
from lienthong.rollout.levels.models import CriteriaVersion, CriterionRow

WHAT = "criteria"
CONFIRMED = "A"
COMPARED = ("group", "level", "legal_no", "vi", "en", "confidence", "official", "note_vi", "note_en", "asked")
"""What of a criterion can differ between versions, in the order shown."""
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,19}")
LENGTHS = {"vi": 1000, "en": 1000, "legal_no": 120, "official": 300, "note_vi": 600, "note_en": 600}
"""The longest text of each field."""
_FIELDS = tuple(one.name for one in fields(Criterion) if one.name != "id")


def load_known() -> None:
    """Enters the shipped sets as version 1 where they are not there yet; nobody typed them."""
    for set in book.SETS:
        if CriteriaVersion.objects.filter(set=set).exists():
            continue
        shipped = book.shipped(set)
        at = datetime.combine(date.fromisoformat(shipped.head["checked"]), time(), clock.VIETNAM)
        with transaction.atomic():
            version = CriteriaVersion.objects.create(
                set=set,
                number=1,
                published=True,
                valid_from=shipped.in_force_from,
                head=dict(shipped.head),
                changed_at=at,
                changed_by=audit.system("levels").name,
            )
            _rows_as_they_are(version, shipped.criteria)


def _rows_as_they_are(version: CriteriaVersion, criteria: tuple[Criterion, ...]) -> None:
    """Rows that nobody typed: shipped ones, or a draft's copies; the history holds what is typed after."""
    made = [_row(version, place, one) for place, one in enumerate(criteria, 1)]
    for row in made:
        row.changed_at, row.changed_by = version.changed_at, version.changed_by
    CriterionRow.objects.bulk_create(made)


def _row(version: CriteriaVersion, place: int, one: Criterion) -> CriterionRow:
    row = CriterionRow(version=version, place=place, key=one.id)
    return _filled(row, one)


def _filled(row: CriterionRow, one: Criterion) -> CriterionRow:
    for name in _FIELDS:
        value = getattr(one, name)
        setattr(row, name, list(value) if name == "sources" else value)
    return row


def _criterion(row: CriterionRow) -> Criterion:
    values = {name: getattr(row, name) for name in _FIELDS}
    return Criterion(row.key, **{**values, "sources": tuple(row.sources)})


def book_of(version: CriteriaVersion) -> Book:
    """The criteria of a version as plain values."""
    return book.make(version.head, [_criterion(row) for row in version.rows.all()])


def versions(set: str) -> list[CriteriaVersion]:
    """The published versions, the newest first."""
    return list(CriteriaVersion.objects.filter(set=set, published=True).order_by("-number"))


def in_use(set: str, on: date | None = None) -> CriteriaVersion:
    """The version in use on a day (today if none is given); before the first one, the first."""
    found = versions(set)
    day = on or clock.today()
    return next((one for one in found if one.valid_from and one.valid_from <= day), found[-1])


def draft(set: str) -> CriteriaVersion | None:
    """The draft of a set, if an officer has begun one."""
    return CriteriaVersion.objects.filter(set=set, published=False).first()


def correct(by: audit.Actor, set: str, one: Criterion, *, seen: str | None = None, page: str = "") -> bool:
    """Writes a criterion into the draft, which is begun if there is none; False when nothing differs.

    Args:
        seen: :meth:`~lienthong.rollout.changes.Typed.seen` of the draft's row that the officer had before him.

    Raises:
        LienThongError: ``criterion-not-valid``, ``row-changed``.
    """
    with changes.batch(by, WHAT, why=one.id, page=page) as batch:
        version = draft(set)
        row = (version or in_use(set)).rows.filter(key=one.id).first()
        if row is None:
            raise problems.unknown_criterion(one.id)
        check(book_of(row.version), one)
        if version is None:
            if _criterion(row) == one:
                return False
            version, seen = _begin(batch, set), None
            row = version.rows.get(key=one.id)
        return batch.save(_filled(row, one), seen=seen)


def replaced(by: audit.Actor, set: str, wanted: Book, source: str, *, page: str = "") -> CriteriaVersion:
    """Makes the draft say what a file says; criteria that the file has no more are removed."""
    with changes.batch(by, WHAT, why=source, page=page) as batch:
        version = draft(set) or _begin(batch, set)
        version.head, version.source = dict(wanted.head), source
        batch.save(version)
        known = {row.key: row for row in version.rows.all()}
        for place, one in enumerate(wanted.criteria, 1):
            row = known.pop(one.id, None) or CriterionRow(version=version, key=one.id)
            row.place = place
            batch.save(_filled(row, one))
        for row in known.values():
            batch.remove(row)
    return version


def _begin(batch: Batch, set: str) -> CriteriaVersion:
    newest = versions(set)[0]
    version = CriteriaVersion(set=set, number=newest.number + 1, head=newest.head)
    batch.save(version)
    _rows_as_they_are(version, book_of(newest).criteria)
    return version


def publish(by: audit.Actor, set: str, valid_from: date, source: str, *, page: str = "") -> CriteriaVersion:
    """Puts the draft into use from a day on.

    Raises:
        LienThongError: ``criteria-no-draft``, ``criteria-draft-same``, ``criteria-day-too-early``.
    """
    with changes.batch(by, WHAT, why=source, page=page) as batch:
        version, newest = draft(set), versions(set)[0]
        if version is None:
            raise problems.no_draft()
        if not differences(book_of(newest), book_of(version)):
            raise problems.draft_same()
        if newest.valid_from is not None and valid_from <= newest.valid_from:
            raise problems.day_too_early(newest.valid_from.strftime("%d/%m/%Y"))
        version.published, version.valid_from = True, valid_from
        version.source = source.strip() or version.source
        batch.save(version)
    return version


def discard(by: audit.Actor, set: str, *, page: str = "") -> None:
    """Throws the draft away; the history keeps what was typed into it.

    Raises:
        LienThongError: ``criteria-no-draft``.
    """
    with changes.batch(by, WHAT, page=page) as batch:
        version = draft(set)
        if version is None:
            raise problems.no_draft()
        for row in version.rows.select_related("version"):
            batch.remove(row)
        batch.remove(version)


@dataclass(frozen=True, slots=True)
class Difference:
    """A criterion, or the groups and rule (``id`` empty), before and after; None where it is not.

    ``fields`` are the names that differ.
    """

    id: str
    before: Criterion | None
    after: Criterion | None
    fields: tuple[str, ...]

    @property
    def kind(self) -> str:
        """``new``, ``gone`` or ``changed``."""
        return (
            "new"
            if self.before is None and self.id
            else "gone"
            if self.after is None and self.id
            else "changed"
        )


def differences(before: Book, after: Book) -> list[Difference]:
    """What changes from one version to another, in the order of the criteria; what the rule says comes first."""
    found = []
    heads = [name for name in ("groups", "rule") if before.head[name] != after.head[name]]
    if heads:
        found.append(Difference("", None, None, tuple(heads)))
    old, new = ({one.id: one for one in side.criteria} for side in (before, after))
    for id in dict.fromkeys([*(one.id for one in after.criteria), *old]):
        was, will = old.get(id), new.get(id)
        if was is None or will is None:
            found.append(Difference(id, was, will, ()))
        elif names := tuple(name for name in COMPARED if getattr(was, name) != getattr(will, name)):
            found.append(Difference(id, was, will, names))
    return found


def check(inside: Book, one: Criterion) -> None:
    """Whether a criterion can stand in a set.

    Raises:
        LienThongError: ``criterion-not-valid``, with the field in question.
    """
    group = next((group for group in inside.groups if group.id == one.group), None)
    if not _NUMBER.fullmatch(one.id):
        raise _wrong(
            one, "id", "mã chỉ gồm chữ cái, chữ số, dấu chấm và gạch nối", "letters, digits, . and - only"
        )
    if group is None:
        raise _wrong(one, "group", "nhóm không có trong bộ tiêu chí", "there is no such group")
    if one.level not in group.rungs[1:]:
        raise _wrong(one, "level", "mức không có trong thang của nhóm", "the group has no such level")
    if not one.vi.strip():
        raise _wrong(one, "vi", "chưa có nội dung tiếng Việt", "the Vietnamese wording is empty")
    if one.confidence not in ("A", "B", "C"):
        raise _wrong(one, "confidence", "độ tin cậy phải là A, B hoặc C", "confidence is A, B or C")
    for field, most in LENGTHS.items():
        if len(getattr(one, field)) > most:
            raise _wrong(one, field, f"dài quá {most} ký tự", f"longer than {most} characters")


def _wrong(one: Criterion, field: str, vi: str, en: str) -> LienThongError:
    return problems.criterion_wrong(
        f"Tiêu chí {one.id[:20]}: {vi}.", f"Criterion {one.id[:20]}: {en}.", field=field
    )
