"""transaction (R4, section "RESTful API", "Transaction Processing Rules"): all entries or none, references resolved."""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any
from urllib.parse import urlencode

from lienthong.access import audit
from lienthong.foundation import ids, json
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records import definitions, reading, search, validation, values
from lienthong.records.api import overlaps, problems
from lienthong.records.api.bundles import bundle
from lienthong.records.api.call import Call, Resource, loaded, parameters, parsed, version_of
from lienthong.records.api.commit import Plan, commit
from lienthong.records.api.create import fitting
from lienthong.records.api.patch import change
from lienthong.records.api.preparing import ID, changing, entry
from lienthong.records.api.read import shown, visible
from lienthong.records.api.references import mentioned
from lienthong.records.api.rewriting import rewritten
from lienthong.records.writing import Done, Entry

_REFERENCE = re.compile(rb'("reference"\s*:\s*)"((?:[^"\\]|\\/)+)"')
_ADDRESS = re.compile(rb'("(\w+)"\s*:\s*)"(urn:(?:uuid|oid):[^"\\]+)"')
_MARKUP = re.compile(rb"""((?:href|src)=(?:\\"|'))(urn:(?:uuid|oid):[^"'\\]+)""")
_RESTFUL = re.compile(r".*/([A-Z][A-Za-z]{2,40}/[A-Za-z0-9.-]{1,64})")
_ELEMENT = re.compile(r"[A-Z][A-Za-z]{2,40}\.")
_FEW = 50
_large = threading.BoundedSemaphore(2)
"""Large transactions at one time: one is prepared while another waits for the database; more of them would only take
the processor from each other."""
_LETTERS = {"POST": "c", "PUT": "u", "PATCH": "u", "DELETE": "d"}


@dataclass(frozen=True)
class Asked:
    """An entry of a Bundle as a call."""

    place: int
    method: str
    steps: list[str]
    query: list[tuple[str, str]]
    conditions: Mapping[str, str]
    full_url: str
    raw: bytes

    @cached_property
    def resource(self) -> Resource:
        """The resource in it; empty where there is none.

        Raises:
            HttpError: 400, no JSON object.
        """
        return parsed(self.raw) if self.raw else {}

    @property
    def path(self) -> str:
        """For problems."""
        return f"Bundle.entry[{self.place}]"

    @property
    def kind(self) -> str:
        """The resource type it writes."""
        return self.steps[0] if self.steps else ""

    @property
    def criteria(self) -> str:
        """What a conditional create, update, patch or delete goes by."""
        return self.conditions["if-none-exist"] if self.method == "POST" else urlencode(self.query)

    def patch(self) -> Any:
        """A FHIRPath Patch, or the JSON Patch in a Binary."""
        return self.resource if self.resource.get("resourceType") == "Parameters" else loaded(self.binary())

    def binary(self) -> bytes:
        """The content of a Binary, which carries a JSON Patch."""
        try:
            return base64.b64decode(str(self.resource.get("data", "")), validate=True)
        except binascii.Error as error:
            raise HttpError(422, problems.not_understood("Binary.data", self.path)) from error


def transaction(call: Call, entries: Sequence[Asked], ask: Callable[[Asked], bytes]) -> Response:
    """Writes all entries in one commit, then answers those that only read (``ask``).

    Raises:
        HttpError, InvalidResource: nothing of it was written; the path names the entry.
    """
    writes = [one for one in entries if one.method in _LETTERS]
    answers: dict[int, bytes] = {}
    if writes:
        with _large if len(writes) > _FEW else contextlib.nullcontext():
            work = _Work(call, writes)
            plan = work.plan()
            if work.conditional:
                plan.again = work.plan_again
            done = {one.ref: one for one in commit(plan)}
            answers = {one.place: work.answer(one, done) for one in writes}
    for one in entries:
        if one.place not in answers:
            answers[one.place] = ask(one)
    return call.answer(bundle("transaction-response", [answers[n] for n in range(len(entries))]))


