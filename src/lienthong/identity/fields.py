"""What is compared of a registration, in normal form. The same resource always gives the same fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from lienthong.foundation.text import fold
from lienthong.identity import areas, names, numbers
from lienthong.terminology import systems

Resource = dict[str, Any]

NEWBORN: Final = "newborn"
UNKNOWN: Final = "unknown"
_DATE = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?.*", re.ASCII)
_CHILD_CARD = "TE"
_GROWN = 6
_MOST = 8
_ITEM, _FIELD = "\x1e", "\x1f"
_HOME = re.compile(r"[,;]")
_STREET = re.compile(r"^(?:thon|xom|ban|to dan pho|tdp|to|khu|so nha|so|duong|pho|ngo)\b\.? *")
_UNITS = systems.extension("administrative-units")
_HOSPITAL = systems.patient_number("")


class Fields(NamedTuple):
    """A registration, folded. Empty means not known.

    Attributes:
        citizen: citizen numbers, 12 digits. Lists hold what is valid now; what ended stands in ``former``.
        old_card: numbers of old identity cards, 9 digits.
        passport: letters and digits.
        social: social insurance numbers, 10 digits, also out of insurance cards.
        hospital: ``facility|number`` of hospitals' own patient numbers.
        former: numbers that ended, as ``citizen:024058001234``.
        marked, words: the name with its tone marks, and without (:class:`.names.Name`); empty for a newborn without
            a name and for unknown people.
        born: ``yyyy-MM-dd``, ``yyyy-MM`` or ``yyyy``.
        sex: ``male`` or ``female``.
        commune, district, province: codes (:class:`.areas.Area`).
        home: hamlet, or house and street, folded.
        phone: ``0912000111``.
        mother: words of the mother's name, of a newborn.
        order: order of birth among twins, ``1`` …
        kind: ``newborn`` (no name of its own yet), ``unknown`` (nobody knows who it is), or empty.
        died: date, or ``yes``.
    """

    citizen: tuple[str, ...] = ()
    old_card: tuple[str, ...] = ()
    passport: tuple[str, ...] = ()
    social: tuple[str, ...] = ()
    hospital: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    marked: str = ""
    words: str = ""
    born: str = ""
    sex: str = ""
    commune: str = ""
    district: str = ""
    province: str = ""
    home: str = ""
    phone: tuple[str, ...] = ()
    mother: str = ""
    order: str = ""
    kind: str = ""
    died: str = ""


_LISTS = tuple(n for n, default in enumerate(Fields()) if default == ())


class Number(NamedTuple):
    """A number of a person: ``kind`` is a list of :class:`Fields`, ``value`` its normal form, ``written`` as it came;
    ``since`` and ``until`` are dates or empty; ``ended``: it does not hold any more."""

    kind: str
    value: str
    system: str
    written: str
    since: str = ""
    until: str = ""
    ended: bool = False


def of(patient: Resource, *, today: str = "") -> Fields:
    """The fields of a Patient (FHIR R4).

    Args:
        today: ``yyyy-MM-dd``; a number whose period ended before that day has ended, one of use ``old`` in any case.
    """
    found = [one for one in all_numbers(patient, today=today) if one.kind]
    kept = {
        kind: _distinct(one.value for one in found if one.kind == kind and not one.ended)
        for kind in ("citizen", "old_card", "passport", "social", "hospital")
    }
    former = _distinct(
        f"{one.kind}:{one.value}" for one in found if one.ended and one.value not in kept[one.kind]
    )
    entry = names.read(_name(patient))
    kind = UNKNOWN if entry.unknown else NEWBORN if entry.mother.words else ""
    place, home = _address(patient)
    phones = (one.get("value", "") for one in _dicts(patient.get("telecom")) if one.get("system") != "email")
    return Fields(
        **kept,
        former=former,
        marked=entry.name.marked,
        words=entry.name.words,
        born=_date(patient.get("birthDate")),
        sex=patient["gender"] if patient.get("gender") in ("male", "female") else "",
        commune=place.commune,
        district=place.district,
        province=place.province,
        home=home,
        phone=_distinct(numbers.phone(str(one)) for one in phones),
        mother=entry.mother.words,
        order=str(patient.get("multipleBirthInteger") or entry.order),
        kind=kind,
        died=_date(patient.get("deceasedDateTime")) or ("yes" if patient.get("deceasedBoolean") else ""),
    )


def all_numbers(patient: Resource, *, today: str = "") -> Iterator[Number]:
    """The numbers of a Patient that are its own, in their order; ``kind`` and ``value`` are empty for those that are
    not compared.

    A number that stands in the wrong field is taken for what it is: an identity field may hold a citizen number,
    an old card or a passport.
    """
    born = _date(patient.get("birthDate"))
    for one in _dicts(patient.get("identifier")):
        system, written = str(one.get("system", "")), str(one.get("value", ""))
        if one.get("use") == "temp" or not written:
            continue
        kind, value = sorted_out(system, written)
        period = one.get("period") if isinstance(one.get("period"), dict) else {}
        since, until = _date((period or {}).get("start")), _date((period or {}).get("end"))
        if system == systems.INSURANCE_CARD and _of_a_parent(numbers.compact(written), born, since):
            continue
        card = system == systems.INSURANCE_CARD  # it ends, the number inside does not
        ended = not card and (one.get("use") == "old" or (bool(until) and until < today))
        yield Number(kind if value else "", value, system, written, since, until, ended)


def pack(fields: Fields) -> str:
    """One text that holds the fields, for a database row."""
    return _FIELD.join(value if isinstance(value, str) else _ITEM.join(value) for value in fields)


def unpack(text: str) -> Fields:
    """The reverse of :func:`pack`."""
    parts: list[Any] = text.split(_FIELD)
    for place in _LISTS:
        parts[place] = tuple(parts[place].split(_ITEM)) if parts[place] else ()
    return Fields._make(parts)


def sorted_out(system: str, written: str) -> tuple[str, str]:
    """Kind (a list of :class:`Fields`) and normal form of a number; empty when it is none that is compared."""
    if system in (systems.CITIZEN_NUMBER, systems.OLD_IDENTITY_CARD, systems.PASSPORT):
        for kind, normal in _IDENTITY:
            if value := normal(written):
                return kind, value
    elif system in (systems.INSURANCE_CARD, systems.SOCIAL_INSURANCE):
        if value := numbers.social(written):
            return "social", value
        return "citizen", numbers.citizen(written)
    elif system.startswith(_HOSPITAL) and _clean(written):
        return "hospital", f"{system.removeprefix(_HOSPITAL)}|{_clean(written)}"
    return "", ""


_IDENTITY = (
    ("citizen", numbers.citizen),
    ("old_card", numbers.old_card),
    ("passport", numbers.passport),
)


def _of_a_parent(card: str, born: str, since: str) -> bool:
    """Whether a small child was treated on a card that is no child's: the number in it is another person's."""
    small = bool(born) and (not since or int(since[:4]) - int(born[:4]) < _GROWN)
    return small and bool(since) and card[:1].isalpha() and not card.startswith(_CHILD_CARD)


def _name(patient: Resource) -> str:
    """The official name, else the first one that is not an old one."""
    listed = [one for one in _dicts(patient.get("name")) if one.get("use") not in ("old", "nickname")]
    listed.sort(key=lambda one: one.get("use") != "official")
    for one in listed:
        given = one.get("given")
        parts = [one.get("family"), *(given if isinstance(given, list) else ())]
        text = one.get("text") or " ".join(str(part) for part in parts if part)
        if str(text).strip():
            return str(text)
    return ""


def shown(patient: Resource) -> tuple[str, str]:
    """Name and address as they are written."""
    one = _at_home(patient)
    lines = one.get("line")
    line = ", ".join(map(str, lines)) if isinstance(lines, list) else ""
    units = (str(one[part]) for part in ("district", "city", "state") if one.get(part))
    return _name(patient), str(one.get("text") or ", ".join(filter(None, (line, *units))))


def _at_home(patient: Resource) -> Resource:
    """The first address that is not one of before, of work or for bills; empty when there is none."""
    listed = _dicts(patient.get("address"))
    return next((one for one in listed if one.get("use") not in ("old", "work", "billing")), {})


def _address(patient: Resource) -> tuple[areas.Area, str]:
    one = _at_home(patient)
    codes = {}
    for extension in _dicts(one.get("extension")):
        if extension.get("url") == _UNITS:
            for part in _dicts(extension.get("extension")):
                coding = part.get("valueCoding")
                codes[part.get("url")] = str(coding.get("code", "")) if isinstance(coding, dict) else ""
    if codes:
        place = areas.area(codes.get("city", ""), codes.get("district", ""), codes.get("state", ""))
    else:
        parts = (str(one.get(part) or "")[:100] for part in ("city", "district", "state"))
        place = areas.named(*parts)
    lines = one.get("line")
    line = lines[0] if isinstance(lines, list) and lines else one.get("text") or ""
    return place, home(str(line))


def home(text: str) -> str:
    """The first part of an address, folded: ``Thôn Mậu, xã Tây Yên Tử`` and ``mau`` are both ``mau``."""
    return _STREET.sub("", _clean(fold(_HOME.split(text, maxsplit=1)[0])))[:60].strip()


def _date(value: Any) -> str:
    """``yyyy-MM-dd``, ``yyyy-MM`` or ``yyyy`` of a FHIR date or dateTime, or empty."""
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    return "-".join(part for part in match.groups() if part) if match else ""


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))[:_MOST]


def _clean(text: str) -> str:
    """Without the separators of :func:`pack`, spaces single."""
    return " ".join(text.replace(_ITEM, " ").replace(_FIELD, " ").split())[:100]


def _dicts(value: Any) -> list[Resource]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
