"""Dated facts of a unit: what was declared, from which day on, by whom, after which source.

A fact holds from ``valid_from`` until the next one of the same key; an empty value says that from that day on nothing
is known. Totals declared for the whole province stand under the facility :data:`PROVINCE`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.rollout.changes import Batch, Typed

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PROVINCE = "SYT-24"
LONGEST = 200
MOST = 10_000_000
_PLAIN = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
Kind = Literal["number", "decimal", "choice", "text", "day", "yes"]


class Fact(Typed):
    """One fact. ``value`` is a text in one form: ``25``, ``12.5``, a choice's code, ``2025-02-18``, ``yes``, ``no``."""

    THING = "fact"
    LABEL = _("Fact")
    facility = models.CharField(max_length=16)
    key = models.CharField(max_length=30)
    value = models.CharField(max_length=LONGEST, blank=True)
    valid_from = models.DateField()
    source = models.CharField(max_length=200, blank=True)
    confirmed = models.BooleanField(default=True)

    class Meta:
        ordering = ["facility", "key", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["facility", "key", "valid_from"], name="rollout_fact_once")
        ]


@dataclass(frozen=True, slots=True)
class Key:
    """What a fact can be about.

    Attributes:
        kind: form of the value.
        group: heading under which it stands; a key of :data:`GROUPS`.
        unit: unit of measure, in words.
        choices: codes and words of a ``choice``, worst first where there is an order.
        summed: whether the province's figure is the sum over its units.
        low, high: bounds of a number.
    """

    name: str
    label: StrOrPromise
    kind: Kind
    group: str
    unit: StrOrPromise = ""
    choices: tuple[tuple[str, StrOrPromise], ...] = ()
    summed: bool = False
    low: int = 0
    high: int = MOST

    def words(self, value: str) -> str:
        """The words of a choice or of yes and no; any other value as it is."""
        return str(dict(self.choices).get(value, value))


GROUPS: dict[str, StrOrPromise] = {
    "unit": _("The unit"),
    "equipment": _("Equipment"),
    "hosting": _("Servers and backup"),
    "network": _("Network lines"),
    "systems": _("Systems"),
    "emr": _("Electronic medical record"),
    "signature": _("Digital signatures"),
    "staff": _("Staff and beds"),
}
YES_NO = (("yes", _("Yes")), ("no", _("No")))
BASIC_ADVANCED = (
    ("none", pgettext_lazy("level", "None")),
    ("basic", pgettext_lazy("level", "Basic")),
    ("advanced", pgettext_lazy("level", "Advanced")),
)
LEVELS = tuple((str(n), str(n)) for n in range(1, 8))
HOSTING = (("own-room", _("Own server room")), ("rented", _("Server rented from the vendor")))
EMR_STATES = (
    ("preparing", _("Preparing")),
    ("trial", _("Trial run")),
    ("council", _("Council set up")),
    ("appraised", _("Appraised")),
    ("decided", _("Decided to replace paper")),
    ("published", _("Published")),
    ("paper-stopped", _("Paper stopped")),
)
KINDS = (
    ("provincial hospital", _("Provincial hospital")),
    ("provincial specialised hospital", _("Provincial specialised hospital")),
    ("district medical centre", _("District medical centre")),
    ("regional medical centre", _("Regional medical centre")),
    ("central hospital", _("Central hospital")),
    ("private hospital", _("Private hospital")),
)

_MACHINES = _("machines")
_PEOPLE = _("people")
_EVERY = (
    Key("name", _("Name of the unit"), "text", "unit"),
    Key("name_en", _("Name in English"), "text", "unit"),
    Key("kind", _("Type of unit"), "choice", "unit", choices=KINDS),
    Key("owner", _("Owner"), "text", "unit"),
    Key("area", _("Area"), "text", "unit"),
    Key("province", _("Province (of the unit)"), "text", "unit"),
    Key("merged_into", _("Merged into (code of the unit)"), "text", "unit"),
    Key("ended", _("The unit has ended"), "yes", "unit", choices=YES_NO),
    Key("pilot", _("Pilot of the link with Bạch Mai"), "yes", "unit", choices=YES_NO),
    Key("servers", _("Servers"), "number", "equipment", _MACHINES, summed=True, high=1000),
    Key("computers", _("Computers"), "number", "equipment", _MACHINES, summed=True, high=20_000),
    Key("printers", _("Printers"), "number", "equipment", _MACHINES, summed=True, high=20_000),
    Key("scanners", _("Scanners"), "number", "equipment", _MACHINES, summed=True, high=20_000),
    Key("tablets", _("Tablets"), "number", "equipment", _MACHINES, summed=True, high=20_000),
    Key("hosting", _("Where the servers stand"), "choice", "hosting", choices=HOSTING),
    Key("hosting_provider", _("Who rents out the server"), "text", "hosting"),
    Key("backup_plan", _("Backup plan"), "text", "hosting"),
    Key("line_down", _("Measured speed, down"), "decimal", "network", "Mbps", high=100_000),
    Key("line_up", _("Measured speed, up"), "decimal", "network", "Mbps", high=100_000),
    Key("line_measured_on", _("Measured on"), "day", "network"),
    Key("line_provider", _("Line provider"), "text", "network"),
    Key("backup_line", _("Second line"), "yes", "network", choices=YES_NO),
    Key("his_vendor", _("HIS vendor"), "text", "systems"),
    Key("lis_vendor", _("LIS vendor"), "text", "systems"),
    Key("pacs_vendor", _("RIS-PACS vendor"), "text", "systems"),
    Key("infrastructure_level", _("Infrastructure level"), "choice", "systems", choices=LEVELS),
    Key("his_level", _("HIS level"), "choice", "systems", choices=LEVELS),
    Key("lis", pgettext_lazy("system", "LIS"), "choice", "systems", choices=BASIC_ADVANCED),
    Key("ris_pacs", pgettext_lazy("system", "RIS-PACS"), "choice", "systems", choices=BASIC_ADVANCED),
    Key("emr", _("EMR software"), "choice", "emr", choices=BASIC_ADVANCED),
    Key("emr_vendor", _("EMR vendor"), "text", "emr"),
    Key("emr_state", _("EMR state"), "choice", "emr", choices=EMR_STATES),
    Key("emr_planned_on", _("EMR planned for"), "day", "emr"),
    Key("signatures_issued", _("Signatures issued"), "number", "signature", summed=True, high=100_000),
    Key("signatures_needed", _("Signatures needed"), "number", "signature", summed=True, high=100_000),
    Key("staff", _("Staff"), "number", "staff", _PEOPLE, summed=True, high=100_000),
    Key("it_staff", _("IT staff"), "number", "staff", _PEOPLE, summed=True, high=1000),
    Key("beds", _("Beds"), "number", "staff", summed=True, high=20_000),
)
KEYS: dict[str, Key] = {key.name: key for key in _EVERY}


