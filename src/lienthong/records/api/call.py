"""One call of the door: what is asked, by whom, and the answers in the form that the caller wants."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

from lienthong.access import audit, protected
from lienthong.access.callers import Caller
from lienthong.foundation import clock, json
from lienthong.foundation.errors import Problem
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records import xml
from lienthong.records.api import outcomes, problems
from lienthong.records.reading import Stored
from lienthong.records.search import View

JSON, XML = "application/fhir+json", "application/fhir+xml"
_FORMS = {
    "json": JSON,
    "application/json": JSON,
    JSON: JSON,
    "text/json": JSON,
    "application/json+fhir": JSON,
    "xml": XML,
    "application/xml": XML,
    "text/xml": XML,
    XML: XML,
    "application/xml+fhir": XML,
    "*/*": JSON,
    "application/*": JSON,
    "text/html": JSON,
}
_ETAG = re.compile(r'(?:W/)?"?(\d{1,9})"?')
_MOST_PARAMETERS = 100

Resource = dict[str, Any]


def form(given: str) -> str:
    """The media type of FHIR that a name, ``Accept`` or ``Content-Type`` stands for; empty for none of ours."""
    ranked = []
    for n, part in enumerate(given.split(",")):
        name, *options = (word.strip() for word in part.lower().split(";"))
        weight = next((option[2:] for option in options if option.startswith("q=")), "1")
        if name in _FORMS and re.fullmatch(r"[01](\.\d{1,3})?", weight) and float(weight):
            ranked.append((-float(weight), n, _FORMS[name]))
    return min(ranked)[2] if ranked else ""


def parameters(text: str) -> list[tuple[str, str]]:
    """The pairs of a query or form, in their order.

    Raises:
        HttpError: 400, too many.
    """
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError as error:
        raise HttpError(400, problems.not_understood(f"1–{_MOST_PARAMETERS} parameters")) from error


def conditions_of(kind: str, criteria: str) -> list[tuple[str, str]]:
    """The parameters of criteria as they are written: ``Type?name=value``, ``?name=value`` or ``name=value``.

    Raises:
        HttpError: 400, too many.
    """
    return parameters(criteria.removeprefix("?").removeprefix(f"{kind}?"))


@dataclass(slots=True)
class Call:
    """A call, or an entry of a batch.

    Attributes:
        steps: the path below the base, e.g. ``["Patient", "123"]``.
        query: parameters in their order, without ``_format`` and ``_pretty``.
        headers: gives a header's value by its lower-case name, or an empty text.
        content: the body as it came; ``media`` its type.
        base: address of the door as the caller sees it, without a slash at the end.
        output: media type of the answer.
        events: rows of the audit trail that go with this call.
    """

    method: str
    steps: list[str]
    query: list[tuple[str, str]]
    headers: Callable[[str], str]
    caller: Caller
    base: str
    content: bytes = b""
    media: str = ""
    output: str = JSON
    pretty: bool = False
    read: Mapping[str, Any] = field(default_factory=dict)

    @property
    def prefer(self) -> str:
        """``minimal``, ``representation``, ``OperationOutcome`` or empty (header ``Prefer: return=``)."""
        match = re.search(r"return=(minimal|representation|OperationOutcome)", self.headers("prefer"))
        return match[1] if match else ""

    @property
    def strict(self) -> bool:
        """Whether what is not understood is refused (``Prefer: handling=lenient`` lets it pass)."""
        return "handling=lenient" not in self.headers("prefer").replace(" ", "")

    @property
    def address(self) -> str:
        """Method and path, for the audit trail."""
        path = f"{self.method} /fhir/{'/'.join(self.steps)}"
        return path.encode("ascii", "replace").decode().replace("\0", "?")

    def view(self, letter: str = "s") -> View:
        """What of the store this caller may find."""
        hidden = protected.mask(protected.ALL - self.caller.kinds)
        return View(restricted=self.caller.restricted, hidden=hidden, within=self.caller.within(letter))

    def event(self, action: str, patient: str = "", **detail: Any) -> audit.Wanted:
        """A row of the audit trail about this call."""
        detail |= self.caller.ground
        return audit.Wanted(
            self.caller.actor,
            action,
            patient=patient,
            page=self.address,
            why=self.caller.purpose,
            detail=detail,
        )

    def resource(self) -> tuple[Resource, bytes]:
        """The resource in the body, and its JSON as it came (or as it was made of XML).

        Raises:
            HttpError: 400, 415.
        """
        content = self.body()
        return parsed(content), content

    def body(self) -> bytes:
        """The body as JSON, as it came or as it was made of XML.

        Raises:
            HttpError: 400, 415.
        """
        media = form(self.media)
        if not media or self.media.strip() in ("", "*/*"):
            raise HttpError(415, problems.not_acceptable(self.media or "Content-Type"))
        return json.dumps(xml.read(self.content)) if media == XML else self.content

    def version(self) -> int | None:
        """The version that ``If-Match`` names.

        Raises:
            HttpError: 400, no such header.
        """
        return version_of(self.headers("if-match"))

    def fresh(self, stored: Stored) -> bool:
        """Whether the caller has this version already (``If-None-Match``, ``If-Modified-Since``)."""
        given = self.headers("if-none-match")
        if given:
            return given.strip() == "*" or str(stored.version) in _ETAG.findall(given)
        since = self.headers("if-modified-since")
        if not since:
            return False
        try:
            told = datetime.strptime(since, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
        except ValueError:
            return False
        return clock.from_iso(stored.updated).replace(microsecond=0) <= told

    def answer(
        self, body: bytes | Resource, status: int = 200, headers: Iterable[tuple[str, str]] = ()
    ) -> Response:
        """A resource in the caller's form."""
        content = body if isinstance(body, bytes) else json.dumps(body)
        if self.output == XML:
            content = xml.write(content)
        elif self.pretty:
            content = json.indented(content)
        return Response(status, content, [("Content-Type", f"{self.output}; charset=utf-8"), *headers])

    def stored(self, stored: Stored, status: int = 200) -> Response:
        """A version of a resource, with ``ETag`` and ``Last-Modified``."""
        return self.answer(stored.wire, status, versioned(stored.version, stored.updated))

    def outcome(
        self, found: Sequence[Problem], status: int, headers: Iterable[tuple[str, str]] = ()
    ) -> Response:
        """Problems as an OperationOutcome."""
        return self.answer(outcomes.outcome(found, status), status, headers)


