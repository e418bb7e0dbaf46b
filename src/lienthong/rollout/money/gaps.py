"""The gaps of a unit, as the levels know them."""

from __future__ import annotations

from datetime import date

from lienthong.rollout import facts
from lienthong.rollout.levels import assessments
from lienthong.rollout.levels import summary as levels
from lienthong.rollout.money import dated
from lienthong.rollout.money.estimate import Gap

EMR = "13/2025"
"""Stands for the duty to have an electronic record, which left the criteria of levels with Circular 13/2025."""
EMR_LEVEL = 6


def of(unit: str, level: int, on: date) -> list[Gap] | None:
    """The criteria that a unit does not meet for a level (1 to 7) on a day; None when it has not assessed itself.

    From level 6 on a unit without EMR software lacks that too, also since it is no criterion of a level any more.
    """
    found = levels.missing(unit, level, on)
    if found is None:
        return None
    gaps = [Gap(one.id, one.group, dated.words(one.vi, one.en), one.confirmed) for one in found]
    if level >= EMR_LEVEL and assessments.available(levels.TT13, on) and _without_emr(unit, on):
        words = dated.words(
            "Chưa có phần mềm bệnh án điện tử (Thông tư 13/2025/TT-BYT)",
            "No EMR software yet (Circular 13/2025/TT-BYT)",
        )
        gaps.append(Gap(EMR, EMR, words, True))
    return gaps


def _without_emr(unit: str, on: date) -> bool:
    known = facts.value(unit, "emr", on)
    return known is not None and known.value == "none"
