"""Making a node ready: its folder, key, database, directory and first accounts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from lienthong.config import node


def use(home: Path) -> None:
    """Makes this process work for the node in ``home``: settings are read from there, Django is set up."""
    os.environ["LIENTHONG_HOME"] = str(home.absolute())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.config.settings")
    import django

    django.setup()


def migrate() -> None:
    """Brings the database and the index rows to the present form; does nothing when they are."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)
    from lienthong.records import reindexing

    reindexing.bring_up()


def make_tables(home: Path) -> None:
    """Makes the database of the node in ``home`` with all tables, for this process alone."""
    use(home)
    migrate()


def enter_seed() -> None:
    """Hub: enters what the roll-out begins with, where it is not there yet."""
    from lienthong.rollout import seed

    seed.load()


def signing_key(home: Path) -> Any:
    """The node's signing key, made at the first call."""
    from lienthong.foundation.signing import SigningKey

    return SigningKey.load_or_make(home / "keys" / "signing.pem")


def opening_key(home: Path) -> str:
    """The recipient to which content for the node is sealed; its key is made at the first call."""
    from lienthong.exchange import keys

    return keys.recipient(home / "keys")


def init(config: node.NodeConfig) -> None:
    """Makes the node's folder, settings, key and database, and enters the known facilities and its own key."""
    node.save(config)
    make_tables(config.home)
    from lienthong.facilities import directory
    from lienthong.foundation import clock

    directory.load_known()
    if config.role == "hub":
        enter_seed()
    key = signing_key(config.home)
    age = opening_key(config.home) if config.role == "site" else ""
    directory.add_node(config.facility, config.role, key.jwk, key.kid, clock.now(), age)
