"""Why two registrations score as they do: a sentence for each field, in Vietnamese and English."""

from __future__ import annotations

from typing import Final, NamedTuple

from lienthong.identity.comparing import MISSING
from lienthong.identity.index import Registration
from lienthong.identity.rules import Verdict
from lienthong.identity.weights import Weights


class Line(NamedTuple):
    """One field of two registrations: both values as a person reads them, level, bits (positive speaks for one
    person), and what that means."""

    field: str
    name_vi: str
    name_en: str
    first: str
    second: str
    level: str
    bits: float
    vi: str
    en: str


NAMES: Final[dict[str, tuple[str, str]]] = {
    "citizen": ("Số căn cước công dân", "Citizen number"),
    "old_card": ("Số chứng minh nhân dân cũ", "Old identity card"),
    "passport": ("Số hộ chiếu", "Passport"),
    "social": ("Mã số bảo hiểm xã hội", "Insurance number"),
    "hospital": ("Mã người bệnh tại bệnh viện", "Hospital number"),
    "name": ("Họ và tên", "Name"),
    "birth": ("Ngày sinh", "Birth date"),
    "sex": ("Giới tính", "Sex"),
    "place": ("Nơi ở", "Place of residence"),
    "phone": ("Điện thoại", "Phone"),
    "mother": ("Họ tên mẹ", "Mother's name"),
    "order": ("Thứ tự sinh", "Order of birth"),
}
"""Field to its name in both languages."""

_NUMBER = {
    "same": ("Hai số trùng nhau.", "Both numbers are the same."),
    "former": ("Trùng với một số đã hết giá trị.", "The same as a number that has ended."),
    "near": (
        "Hai số chỉ khác một chữ số hoặc đảo hai chữ số liền nhau.",
        "The numbers differ in one digit, or two neighbours are swapped.",
    ),
    "other": ("Hai số khác nhau.", "The numbers differ."),
}

SENTENCES: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "citizen": _NUMBER
    | {
        "same": (
            "Hai số trùng nhau và hợp với năm sinh, giới tính của cả hai bên.",
            "Both numbers are the same and fit the birth year and sex of both.",
        ),
        "unfit": (
            "Hai số trùng nhau nhưng không hợp với năm sinh hoặc giới tính; có thể là số của người khác.",
            "Both numbers are the same but do not fit a birth year or sex; it may be somebody else's.",
        ),
    },
    "old_card": _NUMBER,
    "passport": _NUMBER,
    "social": _NUMBER,
    "hospital": {"same": ("Cùng một mã tại cùng một bệnh viện.", "The same number at the same hospital.")},
    "name": {
        "same": ("Họ tên trùng hoàn toàn.", "The names are the same."),
        "unmarked": (
            "Họ tên trùng nhau, một bên viết thiếu dấu.",
            "The same name, one without all its marks.",
        ),
        "marks": ("Cùng chữ cái nhưng khác dấu.", "The same letters with other marks."),
        "order": ("Cùng các chữ nhưng khác thứ tự.", "The same words in another order."),
        "short": ("Một bên viết tắt hoặc thiếu tên đệm.", "One is shortened or lacks a middle name."),
        "typed": ("Chỉ khác một, hai chữ cái, có thể do gõ nhầm.", "They differ as by a typing error."),
        "middle": ("Cùng họ và tên, khác tên đệm.", "The same family and given name, other middle names."),
        "family": ("Cùng tên đệm và tên, khác họ.", "The same middle and given name, another family name."),
        "sibling": ("Chỉ trùng họ.", "Only the family name is the same."),
        "other": ("Họ tên khác nhau.", "The names differ."),
    },
    "birth": {
        "day": ("Cùng ngày sinh.", "Born on the same day."),
        "swapped": ("Ngày và tháng đổi chỗ cho nhau.", "Day and month have changed places."),
        "near": ("Chỉ khác một chữ số.", "They differ in one digit."),
        "year": ("Cùng năm, khác ngày hoặc tháng.", "The same year, another day or month."),
        "first": (
            "Cùng ghi ngày 1 tháng 1, tức là chỉ biết năm sinh.",
            "Both say 1 January: only the year is known.",
        ),
        "dayless": ("Cùng năm; một bên không rõ ngày.", "The same year; one does not know the day."),
        "close": ("Lệch một năm; một bên không rõ ngày.", "One year apart; one does not know the day."),
        "other": ("Ngày sinh khác nhau.", "The birth dates differ."),
    },
    "sex": {"same": ("Cùng giới tính.", "The same sex."), "other": ("Khác giới tính.", "Different sex.")},
    "place": {
        "home": ("Cùng thôn, tổ hoặc số nhà.", "The same hamlet or house."),
        "commune": ("Cùng xã, phường.", "The same commune."),
        "district": ("Cùng địa bàn huyện cũ.", "Within the same former district."),
        "province": ("Cùng tỉnh, khác địa bàn huyện cũ.", "The same province, not known to be nearer."),
        "other": ("Khác tỉnh.", "Different provinces."),
    },
    "phone": {
        "same": (
            "Cùng số điện thoại; người nhà cũng thường dùng chung.",
            "The same phone; families share one.",
        ),
        "near": ("Số điện thoại chỉ khác một chữ số.", "The phones differ in one digit."),
        "other": ("Số điện thoại khác nhau.", "The phones differ."),
    },
    "mother": {
        "same": ("Cùng họ tên mẹ.", "The same mother's name."),
        "other": ("Họ tên mẹ khác nhau.", "The mothers' names differ."),
    },
    "order": {
        "same": ("Cùng thứ tự sinh.", "The same order of birth."),
        "other": (
            "Khác thứ tự sinh: có thể là anh chị em sinh đôi.",
            "Another order of birth: perhaps twins.",
        ),
    },
}
"""Field to level to its sentence in both languages."""

