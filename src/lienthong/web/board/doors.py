"""Doors of the board: at the hub alone, for those who hold the right."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from lienthong.access.doors import View, requires
from lienthong.access.models import Role
from lienthong.facilities import directory


def opens(*allowed: Role) -> Callable[[View], View]:
    """Like :func:`lienthong.access.doors.requires`; at a hospital the page does not exist."""

    def decorate(view: View) -> View:
        @wraps(view)
        def at_hub(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not directory.is_hub():
                raise Http404
            return view(request, *args, **kwargs)

        return requires(*allowed)(at_hub)

    return decorate
