"""Which unit a row is about: by its code or by its name as officers write it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lienthong.facilities.models import Facility, FacilityName
from lienthong.foundation.text import fold
from lienthong.rollout import facts

PROVINCE_WORDS = {"toan tinh", "toan nganh", "tong toan tinh", "so cong bo toan tinh", "tong so cong bo"}
TOTAL_WORDS = ("tong", "cong", "total")
_SHORT = (
    (r"\bttyt\b", "trung tam y te"),
    (r"\bbvdk\b", "benh vien da khoa"),
    (r"\bbv\b", "benh vien"),
    (r"\bbenh vien dk\b", "benh vien da khoa"),
    (r"\byhct\b", "y hoc co truyen"),
    (r"\bphcn\b", "phuc hoi chuc nang"),
    (r"\btp\b", "thanh pho"),
    (r"\btx\b", "thi xa"),
)
_LEFT_OUT = re.compile(r"\b(huyen|thi xa|thanh pho|tinh|h|district|town|city|provincial)\b")
_OF_PROVINCE = re.compile(r" (bac giang|bac ninh)$")


@dataclass(frozen=True, slots=True)
class Names:
    """Codes, and names in three degrees of likeness, each with the units that bear it."""

    codes: frozenset[str]
    exact: dict[str, frozenset[str]]
    short: dict[str, frozenset[str]]
    bare: dict[str, frozenset[str]]

    def by_code(self, text: str) -> str | None:
        """The unit with that code; Excel may have dropped its zeros."""
        for code in (text.strip().upper(), text.strip().zfill(5)):
            if code in self.codes:
                return code
        return None

    def by_name(self, text: str) -> list[str]:
        """The units that are called so: one, none, or several when it is not clear."""
        if fold(text) in PROVINCE_WORDS:
            return [facts.PROVINCE]
        for names, form in ((self.exact, _exact), (self.short, _short), (self.bare, _bare)):
            if found := names.get(form(text)):
                return sorted(found)
        return []


def known() -> Names:
    """The units of the province and the province itself, by every name they ever had."""
    codes = frozenset(Facility.objects.filter(in_province=True).values_list("code", flat=True))
    rows = FacilityName.objects.filter(facility_id__in=codes).values_list("facility_id", "name_vi", "name_en")
    every = [(code, name) for code, *names in rows for name in names]
    return Names(codes | {facts.PROVINCE}, _by(every, _exact), _by(every, _short), _by(every, _bare))


def is_total(text: str) -> bool:
    """Whether a row's head says that it only adds up."""
    return fold(text).startswith(TOTAL_WORDS)


def _by(names: Iterable[tuple[str, str]], form: Callable[[str], str]) -> dict[str, frozenset[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for code, name in names:
        found[form(name)].add(code)
    return {name: frozenset(codes) for name, codes in found.items() if name}


def _exact(name: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", fold(name)).split())


def _short(name: str) -> str:
    text = _exact(name)
    for pattern, words in _SHORT:
        text = re.sub(pattern, words, text)
    return " ".join(_LEFT_OUT.sub(" ", text).split())


def _bare(name: str) -> str:
    """Without the province at the end, if the rest still says which hospital."""
    text = _short(name)
    rest = _OF_PROVINCE.sub("", text)
    return rest if rest not in ("trung tam y te", "benh vien") else text
