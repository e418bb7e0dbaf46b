"""One site for all tests of a worker, on the database of the run."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

import fhir_door


@pytest.fixture(scope="session")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fhir_door.Door]:
    """A site whose FHIR door takes every kind of call from one system."""
    with (
        fhir_door.database(os.environ.get("LIENTHONG_DATABASE", "")) as address,
        fhir_door.running(tmp_path_factory.mktemp("door"), address) as running,
    ):
        yield running
