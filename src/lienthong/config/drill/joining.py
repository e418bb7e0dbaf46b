"""Makes one node of a drill and lets it know the keys of all: ``python -m lienthong.config.drill.joining HOME KEYS``.

The keys stand in a JSON file: ``[[facility, role, JWK, kid, age], …]``; without it the node is made and prints its own.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lienthong.config import node, setup


def main(words: list[str]) -> None:
    """Makes the node, or enters the keys of the others."""
    home = Path(words[0])
    config = node.load(home)
    if len(words) == 1:
        setup.init(config)
        key = setup.signing_key(home)
        age = setup.opening_key(home) if config.role == "site" else ""
        print(json.dumps([config.facility, config.role, key.jwk, key.kid, age]))
        return
    setup.use(home)
    from django.db import connection

    from lienthong.config.drill import handlers
    from lienthong.facilities import directory
    from lienthong.facilities.models import Facility
    from lienthong.foundation import clock

    for facility, role, jwk, kid, age in json.loads(Path(words[1]).read_text("utf-8")):
        Facility.objects.get_or_create(code=facility, defaults={"kind": "hospital"})
        directory.add_node(facility, role, jwk, kid, clock.now(), age)
    if config.role == "site":
        with connection.cursor() as cursor:
            for statement in handlers.TABLES:
                cursor.execute(statement)


if __name__ == "__main__":
    main(sys.argv[1:])
