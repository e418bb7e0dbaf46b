"""What every page knows."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from lienthong.access import accounts
from lienthong.facilities import directory
from lienthong.web import navigation

_VERSION = version("lienthong")


def page(request: HttpRequest) -> dict[str, Any]:
    """``facility hub navigation notices roles demo code version`` for templates."""
    return {
        "facility": directory.name(directory.here()),
        "hub": directory.is_hub(),
        "navigation": navigation.links(request),
        "notices": navigation.notices(request),
        "roles": sorted(accounts.request_roles(request)),
        "demo": settings.NODE.demo,
        "code": directory.here(),
        "version": _VERSION,
    }
