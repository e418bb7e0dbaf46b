"""Checklists and what was found."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lienthong.rollout.changes import Typed


class Conclusion(models.TextChoices):
    """How a check ended; empty while it is under way."""

    PASSED = "passed", _("Passed")
    CONDITIONS = "conditions", _("Passed with conditions")
    FAILED = "failed", pgettext_lazy("security", "Not passed")


class Answer(models.TextChoices):
    """What was found for one requirement."""

    MET = "met", pgettext_lazy("security", "Met")
    PARTLY = "partly", pgettext_lazy("security", "Partly met")
    NOT_MET = "not-met", pgettext_lazy("security", "Not met")
    NOT_HERE = "not-here", pgettext_lazy("security", "Does not apply")


class SecurityCheck(Typed):
    """One review of a unit by the police. ``edition`` is the day whose requirements were asked (yyyy-MM-dd)."""

    THING = "security-check"
    LABEL = _("Security check")
    facility = models.CharField(max_length=16)
    begun_on = models.DateField()
    edition = models.DateField()
    conclusion = models.CharField(max_length=10, choices=Conclusion.choices, blank=True)
    concluded_on = models.DateField(null=True)
    document = models.CharField(max_length=80, blank=True, help_text="number of the minutes")
    note = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ["begun_on", "id"]


class Finding(Typed):
    """The answer to one requirement of a check."""

    THING = "security-finding"
    LABEL = _("Security finding")
    check_made = models.ForeignKey(SecurityCheck, on_delete=models.PROTECT, related_name="findings")
    item = models.CharField(max_length=10)
    answer = models.CharField(max_length=8, choices=Answer.choices)
    note = models.CharField(max_length=600, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["check_made", "item"], name="rollout_finding_once")]

    def unit_code(self) -> str:
        return self.check_made.facility
