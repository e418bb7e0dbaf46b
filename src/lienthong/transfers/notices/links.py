"""Addresses of this node's pages for mails and hooks."""

from __future__ import annotations

from django.conf import settings


def link(path: str) -> str:
    """The whole address of a page, e.g. ``link("notices")``."""
    return f"{settings.NODE.pages}/{path}"
