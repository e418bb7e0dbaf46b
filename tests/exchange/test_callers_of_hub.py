"""The node of a unit as a caller of the hub's FHIR door, by its token of the exchange."""

from __future__ import annotations

from typing import Any

import pytest

from exchange_calls import RECEIVER, SENDER, Site
from lienthong.access import callers, protected
from lienthong.access.callers import Caller
from lienthong.foundation.wsgi import HttpError, Request


def ask(site: Site, **headers: str) -> Caller:
    token = site.ask_token(site.assertion()).json["access_token"]
    named = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/fhir/DocumentReference",
        "REMOTE_ADDR": "10.0.0.9",
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        **named,
    }
    return callers.caller(Request(environ), "http://hub/fhir")


def test_a_node_calls_for_its_facility_and_publishes_documents(sites: dict[str, Site]) -> None:
    found = ask(sites[SENDER], x_acting_person="BS%20Hoa")
    assert (found.kind, found.facility, found.id) == ("node", SENDER, sites[SENDER].key.kid)
    assert (found.purpose, found.basis) == ("COC", "sharing-duty")
    assert (found.actor.id, found.actor.name) == (f"node:{sites[SENDER].key.kid}", f"BS Hoa ({SENDER})")
    assert found.may("DocumentReference", "c")
    assert not found.may("Observation", "r")
    assert not protected.may_see(found, ["R", "HIV"])


def test_what_is_protected_needs_a_basis_that_opens_it_and_a_person(sites: dict[str, Site]) -> None:
    headers = {"x_purpose_of_use": "ETREAT", "x_legal_basis": "emergency"}
    assert not ask(sites[SENDER], **headers).restricted
    assert protected.may_see(ask(sites[SENDER], **headers, x_acting_person="BS%20Hoa"), ["R", "HIV"])


def test_a_site_takes_no_token_of_the_exchange(sites: dict[str, Site], become: Any) -> None:
    token = sites[RECEIVER].ask_token(sites[RECEIVER].assertion()).json["access_token"]
    request = Request({"REQUEST_METHOD": "GET", "HTTP_AUTHORIZATION": f"Bearer {token}"})
    assert callers.caller(request, "http://hub/fhir").facility == RECEIVER
    become(SENDER)
    with pytest.raises(HttpError, match="fhir-not-authenticated"):
        callers.caller(request, "http://site/fhir")
