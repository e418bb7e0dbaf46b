"""Levels in templates."""

from __future__ import annotations

from django import template

from lienthong.rollout import scope
from lienthong.rollout.levels import words

register = template.Library()
register.filter("wording", words.text)


@register.simple_tag(takes_context=True)
def sees_all(context: template.Context) -> bool:
    """Whether whoever asks may see every unit."""
    return scope.person(context["request"]).all_units
