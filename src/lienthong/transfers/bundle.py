"""The part that travels: a FHIR Bundle of one visit, without what is specially protected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lienthong.foundation import ids, json
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.records.values import restricted

Resource = dict[str, Any]
MOST_RESOURCES = 20_000


def pack(resources: Iterable[Resource], keep: frozenset[str] = frozenset()) -> tuple[bytes, int]:
    """The Bundle as JSON, and how many specially protected resources were kept back.

    Args:
        keep: ``Type/id`` of protected resources that the slip itself names, which therefore travel.
    """
    everything = list(resources)
    back = {ref(r) for r in everything if restricted(r) and ref(r) not in keep}
    entries = [{"resource": _without(r, back) if back else r} for r in everything if ref(r) not in back]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}), len(back)


def with_notice(notice: dict[str, Any], form: dict[str, Any], bundle: bytes) -> bytes:
    """The part ``dossier``: notice, form and Bundle in one JSON object, since all are needed at once and compress
    together.

    The salt keeps the part's hash, which the hub sees, from being guessed from what is known of a patient.
    """
    head = json.dumps(notice), json.dumps(form), ids.new_id().encode()
    return b'{"notice":%b,"form":%b,"salt":"%b","bundle":%b}' % (*head, bundle)


def unpack(content: bytes) -> tuple[Any, dict[str, Any], list[Resource]]:
    """What the part ``dossier`` says: the notice and the form, both unchecked, and the resources of the Bundle.

    Raises:
        LienThongError: it is no Bundle of resources with ids.
    """
    notice: Any = None
    form: dict[str, Any] = {}
    resources: list[Resource] = []
    try:
        body = json.loads(content)
        notice, form, bundle = body.get("notice"), body.get("form") or {}, body["bundle"]
        resources = [entry["resource"] for entry in bundle["entry"]]
        good = (
            bundle["resourceType"] == "Bundle"
            and isinstance(form, dict)
            and 0 < len(resources) <= MOST_RESOURCES
        )
        good = good and all(
            isinstance(r["resourceType"], str) and isinstance(r["id"], str) for r in resources
        )
        good = good and len({ref(r) for r in resources}) == len(resources)
    except (json.DecodeError, AttributeError, KeyError, TypeError):
        good = False
    if not good:
        raise LienThongError(
            Problem(
                code="transfer-bundle-unreadable",
                vi="Hồ sơ kèm theo không phải là một Bundle FHIR đọc được.",
                en="The attached record is no readable FHIR Bundle.",
                hint_vi="Nơi gửi cần cập nhật phần mềm rồi gửi lại.",
                hint_en="The sender updates the software and sends it again.",
            )
        )
    return notice, form, resources


def ref(resource: Resource) -> str:
    """``Type/id``."""
    return f"{resource['resourceType']}/{resource['id']}"


def _without(resource: Resource, gone: set[str]) -> Resource:
    """The resource without references to what is kept back; a list entry that names one goes as a whole."""
    result: Resource = {}
    for name, value in resource.items():
        if isinstance(value, list):
            value = [_without(v, gone) if isinstance(v, dict) else v for v in value if not _names(v, gone)]
        elif isinstance(value, dict):
            value = None if value.get("reference") in gone else _without(value, gone)
        if value not in (None, [], {}):
            result[name] = value
    return result


def _names(value: Any, gone: set[str]) -> bool:
    if isinstance(value, dict):
        return value.get("reference") in gone or any(
            _names(v, gone) for v in value.values() if isinstance(v, dict)
        )
    return False
