"""Keeps the directory's dated names in step with the facts ``name`` and ``name_en``, whoever writes or undoes them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from lienthong.facilities import directory
from lienthong.facilities.models import Facility, FacilityName
from lienthong.rollout import facts
from lienthong.rollout.facts import Fact

NAME, NAME_EN = "name", "name_en"
BEFORE = date(2000, 1, 1)
"""From when the names of the shipped list hold: before the system began. They are never touched but for their end."""


@receiver([post_save, post_delete], sender=Fact)
def _written(instance: Fact, **_: Any) -> None:
    if instance.key in (NAME, NAME_EN, "kind"):
        mirror(instance.facility)


def mirror(code: str) -> None:
    """Writes the names of a facility anew from its facts; a facility that only facts know comes and goes with them."""
    vietnamese = [fact for fact in facts.history(code, NAME) if fact.value]
    shipped = FacilityName.objects.filter(facility_id=code, valid_from=BEFORE).first()
    if shipped is None and not vietnamese:
        Facility.objects.filter(pk=code).delete()
        return
    if shipped is None:
        _facility(code)
    FacilityName.objects.filter(facility_id=code).exclude(valid_from=BEFORE).delete()
    english = facts.history(code, NAME_EN)
    days = sorted({fact.valid_from for fact in [*vietnamese, *english]} if vietnamese else ())
    days = [day for day in days if shipped is not None or day >= vietnamese[0].valid_from]
    for day, following in zip(days, [*days[1:], None], strict=False):
        name = _last(vietnamese, day)
        FacilityName.objects.create(
            facility_id=code,
            name_vi=name.value if name else _shipped(shipped).name_vi,
            name_en=_english(english, day, name, shipped),
            valid_from=day,
            valid_to=following - timedelta(days=1) if following else None,
            source=name.source if name else "",
        )
    if shipped is not None:
        shipped.valid_to = days[0] - timedelta(days=1) if days else None
        shipped.save(update_fields=["valid_to"])
    directory.forget_names()
    transaction.on_commit(directory.forget_names)


def _facility(code: str) -> None:
    kind = facts.history(code, "kind")
    Facility.objects.update_or_create(
        code=code,
        defaults={"kind": kind[0].value if kind else "", "in_province": code != facts.PROVINCE},
        create_defaults={
            "kind": kind[0].value if kind else "",
            "in_province": code != facts.PROVINCE,
            "code_confirmed": False,
            "place": Facility.objects.count() + 1,
        },
    )


def _last(found: list[Fact], day: date) -> Fact | None:
    return next((fact for fact in reversed(found) if fact.valid_from <= day), None)


def _shipped(row: FacilityName | None) -> FacilityName:
    assert row is not None, "a name without a fact is one of the shipped list"
    return row


def _english(found: list[Fact], day: date, name: Fact | None, shipped: FacilityName | None) -> str:
    """The English name, or the Vietnamese one where a unit has been renamed in Vietnamese alone."""
    english = _last(found, day)
    if english is not None and english.value and (name is None or english.valid_from >= name.valid_from):
        return english.value
    return name.value if name else _shipped(shipped).name_en
