"""The first page of a long record: server time through the node's own WSGI application, signed in."""

from __future__ import annotations

import io
import re
import statistics
import time
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

from bench import sources
from bench.nodes import Figures, Shared, in_node
from bench.registry import measure
from lienthong.connectors.his_xml.make import envelope, long_history

VISITS = 200
CALLS = 40
_PASSWORD = "mot-mat-khau-de-do-2025"  # noqa: S105 - an account that lives for one measurement


class Browser:
    """Calls the application and keeps its cookies."""

    def __init__(self) -> None:
        from lienthong.config import doors

        self._application = doors.application
        self._cookies: dict[str, str] = {}

    def call(self, path: str, form: dict[str, str] | None = None) -> tuple[str, str]:
        """Status line and body."""
        path, _, query = path.partition("?")
        content = urlencode(form or {}).encode()
        environ: dict[str, Any] = {
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": "GET" if form is None else "POST",
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(content)),
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.input": io.BytesIO(content),
        }
        setup_testing_defaults(environ)
        answered: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], *_error: Any) -> None:
            answered.append(status)
            for name, value in headers:
                if name.lower() == "set-cookie":
                    cookie = value.split(";")[0].partition("=")
                    self._cookies[cookie[0]] = cookie[2]

        body = self._application(environ, start)
        text = b"".join(body).decode("utf-8", "replace")
        if hasattr(body, "close"):
            body.close()
        return answered[0], text

    def sign_in(self, username: str, password: str) -> None:
        _, page = self.call("/sign-in")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        form = {"username": username, "password": password}
        status, _ = self.call("/sign-in", {**form, "csrfmiddlewaretoken": token[1] if token else ""})
        if not status.startswith("302"):
            raise RuntimeError(f"sign-in: {status}")


@cache
def _history() -> Path:
    path = sources.folder() / "history.xml"
    path.write_bytes(envelope(list(long_history(VISITS)), date(2025, 2, 16)))
    return path


def _look(home: Path, path: Path) -> Figures:
    from django.db import connection

    from lienthong.access import accounts, audit
    from lienthong.access.models import Role
    from lienthong.connectors.his_xml import intake

    export = intake.take(path)
    if export.stored != VISITS:
        raise RuntimeError(f"{export.stored} of {VISITS} visits were stored")
    by = audit.system("bench")
    accounts.create_account("bac-si", "Bác sĩ Đo", _PASSWORD, [Role.DOCTOR], by=by, must_change=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT ref FROM records_resource WHERE type = 'Patient'")
        patient = cursor.fetchone()[0].removeprefix("Patient/")
    browser = Browser()
    browser.sign_in("bac-si", _PASSWORD)
    wall, cpu = [], []
    for _ in range(CALLS + 3):
        begun, used = time.perf_counter(), time.process_time()
        status, page = browser.call(f"/patients/{patient}")
        wall.append(1000 * (time.perf_counter() - begun))
        cpu.append(1000 * (time.process_time() - used))
        if not status.startswith("200"):
            raise RuntimeError(f"/patients/{patient}: {status}")
    wall, cpu = wall[3:], cpu[3:]
    return {
        "median": statistics.median(wall),
        "p95": statistics.quantiles(wall, n=20)[-1],
        "cpu": statistics.median(cpu),
        "kilobytes": len(page.encode()) / 1000,
    }


_record = Shared(lambda: in_node(partial(_look, path=_history()), pinned=False))


@measure(
    f"Record page, {VISITS} visits: server time, median",
    " ms",
    "reading the resources out of their packs, and the template",
    goal=150,
    less=True,
)
def page_median() -> float:
    return _record.run("median")


@measure("… 95 of 100 calls are faster than", " ms", "the audit row's flush, others on the machine")
def page_p95() -> float:
    return _record.read("p95")


@measure("… processor time, median", " ms", "Python", goal=150, less=True)
def page_cpu() -> float:
    return _record.read("cpu")


@measure("… size of the page", " KB", "before compression")
def page_size() -> float:
    return _record.read("kilobytes")
