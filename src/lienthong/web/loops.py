"""The transfer that a page is about."""

from __future__ import annotations

from django.http import Http404

from lienthong.transfers import desk, taking
from lienthong.transfers.models import Side, Transfer


def here(loop: str, *sides: Side) -> Transfer:
    """A transfer with its steps, of which this hospital is at one of these ends (any, when none is named).

    Raises:
        Http404: there is none.
    """
    transfer = desk.get(loop)
    if transfer is None or taking.side(transfer) not in (sides or tuple(Side)):
        raise Http404
    return transfer
