"""Reading a Provide Document Bundle (ITI-65): is it what IHE MHD 4.2 asks for, minimal metadata."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from lienthong.documents import mhd, problems
from lienthong.foundation.errors import LienThongError
from lienthong.records import elements, validation

MOST_ENTRIES = 100
LARGEST = 5 << 20
"""Bytes of one document."""

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Given:
    """A DocumentReference of the Bundle, where it stands there, and its content when that is in the Bundle too."""

    place: int
    url: str
    resource: Resource
    number: str
    content: bytes | None
    content_place: int


@dataclass(frozen=True, slots=True)
class Provided:
    """What a Bundle brings: the SubmissionSet with its place, documents, the Patient with its place and address."""

    set_place: int
    submission: Resource
    documents: list[Given]
    patient: Resource | None
    patient_place: int
    patient_url: str
    entries: int


def is_provide(bundle: Any) -> bool:
    """Whether a Bundle says that it is a Provide Document Bundle."""
    profiles = bundle.get("meta", {}).get("profile", ()) if isinstance(bundle, dict) else ()
    return bool(mhd.BUNDLE_PROFILES.intersection(p for p in profiles if isinstance(p, str)))


def read(bundle: Resource) -> Provided:
    """Checks a Bundle and takes it apart.

    Raises:
        LienThongError: ``mhd-invalid`` with the path, ``document-too-large``; InvalidResource: not FHIR R4.
    """
    validation.check(bundle)
    entries = bundle.get("entry", [])
    if bundle["type"] != "transaction" or not 2 <= len(entries) <= MOST_ENTRIES:
        raise _bad("Bundle", f"type transaction, 2–{MOST_ENTRIES} entry")
    by_kind: dict[str, list[tuple[int, Resource]]] = {}
    for place, entry in enumerate(entries):
        resource, request = entry.get("resource"), entry.get("request")
        path = f"Bundle.entry[{place}]"
        if not isinstance(resource, dict) or not isinstance(request, dict):
            raise _bad(path, "resource, request")
        kind = str(resource.get("resourceType"))
        if kind not in ("List", "DocumentReference", "Binary", "Patient"):
            raise _bad(path, "List, DocumentReference, Binary, Patient")
        if request["method"] != "POST" or request["url"] != kind:
            raise _bad(f"{path}.request", f"POST {kind}")
        if kind != "Patient":
            validation.check({"id": "new", **resource})
        by_kind.setdefault(kind, []).append((place, resource))
    urls = [str(entry.get("fullUrl", "")) for entry in entries]
    sets = [one for one in by_kind.get("List", ()) if _is_set(one[1])]
    if len(sets) != 1 or len(by_kind["List"]) != 1:
        raise _bad("Bundle", "one SubmissionSet (List)")
    people = by_kind.get("Patient", [])
    if len(people) > 1:
        raise _bad("Bundle", "one Patient")
    set_place, submission = sets[0]
    _check_set(set_place, submission)
    contents = {urls[place]: (place, resource) for place, resource in by_kind.get("Binary", ())}
    given = [
        _document(place, one, urls[place], contents) for place, one in by_kind.get("DocumentReference", ())
    ]
    _check_together(set_place, submission, given)
    patient_place, patient = people[0] if people else (-1, None)
    return Provided(
        set_place,
        submission,
        given,
        patient,
        patient_place,
        urls[patient_place] if people else "",
        len(entries),
    )


def _is_set(resource: Resource) -> bool:
    return elements.code_of(resource.get("code"), "MHDlistTypes") == mhd.SUBMISSION_SET


def _check_set(place: int, submission: Resource) -> None:
    path = f"Bundle.entry[{place}].resource"
    if submission["status"] != "current" or submission["mode"] != "working" or "date" not in submission:
        raise _bad(path, "status current, mode working, date")
    source: Resource = next((e for e in submission.get("extension", ()) if e.get("url") == mhd.SOURCE_ID), {})
    if not elements.text(source, "valueIdentifier", "value"):
        raise _bad(f"{path}.extension", "ihe-sourceId")
    if not any(one.get("value") for one in submission.get("identifier", ())):
        raise _bad(f"{path}.identifier", "uniqueId")
    if not submission.get("entry"):
        raise _bad(f"{path}.entry", "item")


def _document(place: int, one: Resource, url: str, contents: dict[str, tuple[int, Resource]]) -> Given:
    path = f"Bundle.entry[{place}].resource"
    number = elements.text(one, "masterIdentifier", "value")
    if not number or len(number) > 200:
        raise _bad(f"{path}.masterIdentifier", "value")
    if len(one["content"]) != 1:
        raise _bad(f"{path}.content", "1..1")
    if not elements.text(one, "subject", "reference"):
        raise _bad(f"{path}.subject", "reference")
    attachment = one["content"][0]["attachment"]
    address = elements.text(attachment, "url")
    if not address or not elements.text(attachment, "contentType"):
        raise _bad(f"{path}.content.attachment", "contentType, url")
    if address not in contents:
        if address.startswith("urn:uuid:"):
            raise _bad(f"{path}.content.attachment.url", "Binary")
        return Given(place, url, one, number, None, -1)
    content_place, resource = contents[address]
    content = _content(content_place, resource)
    if resource.get("contentType") != attachment["contentType"]:
        raise _bad(f"{path}.content.attachment.contentType", "Binary.contentType")
    if attachment.get("size", len(content)) != len(content):
        raise _bad(f"{path}.content.attachment.size", str(len(content)))
    if attachment.get("hash", mhd.sha1(content)) != mhd.sha1(content):
        raise _bad(f"{path}.content.attachment.hash", "SHA-1")
    return Given(place, url, one, number, content, content_place)


def _content(place: int, binary: Resource) -> bytes:
    data = str(binary.get("data", ""))
    if len(data) > LARGEST * 4 // 3 + 4:
        raise LienThongError(problems.too_large(LARGEST))
    try:
        return base64.b64decode(data, validate=True)
    except ValueError as error:
        raise _bad(f"Bundle.entry[{place}].resource.data", "base64") from error


def _check_together(place: int, submission: Resource, given: list[Given]) -> None:
    path = f"Bundle.entry[{place}].resource"
    items = {elements.text(entry, "item", "reference") for entry in submission["entry"]}
    if items != {one.url for one in given} or "" in items:
        raise _bad(f"{path}.entry", "DocumentReference fullUrl")
    if len({one.number for one in given}) != len(given):
        raise _bad("Bundle", "masterIdentifier")
    subjects = {elements.text(one.resource, "subject", "reference") for one in given}
    if (named := elements.text(submission, "subject", "reference")) and subjects != {named}:
        raise _bad(f"{path}.subject", "DocumentReference.subject")
    if len(subjects) > 1:
        raise _bad("Bundle", "DocumentReference.subject")


def digest(one: Given) -> str:
    """SHA-256 of what was provided under a number: of the content, or of the signed entry where that stays away."""
    if one.content is not None:
        return hashlib.sha256(one.content).hexdigest()
    return hashlib.sha256(elements.text(one.resource, "content", "attachment", "url").encode()).hexdigest()


def replaced(one: Given) -> tuple[str, str]:
    """``(reference, number)`` of the document that it replaces; empty where it says none."""
    for related in elements.items(one.resource, "relatesTo"):
        if related.get("code") == "replaces":
            target = related.get("target", {})
            named = elements.text(target, "identifier", "value")
            return elements.text(target, "reference"), named
    return "", ""


def _bad(path: str, why: str) -> LienThongError:
    return LienThongError(problems.bad_metadata(path, why))
