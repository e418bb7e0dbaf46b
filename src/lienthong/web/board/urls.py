"""Addresses of the board. At a hospital they do not exist."""

from __future__ import annotations

from django.urls import URLPattern

from lienthong.web.board import (
    history,
    ladder,
    levels,
    money,
    plan,
    province,
    report,
    security,
    units,
    vendors,
)

PARTS = (
    province,
    units,
    levels,
    ladder,
    plan,
    money,
    vendors,
    security,
    report,
    history,
)

urlpatterns: list[URLPattern] = [pattern for part in PARTS for pattern in part.urlpatterns]
