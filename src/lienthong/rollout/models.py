"""Every table of the roll-out, so that Django finds them; each is declared in the part it belongs to."""

from __future__ import annotations

import lienthong.rollout.changes
import lienthong.rollout.facts
import lienthong.rollout.feeds.models
import lienthong.rollout.levels.models
import lienthong.rollout.money.models
import lienthong.rollout.plan.models
import lienthong.rollout.reorganisation.names
import lienthong.rollout.report.models
import lienthong.rollout.security.models
import lienthong.rollout.sheets.models
import lienthong.rollout.vendors.models  # noqa: F401
