"""The ways in which a search may run, which small stores would otherwise not take."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from unittest import mock

from hypothesis import strategies as st

from lienthong.records.search import planning

_LIMITS = {
    "as in use": {"FEW": planning.FEW},
    "gathered in parts": {"HANDFUL": 0},
    "tried along an index": {"FEW": 0, "SOME": 0, "HANDFUL": 0, "STRETCH": 10},
    "tried in vain": {"HANDFUL": 0, "STRETCH": 4},
    "along an index": {"FEW": 0, "SOME": 0, "HANDFUL": 0, "STRETCH": 0},
}
ALL = st.sampled_from(sorted(_LIMITS))


@contextlib.contextmanager
def taken(name: str) -> Iterator[None]:
    """Searches run in that way."""
    with mock.patch.multiple(planning, **_LIMITS[name]):
        yield
