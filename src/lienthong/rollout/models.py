"""Every table of the roll-out, so that Django finds them; each is declared in the part it belongs to."""

from __future__ import annotations

from lienthong.rollout.changes import BatchRow, Change
from lienthong.rollout.facts import Fact
from lienthong.rollout.reorganisation import names
from lienthong.rollout.security.models import Finding, SecurityCheck
from lienthong.rollout.sheets.models import SheetUpload

__all__ = ["BatchRow", "Change", "Fact", "Finding", "SecurityCheck", "SheetUpload", "names"]
