"""Every test run: a node's folder of its own, and the database that ``--database`` names.

Here and not in ``tests/``, because connectors keep their tests beside themselves.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from made_once import FOLDER

TESTS = Path(__file__).parent / "tests"
ONCE = (TESTS / "fhir" / "test_examples.py", TESTS / "fhir" / "test_fuzz.py")
THINNED = (TESTS / "web", TESTS / "rollout")
EXAMPLES = int(os.environ.get("LIENTHONG_EXAMPLES", "20"))
hypothesis.settings.register_profile(
    "here", deadline=None, max_examples=EXAMPLES
)  # a slow machine is no failure
hypothesis.settings.register_profile("postgresql", deadline=None, max_examples=max(5, EXAMPLES // 3))
hypothesis.settings.load_profile("here")

_DATABASE_FIXTURES = {
    "db",
    "transactional_db",
    "door",
    "django_db_setup",
    "live_server",
    "client",
    "admin_client",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="postgresql: only the tests that use a database, on a cluster of their own",
    )


def pytest_configure(config: pytest.Config) -> None:
    home = Path(tempfile.mkdtemp(prefix="lienthong-test-"))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    (home / "lienthong.toml").write_text('secure = false\nfacility = "24011"\n', "utf-8")
    os.environ["LIENTHONG_HOME"] = str(home)
    if not hasattr(config, "workerinput"):  # the workers of pytest-xdist inherit the addresses
        made = os.environ[FOLDER] = tempfile.mkdtemp(prefix="lienthong-made-")
        config.add_cleanup(lambda: shutil.rmtree(made, ignore_errors=True))
        os.environ.pop("LIENTHONG_DATABASE", None)
        if config.getoption("--database") == "postgresql":
            os.environ["LIENTHONG_DATABASE"] = _start_postgresql(config)
    if config.getoption("--database") == "postgresql":
        hypothesis.settings.load_profile("postgresql")
    os.environ["DJANGO_SETTINGS_MODULE"] = "lienthong.config.settings"
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["light_hashing.LightArgon2"]
    if not settings.NODE.database:  # a file as in use, not a database in memory, which locks otherwise
        settings.DATABASES["default"]["TEST"] = {"NAME": home / "test.sqlite3"}
    del os.environ[
        "DJANGO_SETTINGS_MODULE"
    ]  # else the workers would load it before they have their own folder


def _start_postgresql(config: pytest.Config) -> str:
    from postgres import cluster

    running = cluster()
    try:
        address = running.__enter__()
    except RuntimeError as error:
        raise pytest.UsageError(str(error)) from error
    config.add_cleanup(lambda: _end(running))
    return address


def _end(running: contextlib.AbstractContextManager[str]) -> None:
    running.__exit__(None, None, None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--database") == "postgresql":
        rest = [item for item in items if not _uses_database(item)]
        config.hook.pytest_deselected(items=rest)
        items[:] = [item for item in items if _uses_database(item)]
    _long_first(items, getattr(config, "workerinput", {}).get("workercount", 1))


def _long_first(items: list[pytest.Item], workers: int) -> None:
    """Every worker of pytest-xdist begins with some of the long tests, so that none of them runs alone at the end.

    A worker is given one stretch of the list; what it has not begun others take.
    """
    long = [item for item in items if item.get_closest_marker("long")]
    rest = iter([item for item in items if not item.get_closest_marker("long")])
    size = -(-len(items) // workers)
    begun = [long[worker::workers] for worker in range(workers)]
    items[:] = [
        item for mine in begun for item in (*mine, *itertools.islice(rest, max(0, size - len(mine))))
    ] + list(rest)


def _uses_database(item: pytest.Item) -> bool:
    """Whether a test runs on PostgreSQL too; of the tests of pages and of the
    board, which ask through parts that do, a third; what is dear and asks the database little, not again."""
    if item.path in ONCE:
        return False
    if any(map(item.path.is_relative_to, THINNED)) and zlib.crc32(item.nodeid.encode()) % 3:
        return False
    names = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(names & _DATABASE_FIXTURES)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """A test's database numbers its packs from the beginning, and facilities have other names in it."""
    if reading := sys.modules.get("lienthong.records.reading"):
        reading.forget_packs()
    if directory := sys.modules.get("lienthong.facilities.directory"):
        directory.forget_names()


@pytest.fixture
def node_home(tmp_path: Path) -> Iterator[Path]:
    """An empty folder as this node's home: blobs, keys and exports go there for one test."""
    from dataclasses import replace

    from django.conf import settings

    before = settings.NODE
    settings.NODE = replace(before, home=tmp_path)
    yield tmp_path
    settings.NODE = before
