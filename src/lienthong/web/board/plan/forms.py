"""Forms of the plan. What they hold is written by :mod:`lienthong.rollout.plan.writing`."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from lienthong.foundation import clock
from lienthong.rollout import units
from lienthong.rollout.plan import organisations
from lienthong.rollout.plan.models import (
    Area,
    Conclusion,
    Deadline,
    Difficulty,
    Document,
    DueChange,
    Meeting,
    Task,
    TaskComment,
    TemplateStep,
)
from lienthong.web.views.units import DayInput

FIRST, LAST = date(2000, 1, 1), date(2100, 12, 31)


class PlanForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form of one row; ``seen`` says which state of the row the person had before him."""

    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["seen"].initial = self.instance.seen()
        for name, field in self.fields.items():
            if isinstance(field, forms.DateField):
                field.widget = DayInput()
                field.error_messages["invalid"] = _("Enter a day, e.g. 2025-03-15.")
            elif isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = 10 if name == "minutes" else 3
            if isinstance(field, forms.ModelChoiceField):
                field.empty_label = "–"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name, value in list(cleaned.items()):
            if isinstance(value, date) and not FIRST <= value <= LAST:
                self.add_error(name, _("Enter a day between 2000 and 2100."))
        return cleaned

    @property
    def was(self) -> str | None:
        """The state of the row that the person had before him; None for a new row."""
        return str(self.cleaned_data.get("seen", "")) if self.instance.pk else None


class DocumentChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Documents by kind, number and day."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.label}: {obj.words}"[:140]


class TaskChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Tasks by number and title."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.number} {obj.words}"[:120]


