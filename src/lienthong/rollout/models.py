"""Every table of the roll-out, so that Django finds them; each is declared in the part it belongs to."""

from __future__ import annotations

from lienthong.rollout.changes import BatchRow, Change
from lienthong.rollout.facts import Fact
from lienthong.rollout.report.models import Report, ReportFile, ReportStep, ReportText, Snapshot
from lienthong.rollout.security.models import Finding, SecurityCheck

__all__ = [
    "BatchRow",
    "Change",
    "Fact",
    "Finding",
    "Report",
    "ReportFile",
    "ReportStep",
    "ReportText",
    "SecurityCheck",
    "Snapshot",
]
import lienthong.rollout.changes
import lienthong.rollout.facts
import lienthong.rollout.levels.models
import lienthong.rollout.reorganisation.names
import lienthong.rollout.security.models
import lienthong.rollout.sheets.models  # noqa: F401
