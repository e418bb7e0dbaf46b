"""Whom the FHIR door takes besides its own systems and people: what ``access`` needs of higher parts."""

from __future__ import annotations

from lienthong.exchange import tokens


def node(authorization: str, address: str) -> tuple[str, str]:
    """Hub: facility and key name of the node that calls, by its token of the exchange.

    Raises:
        HttpError: 401, no valid token, or the node was cut off since.
    """
    found = tokens.caller(authorization, address)
    return found.facility, found.kid
