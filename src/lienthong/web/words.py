"""Words for codes: the audit trail, messages, problems, in the language of the page."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from lienthong.access import grounds
from lienthong.foundation.errors import Problem

ACTIONS = {
    "document-published": _("Document published"),
    "document-withdrawn": _("Document withdrawn"),
    "documents-asked": _("Province asked for documents"),
    "document-asked": _("Document asked for"),
    "document-came": _("Document came"),
    "document-given": _("Document given"),
    "document-read": _("Document opened"),
    "documents-taken": _("Documents taken in"),
    "documents-found": _("Documents looked for"),
    "documents-rule": _("Rule for publishing changed"),
    "sign-in": _("Signed in"),
    "sign-in-failed": _("Sign-in failed"),
    "sign-out": _("Signed out"),
    "account-locked": _("Locked after failures"),
    "account-created": _("Account made"),
    "account-closed": _("Account locked by hand"),
    "account-opened": _("Account opened"),
    "password-changed": _("Password changed"),
    "password-reset": _("Password reset"),
    "role-given": _("Role given"),
    "role-taken": _("Role taken"),
    "refused": _("Page refused"),
    "read": _("Record read"),
    "read-protected": _("Specially protected entries read"),
    "search": _("People looked up"),
    "identity-read": _("Personal details compared"),
    "identity-listed": _("Personal details listed"),
    "identity-proposed": _("Other rules for one person proposed"),
    "identity-feed": _("What the hub is told of who is registered"),
    "identity-match": _("Looked for the same person"),
    "decided-same": _("Said to be the same person"),
    "decided-different": _("Said to be two people"),
    "decided-unknown": _("Said not to know"),
    "unlinked": _("Taken apart"),
    "undone": _("Taken back"),
    "rule-changed": _("Rules changed"),
    "list": _("List of transfers seen"),
    "transfer-received": _("Transfer: received"),
    "transfer-seen": _("Transfer: seen"),
    "transfer-accepted": _("Transfer: accepted"),
    "transfer-arrived": _("Transfer: patient arrived"),
    "transfer-asked": _("Transfer: more information asked"),
    "transfer-told": _("Transfer: information given"),
    "transfer-declined": _("Transfer: declined"),
    "transfer-bed": _("Transfer: bed found"),
    "transfer-appointment": _("Transfer: appointment given"),
    "transfer-stabilised": _("Transfer: stabilised"),
    "transfer-departed": _("Transfer: departed"),
    "transfer-no-show": _("Transfer: did not arrive"),
    "transfer-admitted": _("Transfer: admitted"),
    "transfer-interim": _("Transfer: interim report"),
    "transfer-outcome": _("Transfer: outcome"),
    "transfer-closed": _("Transfer: closed"),
    "transfer-cancelled": _("Transfer: cancelled"),
    "transfer-note": _("Transfer: note"),
    "outcome-written": _("Return letter written"),
    "outcome-set-aside": _("Return letter set aside"),
    "stay-joined": _("Stay joined to a transfer"),
    "laboratory-level": _("Quality level of a laboratory entered"),
    "draft": _("Transfer begun"),
    "letter": _("Transfer begun from a letter"),
    "letter-read": _("Letter read"),
    "letter-opened": _("Transfer opened from a letter"),
    "letter-file-taken": _("File for a USB stick taken"),
    "letter-file-read": _("File from a USB stick read"),
    "slip-file": _("Slip taken out as XML13"),
    "slip-written": _("Slip laid out for the HIS"),
    "system-registered": _("System let in"),
    "system-changed": _("Rights or keys of a system changed"),
    "system-stopped": _("System stopped"),
    "token-issued": _("Token given"),
    "token-refused": _("Token refused"),
    "fhir-begin": _("Transfer begun by a system"),
    "fhir-change": _("Transfer filled in by a system"),
    "fhir-step": _("Step taken by a system"),
    "fhir-read": _("Read by a system"),
    "fhir-search": _("Searched by a system"),
    "fhir-refused": _("Call of a system refused"),
    "slip-used": _("Slip used for a visit"),
    "seen-by": _("Readers of a record looked up"),
    "store": _("Data stored"),
    "send": _("Dossier sent"),
    "audit-checked": _("Trail checked"),
    "board": _("Roll-out board looked at"),
    "board-changed": _("Entry on the roll-out board"),
    "board-file": _("File of the board taken out"),
    "board-sheet": _("Facts of units taken out as Excel"),
    "board-estimate": _("Estimate of money taken out as Excel"),
    "message-again": _("Message sent or tried again"),
    "message-given-up": _("Message given up"),
    "reconcile-started": _("Reconciliation begun"),
    "content-given": _("Damaged content given again"),
    "message-brought-again": _("Message brought to the hub again"),
    "feeds-told": _("Counts of feeds told"),
    "alert-noted": _("Alert closed by hand"),
    "mail-address-entered": _("Mail address entered"),
    "mail-address-verified": _("Mail address verified"),
    "mail-address-removed": _("Mail address removed"),
    "mail-reasons-chosen": _("Reasons for mail chosen"),
    "hook-made": _("Hook made"),
    "hook-changed": _("Hook changed"),
    "hook-removed": _("Hook removed"),
    "hook-tested": _("Hook tested"),
    "hook-secret-renewed": _("Secret of a hook renewed"),
    "review-entered": _("Security review entered"),
    "join-code-made": _("Code for joining made"),
    "join-code-refused": _("Code for joining refused"),
    "join-begun": _("Joining begun"),
    "join-asked": _("Unit asked to join"),
    "join-waiting": _("Joining waits for approval"),
    "join-approved": _("Unit let in"),
    "join-refused": _("Joining refused"),
    "join-ended": _("Joining given up"),
    "joined": _("Joined the hub"),
    "cut-off": _("Unit cut off"),
    "directory-signed": _("Directory signed"),
    "directory-taken": _("Directory taken"),
    "keys-proposed": _("New keys proposed"),
    "keys-entered": _("New keys entered"),
    "keys-renewed": _("New keys in use"),
    "keys-ended": _("Old keys ended"),
    "hub-key-entered": _("New key of the hub entered"),
    "hub-key-ended": _("Old key of the hub ended"),
    "message-stored": _("Message stored"),
    "message-refused": _("Message refused"),
    "messages-accepted": _("Messages accepted"),
    "messages-handed-over": _("Messages handed over"),
    "receipt-stored": _("Receipt verified: stored"),
    "receipt-refused": _("Receipt verified: refused"),
    "measures": _("Figures of transfers seen"),
    "measures-taken": _("Figures of transfers taken out"),
    "evidence-taken": _("Evidence package taken out"),
    "evidence-checked": _("Evidence package checked"),
    "report-drafted": _("Report drafted"),
    "report-frozen": _("Data of a report frozen anew"),
    "report-text": _("Text of a report written"),
    "report-signer": _("Signer of a report set"),
    "report-step": _("Step of a report taken"),
    "report-taken": _("Report taken out"),
}

PAGES = {
    "identity": _("Pairs that wait"),
    "identity-pair": _("One person or two?"),
    "identity-person": _("One person's registrations"),
    "identity-decisions": _("Decisions"),
    "identity-rules": _("Rules for one person"),
    "patient-province": _("Documents of the province"),
    "patient-publish": _("Publish to the province"),
    "documents-published": _("Published documents"),
    "patients": _("Find a person"),
    "patient": _("Record"),
    "visit": _("Visit"),
    "patient-results": _("Results"),
    "patient-diagnoses": _("Diagnoses"),
    "patient-documents": _("Papers"),
    "document": _("Paper"),
    "patient-protected": _("Specially protected"),
    "transfers-in": _("Transfers to us"),
    "transfers-out": _("Transfers from us"),
    "transfers-door": _("Patient at the door"),
    "return-letter": _("Return letter"),
    "transfer-outcome": _("Outcome on paper"),
    "laboratories": _("Laboratories"),
    "transfer": _("Transfer"),
    "transfer-begin": _("Begin a transfer"),
    "transfer-new": _("Begin a transfer"),
    "transfer-new-person": _("Begin a transfer"),
    "transfer-new-by-hand": _("Begin a transfer"),
    "transfer-form": _("Transfer form"),
    "transfer-check": _("Check answers"),
    "transfer-redirect": _("Send to another hospital"),
    "transfer-step": _("Step of a transfer"),
    "transfer-slip": _("Transfer slip"),
    "letter": _("Scan a letter"),
    "letter-open": _("Scan a letter"),
    "letter-file": _("Scan a letter"),
    "letter-take-file": _("Transfer slip"),
    "transfer-back": _("Send back to the first level"),
    "reception": _("Reception"),
    "reception-use": _("Reception"),
    "appointments": _("Appointment register"),
    "seen-by": _("Who saw this record"),
    "sign-in": _("Sign in"),
    "sign-out": _("Sign out"),
    "accounts": _("Accounts"),
    "account": _("Account"),
    "it": _("Is everything flowing?"),
    "search": _("Where is it?"),
    "reconcile": _("Reconciliation"),
    "notices": _("Notices"),
    "hooks": _("Hooks"),
    "hook": _("Hook"),
    "trail-check": _("Audit trail"),
    "evidence": _("Evidence"),
    "measures": _("How transfers go"),
    "measures-sheet": _("How transfers go"),
    "measures-overdue": _("Overdue transfers"),
    "evidence-take": _("Evidence package"),
}
"""Pages by the name of their address, as the trail shows them."""

PLACES = {
    "file": _("file"),
    "dossier": _("dossier"),
    "ma_lk": "MA_LK",
    "table": _("table"),
    "row": _("row"),
    "field": _("field"),
    "line": _("line"),
}
"""The places of a problem, from the outside in."""


def _fields(problem: Problem | dict[str, Any]) -> dict[str, Any]:
    return problem.as_dict() if isinstance(problem, Problem) else problem


def _text(problem: Problem | dict[str, Any], name: str) -> str:
    fields = _fields(problem)
    other = fields.get(f"{name}_en") if get_language() == "en" else None
    return str(other or fields.get(name) or "")


def sentence(problem: Problem | dict[str, Any]) -> str:
    """What is wrong, in the language of the page."""
    return _text(problem, "message")


def hint(problem: Problem | dict[str, Any]) -> str:
    """What to do; may be empty."""
    return _text(problem, "hint")


def places(problem: Problem | dict[str, Any]) -> list[tuple[str, str]]:
    """Where: pairs of word and value, e.g. ``("table", "XML1")``, ``("line", "12")``."""
    fields = _fields(problem)
    return [
        (str(words), str(fields[name]))
        for name, words in PLACES.items()
        if fields.get(name) not in (None, "")
    ]


KINDS = {
    "transfer": _("Transfer dossier"),
    "transfer-step": _("Step of a transfer"),
    "reconcile": _("Reconciliation: question"),
    "reconcile-answer": _("Reconciliation: answer"),
    "reconcile-result": _("Reconciliation: result"),
    "content-request": _("Request for damaged content"),
    "content": _("Damaged content given again"),
}
"""Kinds of message."""

LANES = {0: _("Summary"), 1: _("Documents"), 2: _("Key images"), 3: _("Full study")}
"""Lanes of content, the most urgent first."""

MESSAGE_STATES = {
    "queued": ("wait", _("Waiting to go out")),
    "accepted": ("info", _("At the hub")),
    "collected": ("info", _("Collected")),
    "stored": ("ok", _("Stored, receipt signed")),
    "refused": ("bad", _("Refused by the receiver")),
    "set-aside": ("bad", _("Set aside")),
    "replaced": ("info", _("Sent again as another message")),
    "given-up": ("info", _("Given up")),
    "returned": ("bad", _("Not handed over, receiver cut off")),
}
"""States of a message: shape of the tag and words."""

FAULTS = {
    "network": _("Line or room"),
    "refused": _("Refused by the other side"),
    "content": _("Bad content"),
}
"""Classes of what goes wrong with a message."""

STEPS = {
    "queued": _("Put into the outbox"),
    "uploaded": _("Parts handed to the hub"),
    "accepted": _("Accepted by the hub"),
    "in-mailbox": _("Laid into the receiver's mailbox"),
    "handed-over": _("Handed over to the receiver"),
    "collected": _("Collected by the receiver"),
    "stored": _("Stored by the receiver"),
    "refused": _("Refused by the receiver"),
    "held": _("Kept for another try"),
    "set-aside": _("Set aside"),
    "replaced": _("Sent again as another message"),
    "given-up": _("Given up"),
    "receipt-signed": _("Receipt signed by the receiver"),
    "receipt-sent": _("Receipt sent to the hub"),
    "receipt-at-hub": _("Receipt at the hub"),
    "receipt-taken": _("Receipt taken by the sender"),
    "receipt-verified": _("Receipt verified by the sender"),
    "mended": _("Mended from the other side"),
}
"""Steps of a message's journey."""

