"""Whether the SQL of :mod:`bench.identity.model` says the same as ``lienthong.identity.comparing`` on real pairs.

``python -m bench.identity.parity`` prints, for each field, the share of pairs with another level, and samples.
"""

from __future__ import annotations

import sys
from collections import Counter

from bench.identity import model
from bench.identity.learn import linker
from bench.identity.registrations import registrations
from lienthong.identity.comparing import FIELDS, LEVELS, MISSING, levels

_COUNT = 60_000
_LEAST = 0.999


def main() -> int:
    made = list(registrations(5, _COUNT))
    of = linker(model.table(made), model.settings(explained=True))
    gammas = ", ".join(f"gamma_{field}" for field in model.LEARNED)
    found = of.inference.predict()
    rows = of._db_api._con.execute(
        f"SELECT unique_id_l, unique_id_r, {gammas} FROM {found.physical_name}"  # noqa: S608
    ).fetchall()
    read = [model.fields(one) for one in made]
    others: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    for left, right, *numbers in rows:
        ours = dict(zip(FIELDS, levels(read[left], read[right]), strict=True))
        for field, gamma in zip(model.LEARNED, numbers, strict=True):
            named = [MISSING, *reversed([level for level, _ in model.levels_of(field)])]
            theirs = named[gamma + 1]
            if theirs != ours[field]:
                others[field] += 1
                shown[f"{field}: {ours[field]} here, {theirs} in SQL"] += 1
                if shown[f"{field}: {ours[field]} here, {theirs} in SQL"] <= 2:
                    print(
                        field,
                        ours[field],
                        theirs,
                        *((r.marked, r.born, r.phone, r.citizen) for r in (read[left], read[right])),
                    )
    print(f"{len(rows):,} pairs; LEVELS of {len(LEVELS)} fields")
    for field in model.LEARNED:
        print(f"  {field:9} {1 - others[field] / len(rows):.5f}")
    for what, count in shown.most_common(12):
        print(f"  {count:6} {what}")
    return int(any(1 - others[field] / len(rows) < _LEAST for field in model.LEARNED))


if __name__ == "__main__":
    sys.exit(main())
