"""Tags of the roll-out board."""

from __future__ import annotations

from datetime import date

from django import template
from django.utils.translation import gettext as _

from lienthong.facilities import directory
from lienthong.web.board import tabs

register = template.Library()


@register.simple_tag(takes_context=True)
def board_tabs(context: template.Context) -> list[tabs.Tab]:
    """The tabs that whoever asks may open."""
    return tabs.tabs(context["request"])


@register.filter
def name_on(code: str, on: date) -> str:
    """The facility's name on a day in the language of the page."""
    return directory.name(code, on)


@register.filter
def typist(name: str) -> str:
    """Who entered something; the program itself in words."""
    return {"seed": _("Figures shipped with the program")}.get(name, name)
