"""What the law protects specially: labels in ``meta.security``, and how it is recognised.

HIV: Law on HIV/AIDS prevention (64/2006/QH11, amended 71/2020/QH14); health data as sensitive data: Decree
13/2023/ND-CP article 2 clause 4. A label says that a reader needs a stated reason; it hides nothing itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from lienthong.terminology import systems

_TAGS = {
    "HIV": (systems.ACT_CODE, "HIV"),
    "PSY": (systems.ACT_CODE, "PSY"),
    "SDV": (systems.ACT_CODE, "SDV"),
    "TB": (systems.codes("sensitivity"), "TB"),
}
_CODES = (
    ("HIV", re.compile(r"B2[0-4]|Z21|R75|Z20\.6|O98\.7|F02\.4", re.ASCII)),
    ("PSY", re.compile(r"F\d\d", re.ASCII)),
    ("SDV", re.compile(r"T74|Y0[5-7]", re.ASCII)),
)
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
_NATIONAL_PROGRAMME = "3"


def label(resource: dict[str, Any], kinds: Collection[str]) -> None:
    """Marks a resource as restricted (R) with one tag for each kind: HIV, PSY, SDV (abuse), TB."""
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
    """Kinds of protection of an ICD-10 code."""
    code = code.upper()
    return {kind for kind, pattern in _CODES if pattern.match(code)}


def in_text(text: str) -> set[str]:
    """Kinds of protection that free text gives away by itself."""
    return {"HIV"} if _HIV_TEXT.search(text) else set()


def of_drug(name: str, payer: str) -> set[str]:
    """Kinds of protection of a drug: for HIV or tuberculosis only, or paid by that national programme."""
    kinds = in_text(name)
    if _TB_DRUG.search(name):
        kinds.add("TB")
    if payer == _NATIONAL_PROGRAMME:
        if _TB_PROGRAMME.search(name):
            kinds.add("TB")
        if _HIV_PROGRAMME.search(name):
            kinds.add("HIV")
    return kinds
