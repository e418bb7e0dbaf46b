"""Every table of the roll-out, so that Django finds them; each is declared in the part it belongs to."""

from __future__ import annotations

from lienthong.rollout.changes import BatchRow, Change
from lienthong.rollout.facts import Fact
from lienthong.rollout.security.models import Finding, SecurityCheck

__all__ = ["BatchRow", "Change", "Fact", "Finding", "SecurityCheck"]
