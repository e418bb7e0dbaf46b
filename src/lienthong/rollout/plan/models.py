"""Documents, tasks and what they wait for, meetings, difficulties, templates, deadlines. All of it is typed.

What a reader sees as state, delay or blocking is computed (:mod:`.states`, :mod:`.graph`, :mod:`.schedule`).
Rows of confidence C come from general knowledge and are shown as to be confirmed.
"""

from __future__ import annotations

from datetime import date

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from lienthong.foundation import clock
from lienthong.rollout.changes import Typed
from lienthong.rollout.files import Kept
from lienthong.rollout.plan.states import Change, Facts

LONGEST_TITLE = 300
LONGEST_TEXT = 4000
LONGEST_MINUTES = 40_000
MOST_DAYS = 1000
"""The longest task or step."""
CONFIDENCES = [("A", "A"), ("B", "B"), ("C", "C")]


class Area(models.TextChoices):
    """What a task is about; the police see tasks of security alone."""

    STEERING = "steering", pgettext_lazy("plan", "Direction")
    CRITERIA = "criteria", pgettext_lazy("plan", "Criteria and levels")
    SECURITY = "security", pgettext_lazy("plan", "Security")
    LINK = "link", _("Exchange with Bạch Mai")
    FUNDING = "funding", pgettext_lazy("plan", "Funding")
    TENDER = "tender", pgettext_lazy("plan", "Tender")
    TRAINING = "training", pgettext_lazy("plan", "Training")
    TRIAL = "trial", pgettext_lazy("plan", "Trial run")
    EMR = "emr", pgettext_lazy("plan", "Electronic medical record")


class DocumentKind(models.TextChoices):
    """Kinds of document, after Decree 30/2020/NĐ-CP article 7."""

    CONCLUSION = "conclusion", pgettext_lazy("plan", "Conclusions")
    PLAN = "plan", pgettext_lazy("plan", "Plan")
    LETTER = "letter", pgettext_lazy("plan", "Official letter")
    DECISION = "decision", pgettext_lazy("plan", "Decision")
    DIRECTIVE = "directive", pgettext_lazy("plan", "Directive")
    REPORT = "report", pgettext_lazy("plan", "Report")
    MINUTES = "minutes", pgettext_lazy("plan", "Minutes")
    CIRCULAR = "circular", pgettext_lazy("plan", "Circular")
    DECREE = "decree", _("Law or decree")
    NEWS = "news", _("Published account")


class Category(models.TextChoices):
    """What a difficulty is about."""

    INFRASTRUCTURE = "infrastructure", pgettext_lazy("plan", "Infrastructure")
    NETWORK = "network", pgettext_lazy("plan", "Network lines")
    SOFTWARE = "software", pgettext_lazy("plan", "Software")
    STAFF = "staff", pgettext_lazy("plan", "Staff")
    FUNDING = "funding", pgettext_lazy("plan", "Funding")
    PRICING = "pricing", pgettext_lazy("plan", "Prices")
    CONTRACTOR = "contractor", pgettext_lazy("plan", "Contractors")
    SIGNATURE = "signature", pgettext_lazy("plan", "Digital signatures")
    INSURANCE = "insurance", pgettext_lazy("plan", "Health insurance")
    NATIONAL = "national", _("Reorganisation, national")


def in_page_language(vi: str, en: str) -> str:
    """The text in the language of the page; Vietnamese where there is no English."""
    return en if en and get_language() == "en" else vi


class Sourced(Typed):
    """What comes from a published source says so."""

    source = models.CharField(_("Source"), max_length=300, blank=True)
    confidence = models.CharField(
        pgettext_lazy("plan", "Confidence"), max_length=1, choices=CONFIDENCES, default="A"
    )

    class Meta:
        abstract = True

    @property
    def unconfirmed(self) -> bool:
        """Whether it is shown as to be confirmed."""
        return self.confidence == "C"


class Document(Sourced):
    """A document that orders, reports or proves something. ``number`` is empty where the number is not known."""

    THING = "document"
    LABEL = pgettext_lazy("plan", "Document")
    code = models.CharField(max_length=12, unique=True)
    number = models.CharField(pgettext_lazy("plan", "Number"), max_length=60, blank=True)
    day = models.DateField(_("Date of the document"))
    issuer = models.CharField(pgettext_lazy("plan", "Issued by"), max_length=200)
    kind = models.CharField(_("Kind"), max_length=12, choices=DocumentKind.choices)
    summary = models.CharField(pgettext_lazy("plan", "Summary"), max_length=600)
    summary_en = models.CharField(pgettext_lazy("plan", "Summary in English"), max_length=600, blank=True)

    class Meta:
        ordering = ["-day", "code"]

    @property
    def label(self) -> str:
        """``Quyết định 586/QĐ-BYT ngày 09/03/2026``; without number where none is known."""
        name = f"{self.get_kind_display()} {self.number}".strip()
        return gettext("%(name)s of %(day)s") % {"name": name, "day": f"{self.day:%d/%m/%Y}"}

    @property
    def words(self) -> str:
        return in_page_language(self.summary, self.summary_en)


