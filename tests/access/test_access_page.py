"""The page about access to records says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from lienthong.access import callers, grounds, protected, scopes

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "access-to-records.md").read_text("utf-8")
ROWS = {row[0]: row[1:] for row in (re.findall(r"[^|]+", line) for line in PAGE.splitlines()) if len(row) > 2}


def row(code: str) -> list[str]:
    return [cell.strip() for cell in ROWS[f" `{code}` "]]


def test_the_tables_are_those_of_the_program() -> None:
    table = grounds.table()
    for purpose in table.purposes:
        assert row(purpose.code) == [purpose.vi, purpose.en]
    for basis in table.bases:
        shown = row(basis.code)
        opens = set(shown[5].replace("–", "").split()) if shown[5] != "all" else protected.ALL
        assert shown[:4] == [
            basis.en,
            f"{basis.law}, {basis.article}",
            basis.since.isoformat(),
            basis.confidence,
        ]
        assert (set(shown[4].split()), opens) == (basis.purposes, basis.opens)
    for kind in table.protected:
        assert set(re.findall(r"`(\w+)`", row(kind.code)[1])) == kind.labels
    assert f"{scopes.MOST} scopes" in PAGE


def test_the_table_holds_together() -> None:
    table = grounds.table()
    codes = {purpose.code for purpose in table.purposes}
    for basis in table.bases:
        assert basis.purposes <= codes
        assert basis.opens <= protected.ALL
    assert codes == {purpose for basis in table.bases for purpose in basis.purposes}
    bits = [kind.bit for kind in table.protected]
    assert protected.mask(protected.ALL) == sum(bits) < 1 << 15
    assert all(bit.bit_count() == 1 for bit in bits)
    assert set(callers.NODE_BASES) | set(callers.PERSON_BASES) <= {basis.code for basis in table.bases}
    assert len(callers.NODE) == len(scopes.grants(callers.NODE))
