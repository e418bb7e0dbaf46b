"""Where the resources of a dossier came from: the kept file, its hash, the bytes of the dossier in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lienthong.foundation.clock import iso
from lienthong.foundation.ids import stable_id
from lienthong.terminology import systems

from . import fhir, values
from .draft import Draft
from .fhir import Json


@dataclass(frozen=True, slots=True)
class Source:
    """The kept file that a dossier was read from.

    Attributes:
        sha256: hexadecimal SHA-256 of its bytes.
        file_name: as the hospital named it; nothing is read from it.
        received: when it was taken in, aware; None when nobody knows, then ``Provenance.recorded`` says so.
    """

    sha256: str
    file_name: str
    received: datetime | None = None


def provenance(draft: Draft, source: Source) -> None:
    """Adds the DocumentReference of the file and one Provenance of all resources before it."""
    facility = draft.organization(draft.facility)
    signer = draft.practitioner(draft.first("XML1")["MA_TTDV"])
    targets = [{"reference": f"{one['resourceType']}/{one['id']}"} for one in draft.resources]
    digest = {"system": systems.SHA256, "value": source.sha256}
    document_id = stable_id("DocumentReference", "source", source.sha256)
    draft.resources.append(
        {
            "resourceType": "DocumentReference",
            "id": document_id,
            "identifier": [digest],
            "status": "current",
            "type": {"text": "Tệp dữ liệu XML bảo hiểm y tế"},
            "content": [
                {
                    "attachment": fhir.some(
                        {"contentType": "application/xml", "title": values.clean(source.file_name)}
                    )
                }
            ],
        }
    )
    dossier = draft.dossier
    agents: list[Json] = [
        {
            "type": fhir.fixed(systems.PROVENANCE_AGENT, "author"),
            "who": facility or {"display": "Không rõ cơ sở"},
        },
        {
            "type": fhir.fixed(systems.PROVENANCE_AGENT, "assembler"),
            "who": {"type": "Device", "display": "Liên Thông, his_xml"},
        },
    ]
    if signer:
        agents.append({"type": fhir.fixed(systems.PROVENANCE_AGENT, "legal"), "who": signer})
    made: Json = {
        "resourceType": "Provenance",
        "id": draft.id("Provenance"),
        "meta": {"source": draft.source},
        "extension": [{"url": systems.extension("edition"), "valueCode": dossier.edition}],
        "target": targets,
    }
    if source.received:
        made["recorded"] = iso(source.received)
    else:
        made["_recorded"] = fhir.NO_VALUE
    made["agent"] = agents
    made["entity"] = [
        {
            "extension": [
                {
                    "url": systems.extension("byte-range"),
                    "extension": [
                        {"url": "start", "valueUnsignedInt": dossier.start},
                        {"url": "length", "valueUnsignedInt": dossier.length},
                    ],
                }
            ],
            "role": "source",
            "what": {"reference": f"DocumentReference/{document_id}", "identifier": digest},
        }
    ]
    draft.resources.append(made)
