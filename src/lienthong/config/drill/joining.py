"""Makes one node of a drill and lets it know the keys of all: ``python -m lienthong.config.drill.joining HOME KEYS``.

``KEYS`` is a JSON file: ``[[facility, role, JWK, kid, age], …]``. Without it the node's tables alone are made.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lienthong.config import node, setup


def main(words: list[str]) -> None:
    """Makes the node and enters the keys."""
    home, *more = map(Path, words)
    if not more:
        setup.make_tables(home)
        return
    (keys,) = more
    config = node.load(home)
    setup.init(config)
    from django.db import connection

    from lienthong.config.drill import handlers
    from lienthong.facilities import directory
    from lienthong.facilities.models import Facility
    from lienthong.foundation import clock

    for facility, role, jwk, kid, age in json.loads(keys.read_text("utf-8")):
        Facility.objects.get_or_create(code=facility, defaults={"kind": "hospital"})
        directory.add_node(facility, role, jwk, kid, clock.now(), age)
    if config.role == "site":
        with connection.cursor() as cursor:
            for statement in handlers.TABLES:
                cursor.execute(statement)


if __name__ == "__main__":
    main(sys.argv[1:])
