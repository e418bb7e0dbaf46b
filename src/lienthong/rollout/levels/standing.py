"""What is known of a unit's levels on a day, side by side: declared, assessed, reviewed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from lienthong.rollout import facts
from lienthong.rollout.facts import Fact
from lienthong.rollout.levels.filled import Outcome
from lienthong.rollout.levels.models import Assessment, AssessmentStage, State

DECLARED = {"I": "infrastructure_level", "III": "his_level", "IV": "ris_pacs", "V": "lis", "VIII": "emr"}
"""Group of Circular 54/2017 to the fact that declares its level; nothing declares the other groups."""


@dataclass(frozen=True, slots=True)
class Told:
    """Levels that an assessment came to, and the stage that says so."""

    stage: AssessmentStage
    outcome: Outcome

    @property
    def assessment(self) -> Assessment:
        return self.stage.assessment


@dataclass(slots=True)
class Standing:
    """One unit. ``declared`` by group; ``assessed`` and ``reviewed`` by set, the newest of the day."""

    declared: dict[str, Fact] = field(default_factory=dict)
    assessed: dict[str, Told] = field(default_factory=dict)
    reviewed: dict[str, Told] = field(default_factory=dict)

    def told(self, set: str) -> Told | None:
        """What counts for a set: the review before the unit's own word."""
        return self.reviewed.get(set) or self.assessed.get(set)


def standings(on: date) -> dict[str, Standing]:
    """Facility to what is known on a day. Units of which nothing is known are not in it. Two queries."""
    found: dict[str, Standing] = {}
    groups = {key: group for group, key in DECLARED.items()}
    for (facility, key), fact in facts.values(on, list(groups)).items():
        found.setdefault(facility, Standing()).declared[groups[key]] = fact
    rows = AssessmentStage.objects.filter(on__lte=on, state__in=(State.SUBMITTED, State.DECIDED))
    for stage in rows.select_related("assessment__version").order_by("on", "id"):
        unit = found.setdefault(stage.assessment.facility, Standing())
        side = unit.reviewed if stage.state == State.DECIDED else unit.assessed
        side[stage.assessment.set] = Told(stage, Outcome.read(stage.outcome))
    return found
