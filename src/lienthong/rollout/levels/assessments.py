"""What a unit does with its assessment and the department with its review. One function for each step."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from lienthong.access import audit
from lienthong.foundation import clock
from lienthong.rollout import changes, files
from lienthong.rollout.changes import Batch
from lienthong.rollout.levels import criteria, filled, problems
from lienthong.rollout.levels.book import Criterion
from lienthong.rollout.levels.filled import Filled
from lienthong.rollout.levels.models import (
    Assessment,
    AssessmentAnswer,
    AssessmentFile,
    AssessmentVerdict,
    Opinion,
    State,
    Value,
)

LONGEST_REASON = 600
LONGEST_NOTE = 1000


def available(set: str, on: date) -> bool:
    """Whether units may assess themselves by a set on a day: from its issue until it ends."""
    head = criteria.book_of(criteria.in_use(set, on)).head
    ended = head["in_force_to"]
    return bool(head["issued"] <= on.isoformat() and (ended is None or on.isoformat() < ended))


def under_way(facility: str, set: str) -> Assessment | None:
    """The assessment that is not finished."""
    return Assessment.objects.filter(facility=facility, set=set).exclude(state=State.DECIDED).first()


def begin(by: audit.Actor, facility: str, set: str, *, page: str = "") -> Assessment:
    """A new assessment by the version in use, with the answers and files of the one before as a start.

    Raises:
        LienThongError: ``criteria-not-in-force``, ``assessment-under-way``.
    """
    today = clock.today()
    if not available(set, today):
        raise problems.set_not_in_force(today.strftime("%d/%m/%Y"))
    with changes.batch(by, "levels-begin", unit=facility, page=page) as batch:
        if under_way(facility, set):
            raise problems.already_open()
        before = Assessment.objects.filter(facility=facility, set=set).first()
        made = Assessment(facility=facility, set=set, version=criteria.in_use(set, today))
        batch.save(made)
        batch.save(filled.stage(made, State.OPEN, today))
        if before is not None:
            _carry(filled.read(before), made)
    return made


def _carry(before: Filled, made: Assessment) -> None:
    """Answers and files by criterion id, with who gave them when; whether they still fit shows from the digest."""
    answers, files = list(before.answers.values()), [file for some in before.files.values() for file in some]
    for answer in answers:
        answer.pk, answer.assessment, answer.carried = None, made, True
    for file in files:
        file.pk, file.assessment = None, made
    AssessmentAnswer.objects.bulk_create(answers)
    AssessmentFile.objects.bulk_create(files)


def move(by: audit.Actor, assessment: Assessment, *, page: str = "") -> None:
    """Goes on with the version of the criteria that is in use now; answers stay where the wording does.

    Raises:
        LienThongError: ``assessment-closed``.
    """
    with changes.batch(by, "levels-version", unit=assessment.facility, page=page) as batch:
        found = _locked(assessment, State.OPEN, State.RETURNED)
        found.version = criteria.in_use(found.set, clock.today())
        batch.save(found)


def answer(
    by: audit.Actor,
    assessment: Assessment,
    key: str,
    value: Value,
    *,
    reason: str = "",
    note: str | None = None,
    page: str = "",
) -> None:
    """The unit's answer to a criterion; ``note`` None leaves the note.

    Raises:
        LienThongError: ``assessment-closed``, ``criterion-closed``, ``criterion-unknown``, ``reason-missing``,
            ``text-too-long``.
    """
    with changes.batch(by, "levels-answer", unit=assessment.facility, why=key, page=page) as batch:
        form = _form(assessment, State.OPEN, State.RETURNED)
        one = _editable(form, key)
        reason = _text(reason, LONGEST_REASON) if value == Value.NOT_APPLICABLE else ""
        if value == Value.NOT_APPLICABLE and not reason:
            raise problems.reason_missing(key)
        _anew(batch, form, key)
        row = form.answers.get(key) or AssessmentAnswer(assessment=form.assessment, key=key)
        row.value, row.reason, row.about, row.carried = value, reason, filled.about(one), False
        row.note = row.note if note is None else _text(note, LONGEST_NOTE)
        batch.save(row)


def attach(
    by: audit.Actor, assessment: Assessment, key: str, name: str, content: bytes, *, page: str = ""
) -> AssessmentFile:
    """Keeps a file as evidence for a criterion; the same bytes twice are one file.

    Raises:
        LienThongError: ``file-refused`` and those of :func:`answer`; ``exchange-hub-full``.
    """
    kind = files.kind_of(content)
    with changes.batch(by, "levels-file", unit=assessment.facility, why=key, page=page) as batch:
        form = _form(assessment, State.OPEN, State.RETURNED)
        _editable(form, key)
        kept = form.files.get(key, [])
        sha256 = files.keep(content)
        same = next((file for file in kept if file.sha256 == sha256), None)
        if same is not None:
            return same
        if len(kept) >= files.MOST:
            raise files.too_many()
        _anew(batch, form, key)
        row = AssessmentFile(
            assessment=form.assessment,
            key=key,
            name=files.name_of(name, kind),
            kind=kind,
            size=len(content),
            sha256=sha256,
        )
        batch.save(row)
    return row


def detach(by: audit.Actor, file: AssessmentFile, *, page: str = "") -> None:
    """Takes a file off a criterion; its bytes stay, for the history names them.

    Raises:
        LienThongError: as :func:`answer`.
    """
    with changes.batch(by, "levels-file", unit=file.assessment.facility, why=file.key, page=page) as batch:
        form = _form(file.assessment, State.OPEN, State.RETURNED)
        _editable(form, file.key)
        batch.remove(file)


def submit(
    by: audit.Actor, assessment: Assessment, document: str = "", day: date | None = None, *, page: str = ""
) -> None:
    """The unit sends it, with the decision of its head if there is one already.

    What was asked again is asked no more; the department looks at it anew.

    Raises:
        LienThongError: ``assessment-closed``, ``answers-left``, ``document-missing``.
    """
    today = clock.today()
    if bool(document.strip()) != bool(day) or (day and day > today):
        raise problems.document_missing()
    with changes.batch(by, "levels-submit", unit=assessment.facility, page=page) as batch:
        form = _form(assessment, State.OPEN, State.RETURNED)
        left = form.left(today)
        if left:
            raise problems.answers_left([one.id for one in left])
        row = form.assessment
        row.state = State.SUBMITTED
        row.unit_document, row.unit_day = _text(document, 80), day
        batch.save(row)
        for verdict in form.verdicts.values():
            if verdict.value == Opinion.AGAIN:
                batch.remove(verdict)
        batch.save(filled.stage(row, State.SUBMITTED, today, outcome=form.outcome(today, reviewed=False)))


def review(
    by: audit.Actor, assessment: Assessment, key: str, value: Opinion, why: str = "", *, page: str = ""
) -> None:
    """The department's opinion of an answer.

    Raises:
        LienThongError: ``assessment-closed``, ``criterion-unknown``, ``reason-missing``, ``text-too-long``.
    """
    with changes.batch(by, "levels-review", unit=assessment.facility, why=key, page=page) as batch:
        form = _form(assessment, State.SUBMITTED)
        _known(form, key)
        why = _text(why, LONGEST_REASON)
        if value != Opinion.AGREE and not why:
            raise problems.reason_missing(key)
        row = form.verdicts.get(key) or AssessmentVerdict(assessment=form.assessment, key=key)
        row.value, row.why = value, why
        batch.save(row)


def agree_rest(by: audit.Actor, assessment: Assessment, group: str, *, page: str = "") -> int:
    """Agrees to everything in a group of which nothing was said yet; how many that were.

    Raises:
        LienThongError: ``assessment-closed``.
    """
    with changes.batch(by, "levels-review", unit=assessment.facility, why=group, page=page) as batch:
        form = _form(assessment, State.SUBMITTED)
        rest = [one for one in form.book.of(group) if form.value(one) and not form.opinion(one)]
        for one in rest:
            batch.save(AssessmentVerdict(assessment=form.assessment, key=one.id, value=Opinion.AGREE))
    return len(rest)


def give_back(by: audit.Actor, assessment: Assessment, note: str = "", *, page: str = "") -> None:
    """Returns it to the unit for what was asked again.

    Raises:
        LienThongError: ``assessment-closed``, ``nothing-asked-again``, ``text-too-long``.
    """
    with changes.batch(by, "levels-return", unit=assessment.facility, page=page) as batch:
        form = _form(assessment, State.SUBMITTED)
        if not any(verdict.value == Opinion.AGAIN for verdict in form.verdicts.values()):
            raise problems.nothing_asked()
        form.assessment.state = State.RETURNED
        batch.save(form.assessment)
        batch.save(filled.stage(form.assessment, State.RETURNED, clock.today(), _text(note, LONGEST_REASON)))


def decide(
    by: audit.Actor,
    assessment: Assessment,
    document: str,
    day: date | None,
    note: str = "",
    *,
    page: str = "",
) -> None:
    """Records the department's decision; from then on nothing of the assessment changes.

    Raises:
        LienThongError: ``assessment-closed``, ``document-missing``, ``verdicts-left``, ``text-too-long``.
    """
    if not document.strip() or day is None or day > clock.today():
        raise problems.document_missing()
    with changes.batch(by, "levels-decide", unit=assessment.facility, page=page) as batch:
        form = _form(assessment, State.SUBMITTED)
        left = form.unreviewed(day)
        if left:
            raise problems.verdicts_left([one.id for one in left])
        row = form.assessment
        batch.save(
            filled.stage(
                row, State.DECIDED, day, _text(note, LONGEST_REASON), form.outcome(day, reviewed=True)
            )
        )
        row.state, row.document, row.day = State.DECIDED, _text(document, 80), day
        batch.save(row)


def _locked(assessment: Assessment, *states: State) -> Assessment:
    """The row as it is now, held until the transaction ends."""
    rows = Assessment.objects.select_related("version")
    if transaction.get_connection().features.has_select_for_update_of:
        rows = rows.select_for_update(of=("self",))
    found = rows.get(pk=assessment.pk)
    if found.state not in states:
        raise problems.assessment_closed()
    return found


def _form(assessment: Assessment, *states: State) -> Filled:
    return filled.read(_locked(assessment, *states))


def _known(form: Filled, key: str) -> Criterion:
    one = form.book.criterion(key)
    if one is None or not one.asked:
        raise problems.unknown_criterion(key)
    return one


def _editable(form: Filled, key: str) -> Criterion:
    one = _known(form, key)
    if not form.editable(one):
        raise problems.criterion_closed()
    return one


def _anew(batch: Batch, form: Filled, key: str) -> None:
    """An opinion of an answer to an older wording says nothing of the new answer."""
    verdict = form.verdicts.get(key)
    if verdict is not None and verdict.value != Opinion.AGAIN:
        batch.remove(verdict)


def _text(text: str, most: int) -> str:
    text = " ".join(text.split()) if most <= LONGEST_REASON else text.strip()
    if len(text) > most:
        raise problems.too_long(most)
    return text
