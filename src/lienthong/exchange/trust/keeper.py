"""The work that trust needs now and then: asking for the answer to a joining, finishing a rotation, reminding."""

from __future__ import annotations

import logging
import threading
import time

from django.db import close_old_connections, connection, transaction

from lienthong.access import audit
from lienthong.exchange import alerts
from lienthong.exchange.client import Hub, NoLine
from lienthong.exchange.trust import arriving, entering, keyfiles, rotating, statement
from lienthong.facilities import directory
from lienthong.foundation.errors import LienThongError

log = logging.getLogger(__name__)
_ASK, _LOOK, _SELDOM = 2.0, 20.0, 3600.0


def join(stop: threading.Event) -> None:
    """Site: asks the hub about the joining that is under way, whenever there is one, until ``stop`` is set."""
    while not stop.is_set():
        wait = _ASK
        try:
            close_old_connections()
            under_way = entering.under_way()
            if under_way is not None and under_way.state != "refused":
                entering.ask()
        except LienThongError as error:
            log.warning("joining: %s", error)
            wait = _LOOK
        except Exception:
            log.exception("joining")
            wait = _LOOK
        finally:
            connection.close()
        stop.wait(wait)


def wait_for_hub(stop: threading.Event) -> str:
    """Site: the address of the hub, once it has joined one; empty when ``stop`` was set before."""
    while not stop.is_set():
        try:
            close_old_connections()
            if entering.address() and directory.nodes("hub"):
                return entering.address()
        except Exception:
            log.exception("waiting for a hub")
        finally:
            connection.close()
        stop.wait(1.0)
    return ""


def keep(stop: threading.Event) -> None:
    """Site or hub: finishes rotations that were begun, catches up with the directory, reminds of old keys."""
    hub = None if directory.is_hub() else Hub(entering.address())
    seldom = 0.0
    while not stop.is_set():
        try:
            close_old_connections()
            if hub is None:
                rotating.finish_hub(audit.system("trust"))
            elif entering.under_way() is None:
                _finish(hub)
            if time.monotonic() >= seldom:
                if hub is not None:
                    _catch_up(hub)
                with transaction.atomic():
                    rotating.remind()
                seldom = time.monotonic() + _SELDOM
        except NoLine:
            pass
        except LienThongError as error:
            log.warning("keys and directory: %s", error)
            if not error.problem.retry:
                with transaction.atomic():
                    alerts.raise_alert(error.problem)
        except Exception:
            log.exception("keys and directory")
        finally:
            connection.close()
        stop.wait(_LOOK)


def _finish(hub: Hub) -> None:
    if keyfiles.waiting_key() is not None:
        rotating.rotate(hub, audit.system("trust"))
    else:
        rotating.settle(hub)


def _catch_up(hub: Hub) -> None:
    for jws in hub.directory(statement.newest_number()):
        arriving.from_mail(jws)