class Task(Sourced):
    """A task of the province (``unit`` empty) or of one unit.

    ``due`` is the date that it was given with; later ones stand in :class:`DueChange`. ``part_of`` is the province's
    task that a unit's task helps to fulfil; ``step`` the step of the template that it was made from.
    """

    THING = "task"
    LABEL = pgettext_lazy("plan", "Task")
    number = models.CharField(pgettext_lazy("plan", "Number"), max_length=24, unique=True)
    title = models.CharField(pgettext_lazy("plan", "Task"), max_length=LONGEST_TITLE)
    title_en = models.CharField(_("Task in English"), max_length=LONGEST_TITLE, blank=True)
    unit = models.CharField(pgettext_lazy("plan", "Unit"), max_length=16, blank=True)
    area = models.CharField(pgettext_lazy("plan", "Area"), max_length=12, choices=Area.choices)
    lead = models.CharField(pgettext_lazy("plan", "Lead"), max_length=120)
    partners = models.CharField(pgettext_lazy("plan", "Partners"), max_length=400, blank=True)
    document = models.ForeignKey(
        Document,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="ordered",
        verbose_name=_("Ordered by document"),
    )
    given_on = models.DateField(_("Given on"))
    due = models.DateField(pgettext_lazy("plan", "Due"), null=True, blank=True)
    due_note = models.CharField(_("Remark on the date"), max_length=300, blank=True)
    begin = models.DateField(_("Planned begin"), null=True, blank=True)
    days = models.PositiveSmallIntegerField(
        _("Days it takes"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)],
    )
    started = models.DateField(_("Begun on"), null=True, blank=True)
    done = models.DateField(_("Done on"), null=True, blank=True)
    result = models.TextField(pgettext_lazy("plan", "Result"), max_length=LONGEST_TEXT, blank=True)
    evidence = models.ForeignKey(
        Document,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="proves",
        verbose_name=_("Document that proves it"),
    )
    reason_late = models.TextField(_("Reason if late"), max_length=LONGEST_TEXT, blank=True)
    part_of = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="parts",
        verbose_name=_("Part of the province's task"),
    )
    template = models.CharField(pgettext_lazy("plan", "Template"), max_length=30, blank=True)
    step = models.CharField(_("Step of the template"), max_length=30, blank=True)

    class Meta:
        ordering = ["unit", "number"]
        indexes = [models.Index(fields=["unit"], name="rollout_task_unit")]

    def unit_code(self) -> str:
        return self.unit

    @property
    def words(self) -> str:
        """The title in the language of the page."""
        return in_page_language(self.title, self.title_en)

    @property
    def facts(self) -> Facts:
        """What its state is computed from."""
        changes = tuple(
            Change(one.proposed_on, one.due, one.decided_on, one.agreed) for one in self.due_changes.all()
        )
        return Facts(self.due, changes, self.started, self.done)


class DueChange(Typed):
    """A due date that was proposed, and what was decided."""

    THING = "due-change"
    LABEL = _("Change of the due date")
    task = models.ForeignKey(Task, models.PROTECT, related_name="due_changes")
    proposed_on = models.DateField(_("Proposed on"))
    due = models.DateField(_("New due date"), null=True, blank=True)
    reason = models.CharField(_("Reason"), max_length=600)
    decided_on = models.DateField(_("Decided on"), null=True, blank=True)
    agreed = models.BooleanField(pgettext_lazy("plan", "Agreed"), default=False)
    answer = models.CharField(_("Answer"), max_length=600, blank=True)

    class Meta:
        ordering = ["proposed_on", "id"]

    def unit_code(self) -> str:
        return self.task.unit


class Dependency(Typed):
    """``task`` cannot begin before ``before`` is done."""

    THING = "task-dependency"
    LABEL = pgettext_lazy("plan", "Dependency")
    task = models.ForeignKey(Task, models.PROTECT, related_name="needs")
    before = models.ForeignKey(Task, models.PROTECT, related_name="holds")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "before"], name="rollout_dependency_once")]

    def unit_code(self) -> str:
        return self.task.unit


