"""The transfers of this facility, and the identifier by which one is asked for."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from django.db.models import Q

from lienthong.facilities import directory
from lienthong.foundation.wsgi import HttpError
from lienthong.transfers.fhir import problems
from lienthong.transfers.models import Transfer

_LOOP = re.compile("[0-9a-f]{32}")


def ours() -> Q:
    """Only what this facility sends or receives; drafts of others never come here."""
    return Q(sender=directory.here()) | Q(receiver=directory.here())


def known(loop: str) -> Transfer:
    """A transfer of this facility.

    Raises:
        HttpError: 404.
    """
    transfer = Transfer.objects.filter(ours(), loop=loop).first() if _LOOP.fullmatch(loop) else None
    if transfer is None:
        raise HttpError(404, problems.not_known("ServiceRequest"))
    return transfer


def identifier_of(query: str) -> tuple[str, str]:
    """What ``If-None-Exist: identifier=system|value`` names.

    Raises:
        HttpError: 400.
    """
    try:
        pairs = parse_qsl(query, max_num_fields=4)
    except ValueError:
        pairs = []
    system, _, code = (
        pairs[0][1].partition("|") if len(pairs) == 1 and pairs[0][0] == "identifier" else ("", "", "")
    )
    if not system or not code or "\0" in query or len(system) > 255 or len(code) > 255:
        raise HttpError(
            400, problems.not_understood("If-None-Exist: identifier=system|value", "If-None-Exist")
        )
    return system, code
