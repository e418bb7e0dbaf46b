"""Vietnamese names: normal form, words, what stands in the field instead of a name."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from lienthong.foundation.text import fold

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_SPLIT = re.compile(r"[\s,;:/\\()\[\]\"'’`_+*-]+")
_CUT = re.compile(r"(?<=[.~])")
_UNKNOWN = re.compile(
    r"(?:(?:nguoi(?: benh)?|benh nhan|bn|nam|nu|be) )*"
    r"(?:vo danh|(?:khong|chua) (?:ro|ten|xac dinh|biet)|unknown|no name|nguoi la)\b.*"
)
_CHILD = re.compile(
    r"(?:(?:be |tre )?so sinh |be |tre |chau )*(?:con|cb)(?: (?:trai|gai))?"
    r"(?: (?:thu )?(?P<order>[1-9]))?(?: cua)?(?: (?:ba|me|sp|san phu|chi))? (?P<mother>.+)"
)
_ORDER = re.compile(r" (?:so |thu |con |be )?(?P<order>[1-9])$")
_CON = frozenset({"con", "cb", "con."})
_Y = re.compile(r"(?:[hklmstv]|qu)i")
_LONGEST = 120
_TYPED = {"s": "\u0301", "f": "\u0300", "r": "\u0309", "x": "\u0303", "j": "\u0323"}
_SHAPED = (
    ("uow", "ươ"),
    ("dd", "đ"),
    ("aa", "â"),
    ("ee", "ê"),
    ("oo", "ô"),
    ("aw", "ă"),
    ("ow", "ơ"),
    ("uw", "ư"),
)
_SYLLABLE = re.compile(
    r"(?:b|c|ch|d|đ|g|gh|gi|h|k|kh|l|m|n|ng|ngh|nh|p|ph|qu?|r|s|t|th|tr|v|x)?"
    r"[aăâeêioôơuưy]{1,3}(?:c|ch|m|n|ng|nh|p|t)?"
)


class Name(NamedTuple):
    """``marked``: words in lower case, each with its tone after its letters; ``words``: the same without marks; an
    abbreviation ends with a full stop. Both are separated by single spaces."""

    marked: str = ""
    words: str = ""


class Entry(NamedTuple):
    """What a name field says: a ``name``; or ``mother`` and perhaps ``order`` (of birth) of a newborn that has no name
    yet; or ``unknown``: nobody knows who it is."""

    name: Name = Name()
    mother: Name = Name()
    order: str = ""
    unknown: bool = False


def read(text: str) -> Entry:
    """Takes a name field apart: ``CON BÀ TRẦN THỊ ÁNH 2`` is the second child of Trần Thị Ánh."""
    text = text[:_LONGEST]
    plain = " ".join(_SPLIT.split(fold(text))).strip()
    if _UNKNOWN.fullmatch(plain):
        return Entry(unknown=True)
    child = _CHILD.fullmatch(plain)
    if not child or not _CON.intersection(_words(text)):
        return Entry(normal(text))
    mother, order = child["mother"], child["order"] or ""
    if found := _ORDER.search(mother):
        mother, order = mother[: found.start()], order or found["order"]
    tail = normal(text).marked.split()
    words = normal(mother).words.split()
    last = 1 if tail and tail[-1].isdigit() else 0
    marked = tail[len(tail) - last - len(words) : len(tail) - last] if words else []
    return Entry(mother=Name(" ".join(marked), " ".join(words)), order=order)


def normal(text: str) -> Name:
    """The normal form of a name: ``NG~ T. HÒA`` and ``ng~ t. hoà`` become the same."""
    marked = [_tone_last(word) for word in _words(text)]
    return Name(" ".join(marked), fold(" ".join(marked)))


def _words(text: str) -> list[str]:
    """Words in lower case and composed letters; ``Ng~T.Lan`` is three words, an abbreviation ends with a full stop."""
    lower = unicodedata.normalize("NFC", text.strip()[:_LONGEST]).lower().replace("ð", "đ")
    cut = (part for word in _SPLIT.split(lower) for part in _CUT.split(word))
    found = (part.rstrip(".~") + ("." if part.endswith((".", "~")) else "") for part in cut)
    return [word for word in found if word.strip(".")]


def _as_typed(word: str) -> str:
    """A word whose marks were left as their keys (TELEX), with its marks: ``nguyeenx`` is ``nguyễn``."""
    doubled = any(keys in word for keys in ("aa", "ee", "oo"))
    if not word.isascii() or (_SYLLABLE.fullmatch(word) and not doubled):
        return word
    tone = _TYPED.get(word[-1], "")
    bare = word[:-1] if tone else word
    for keys, letter in _SHAPED:
        bare = bare.replace(keys, letter)
    bare = bare.replace("ưo", "ươ").replace("ươw", "ươ")
    return bare + tone if _SYLLABLE.fullmatch(bare) else word


def _tone_last(word: str) -> str:
    """The tone mark after the letters of its word, because both ``hoà`` and ``hòa`` are written; i and y alike."""
    letters = unicodedata.normalize("NFD", _as_typed(word))
    tones = "".join(c for c in letters if c in _TONES)
    bare = unicodedata.normalize("NFC", "".join(c for c in letters if c not in _TONES))
    if _Y.fullmatch(bare):
        bare = bare[:-1] + "y"
    stop = "." if bare.endswith(".") else ""
    return bare.removesuffix(".") + tones[:1] + stop


def initials(words: str) -> str:
    """The first letters of the words, sorted: the same whatever their order and however they are shortened."""
    return "".join(sorted(word[0] for word in words.split()))


def in_any_order(words: str) -> str:
    """The words sorted."""
    return " ".join(sorted(words.split()))
