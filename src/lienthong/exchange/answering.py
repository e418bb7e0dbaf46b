"""What every door of a node does around a call: errors become answers, and nothing of the database stays open."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence

from django.db import DatabaseError, close_old_connections, connection

from lienthong.exchange import space
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.foundation.wsgi import (
    Environ,
    HttpError,
    Request,
    Response,
    StartResponse,
    problem_response,
    send,
)

log = logging.getLogger(__name__)

Headers = Iterable[tuple[str, str]]


def problem_document(found: Sequence[Problem], status: int, headers: Headers) -> Response:
    """The first problem as ``application/problem+json`` (RFC 9457)."""
    return problem_response(HttpError(status, found[0], headers=tuple(headers)))


def answered(
    environ: Environ,
    start_response: StartResponse,
    route: Callable[[Request], Response],
    failed: Callable[[Sequence[Problem], int, Headers], Response],
    *,
    status: Callable[[LienThongError], int] = lambda error: 422,
    busy: Callable[[], Problem],
    fault: Callable[[], Problem],
) -> Iterable[bytes]:
    """Answers one call.

    Args:
        failed: problems, status and headers in the door's own form.
        status: of an error that names none.
        busy, fault: what is said when the database or disk fails for a moment, and when the program does.
    """
    close_old_connections()
    request = Request(environ)
    try:
        response = route(request)
    except HttpError as error:
        response = failed([error.problem], error.status, error.headers)
    except space.NoRoom as error:
        response = failed([error.problem], 507, (("Retry-After", "30"),))
    except LienThongError as error:
        response = failed(getattr(error, "problems", [error.problem]), status(error), ())
    except Exception as error:
        log.exception("%s %s", request.method, request.path)
        passing = space.disk_failed(error) or isinstance(error, DatabaseError)
        response = failed([busy()], 503, (("Retry-After", "5"),)) if passing else failed([fault()], 500, ())
    finally:
        if connection.in_atomic_block:
            connection.close()
        close_old_connections()
    return send(response, start_response)
