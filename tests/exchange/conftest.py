"""This process as the hub, or as one of the sites. Imports are late: Django is set up after this file is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def become(node_home: Path, transactional_db: None) -> Iterator[Callable[[str], None]]:
    """Makes this process the node of a facility; its database and folder stay the same."""
    from django.conf import settings

    from exchange_calls import HUB

    before = settings.NODE

    def to(facility: str) -> None:
        role = "hub" if facility == HUB else "site"
        settings.NODE = replace(settings.NODE, facility=facility, role=role, home=node_home / facility)

    yield to
    settings.NODE = before


@pytest.fixture
def sites(become: Callable[[str], None], node_home: Path) -> Iterator[dict[str, Any]]:
    """This process is the hub; three sites and the hub are in the directory."""
    from exchange_calls import HUB, OTHER, RECEIVER, RECIPIENTS, SENDER, Site
    from lienthong.exchange import keys, peers
    from lienthong.facilities import directory
    from lienthong.facilities.models import Facility
    from lienthong.foundation import clock
    from lienthong.foundation.signing import SigningKey

    become(HUB)
    found = {
        facility: Site(facility, SigningKey.load_or_make(node_home / facility / "keys" / "signing.pem"))
        for facility in (SENDER, RECEIVER, OTHER)
    }
    for code in (HUB, *found):
        Facility.objects.get_or_create(code=code, defaults={"kind": "hospital"})
    hub, since = keys.own(), clock.now() - timedelta(days=1)
    directory.add_node(HUB, "hub", hub.jwk, hub.kid, since)
    for site in found.values():
        RECIPIENTS[site.facility] = keys.recipient(node_home / site.facility / "keys")
        directory.add_node(
            site.facility, "site", site.key.jwk, site.key.kid, since, RECIPIENTS[site.facility]
        )
    yield found
    peers.forget()
