"""Words for the codes of the audit trail."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

ACTIONS = {
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
    "store": _("Stored"),
    "send": _("Sent"),
    "audit-checked": _("Trail checked"),
}
