"""Vital signs: figures that cannot be, and figures that are rare enough for a second look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from lienthong.transfers.form import VITALS
from lienthong.transfers.validity.checks.finding import PLAUSIBLE, Finding
from lienthong.transfers.validity.checks.reading import Facts, Form

OLD = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Range:
    """A vital sign: outside :data:`lienthong.transfers.form.VITALS` it cannot be, outside ``rare`` it wants a look."""

    field: str
    vi: str
    en: str
    rare: tuple[str, str]


RANGES = (
    Range("pulse", "mạch", "pulse", ("30", "220")),
    Range("systolic", "huyết áp tối đa", "systolic pressure", ("50", "260")),
    Range("diastolic", "huyết áp tối thiểu", "diastolic pressure", ("20", "160")),
    Range("breaths", "nhịp thở", "breathing rate", ("6", "80")),
    Range("spo2", "SpO2", "SpO2", ("60", "100")),
    Range("temperature", "nhiệt độ", "temperature", ("32", "42")),
    Range("glasgow", "điểm Glasgow", "Glasgow score", ("3", "15")),
)


def look(form: Form, facts: Facts) -> Iterator[Finding]:
    """Each figure, the two pressures, and when they were taken."""
    for sign in RANGES:
        yield from _figure(form, sign)
    high, low = form.number("vitals.systolic"), form.number("vitals.diastolic")
    if high is not None and low is not None and high <= low and high > 0:
        yield Finding(
            "vitals-pressure",
            "warning",
            "vitals.diastolic",
            f"Huyết áp tối thiểu ({low}) không thấp hơn tối đa ({high}). Nhập lại hai số.",
            f"The diastolic pressure ({low}) is not below the systolic ({high}). Type both again.",
            PLAUSIBLE,
        )
    taken = form.moment("vitals.at")
    if taken is not None and taken > facts.now + timedelta(minutes=10):
        yield Finding(
            "vitals-ahead",
            "warning",
            "vitals.at",
            "Giờ đo dấu hiệu sinh tồn ở tương lai. Sửa giờ đo.",
            "The vital signs were taken in the future. Correct the time.",
            PLAUSIBLE,
        )
    elif taken is not None and facts.now - taken > OLD:
        yield Finding(
            "vitals-old",
            "ask",
            "vitals.at",
            "Dấu hiệu sinh tồn đã đo hơn 12 giờ. Đo lại trước khi chuyển?",
            "The vital signs are more than 12 hours old. Take them again before the transfer?",
            PLAUSIBLE,
        )


def _figure(form: Form, sign: Range) -> Iterator[Finding]:
    field = f"vitals.{sign.field}"
    found, (low, high) = form.number(field), VITALS[sign.field]
    if found is None:
        if form.text(field):
            yield Finding(
                "vitals-unreadable",
                "warning",
                field,
                f"Không đọc được {sign.vi}. Nhập bằng số.",
                f"The {sign.en} cannot be read. Type a number.",
                PLAUSIBLE,
            )
    elif not low <= found <= high:
        yield Finding(
            "vitals-impossible",
            "error",
            field,
            f"{sign.vi[:1].upper()}{sign.vi[1:]} {found} là không thể có ({low} đến {high}). Nhập lại.",
            f"A {sign.en} of {found} cannot be ({low} to {high}). Type it again.",
            PLAUSIBLE,
        )
    elif not Decimal(sign.rare[0]) <= found <= Decimal(sign.rare[1]):
        yield Finding(
            "vitals-rare",
            "ask",
            field,
            f"{sign.vi[:1].upper()}{sign.vi[1:]} {found} rất hiếm gặp. Đúng là con số này?",
            f"A {sign.en} of {found} is very rare. Is it right?",
            PLAUSIBLE,
        )