PURPOSES = {
    "court": _("Court or investigating authority"),
    "insurer": _("Insurance review"),
    "patient": _("Request or complaint of the patient"),
    "inspection": _("Inspection by an authority"),
    "own": _("Check of our own"),
}
"""What an evidence package is taken out for."""

REASONS = {
    **PURPOSES,
    "identity": _("one record for each person"),
    "role": _("role does not open the page"),
    "password": _("wrong password"),
    "name": _("unknown user name"),
    "locked": _("account locked after failures"),
    "closed": _("account locked by hand"),
    "unused": _("account unused for 45 days"),
    "failures": _("5 failures"),
    "idle": _("not used for 15 minutes"),
    "longest": _("signed in for too long"),
    "treatment": _("treatment of the patient"),
    "reception": _("reception of the patient"),
    "referral-duty": _("transfer for treatment"),
    "emergency": _("emergency"),
    "consent": _("written consent of the patient"),
    "publish": _("published to the province"),
    "written-request": _("written request"),
    "holds": _("the chain holds"),
    "integrity-check": _("nightly check of what is kept"),
    "valid": _("the package is valid"),
    "incomplete": _("the package is incomplete"),
    "invalid": _("the package is invalid"),
}
"""Reasons in the audit trail."""


def purpose(code: str) -> str:
    """A purpose of use in the language of the page; what is no code stays."""
    return next((named(one) for one in grounds.table().purposes if one.code == code), code)


def basis(code: str) -> str:
    """A legal basis in the language of the page; what is no code stays."""
    return next((named(one) for one in grounds.table().bases if one.code == code), code)


def named(one: grounds.Named) -> str:
    """A purpose, basis or kind of protected record in the language of the page."""
    return one.en if get_language() == "en" else one.vi