class TaskComment(Typed):
    """A remark on a task, with the day it is of."""

    THING = "task-comment"
    LABEL = pgettext_lazy("plan", "Comment")
    task = models.ForeignKey(Task, models.PROTECT, related_name="comments")
    day = models.DateField(_("Date"))
    text = models.TextField(pgettext_lazy("plan", "Comment"), max_length=LONGEST_TEXT)
    source = models.CharField(_("Source"), max_length=300, blank=True)

    class Meta:
        ordering = ["-day", "-id"]

    def unit_code(self) -> str:
        return self.task.unit


class Meeting(Sourced):
    """A meeting or an inspection, with who was there and its minutes."""

    THING = "meeting"
    LABEL = pgettext_lazy("plan", "Meeting")
    KINDS = [
        ("meeting", pgettext_lazy("plan", "Meeting")),
        ("inspection", pgettext_lazy("plan", "Inspection")),
    ]
    code = models.CharField(max_length=12, unique=True)
    kind = models.CharField(_("Kind"), max_length=12, choices=KINDS, default="meeting")
    day = models.DateField(_("Date"))
    title = models.CharField(pgettext_lazy("plan", "Subject"), max_length=LONGEST_TITLE)
    title_en = models.CharField(_("Subject in English"), max_length=LONGEST_TITLE, blank=True)
    place = models.CharField(pgettext_lazy("plan", "Place"), max_length=200, blank=True)
    chair = models.CharField(_("Chaired by"), max_length=200, blank=True)
    present = models.TextField(pgettext_lazy("plan", "Present"), max_length=LONGEST_TEXT, blank=True)
    minutes = models.TextField(pgettext_lazy("plan", "Minutes"), max_length=LONGEST_MINUTES, blank=True)
    document = models.ForeignKey(
        Document,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="meetings",
        verbose_name=_("Document with the conclusions"),
    )

    class Meta:
        ordering = ["-day", "code"]

    @property
    def words(self) -> str:
        return in_page_language(self.title, self.title_en)


class PlanFile(Kept, Typed):
    """A file of exactly one of: a task (what proves it), a document (its text), a meeting (its minutes)."""

    THING = "plan-file"
    LABEL = pgettext_lazy("plan", "File")
    task = models.ForeignKey(Task, models.PROTECT, null=True, related_name="files")
    document = models.ForeignKey(Document, models.PROTECT, null=True, related_name="files")
    meeting = models.ForeignKey(Meeting, models.PROTECT, null=True, related_name="files")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(task__isnull=False, document=None, meeting=None)
                | models.Q(task=None, document__isnull=False, meeting=None)
                | models.Q(task=None, document=None, meeting__isnull=False),
                name="rollout_plan_file_of_one",
            )
        ]

    def unit_code(self) -> str:
        return self.task.unit if self.task else ""


class Conclusion(Typed):
    """A conclusion of a meeting, and the task that it became."""

    THING = "conclusion"
    LABEL = pgettext_lazy("plan", "Conclusion")
    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="conclusions")
    place = models.PositiveSmallIntegerField(default=1)
    text = models.CharField(pgettext_lazy("plan", "Conclusion"), max_length=1000)
    text_en = models.CharField(_("Conclusion in English"), max_length=1000, blank=True)
    task = models.ForeignKey(
        Task,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="conclusions",
        verbose_name=pgettext_lazy("plan", "Task"),
    )

    class Meta:
        ordering = ["place", "id"]

    @property
    def words(self) -> str:
        return in_page_language(self.text, self.text_en)


class Difficulty(Sourced):
    """What stands in the way of a unit (or of the province: ``unit`` empty), whom it is put to, and the answer."""

    THING = "difficulty"
    LABEL = pgettext_lazy("plan", "Difficulty")
    code = models.CharField(max_length=12, unique=True)
    unit = models.CharField(pgettext_lazy("plan", "Unit"), max_length=16, blank=True)
    category = models.CharField(pgettext_lazy("plan", "Category"), max_length=16, choices=Category.choices)
    content = models.CharField(pgettext_lazy("plan", "Difficulty"), max_length=1000)
    content_en = models.CharField(_("Difficulty in English"), max_length=1000, blank=True)
    cause = models.CharField(pgettext_lazy("plan", "Cause"), max_length=1000, blank=True)
    proposal = models.CharField(pgettext_lazy("plan", "Proposal"), max_length=1000, blank=True)
    to_whom = models.CharField(pgettext_lazy("plan", "Put to"), max_length=120, blank=True)
    raised_on = models.DateField(_("Raised on"))
    answer = models.TextField(_("Answer"), max_length=LONGEST_TEXT, blank=True)
    answered_on = models.DateField(_("Answered on"), null=True, blank=True)
    closed_on = models.DateField(_("Closed on"), null=True, blank=True)
    task = models.ForeignKey(
        Task,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="difficulties",
        verbose_name=_("Task that it holds up"),
    )

    class Meta:
        ordering = ["raised_on", "code"]

    def unit_code(self) -> str:
        return self.unit

    @property
    def words(self) -> str:
        return in_page_language(self.content, self.content_en)

    def open_on(self, day: date) -> bool:
        """Whether it stood in the way on that day."""
        return self.raised_on <= day and (self.closed_on is None or self.closed_on > day)


