"""Vietnamese texts of the pages: ``translations.py compile | check | missing``.

Message ids are English, so English needs no file. Every ``*.po`` of a language's folder goes into one
``django.mo``; a part of the program may keep its own ``.po`` there.

* ``compile`` writes ``django.mo`` (needs no gettext programs).
* ``check`` fails when a message in use has no finished translation, or one with other placeholders.
* ``missing`` prints what ``check`` misses as po text to fill in.
"""

from __future__ import annotations

import io
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "lienthong"
LOCALE = SOURCE / "web" / "locale"
LANGUAGES = ("vi",)

_KEYWORDS = {
    name + lazy: places
    for name, places in {
        "gettext": None,
        "ngettext": (1, 2),
        "pgettext": ((1, "c"), 2),
        "npgettext": ((1, "c"), 2, 3),
    }.items()
    for lazy in ("", "_lazy")
} | {"_": None, "gettext_noop": None}
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sdr]|\{\w*\}")

Key = tuple[str | None, str]
Id = str | tuple[str, ...]


class TranslationError(Exception):
    """A catalogue cannot be read, or two files translate one message differently."""


@dataclass(frozen=True)
class Used:
    """A message that the program shows; its id is ``(singular, plural)`` where it counts something."""

    context: str | None
    id: Id
    place: str

    @property
    def key(self) -> Key:
        return self.context, self.id if isinstance(self.id, str) else self.id[0]


def merged(locale: Path, language: str) -> Catalog:
    """All ``*.po`` files of a language as one catalogue.

    Raises:
        TranslationError: a file cannot be read, or a message is translated twice and differently.
    """
    whole = Catalog(locale=language, charset="utf-8", fuzzy=False)
    for path in sorted((locale / language / "LC_MESSAGES").glob("*.po")):
        try:
            with path.open("rb") as file:
                part = read_po(file, locale=language, abort_invalid=True)
        except (PoFileError, ValueError) as error:
            raise TranslationError(f"{path.name}: {error}") from error
        for message in part:
            if message.id:
                _add(whole, message, path.name)
    return whole


def _add(whole: Catalog, message: Message, file: str) -> None:
    known = whole.get(message.id, message.context)
    if known is not None and (known.id, known.string) != (message.id, message.string):
        raise TranslationError(
            f"{file}: {message.id!r} is translated twice: {known.string!r} and {message.string!r}"
        )
    whole.add(message.id, message.string, flags=message.flags, context=message.context)


def compile_all(locale: Path) -> list[Path]:
    """Writes ``django.mo`` for each language that has a ``.po``; returns what was written."""
    written = []
    for language in LANGUAGES:
        catalogue = merged(locale, language)
        if len(catalogue):
            target = locale / language / "LC_MESSAGES" / "django.mo"
            with target.open("wb") as file:
                write_mo(file, catalogue)
            written.append(target)
    return written


def used(source: Path) -> Iterator[Used]:
    """Every message of the templates and of the Python code, in order of place."""
    if not settings.configured:
        settings.configure()  # the template lexer asks for a setting or two
    for path in sorted(source.rglob("*")):
        inner = path.relative_to(source).parts
        if path.suffix == ".py" and not {"migrations", "tests"} & set(inner):
            code = path.read_text("utf-8")
        elif path.suffix in (".html", ".txt") and "templates" in inner:
            text = templatize(path.read_text("utf-8"), origin=str(path))
            code = "\n".join(
                line.strip() for line in text.splitlines()
            )  # it is Python but for its indentation
        else:
            continue
        for line, ids, _, context in extract("python", io.BytesIO(code.encode()), _KEYWORDS):
            yield Used(context, ids, f"{'/'.join(inner)}:{line}")


def faults(message: Used, catalogue: Catalog) -> str:
    """What is wrong with a message's translation; empty when it is right."""
    found = catalogue.get(message.key[1], message.context)
    if found is None or not found.string or not all(found.string):
        return "has no translation"
    if found.fuzzy:
        return "is marked fuzzy"
    if not isinstance(message.id, str) and isinstance(found.string, str):
        return "counts something, but is translated without msgstr[0]"
    wanted = Counter(_PLACEHOLDER.findall(message.id if isinstance(message.id, str) else message.id[1]))
    for string in [found.string] if isinstance(found.string, str) else found.string:
        if Counter(_PLACEHOLDER.findall(string)) != wanted:
            return f"has other placeholders than its translation {string!r}"
    return ""


def check(source: Path, locale: Path) -> tuple[list[str], list[str]]:
    """Lines about ``(faults, messages that nothing uses)`` over all languages."""
    messages = list(used(source))
    wrong, idle = [], []
    for language in LANGUAGES:
        catalogue = merged(locale, language)
        for message in messages:
            fault = faults(message, catalogue)
            if fault:
                wrong.append(f"{message.place}: {language}: {message.key[1]!r} {fault}")
        keys = {message.key for message in messages}
        for known in catalogue:
            single = known.id if isinstance(known.id, str) else known.id[0]
            if single and (known.context, single) not in keys:
                idle.append(f"{language}: {single!r} is used nowhere")
    return wrong, idle


def missing(source: Path, locale: Path, language: str) -> str:
    """The messages without a right translation, as po text."""
    catalogue = merged(locale, language)
    rest = Catalog(locale=language)
    for message in used(source):
        if faults(message, catalogue):
            path, _, line = message.place.rpartition(":")
            rest.add(message.id, context=message.context, locations=[(path, int(line))])
    out = io.BytesIO()
    write_po(out, rest, omit_header=True, width=110)
    return out.getvalue().decode()


def main(words: list[str]) -> int:
    try:
        match words:
            case ["compile"]:
                compile_all(LOCALE)
                return 0
            case ["check"]:
                wrong, idle = check(SOURCE, LOCALE)
                print("\n".join([*wrong, *idle]), end="\n" if wrong or idle else "")
                return 1 if wrong else 0
            case ["missing"]:
                print("\n".join(missing(SOURCE, LOCALE, language) for language in LANGUAGES))
                return 0
    except TranslationError as error:
        print(error, file=sys.stderr)
        return 1
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
