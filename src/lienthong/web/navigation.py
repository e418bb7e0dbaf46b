"""The pages in the head of every page: for which right, at which kind of node."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from lienthong.access import accounts
from lienthong.access.rights import Right
from lienthong.facilities import directory


@dataclass(frozen=True, slots=True)
class Entry:
    """A link: name of the page, its words, who may open it, and whether the hub, sites or both have it."""

    page: str
    label: str
    right: Right
    hub: bool = True
    site: bool = True


ENTRIES: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A link ready to show."""

    url: str
    label: str
    current: bool


def links(request: HttpRequest) -> list[Link]:
    """What the person who asks may open here, in order."""
    held = accounts.request_roles(request)
    hub = directory.is_hub()
    found = []
    for entry in ENTRIES:
        if held & set(entry.right) and (entry.hub if hub else entry.site):
            url = reverse(entry.page)
            found.append(Link(url, entry.label, request.path == url or request.path.startswith(f"{url}/")))
    return found
