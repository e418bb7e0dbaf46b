"""Versions of the criteria, assessments of units, and what the department says of them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lienthong.rollout.changes import Typed
from lienthong.rollout.files import Kept
from lienthong.rollout.levels import problems
from lienthong.rollout.levels.book import UNCONFIRMED


class CriteriaVersion(Typed):
    """A set of criteria in one version. A draft may be changed; a published version is never changed again.

    ``set`` is one of :data:`.book.SETS`; ``head`` is everything but the criteria, as in ``data/*.json``.
    It is in use from ``valid_from`` until the next published version.
    """

    THING = "criteria-version"
    LABEL = pgettext_lazy("levels", "Version of criteria")
    SILENT = frozenset({"set", "head"})
    set = models.CharField(pgettext_lazy("levels", "Set of criteria"), max_length=8)
    number = models.PositiveSmallIntegerField(pgettext_lazy("criteria", "Version"))
    published = models.BooleanField(_("Published"), default=False)
    valid_from = models.DateField(pgettext_lazy("levels", "In use from"), null=True)
    source = models.CharField(pgettext_lazy("levels", "Official source"), max_length=300, blank=True)
    head: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        pgettext_lazy("levels", "Groups and level rule")
    )

    class Meta:
        ordering = ["set", "number"]
        constraints = [
            models.UniqueConstraint(fields=["set", "number"], name="rollout_criteria_version_once")
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuses to change what is in use: assessments rest on it."""
        stored = CriteriaVersion.objects.filter(pk=self.pk, published=True).first() if self.pk else None
        if stored is not None and (self.published or stored.number == 1 or stored.assessments.exists()):
            raise problems.version_fixed(stored.number)
        super().save(*args, **kwargs)


class CriterionRow(Typed):
    """A criterion of a version; the fields are those of :class:`.book.Criterion`."""

    THING = "criterion"
    LABEL = pgettext_lazy("levels", "Criterion")
    SILENT = frozenset({"place", "sources"})
    version = models.ForeignKey(CriteriaVersion, on_delete=models.PROTECT, related_name="rows")
    place = models.PositiveSmallIntegerField(pgettext_lazy("levels", "Order"))
    key = models.CharField(_("Number"), max_length=20)
    group = models.CharField(pgettext_lazy("criteria", "Group"), max_length=10)
    level = models.CharField(pgettext_lazy("criteria", "Level"), max_length=10)
    vi = models.CharField(pgettext_lazy("levels", "Wording, Vietnamese"), max_length=1000)
    en = models.CharField(pgettext_lazy("levels", "Wording, English"), max_length=1000, blank=True)
    legal_no = models.CharField(pgettext_lazy("levels", "Number in the document"), max_length=120, blank=True)
    confidence = models.CharField(pgettext_lazy("levels", "Confidence"), max_length=1, default=UNCONFIRMED)
    official = models.CharField(pgettext_lazy("levels", "Official source"), max_length=300, blank=True)
    sources: models.JSONField[list[str], list[str]] = models.JSONField(
        pgettext_lazy("levels", "Sources"), default=list
    )
    note_vi = models.CharField(pgettext_lazy("levels", "Note, Vietnamese"), max_length=600, blank=True)
    note_en = models.CharField(pgettext_lazy("levels", "Note, English"), max_length=600, blank=True)
    asked = models.BooleanField(pgettext_lazy("levels", "Units answer it"), default=True)

    class Meta:
        ordering = ["place", "id"]
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="rollout_criterion_once")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuses to change a criterion of a published version."""
        _draft(self.version)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """The same for removing one."""
        _draft(self.version)
        return super().delete(*args, **kwargs)


def _draft(version: CriteriaVersion) -> None:
    if version.published:
        raise problems.version_fixed(version.number)


class State(models.TextChoices):
    """Where an assessment stands."""

    OPEN = "open", pgettext_lazy("levels", "The unit fills it in")
    SUBMITTED = "submitted", pgettext_lazy("levels", "Sent, waits for review")
    RETURNED = "returned", pgettext_lazy("levels", "Returned to the unit")
    DECIDED = "decided", pgettext_lazy("levels", "Reviewed")


class Value(models.TextChoices):
    """What a unit says of a criterion."""

    MET = "met", pgettext_lazy("criterion", "Met")
    NOT_MET = "not-met", pgettext_lazy("criterion", "Not met")
    NOT_APPLICABLE = "na", pgettext_lazy("criterion", "Not applicable")


class Opinion(models.TextChoices):
    """What the department says of the answer to a criterion."""

    AGREE = "agree", pgettext_lazy("verdict", "Agreed")
    DISAGREE = "disagree", pgettext_lazy("verdict", "Not agreed")
    AGAIN = "again", pgettext_lazy("verdict", "Asked again")


class Assessment(Typed):
    """A unit's assessment by one set in one version. One is under way at a time for a unit and set.

    ``unit_document`` and ``unit_day``: the decision of the unit's head (Circular 54/2017, article 5(1));
    ``document`` and ``day``: the department's, when it has reviewed it.
    """

    THING = "assessment"
    LABEL = pgettext_lazy("levels", "Assessment")
    SILENT = frozenset({"facility", "set"})
    facility = models.CharField(max_length=16)
    set = models.CharField(pgettext_lazy("levels", "Set of criteria"), max_length=8)
    version = models.ForeignKey(
        CriteriaVersion,
        on_delete=models.PROTECT,
        related_name="assessments",
        verbose_name=pgettext_lazy("criteria", "Version"),
    )
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.OPEN)
    unit_document = models.CharField(
        pgettext_lazy("levels", "Decision of the unit"), max_length=80, blank=True
    )
    unit_day = models.DateField(pgettext_lazy("levels", "Day of the unit's decision"), null=True)
    document = models.CharField(
        pgettext_lazy("levels", "Document of the department"), max_length=80, blank=True
    )
    day = models.DateField(_("Day of the department's document"), null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "set"], condition=~Q(state="decided"), name="rollout_assessment_one_open"
            )
        ]


class _Part(Typed):
    """A row of an assessment; belongs to its unit, and is written only while the assessment is in a state for it."""

    WRITTEN_IN: ClassVar[tuple[State, ...]] = ()
    assessment: models.ForeignKey[Assessment, Assessment]
    key: models.CharField[str, str]

    class Meta:
        abstract = True

    def unit_code(self) -> str:
        return self.assessment.facility

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuses what no step allows, also when something older is taken back."""
        self._open()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """The same for removing."""
        self._open()
        return super().delete(*args, **kwargs)

    def _open(self) -> None:
        state = Assessment.objects.values_list("state", flat=True).get(pk=self.assessment.pk)
        if state not in self.WRITTEN_IN:
            raise problems.assessment_closed()


class _Said(_Part):
    """What the unit says: of a returned assessment only that of which the department has made up no mind."""

    WRITTEN_IN = (State.OPEN, State.RETURNED)

    class Meta:
        abstract = True

    def _open(self) -> None:
        super()._open()
        judged = AssessmentVerdict.objects.filter(assessment=self.assessment, key=self.key)
        if judged.filter(assessment__state=State.RETURNED).exclude(value=Opinion.AGAIN).exists():
            raise problems.criterion_closed()


class AssessmentAnswer(_Said):
    """The unit's answer to a criterion. ``about``: digest of the wording it was given to (:func:`.filled.about`).

    ``carried``: taken over from the assessment before, not looked at again yet.
    """

    THING = "assessment-answer"
    LABEL = pgettext_lazy("levels", "Answer to a criterion")
    SILENT = frozenset({"about", "carried"})
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="answers")
    key = models.CharField(pgettext_lazy("levels", "Criterion"), max_length=20)
    value = models.CharField(_("Answer"), max_length=8, choices=Value.choices)
    reason = models.CharField(pgettext_lazy("levels", "Why it does not apply"), max_length=600, blank=True)
    note = models.CharField(pgettext_lazy("levels", "Note"), max_length=1000, blank=True)
    about = models.CharField(pgettext_lazy("levels", "Wording answered"), max_length=32)
    carried = models.BooleanField(pgettext_lazy("levels", "From the assessment before"), default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["assessment", "key"], name="rollout_answer_once")]


class AssessmentVerdict(_Part):
    """What the department says of an answer; goes with the answer when that is given anew."""

    THING = "assessment-verdict"
    LABEL = pgettext_lazy("levels", "Review of a criterion")
    WRITTEN_IN = (State.SUBMITTED, State.RETURNED)
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="verdicts")
    key = models.CharField(pgettext_lazy("levels", "Criterion"), max_length=20)
    value = models.CharField(pgettext_lazy("levels", "Review"), max_length=8, choices=Opinion.choices)
    why = models.CharField(_("Reason"), max_length=600, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["assessment", "key"], name="rollout_verdict_once")]


class AssessmentFile(Kept, _Said):
    """A file that shows that a criterion is met."""

    THING = "assessment-file"
    LABEL = pgettext_lazy("levels", "Evidence file")
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="files")
    key = models.CharField(pgettext_lazy("levels", "Criterion"), max_length=20)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "key", "sha256"], name="rollout_evidence_once")
        ]


class AssessmentStage(Typed):
    """A state that an assessment reached on a day, with the levels as they were then (:class:`.filled.Outcome`)."""

    THING = "assessment-stage"
    LABEL = pgettext_lazy("levels", "State of an assessment")
    SILENT = frozenset({"outcome"})
    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="stages")
    state = models.CharField(_("State"), max_length=10, choices=State.choices)
    on = models.DateField(_("Day"))
    note = models.CharField(pgettext_lazy("levels", "Note"), max_length=600, blank=True)
    outcome: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        pgettext_lazy("levels", "Levels"), default=dict
    )

    class Meta:
        ordering = ["on", "id"]
        indexes = [models.Index(fields=["state", "on"], name="rollout_stage_on")]

    def unit_code(self) -> str:
        return self.assessment.facility
