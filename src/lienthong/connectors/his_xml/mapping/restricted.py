"""What the law protects specially: labels in ``meta.security``, and how it is recognised.

HIV: Law on HIV/AIDS prevention (64/2006/QH11, amended 71/2020/QH14); health data as sensitive data: Decree
13/2023/ND-CP article 2 clause 4. Which diagnoses: ``data/protected.json``, each row with its law and since when.
A label says that a reader needs a stated reason; it hides nothing itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from importlib.resources import files
from typing import Any

from lienthong.foundation import clock, json
from lienthong.terminology import systems

_TAGS = {
    "HIV": (systems.ACT_CODE, "HIV"),
    "PSY": (systems.ACT_CODE, "PSY"),
    "SDV": (systems.ACT_CODE, "SDV"),
    "SEX": (systems.ACT_CODE, "SEX"),
    "SUD": (systems.ACT_CODE, "SUD"),
    "GEN": (systems.ACT_CODE, "GDIS"),
    "TB": (systems.codes("sensitivity"), "TB"),
}
_HIV_TEXT = re.compile(
    r"\b(?:hiv|aids|arv|dolutegravir|efavirenz|nevirapine?|zidovudine?|lopinavir|abacavir|raltegravir|atazanavir"
    r"|darunavir)\b",
    re.IGNORECASE,
)
_TB_DRUG = re.compile(
    r"\b(?:isoniazide?|pyrazinamide?|ethambutol|bedaquiline?|pretomanid|delamanid|rifapentine?)\b",
    re.IGNORECASE,
)
_TB_PROGRAMME = re.compile(r"\b(?:rifampicine?|streptomycine?|linezolid|clofazimine?)\b", re.IGNORECASE)
_HIV_PROGRAMME = re.compile(r"\b(?:tenofovir|lamivudine?|emtricitabine?)\b", re.IGNORECASE)
_SUBSTITUTION = re.compile(r"\b(?:methadone?|buprenorphine?)\b", re.IGNORECASE)
_NATIONAL_PROGRAMME = "3"


def label(resource: dict[str, Any], kinds: Collection[str]) -> None:
    """Marks a resource as restricted (R) with one tag for each kind: HIV, PSY, SDV (abuse), SEX (reproductive and
    sexual health), SUD (substance use), GEN (genetic, tag GDIS), TB."""
    if not kinds:
        return
    security: list[dict[str, str]] = resource["meta"].setdefault("security", [])
    for system, code in [(systems.CONFIDENTIALITY, "R"), *(_TAGS[kind] for kind in sorted(set(kinds)))]:
        tag = {"system": system, "code": code}
        if tag not in security:
            security.append(tag)


def is_restricted(resource: dict[str, Any]) -> bool:
    """Whether a resource carries the confidentiality label R (or V)."""
    return any(
        tag.get("system") == systems.CONFIDENTIALITY and tag.get("code") in ("R", "V")
        for tag in resource.get("meta", {}).get("security", ())
    )


def of_code(code: str) -> set[str]:
    """Kinds of protection of an ICD-10 code, with or without its point."""
    code = code.strip().upper()
    code = code if "." in code else f"{code[:3]}.{code[3:]}"
    today = clock.today().isoformat()
    return {kind for kind, since, low, high in _codes() if since <= today and low <= code[: len(low)] <= high}


@cache
def _codes() -> tuple[tuple[str, str, str, str], ...]:
    """Kind, day from which it is protected, first and last code."""
    data = files("lienthong.connectors.his_xml").joinpath("data/protected.json").read_bytes()
    found = []
    for row in json.loads(data)["codes"]:
        for text in row["codes"]:
            low, _, high = text.partition("-")
            found.append((row["kind"], row["since"], low, high or low))
    return tuple(found)


def in_text(text: str) -> set[str]:
    """Kinds of protection that free text gives away by itself."""
    return {"HIV"} if _HIV_TEXT.search(text) else set()


def of_drug(name: str, payer: str) -> set[str]:
    """Kinds of protection of a drug: for HIV or tuberculosis only, or paid by a national programme (substitution
    treatment too)."""
    kinds = in_text(name)
    if _TB_DRUG.search(name):
        kinds.add("TB")
    if payer == _NATIONAL_PROGRAMME:
        if _TB_PROGRAMME.search(name):
            kinds.add("TB")
        if _HIV_PROGRAMME.search(name):
            kinds.add("HIV")
        if _SUBSTITUTION.search(name):
            kinds.add("SUD")
    return kinds