class Template(Sourced):
    """Steps that units of some kinds go through. ``kinds``: kinds of unit, comma-joined; empty for all."""

    THING = "template"
    LABEL = pgettext_lazy("plan", "Template")
    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(pgettext_lazy("plan", "Name"), max_length=200)
    name_en = models.CharField(pgettext_lazy("plan", "Name in English"), max_length=200, blank=True)
    kinds = models.CharField(_("Kinds of unit"), max_length=200, blank=True)
    part_of = models.CharField(_("Part of the province's task"), max_length=24, blank=True)
    valid_from = models.DateField(_("Valid from"))
    valid_to = models.DateField(_("Valid until"), null=True, blank=True)

    class Meta:
        ordering = ["code"]

    @property
    def words(self) -> str:
        return in_page_language(self.name, self.name_en)

    def valid(self, day: date | None = None) -> bool:
        """Whether it is used on a day (today if none is given)."""
        day = day or clock.today()
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class TemplateStep(Typed):
    """A step: how many days it takes and which steps (``needs``, comma-joined) must be done before."""

    THING = "template-step"
    LABEL = _("Step of a template")
    template = models.ForeignKey(Template, models.PROTECT, related_name="steps")
    place = models.PositiveSmallIntegerField(pgettext_lazy("plan", "Place"), default=1)
    key = models.CharField(max_length=30)
    title = models.CharField(pgettext_lazy("plan", "Step"), max_length=LONGEST_TITLE)
    title_en = models.CharField(_("Step in English"), max_length=LONGEST_TITLE, blank=True)
    area = models.CharField(pgettext_lazy("plan", "Area"), max_length=12, choices=Area.choices)
    lead = models.CharField(pgettext_lazy("plan", "Lead"), max_length=120, blank=True)
    partners = models.CharField(pgettext_lazy("plan", "Partners"), max_length=400, blank=True)
    days = models.PositiveSmallIntegerField(
        _("Days it takes"), validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)]
    )
    needs = models.CharField(_("After the steps"), max_length=200, blank=True)
    basis = models.CharField(pgettext_lazy("plan", "Basis"), max_length=300, blank=True)

    class Meta:
        ordering = ["place", "id"]
        constraints = [models.UniqueConstraint(fields=["template", "key"], name="rollout_step_once")]

    @property
    def words(self) -> str:
        return in_page_language(self.title, self.title_en)

    @property
    def after(self) -> list[str]:
        """Keys of the steps that must be done before."""
        return [key for key in self.needs.split(",") if key]


class Deadline(Sourced):
    """A date set by the province or by law, since ``known_from``; ``ended_on``: replaced or repealed."""

    THING = "deadline"
    LABEL = pgettext_lazy("plan", "Deadline")
    code = models.CharField(max_length=12, unique=True)
    day = models.DateField(_("Date"))
    what = models.CharField(pgettext_lazy("plan", "What is due"), max_length=LONGEST_TITLE)
    what_en = models.CharField(_("What is due, in English"), max_length=LONGEST_TITLE, blank=True)
    applies_to = models.CharField(pgettext_lazy("plan", "Applies to"), max_length=200, blank=True)
    applies_to_en = models.CharField(_("Applies to, in English"), max_length=200, blank=True)
    known_from = models.DateField(pgettext_lazy("plan", "Known from"))
    ended_on = models.DateField(pgettext_lazy("plan", "Ended on"), null=True, blank=True)

    class Meta:
        ordering = ["day", "code"]

    @property
    def words(self) -> str:
        return in_page_language(self.what, self.what_en)

    @property
    def who(self) -> str:
        return in_page_language(self.applies_to, self.applies_to_en)
