"""A dossier of the insurance XML to FHIR R4 (docs/reference/his-xml-mapping.md)."""

from __future__ import annotations

from typing import Any

from lienthong.connectors.his_xml.dossier import Dossier

from .birth import births
from .course import course
from .documents import documents
from .draft import Draft
from .drugs import drugs
from .patient import people
from .programmes import programmes
from .provenance import Source, provenance
from .restricted import is_restricted
from .results import results
from .services import services
from .transfer import TransferNotice, transfer_of, transfers
from .visit import Visit, conditions, encounter, visit_of

__all__ = ["Source", "TransferNotice", "Visit", "is_restricted", "to_fhir", "transfer_of", "visit_of"]


def to_fhir(dossier: Dossier, source: Source) -> list[dict[str, Any]]:
    """All resources of a dossier, in an order and with ids that are the same each time.

    Only the last two (DocumentReference of the file, Provenance) depend on the source. What cannot be read as
    its type is kept as text in the extension ``source-text``; nothing raises.
    """
    draft = Draft(dossier)
    people(draft)
    conditions(draft)
    encounter(draft)
    drugs(draft)
    services(draft)
    results(draft)
    course(draft)
    programmes(draft)
    births(draft)
    documents(draft)
    transfers(draft)
    provenance(draft, source)
    return draft.resources
