"""People at the pages of an invented unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client

if TYPE_CHECKING:
    from lienthong.access.models import Role

PASSWORD = "Song Cầu nước chảy 2025"


@pytest.fixture
def someone(person: Any) -> Callable[..., Client]:
    """Signs in a person with roles: ``someone(Role.IT)`` gives the browser; the name is that of the roles."""

    def make(*roles: Role | tuple[Role, str], name: str = "") -> Client:
        name = name or "-".join(role[0] if isinstance(role, tuple) else role.value for role in roles)
        person(name, *roles)
        client = Client()
        assert client.post("/sign-in", {"username": name, "password": PASSWORD}).status_code == 302
        return client

    return make


@pytest.fixture
def hub() -> Iterator[None]:
    """This node as the province's hub."""
    before = settings.NODE
    settings.NODE = replace(before, role="hub", facility="SYT-24")
    yield
    settings.NODE = before
