"""Vietnamese text: folding for search, words of a name."""

from __future__ import annotations

import unicodedata

_FOLD = str.maketrans({"đ": "d", "Đ": "d"})


def fold(text: str) -> str:
    """Lower case without tone marks, Đ as d, single spaces: ``"Trần Thị Ánh"`` becomes ``"tran thi anh"``."""
    decomposed = unicodedata.normalize("NFD", text.translate(_FOLD))
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).lower().split())


def name_words(name: str) -> list[str]:
    """The distinct folded words of a name, in order."""
    return list(dict.fromkeys(fold(name).split()))


def name_case(name: str) -> str:
    """``"TRẦN THỊ ÁNH"`` becomes ``"Trần Thị Ánh"``; other spellings stay."""
    return name.title() if name.isupper() else name
