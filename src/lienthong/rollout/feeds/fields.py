"""The feeds, and the few fields of each whose filling is watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

NODE = "NODE"
"""The name under which it is counted that the program itself ran."""


@dataclass(frozen=True, slots=True)
class FeedKind:
    """A kind of system: its name for people, what it brings, and the watched fields with their names for people."""

    label: str | Promise
    items: str | Promise
    fields: Mapping[str, str | Promise]


FEEDS: Mapping[str, FeedKind] = {
    "HIS": FeedKind(
        "HIS",
        pgettext_lazy("feed", "dossiers"),
        {
            "citizen": _("Citizen number or passport"),
            "insurance": _("Insurance number"),
            "birth": _("Full date of birth"),
            "diagnosis": _("Diagnosis with an ICD-10 code"),
            "discharge": _("Time of discharge"),
            "doctor": _("Treating doctor"),
        },
    ),
    "LIS": FeedKind(
        "LIS",
        pgettext_lazy("feed", "results"),
        {
            "value": _("Result as a number"),
            "unit": _("Unit of the result"),
            "range": _("Reference range"),
            "code": _("Code of the test"),
            "performer": _("Who performed it"),
            "time": _("Time of the result"),
        },
    ),
    "PACS": FeedKind(
        "PACS",
        pgettext_lazy("feed", "imaging results"),
        {
            "conclusion": _("Conclusion"),
            "code": _("Code of the examination"),
            "performer": _("Who read the images"),
            "time": _("Time of the result"),
            "images": _("The images themselves"),
        },
    ),
}
