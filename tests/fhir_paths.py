"""What a SearchParameter's expression points at: for each of its ways a resource that has a value there, and how it is
asked for."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import fhir_filler
from fhir_filler import Element, Resource


class Sample(NamedTuple):
    """A resource that a parameter must find.

    Attributes:
        right: values that find it, each with a modifier (``""``, ``:exact`` …).
        wrong: values that do not.
    """

    kind: str
    code: str
    way: str
    body: Resource
    right: tuple[tuple[str, str], ...]
    wrong: tuple[tuple[str, str], ...]


_AS = re.compile(r"^\((?P<path>.+) as (?P<type>\w+)\)(?P<rest>(\.\w+)*)$")
_CALLED_AS = re.compile(r"\.as\((\w+)\)$")
_WHERE = re.compile(r"\.where\((?P<name>\w+)\s*=\s*'(?P<value>[^']+)'\)")
_RESOLVES = re.compile(r"\.where\(resolve\(\) is (\w+)\)$")
_GIVEN = {
    "token": (
        "CodeableConcept",
        "Coding",
        "Identifier",
        "ContactPoint",
        "code",
        "boolean",
        "string",
        "uri",
        "id",
    ),
    "reference": ("Reference", "canonical", "uri"),
    "date": ("dateTime", "date", "Period", "instant", "Timing"),
    "string": ("string", "markdown", "HumanName", "Address"),
    "quantity": ("Quantity", "Range", "SampledData", "Money", "Age", "Duration"),
    "number": ("decimal", "integer", "positiveInt", "unsignedInt"),
    "uri": ("uri", "url", "canonical", "oid", "uuid"),
}
Asked = tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]
"""What finds a value, and what does not: pairs of modifier and value."""
_ELSEWHERE = "http://lienthong.example/elsewhere"


def samples(kind: str) -> Iterator[Sample]:
    """For each parameter that R4 defines for a type: a sample for each way of its expression."""
    for parameter in fhir_filler.parameters():
        if kind not in parameter["base"]:
            continue
        for way in parameter.get("expression", "").split(" | "):
            here = way if re.match(r"\(?[A-Z]", way) else f"{kind}.{way}"
            if not re.match(rf"\(?{kind}(\.|$)", here):
                continue
            body = fhir_filler.resource(kind)
            found = (
                _composite(body, here, parameter)
                if parameter["type"] == "composite"
                else _follow(body, here, parameter)
            )
            if found is not None:
                yield Sample(kind, parameter["code"], way, body, *found)


def _composite(body: Resource, way: str, parameter: Resource) -> Asked | None:
    """Fills every component below one base element; they are asked for together."""
    parts = []
    kind = body["resourceType"]
    for component in parameter["component"]:
        step = component["expression"].split(" | ")[0]
        step = step.replace("%resource", kind) if step.startswith("%resource") else f"{way}.{step}"
        found = _follow(body, step, _by_url()[component["definition"]])
        if found is None:
            return None
        parts.append(found)
    right = "$".join(found[0][0][1] for found in parts)
    wrong = "$".join([*(found[0][0][1] for found in parts[:-1]), parts[-1][1][0][1]])
    return (("", right),), (("", wrong),)


@functools.cache
def _by_url() -> dict[str, Resource]:
    return {parameter["url"]: parameter for parameter in fhir_filler.parameters()}


def _follow(body: Resource, way: str, parameter: Resource) -> Asked | None:
    """Puts a value where a way of an expression points."""
    type_, target, rest, path = "", "", "", way
    wheres: dict[str, tuple[str, str]] = {}
    if match := re.match(r"^(?P<path>[\w.]+)\.exists\(\) and ", path):
        path = match["path"]
    if match := _RESOLVES.search(path):
        path, target = path[: match.start()], match[1]
    if match := _AS.match(path):
        path, type_, rest = match["path"], match["type"], match["rest"]
    if match := _CALLED_AS.search(path):
        path, type_ = path[: match.start()], {"DateTime": "dateTime"}.get(match[1], match[1])  # R4 errs once
    if match := _WHERE.search(path):
        wheres[path[: match.start()].rpartition(".")[2]] = (match["name"], match["value"])
        path = path[: match.start()] + path[match.end() :]
    kind, *names = path.replace("[0]", "").split(".")
    return _place(body, kind, names, type_, rest, parameter, wheres, target)


def _place(
    owner: Resource,
    where: str,
    names: list[str],
    type_: str,
    rest: str,
    parameter: Resource,
    wheres: dict[str, tuple[str, str]],
    target: str,
) -> Asked | None:
    """Puts a value at a path below ``owner``, and says how it is asked for."""
    element = fhir_filler.children(where)[names[0]]
    if len(names) == 1 and not rest:
        kind = type_ or _of(element, parameter["type"])
        if kind is None:
            return None
        given, asked = _value(element, kind, parameter, target)
        if names[0] in wheres and isinstance(given, dict):
            given[wheres[names[0]][0]] = wheres[names[0]][1]
        fhir_filler.put(owner, element, given, kind)
        return asked
    kind = type_ if len(names) == 1 else element.types[0]
    name = element.key(kind)
    inner = owner.get(name)
    inner = inner[0] if isinstance(inner, list) else inner
    if not isinstance(inner, dict):
        inner = fhir_filler.value(element, kind)
        fhir_filler.put(owner, element, inner, kind)
    if names[0] in wheres:
        inner[wheres[names[0]][0]] = wheres[names[0]][1]
    below = element.path if kind in ("BackboneElement", "Element") else kind
    if below in ("Resource", "Any"):
        return None
    if len(names) == 1:
        return _place(inner, below, rest.strip(".").split("."), "", "", parameter, wheres, target)
    return _place(inner, below, names[1:], type_, rest, parameter, wheres, target)


def _of(element: Element, search: str) -> str | None:
    wanted = _GIVEN.get(search, ())
    return next((kind for kind in wanted if kind in element.types), None) or (
        element.types[0] if element.types and element.types[0] in fhir_filler.kinds() else None
    )


def _value(element: Element, kind: str, parameter: Resource, target: str) -> tuple[Any, Asked]:
    given = fhir_filler.value(element, kind)
    search = parameter["type"]
    if kind == "Reference":
        targets = [target] if target else [t for t in element.targets if t in parameter.get("target", (t,))]
        name = next((t for t in targets if t != "Resource"), "Patient")
        given = {"reference": f"{name}/filled"}
        right = (("", f"{name}/filled"), ("", "filled"), (f":{name}", "filled"), (":missing", "false"))
        return given, (right, (("", f"{name}/empty"), (":missing", "true")))
    if search in ("reference", "uri"):
        return given, ((("", str(given)), (":missing", "false")), (("", _ELSEWHERE), (":missing", "true")))
    if search == "token":
        return given, _token(kind, given, element)
    return given, _ASKED[search](kind, given)


def _token(kind: str, given: Any, element: Element) -> Asked:
    if kind == "ContactPoint":
        return (("", given["value"]), (":missing", "false")), (("", "0"), (":not", given["value"]))
    if kind in ("CodeableConcept", "Coding", "Identifier"):
        coding = given.get("coding", [given])[0]
        system, code = coding["system"], coding.get("code") or coding["value"]
        whole = f"{system}|{code}"
        right = (
            ("", whole),
            ("", code),
            ("", f"{system}|"),
            (":not", f"{system}|empty"),
            (":missing", "false"),
        )
        wrong = (("", f"{system}|empty"), ("", f"{_ELSEWHERE}|{code}"), ("", f"|{code}"), (":not", whole))
        return right, wrong
    code = str(given).lower() if isinstance(given, bool) else str(given)
    other = next((one for _, one in element.codes if one != code), {"true": "false"}.get(code, "another"))
    return (("", code), (":missing", "false")), (("", other), (":not", code), (":missing", "true"))


def _date(kind: str, given: Any) -> Asked:
    right = (
        "2021-03-04",
        "2021-03",
        "ge2021-03-04",
        "lt2021-04",
        "ne2022",
        "gt2021-03-03",
        "sa2021-03-03",
        "ap2021-03-04",
    )
    wrong = ("2021-03-05", "2020", "gt2021-03-05", "lt2021-03-04", "eb2021-03-04", "ne2021-03")
    return (
        (*(("", one) for one in right), (":missing", "false")),
        (*(("", one) for one in wrong), (":missing", "true")),
    )


def _string(kind: str, given: Any) -> Asked:
    word = {"HumanName": "Vi", "Address": "Bắc Giang"}.get(kind, "") or str(given)
    folded = {"Vi": "vi", "Bắc Giang": "bac giang"}.get(word, "song cau")
    right = (("", word), ("", folded[:2]), (":exact", word), (":contains", folded[1:]), (":missing", "false"))
    return right, (("", "zz"), (":exact", folded), (":contains", "zz"), (":missing", "true"))


def _number(kind: str, given: Any) -> Asked:
    if kind == "SampledData":
        return ((":missing", "false"),), ((":missing", "true"),)
    value = given if isinstance(given, int | float) else 7.5
    unit = f"{value}|{given['system']}|{given['code']}" if kind in ("Quantity", "Age") else str(value)
    right = (("", unit), ("", str(value)), ("", "lt8"), ("", "gt6"), ("", f"ge{value}"), ("", "ne9"))
    return (*right, (":missing", "false")), (("", "9"), ("", "gt100"), ("", "lt1"), (":missing", "true"))


_ASKED = {"date": _date, "string": _string, "number": _number, "quantity": _number}