def value(facility: str, key: str, on: date | None = None) -> Fact | None:
    """The fact that holds on a day (today if none is given); None when nothing is known."""
    found = Fact.objects.filter(facility=facility, key=key, valid_from__lte=on or clock.today()).last()
    return found if found and found.value else None


def values(on: date | None = None, keys: Collection[str] | None = None) -> dict[tuple[str, str], Fact]:
    """The facts of all facilities that hold on a day, by facility and key; in one query."""
    rows = Fact.objects.filter(valid_from__lte=on or clock.today())
    if keys is not None:
        rows = rows.filter(key__in=list(keys))
    newest = {(row.facility, row.key): row for row in rows.order_by("valid_from")}
    return {place: row for place, row in newest.items() if row.value}


def history(facility: str, key: str) -> list[Fact]:
    """Every fact of a key, the oldest first; also those of days to come."""
    return list(Fact.objects.filter(facility=facility, key=key))


def put(
    batch: Batch,
    facility: str,
    key: str,
    text: str,
    valid_from: date,
    *,
    source: str = "",
    confirmed: bool = True,
) -> bool:
    """Enters a fact; False when just this is known already for that day.

    Raises:
        LienThongError: ``fact-not-valid``.
    """
    text = normal(key, text)
    row = Fact.objects.filter(facility=facility, key=key, valid_from=valid_from).first()
    if row is None:
        held = Fact.objects.filter(facility=facility, key=key, valid_from__lt=valid_from).last()
        known = (held.value, held.confirmed) if held else ("", confirmed)
        if known == (text, confirmed) and (not source or (held is not None and held.source == source)):
            return False
        row = Fact(facility=facility, key=key, valid_from=valid_from)
        row.source = source
    row.value, row.confirmed, row.source = text, confirmed, source or row.source
    return batch.save(row)


def normal(key: str, text: str) -> str:
    """A value in the form in which it is kept. Takes ``2.416``, ``12,5``, ``18/02/2025``, words of a choice.

    Raises:
        LienThongError: ``fact-not-valid``, with what may stand there.
    """
    about = KEYS[key]
    text = " ".join(text.split())
    if not text:
        return ""
    if about.kind in ("number", "decimal"):
        return _number(about, text)
    if about.kind == "day":
        return _day(about, text)
    if about.kind in ("choice", "yes"):
        return _choice(about, text)
    if len(text) > LONGEST:
        raise _wrong(about, text, f"không quá {LONGEST} ký tự", f"no more than {LONGEST} characters")
    return text


def _number(key: Key, text: str) -> str:
    plain = text.replace("\u00a0", "").replace(" ", "")
    groups = plain.split(".")
    if "," in plain:
        plain = plain.replace(".", "").replace(",", ".")
    elif len(groups) > 1 and 1 <= len(groups[0]) <= 3 and all(len(part) == 3 for part in groups[1:]):
        plain = "".join(groups)
    whole = key.kind == "number"
    number = Decimal(plain) if _PLAIN.fullmatch(plain) else None
    if number is None or (whole and number != int(number)) or not key.low <= number <= key.high:
        vi = f"{'số nguyên' if whole else 'số'} từ {key.low} đến {key.high}"
        raise _wrong(key, text, vi, f"a {'whole ' if whole else ''}number from {key.low} to {key.high}")
    return str(int(number)) if number == int(number) else f"{number.normalize():f}"


def _day(key: Key, text: str) -> str:
    parts = text.split("/")
    try:
        found = date(*(int(p) for p in reversed(parts))) if len(parts) == 3 else date.fromisoformat(text)
        if 1990 <= found.year <= 2100:
            return found.isoformat()
    except (TypeError, ValueError):
        pass
    raise _wrong(key, text, "ngày dạng 18/02/2025", "a day such as 18/02/2025")


def _choice(key: Key, text: str) -> str:
    for code, label in key.choices:
        if text.casefold() in (code.casefold(), str(label).casefold()):
            return code
    words = ", ".join(str(label) for _, label in key.choices)
    raise _wrong(key, text, f"một trong: {words}", f"one of: {words}")


def _wrong(key: Key, text: str, vi: str, en: str) -> LienThongError:
    return LienThongError(
        Problem(
            "fact-not-valid",
            f"{key.label}: “{text[:60]}” không hợp lệ; cần {vi}.",
            f"{key.label}: “{text[:60]}” cannot be taken; it must be {en}.",
            "Sửa lại giá trị, hoặc để trống nếu chưa có số liệu.",
            "Correct the value, or leave it empty when it is not known.",
            where={"field": key.name},
        )
    )
