"""Quality levels of laboratories, as far as somebody here has entered them from a paper."""

from __future__ import annotations

from datetime import date

from django.db.models import Q

from lienthong.facilities.models import LaboratoryLevel
from lienthong.foundation import clock

LEVELS = (1, 2, 3, 4, 5)


def level(facility: str, on: date | None = None) -> int | None:
    """The level of a facility's laboratory on a day (today if none is given); None when it is not known here."""
    day = on or clock.today()
    found = (
        LaboratoryLevel.objects.filter(facility_id=facility, valid_from__lte=day)
        .filter(Q(valid_to=None) | Q(valid_to__gte=day))
        .last()
    )
    return found.level if found else None


def listing() -> list[LaboratoryLevel]:
    """Everything entered, the newest first."""
    return list(LaboratoryLevel.objects.order_by("facility__place", "-valid_from", "-id"))


def enter(
    facility: str, number: int, document: str, valid_from: date, valid_to: date | None, *, by: str
) -> LaboratoryLevel:
    """Enters a level; older ones stay on record."""
    return LaboratoryLevel.objects.create(
        facility_id=facility,
        level=number,
        document=document[:120],
        valid_from=valid_from,
        valid_to=valid_to,
        entered_at=clock.now(),
        entered_by=by[:120],
    )
