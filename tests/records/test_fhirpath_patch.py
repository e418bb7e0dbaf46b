"""FHIRPath Patch on one resource, beside plain changes of Python lists; what is not touched keeps its bytes."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fhir_calls
from fhir_calls import Client
from lienthong import records
from lienthong.foundation import json
from lienthong.foundation.wsgi import HttpError
from lienthong.records.api.fhirpath_patch import patched
from lienthong.records.api.rewriting import rewritten

Object = dict[str, Any]


def part(name: str, **value: Any) -> Object:
    return {"name": name, **value}


def operation(kind: str, path: str, *parts: Object) -> Object:
    fixed = [part("type", valueCode=kind), part("path", valueString=path)]
    return {"name": "operation", "part": [*fixed, *parts]}


def parameters(*operations: Object) -> Object:
    return {"resourceType": "Parameters", "parameter": list(operations)}


PATIENT: Object = {
    "resourceType": "Patient",
    "id": "p",
    "name": [
        {"use": "official", "family": "Trần", "given": ["Văn", "An"], "_given": [None, {"id": "g2"}]},
        {"use": "usual", "text": "An"},
    ],
    "birthDate": "1960-03-02",
    "_birthDate": {"extension": [{"url": "urn:t", "valueTime": "06:00:00"}]},
    "contact": [{"name": {"text": "Lê"}, "gender": "male"}],
    "deceasedBoolean": True,
}
NAME = part("value", valueHumanName={"text": "Đỗ"})

CASES: list[tuple[list[Object], dict[str, Any]]] = [
    ([], {}),
    ([operation("replace", "Patient.birthDate", part("value", valueDate="1961"))],
     {"birthDate": "1961", "_birthDate": None}),
    ([operation("delete", "Patient.birthDate")], {"birthDate": None, "_birthDate": None}),
    ([operation("delete", "Patient.birthDate.extension.where(url = 'urn:t')")], {"_birthDate": None}),
    ([operation("delete", "Patient.photo")], {}),
    ([operation("delete", "Patient.contact[0].gender")], {"contact": [{"name": {"text": "Lê"}}]}),
    ([operation("delete", "Patient.contact.name.text")], {"contact": [{"gender": "male"}]}),
    ([operation("add", "Patient", part("name", valueString="maritalStatus"),
                part("value", valueCodeableConcept={"text": "x"}))], {"maritalStatus": {"text": "x"}}),
    ([operation("add", "Patient", part("name", valueString="name"), NAME)],
     {"name": [*PATIENT["name"], {"text": "Đỗ"}]}),
    ([operation("add", "Patient", part("name", valueString="contact"),
                part("value", part=[part("name", valueHumanName={"text": "Vi"}),
                                    part("gender", valueCode="other")]))],
     {"contact": [*PATIENT["contact"], {"name": {"text": "Vi"}, "gender": "other"}]}),
    ([operation("add", "Patient.birthDate", part("name", valueString="extension"),
                part("value", part=[part("url", valueUri="urn:e"), part("value", valueInteger=1)]))],
     {"_birthDate": {"extension": [*PATIENT["_birthDate"]["extension"], {"url": "urn:e", "valueInteger": 1}]}}),
    ([operation("replace", "Patient.deceased", part("value", valueDateTime="2025"))],
     {"deceasedBoolean": None, "deceasedDateTime": "2025"}),
    ([operation("replace", "Patient.name.where(use = 'usual').text", part("value", valueString="Bình"))],
     {"name": [PATIENT["name"][0], {"use": "usual", "text": "Bình"}]}),
    ([operation("insert", "Patient.name.first().given", part("index", valueInteger=1),
                part("value", valueString="Thị"))],
     {"name": [{**PATIENT["name"][0], "given": ["Văn", "Thị", "An"], "_given": [None, None, {"id": "g2"}]},
               PATIENT["name"][1]]}),
    ([operation("move", "Patient.name[0].given", part("source", valueInteger=1),
                part("destination", valueInteger=0))],
     {"name": [{**PATIENT["name"][0], "given": ["An", "Văn"], "_given": [{"id": "g2"}, None]},
               PATIENT["name"][1]]}),
    ([operation("delete", "Patient.name[0].given[1]"), operation("delete", "Patient.name[0].given[0]")],
     {"name": [{"use": "official", "family": "Trần"}, PATIENT["name"][1]]}),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(CASES)))
def test_each_operation(case: int) -> None:
    operations, wanted = CASES[case]
    expected = {name: value for name, value in (PATIENT | wanted).items() if value is not None}
    before = copy.deepcopy(PATIENT)
    assert patched(PATIENT, parameters(*operations)) == expected
    assert before == PATIENT


@pytest.mark.parametrize(
    "wrong",
    [
        operation("replace", "Patient.photo", part("value", valueString="x")),
        operation("replace", "Patient.name", NAME),
        operation("replace", "Patient", NAME),
        operation("delete", "Patient.name"),
        operation("delete", "Patient.name.given.upper()"),
        operation("delete", "Patient.colour"),
        operation("add", "Patient", part("name", valueString="birthDate"), part("value", valueDate="1960")),
        operation("add", "Patient.gender", part("name", valueString="extension"), NAME),
        operation("add", "Patient", part("name", valueString="extension"), part("value", valueExtension={})),
        operation("add", "Patient", part("name", valueString="name"), part("value", valueString="x")),
        operation(
            "add", "Patient", part("name", valueString="multipleBirth"), part("value", valueString="x")
        ),
        operation("insert", "Patient.name", part("index", valueInteger=3), NAME),
        operation("insert", "Patient.name", NAME),
        operation("insert", "Patient.gender", part("index", valueInteger=0), part("value", valueCode="male")),
        operation(
            "move", "Patient.name", part("source", valueInteger=2), part("destination", valueInteger=0)
        ),
        operation("grow", "Patient.name"),
        {"name": "operation"},
        {"name": "other", "part": []},
    ],
)
def test_what_cannot_be_done_says_where(wrong: Object) -> None:
    with pytest.raises(HttpError) as caught:
        patched(PATIENT, parameters(operation("delete", "Patient.contact"), wrong))
    assert (caught.value.status, caught.value.problem.where["path"]) == (422, "Parameters.parameter[1]")


STEPS = st.lists(
    st.tuples(st.sampled_from(["insert", "delete", "replace", "move"]), st.integers(0, 4), st.integers(0, 4)),
    max_size=8,
)


@given(st.lists(st.integers(0, 9), max_size=4), STEPS)
def test_lists_change_as_plain_lists_do(start: list[int], steps: list[tuple[str, int, int]]) -> None:
    """Each primitive keeps what stands beside it, whatever moves."""
    model = [(str(n), {"id": f"x{n}"} if n % 2 else None) for n in start]
    operations = []
    for kind, at, to in steps:
        new = (f"{at}{to}", {"id": f"y{to}"} if to % 2 else None)
        value = part("value", valueString=new[0], **({"_valueString": new[1]} if new[1] else {}))
        path = "Patient.name.given"
        if kind == "insert" and at <= len(model):
            model.insert(at, new)
            operations.append(operation(kind, path, part("index", valueInteger=at), value))
        elif kind == "delete" and at < len(model):
            del model[at]
            operations.append(operation(kind, f"{path}[{at}]"))
        elif kind == "replace" and at < len(model):
            model[at] = new
            operations.append(operation(kind, f"{path}[{at}]", value))
        elif kind == "move" and max(at, to) < len(model):
            model.insert(to, model.pop(at))
            ends = part("source", valueInteger=at), part("destination", valueInteger=to)
            operations.append(operation(kind, path, *ends))
    name: Object = {"family": "A"}
    if start:
        name["given"] = [str(n) for n in start]
    if any(n % 2 for n in start):
        name["_given"] = [{"id": f"x{n}"} if n % 2 else None for n in start]
    done = patched({"resourceType": "Patient", "name": [name]}, parameters(*operations))
    told = done["name"][0]
    values, beside = told.get("given", []), told.get("_given", [None] * len(model))
    assert list(zip(values, beside, strict=True)) == model


VALUES = st.recursive(
    st.sampled_from([1, True, "é", "a/b", None]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, VALUES)
def test_rewriting_gives_the_change_and_keeps_the_rest(one: Any, other: Any) -> None:
    held = json.indented(json.dumps({"same": one, "other": one}))
    made = bytes(rewritten(held, {"same": one, "other": other}))
    assert json.loads(made) == {"same": one, "other": other}
    kept = bytes(json.members(held)["same"])
    assert kept in made
    assert bytes(rewritten(held, {"same": one, "other": one})) == held


@pytest.mark.django_db(transaction=True)
def test_at_the_door_untouched_bytes_stay_as_sent() -> None:
    his: Client = fhir_calls.register("system/*.cruds")
    sent = (
        b'{"resourceType":"Observation","id":"o","status":"final","code":{"text":"Gl\\u00fccose \\/ x"},'
        b'"referenceRange":[{"low": {"value":1.50}},{"high":{"value":2.00}}],"valueQuantity":{"value":1.10}}'
    )
    his.call("PUT", "/Observation/o", sent)

    def stored() -> bytes:
        found = records.read("Observation", "o")
        assert found is not None
        return found.wire

    more = operation("replace", "Observation.referenceRange[0].low.value", part("value", valueDecimal=2))
    done = his.call("PATCH", "/Observation/o", parameters(more))
    assert done.status == 200, done.body
    raw = stored()
    for kept in (b"Gl\\u00fccose \\/ x", b'{"high":{"value":2.00}}', b'{"value":1.10}', b'"low":{"value":2}'):
        assert kept in raw
    his.call("PATCH", "/Observation/o", [{"op": "replace", "path": "/status", "value": "amended"}],
             Content_Type="application/json-patch+json")  # fmt: skip
    assert b"Gl\\u00fccose \\/ x" in stored()
    entry = {"resource": parameters(operation("delete", "Observation.value")),
             "request": {"method": "PATCH", "url": "Observation/o"}}  # fmt: skip
    for kind in ("transaction", "batch"):
        answer = his.call("POST", "", {"resourceType": "Bundle", "type": kind, "entry": [entry]})
        assert answer.body["entry"][0]["response"]["status"] == "200", answer.body
    assert "valueQuantity" not in his.call("GET", "/Observation/o").body
    wrong = his.call("PATCH", "/Observation/o", parameters(operation("delete", "Observation.code.first(")))
    assert wrong.status == 422
