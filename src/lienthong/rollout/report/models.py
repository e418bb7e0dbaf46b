"""Reports: frozen data, the officer's texts, who took which step, the finished files. Rows are only ever added,
but for the state of a report on its way."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class KeptRows(models.QuerySet[Any]):
    """Rows that nothing changes or removes."""

    def update(self, **values: Any) -> NoReturn:
        raise TypeError("rows that are kept are not changed")

    def delete(self) -> NoReturn:
        raise TypeError("rows that are kept are not removed")


class Kept(models.Model):
    """A row that is written once."""

    objects: ClassVar[Any] = KeptRows.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise TypeError("a row that is kept is not changed")
        super().save(force_insert=True, using=options.get("using"))

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        raise TypeError("a row that is kept is not removed")


class Snapshot(Kept):
    """The data of a period as they stood at the closing: canonical JSON (RFC 8785) and its SHA-256."""

    id = models.CharField(max_length=32, primary_key=True)
    kind = models.CharField(max_length=12)
    first = models.DateField()
    last = models.DateField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=120)
    body = models.TextField()
    sha256 = models.CharField(max_length=64)


class State(models.TextChoices):
    """Who must act next."""

    DRAFT = "draft", pgettext_lazy("report", "Being drafted")
    UNITS = "units", _("With the units and the head of division")
    DIRECTOR = "director", _("With the director")
    CLERK = "clerk", _("With the clerk")
    NUMBERED = "numbered", pgettext_lazy("report", "Numbered")
    SENT = "sent", pgettext_lazy("report", "Sent")


class Report(models.Model):
    """A report on its way. ``replaces`` is set for a corrected one; a numbered one is never changed."""

    id = models.CharField(max_length=32, primary_key=True)
    kind = models.CharField(max_length=12)
    first = models.DateField()
    last = models.DateField()
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="reports")
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=60)
    made_by_name = models.CharField(max_length=120)
    planned = models.DateField(help_text="planned day of signing; says who issues the report")
    signer = models.CharField(max_length=8, default="director", help_text="director or deputy")
    signer_name = models.CharField(max_length=120, blank=True)
    code = models.CharField(max_length=10, blank=True)
    number = models.PositiveIntegerField(null=True)
    year = models.PositiveSmallIntegerField(null=True)
    day = models.DateField(null=True)

    class Meta:
        ordering = ["-last", "-made_at"]
        constraints = [
            models.UniqueConstraint(fields=["code", "year", "number"], name="rollout_report_number"),
        ]


class ReportText(Kept):
    """A part of a report in the officer's words; the newest counts. An empty one goes back to the generated text.

    ``generated`` is what stood there when he wrote it, so that a later change of the figures in it is seen.
    """

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="texts")
    part = models.CharField(max_length=10)
    text = models.TextField(blank=True)
    generated = models.TextField()
    at = models.DateTimeField()
    by = models.CharField(max_length=60)
    by_name = models.CharField(max_length=120)

    class Meta:
        ordering = ["id"]


class ReportStep(Kept):
    """A step of the approval: who took it, when, and the hash of what he had before him."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="steps")
    step = models.CharField(max_length=10)
    at = models.DateTimeField()
    by = models.CharField(max_length=60)
    by_name = models.CharField(max_length=120)
    unit = models.CharField(max_length=16, blank=True)
    seen = models.CharField(max_length=64)
    note = models.CharField(max_length=600, blank=True)

    class Meta:
        ordering = ["id"]


class ReportFile(Kept):
    """A finished file of a numbered report, made once, with its SHA-256."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="files")
    form = models.CharField(max_length=4)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["form"]
        constraints = [models.UniqueConstraint(fields=["report", "form"], name="rollout_report_file")]
