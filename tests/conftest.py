"""People of an invented unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HOSPITALS = ("24011", "24004", "01929", "24022")
PASSWORD = "Song Cầu nước chảy 2025"


@pytest.fixture
def person(db: None) -> Callable[..., Any]:
    """Makes an account at this node: ``person("bs.hoa", Role.DOCTOR)``; every password is ``PASSWORD``.

    A role that is given for something is given for the first hospital where the test names nothing.
    """
    from lienthong.access import accounts, audit
    from lienthong.access.models import SCOPED
    from lienthong.facilities import directory

    directory.load_known()

    def make(username: str, *roles: Any, must_change: bool = False) -> Any:
        by = audit.system("test")
        given = [(role, HOSPITALS[0]) if role in SCOPED else role for role in roles]
        return accounts.create_account(
            username, username.title(), PASSWORD, given, by=by, must_change=must_change
        )

    return make


@pytest.fixture
def hospitals(node_home: Path, db: None) -> dict[str, Any]:
    """Hospitals with keys, known to this node (which is 24011): facility to its signing key."""
    from lienthong.exchange import keys, peers
    from lienthong.facilities import directory
    from lienthong.foundation import clock
    from lienthong.foundation.signing import SigningKey

    directory.load_known()
    peers.forget()
    found = {}
    for facility in HOSPITALS:
        folder = node_home / "keys" if facility == HOSPITALS[0] else node_home / facility / "keys"
        key = found[facility] = SigningKey.load_or_make(folder / "signing.pem")
        directory.add_node(facility, "site", key.jwk, key.kid, clock.now(), keys.recipient(folder))
    return found


@pytest.fixture
def node() -> Iterator[Callable[..., None]]:
    """Sets this node's settings for one test: ``node(smtp_url="…")``."""
    from dataclasses import replace

    from django.conf import settings

    before = settings.NODE

    def set_up(**values: Any) -> None:
        settings.NODE = replace(settings.NODE, **values)

    yield set_up
    settings.NODE = before
