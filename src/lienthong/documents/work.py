"""Site: tells the hub what waits, asks it what was asked here, fetches its copies, however long the line is away.

Each row is settled by the answer of the hub, and the hub takes the same thing twice without effect, so that a kill at
any moment only means that it is done again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import zstandard
from django.db import close_old_connections, connection, transaction

from lienthong.access.audit import system
from lienthong.documents import asking, problems
from lienthong.documents.models import Fetch, Mode, Outgoing, Publication, Search
from lienthong.exchange import alerts, space
from lienthong.exchange.client import Answered, Hub, HubRefused, NoLine
from lienthong.exchange.problems import hub_fault
from lienthong.exchange.trust import entering
from lienthong.facilities import directory
from lienthong.foundation import clock, json
from lienthong.foundation.errors import LienThongError

log = logging.getLogger(__name__)

LOOK = 2.0
"""Seconds between looks."""
PROVIDE, FIND, RETRIEVE = "/documents/v1/provide", "/documents/v1/find", "/documents/v1/retrieve"
_LONGEST_WAIT = 60.0
_BATCH = 20
_JSON = {"Content-Type": "application/json"}


class Calls(Protocol):
    """What is needed of :class:`lienthong.exchange.client.Hub`."""

    def call(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answered:
        """A call with a short answer."""
        ...


def run(stop: threading.Event) -> None:
    """Works until ``stop``; after a failed call it waits longer each time."""
    hub, address, wait = None, "", LOOK
    while not stop.wait(wait):
        try:
            close_old_connections()
            if directory.nodes("hub") and waits():
                if hub is None or address != entering.address():
                    address = entering.address()
                    hub = Hub(address) if address else None
                if hub is not None:
                    step(hub)
            wait = LOOK
        except NoLine as error:
            wait = min(_LONGEST_WAIT, max(2 * wait, error.wait))
        except Exception as error:
            wait = min(_LONGEST_WAIT, 2 * wait)
            if space.disk_failed(error):
                log.error("documents cannot be worked on: %s", error)
            else:
                log.exception("documents")
        finally:
            connection.close()


def waits() -> bool:
    """Whether anything waits for the hub."""
    return (
        Outgoing.objects.filter(refused=False).exists()
        or Search.objects.filter(answered_at=None).exists()
        or Fetch.objects.filter(answered_at=None, mode=Mode.COPY).exists()
    )


def step(hub: Calls) -> None:
    """Does once what waits: people's questions first, then publications in their order.

    Raises:
        NoLine: the hub or the line cannot now.
    """
    for search in Search.objects.filter(answered_at=None).order_by("at")[:_BATCH]:
        _settle(lambda one=search: _find(hub, one), Search, search.id)  # type: ignore[misc]
    for wish in Fetch.objects.filter(answered_at=None, mode=Mode.COPY).order_by("at")[:_BATCH]:
        _settle(lambda one=wish: _retrieve(hub, one), Fetch, wish.id)  # type: ignore[misc]
    for waiting in Outgoing.objects.filter(refused=False).order_by("id")[:_BATCH]:
        _provide(hub, waiting)


def _settle(work: Callable[[], None], kind: type[Search] | type[Fetch], id: str) -> None:
    """Does one thing; a refusal that no retry helps is noted."""
    try:
        work()
    except NoLine:
        raise
    except LienThongError as error:
        if space.disk_failed(error) or error.problem.retry:
            raise NoLine(error.problem) from error
        asking.refuse(kind, id, error.problem)


def _find(hub: Calls, search: Search) -> None:
    body = json.dumps(asking.question(search))
    asking.found(search, _read(hub.call("POST", FIND, body, _JSON).data))


def _retrieve(hub: Calls, wish: Fetch) -> None:
    asked = asking.question(wish) | {"document": wish.document, "publisher": wish.facility}
    content = hub.call("POST", RETRIEVE, json.dumps(asked), _JSON).data
    asking.receive(wish.id, content, actor=system("documents"))


def _provide(hub: Calls, waiting: Outgoing) -> None:
    body = zstandard.ZstdDecompressor().decompress(bytes(waiting.body))
    try:
        hub.call("POST", PROVIDE, body, _JSON)
    except HubRefused as error:
        if error.problem.retry or error.status == 507:
            raise NoLine(error.problem) from error
        log.warning("publication %s: %s", waiting.publication_id, error.problem.code)
        with transaction.atomic():
            Outgoing.objects.filter(id=waiting.id).update(refused=True)
            Publication.objects.filter(id=waiting.publication_id).update(refused=error.problem.as_dict())
            alerts.raise_alert(problems.not_taken(error.problem), waiting.publication_id)
        return
    with transaction.atomic():
        Outgoing.objects.filter(id=waiting.id).delete()
        Publication.objects.filter(id=waiting.publication_id).update(published_at=clock.now(), refused={})
        alerts.clear("document-not-taken", waiting.publication_id)


def _read(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except json.DecodeError as error:
        raise NoLine(hub_fault(200)) from error
    if not isinstance(value, dict):
        raise NoLine(hub_fault(200))
    return value
