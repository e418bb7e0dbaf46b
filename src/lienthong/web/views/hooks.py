"""Hooks: where the unit's own messenger is told notices. IT sets them up, the head of unit sees them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.access import accounts, rights
from lienthong.access.doors import requires
from lienthong.facilities import directory
from lienthong.foundation.errors import LienThongError
from lienthong.transfers.models import Hook, HookCall
from lienthong.transfers.notices import hooks, problems, targets
from lienthong.transfers.notices.reasons import Group
from lienthong.web.notices import language
from lienthong.web.words import hint, sentence

STATES = {
    "waiting": ("wait", gettext_lazy("Waits")),
    "done": ("ok", gettext_lazy("Delivered")),
    "given-up": ("bad", gettext_lazy("Not delivered")),
}


class HookForm(forms.Form):
    """Name, address and reasons of a hook."""

    name = forms.CharField(label=gettext_lazy("Name of the hook"), max_length=60)
    url = forms.CharField(label=gettext_lazy("Address (URL)"), max_length=targets.LONGEST)
    groups = forms.MultipleChoiceField(
        label=gettext_lazy("Tell it about"), choices=Group.choices, widget=forms.CheckboxSelectMultiple
    )
    url.widget.attrs.update({"inputmode": "url", "autocomplete": "off", "spellcheck": "false"})


@require_GET
@requires(*rights.HOOKS_SEE)
def listing(request: HttpRequest) -> HttpResponse:
    """``/hooks``: all hooks, each with what became of the last delivery."""
    _site_only()
    rows = [(hook, _line(next(iter(hooks.log(hook)), None))) for hook in Hook.objects.order_by("name")]
    return render(
        request, "web/notices/hooks.html", {"rows": rows, "may_set": _may(request), "most": hooks.MOST}
    )


@require_http_methods(["GET", "POST"])
@requires(*rights.HOOKS)
def new(request: HttpRequest) -> HttpResponse:
    """``/hooks/new``: enters a hook and shows its secret once."""
    _site_only()
    form = HookForm(request.POST or None, initial={"groups": [Group.EMERGENCY, Group.OVERDUE]})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            hook, secret = hooks.make(
                values["name"], values["url"], values["groups"], by=accounts.actor(request)
            )
        except LienThongError as error:
            form.add_error("url", f"{sentence(error.problem)} {hint(error.problem)}")
        else:
            return _show(request, hook, secret=secret)
    return render(request, "web/notices/hook_new.html", {"form": form}, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(*rights.HOOKS_SEE)
def one(request: HttpRequest, id: str) -> HttpResponse:
    """``/hooks/<id>``: the hook and its last 50 deliveries; POST (IT only) changes it."""
    hook = _hook(id)
    if request.method == "GET":
        return _show(request, hook)
    return _change(request, hook)


@requires(*rights.HOOKS)
def _change(request: HttpRequest, hook: Hook) -> HttpResponse:
    form = HookForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        try:
            hooks.change(hook, values["name"], values["url"], values["groups"], by=accounts.actor(request))
        except LienThongError as error:
            form.add_error("url", f"{sentence(error.problem)} {hint(error.problem)}")
        else:
            messages.success(request, _("Saved."))
            return redirect("hook", hook.id)
    return _show(request, hook, form=form)


@require_POST
@requires(*rights.HOOKS)
def send_test(request: HttpRequest, id: str) -> HttpResponse:
    """``/hooks/<id>/test``: sends a test now and shows the answer."""
    hook = _hook(id)
    return _show(request, hook, tested=hooks.test(hook, by=accounts.actor(request)))


@require_POST
@requires(*rights.HOOKS)
def renew(request: HttpRequest, id: str) -> HttpResponse:
    """``/hooks/<id>/secret``: a new secret, shown once."""
    hook = _hook(id)
    return _show(request, hook, secret=hooks.renew(hook, by=accounts.actor(request)))


@require_POST
@requires(*rights.HOOKS)
def remove(request: HttpRequest, id: str) -> HttpResponse:
    """``/hooks/<id>/remove``: removes the hook with its log."""
    hooks.remove(_hook(id), by=accounts.actor(request))
    messages.success(request, _("The hook is removed."))
    return redirect("hooks")


def _site_only() -> None:
    if directory.is_hub():
        raise Http404


def _hook(id: str) -> Hook:
    _site_only()
    return get_object_or_404(Hook, pk=id)


def _may(request: HttpRequest) -> bool:
    return bool(accounts.request_roles(request) & set(rights.HOOKS))


def _show(
    request: HttpRequest,
    hook: Hook,
    *,
    form: HookForm | None = None,
    secret: str = "",
    tested: HookCall | None = None,
) -> HttpResponse:
    given = {"name": hook.name, "url": hook.url, "groups": hook.groups.strip(",").split(",")}
    page = {
        "hook": hook,
        "form": form or HookForm(initial=given),
        "reasons": [group.label for group in Group if f",{group.value}," in hook.groups],
        "may_set": _may(request),
        "secret": secret,
        "tested": _line(tested),
        "log": [_line(call) for call in hooks.log(hook)],
    }
    return render(request, "web/notices/hook.html", page, status=400 if form else 200)


def _line(call: HookCall | None) -> dict[str, Any] | None:
    """A delivery in the words of the page."""
    if call is None:
        return None
    shape, state = STATES[call.state]
    vi, en = problems.hook_words(call.fault)
    return {
        "id": call.id,
        "at": call.made_at,
        "reason": call.reason,
        "shape": "warn" if call.state == "waiting" and call.fault else shape,
        "state": state,
        "attempts": call.attempts,
        "next": call.next_at if call.state == "waiting" else None,
        "status": call.status,
        "fault": en if language() == "en" else vi,
        "answer": call.answer,
    }
