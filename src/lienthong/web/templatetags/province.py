"""The light of one unit, for pages of other parts of the board."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import template

from lienthong.foundation import clock
from lienthong.rollout import lights, overview, scope
from lienthong.web.board.sources import Sources

register = template.Library()


@register.inclusion_tag("web/board/province/light.html", takes_context=True)
def unit_light(context: template.Context, code: str, on: date) -> dict[str, Any]:
    """How a unit stands on a day and why, each reason with the page where the matter is dealt with."""
    found = next(iter(overview.look(on, code).standings), None)
    if found is None:
        return {"light": None}
    sources = Sources(scope.person(context["request"]), None if on == clock.today() else on)
    return {
        "light": found.light.value,
        "words": lights.WORDS[found.light],
        "meaning": lights.MEANINGS[found.light],
        "reasons": [
            {"words": reason.words, "url": sources(reason.source, code)} for reason in found.verdict.reasons
        ],
        "next": found.next,
    }
