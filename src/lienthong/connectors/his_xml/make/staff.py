"""Invented staff of a facility: who orders, performs, reads and signs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

from lienthong.connectors.his_xml.dossier import Edition
from lienthong.connectors.his_xml.make.lists import load
from lienthong.connectors.his_xml.make.people import given_names, surnames
from lienthong.foundation.text import name_case


@dataclass(frozen=True, slots=True)
class Member:
    """Someone who signs.

    Attributes:
        licence: number of the practice certificate (CCHN) or licence (GPHN).
        social_number: 10 digits, used by Decision 130 instead of the licence.
    """

    name: str
    title: str
    licence: str
    social_number: str

    def code(self, edition: Edition) -> str:
        return self.social_number if edition == "130" else self.licence

    def head_code(self, edition: Edition) -> str:
        """MA_TTDV: the insurance number until 4750, the licence since 3176."""
        return self.licence if edition == "3176" else self.social_number


@dataclass(frozen=True, slots=True)
class Staff:
    doctors: dict[str, tuple[Member, ...]]
    laboratory: tuple[Member, ...]
    imaging: tuple[Member, ...]
    nurses: tuple[Member, ...]
    head: Member


@cache
def staff(facility: str) -> Staff:
    """The staff of a facility, always the same."""
    places = load("places.json")
    profile = places["facilities"].get(facility) or places["facilities"]["24011"]
    rng = Random(f"staff {facility}")  # noqa: S311
    serial = 1000

    def member(title: str) -> Member:
        nonlocal serial
        serial += rng.randint(3, 40)
        sex = rng.choice("12")
        name = f"{surnames('01').draw(rng)} {given_names(rng, sex, rng.random() < 0.5)}"
        kind = "CCHN" if rng.random() < 0.7 else "GPHN"
        return Member(
            name_case(name.upper()),
            title,
            f"{serial:06d}/{profile['issuer']}-{kind}",
            f"24{int(facility) % 1000:03d}{serial % 100_000:05d}",
        )

    titles = ("Bác sĩ chuyên khoa I", "Bác sĩ", "Bác sĩ chuyên khoa II", "Thạc sĩ, bác sĩ")
    return Staff(
        doctors={code: tuple(member(title) for title in titles) for code in places["departments"]},
        laboratory=tuple(member("Cử nhân xét nghiệm") for _ in range(5)),
        imaging=tuple(member("Bác sĩ chẩn đoán hình ảnh") for _ in range(4)),
        nurses=tuple(member("Điều dưỡng") for _ in range(12)),
        head=member("Giám đốc"),
    )
