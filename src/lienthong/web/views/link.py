"""Site: the connection with the hub. Join with a code, see in plain words how it is, renew the keys."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from lienthong.access import accounts, rights
from lienthong.access.doors import requires
from lienthong.exchange.client import Hub, NoLine
from lienthong.exchange.trust import codes, entering, keyfiles, rotating, state
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.web.words import hint, sentence


class JoinForm(forms.Form):
    """The code from the Department of Health."""

    code = forms.CharField(
        label=gettext_lazy("Code from the Department of Health"),
        max_length=codes.LONGEST,
        widget=forms.Textarea(
            attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}
        ),
    )


@require_http_methods(["GET", "POST"])
@requires(*rights.LINK)
def link(request: HttpRequest) -> HttpResponse:
    """``/it/hub``: the state in words and what to do; POST joins with a code."""
    if directory.is_hub():
        raise Http404
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            entering.begin(form.cleaned_data["code"], accounts.actor(request))
        except LienThongError as error:
            if not error.problem.retry:
                form.add_error("code", f"{sentence(error.problem)} {hint(error.problem)}")
            else:
                again = _("It is tried again by itself.")
                messages.warning(request, f"{sentence(error.problem)} {again}")
                return redirect("hub-link")
        else:
            messages.success(request, _("The Department of Health has the request."))
            return redirect("hub-link")
    page = {
        "connection": state.connection(),
        "form": form,
        "now": clock.now(),
        "old": rotating.OLD.days,
        "clock_wrong": state.CLOCK_WRONG,
    }
    return render(request, "web/it/hub.html", page)


@require_POST
@requires(*rights.LINK)
def end(request: HttpRequest) -> HttpResponse:
    """``/it/hub/end``: gives a joining up."""
    if directory.is_hub():
        raise Http404
    entering.give_up(accounts.actor(request))
    messages.success(request, _("The request is ended here. A new code can be entered."))
    return redirect("hub-link")


@require_POST
@requires(*rights.LINK)
def renew(request: HttpRequest) -> HttpResponse:
    """``/it/hub/renew``: new keys; when the line is away now, the work goes on by itself."""
    if directory.is_hub() or not entering.address() or entering.under_way() is not None:
        raise Http404
    try:
        rotating.rotate(Hub(entering.address()), accounts.actor(request))
    except NoLine as error:
        then = _("The new keys are made and are entered when the line is back.")
        messages.warning(request, f"{sentence(error.problem)} {then}")
    except LienThongError as error:
        keyfiles.forget_next()
        messages.error(request, f"{sentence(error.problem)} {hint(error.problem)}")
    else:
        messages.success(request, _("The new keys are in use. Nothing that waited was held up."))
    return redirect("hub-link")
