"""Clicks and keystrokes of a person at a page, counted in the browser."""

from __future__ import annotations

from typing import Any

_COUNT = """
addEventListener("mousedown", () => count("clicks"), true);
addEventListener("keydown", e => { if (!["Shift", "Control", "Alt"].includes(e.key)) count("keys") }, true);
function count(what) { sessionStorage.setItem(what, 1 + Number(sessionStorage.getItem(what))) }
"""


def begin(page: Any) -> None:
    """Counts from here on, over the pages of this window; the page shown is loaded anew."""
    page.add_init_script(_COUNT)
    page.reload()
    page.evaluate("sessionStorage.clear()")


def counted(page: Any) -> tuple[int, int]:
    """Clicks and keystrokes since :func:`begin`."""
    clicks, keys = (
        int(page.evaluate(f"sessionStorage.getItem('{what}')") or 0) for what in ("clicks", "keys")
    )
    return clicks, keys
