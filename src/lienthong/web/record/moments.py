"""FHIR dates and times for people: Viet Nam's time, day first, only as exact as the source."""

from __future__ import annotations

from datetime import date, datetime

from lienthong.foundation import clock


def parse(value: str) -> datetime | None:
    """A FHIR dateTime, instant or date as a moment in Viet Nam; None for what is no whole date."""
    if len(value) < 10:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=clock.VIETNAM)).astimezone(clock.VIETNAM)
    except (ValueError, OverflowError):
        return None


def show(value: str) -> str:
    """``05/03/2026 14:00``, ``05/03/2026``, ``03/2026`` or ``2026``; text that is no date stays as it is."""
    moment = parse(value)
    if moment is not None:
        return f"{moment:%d/%m/%Y %H:%M}" if len(value) > 10 else f"{moment:%d/%m/%Y}"
    year, dash, month = value.partition("-")
    return f"{month}/{year}" if dash and year.isdigit() and month.isdigit() else value


def day(value: str) -> str:
    """The day alone."""
    moment = parse(value)
    return f"{moment:%d/%m/%Y}" if moment else show(value)


def key(value: str) -> str:
    """Text that sorts by time whatever offset the source wrote."""
    moment = parse(value)
    return clock.iso(moment) if moment else value


def age(birth: str, on: date | None = None) -> int | None:
    """Full years of age; from the year alone where no more is known; None for what is no birth date."""
    today = on or clock.today()
    if not birth[:4].isdigit():
        return None
    years = today.year - int(birth[:4])
    if len(birth) >= 10:
        moment = parse(birth)
        if moment is None:
            return None
        years -= (today.month, today.day) < (moment.month, moment.day)
    return years if 0 <= years <= 150 else None


def months_of_age(birth: str, on: date | None = None) -> int | None:
    """Full months of age, for children whose whole birth date is known."""
    today, moment = on or clock.today(), parse(birth)
    if moment is None:
        return None
    months = (today.year - moment.year) * 12 + today.month - moment.month - (today.day < moment.day)
    return months if months >= 0 else None
