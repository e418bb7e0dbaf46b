"""The tabs of the board: for which right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import pgettext_lazy

from lienthong.access import accounts, rights
from lienthong.access.rights import Right

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

TABS: tuple[tuple[str, StrOrPromise, Right], ...] = (
    ("board-province", pgettext_lazy("tab", "The province"), rights.BOARD),
    ("board-units", pgettext_lazy("tab", "Units"), rights.BOARD),
    ("board-levels", pgettext_lazy("tab", "Levels"), rights.BOARD),
    ("board-plan", pgettext_lazy("tab", "Plan"), rights.BOARD),
    ("board-ladder", pgettext_lazy("tab", "Evidence ladder"), rights.BOARD),
    ("board-money", pgettext_lazy("tab", "Money"), rights.BOARD),
    ("board-vendors", pgettext_lazy("tab", "Vendors"), rights.BOARD),
    ("board-tickets", pgettext_lazy("tab", "Faults and requests"), rights.TICKETS),
    ("board-report", pgettext_lazy("tab", "Reports"), rights.BOARD),
    ("board-security", pgettext_lazy("tab", "Security"), rights.SECURITY_SEE),
    ("board-history", pgettext_lazy("tab", "Changes"), rights.BOARD),
)
"""Name of the page, words, who may open it; in the order of the bar."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab ready to show."""

    url: str
    label: StrOrPromise
    current: bool


def tabs(request: HttpRequest) -> list[Tab]:
    """What the person who asks may open."""
    held = accounts.request_roles(request)
    urls = {reverse(page): label for page, label, right in TABS if held & set(right)}
    inside = [url for url in urls if request.path == url or request.path.startswith(f"{url}/")]
    current = max(inside, key=len, default="")
    return [Tab(url, label, url == current) for url, label in urls.items()]
