"""The kinds of report: what each says and which tables it has. All are made by the same machinery."""

from __future__ import annotations

from lienthong.rollout.report.kinds import fortnight, health_book, levels
from lienthong.rollout.report.kinds.kind import Kind, Part

__all__ = ["KINDS", "Kind", "Part"]

KINDS: dict[str, Kind] = {one.code: one for one in (fortnight.KIND, levels.KIND, health_book.KIND)}