GUARDS: Final[dict[str, tuple[str, str]]] = {
    "unknown": ("Một bên là người chưa rõ danh tính.", "One is a person nobody could name."),
    "newborn": ("Một bên là trẻ sơ sinh chưa có tên.", "One is a newborn without a name."),
    "numbers": (
        "Hai số căn cước khác nhau và đều hợp lệ với từng người.",
        "Two different citizen numbers, each fitting its own holder.",
    ),
    "sex": ("Khác giới tính.", "Different sex."),
    "birth": ("Ngày sinh khác nhau.", "The birth dates differ."),
    "name": ("Họ tên khác nhau.", "The names differ."),
    "twins": (
        "Họ tên gần giống mà không có số giấy tờ chung: có thể là anh chị em sinh đôi.",
        "Names alike and no number in common: perhaps twins.",
    ),
    "order": ("Khác thứ tự sinh.", "Another order of birth."),
}
"""Guard (:data:`.rules.GUARDS`) to why it asks a person."""

_RARE = (
    " Tên này hiếm nên có giá trị hơn.",
    " The name is rare, which says more.",
)
_FREQUENT = (
    " Tên này rất phổ biến nên ít giá trị hơn.",
    " The name is very frequent, which says less.",
)


def lines(a: Registration, b: Registration, verdict: Verdict, weights: Weights) -> tuple[Line, ...]:
    """A line for each field of which both say something, the weightiest first."""
    found = []
    for part in weights.parts(verdict.score):
        if part.level == MISSING:
            continue
        vi, en = SENTENCES[part.field][part.level]
        if abs(part.bits - part.usual) >= 1.0:
            more = _RARE if part.bits > part.usual else _FREQUENT
            vi, en = vi + more[0], en + more[1]
        first, second = value(a, part.field), value(b, part.field)
        found.append(Line(part.field, *NAMES[part.field], first, second, part.level, part.bits, vi, en))
    return tuple(sorted(found, key=lambda line: -abs(line.bits)))


def value(one: Registration, field: str) -> str:
    """What a registration says in a field, as a person reads it; the sex is FHIR's code."""
    has = one.fields
    if field == "name":
        return one.name
    if field == "place":
        return one.address or has.home
    if field == "birth":
        return "/".join(reversed(has.born.split("-")))
    if field == "mother":
        return one.name
    if field in ("sex", "order"):
        return str(getattr(has, field))
    held = getattr(has, field)
    former = [f"({text.partition(':')[2]})" for text in has.former if text.startswith(f"{field}:")]
    return ", ".join([*(text.rpartition("|")[2] for text in held), *former])
