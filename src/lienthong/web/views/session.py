"""Signing in and out, one's own password, the language."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.access import accounts, audit, passwords, sessions
from lienthong.access.doors import before_password, requires
from lienthong.foundation import json
from lienthong.web import navigation


class SignInForm(forms.Form):
    """Name and password."""

    username = forms.CharField(label=gettext_lazy("User name"), max_length=60)
    password = forms.CharField(
        label=gettext_lazy("Password"), max_length=200, strip=False, widget=forms.PasswordInput
    )
    username.widget.attrs.update(
        {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
    )
    password.widget.attrs["autocomplete"] = "current-password"


class PasswordForm(forms.Form):
    """The present password and the new one, twice."""

    present = forms.CharField(
        label=gettext_lazy("Present password"), max_length=200, strip=False, widget=forms.PasswordInput
    )
    new = forms.CharField(
        label=gettext_lazy("New password"), max_length=200, strip=False, widget=forms.PasswordInput
    )
    again = forms.CharField(
        label=gettext_lazy("New password once more"), max_length=200, strip=False, widget=forms.PasswordInput
    )
    present.widget.attrs["autocomplete"] = "current-password"
    new.widget.attrs["autocomplete"] = again.widget.attrs["autocomplete"] = "new-password"

    def clean(self) -> dict[str, Any]:
        """Both new ones are the same."""
        found: dict[str, Any] = super().clean() or {}
        if found.get("new") and found.get("again") and found["new"] != found["again"]:
            self.add_error("again", _("This is not the same as the new password."))
        return found


def _target(request: HttpRequest) -> str:
    """Where to go on: a page of this node, never another place."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else reverse("home")


def _demo_accounts() -> list[dict[str, str]]:
    path = settings.NODE.home / "demo-accounts.json"
    return list(json.loads(path.read_bytes())) if settings.NODE.demo and path.exists() else []


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """``/sign-in``: name and password; goes on to ``next`` when that is a page of this node."""
    if accounts.signed_in(request):
        return redirect(_target(request))
    form, status = SignInForm(request.POST or None), 200
    if request.method == "POST" and form.is_valid():
        status = 401
        try:
            account = accounts.authenticate(
                form.cleaned_data["username"], form.cleaned_data["password"], accounts.address(request)
            )
        except accounts.TooFast as error:
            status = 429
            form.add_error(
                None, _("Too many failures from this computer. Wait %(s)d seconds.") % {"s": error.seconds}
            )
        else:
            if account is not None:
                target = _target(request)
                sessions.sign_in(request, account)
                response = HttpResponseRedirect(target)
                if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
                    _remember(response, account.language)
                return response
            form.add_error(
                "username", _("User name and password do not belong together, or the account is locked.")
            )
    page = {
        "form": form,
        "next": request.POST.get("next") or request.GET.get("next") or "",
        "accounts": _demo_accounts(),
        "ended": sessions.ended(request),
    }
    return render(request, "web/sign_in.html", page, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """``/sign-out``: ends the session."""
    sessions.sign_out(request)
    messages.success(request, _("You are signed out."))
    return redirect("sign-in")


@sensitive_post_parameters("present", "new", "again")
@require_http_methods(["GET", "POST"])
@requires()
@before_password
def password(request: HttpRequest) -> HttpResponse:
    """``/password``: a new one; the present one is asked for again, wrong answers count as failures."""
    account = accounts.own(request)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _change(request, form):
        messages.success(request, _("The new password holds from now on."))
        return redirect("home")
    return render(request, "web/password.html", {"form": form, "forced": passwords.must_change(account)})


def _change(request: HttpRequest, form: PasswordForm) -> bool:
    who = accounts.actor(request)
    try:
        account = accounts.authenticate(who.id, form.cleaned_data["present"], who.address)
        if account is None:
            form.add_error("present", _("This is not the present password, or the account is locked."))
            return False
        passwords.change(account, form.cleaned_data["new"])
    except accounts.TooFast as error:
        form.add_error(
            None, _("Too many failures from this computer. Wait %(s)d seconds.") % {"s": error.seconds}
        )
        return False
    except ValidationError as error:
        form.add_error("new", error)
        return False
    sessions.renew(request, account)
    audit.record(who, "password-changed", page=request.path)
    return True


@require_GET
@requires()
def home(request: HttpRequest) -> HttpResponse:
    """``/``: the first page that the person's roles open."""
    links = navigation.links(request)
    return redirect(links[0].url) if links else render(request, "web/no_role.html")


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """``/language``: Vietnamese or English, remembered by the browser and the account."""
    chosen = request.POST.get("language", "")
    response = HttpResponseRedirect(_target(request))
    if chosen in dict(settings.LANGUAGES):
        _remember(response, chosen)
        account = accounts.signed_in(request)
        if account is not None and account.language != chosen:
            account.language = chosen
            account.save(update_fields=["language"])
    return response


def _remember(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
