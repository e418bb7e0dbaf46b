"""How transfers go, in figures: counts and times, nothing of a patient."""

from __future__ import annotations

from lienthong.transfers.measures.figures import FEWEST, Figures, Measures, Share, Spread, measured
from lienthong.transfers.measures.periods import Period

__all__ = ["FEWEST", "Figures", "Measures", "Period", "Share", "Spread", "measured"]
