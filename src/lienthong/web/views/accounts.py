"""The accounts of the unit: make, give roles, lock, open, reset the password. All of it is audited."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.validators import RegexValidator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.access import accounts, passwords, rights
from lienthong.access.doors import requires
from lienthong.access.models import SCOPED, Account, Role, RoleGrant
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.rollout import units
from lienthong.rollout.vendors.models import Vendor
from lienthong.web.words import hint, sentence

HUB_ROLES = (*rights.BOARD, Role.VENDOR)
SCOPES = {Role.UNIT: "units", Role.VENDOR: "vendors"}
"""Roles that are given for something, and the field that says for what."""


class RolesForm(forms.Form):
    """The roles of an account at this unit."""

    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Roles at this unit"),
        choices=Role.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    units = forms.MultipleChoiceField(
        label=gettext_lazy("Units of the roll-out team"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Only for the role “Roll-out team of a unit”: the units whose facts the person enters."
        ),
    )
    vendors = forms.MultipleChoiceField(
        label=gettext_lazy("Vendors the person answers for"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Only for the role “Vendor”: whose faults and requests the person answers."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        foreign = (Role.DOCTOR, Role.NURSE) if directory.is_hub() else HUB_ROLES
        choices = [(str(role), role.label) for role in Role if role not in foreign]
        self.fields["roles"].choices = choices  # type: ignore[attr-defined]
        if directory.is_hub():
            names = [(unit.code, directory.name(unit.code)) for unit in units.listing()]
            self.fields["units"].choices = names  # type: ignore[attr-defined]
            sellers = [(vendor.code, vendor.name) for vendor in Vendor.objects.all()]
            self.fields["vendors"].choices = sellers  # type: ignore[attr-defined]
        else:
            for name in SCOPES.values():
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """A role that is given for a unit has one, and a unit has the role."""
        found: dict[str, Any] = super().clean() or {}
        for role, name in SCOPES.items():
            if (role.value in found.get("roles", [])) != bool(found.get(name)):
                self.add_error(
                    name, _("Choose both: the role “%(role)s” and for what.") % {"role": role.label}
                )
        return found

    @property
    def given(self) -> list[accounts.Given]:
        """What was chosen, as :func:`lienthong.access.accounts.set_roles` takes it."""
        chosen = self.cleaned_data
        plain: list[accounts.Given] = [Role(role) for role in chosen["roles"] if Role(role) not in SCOPED]
        return [*plain, *((role, code) for role, name in SCOPES.items() for code in chosen.get(name, []))]

    def scoped(self) -> list[forms.BoundField]:
        """The fields that say for what a role is given."""
        return [self[name] for name in SCOPES.values() if name in self.fields]


class AccountForm(RolesForm):
    """A new account."""

    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=60,
        min_length=3,
        validators=[
            RegexValidator(
                r"^[a-z][a-z0-9._-]*\Z",
                gettext_lazy("Small letters without marks, digits, point, hyphen; e.g. bs.hoa"),
            )
        ],
    )
    full_name = forms.CharField(label=gettext_lazy("Full name"), max_length=120)
    licence = forms.CharField(label=gettext_lazy("Practice licence"), max_length=60, required=False)
    field_order = ("username", "full_name", "licence", "roles", "units", "vendors")


@require_GET
@requires(*rights.ACCOUNTS)
def listing(request: HttpRequest) -> HttpResponse:
    """``/accounts``: everybody with an account here, with roles and state."""
    held = RoleGrant.objects.filter(facility=directory.here(), ended_at=None).order_by("role")
    everybody = Account.objects.prefetch_related(Prefetch("grants", held, to_attr="held"))
    return render(request, "web/accounts/list.html", {"accounts": everybody, "now": clock.now()})


@require_http_methods(["GET", "POST"])
@requires(*rights.ACCOUNTS)
def new(request: HttpRequest) -> HttpResponse:
    """``/accounts/new``: makes an account; its one-time password is shown once."""
    form = AccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        password, fields = passwords.one_time(), form.cleaned_data
        try:
            account = accounts.create_account(
                fields["username"],
                fields["full_name"],
                password,
                form.given,
                by=accounts.actor(request),
                licence=fields["licence"],
            )
        except LienThongError as error:
            form.add_error("username", f"{sentence(error.problem)} {hint(error.problem)}")
        else:
            return render(request, "web/accounts/password.html", {"account": account, "password": password})
    return render(request, "web/accounts/new.html", {"form": form})


@require_http_methods(["GET", "POST"])
@requires(*rights.ACCOUNTS)
def one(request: HttpRequest, username: str) -> HttpResponse:
    """``/accounts/<name>``: roles now and before, state; POST sets the roles."""
    account = get_object_or_404(Account, username=username)
    held = accounts.grants(account)
    initial = {
        "roles": sorted({role for role, scope in held}),
        **{name: [scope for role, scope in held if role == scoped] for scoped, name in SCOPES.items()},
    }
    form = RolesForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            accounts.set_roles(account, form.given, by=accounts.actor(request))
        except LienThongError as error:
            form.add_error(None, f"{sentence(error.problem)} {hint(error.problem)}")
        else:
            messages.success(request, _("The roles hold from now on."))
            return redirect("account", username)
    now = clock.now()
    page: dict[str, Any] = {
        "account": account,
        "form": form,
        "own": account == accounts.own(request),
        "grants": account.grants.filter(facility=directory.here()).order_by("-granted_at"),
        "now": now,
        "locked": account.locked_until is not None and account.locked_until > now,
    }
    return render(request, "web/accounts/one.html", page)


@require_POST
@requires(*rights.ACCOUNTS)
def change(request: HttpRequest, username: str, what: str) -> HttpResponse:
    """``/accounts/<name>/lock``, ``/open`` and ``/reset``; a reset shows the one-time password once."""
    account = get_object_or_404(Account, username=username)
    by = accounts.actor(request)
    try:
        if what == "reset":
            password = accounts.reset_password(account, by=by)
            return render(request, "web/accounts/password.html", {"account": account, "password": password})
        if what == "lock":
            accounts.close(account, by=by)
            messages.success(request, _("The account is locked; whoever uses it is signed out."))
        else:
            accounts.reopen(account, by=by)
            messages.success(request, _("The account is open."))
    except LienThongError as error:
        messages.error(request, f"{sentence(error.problem)} {hint(error.problem)}")
    return redirect("account", username)
