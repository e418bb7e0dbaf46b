"""What is wrong with a resource, as a problem with a stable code, a path, two sentences and a remedy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from lienthong.foundation import json
from lienthong.foundation.errors import Problem, Severity
from lienthong.records import definitions

Path = tuple[str | int, ...]

STRUCTURE: Final = "fhir-structure"
CARDINALITY: Final = "fhir-cardinality"
VALUE: Final = "fhir-value"
BINDING: Final = "fhir-binding"
REFERENCE: Final = "fhir-reference"
INVARIANT: Final = "fhir-invariant"
PROFILE: Final = "fhir-profile"
UNKNOWN_PROFILE: Final = "fhir-profile-unknown"
MODIFIER: Final = "fhir-modifier-unknown"

ISSUE_TYPES: Final = {
    STRUCTURE: "structure",
    CARDINALITY: "required",
    VALUE: "value",
    BINDING: "code-invalid",
    REFERENCE: "not-found",
    INVARIANT: "invariant",
    PROFILE: "business-rule",
    UNKNOWN_PROFILE: "not-found",
    MODIFIER: "extension",
}
"""Problem code to ``OperationOutcome.issue.code`` (IssueType)."""

_HINTS: Final = {
    STRUCTURE: (
        "Đối chiếu tên và kiểu phần tử với FHIR R4 (4.0.1); thông tin riêng thì đưa vào extension.",
        "Compare the name and type with FHIR R4 (4.0.1); put information of your own into an extension.",
    ),
    CARDINALITY: (
        "Bổ sung phần tử còn thiếu hoặc bỏ phần tử thừa; nếu không biết giá trị, dùng extension "
        "data-absent-reason ở nơi R4 cho phép.",
        "Add what is missing or remove what is too much; where R4 allows it, say with the extension "
        "data-absent-reason that a value is not known.",
    ),
    VALUE: (
        "Sửa giá trị theo đúng định dạng của kiểu dữ liệu trong FHIR R4.",
        "Write the value in the form that FHIR R4 gives its data type.",
    ),
    BINDING: (
        "Dùng một mã của bộ giá trị bắt buộc; mã riêng đặt thêm ở phần tử coding khác hoặc trong text.",
        "Use a code of the required value set; put a code of your own into a further coding or the text.",
    ),
    REFERENCE: (
        "Viết tham chiếu dạng Loại/id, #id của tài nguyên contained, urn:uuid:… hoặc địa chỉ tuyệt đối, và trỏ đúng "
        "loại tài nguyên.",
        "Write the reference as Type/id, #id of a contained resource, urn:uuid:… or an absolute address, to a type "
        "that is allowed there.",
    ),
    INVARIANT: (
        "Xem ràng buộc này trong FHIR R4 và sửa các phần tử liên quan cho khớp nhau.",
        "Look the constraint up in FHIR R4 and make the elements that it names agree.",
    ),
    PROFILE: (
        "Sửa theo profile, hoặc bỏ profile này khỏi meta.profile nếu tài nguyên không tuân theo nó.",
        "Follow the profile, or take it out of meta.profile when the resource does not claim to follow it.",
    ),
    UNKNOWN_PROFILE: (
        "Nhờ người quản trị đặt StructureDefinition của profile vào thư mục profiles của nút.",
        "Ask the administrator to lay the profile's StructureDefinition into the node's folder profiles.",
    ),
    MODIFIER: (
        "Bỏ modifierExtension này, hoặc nhờ người quản trị khai báo StructureDefinition của nó tại nút.",
        "Leave this modifierExtension out, or ask the administrator to declare its StructureDefinition at the node.",
    ),
}
_LONGEST = 80


def problem(code: str, path: str, vi: str, en: str, *, severity: Severity = "error", **where: Any) -> Problem:
    """A problem of one of the codes above, with the hint of its code."""
    hint_vi, hint_en = _HINTS[code]
    return Problem(code, vi, en, hint_vi, hint_en, severity, {"path": path, **where})


def dotted(root: str, path: Iterable[str | int]) -> str:
    """``Observation.component[2].code`` for ``("component", 2, "code")``."""
    return root + "".join(f"[{step}]" if isinstance(step, int) else f".{step.lstrip('_')}" for step in path)


def shown(value: Any) -> str:
    """A value as JSON for a sentence, cut when it is long."""
    try:
        text = json.dumps(value).decode()
    except (TypeError, ValueError):
        text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def of_schema(root: str, error: Any) -> list[Problem]:
    """The problems that one error of the JSON schema stands for."""
    path = list(error.instance_path)
    place = dotted(root, path)
    steps: Sequence[str | int] = error.schema_path
    kind = str(steps[1])
    keyword = str(error.kind.name)
    if keyword == "additionalProperties":
        return [_unknown(place, kind, name) for name in error.kind.unexpected]
    if keyword == "required":
        return [_missing(place, error.kind.property)]
    if keyword == "anyOf" and "properties" not in steps:
        return [_missing(place, _element_of(kind, error))]
    if (keyword == "anyOf" and steps[-3] == "allOf") or keyword == "enum":
        return [_unbound(place, kind, steps, error)]
    if keyword in ("falseSchema", "propertyNames", "minProperties"):
        return [_clash(root, path, kind, steps, error)]
    if keyword in ("minItems", "maxItems"):
        return [_count(place, error.kind.limit, keyword == "minItems")]
    if keyword == "type":
        return [_typed(place, error)]
    return [_formed(place, kind, path, error)]


def _unknown(place: str, kind: str, name: str) -> Problem:
    return problem(
        STRUCTURE,
        f"{place}.{name}",
        f"FHIR R4 không có phần tử {name!r} trong {kind}.",
        f"{kind} of FHIR R4 has no element {name!r}.",
    )


def _missing(place: str, name: str) -> Problem:
    return problem(
        CARDINALITY,
        f"{place}.{name}",
        f"Thiếu phần tử bắt buộc {name!r} tại {place}.",
        f"The required element {name!r} is missing at {place}.",
    )


def _element_of(kind: str, error: Any) -> str:
    """The element of which one name had to be there."""
    name = next(inner.kind.property for branch in error.kind.context for inner in branch)
    known = definitions.properties(kind).get(name.lstrip("_"))
    return known.element.name if known else name


def _unbound(place: str, kind: str, steps: Sequence[str | int], error: Any) -> Problem:
    """A code outside its value set."""
    name = str(steps[steps.index("properties") + 1])
    url = definitions.properties(kind)[name].element.binding
    listed = sorted({code for found in definitions.codes(url).values() for code in found})
    some = ", ".join(listed[:12]) + (", …" if len(listed) > 12 else "")
    return problem(
        BINDING,
        place,
        f"{shown(error.instance)} tại {place} không thuộc bộ giá trị bắt buộc {url} ({some}).",
        f"{shown(error.instance)} at {place} is not in the required value set {url} ({some}).",
        valueset=url,
    )


def _clash(root: str, path: list[str | int], kind: str, steps: Sequence[str | int], error: Any) -> Problem:
    """What an element may not be together with, or may not be alone."""
    place = dotted(root, path)
    if "contained" in steps and path[:1] == ["contained"]:
        key = "dom-2" if path[-1] == "contained" else "dom-5" if path[-1] == "security" else "dom-4"
        return invariant(place, key)
    if kind == "Extension":
        return invariant(place, "ext-1")
    if error.kind.name == "falseSchema":
        name = str(path[-1])
        known = definitions.properties(kind).get(name.lstrip("_"))
        choice = known.element.name if known else name
        parent = dotted(root, path[:-1])
        return problem(
            CARDINALITY,
            f"{parent}.{choice}",
            f"Chỉ được có một trong các dạng của {choice} tại {parent}.",
            f"Only one of the forms of {choice} is allowed at {parent}.",
        )
    return invariant(place, "ele-1")


def _count(place: str, limit: int, least: bool) -> Problem:
    if least:
        return problem(
            CARDINALITY,
            place,
            f"Danh sách tại {place} rỗng; FHIR không cho phép danh sách rỗng.",
            f"The list at {place} is empty; FHIR has no empty lists.",
        )
    return problem(
        CARDINALITY,
        place,
        f"Danh sách tại {place} có nhiều hơn {limit} phần tử.",
        f"The list at {place} has more than {limit} entries.",
    )


def _typed(place: str, error: Any) -> Problem:
    """Another JSON type than expected."""
    expected = "/".join(name for name in error.kind.types if name != "null")
    if isinstance(error.instance, list) and expected != "array":
        return problem(
            CARDINALITY,
            place,
            f"{place} chỉ được có một giá trị, không phải danh sách.",
            f"{place} holds one value only, not a list.",
        )
    vi = {
        "array": "một danh sách",
        "object": "một đối tượng JSON",
        "string": "một chuỗi",
        "number": "một số",
        "integer": "một số nguyên",
        "boolean": "true hoặc false",
    }.get(expected, expected)
    en = {
        "array": "a list",
        "object": "a JSON object",
        "string": "a string",
        "number": "a number",
        "integer": "a whole number",
        "boolean": "true or false",
    }.get(expected, expected)
    return problem(STRUCTURE, place, f"{place} phải là {vi}.", f"{place} has to be {en}.")


def _formed(place: str, kind: str, path: list[str | int], error: Any) -> Problem:
    """A value that is not in the form of its primitive type."""
    name = next((str(step) for step in reversed(path) if isinstance(step, str)), "")
    known = definitions.properties(kind).get(name)
    type_ = known.type if known else "FHIR R4"
    return problem(
        VALUE,
        place,
        f"{shown(error.instance)} tại {place} không đúng dạng của kiểu {type_}.",
        f"{shown(error.instance)} at {place} is not in the form of the type {type_}.",
    )


def invariant(place: str, key: str) -> Problem:
    """A rule of R4 that does not hold; ``where`` names its key."""
    expression, human = definitions.invariant(key)
    key = key.partition("@")[0]
    return problem(
        INVARIANT,
        place,
        f"{place} vi phạm ràng buộc {key} của FHIR R4: {expression[:200]}",
        f"{place} breaks the rule {key} of FHIR R4: {human[:300]}",
        invariant=key,
    )


def no_type(path: str, kind: Any) -> Problem:
    """A resource without a type that R4 knows."""
    return problem(
        STRUCTURE,
        f"{path}.resourceType",
        f"{shown(kind)} không phải là loại tài nguyên của FHIR R4.",
        f"{shown(kind)} is no resource type of FHIR R4.",
    )


def unpaired(path: str) -> Problem:
    """A null in a list of primitives without an extension at the same place."""
    return problem(
        STRUCTURE,
        path,
        f"null tại {path} không đi kèm extension ở cùng vị trí.",
        f"A null at {path} has no extension at the same place.",
    )


def too_deep(path: str) -> Problem:
    """Elements inside elements beyond what can be read."""
    return problem(
        STRUCTURE,
        path,
        f"Các phần tử trong {path} lồng nhau quá sâu.",
        f"The elements of {path} are nested too deeply.",
    )


def no_profile(url: str, path: str, *, severity: Severity) -> Problem:
    """A profile that is not known at this node."""
    return problem(
        UNKNOWN_PROFILE,
        path,
        f"Nút này không biết profile {url}; tài nguyên chưa được kiểm tra theo profile đó.",
        f"This node does not know the profile {url}; the resource was not checked against it.",
        severity=severity,
        profile=url,
    )


def other_type(url: str, path: str, kind: str) -> Problem:
    """A profile on another type of resource."""
    return problem(
        PROFILE,
        path,
        f"Profile {url} dành cho loại {kind}.",
        f"The profile {url} is about the type {kind}.",
        profile=url,
    )


def no_modifier(url: str, path: str) -> Problem:
    """A modifierExtension that nobody here understands."""
    return problem(
        MODIFIER,
        path,
        f"modifierExtension {url} tại {path} không được nút này hiểu; nó làm thay đổi ý nghĩa của dữ liệu nên không "
        "được bỏ qua.",
        f"This node does not understand the modifierExtension {url} at {path}; it changes what the data mean and may "
        "not be ignored.",
    )
