"""What all tests of a module begin with is entered once: each test changes a copy of its own, which nobody keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest


def once_in_module(enter: Callable[[], None], *, autouse: bool = False) -> Any:
    """A fixture under which what ``enter`` writes to the database is there for every test of the module.

    It opens a transaction around the tests' own, each of which is undone to where it began. Not for modules with
    tests that commit (``transactional_db``).
    """

    @pytest.fixture(scope="module", autouse=autouse)
    def entered(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
        from django.db import transaction

        with django_db_blocker.unblock():
            whole = transaction.atomic()
            whole.__enter__()
        try:
            with django_db_blocker.unblock():
                enter()
            yield
        finally:
            with django_db_blocker.unblock():
                transaction.set_rollback(True)
                whole.__exit__(None, None, None)

    return entered
