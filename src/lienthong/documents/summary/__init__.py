"""International Patient Summary: a FHIR document made of what the store holds of one patient."""

from __future__ import annotations

from lienthong.documents.summary.document import IPS_BUNDLE, IPS_COMPOSITION, compose

__all__ = ["IPS_BUNDLE", "IPS_COMPOSITION", "compose"]
