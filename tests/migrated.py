"""Databases as the migrations make them: made once in a test run, since to apply them takes seconds, then copied."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg

from made_once import alone, once

_MADE = "made_for_copies"
_MIGRATE = (
    "import sys; from pathlib import Path; from lienthong.config import setup;"
    "setup.use(Path(sys.argv[1])); setup.migrate()"
)


def copy(home: Path) -> None:
    """Gives a node's folder an SQLite database with all tables, and nothing in them."""
    shutil.copy(once("migrated", _migrate) / "lienthong.sqlite3", home)


def copy_to(cluster: str, name: str) -> None:
    """Makes such a database in a PostgreSQL cluster (``postgresql://…``)."""

    def make(folder: Path) -> None:
        with psycopg.connect(cluster, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {_MADE}".encode())
        _migrate(folder, f"{cluster.rpartition('/')[0]}/{_MADE}")

    once("migrated-postgresql", make)
    with alone("copy-postgresql"), psycopg.connect(cluster, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {_MADE}".encode())


def _migrate(folder: Path, address: str = "") -> None:
    source = str(Path(__file__).resolve().parent.parent / "src")
    environment = {**os.environ, "PYTHONPATH": source, "LIENTHONG_DATABASE": address}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    subprocess.run([sys.executable, "-c", _MIGRATE, str(folder)], env=environment, check=True)
