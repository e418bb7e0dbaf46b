"""``_text`` and ``_content``: words in the narrative, or anywhere in a resource (R4, section 3.1.1.4.4).

No row holds these words: a narrative has more of them than a resource has index rows. Bodies are opened, after what the
other parameters narrow down to.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lienthong.foundation.text import fold
from lienthong.records.search import asking, problems
from lienthong.records.search.conditions import Condition, Subject, in_memory

_TAG = re.compile(r"<[^>]*>")
_OPERATOR = re.compile(r"\b(?:AND|OR|NOT|NEAR)\b|[()]")
_WANTED = 'words, each of which must occur, or "words that follow each other"; commas between alternatives'


def condition(name: str, code: str, modifier: str, values: Sequence[str]) -> Condition:
    """The condition that all words of one of the values occur; each word stands for what begins with it.

    Args:
        code: ``_text`` or ``_content``.

    Raises:
        LienThongError: a modifier, a value without words, or operators between them.
    """
    if modifier:
        raise problems.bad_modifier(name, modifier, [])
    wanted = [_phrases(name, asking.plain(value)) for value in values]
    read: Callable[[Subject], str] = _narrative if code == "_text" else _content

    def holds(subject: Subject) -> bool:
        text = read(subject)
        return any(all(f" {phrase}" in text for phrase in phrases) for phrases in wanted)

    return in_memory(name, holds)


def _phrases(name: str, value: str) -> list[str]:
    quoted = len(value) > 1 and value[0] == value[-1] == '"'
    found = [fold(value[1:-1])] if quoted else fold(value).split()
    if not any(found) or (not quoted and _OPERATOR.search(value)):
        raise problems.bad_value(name, value, _WANTED)
    return found


def _narrative(subject: Subject) -> str:
    text = subject.resource.get("text")
    div = text.get("div") if isinstance(text, dict) else None
    return _plain(div) if isinstance(div, str) else ""


def _content(subject: Subject) -> str:
    return "".join(_plain(text) for text in _texts(subject.resource))


def _plain(text: str) -> str:
    """Folded, without markup, with a space before each word."""
    return f" {fold(html.unescape(_TAG.sub(' ', text)))}" if "<" in text else f" {fold(text)}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)
