"""Levels, groups and reasons in words of the language of the page."""

from __future__ import annotations

from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from lienthong.rollout.levels.book import Book, Criterion, Extra, Group, Step
from lienthong.rollout.levels.filled import Outcome

LISTED = 6
UNCONFIRMED_VI = "chưa xác nhận"


def unconfirmed() -> str:
    """The mark of everything of confidence C."""
    return _("to be confirmed")


def english() -> bool:
    """Whether the page is English."""
    return get_language() == "en"


def text(one: Criterion | Group | Step | Extra) -> str:
    """The wording in the language of the page; Vietnamese where there is no English."""
    return (english() and one.en) or one.vi


def brief(group: Group) -> str:
    """A name for a narrow column: the usual abbreviation where there is one."""
    return group.vi.rpartition("(")[2].rstrip(")") if group.vi.endswith(")") else text(group)


def note(one: Criterion) -> str:
    """The note to a criterion."""
    return (english() and one.note_en) or one.note_vi


def title(book: Book) -> str:
    """Document and title of a set."""
    return f"{book.head['legal']}: {book.head['title_en' if english() else 'title_vi']}"


def ended(group: Group) -> str:
    """Why a group is no longer in force."""
    return (english() and group.ended_en) or group.ended_vi


def rung(value: str) -> str:
    """A rung of any scale."""
    return {
        "": pgettext("levels", "no figures yet"),
        "none": pgettext("rung", "Not reached"),
        "0": pgettext("rung", "Below level 1"),
        "basic": pgettext("level", "Basic"),
        "advanced": pgettext("level", "Advanced"),
        "met": pgettext("rung", "All met"),
    }.get(value) or _("Level %(n)s") % {"n": value}


def short(value: str) -> str:
    """A rung in a narrow cell: the bare number, or the word."""
    return value if value.isdigit() else rung(value)


def overall(outcome: Outcome) -> str:
    """The overall level."""
    if outcome.overall is None:
        return ""
    return rung(str(outcome.overall))


def why(outcome: Outcome) -> str:
    """Why the overall level is not one higher: the first entry of the rule that is not met."""
    if outcome.overall is None:
        return ""
    if outcome.lack is None:
        return _("Every entry of the rule is met.")
    level, group, needs, has = outcome.lack
    said = _("Overall level %(level)s needs group %(group)s at “%(needs)s”; reached: “%(has)s”.") % {
        "level": level,
        "group": group,
        "needs": rung(needs),
        "has": rung(has),
    }
    some = ", ".join(outcome.lacking[:LISTED])
    more = len(outcome.lacking) - LISTED
    if more > 0:
        some += " " + ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more}
    return f"{said} " + _("Missing: %(criteria)s.") % {"criteria": some}
