"""Problems as OperationOutcome (FHIR R4): the Vietnamese sentence and hint as text, the English beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from lienthong.foundation.errors import LienThongError, Problem
from lienthong.records import validation
from lienthong.terminology import systems

_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CODES = {
    200: "informational",
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    409: "conflict",
    410: "deleted",
    412: "conflict",
    413: "too-long",
    415: "not-supported",
    422: "business-rule",
    429: "throttled",
    503: "transient",
    507: "no-store",
}
_OF_PROBLEM = {
    **validation.ISSUE_TYPES,
    "fhir-xml": "structure",
    "fhir-request-differs": "duplicate",
    "fhir-several": "multiple-matches",
    "identity-several": "multiple-matches",
    "identity-source-domain": "code-invalid",
    "identity-target-domain": "code-invalid",
}


def status(error: LienThongError) -> int:
    """The HTTP status of an error that names none."""
    code = error.problem.code
    return 400 if code == "fhir-xml" or code.startswith("search-") else 422


def outcome(problems: Sequence[Problem], status: int = 422) -> dict[str, Any]:
    """An OperationOutcome; the type of an issue follows its problem, else the HTTP status."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [_issue(problem, _CODES.get(status, "exception")) for problem in problems],
    }


def _issue(problem: Problem, code: str) -> dict[str, Any]:
    issue: dict[str, Any] = {
        "severity": problem.severity,
        "code": _OF_PROBLEM.get(problem.code, code),
        "details": {
            "coding": [{"system": systems.PROBLEM, "code": problem.code}],
            "text": _plain("\n".join(filter(None, (problem.vi, problem.hint_vi)))),
        },
        "diagnostics": _plain("\n".join(filter(None, (problem.en, problem.hint_en)))),
    }
    if problem.where.get("path"):
        issue["expression"] = [_plain(str(problem.where["path"]))]
    return issue


def _plain(text: str) -> str:
    """A caller's words may hold characters that neither a FHIR string nor XML can."""
    return _NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", text)
