"""The comparing of ``lienthong.identity`` said in SQL, so that splink can learn its weights and link in bulk.

One level for each level of :data:`lienthong.identity.comparing.LEVELS`, on columns that the product's own code makes;
the SQL runs on DuckDB and on Spark. Left out: numbers that ended, a second number of a kind, hospital numbers
(a bulk extract has none of them). :mod:`bench.identity.parity` looks whether both say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import starmap
from typing import Any, Final

from bench.identity.patients import patient
from bench.identity.registrations import Registration
from lienthong.identity import fields as reading
from lienthong.identity import names, numbers
from lienthong.identity.comparing import LEVELS
from lienthong.identity.fields import Fields

COLUMNS: Final = (
    *(
        "unique_id",
        "person",
        "causes",
        "citizen",
        "fits",
        "old_card",
        "passport",
        "social",
        "marked",
        "words",
    ),
    *("sorted_words", "family", "middle", "given", "word_count", "born", "sex", "commune", "district"),
    *("province", "home", "phone", "mother", "birth_order", "initials"),
)
_NUMBERS: Final = frozenset({"unique_id", "person", "causes", "fits", "word_count"})


def fields(one: Registration) -> Fields:
    """The registration as the product reads it."""
    return reading.of(patient(one))


def row(number: int, one: Registration, f: Fields) -> tuple[Any, ...]:
    """The values of :data:`COLUMNS`; None for what is not known."""
    words = f.words.split()
    citizen = f.citizen[0] if f.citizen else None
    return (
        number,
        one.person,
        one.causes,
        citizen,
        int(numbers.fits(citizen, f.born, f.sex)) if citizen else None,
        f.old_card[0] if f.old_card else None,
        f.passport[0] if f.passport else None,
        f.social[0] if f.social else None,
        f.marked or None,
        f.words or None,
        names.in_any_order(f.words) or None,
        words[0] if words else None,
        " ".join(words[1:-1]) if words else None,
        words[-1] if words else None,
        len(words) or None,
        f.born or None,
        f.sex or None,
        f.commune or None,
        f.district or None,
        f.province or None,
        f.home or None,
        f.phone[0] if f.phone else None,
        f.mother or None,
        f.order or None,
        names.initials(f.words) or None,
    )


def table(registrations: Iterable[Registration]) -> Any:
    """A pyarrow table of :data:`COLUMNS`, one row for each registration in their order."""
    import pyarrow

    kinds = {name: pyarrow.int64() if name in _NUMBERS else pyarrow.string() for name in COLUMNS}
    schema = pyarrow.schema(list(kinds.items()))
    batches, rows = [], list[tuple[Any, ...]]()
    for number, one in enumerate(registrations):
        rows.append(row(number, one, fields(one)))
        if len(rows) == 50_000:
            batches.append(_batch(rows, schema))
            rows.clear()
    batches.append(_batch(rows, schema))
    return pyarrow.Table.from_batches(batches, schema)


def _batch(rows: list[tuple[Any, ...]], schema: Any) -> Any:
    import pyarrow

    columns = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
    return pyarrow.RecordBatch.from_arrays(
        [pyarrow.array(values, kind) for values, kind in zip(columns, schema.types, strict=True)],
        schema=schema,
    )


def _alike(column: str) -> str:
    """Two words the same, or one the other's abbreviation."""
    a, b = f"{column}_l", f"{column}_r"
    return (
        f"({a} = {b} OR ({a} LIKE '%.' AND {b} LIKE concat(replace({a}, '.', ''), '%'))"
        f" OR ({b} LIKE '%.' AND {a} LIKE concat(replace({b}, '.', ''), '%')))"
    )


def _only_lacking() -> str:
    """Each word the same in both, or without marks in one."""
    parts = []
    for place in range(1, 7):
        a, b, plain = (f"split_part({c}, ' ', {place})" for c in ("marked_l", "marked_r", "words_l"))
        parts.append(f"({a} = {b} OR {a} = {plain} OR {b} = {plain})")
    return " AND ".join(parts)


def _edited() -> str:
    """Words that differ by one edit; a word that differs more counts for many."""
    parts = ["abs(word_count_l - word_count_r) * 9"]
    for place in range(1, 7):
        a, b = (f"split_part({column}, ' ', {place})" for column in ("words_l", "words_r"))
        parts.append(f"CASE WHEN {a} = {b} THEN 0 WHEN damerau_levenshtein({a}, {b}) = 1 THEN 1 ELSE 9 END")
    return " + ".join(parts)


_TYPED = _edited()
_HOUSE = f"({_alike('family')} AND {_alike('given')} AND word_count_l > 1 AND word_count_r > 1)"
_INSIDE = (
    "(middle_l = '' OR middle_r = '' OR concat(' ', middle_l, ' ') LIKE concat('% ', middle_r, ' %')"
    " OR concat(' ', middle_r, ' ') LIKE concat('% ', middle_l, ' %') OR " + _alike("middle") + ")"
)
_NEAR: Final = "length({0}_l) = length({0}_r) AND damerau_levenshtein({0}_l, {0}_r) = 1"
_SAME_YEAR = "substr(born_l, 1, 4) = substr(born_r, 1, 4)"
_NEXT_YEAR = "abs(CAST(substr(born_l, 1, 4) AS INT) - CAST(substr(born_r, 1, 4) AS INT)) = 1"
_FULL = "length(born_l) = 10 AND length(born_r) = 10"
_VAGUE = "(born_l LIKE '%-01-01' OR born_r LIKE '%-01-01' OR length(born_l) = 4 OR length(born_r) = 4)"

