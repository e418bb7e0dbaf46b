"""FHIR R4 over the store: one file for each interaction (specification, section "RESTful API")."""

from __future__ import annotations

ROOT = "/fhir"
"""The door's path at every node."""
