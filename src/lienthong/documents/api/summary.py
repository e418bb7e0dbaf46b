"""``Patient/{id}/$summary``: the International Patient Summary of one patient."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from lienthong import records
from lienthong.access import audit
from lienthong.documents import summary
from lienthong.documents.summary import gather
from lienthong.documents.summary.document import IPS
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records.api import problems
from lienthong.records.api.call import Call
from lienthong.records.api.operations import Operation
from lienthong.records.api.read import visible


def run(call: Call, id: str) -> Response:
    """The summary, of what the caller may see.

    Raises:
        HttpError: 403, the caller may not read one of the types that a summary is made of: without it the summary
            would say that nothing is known; 404.
    """
    for kind in ("Patient", *gather.TYPES):
        call.caller.needs(kind, "r")
    patient = records.read("Patient", id)
    if patient is None or not visible(call, patient):
        raise HttpError(404, problems.not_found(f"Patient/{id}"))
    with transaction.atomic():
        audit.record_many([call.event("fhir-summary", id)])
    return call.answer(summary.compose(patient, see=partial(visible, call)))


SUMMARY = Operation(
    name="summary",
    kind="Patient",
    levels=frozenset({"instance"}),
    run=run,
    definition=f"{IPS}OperationDefinition/summary",
)
