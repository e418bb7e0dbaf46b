"""People of an invented unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

PASSWORD = "Song Cầu nước chảy 2025"


@pytest.fixture
def person(db: None) -> Callable[..., Any]:
    """Makes an account at this node: ``person("bs.hoa", Role.DOCTOR)``; every password is ``PASSWORD``."""
    from lienthong.access import accounts, audit
    from lienthong.facilities import directory

    directory.load_known()

    def make(username: str, *roles: Any, must_change: bool = False) -> Any:
        by = audit.system("test")
        return accounts.create_account(
            username, username.title(), PASSWORD, roles, by=by, must_change=must_change
        )

    return make
