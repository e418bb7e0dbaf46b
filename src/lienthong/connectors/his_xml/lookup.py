"""Which exports of the HIS belong to a number or name."""

from __future__ import annotations

from django.db.models import Q

from lienthong.connectors.his_xml.models import DossierVersion, Export

FEWEST = 6
MOST = 20


def exports(text: str) -> list[Export]:
    """Files with that name, with that SHA-256 (or its first six or more digits), or that brought that MA_LK."""
    wanted = Q(name=text) | Q(dossiers__ma_lk=text)
    if len(text) >= FEWEST:
        wanted |= Q(sha256__startswith=text.lower())
    return list(Export.objects.filter(wanted).distinct().order_by("-taken_at")[:MOST])


def episodes(export: Export) -> list[str]:
    """MA_LK of the dossiers that a file brought, at most 1,000."""
    found = DossierVersion.objects.filter(export=export).values_list("ma_lk", flat=True)
    return list(found.distinct()[:1000])
