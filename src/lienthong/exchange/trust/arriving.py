"""Site: a statement of the directory has come, by mail, as an answer or at joining. What follows from it."""

from __future__ import annotations

from django.db import transaction

from lienthong.access import audit
from lienthong.exchange import alerts, keys
from lienthong.exchange.trust import cutting, keyfiles, problems, statement
from lienthong.facilities import directory
from lienthong.foundation.errors import LienThongError


def take(jws: str, *, new_hub: bool = False) -> None:
    """Keeps and applies a statement; tells senders of sites that were cut off; takes new keys of this site into use.

    One transaction, or part of the caller's. A statement that is known already changes nothing.

    Raises:
        LienThongError: ``trust-bad-directory``, ``trust-directory-forked``.
    """
    with transaction.atomic():
        if statement.take(jws, new_hub=new_hub) is None:
            return
        cutting.tell_senders()
        use_named_keys()
        alerts.clear(problems.forked(0).code)


def from_mail(jws: str) -> None:
    """Like :func:`take` for an item of the mailbox, which must not stop those after it: what is wrong is an alert."""
    try:
        take(jws)
    except LienThongError as error:
        alerts.raise_alert(error.problem)


def use_named_keys() -> None:
    """Takes the next keys of this site into use when the directory names them.

    A directory that came by mail does it too, when the answer to the proposal was lost.
    """
    new = keyfiles.waiting_key()
    if new is None:
        return
    named = directory.node_key(new.kid)
    if named is None or named.facility != directory.here() or named.revoked is not None:
        return
    old = keys.own().kid
    if old != new.kid:
        audit.record(audit.system("trust"), "keys-renewed", page="hub", detail={"old": old, "new": new.kid})
        alerts.clear("trust-key-old")
        alerts.clear("trust-bad-proposal")
    keyfiles.use_next()