SQL: Final[dict[str, dict[str, str]]] = {
    "citizen": {
        "same": "citizen_l = citizen_r AND fits_l = 1 AND fits_r = 1",
        "unfit": "citizen_l = citizen_r",
        "near": _NEAR.format("citizen"),
    },
    **{
        kind: {"same": f"{kind}_l = {kind}_r", "near": _NEAR.format(kind)}
        for kind in ("old_card", "passport", "social", "phone")
    },
    "name": {
        "same": "marked_l = marked_r",
        "unmarked": f"words_l = words_r AND {_only_lacking()}",
        "marks": "words_l = words_r",
        "order": "sorted_words_l = sorted_words_r",
        "short": f"{_HOUSE} AND {_INSIDE}",
        "typed": f"({_TYPED}) <= 2 OR (word_count_l <> word_count_r"
        " AND replace(words_l, ' ', '') = replace(words_r, ' ', ''))",
        "middle": f"{_alike('family')} AND {_alike('given')}",
        "family": f"{_alike('given')} AND middle_l = middle_r AND word_count_l > 1 AND word_count_r > 1",
        "sibling": _alike("family"),
    },
    "birth": {
        "day": f"{_FULL} AND born_l = born_r AND born_l NOT LIKE '%-01-01'",
        "swapped": f"{_FULL} AND {_SAME_YEAR} AND born_l <> born_r"
        " AND substr(born_l, 6, 2) = substr(born_r, 9, 2) AND substr(born_l, 9, 2) = substr(born_r, 6, 2)",
        "near": f"{_FULL} AND NOT (born_l LIKE '%-01-01' AND born_r LIKE '%-01-01')"
        " AND damerau_levenshtein(replace(born_l, '-', ''), replace(born_r, '-', '')) = 1",
        "year": f"{_SAME_YEAR} AND NOT {_VAGUE}",
        "first": "born_l = born_r AND length(born_l) = 10",
        "dayless": _SAME_YEAR,
        "close": f"{_VAGUE} AND {_NEXT_YEAR}",
    },
    "sex": {"same": "sex_l = sex_r"},
    "place": {
        "home": "province_l = province_r AND (coalesce(commune_l = commune_r, FALSE)"
        " OR coalesce(district_l = district_r, FALSE)) AND coalesce(home_l = home_r, FALSE)",
        "commune": "province_l = province_r AND commune_l = commune_r",
        "district": "province_l = province_r AND district_l = district_r",
        "province": "province_l = province_r",
    },
    "mother": {"same": "mother_l = mother_r"},
    "order": {"same": "birth_order_l = birth_order_r"},
}
"""Field to level to the condition on a pair; the last level of a field is what remains."""

_BASE: Final = {"name": "words", "birth": "born", "place": "province", "order": "birth_order"}
LEARNED: Final = ("citizen", "old_card", "passport", "social", "name", "birth", "sex", "place", "phone")
"""Fields whose levels happen often enough among registrations to learn from."""

BLOCKS: Final = (
    "l.citizen = r.citizen",
    "l.social = r.social",
    "l.old_card = r.old_card",
    "l.passport = r.passport",
    "l.phone = r.phone AND l.given = r.given",
    "l.words = r.words AND l.born = r.born",
    "l.born = r.born AND l.given = r.given AND l.district = r.district",
    "l.words = r.words AND substr(l.born, 1, 4) = substr(r.born, 1, 4) AND l.commune = r.commune",
    "l.initials = r.initials AND l.born = r.born AND l.commune = r.commune",
)
"""Pairs that splink looks at."""


def levels_of(field: str) -> Iterator[tuple[str, str]]:
    """Level and SQL of a field, the strongest first; the last one has no condition."""
    for level in LEVELS[field]:
        if level in SQL[field] or level == LEVELS[field][-1]:
            yield level, SQL[field].get(level, "ELSE")


def comparison(field: str) -> dict[str, Any]:
    """A field as splink wants it."""
    base = _BASE.get(field, field)
    missing = {
        "sql_condition": f"{base}_l IS NULL OR {base}_r IS NULL",
        "label_for_charts": "missing",
        "is_null_level": True,
    }
    found = [
        missing,
        *starmap(lambda level, sql: {"sql_condition": sql, "label_for_charts": level}, levels_of(field)),
    ]
    if field == "name":
        found[1] |= {"tf_adjustment_column": "words", "tf_adjustment_weight": 1.0}
    return {"output_column_name": field, "comparison_levels": found}


def settings(*, explained: bool = False) -> dict[str, Any]:
    """Settings of splink 4 for finding people in one set of registrations; ``explained``: keep each pair's levels."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "unique_id",
        "comparisons": [comparison(field) for field in LEARNED],
        "blocking_rules_to_generate_predictions": list(BLOCKS),
        "retain_matching_columns": explained,
        "retain_intermediate_calculation_columns": explained,
        "additional_columns_to_retain": ["person", "causes"],
    }
