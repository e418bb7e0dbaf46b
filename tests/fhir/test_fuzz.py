"""Whatever is sent, the door never answers 5xx, and every refusal is an OperationOutcome that says why.

``LIENTHONG_FUZZ_SECONDS`` gives each test more time than it has in CI.
"""

from __future__ import annotations

import copy
import json
import os
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import schemathesis
import urllib3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

import fhir_filler
import synthea_shaped
from fhir_door import Door

SECONDS = float(os.environ.get("LIENTHONG_FUZZ_SECONDS", "2.5"))
KINDS = ("Patient", "Observation", "Encounter")
JSON = "application/fhir+json"
MODIFIERS = (
    "",
    ":exact",
    ":contains",
    ":missing",
    ":not",
    ":in",
    ":of-type",
    ":identifier",
    ":Patient",
    ":nonsense",
)
_MANY = settings(max_examples=100_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
_POOL = urllib3.PoolManager(retries=False, timeout=30)


class _Enough(Exception):
    """The time is over."""


def fuzz(check: Callable[..., None], seconds: float = SECONDS, **strategies: st.SearchStrategy[Any]) -> None:
    """Runs a check on examples until the time is over or one fails, which is then made small."""
    until = time.monotonic() + seconds
    failed = []

    def one(**values: Any) -> None:
        if not failed and time.monotonic() > until:
            raise _Enough
        try:
            check(**values)
        except Exception:
            failed.append(True)
            raise

    one.__name__ = check.__name__
    try:
        _MANY(given(**strategies)(one))()
    except BaseException as error:
        if not _only_enough(error):
            raise


def _only_enough(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(map(_only_enough, error.exceptions))
    return isinstance(error, _Enough)


@pytest.fixture(scope="module")
def ask(door: Door) -> Callable[..., None]:
    """Sends a call and looks at the answer."""
    token = door.client.ask_token().body["access_token"]

    def send(method: str, path: str, body: bytes | None = None, **headers: str) -> None:
        sent = {"Authorization": f"Bearer {token}", "Content-Type": JSON, **headers}
        answer = _POOL.request(method, f"{door.base}{path}", body=body, headers=sent)
        what = f"{method} {path} {sent} {(body or b'')[:2000]!r}\n{answer.status} {answer.data[:1500]!r}"
        assert answer.status < 500, f"{what}\n{door.log}"
        if answer.status >= 400 and method != "HEAD":
            assert answer.headers["Content-Type"].startswith(JSON), what
            outcome = json.loads(answer.data)
            assert outcome["resourceType"] == "OperationOutcome", what
            for issue in outcome["issue"]:
                said = [issue["severity"], issue["code"], issue["diagnostics"], issue["details"]["text"]]
                assert all((*said, issue["details"]["coding"][0]["code"])), what
        elif answer.status == 200 and path.endswith("#batch"):
            outcomes = [entry["response"] for entry in json.loads(answer.data).get("entry", [])]
            assert not [one for one in outcomes if one["status"].startswith("5")], what

    return send


def _document(statement: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI description of some types, made of the CapabilityStatement."""
    paths: dict[str, Any] = {}
    anything = {"responses": {"default": {"description": "an answer"}}}
    name = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    version = {**name, "name": "version"}
    match = {"name": "If-Match", "in": "header", "schema": {"type": "string"}}
    once = {"name": "If-None-Exist", "in": "header", "schema": {"type": "string"}}
    for one in statement["rest"][0]["resource"]:
        kind = one["type"]
        if kind not in KINDS:
            continue
        schema = {
            "type": "object",
            "properties": {"resourceType": {"enum": [kind]}},
            "required": ["resourceType"],
        }
        body = {"requestBody": {"content": {JSON: {"schema": schema}}}}
        patches = {
            "type": "array",
            "items": {"type": "object", "properties": {"op": {}, "path": {}, "value": {}}},
        }
        query = [
            {"name": parameter["name"] + modifier, "in": "query", "schema": {"type": "string"}}
            for place, parameter in enumerate(one["searchParam"])
            for modifier in {"", MODIFIERS[place % len(MODIFIERS)]}
        ]
        controls = (
            "_sort",
            "_count",
            "_include",
            "_revinclude",
            "_elements",
            "_summary",
            "_cursor",
            "_has:x:y:z",
        )
        query += [{"name": control, "in": "query", "schema": {"type": "string"}} for control in controls]
        at = [
            {"name": control, "in": "query", "schema": {"type": "string"}}
            for control in ("_since", "_at", "_count")
        ]
        paths |= {
            f"/{kind}": {
                "get": {"parameters": query, **anything},
                "post": {"parameters": [once], **body, **anything},
            },
            f"/{kind}/{{id}}": {
                "get": {"parameters": [name], **anything},
                "put": {"parameters": [name, match], **body, **anything},
                "delete": {"parameters": [name, match], **anything},
                "patch": {
                    "parameters": [name, match],
                    "requestBody": {"content": {"application/json-patch+json": {"schema": patches}}},
                    **anything,
                },
            },
            f"/{kind}/{{id}}/_history": {"get": {"parameters": [name, *at], **anything}},
            f"/{kind}/{{id}}/_history/{{version}}": {"get": {"parameters": [name, version], **anything}},
        }
    return {"openapi": "3.0.3", "info": {"title": "FHIR", "version": "4.0.1"}, "paths": paths}


def test_schemathesis(door: Door, ask: Callable[..., None]) -> None:
    statement = door.client.call("GET", "/metadata").body
    operations = [
        one.ok() for one in schemathesis.openapi.from_dict(_document(statement)).get_all_operations()
    ]
    assert len(operations) == 8 * len(KINDS)

    def check(case: Any) -> None:
        path = case.path
        for name, value in (case.path_parameters or {}).items():
            path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
        query = urlencode(case.query or {}, doseq=True)
        headers = {k: v for k, v in (case.headers or {}).items() if v.isascii() and v.isprintable()}
        body = case.body if isinstance(case.body, dict | list) else None
        if case.method == "PATCH":
            headers["Content-Type"] = "application/json-patch+json"
        content = None if body is None else json.dumps(body).encode()
        ask(case.method, f"{path}?{query}" if query else path, content, **headers)

    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    cases = st.one_of([one.as_strategy(mode) for one in operations for mode in modes if _can(one, mode)])
    fuzz(check, case=cases)


def _can(operation: Any, mode: GenerationMode) -> bool:
    return mode is GenerationMode.POSITIVE or operation.method != "get" or bool(operation.query)


_ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(
        ["", " ", "\0", "#", "urn:uuid:x", "Patient/../x", "2020-02-30", "9999-12-31T23:59:60Z", "0000"]
    ),
    st.sampled_from(
        ["Patient?identifier=", "Patient?", "#nothing", "Patient/x/_history/0", "1e400", "\ud83d\ude00"]
    ),
    st.just([]),
    st.just({}),
    st.just([{}]),
    st.lists(st.none(), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, inner in items for place in _places(inner, (*path, name)))]


@st.composite
def broken(draw: st.DrawFn, whole: dict[str, Any]) -> Any:
    """A resource with one to three places changed, removed, doubled or named otherwise."""
    made: Any = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 3))):
        places = [place for place in _places(made) if place]
        if not places:
            break
        *way, last = draw(st.sampled_from(places))
        owner = made
        for step in way:
            owner = owner[step]
        change = draw(st.integers(0, 3))
        if change == 0:
            owner[last] = draw(_ODD)
        elif change == 1:
            del owner[last]
        elif change == 2:
            owner[last] = [owner[last], owner[last]]
        elif isinstance(owner, dict):
            owner[draw(st.text(max_size=8)) or "extension"] = owner.pop(last)
    return made


_VISIT = synthea_shaped.patient(7, 1)
_SMALL = {**_VISIT, "entry": [_VISIT["entry"][0], _VISIT["entry"][2]]}
_BODIES = {
    **{kind: fhir_filler.resource(kind) for kind in KINDS},
    **{entry["resource"]["resourceType"]: entry["resource"] for entry in _VISIT["entry"]},
}


def test_broken_resources(ask: Callable[..., None]) -> None:
    cases = st.one_of([st.tuples(st.just(kind), broken(body)) for kind, body in _BODIES.items()])

    def check(case: tuple[str, Any], validate: bool) -> None:
        kind, body = case
        ask("POST", f"/{kind}/$validate" if validate else f"/{kind}", json.dumps(body).encode())

    fuzz(check, case=cases, validate=st.booleans())


def test_broken_bundles(ask: Callable[..., None]) -> None:
    kinds = st.sampled_from(["transaction", "batch"])

    def check(body: Any, kind: str) -> None:
        if isinstance(body, dict) and body.get("type") == "transaction":
            body["type"] = kind
        ask("POST", "" if kind == "transaction" else "/#batch", json.dumps(body).encode())

    fuzz(check, SECONDS / 2, body=broken(_SMALL), kind=kinds)


_ADDRESSES = st.sampled_from(
    [
        "/Patient?{0}={1}",
        "/Observation?code={1}&{0}:missing={1}",
        "/Observation?{0}:Patient.name={1}",
        "/Patient?_has:Observation:{0}:{1}=x",
        "/Observation?date={1}&_sort={0},-date",
        "/Observation?value-quantity={1}&code-value-quantity={0}${1}",
        "/Observation?_include={0}&_revinclude={1}",
        "/?_type={0}&_lastUpdated={1}",
        "/{0}/{1}",
        "/Patient/{0}/_history/{1}",
        "/Patient/{0}/$everything?_since={1}",
        "/Patient/_search?{0}={1}",
        "/Patient?_cursor={0}&_count={1}",
        "/Patient/${0}?{1}",
        "/_history?_since={0}&_at={1}",
        "/metadata?_format={0}&mode={1}",
    ]
)
_WORDS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "name",
            "code",
            "subject",
            "patient",
            "date",
            "_id",
            "_text",
            "_content",
            "_filter",
            "_query",
            "_list",
            "|",
            "||",
        ]
    ),
    st.sampled_from(
        [
            "ge2020",
            "gt",
            "lt2020-13",
            "ap1",
            "sa9999",
            "eb0001-01-01",
            "1e999",
            "NaN",
            "-",
            "a|b|c|d",
            "\\",
            "\\,",
        ]
    ),
    st.sampled_from(
        ["Patient", "Patient/1", "http://x/Patient/1|2", "%00", "a,b", "$", "é" * 200, "x" * 3000, "-1", "0"]
    ),
)


def test_odd_addresses(ask: Callable[..., None]) -> None:
    methods = st.sampled_from(["GET", "GET", "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
    names = st.sampled_from(
        ["If-Match", "If-None-Match", "If-Modified-Since", "If-None-Exist", "Prefer", "Accept"]
    )
    values = st.one_of(
        st.sampled_from(['W/"1"', "*", "return=minimal", "text/html", "identifier=a|b", "x=", ","]),
        st.just(""),
    )

    def check(address: str, first: str, second: str, method: str, name: str, value: str) -> None:
        path = address.format(quote(first, safe=""), quote(second, safe=""))
        ask(method, path, b"{}" if method in ("POST", "PUT", "PATCH") else None, **{name: value})

    fuzz(check, address=_ADDRESSES, first=_WORDS, second=_WORDS, method=methods, name=names, value=values)
