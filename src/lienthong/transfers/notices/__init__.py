"""Telling the people of a unit about its transfers: in open pages, by mail and by hook. This is the front desk."""

from __future__ import annotations

from lienthong.transfers.notices.calls import read, settle, tell
from lienthong.transfers.notices.work import run

__all__ = ["read", "run", "settle", "tell"]
