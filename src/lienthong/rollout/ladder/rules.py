"""What was declared against what is proven: one rule a line.

A rule looks at a declared fact of :data:`lienthong.rollout.facts.KEYS` and at what the traffic proves, and says in
words where the two do not fit. That something better is proven than was declared is a difference too: then the
declaration is old.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

RECENT_DAYS = 30
_RUNNING = ("decided", "published", "paper-stopped")


@dataclass(frozen=True, slots=True)
class Proven:
    """What the traffic of one unit proves on a day.

    Attributes:
        installed, sent, receipted: whether that rung is reached.
        items: feed to items of the last 30 days; a feed from which nothing ever came is missing.
        last: feed to the day on which its last item came.
        known: whether the unit has told what came until a day ago; without that a silence proves nothing.
        coded: share of diagnoses with a code in the last 30 days; None where nothing can be said.
        silent: feeds that are silent.
    """

    installed: bool = False
    sent: bool = False
    receipted: bool = False
    items: Mapping[str, int] = field(default_factory=dict)
    last: Mapping[str, date] = field(default_factory=dict)
    known: bool = False
    coded: float | None = None
    silent: frozenset[str] = frozenset()

    def came(self, feed: str) -> int:
        """Items of the last 30 days."""
        return self.items.get(feed, 0)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        key: of the declared fact; differs: whether declared value and proof do not fit.
        proven: the key of :data:`PROOFS` for what to show beside the declaration.
        words: what does not fit; hint: what the officer does.
        severity: ``bad`` says more than is so, ``info`` says less.
    """

    code: str
    key: str
    differs: Callable[[str, Proven], bool]
    proven: str
    words: StrOrPromise
    hint: StrOrPromise
    severity: str = "bad"


def _level(value: str) -> int:
    return int(value) if value.isdigit() else 0


RULES: tuple[Rule, ...] = (
    Rule(
        "emr-no-record",
        "emr_state",
        lambda value, found: value in _RUNNING and found.known and not found.came("HIS"),
        "HIS",
        _("The electronic record is declared in use, but no dossier has come in 30 days."),
        _("Ask the unit whether its HIS still exports and where to; the feed page shows the last item."),
    ),
    Rule(
        "emr-not-installed",
        "emr_state",
        lambda value, found: value in _RUNNING and not found.installed,
        "installed",
        _("The electronic record is declared in use, but the unit has not joined the exchange."),
        _("Make a joining code for the unit once its security review is recorded."),
    ),
    Rule(
        "pilot-no-receipt",
        "pilot",
        lambda value, found: value == "yes" and not found.receipted,
        "receipt",
        _("The unit is declared a pilot of the link, but no receiver has signed a receipt."),
        _("See which rung is missing on the ladder of the unit."),
    ),
    Rule(
        "his-silent",
        "his_level",
        lambda value, found: _level(value) >= 1 and found.known and "HIS" in found.silent,
        "HIS",
        _("A HIS is declared, but it has fallen silent."),
        _("Call the IT person of the unit: does the export of the HIS still run?"),
    ),
    Rule(
        "his-5-no-lis",
        "his_level",
        lambda value, found: _level(value) >= 5 and found.known and found.installed and not found.came("LIS"),
        "LIS",
        _("A HIS of level 5 or higher is declared, but no laboratory result has come in 30 days."),
        _("Check whether the export of the HIS contains the results of tests."),
    ),
    Rule(
        "his-6-no-pacs",
        "his_level",
        lambda value, found: (
            _level(value) >= 6 and found.known and found.installed and not found.came("PACS")
        ),
        "PACS",
        _("A HIS of level 6 or higher is declared, but no imaging result has come in 30 days."),
        _("Check whether the export of the HIS contains the results of imaging."),
    ),
    Rule(
        "his-no-codes",
        "his_level",
        lambda value, found: _level(value) >= 3 and found.coded is not None and found.coded < 0.5,
        "coded",
        _(
            "A HIS of level 3 or higher is declared, but fewer than half of the visits carry a diagnosis with a code."
        ),
        _("Ask the vendor of the HIS to export the codes of the diagnoses."),
    ),
    Rule(
        "lis-no-results",
        "lis",
        lambda value, found: value in ("basic", "advanced") and found.known and not found.came("LIS"),
        "LIS",
        _("A LIS is declared, but no laboratory result has come in 30 days."),
        _("Ask whether the LIS returns its results to the HIS; without that they are not exported."),
    ),
    Rule(
        "lis-not-declared",
        "lis",
        lambda value, found: value == "none" and found.came("LIS") > 0,
        "LIS",
        _("No LIS is declared, but laboratory results come."),
        _("Ask the unit to bring its declaration up to date."),
        "info",
    ),
    Rule(
        "pacs-no-results",
        "ris_pacs",
        lambda value, found: value in ("basic", "advanced") and found.known and not found.came("PACS"),
        "PACS",
        _("A RIS-PACS is declared, but no imaging result has come in 30 days."),
        _("Ask whether the RIS-PACS returns its results to the HIS; without that they are not exported."),
    ),
    Rule(
        "pacs-not-declared",
        "ris_pacs",
        lambda value, found: value == "none" and found.came("PACS") > 0,
        "PACS",
        _("No RIS-PACS is declared, but imaging results come."),
        _("Ask the unit to bring its declaration up to date."),
        "info",
    ),
    Rule(
        "emr-behind",
        "emr_state",
        lambda value, found: value == "preparing" and found.receipted and found.came("HIS") > 0,
        "receipt",
        _("The electronic record is declared in preparation, but dossiers come and transfers are received."),
        _("Ask the unit to bring its declaration up to date."),
        "info",
    ),
)

PROOFS: Mapping[str, StrOrPromise] = {
    "HIS": _("dossiers in 30 days"),
    "LIS": _("laboratory results in 30 days"),
    "PACS": _("imaging results in 30 days"),
    "installed": _("joined to the exchange"),
    "receipt": _("first receipt"),
    "coded": _("diagnoses with a code"),
}