class _Work:
    def __init__(self, call: Call, writes: Sequence[Asked]) -> None:
        self.call, self.writes = call, writes
        self.patches = any(one.method == "PATCH" for one in writes)
        self.conditional = self.patches or any(one.conditions["if-none-exist"] or one.query for one in writes)
        key = call.headers("idempotency-key")
        self.once = bool(key)
        self.fresh = {
            one.place: ids.stable_id("idempotency-key", call.caller.id, key, str(one.place))
            if key
            else ids.new_id()
            for one in writes
        }
        self.targets: dict[int, str] = {}
        self.found: dict[int, str | None] = {}
        self.same: dict[int, int] = {}
        self.written: list[Asked] = []
        self.made = overlaps.Made((), call.base)
        self.named: dict[str, str] = {}
        self.planned: Plan | None = None

    def plan_again(self) -> Plan:
        """Inside the transaction: the same plan, unless what its criteria fit has changed."""
        before = dict(self.found)
        self._find()
        if self.found == before and self.planned is not None and not self.patches:
            return replace(self.planned, again=None)
        return self.plan()

    def _find(self) -> None:
        for one in self.writes:
            if one.criteria:
                with _at(one.path):
                    self.found[one.place] = fitting(self.call, one.kind, one.criteria, _LETTERS[one.method])
        gone = {self._target(one) for one in self.writes if one.method == "DELETE"}
        for one in self.writes:
            if one.method == "POST" and f"{one.kind}/{self.found.get(one.place)}" in gone:
                self.found[one.place] = None

    def plan(self) -> Plan:
        self._find()
        self.same = overlaps.same(self.writes, self.found, self.call.base) if self.found else {}
        self.targets = {one.place: self._target(one) for one in self.writes}
        self.targets |= {place: self.targets[other] for place, other in self.same.items()}
        left = {
            *self.same,
            *(one.place for one in self.writes if one.method == "POST" and self.found.get(one.place)),
        }
        self.written = [one for one in self.writes if one.method != "PATCH" and one.place not in left]
        self.made = overlaps.Made((one for one in self.written if one.method != "DELETE"), self.call.base)
        self._name()
        found: list[Entry] = []
        versions: dict[str, int] = {}
        refers: dict[str, tuple[Entry, str]] = {}
        for one in self.writes:
            ref = self.targets[one.place]
            with _at(one.path):
                self.call.caller.needs(one.kind, _LETTERS[one.method])
                if one.place in self.same or (one.method == "POST" and self.found.get(one.place)):
                    continue
                version = version_of(one.conditions["if-match"])
                if one.method == "PUT" and one.conditions["if-none-match"].strip() == "*":
                    version = 0
                given = one.resource.get("id") if one.method == "PUT" and one.query else None
                if given is not None and given != ref.partition("/")[2]:
                    raise HttpError(400, problems.not_understood(f"id: {ref}", f"{one.kind}.id"))
                if given is not None and self.found[one.place] is None:
                    version = 0
                if version is not None:
                    versions[ref] = version
                made = self._entry(one, ref)
            found.append(made)
            if made.resource is not None and self.call.strict:
                for other in mentioned(made.body, self.call.base):
                    refers.setdefault(other, (made, f"{one.path}.resource"))
        twice = len({made.ref for made in found}) < len(found)
        if twice:
            raise HttpError(400, problems.not_understood("one entry for each resource", "Bundle.entry"))
        posted = {self.targets[one.place] for one in self.writes if one.method == "POST"}
        once = frozenset(made.ref for made in found if made.ref in posted) if self.once else frozenset()
        told = partial(shown, self.call)
        self.planned = Plan(found, self._events, versions, once, refers, changing(self.call), told)
        return self.planned

    def _target(self, one: Asked) -> str:
        """``Type/id`` that an entry writes."""
        steps = one.steps
        conditional = bool(one.query) and len(steps) == 1
        right = len(steps) == 1 if one.method == "POST" else len(steps) == 2 or conditional
        if not right or not validation.is_type(one.kind) or (len(steps) == 2 and not ID.fullmatch(steps[1])):
            raise HttpError(
                422, problems.not_understood(f"{one.method} {'/'.join(steps)}", f"{one.path}.request")
            )
        if len(steps) == 2:
            return f"{one.kind}/{steps[1]}"
        given = one.resource.get("id") if one.method == "PUT" else None
        return f"{one.kind}/{self.found.get(one.place) or given or self.fresh[one.place]}"

    def _name(self) -> None:
        """What references inside the Bundle mean."""
        self.named = {}
        for one in self.writes:
            if one.method == "DELETE" or not one.full_url:
                continue
            if one.full_url in self.named:
                raise HttpError(400, problems.not_understood("fullUrl twice", f"{one.path}.fullUrl"))
            ref = self.targets[one.place]
            self.named[one.full_url] = ref
            match = _RESTFUL.fullmatch(one.full_url)
            if match and match[1] != ref:
                self.named.setdefault(match[1], ref)

    def _entry(self, one: Asked, ref: str) -> Entry:
        kind, _, id = ref.partition("/")
        if one.method == "DELETE":
            return Entry(ref, None)
        if one.method == "PATCH":
            if one.query and not self.found[one.place]:
                raise HttpError(404, problems.none_fits(kind, one.criteria))
            stored = reading.latest([ref]).get(ref)
            if stored is None or stored.deleted or not visible(self.call, stored, "u"):
                raise HttpError(404, problems.not_found(ref))
            changed = change(one.patch())(json.loads(stored.body))
            if changed.get("id") != id or changed.get("resourceType") != kind:
                raise HttpError(422, problems.not_understood("id, resourceType", f"{kind}.id"))
            return entry(self.call, kind, changed, rewritten(stored.body, changed), id, "u")
        if not one.raw:
            raise HttpError(422, problems.not_understood("resource", f"{one.path}.resource"))
        if one.method == "PUT" and not one.query and one.resource.get("id") != id:
            raise HttpError(400, problems.not_understood(f"id: {id}", f"{one.path}.resource.id"))
        raw = self._resolved(one.raw)
        resource = one.resource if raw is one.raw else parsed(raw)
        return entry(self.call, kind, resource, raw, id, _LETTERS[one.method])

    def _resolved(self, raw: bytes) -> bytes:
        """The bytes with references to entries, and by criteria, replaced; the same object where there are none."""
        changed = False

        def put(match: re.Match[bytes]) -> bytes:
            nonlocal changed
            if match.re is _ADDRESS and match[2].decode() not in definitions.addresses():
                return match[0]
            text = match[match.re.groups].replace(b"\\/", b"/").decode()
            target = self._meant(text)
            if target is None:
                if match.re is _REFERENCE and text.startswith("urn:uuid:") and self.call.strict:
                    raise HttpError(422, problems.dangling("reference", text))
                return match[0]
            changed = True
            closing = b"" if match.re is _MARKUP else b'"'
            return match[1] + closing + target.encode() + closing

        found = _REFERENCE.sub(put, raw)
        if b"urn:" in found:
            found = _MARKUP.sub(put, _ADDRESS.sub(put, found))
        return found if changed else raw

    def _meant(self, text: str) -> str | None:
        if text in self.named:
            return self.named[text]
        kind, mark, criteria = text.partition("?")
        if not mark or not validation.is_type(kind):
            return None
        found = self._fitting(kind, criteria)
        if len(found) != 1:
            told = problems.several if found else problems.none_fits
            raise HttpError(412, told(kind, criteria))
        (self.named[text],) = found
        return self.named[text]

    def _fitting(self, kind: str, criteria: str) -> set[str]:
        """What criteria fit after the transaction, at least two where more do."""
        written = {self.targets[one.place] for one in self.written if one.kind == kind}

        def held(most: int) -> set[str]:
            given = parameters(criteria)
            view = self.call.view("r")
            return {f"{kind}/{id}" for id in search.find(kind, given, view, most=most, base=self.call.base)}

        kept = held(2)
        if kept & written:
            kept = held(2 + len(written)) - written
        return kept | {self.targets[one.place] for one in self.made.fitting(kind, criteria)}

    def _events(self, done: Sequence[Done]) -> list[audit.Wanted]:
        entries = self.planned.entries if self.planned else ()
        count: dict[tuple[str, str], int] = {}
        for one, made in zip(done, entries, strict=True):
            patient = values.patient_ref(made.resource).removeprefix("Patient/") if made.resource else ""
            count[one.what, patient] = count.get((one.what, patient), 0) + 1
        return [self.call.event(f"fhir-{what}", patient, resources=n) for (what, patient), n in count.items()]

    def answer(self, one: Asked, done: Mapping[str, Done]) -> bytes:
        ref = self.targets[one.place]
        made = done.get(ref)
        if made is None:
            stored = reading.latest([ref])[ref]
            made = Done(ref, stored.version, stored.updated, "unchanged")
        new = one.place not in self.same and (made.what == "created" or (self.once and one.method == "POST"))
        status = "204" if one.method == "DELETE" else "201" if new else "200"
        told: Resource = {"status": status}
        if one.method != "DELETE":
            told["location"] = f"{self.call.base}/{ref}/_history/{made.version}"
        if made.version:
            told["etag"] = f'W/"{made.version}"'
            told["lastModified"] = made.at
        given: Resource = {}
        if self.call.prefer == "representation" and one.method != "DELETE":
            stored = reading.latest([ref])[ref]
            if visible(self.call, stored):
                given["resource"] = json.raw(stored.wire)
        return json.dumps({**given, "response": told})


class _at:
    """Names the entry in the problems that arise within."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, validation.InvalidResource):
            raise validation.InvalidResource([self._placed(one) for one in error.problems]) from error
        if isinstance(error, LienThongError):
            error.problem = self._placed(error.problem)

    def _placed(self, problem: Problem) -> Problem:
        inner = str(problem.where.get("path", ""))
        match = _ELEMENT.match(inner)
        place = f"{self.path}.resource.{inner[match.end() :]}" if match and "?" not in inner else self.path
        return replace(problem, where={**problem.where, "path": place})
