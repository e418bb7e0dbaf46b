"""Find Document Lists and References (ITI-66, 67): a patient's number stands for every registration of that person."""

from __future__ import annotations

from typing import Final

from lienthong import records
from lienthong.documents import people
from lienthong.foundation.wsgi import Response
from lienthong.records.api.call import Call
from lienthong.records.api.read import visible

_BY_NUMBER: Final = ("patient.identifier", "patient:Patient.identifier", "subject:Patient.identifier")
_MOST = 20


def same_person(call: Call, steps: list[str]) -> Response | None:
    """Puts the patients of one person in the place of a number, where the index knows more of them than the number
    does. Nothing is answered here.

    Which documents are found remains what the caller's scopes, purpose and basis allow; a Patient that it may not see
    is not among them.
    """
    if call.method in ("GET", "HEAD") and not steps:
        call.query = [_widened(call, name, value) for name, value in call.query]
    return None


def _widened(call: Call, name: str, value: str) -> tuple[str, str]:
    numbers = value.split(",")
    if name not in _BY_NUMBER or len(numbers) > _MOST or not all(_whole(one) for one in numbers):
        return name, value
    equal = people.known_by(numbers)
    further = [one for one in people.of_one_person(equal) if one not in equal]
    stored = records.read_many(f"Patient/{one}" for one in [*equal, *further])
    seen = [
        one
        for one in [*equal, *further]
        if (held := stored.get(f"Patient/{one}")) and visible(call, held, "s")
    ]
    if not set(seen).intersection(equal) or not set(seen).intersection(further):
        return name, value
    return "patient", ",".join(f"Patient/{one}" for one in seen)


def _whole(number: str) -> bool:
    system, _, value = number.partition("|")
    return bool(system and value) and "\\" not in number
