"""The form of a system that may call: rights in groups of record types, and back from its scopes to the groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.access import grounds, protected, scopes, systems
from lienthong.access.grounds import Basis
from lienthong.access.models import System
from lienthong.access.scopes import Grant
from lienthong.facilities import directory
from lienthong.foundation.errors import LienThongError
from lienthong.records import search
from lienthong.transfers.fhir import tokens
from lienthong.web.words import hint, named, sentence

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

TRANSFERS = {
    "begin": gettext_lazy("Begin, fill in and send transfers"),
    "read": gettext_lazy("Read transfers, where they stand, and their outcome"),
    "step": gettext_lazy("Take steps: accept, give a bed, arrival, outcome …"),
}
"""The words for each of :data:`lienthong.transfers.fhir.tokens.SCOPES`."""

ACTIONS = {"r": gettext_lazy("Read"), "s": gettext_lazy("Search"), "w": gettext_lazy("Write")}
_COMMON_PURPOSES = ("TREAT", "ETREAT", "COC")
_COMMON_BASES = ("treatment", "emergency", "referral-duty", "written-request")
_LETTERS = {"r": "r", "s": "s", "w": "cu"}


@dataclass(frozen=True, slots=True)
class Group:
    """Record types that are granted together."""

    label: StrOrPromise
    about: StrOrPromise
    kinds: tuple[str, ...]


GROUPS = {
    "identity": Group(
        gettext_lazy("Identity"),
        gettext_lazy("Who the person is: name, birth, numbers, address, relatives"),
        ("Patient", "RelatedPerson", "Person"),
    ),
    "results": Group(
        gettext_lazy("Results and measurements"),
        gettext_lazy("Laboratory, vital signs, imaging, specimens"),
        ("Observation", "DiagnosticReport", "Specimen", "ImagingStudy"),
    ),
    "clinical": Group(
        gettext_lazy("Clinical"),
        gettext_lazy("Visits, diagnoses, allergies, medicines, procedures, orders, vaccinations"),
        (
            *("Encounter", "EpisodeOfCare", "Condition", "AllergyIntolerance", "Procedure", "ServiceRequest"),
            *("Medication", "MedicationRequest", "MedicationStatement", "MedicationAdministration"),
            *("MedicationDispense", "Immunization", "CarePlan", "FamilyMemberHistory", "Flag", "Device"),
        ),
    ),
    "documents": Group(
        gettext_lazy("Papers and documents"),
        gettext_lazy("Papers and summaries with what they hold"),
        ("Composition", "DocumentReference", "Binary", "Bundle", "List"),
    ),
    "administrative": Group(
        gettext_lazy("Administrative"),
        gettext_lazy("Facilities, departments, staff, appointments, insurance, costs"),
        (
            *("Organization", "Location", "Practitioner", "PractitionerRole", "HealthcareService"),
            *("Appointment", "Schedule", "Slot", "Coverage", "Claim"),
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Template:
    """What a typical system needs, as a start for the form."""

    label: StrOrPromise
    transfers: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    narrowed: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ("TREAT",)
    bases: tuple[str, ...] = ("treatment",)
    advice: StrOrPromise = ""


TEMPLATES = {
    "his-transfers": Template(
        gettext_lazy("HIS: drives transfers"),
        transfers=("begin", "read", "step"),
        purposes=("TREAT", "COC", "ETREAT"),
        bases=("treatment", "referral-duty", "emergency"),
    ),
    "his": Template(
        gettext_lazy("HIS: sends records"),
        records=(
            *("identity.r", "identity.s", "identity.w", "clinical.w", "results.w", "documents.w"),
            *("administrative.r", "administrative.s", "administrative.w"),
        ),
        advice=gettext_lazy(
            "If the HIS also sends HIV, psychiatric or other specially protected entries, tick those kinds below; "
            "otherwise they are refused."
        ),
    ),
    "lis": Template(
        gettext_lazy("LIS: sends results"),
        records=("identity.r", "identity.s", "results.r", "results.s", "results.w"),
        narrowed=("Observation?category=laboratory",),
    ),
    "viewer": Template(
        gettext_lazy("Viewer: reads the record"),
        records=tuple(f"{group}.{action}" for group in GROUPS for action in "rs"),
        purposes=("TREAT", "ETREAT"),
        bases=("treatment", "emergency"),
    ),
    "research": Template(
        gettext_lazy("Research: nothing to begin with"),
        purposes=("HRESCH",),
        bases=("consent",),
        advice=gettext_lazy(
            "Outsiders who use health data need the consent of the unit and of each person (Decree 102/2025, "
            "articles 9 and 10). Tick only what the approved study needs, and narrow it."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Rights:
    """What a system may do, as the form asks it.

    Attributes:
        transfers: names of :data:`TRANSFERS`.
        records: ``<group>.<action>``.
        narrowed: ``Type?parameter=value``: of that type only what fits; several of a type: what fits one of them.
        more: scopes that the groups cannot say.
    """

    transfers: Sequence[str] = ()
    records: Sequence[str] = ()
    narrowed: Sequence[str] = ()
    more: Sequence[str] = field(default=())

    def grants(self) -> tuple[Grant, ...]:
        """As grants."""
        found = [scope for name in self.transfers for scope in tokens.SCOPES[name]]
        found += self.more
        for group, action in (one.split(".") for one in self.records):
            for kind in GROUPS[group].kinds:
                letters = f"system/{kind}.{_LETTERS[action]}"
                only = [line.partition("?")[2] for line in self.narrowed if line.startswith(f"{kind}?")]
                found += [f"{letters}?{query}" for query in only] or [letters]
        return scopes.grants(found)


def rights_of(held: Iterable[str]) -> Rights:
    """Scopes as the form asks them: never more than they say."""
    own = scopes.grants(held)
    transfers = [name for name, some in TRANSFERS_GRANTS.items() if _covered(some, own)]
    narrowed = [f"{grant.kind}?{grant.scope.partition('?')[2]}" for grant in own if grant.query]
    records = [
        f"{name}.{action}"
        for name, group in GROUPS.items()
        for action, letters in _LETTERS.items()
        if all(_any(own, kind, letter) for kind in group.kinds for letter in letters)
    ]
    kinds = {kind for one in records for kind in GROUPS[one.split(".")[0]].kinds}
    plain = Rights(transfers, records, [line for line in narrowed if line.partition("?")[0] in kinds])
    if not _covered(plain.grants(), own):
        plain = Rights(transfers)
    said = plain.grants()
    more = [grant.scope for grant in own if not _covered((grant,), said)]
    return Rights(plain.transfers, plain.records, plain.narrowed, more)


TRANSFERS_GRANTS = {name: scopes.grants(some) for name, some in tokens.SCOPES.items()}


def _any(own: Iterable[Grant], kind: str, letter: str) -> bool:
    return any(letter in grant.letters and grant.kind in (kind, "*") for grant in own)


def _covered(some: tuple[Grant, ...], own: tuple[Grant, ...]) -> bool:
    return scopes.both(own, some) == some


def summary(held: Iterable[str]) -> list[str]:
    """What scopes allow, in plain words, a line for each thing."""
    found = rights_of(held)
    lines = [str(TRANSFERS[name]) for name in found.transfers]
    for name, group in GROUPS.items():
        actions = [
            str(words).lower() for action, words in ACTIONS.items() if f"{name}.{action}" in found.records
        ]
        if actions:
            only = [line for line in found.narrowed if line.partition("?")[0] in group.kinds]
            limits = " – " + _("only %(what)s") % {"what": " | ".join(only)} if only else ""
            lines.append(f"{group.label}: {', '.join(actions)}{limits}")
    return lines + list(found.more)


def basis_words(basis: Basis) -> str:
    """A basis with its law, article and since when."""
    since = _("since %(day)s") % {"day": basis.since.strftime("%d/%m/%Y")}
    doubt = "" if basis.confidence == "A" else f" · {_('to be confirmed')}"
    return f"{basis.law}, {basis.article} · {since}{doubt}"


class RightsForm(forms.Form):
    """What a system may do, why, and by which keys it is known."""

    transfers = forms.MultipleChoiceField(
        label=gettext_lazy("Transfers of patients"),
        choices=list(TRANSFERS.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    records = forms.MultipleChoiceField(
        label=gettext_lazy("Records"),
        choices=[(f"{group}.{action}", "") for group in GROUPS for action in ACTIONS],
        required=False,
    )
    narrowed = forms.CharField(
        label=gettext_lazy("Only records that fit"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )
    more = forms.CharField(
        label=gettext_lazy("Other scopes"),
        max_length=8000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )
    purposes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may call for"), widget=forms.CheckboxSelectMultiple
    )
    usual_purpose = forms.ChoiceField(label=gettext_lazy("Purpose of calls that name none"))
    bases = forms.MultipleChoiceField(label=gettext_lazy("Legal basis"), widget=forms.CheckboxSelectMultiple)
    usual_basis = forms.ChoiceField(label=gettext_lazy("Basis of calls that name none"))
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Specially protected records that it may see"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    keys = forms.CharField(
        label=gettext_lazy("Public key (JWK or JWK Set)"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        table, known = grounds.table(), grounds.bases()
        purposes = [(one.code, named(one)) for one in table.purposes]
        bases = [(one.code, named(one)) for one in known.values()]
        for name, choices in (
            ("purposes", purposes),
            ("usual_purpose", purposes),
            ("bases", bases),
            ("usual_basis", bases),
            ("kinds", [(one.code, named(one)) for one in table.protected]),
        ):
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        if directory.is_hub():
            del self.fields["transfers"]

    def clean_keys(self) -> list[dict[str, str]]:
        """The keys themselves."""
        text = str(self.cleaned_data["keys"])
        try:
            return systems.read_keys(text) if text else []
        except LienThongError as error:
            raise forms.ValidationError(f"{sentence(error.problem)} {hint(error.problem)}") from error

    def clean_narrowed(self) -> list[str]:
        """Lines ``Type?parameter=value``."""
        lines = [line.strip() for line in self.cleaned_data["narrowed"].splitlines() if line.strip()]
        known = {kind for group in GROUPS.values() for kind in group.kinds}
        for line in lines:
            kind, _mark, query = line.partition("?")
            grant = scopes.read(f"system/{kind}.r?{query}") if kind in known and query else None
            if grant is None:
                raise forms.ValidationError(
                    _("“%(line)s” is not of the form Observation?category=laboratory.") % {"line": line}
                )
            _understood(grant)
        return lines

    def clean_more(self) -> list[str]:
        """Scopes, each of them one of a system."""
        found = str(self.cleaned_data["more"]).split()
        for scope in found:
            grant = scopes.read(scope)
            if grant is None:
                raise forms.ValidationError(
                    _("“%(scope)s” is no scope of a system, e.g. system/Patient.rs.") % {"scope": scope}
                )
            _understood(grant)
        return found

    def clean(self) -> dict[str, Any]:
        """Checks what must go together; puts the usual purpose and basis first."""
        super().clean()
        given = dict(self.cleaned_data)  # a field with an error leaves the other one
        if self.errors:
            return given
        held = self.rights().grants()
        if not held:
            self.add_error("records", _("Tick at least one thing that it may do."))
        elif len(held) > scopes.MOST:
            self.add_error("narrowed", _("Too many limits at once; put some of them together."))
        groups = {one.split(".")[0] for one in given["records"]}
        ticked = {kind for group in groups for kind in GROUPS[group].kinds}
        for line in given["narrowed"]:
            if line.partition("?")[0] not in ticked:
                text = _("“%(line)s” limits a type that is not ticked above.") % {"line": line}
                self.add_error("narrowed", text)
        given["purposes"] = _first(given["usual_purpose"], given["purposes"])
        given["bases"] = _first(given["usual_basis"], given["bases"])
        self._check_grounds(given, [grounds.bases()[code] for code in given["bases"]])
        return given

    def _check_grounds(self, given: dict[str, Any], bases: list[Basis]) -> None:
        words = {one.code: named(one) for one in grounds.table().purposes}
        for purpose in given["purposes"]:
            if not any(purpose in basis.purposes for basis in bases):
                text = _("No ticked basis covers the purpose “%(purpose)s”.") % {"purpose": words[purpose]}
                self.add_error("bases", text)
        for kind in grounds.table().protected:
            opening = [named(b) for b in grounds.bases().values() if kind.code in b.opens]
            if kind.code in given["kinds"] and not any(kind.code in b.opens for b in bases):
                text = _("“%(kind)s” needs one of these bases: %(bases)s.")
                self.add_error("kinds", text % {"kind": named(kind), "bases": "; ".join(opening)})

    def rights(self) -> Rights:
        """What was asked for."""
        given = self.cleaned_data
        return Rights(given.get("transfers", ()), given["records"], given["narrowed"], given["more"])

    def values(self) -> dict[str, Any]:
        """For :func:`lienthong.access.systems.register` and ``change``."""
        given = self.cleaned_data
        return {
            "scopes": [grant.scope for grant in self.rights().grants()],
            "purposes": given["purposes"],
            "bases": given["bases"],
            "kinds": given["kinds"],
        }

    def groups(self) -> list[tuple[str, Group, list[tuple[str, str, StrOrPromise, bool]]]]:
        """For the table of boxes: group, then for each action value, id, words and whether it is ticked."""
        ticked = self["records"].value() or []
        return [
            (
                name,
                group,
                [
                    (f"{name}.{a}", f"id_{name}_{a}", words, f"{name}.{a}" in ticked)
                    for a, words in ACTIONS.items()
                ],
            )
            for name, group in GROUPS.items()
        ]

    def purpose_boxes(self) -> list[list[Any]]:
        """The purposes that are ticked or common, and the others."""
        return self._parted("purposes", _COMMON_PURPOSES)

    def basis_boxes(self) -> list[list[tuple[Any, str]]]:
        """The bases that are ticked or common, and the others, each with its law."""
        known = grounds.bases()
        parted = self._parted("bases", _COMMON_BASES)
        return [[(box, basis_words(known[str(box.data["value"])])) for box in part] for part in parted]

    def _parted(self, name: str, common: Sequence[str]) -> list[list[Any]]:
        ticked = self[name].value() or ()
        near = [box for box in self[name] if box.data["value"] in (*ticked, *common)]
        return [near, [box for box in self[name] if box.data["value"] not in (*ticked, *common)]]

    def kind_boxes(self) -> list[tuple[Any, str]]:
        """Each kind of protected record with the bases that open it beside :attr:`opening`."""
        usual = {basis.code for basis in self._opening()}
        return [
            (
                box,
                "; ".join(
                    named(b)
                    for b in grounds.bases().values()
                    if box.data["value"] in b.opens and b.code not in usual
                ),
            )
            for box in self["kinds"]
        ]

    def opening(self) -> str:
        """The bases that open every kind of protected record."""
        return "; ".join(named(basis) for basis in self._opening())

    def _opening(self) -> list[Basis]:
        return [basis for basis in grounds.bases().values() if basis.opens == protected.ALL]


def _understood(grant: Grant) -> None:
    """Raises:
    ValidationError: the type has no such search parameter, or the value is none of it.
    """
    if grant.kind != "*":
        try:
            search.matches({"resourceType": grant.kind}, grant.query)
        except LienThongError as error:
            raise forms.ValidationError(f"{sentence(error.problem)} {hint(error.problem)}") from error


def _first(usual: str, others: Iterable[str]) -> list[str]:
    return [usual, *(one for one in others if one != usual)]


class SystemForm(RightsForm):
    """A new system."""

    name = forms.CharField(label=gettext_lazy("Name of the system"), max_length=120)
    field_order = ("name", "transfers", "records")


def of_template(template: Template) -> dict[str, Any]:
    """What the form begins with."""
    return {
        "transfers": template.transfers,
        "records": template.records,
        "narrowed": "\n".join(template.narrowed),
        "purposes": template.purposes,
        "usual_purpose": template.purposes[0],
        "bases": template.bases,
        "usual_basis": template.bases[0],
    }


def of_system(system: System) -> dict[str, Any]:
    """What the form of a registered system shows."""
    held = rights_of(system.scopes)
    return {
        "transfers": held.transfers,
        "records": held.records,
        "narrowed": "\n".join(held.narrowed),
        "more": "\n".join(held.more),
        "purposes": system.purposes,
        "usual_purpose": system.purposes[0],
        "bases": system.bases,
        "usual_basis": system.bases[0],
        "kinds": system.kinds,
    }
