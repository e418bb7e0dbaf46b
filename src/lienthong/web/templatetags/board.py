"""Tags of the roll-out board."""

from __future__ import annotations

from django import template

from lienthong.web.board import tabs

register = template.Library()


@register.simple_tag(takes_context=True)
def board_tabs(context: template.Context) -> list[tabs.Tab]:
    """The tabs that whoever asks may open."""
    return tabs.tabs(context["request"])
