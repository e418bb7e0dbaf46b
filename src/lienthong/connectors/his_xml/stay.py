"""What the record holds of a transfer's visit and slip, for the way out; empty where no export has come yet."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from lienthong import records
from lienthong.connectors.his_xml.mapping.transfer import REFERRAL_NOTE
from lienthong.foundation import clock
from lienthong.terminology import systems
from lienthong.transfers.models import Transfer

Resource = dict[str, Any]

_KINDS = ("Patient", "Encounter", "ServiceRequest", "Composition", "Coverage", "Practitioner", "Organization")
_TAG = re.compile(r"<[^>]*>")
_FACILITY = re.compile(r"[0-9]{2}[0-9A-Z]{3}")


class Stay:
    """The visit at the sender as this node knows it: from the sender's own export, or from the dossier that came."""

    def __init__(self, transfer: Transfer) -> None:
        self._sender = transfer.sender
        found: dict[str, list[Resource]] = {kind: [] for kind in _KINDS}
        origins = [f"transfer/{transfer.loop}"]
        if transfer.ma_lk:
            origins.append(f"his-xml/{transfer.sender}/{transfer.ma_lk}")
        for origin in origins:
            for stored in records.of_origin(origin, _KINDS):
                if not stored.restricted:
                    found[stored.type].append(stored.resource)
        self._visit = next(iter(found["Encounter"]), {})
        kept = records.read("Patient", transfer.patient) if transfer.patient else None
        self.patient: Resource = kept.resource if kept else {}
        papers = [one for one in found["Composition"] if REFERRAL_NOTE in _codes(one.get("type"))]
        self._paper = next(iter(papers), {})
        slips = [one for one in found["ServiceRequest"] if one.get("occurrenceDateTime")]
        self._request = next((one for one in slips if _identified(one, systems.SLIP)), {})
        self._coverages = found["Coverage"]

    @property
    def record_number(self) -> str:
        """MA_HSBA, which XML13 calls SO_HOSO."""
        system = systems.record_number(self._sender)
        return _identified(self._request, system) or _identified(self._visit, system)

    @property
    def register(self) -> str:
        """SO_CHUYENTUYEN."""
        return _identified(self._request, systems.TRANSFER_REGISTER)

    @property
    def patient_number(self) -> str:
        """MA_BN at the sender."""
        return _identified(self.patient, systems.patient_number(self._sender))

    @property
    def began(self) -> str:
        """NGAY_VAO as FHIR writes it."""
        return str((self._visit.get("period") or {}).get("start", ""))

    @property
    def lay_from(self) -> str:
        """NGAY_VAO_NOI_TRU as FHIR writes it."""
        for one in self._visit.get("classHistory", ()):
            if (one.get("class") or {}).get("code") == "IMP":
                return str((one.get("period") or {}).get("start", ""))
        return ""

    @property
    def came_from(self) -> str:
        """The facility that had sent the patient to the sender."""
        origin = (self._visit.get("hospitalization") or {}).get("origin") or {}
        return self._facility(origin)

    @property
    def doctor(self) -> str:
        """MA_BAC_SI."""
        reference = str((self._request.get("requester") or {}).get("reference", ""))
        kind, _, number = reference.partition("/")
        stored = records.read(kind, number) if kind == "Practitioner" else None
        listed = (stored.resource if stored else {}).get("identifier") or [{}]
        return str(listed[0].get("value", ""))

    @property
    def card(self) -> tuple[str, str]:
        """The insurance card that ends last, and its last day; empty without."""
        cards = [
            ((one.get("period") or {}).get("end", ""), str(one.get("subscriberId", "")))
            for one in self._coverages
        ]
        end, number = max(cards, default=("", ""))
        return number, end

    def _facility(self, reference: Resource) -> str:
        kind, _, number = str(reference.get("reference", "")).partition("/")
        stored = records.read(kind, number) if kind == "Organization" else None
        code = _identified(stored.resource, systems.FACILITY) if stored else str(reference.get("display", ""))
        return code if _FACILITY.fullmatch(code) else ""

    def section(self, key: str) -> str:
        """The text of the slip's section with a LOINC code or a title, line ends kept."""
        for one in self._paper.get("section", ()):
            if key == one.get("title") or key in _codes(one.get("code")):
                div = str((one.get("text") or {}).get("div", ""))
                return unescape(_TAG.sub("", div.replace("<br/>", "\n"))).strip()
        return ""

    def journey(self, name: str) -> str:
        """A line of the section on transport, e.g. ``Phương tiện``."""
        for line in self.section("Vận chuyển").splitlines():
            if line.startswith(f"{name}: "):
                return line.removeprefix(f"{name}: ")
        return ""

    def coded(self, url: str) -> str:
        """The code in an extension of the patient; of nationality the inner one counts."""
        for one in self.patient.get("extension", ()):
            if one.get("url") == url:
                inner = (one.get("extension") or [one])[0]
                listed = (inner.get("valueCodeableConcept") or {}).get("coding") or [{}]
                return str(listed[0].get("code", ""))
        return ""

    def number(self, system: str) -> str:
        """An identifier of the patient."""
        return _identified(self.patient, system)

    @property
    def address(self) -> str:
        """Where the patient lives, in words."""
        return str((self.patient.get("address") or [{}])[0].get("text", ""))

    @property
    def phone(self) -> str:
        """The patient's telephone number."""
        return str((self.patient.get("telecom") or [{}])[0].get("value", ""))


def stamp(text: str) -> str:
    """A FHIR dateTime as ``yyyyMMddHHmm`` in Viet Nam; a day alone is its beginning; empty when unreadable."""
    try:
        found = clock.from_iso(text)
    except ValueError:
        return ""
    return (found.astimezone(clock.VIETNAM) if found.tzinfo else found).strftime("%Y%m%d%H%M")


def _identified(resource: Resource, system: str) -> str:
    listed = [one.get("value", "") for one in resource.get("identifier", ()) if one.get("system") == system]
    return str(listed[0]) if listed else ""


def _codes(concept: Any) -> list[str]:
    return [str(one.get("code", "")) for one in (concept or {}).get("coding", ())]
