"""The kinds of documents that a unit publishes, by the LOINC code of their type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SUMMARY, DISCHARGE, EPISODE = "60591-5", "18842-5", "34133-9"

KINDS: dict[str, StrOrPromise] = {
    SUMMARY: _("Patient summary (IPS)"),
    DISCHARGE: _("Discharge paper"),
    EPISODE: _("Summary of the medical record"),
}
"""Those that may be published by themselves."""
TITLES = {
    SUMMARY: "Tóm tắt hồ sơ người bệnh (IPS)",
    DISCHARGE: "Giấy ra viện",
    EPISODE: "Tóm tắt hồ sơ bệnh án",
}
"""How a document of the kind is called where it names itself no otherwise."""
NAMES = {
    SUMMARY: "Patient summary Document",
    DISCHARGE: "Discharge summary",
    EPISODE: "Summary of episode note",
}
"""LOINC's names."""