class TaskForm(PlanForm):
    """A task as it is given."""

    lead = forms.ChoiceField(label=pgettext_lazy("plan", "Lead"))
    partners = forms.MultipleChoiceField(
        label=pgettext_lazy("plan", "Partners"), required=False, widget=forms.CheckboxSelectMultiple
    )
    unit = forms.ChoiceField(label=pgettext_lazy("plan", "Unit"), required=False)
    document = DocumentChoice(
        Document.objects.all(), required=False, label=gettext_lazy("Ordered by document")
    )
    part_of = TaskChoice(
        Task.objects.filter(unit=""), required=False, label=gettext_lazy("Part of the province's task")
    )

    class Meta:
        model = Task
        fields = [
            "title",
            "title_en",
            "unit",
            "area",
            "lead",
            "partners",
            "document",
            "given_on",
            "due",
            "due_note",
            "begin",
            "days",
            "part_of",
            "source",
            "confidence",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        who = organisations.choices()
        lead = self.instance.lead
        if lead and lead not in dict(who):
            who = [(lead, organisations.name(lead)), *who]
        _choose(self.fields["lead"], [("", "–"), *who])
        kept = [one.strip() for one in self.instance.partners.split(organisations.BETWEEN) if one.strip()]
        more = [(one, organisations.name(one)) for one in kept if one not in dict(who)]
        _choose(self.fields["partners"], [*who, *more])
        self.initial["partners"] = kept
        every = [(unit.code, organisations.name(unit.code)) for unit in units.listing()]
        if self.instance.unit and self.instance.unit not in dict(every):
            every.append((self.instance.unit, organisations.name(self.instance.unit)))
        _choose(self.fields["unit"], [("", _("Whole province")), *every])
        if self.instance.pk:
            self.fields["unit"].disabled = True

    def clean_partners(self) -> str:
        text = organisations.BETWEEN.join(self.cleaned_data["partners"])
        if len(text) > 400:
            raise forms.ValidationError(_("Too many partners; choose a group of units instead."))
        return text


def _choose(field: forms.Field, choices: list[tuple[str, str]]) -> None:
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


class ProgressForm(PlanForm):
    """How far a task is."""

    evidence = DocumentChoice(
        Document.objects.all(), required=False, label=gettext_lazy("Document that proves it")
    )

    class Meta:
        model = Task
        fields = ["started", "done", "result", "evidence", "reason_late"]


class DueForm(PlanForm):
    """Another due date, proposed with its reason."""

    class Meta:
        model = DueChange
        fields = ["due", "reason"]


class DecisionForm(forms.Form):
    """The answer to a proposal."""

    answer = forms.CharField(label=gettext_lazy("Answer"), max_length=600, required=False)


class NeedForm(forms.Form):
    """A task that must be done before."""

    before = TaskChoice(Task.objects.all(), label=gettext_lazy("Waits for"), to_field_name="number")

    def __init__(self, task: Task, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["before"]
        assert isinstance(chosen, forms.ModelChoiceField)
        near = Task.objects.filter(unit__in={"", task.unit}).exclude(pk=task.pk)
        chosen.queryset, chosen.empty_label = near, "–"


class CommentForm(PlanForm):
    """A remark."""

    class Meta:
        model = TaskComment
        fields = ["text"]


class MeetingForm(PlanForm):
    """A meeting or an inspection."""

    document = DocumentChoice(
        Document.objects.all(), required=False, label=gettext_lazy("Document with the conclusions")
    )

    class Meta:
        model = Meeting
        fields = ["kind", "day", "title", "place", "chair", "present", "minutes", "document", "source"]


class ConclusionForm(PlanForm):
    """A conclusion, which may become a task at once."""

    make_task = forms.BooleanField(required=False, label=gettext_lazy("Make it a task"))
    lead = forms.ChoiceField(label=pgettext_lazy("plan", "Lead"), required=False)
    area = forms.ChoiceField(label=pgettext_lazy("plan", "Area"), choices=Area.choices)
    due = forms.DateField(label=pgettext_lazy("plan", "Due"), required=False)

    class Meta:
        model = Conclusion
        fields = ["text"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self.fields["lead"], organisations.choices())


class DifficultyForm(PlanForm):
    """A difficulty as it is told."""

    unit = forms.ChoiceField(label=pgettext_lazy("plan", "Unit"), required=False)
    to_whom = forms.ChoiceField(label=pgettext_lazy("plan", "Put to"), required=False)
    task = TaskChoice(Task.objects.all(), required=False, label=gettext_lazy("Task that it holds up"))

    class Meta:
        model = Difficulty
        fields = [
            "unit",
            "category",
            "content",
            "cause",
            "proposal",
            "to_whom",
            "task",
            "raised_on",
            "answer",
            "answered_on",
            "closed_on",
        ]

    def __init__(self, codes: list[str], *args: Any, answers: bool = True, **kwargs: Any) -> None:
        """``codes``: units that may be named, empty for the province; ``answers``: whether the answer may be typed."""
        super().__init__(*args, **kwargs)
        if self.instance.unit not in codes and self.instance.pk:
            codes = [self.instance.unit, *codes]
        named = [(code, organisations.name(code) if code else _("Whole province")) for code in codes]
        _choose(self.fields["unit"], named)
        who = organisations.choices()
        if self.instance.to_whom and self.instance.to_whom not in dict(who):
            who.append((self.instance.to_whom, organisations.name(self.instance.to_whom)))
        _choose(self.fields["to_whom"], [("", "–"), *who])
        tasks = self.fields["task"]
        assert isinstance(tasks, forms.ModelChoiceField)
        tasks.queryset = Task.objects.filter(unit__in={"", *codes})
        if not answers:
            for name in ("answer", "answered_on"):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        raised = cleaned.get("raised_on")
        for name in ("answered_on", "closed_on"):
            day = cleaned.get(name)
            if day and raised and day < raised:
                self.add_error(name, _("This lies before the day it was raised."))
            if day and day > clock.today():
                self.add_error(name, _("This day is still to come."))
        return cleaned


class DocumentForm(PlanForm):
    """A document of the register."""

    class Meta:
        model = Document
        fields = ["kind", "number", "day", "issuer", "summary", "summary_en", "source", "confidence"]


class DeadlineForm(PlanForm):
    """A deadline of the register."""

    class Meta:
        model = Deadline
        fields = [
            "day",
            "what",
            "what_en",
            "applies_to",
            "applies_to_en",
            "known_from",
            "ended_on",
            "source",
            "confidence",
        ]


class StepForm(PlanForm):
    """A step of a template."""

    needs = forms.MultipleChoiceField(
        label=gettext_lazy("After the steps"), required=False, widget=forms.CheckboxSelectMultiple
    )
    lead = forms.ChoiceField(label=pgettext_lazy("plan", "Lead"), required=False)

    class Meta:
        model = TemplateStep
        fields = ["title", "title_en", "days", "area", "lead", "needs", "basis"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = self.instance.template.steps.exclude(pk=self.instance.pk)
        _choose(self.fields["needs"], [(one.key, one.words) for one in others])
        self.initial["needs"] = self.instance.after
        _choose(self.fields["lead"], [("", pgettext("plan", "the unit")), *organisations.choices()])

    def clean_needs(self) -> str:
        return ",".join(self.cleaned_data["needs"])


class ApplyForm(forms.Form):
    """A unit and the day on which the first step begins."""

    unit = forms.ChoiceField(label=pgettext_lazy("plan", "Unit"))
    start = forms.DateField(label=pgettext_lazy("plan", "First day"), widget=DayInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self.fields["unit"], [(unit.code, organisations.name(unit.code)) for unit in units.listing()])

    def clean_start(self) -> date:
        day: date = self.cleaned_data["start"]
        if not FIRST <= day <= LAST:
            raise forms.ValidationError(_("Enter a day between 2000 and 2100."))
        return day
