"""The pages in the head of every page: for which right, at which kind of node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lienthong.access import accounts, passwords, rights
from lienthong.access.rights import Right
from lienthong.documents import desk as documents
from lienthong.facilities import directory
from lienthong.transfers.notices import calls
from lienthong.transfers.notices.calls import Waiting
from lienthong.web import attention

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Entry:
    """A link: name of the page, its words, who may open it, and whether the hub, sites or both have it.

    Who holds ``unless`` reaches the page from another one.
    """

    page: str
    label: StrOrPromise
    right: Right
    hub: bool = True
    site: bool = True
    unless: Right | None = None


ENTRIES = (
    Entry("transfers-in", _("Transfers to us"), rights.TRANSFERS, hub=False),
    Entry("transfers-out", _("Transfers from us"), rights.TRANSFERS, hub=False),
    Entry("letter", _("Scan a letter"), rights.TRANSFERS, hub=False),
    Entry("patients", _("Find a person"), rights.RECORDS, hub=False),
    Entry("documents-came", _("Documents of the province"), rights.RECORDS, hub=False),
    Entry("documents-published", _("Published documents"), rights.PUBLICATIONS, hub=False),
    Entry("reception", _("Reception"), rights.RECEPTION, hub=False),
    Entry("identity", _("One person or two?"), rights.IDENTITY),
    Entry("board-province", _("Roll-out board"), rights.BOARD, site=False),
    Entry("board-tickets", _("Faults and requests"), rights.TICKETS, site=False, unless=rights.BOARD),
    Entry("province", _("Province today"), rights.PROVINCE, site=False),
    Entry("measures", _("How transfers go"), rights.MEASURES),
    Entry("documents-counts", _("Published documents"), rights.PROVINCE, site=False),
    Entry("units", _("Units"), rights.UNITS, site=False),
    Entry("it", _("Is everything flowing?"), rights.FLOW),
    Entry("attention", _("What needs attention"), rights.ATTENTION),
    Entry("exports", _("Exports of the HIS"), rights.FLOW, hub=False),
    Entry("refused", _("Refused dossiers"), rights.FLOW, hub=False),
    Entry("messages", _("Messages"), rights.FLOW),
    Entry("working-days", _("Working days"), rights.FLOW, hub=False),
    Entry("search", _("Where is it?"), rights.JOURNEY),
    Entry("reconcile", _("Reconciliation"), rights.INTEGRITY),
    Entry("hub-link", _("Connection with the hub"), rights.LINK, hub=False),
    Entry("laboratories", _("Laboratories"), rights.LABORATORIES, hub=False),
    Entry("hooks", _("Hooks"), rights.HOOKS_SEE, hub=False),
    Entry("systems", _("Systems that may call"), rights.SYSTEMS),
    Entry("accounts", _("Accounts"), rights.ACCOUNTS),
    Entry("evidence", _("Evidence"), rights.EVIDENCE_CHECK),
    Entry("trail", _("Audit trail"), rights.TRAIL),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A link ready to show; ``count``: how many things wait there."""

    url: str
    label: StrOrPromise
    current: bool
    count: int = 0


def links(request: HttpRequest) -> list[Link]:
    """What the person who asks may open here, in order."""
    held = accounts.request_roles(request)
    hub = directory.is_hub()
    urls = {
        reverse(entry.page): entry.label
        for entry in ENTRIES
        if held & set(entry.right)
        and (entry.hub if hub else entry.site)
        and not (entry.unless and held & set(entry.unless))
    }
    inside = [url for url in urls if request.path == url or request.path.startswith(f"{url}/")]
    current = max(inside, key=len, default="")
    counted: dict[str, Callable[[], int]] = {
        reverse("attention"): attention.count,
        reverse("documents-came"): partial(_came, request),
    }
    return [
        Link(url, label, url == current, counted[url]() if url in counted else 0)
        for url, label in urls.items()
    ]


def _came(request: HttpRequest) -> int:
    return documents.unseen(accounts.actor(request).id)


def notices(request: HttpRequest) -> Waiting | None:
    """What waits for the person who asks; None when he is told nothing here."""
    held = accounts.request_roles(request)
    if directory.is_hub() or not held & set(rights.NOTICES):
        return None
    account = accounts.own(request)
    return None if passwords.must_change(account) else calls.waiting(account, held)