def version_of(given: str) -> int | None:
    """The version that an ``If-Match`` names, also without quotes.

    Raises:
        HttpError: 400, no such header.
    """
    match = _ETAG.fullmatch(given.strip())
    if given and match is None:
        raise HttpError(400, problems.not_understood('If-Match: W/"<versionId>"'))
    return int(match[1]) if match else None


def parsed(content: bytes | json.Raw) -> Resource:
    """A JSON object.

    Raises:
        HttpError: 400, no JSON, no object, or with a NUL that no database holds.
    """
    found = loaded(content)
    if not isinstance(found, dict):
        raise HttpError(400, problems.not_understood("JSON: {…}"))
    return found


def loaded(content: bytes | json.Raw) -> Any:
    """Any JSON value.

    Raises:
        HttpError: 400, no JSON, or with a NUL that no database holds.
    """
    try:
        if b"\\u0000" in bytes(content):
            raise ValueError("NUL")
        return json.loads(content)
    except (json.DecodeError, ValueError, RecursionError) as error:
        raise HttpError(400, problems.not_understood(f"JSON: {str(error)[:120]}")) from error


def versioned(version: int, at: str) -> list[tuple[str, str]]:
    """``ETag`` and ``Last-Modified`` of a version."""
    moment = format_datetime(clock.from_iso(at).astimezone(UTC), usegmt=True)
    return [("ETag", f'W/"{version}"'), ("Last-Modified", moment)]
