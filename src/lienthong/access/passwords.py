"""What a password must be.

14 characters while there is no second factor (TCVN 14423:2026).
"""

from __future__ import annotations

import secrets
import unicodedata
from datetime import timedelta

from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    MinimumLengthValidator,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from lienthong.access.models import Account
from lienthong.foundation import clock, text

LONGEST_AGE = timedelta(days=180)
_LETTERS = "abcdefghjkmnpqrstuvwxyz"
_DIGITS = "23456789"


class LongEnough(MinimumLengthValidator):
    """Refuses passwords of fewer than ``min_length`` characters."""

    def get_error_message(self) -> str:
        """The sentence for the person."""
        return _("The password needs at least %(n)d characters.") % {"n": self.min_length}


class NotCommon(CommonPasswordValidator):
    """Refuses the 20,000 passwords that everybody tries first."""

    def get_error_message(self) -> str:
        """The sentence for the person."""
        return _("This password is one of those that everybody tries first.")


class NotSimple:
    """Refuses the user name, one short pattern repeated, and passwords of one kind of character."""

    def validate(self, password: str, user: Account | None = None) -> None:
        """Raises :class:`~django.core.exceptions.ValidationError` with a sentence for the person."""
        folded = text.fold(password)
        name = text.fold(user.username) if user is not None else ""
        if len(name) >= 4 and name in folded:
            raise ValidationError(_("The password must not hold the user name."), code="holds-name")
        if any(_repeats(unicodedata.normalize("NFC", folded), size) for size in range(1, 5)):
            raise ValidationError(_("The password repeats one short pattern."), code="repeats")
        kinds = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
        if sum(any(kind(c) for c in password) for kind in kinds) < 2:
            raise ValidationError(
                _("Use at least two kinds of characters: small letters, capitals, digits, signs."),
                code="one-kind",
            )

    def get_help_text(self) -> str:
        """The rule in one sentence."""
        return _("At least two kinds of characters, without the user name and without one pattern repeated.")


def _repeats(password: str, size: int) -> bool:
    return len(password) > size and (password[:size] * len(password))[: len(password)] == password


def change(account: Account, new: str) -> None:
    """Sets a password the person chose.

    Raises:
        ValidationError: the rules refuse it, or it is the one in use.
    """
    validate_password(new, account)
    if account.check_password(new):
        raise ValidationError(_("This is the password you already have."), code="same")
    account.set_password(new)
    account.must_change_password = False
    account.password_changed_at = clock.now()
    account.save(update_fields=["password", "must_change_password", "password_changed_at"])


def must_change(account: Account) -> bool:
    """Whether the person has to choose a new password before anything else."""
    changed = account.password_changed_at
    return account.must_change_password or changed is None or clock.now() - changed > LONGEST_AGE


def one_time() -> str:
    """A random password that can be read aloud: four groups of four, about 75 bits."""
    groups = ["".join(secrets.choice(_LETTERS + _DIGITS) for _ in range(4)) for _ in range(3)]
    return "-".join([*groups, secrets.choice(_LETTERS) + "".join(secrets.choice(_DIGITS) for _ in range(3))])
