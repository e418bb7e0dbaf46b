"""With a hundred thousand messages in the queue, claiming the next must not look at each: SQLite says how it would."""

from __future__ import annotations

import pytest
from django.db import connection

from lienthong.exchange import sql

pytestmark = pytest.mark.django_db


def _plan(statement: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", [""] * statement.count("%s"))
        return [row[3] for row in cursor.fetchall()]


@pytest.mark.parametrize("lanes", ["%s", "%s, %s, %s, %s"])
def test_the_next_messages_are_found_by_their_order_and_their_loop(lanes: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL plans by what the tables hold")
    plan = _plan(sql.CLAIM_QUEUED.format(lanes=lanes))
    assert any("m USING INDEX exchange_work" in step for step in plan)
    assert any("e USING COVERING INDEX exchange_in_loop" in step for step in plan)
    assert not any("TEMP B-TREE" in step for step in plan)
    collected = _plan(sql.CLAIM_COLLECTED.format(lanes=lanes))
    assert any("e USING INDEX exchange_in_loop" in step for step in collected)
